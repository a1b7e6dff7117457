//! Conversations that are saved as bytes and go on in another session.

mod pebble_bay;

use engine::chat::Message;
use engine::session::{KvType, Session, SessionError, SessionOptions};
use engine::{Error, model::Model};
use pebble_bay::{encode, everywhere, generate, greedy, on_cpu, session};

/// A question and its answer: longer than the model's sliding window.
fn told(model: &Model, session: &mut Session) {
    let story = encode(model, &[Message::user("I want a story about Lila, Mira and a coat.")]);
    generate(session, &story, greedy());
    assert!(session.position() > model.config().window as usize);
}

fn save(session: &mut Session) -> Vec<u8> {
    pollster::block_on(session.save()).unwrap()
}

fn refusal(session: &mut Session, state: &[u8]) -> String {
    match session.restore(state) {
        Err(Error::Session(error @ SessionError::State(_))) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restored_session_computes_what_the_saved_one_would_have() {
    for model in everywhere() {
        let mut first = session(&model);
        told(&model, &mut first);
        let state = save(&mut first);
        let mut second = session(&model);
        second.restore(&state).unwrap();
        assert_eq!(second.tokens(), first.tokens());
        let token = first.tokens()[1];
        let logits = |session: &mut Session| pollster::block_on(session.decode_logits(token)).unwrap();
        assert_eq!(logits(&mut second), logits(&mut first));
    }
}

#[test]
fn a_state_is_refused_by_another_kind_of_cache() {
    let model = on_cpu();
    let mut first = session(&model);
    told(&model, &mut first);
    let state = save(&mut first);
    let mut wide = model.session(SessionOptions { kv: KvType::F32, ..SessionOptions::default() }).unwrap();
    assert!(refusal(&mut wide, &state).contains("another kind of cache"));
    assert_eq!(wide.position(), 0);
}

#[test]
fn bytes_that_are_no_whole_state_are_refused_and_nothing_is_lost() {
    let model = on_cpu();
    let mut first = session(&model);
    told(&model, &mut first);
    let state = save(&mut first);
    let before = first.tokens().to_vec();
    for length in [0, 7, 12, 20, 40, state.len() - 1] {
        refusal(&mut first, &state[..length]);
    }
    assert!(refusal(&mut first, &[state.as_slice(), &[0]].concat()).contains("something follows"));
    assert_eq!(first.tokens(), before);
}

#[test]
fn a_state_beyond_the_context_is_refused() {
    let model = on_cpu();
    let mut first = session(&model);
    told(&model, &mut first);
    let state = save(&mut first);
    let mut small = model.session(SessionOptions { context: Some(16), ..SessionOptions::default() }).unwrap();
    assert!(small.restore(&state).is_err());
}
