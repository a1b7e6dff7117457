//! Exact answers of the embedded model through the whole engine, so that a wrong kernel shows as a wrong answer. What
//! is right was computed by transformers on the same weights (`models/tiny/evaluate.py`).

mod pebble_bay;

use engine::model::Model;
use pebble_bay::{Exchange, encode, expected, generate, greedy, heldout, on_cpu, on_gpu, session};

/// Greedy answers equal transformers' token for token, the one that ends them left out.
fn check_answers(model: &Model, exchanges: &[Exchange]) {
    let mut session = session(model);
    for exchange in exchanges {
        let mut wanted = exchange.answer_ids();
        let end = wanted.pop().unwrap();
        assert!(model.tokenizer().is_end(end));
        session.reset();
        let answer = generate(&mut session, &exchange.prompt(), greedy());
        let device = model.device().description();
        assert_eq!(answer, wanted, "{:?} on {device}", exchange.messages.last());
        assert_eq!(model.tokenizer().decode(&answer), exchange.answer, "on {device}");
    }
}

#[test]
fn the_chat_template_gives_transformers_prompts() {
    let model = on_cpu();
    for exchange in expected() {
        assert_eq!(encode(&model, &exchange.messages), exchange.prompt(), "{:?}", exchange.messages);
    }
}

#[test]
fn answers_on_the_cpu_are_transformers() {
    check_answers(&on_cpu(), &expected());
}

#[test]
fn answers_on_a_gpu_are_transformers() {
    let Some(model) = on_gpu() else { return };
    // Every fifth: software drivers are slow, and logits.rs compares the kernels closely.
    let some: Vec<Exchange> = expected().into_iter().step_by(5).collect();
    check_answers(&model, &some);
}

/// The whole exam, which takes minutes without optimisation: `cargo run --release -p gemmule-engine --example heldout`.
#[test]
fn prompts_that_training_never_saw_are_answered_exactly() {
    let model = on_cpu();
    let exam = heldout();
    assert_eq!(exam.len(), 500);
    // The first fifty are `expected.jsonl`; of the others, every eighteenth.
    let sample: Vec<&Exchange> = exam.iter().skip(50).step_by(18).collect();
    let mut session = session(&model);
    let mut wrong = Vec::new();
    for exchange in &sample {
        session.reset();
        let answer = generate(&mut session, &encode(&model, &exchange.messages), greedy());
        let answer = model.tokenizer().decode(&answer);
        if answer != exchange.answer {
            wrong.push(format!("{answer:?} instead of {:?}", exchange.answer));
        }
    }
    assert_eq!(sample.len(), 25);
    assert!(wrong.len() * 20 <= sample.len(), "{} of {} wrong: {wrong:#?}", wrong.len(), sample.len());
}
