//! How generation behaves: what ends it, what it leaves behind, and what makes it repeat itself. The embedded model is
//! small enough to run all of it on the CPU executor; what differs on a GPU, where steps run ahead, runs there too, on
//! short answers, because software drivers are slow.

mod pebble_bay;

use std::pin::pin;

use engine::Error;
use engine::chat::Message;
use engine::model::{Model, PleResidency};
use engine::sampling::SamplingOptions;
use engine::session::{CancelToken, GenerateOptions, KvType, Session, SessionError, SessionOptions};
use engine::tokenizer::TokenId;
use futures_util::StreamExt;
use pebble_bay::{encode, everywhere, expected, generate, greedy, load, on_a_gpu_alone, on_cpu, session, try_generate};

/// Answered in seven tokens.
fn question(model: &Model) -> Vec<TokenId> {
    encode(model, &[Message::user("What is Tobin's pet?")])
}

/// Answered in thirty-five tokens.
fn story(model: &Model) -> Vec<TokenId> {
    encode(model, &[Message::user("I want a story about Lila, Mira and a coat.")])
}

/// The first `count` tokens of an answer whose stream is then dropped.
fn beginning(session: &mut Session, prompt: &[TokenId], count: usize) -> Vec<TokenId> {
    pollster::block_on(async {
        let stream = pin!(session.generate(prompt, greedy()));
        stream.take(count).map(Result::unwrap).collect().await
    })
}

/// Everything that a session computes next: the logits of one token.
fn next_logits(session: &mut Session, token: TokenId) -> Vec<f32> {
    pollster::block_on(session.decode_logits(token)).unwrap()
}

fn assert_close(actual: &[f32], expected: &[f32]) {
    let error: f64 = actual.iter().zip(expected).map(|(a, e)| f64::from(a - e).powi(2)).sum();
    let energy: f64 = expected.iter().map(|e| f64::from(*e).powi(2)).sum();
    assert!(error <= 1e-8 * energy, "nmse {:e}", error / energy);
}

#[test]
fn an_answer_ends_at_the_models_end_token_and_leaves_it_out() {
    for model in everywhere() {
        let answer = generate(&mut session(&model), &question(&model), greedy());
        assert!(!answer.iter().any(|token| model.tokenizer().is_end(*token)));
        assert_eq!(model.tokenizer().decode(&answer), "Tobin has a parrot.");
    }
}

#[test]
fn a_stop_token_of_the_callers_ends_the_answer_before_it() {
    let model = on_cpu();
    let whole = generate(&mut session(&model), &story(&model), greedy());
    let stop = whole[7];
    let before = whole.iter().position(|token| *token == stop).unwrap();
    let options = GenerateOptions { stop: vec![stop], ..greedy() };
    assert_eq!(generate(&mut session(&model), &story(&model), options), whole[..before]);
}

#[test]
fn max_tokens_cuts_the_answer() {
    for model in everywhere() {
        let whole = generate(&mut session(&model), &question(&model), greedy());
        for most in [0, 1, 2, 5] {
            let options = GenerateOptions { max_tokens: Some(most), ..greedy() };
            assert_eq!(generate(&mut session(&model), &question(&model), options), whole[..most]);
        }
    }
}

#[test]
fn cancelling_ends_the_answer_after_the_token_under_way() {
    for model in everywhere() {
        let cancel = CancelToken::default();
        let options = GenerateOptions { cancel: cancel.clone(), ..greedy() };
        let mut session = session(&model);
        let prompt = question(&model);
        let tokens: Vec<TokenId> = pollster::block_on(async {
            let mut stream = pin!(session.generate(&prompt, options));
            let mut tokens = Vec::new();
            while let Some(token) = stream.next().await {
                tokens.push(token.unwrap());
                if tokens.len() == 3 {
                    cancel.cancel();
                }
            }
            tokens
        });
        assert_eq!(tokens.len(), 3);
        assert!(cancel.is_cancelled());
        cancel.clear();
        assert!(!cancel.is_cancelled());
    }
}

