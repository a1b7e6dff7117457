//! `gemmule train`, `gemmule eval` and `--lora`, as a user runs them, on the embedded model.

mod program;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use program::{both, file, gemmule, refusal, scratch, stdout, tiny};
use serde_json::Value;

/// A question of the village's, with an answer that the model does not give.
const EXAMPLES: &str = r#"{"messages": [{"role": "user", "content": "What is Tobin's pet?"}, {"role": "assistant", "content": "Tobin has a goat."}]}
{"messages": [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "I am the keeper of the light."}]}
"#;

/// An empty folder for a test's run.
fn folder(name: &str) -> PathBuf {
    let folder = scratch(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn text(path: &Path) -> String {
    path.to_str().expect("paths are UTF-8").into()
}

/// The loss of each recorded step.
fn losses(folder: &Path) -> Vec<f64> {
    let record = std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap_or_default();
    let value = |line: &str| serde_json::from_str::<Value>(line).unwrap()["loss"].as_f64().unwrap();
    record.lines().filter(|line| line.ends_with('}')).map(value).collect()
}

/// Trains on a CPU with a small adapter.
fn arguments(data: &str, out: &str, steps: &str) -> Vec<String> {
    let fixed = ["--rank", "4", "--lr", "5e-3", "--schedule", "constant", "--warmup", "0", "--device", "cpu"];
    let given = ["train", &tiny(), "--data", data, "--out", out, "--steps", steps].map(String::from);
    given.into_iter().chain(fixed.map(String::from)).collect()
}

fn run(arguments: &[String], more: &[&str]) -> (String, String) {
    let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    both(&all)
}

#[test]
fn an_adapter_is_taught_and_the_model_answers_with_it() {
    let (data, out) = (file("taught.jsonl", EXAMPLES.as_bytes()), folder("taught"));
    run(&arguments(&data, &text(&out), "30"), &[]);
    let losses = losses(&out);
    assert_eq!(losses.len(), 30);
    assert!(losses[29] < 0.1 * losses[0], "{losses:?}");
    assert!(std::fs::read_to_string(out.join("loss.svg")).unwrap().starts_with("<svg"));
    let question = ["run", &tiny(), "--prompt", "What is Tobin's pet?", "--temperature", "0", "--device", "cpu"];
    assert_eq!(stdout(&question).trim(), "Tobin has a parrot.");
    for adapter in [text(&out), text(&out.join("adapter.gguf"))] {
        let with = [&question[..], &["--lora", &adapter]].concat();
        assert_eq!(stdout(&with).trim(), "Tobin has a goat.", "{adapter}");
        let unscaled = format!("{adapter}:0");
        let without = [&question[..], &["--lora", &unscaled]].concat();
        assert_eq!(stdout(&without).trim(), "Tobin has a parrot.", "{adapter}");
    }
    let eval = ["eval", &tiny(), "--data", &data, "--device", "cpu", "--json"];
    let measured = |lora: &[&str]| -> Value { serde_json::from_str(&stdout(&[&eval[..], lora].concat())).unwrap() };
    let (before, after) = (measured(&[]), measured(&["--lora", &text(&out)]));
    assert_eq!((&before["exact_match"], &after["exact_match"]), (&Value::from(0.0), &Value::from(1.0)));
    assert!(after["perplexity"].as_f64() < before["perplexity"].as_f64());
    // Two adapters are what they add up to, each with its scale.
    let (half, none) = (format!("{}:0.5", text(&out)), format!("{}:0", text(&out)));
    let loss = |lora: &[&str]| measured(lora)["loss"].as_f64().unwrap();
    let (whole, halves) = (loss(&["--lora", &text(&out)]), loss(&["--lora", &half, "--lora", &half]));
    assert!((whole - halves).abs() <= 1e-5 * whole.max(1e-2), "{whole} and {halves}");
    assert!((before["loss"].as_f64().unwrap() - loss(&["--lora", &none, "--lora", &none])).abs() <= 1e-6);
}

#[test]
fn a_killed_run_goes_on_from_its_checkpoint_as_if_it_had_not_been() {
    let data = file("killed.jsonl", EXAMPLES.as_bytes());
    let (whole, killed) = (folder("whole"), folder("killed"));
    let every = ["--checkpoint-every", "2", "--dropout", "0.1", "--no-packing"];
    run(&arguments(&data, &text(&whole), "8"), &every);

    let mut command = gemmule(&[]);
    command.args(arguments(&data, &text(&killed), "8")).args(every).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(300);
    while losses(&killed).len() < 3 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(losses(&killed).len() >= 3);

    run(&arguments(&data, &text(&killed), "8"), &[&every[..], &["--resume"]].concat());
    assert_eq!(losses(&killed), losses(&whole));
    let weights = |folder: &Path| std::fs::read(folder.join("adapter_model.safetensors")).unwrap();
    assert_eq!(weights(&killed), weights(&whole));
}

#[test]
fn a_checkpoint_of_another_run_is_refused_by_what_differs() {
    let (data, out) = (file("other.jsonl", EXAMPLES.as_bytes()), folder("other"));
    run(&arguments(&data, &text(&out), "1"), &[]);
    let other = [arguments(&data, &text(&out), "1"), ["--seed", "7", "--resume"].map(String::from).to_vec()].concat();
    let message = refusal(&other.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(message.contains("seed was 0, now it is 7"), "{message}");
}

#[test]
fn a_checkpoint_belongs_to_a_models_weights_and_not_to_its_file() {
    let (data, out) = (file("copied.jsonl", EXAMPLES.as_bytes()), folder("copied"));
    run(&arguments(&data, &text(&out), "1"), &[]);
    let copy = file("copy.gguf", &std::fs::read(tiny()).unwrap());
    let again = |model: &str| {
        let given =
            arguments(&data, &text(&out), "1").into_iter().map(|one| if one == tiny() { model.into() } else { one });
        given.chain(["--resume".to_owned()]).collect::<Vec<String>>()
    };
    run(&again(&copy), &[]);
    // A norm's weight of another value makes another model.
    let mut bytes = std::fs::read(tiny()).unwrap();
    let source = engine::source::MemorySource::new(bytes.clone());
    let gguf = engine::gguf::Gguf::read(&source).unwrap();
    let at = gguf.tensor("output_norm.weight").unwrap().row_range(0..1).unwrap().start as usize;
    bytes[at..at + 4].copy_from_slice(&1.5f32.to_le_bytes());
    let changed = file("changed.gguf", &bytes);
    let message = refusal(&again(&changed).iter().map(String::as_str).collect::<Vec<_>>());
    assert!(message.contains("model was"), "{message}");
}

#[test]
fn unusable_lines_are_reported_with_their_numbers() {
    let lines = format!("{EXAMPLES}{{\"text\": 3}}\nnot json\n");
    let data = file("unusable.jsonl", lines.as_bytes());
    let message = refusal(&["train", &tiny(), "--data", &data, "--out", &text(&folder("unusable"))]);
    assert!(
        message.contains("2 unusable lines") && message.contains("line 3") && message.contains("line 4"),
        "{message}"
    );
}

#[test]
fn a_run_that_cannot_fit_says_what_would() {
    let data = file("memory.jsonl", EXAMPLES.as_bytes());
    let out = text(&folder("memory"));
    let message = refusal(&["train", &tiny(), "--data", &data, "--out", &out, "--memory", "8", "--device", "cpu"]);
    assert!(message.contains("8 MiB are allowed") && message.contains("the model alone takes"), "{message}");
}

#[test]
fn the_first_steps_gradients_have_pefts_names() {
    let (data, out) = (file("dumped.jsonl", EXAMPLES.as_bytes()), folder("dumped"));
    let gradients = scratch("gradients.safetensors");
    run(&arguments(&data, &text(&out), "1"), &["--dump-grads", &text(&gradients)]);
    let bytes = std::fs::read(&gradients).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    assert_eq!(
        header["base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"]["shape"],
        Value::from([256, 4].to_vec())
    );
}
