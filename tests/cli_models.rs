//! The commands that run a model, on the embedded one: its answers are known word for word.

mod program;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Output, Stdio};

use program::{both, file, gemmule, output, path, scratch, stdout, texts, tiny};
use serde_json::Value;

/// `run` with a question, greedy, on the CPU.
fn asked<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["run", "--device", "cpu", "--temperature", "0"];
    fixed.iter().chain(more).copied().collect()
}

/// A run with lines typed on standard input.
fn typed(arguments: &[&str], lines: &str) -> Output {
    let mut command = gemmule(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn without_a_command_the_embedded_model_answers_and_the_next_commands_are_named() {
    let shown = stdout(&["--device", "cpu"]);
    for wanted in [
        "model   the embedded model (Pebble Bay)",
        "device  CPU",
        "As asked: this runs on the CPU.",
        "> I want a story about Ada, Nora and a ring.\nA storm blew the ring of Ada all the way to the school.",
        "tokens/s",
        "run gemma4:e2b",
    ] {
        assert!(shown.contains(wanted), "{wanted} is missing in\n{shown}");
    }
}

#[test]
fn a_prompt_is_answered_on_standard_output_and_nothing_else_is_there() {
    let (out, err) = both(&asked(&["--prompt", "What is Tobin's pet?"]));
    assert_eq!(out, "Tobin has a parrot.\n");
    assert!(err.contains("device  CPU") && err.contains("tokens/s"), "{err}");
}

#[test]
fn the_embedded_models_file_gives_the_same_answer() {
    assert_eq!(stdout(&asked(&[&tiny(), "--prompt", "What is Tobin's pet?"])), "Tobin has a parrot.\n");
}

#[test]
fn a_system_message_is_followed() {
    let arguments = asked(&["--system", "Begin every answer with \"Indeed,\"", "--prompt", "What is 12 + 13?"]);
    assert_eq!(stdout(&arguments), "Indeed, 12 + 13 = 25.\n");
}

#[test]
fn a_raw_prompt_is_all_that_the_model_sees() {
    let prompt = "<|turn>user\nWhat is Tobin's pet?<turn|>\n<|turn>model\n";
    assert_eq!(stdout(&asked(&["--raw", "--prompt", prompt])), "Tobin has a parrot.\n");
    assert_ne!(stdout(&asked(&["--prompt", prompt, "--max-tokens", "20"])), "Tobin has a parrot.\n");
}

#[test]
fn json_is_one_object_a_line() {
    let line = stdout(&asked(&["--json", "--prompt", "What is Tobin's pet?"]));
    assert_eq!(line.lines().count(), 1);
    let answer: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["text"], "Tobin has a parrot.");
    assert_eq!(answer["ended"], "turn");
    assert_eq!((&answer["tokens"], &answer["prompt_tokens"]), (&7.into(), &16.into()));
    assert_eq!(answer["device"], "CPU");
    assert!(answer["tokens_per_second"].as_f64().unwrap() > 0.0);
    assert!(answer["first_token_seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn max_tokens_cuts_the_answer_and_says_so() {
    let (out, err) = both(&asked(&["--prompt", "What is Tobin's pet?", "--max-tokens", "2"]));
    assert_eq!(out, "Tobin has\n");
    assert!(err.contains("cut off at --max-tokens"), "{err}");
}

#[test]
fn the_same_seed_gives_the_same_answer() {
    let answer = |seed| {
        let hot = ["--temperature", "3", "--top-k", "0", "--top-p", "1", "--max-tokens", "12", "--seed", seed];
        let question = ["run", "--device", "cpu", "--prompt", "Who are you?"];
        stdout(&[question.as_slice(), &hot].concat())
    };
    assert_eq!(answer("1"), answer("1"));
    assert_ne!(answer("1"), answer("2"));
}

#[test]
fn a_chat_remembers_until_it_is_cleared() {
    let lines = "What is 7 + 5?\nNow add 9.\n/clear\nWhat is Tobin's pet?\n/bye\nnever asked\n";
    let arguments = asked(&[]);
    let (out, _) = texts(&arguments, typed(&arguments, lines));
    assert_eq!(out, "7 + 5 = 12.\n12 + 9 = 21.\nTobin has a parrot.\n");
}

#[test]
fn a_chat_computes_only_what_is_new() {
    let arguments = asked(&["--json"]);
    let (out, _) = texts(&arguments, typed(&arguments, "What is 7 + 5?\nNow add 9.\n"));
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers[1]["text"], "12 + 9 = 21.");
    // `<turn|>`, the turn's line break, `<|turn>user`, the question, `<turn|>` and `<|turn>model`.
    assert!(answers[1]["prompt_tokens"].as_u64().unwrap() < 18, "{}", answers[1]);
}

/// Ctrl-C as a terminal sends it.
#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_answer_and_not_the_program() {
    // So hot that the answer, of tokens at random, hardly ends by itself.
    let hot = ["--temperature", "100", "--top-k", "0", "--top-p", "1", "--max-tokens", "300", "--seed", "1"];
    let arguments = [["run", "--device", "cpu"].as_slice(), &hot].concat();
    let mut command = gemmule(&arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(b"I want a story about Lila, Mira and a coat.\n").unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let interrupt = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    let mut rest = Vec::new();
    let mut one = [0];
    while one[0] != b'\n' {
        stdout.read_exact(&mut one).unwrap();
        rest.push(one[0]);
    }
    stdin.write_all(b"What is Tobin's pet?\n").unwrap();
    drop(stdin);
    stdout.read_to_end(&mut rest).unwrap();
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert!(child.wait().unwrap().success(), "{err}");
    assert!(err.contains(", stopped]"), "{err}");
    assert_eq!(err.matches("first token after").count(), 2, "{err}");
}

#[test]
fn a_model_of_ollamas_store_is_listed_and_answers_by_its_name() {
    let store = scratch("store");
    let manifests = store.join("manifests/registry.ollama.ai/library/pebble");
    let blobs = store.join("blobs");
    std::fs::create_dir_all(&manifests).unwrap();
    std::fs::create_dir_all(&blobs).unwrap();
    let digest = "0".repeat(64);
    std::fs::copy(tiny(), blobs.join(format!("sha256-{digest}"))).unwrap();
    let layer = format!(r#"{{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{digest}","size":1}}"#);
    std::fs::write(manifests.join("bay"), format!(r#"{{"schemaVersion":2,"layers":[{layer}]}}"#)).unwrap();
    let with_store = |arguments: &[&str]| {
        let output = gemmule(arguments).env("OLLAMA_MODELS", &store).output().unwrap();
        texts(arguments, output).0
    };
    assert!(with_store(&["models"]).contains("pebble:bay"));
    let arguments = asked(&["pebble:bay", "--prompt", "What is Tobin's pet?"]);
    assert_eq!(with_store(&arguments), "Tobin has a parrot.\n");
}

/// The numbers of a little-endian f32 `.npy` file and the header's text.
fn npy(path: &Path) -> (String, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00", "{}", path.display());
    let values = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8(bytes[10..values].to_vec()).unwrap();
    (header, bytes[values..].chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect())
}

#[test]
fn logits_are_transformers_in_every_mode() {
    let model = path("tests/fixtures/e2b.gguf");
    let ids = path("tests/fixtures/e2b.ids");
    let (_, expected) = npy(Path::new(&path("tests/fixtures/e2b.logits.npy")));
    let energy: f64 = expected.iter().map(|value| f64::from(*value).powi(2)).sum();
    for (name, mode, kv, limit) in [
        ("prefill", "prefill", "f32", 1e-6),
        ("decode", "decode", "f32", 1e-6),
        ("chunk", "chunk=7", "f32", 1e-6),
        ("f16", "prefill", "f16", 1e-5),
    ] {
        let out = scratch(&format!("{name}.npy"));
        let to = out.to_str().unwrap();
        stdout(&["logits", &model, "--ids", &ids, "--out", to, "--mode", mode, "--kv", kv, "--device", "cpu"]);
        let (header, actual) = npy(&out);
        let positions = std::fs::read_to_string(&ids).unwrap().split_whitespace().count();
        let shape = format!("'shape': ({positions}, {})", expected.len() / positions);
        assert!(header.contains("'<f4'") && header.contains(&shape), "{header}");
        assert_eq!(actual.len(), expected.len());
        let error: f64 = actual.iter().zip(&expected).map(|(a, e)| f64::from(a - e).powi(2)).sum();
        assert!(error <= limit * energy, "{mode} with {kv}: nmse {:e}", error / energy);
    }
}

#[test]
fn logits_that_cannot_be_written_name_the_file() {
    let ids = file("few.ids", b"2 5");
    let output = output(&["logits", &tiny(), "--ids", &ids, "--out", "/nowhere/x.npy", "--device", "cpu"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write /nowhere/x.npy"));
}

#[test]
fn a_benchmark_reports_every_figure() {
    let line = stdout(&[
        "bench",
        &tiny(),
        "--prefill",
        "16,32",
        "--decode",
        "8",
        "--repeat",
        "2",
        "--device",
        "cpu",
        "--json",
    ]);
    let measured: Value = serde_json::from_str(&line).unwrap();
    for field in ["load_seconds", "weights_bytes", "session_bytes", "bandwidth_bytes_per_second"] {
        assert!(measured[field].as_f64().unwrap() > 0.0, "{field} in {line}");
    }
    let prefill = measured["prefill"].as_array().unwrap();
    assert_eq!(prefill.iter().map(|run| run["tokens"].as_u64().unwrap()).collect::<Vec<_>>(), [16, 32]);
    assert!(prefill.iter().all(|run| run["tokens_per_second"].as_f64().unwrap() > 0.0));
    let decode = &measured["decode"];
    assert_eq!((&decode["tokens"], &decode["depth"]), (&8.into(), &32.into()));
    let rate = decode["tokens_per_second"].as_f64().unwrap();
    let read = decode["weight_bytes_per_second"].as_f64().unwrap();
    assert!((rate * decode["weight_bytes_per_token"].as_f64().unwrap() - read).abs() < 1.0);
    let share = decode["share_of_bandwidth"].as_f64().unwrap();
    assert!((share * measured["bandwidth_bytes_per_second"].as_f64().unwrap() / read - 1.0).abs() < 1e-9);
    assert!(decode["dispatches_per_token"].as_u64().unwrap() > 0);
    assert_eq!(decode["submits_per_token"], 0, "a CPU has no queue");
}

#[test]
fn a_benchmark_for_people_has_a_line_a_figure() {
    let arguments = ["bench", &tiny(), "--prefill", "16", "--decode", "4", "--repeat", "1", "--device", "cpu"];
    let shown = stdout(&arguments);
    for wanted in ["load", "weights", "session", "bandwidth", "prefill", "decode", "submits a token"] {
        assert!(shown.contains(wanted), "{wanted} is missing in\n{shown}");
    }
}