#[test]
fn a_session_says_which_tokens_it_holds_after_an_answer() {
    for model in everywhere() {
        let mut session = session(&model);
        let prompt = question(&model);
        let answer = generate(&mut session, &prompt, greedy());
        let both = [prompt, answer].concat();
        assert_eq!(session.tokens(), both);
        assert_eq!(session.position(), both.len());
    }
}

#[test]
fn an_answer_can_be_left_in_the_middle_for_another_prompt() {
    for model in everywhere() {
        let mut session = session(&model);
        assert_eq!(beginning(&mut session, &story(&model), 4).len(), 4);
        session.reset();
        let answer = generate(&mut session, &question(&model), greedy());
        assert_eq!(model.tokenizer().decode(&answer), "Tobin has a parrot.");
    }
}

#[test]
fn an_answer_left_in_the_middle_can_be_continued_from_what_is_cached() {
    for model in everywhere() {
        let prompt = question(&model);
        let whole = generate(&mut session(&model), &prompt, greedy());
        let mut session = session(&model);
        let begun = beginning(&mut session, &prompt, 3);
        assert_eq!(begun, whole[..3]);
        let so_far = [prompt, begun].concat();
        // The last token given may not have been fed yet.
        let kept = session.common_prefix(&so_far).min(so_far.len() - 1);
        assert!(kept + 2 >= so_far.len());
        session.truncate(kept);
        assert_eq!(generate(&mut session, &so_far[kept..], greedy()), whole[3..]);
    }
}

#[test]
fn a_session_cut_back_continues_as_a_fresh_one() {
    for model in everywhere() {
        let tokens: Vec<TokenId> = expected().into_iter().flat_map(|exchange| exchange.prompt()).take(120).collect();
        // A ring of 32 + 16 + 8 slots, rounded up: cutting far back loses what sliding layers need.
        let options = SessionOptions { context: Some(160), kv: KvType::F32, chunk: Some(16) };
        let cuts: &[usize] = if model.device().is_cpu() { &[119, 110, 60, 1] } else { &[60] };
        for &kept in cuts {
            let mut session = model.session(options).unwrap();
            pollster::block_on(session.prefill(&tokens)).unwrap();
            session.truncate(kept);
            assert_eq!(session.tokens(), &tokens[..kept]);
            let mut fresh = model.session(options).unwrap();
            pollster::block_on(fresh.prefill(&tokens[..kept])).unwrap();
            assert_close(&next_logits(&mut session, TokenId(300)), &next_logits(&mut fresh, TokenId(300)));
        }
    }
}

#[test]
fn a_reset_session_is_a_fresh_one() {
    let model = on_cpu();
    let mut session = session(&model);
    let first = generate(&mut session, &story(&model), greedy());
    session.reset();
    assert_eq!((session.position(), session.tokens()), (0, [].as_slice()));
    assert_eq!(generate(&mut session, &story(&model), greedy()), first);
}

#[test]
fn a_prompt_that_repeats_the_conversation_costs_only_what_is_new() {
    let model = on_cpu();
    let mut session = session(&model);
    let mut messages = vec![Message::user("Pia has a black kite. Oren has a brown key. Who has the key?")];
    let first = encode(&model, &messages);
    let answer = generate(&mut session, &first, greedy());
    messages.push(Message::assistant(model.tokenizer().decode(&answer)));
    messages.push(Message::user("What colour is Oren's key?"));
    let second = encode(&model, &messages);
    let kept = session.common_prefix(&second);
    assert_eq!(kept, first.len() + answer.len());
    session.truncate(kept);
    let reused = generate(&mut session, &second[kept..], greedy());
    assert_eq!(reused, generate(&mut pebble_bay::session(&model), &second, greedy()));
    assert_eq!(model.tokenizer().decode(&reused), "Oren's key is brown.");
}

#[test]
fn follow_up_questions_are_answered_from_the_conversation() {
    let model = on_cpu();
    let mut messages = Vec::new();
    for (question, wanted) in
        [("What is 7 + 5?", "7 + 5 = 12."), ("Now add 9.", "12 + 9 = 21."), ("Now take away 4.", "21 - 4 = 17.")]
    {
        messages.push(Message::user(question));
        let answer = generate(&mut session(&model), &encode(&model, &messages), greedy());
        let answer = model.tokenizer().decode(&answer);
        assert_eq!(answer, wanted);
        messages.push(Message::assistant(answer));
    }
}

#[test]
fn the_context_is_used_to_its_last_position_and_not_beyond() {
    for model in everywhere() {
        let prompt = question(&model);
        let whole = generate(&mut session(&model), &prompt, greedy());
        // Nothing follows the last token, so it needs no position.
        let options = SessionOptions { context: Some(prompt.len() + 3), ..SessionOptions::default() };
        let mut session = model.session(options).unwrap();
        assert_eq!(generate(&mut session, &prompt, greedy()), whole[..4]);
        assert!(session.position() <= session.context());
    }
}

#[test]
fn a_prompt_beyond_the_context_is_refused_and_nothing_is_lost() {
    let model = on_cpu();
    let prompt = story(&model);
    let room = prompt.len() + 40;
    let options = SessionOptions { context: Some(room), ..SessionOptions::default() };
    let mut session = model.session(options).unwrap();
    pollster::block_on(session.prefill(&prompt[..5])).unwrap();
    let long = vec![TokenId(300); room];
    let error = try_generate(&mut session, &long, greedy()).unwrap_err();
    let wanted = SessionError::Full { position: 5, context: room, tokens: room };
    assert!(matches!(&error, Error::Session(actual) if *actual == wanted), "{error}");
    assert_eq!(session.tokens(), &prompt[..5]);
    let answer = generate(&mut session, &prompt[5..], greedy());
    assert_eq!(answer, generate(&mut pebble_bay::session(&model), &prompt, greedy()));
}

#[test]
fn a_context_beyond_the_models_is_refused() {
    let model = on_cpu();
    let limit = model.config().context as usize;
    let options = SessionOptions { context: Some(limit + 1), ..SessionOptions::default() };
    let Err(error) = model.session(options) else { panic!("a session beyond the model's context") };
    assert!(error.to_string().contains(&limit.to_string()), "{error}");
}

#[test]
fn a_token_outside_of_the_vocabulary_and_an_empty_prompt_are_refused() {
    let model = on_cpu();
    let mut session = session(&model);
    let error = try_generate(&mut session, &[TokenId(model.config().vocab)], greedy()).unwrap_err();
    assert!(matches!(error, Error::Session(SessionError::Token { .. })), "{error}");
    let error = try_generate(&mut session, &[], greedy()).unwrap_err();
    assert!(matches!(error, Error::Session(SessionError::Empty)), "{error}");
    assert_eq!(session.position(), 0);
}

#[test]
fn a_sampling_parameter_out_of_range_is_refused_before_anything_runs() {
    let model = on_cpu();
    let mut session = session(&model);
    let sampling = SamplingOptions { temperature: -1.0, ..SamplingOptions::GREEDY };
    let error = try_generate(&mut session, &story(&model), GenerateOptions { sampling, ..greedy() }).unwrap_err();
    assert!(matches!(error, Error::Sampling(_)), "{error}");
    assert_eq!(session.position(), 0);
}

/// Hot enough that hardly two answers are alike.
fn hot(seed: u32) -> GenerateOptions {
    let sampling = SamplingOptions { temperature: 3.0, top_k: 0, top_p: 1.0, seed, ..SamplingOptions::default() };
    GenerateOptions { sampling, max_tokens: Some(8), ..GenerateOptions::default() }
}

#[test]
fn the_same_seed_gives_the_same_answer_and_another_seed_another() {
    for model in everywhere() {
        let answer = |seed| generate(&mut session(&model), &question(&model), hot(seed));
        let first = answer(1);
        assert_eq!(answer(1), first);
        assert_ne!(answer(2), first);
    }
}

#[test]
fn an_answer_does_not_depend_on_what_the_session_sampled_before() {
    let model = on_cpu();
    let mut session = session(&model);
    let first = generate(&mut session, &story(&model), hot(1));
    session.reset();
    generate(&mut session, &story(&model), hot(2));
    session.reset();
    assert_eq!(generate(&mut session, &story(&model), hot(1)), first);
}

#[test]
fn filters_that_leave_one_token_make_any_temperature_greedy() {
    let model = on_cpu();
    let wanted = generate(&mut session(&model), &story(&model), greedy());
    let base = hot(5).sampling;
    for sampling in [
        SamplingOptions { top_k: 1, ..base },
        SamplingOptions { top_p: 1e-6, ..base },
        SamplingOptions { min_p: 1.0, ..base },
    ] {
        let options = GenerateOptions { sampling, ..GenerateOptions::default() };
        assert_eq!(generate(&mut session(&model), &story(&model), options), wanted, "{sampling:?}");
    }
}

#[test]
fn a_strong_repeat_penalty_keeps_recent_tokens_out() {
    for model in everywhere() {
        let sampling = SamplingOptions { repeat_penalty: 1e6, ..SamplingOptions::GREEDY };
        let options = GenerateOptions { sampling, max_tokens: Some(8), ..GenerateOptions::default() };
        let answer = generate(&mut session(&model), &question(&model), options);
        let mut once = answer.clone();
        once.sort_by_key(|token| token.0);
        once.dedup();
        assert_eq!(once.len(), answer.len(), "{answer:?}");
        assert!(!answer.iter().any(|token| question(&model).contains(token)), "{answer:?}");
    }
}

#[test]
fn both_types_of_cache_and_every_chunk_give_the_same_answer() {
    let model = on_cpu();
    let long = &expected()[2];
    let prompt = long.prompt();
    for (kv, chunk) in [(KvType::F16, 512), (KvType::F32, 512), (KvType::F16, 7), (KvType::F32, 1)] {
        let options = SessionOptions { kv, chunk: Some(chunk), ..SessionOptions::default() };
        let mut session = model.session(options).unwrap();
        let answer = generate(&mut session, &prompt, greedy());
        assert_eq!(model.tokenizer().decode(&answer), long.answer, "{kv:?}, chunks of {chunk}");
    }
}

#[test]
fn two_sessions_of_a_model_do_not_disturb_each_other() {
    for model in everywhere() {
        let (mut one, mut other) = (session(&model), session(&model));
        let other_question = encode(&model, &[Message::user("Who plays the violin?")]);
        let wanted = (generate(&mut one, &question(&model), greedy()), generate(&mut other, &other_question, greedy()));
        one.reset();
        other.reset();
        let prompt = question(&model);
        let interleaved = pollster::block_on(async {
            let mut first = pin!(one.generate(&prompt, greedy()).fuse());
            let mut second = pin!(other.generate(&other_question, greedy()).fuse());
            let mut answers = (Vec::new(), Vec::new());
            loop {
                let (a, b) = (first.next().await, second.next().await);
                if a.is_none() && b.is_none() {
                    return answers;
                }
                answers.0.extend(a.map(Result::unwrap));
                answers.1.extend(b.map(Result::unwrap));
            }
        });
        assert_eq!(interleaved, wanted);
    }
}

#[test]
fn a_decoded_token_is_one_plan_of_few_dispatches() {
    // Tests beside this one would submit to the same device.
    for model in [Some(on_cpu()), on_a_gpu_alone()].into_iter().flatten() {
        let mut session = session(&model);
        generate(&mut session, &question(&model), GenerateOptions { max_tokens: Some(2), ..greedy() });
        // Eight a layer where q, k and v are one dispatch; here their formats differ, which costs three more in a layer
        // that owns keys. Ten are for the embedding, the head and sampling.
        let config = model.config();
        let most = 8 * config.layers.len() + 3 * config.owning_layers() + 10;
        assert!((1..=most).contains(&session.step_dispatches()), "{} > {most}", session.step_dispatches());
        assert_eq!(
            session.step_submits(),
            u64::from(!model.device().is_cpu()),
            "one submit a token, its readback included"
        );
    }
}

#[test]
fn rows_of_the_embedding_table_read_from_the_source_give_the_same_answers() {
    for model in everywhere() {
        let from_source = load(model.device().clone(), PleResidency::Source);
        let on_device = load(model.device().clone(), PleResidency::Device);
        assert!(from_source.reads_ple_rows() && !on_device.reads_ple_rows());
        let answers = [from_source, on_device].map(|model| generate(&mut session(&model), &question(&model), greedy()));
        assert_eq!(answers[0], answers[1]);
    }
}
