//! The command line as a user meets it: what it prints, and what it says to bad input.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The embedded model's file, a whole Gemma 4 in small.
fn tiny() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tiny/tiny.gguf")
}

/// The program with an empty store of Ollama's and a home of its own.
fn gemmule(arguments: &[&str]) -> Command {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(home.join("models")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gemmule"));
    command.args(arguments).env("HOME", &home).env("OLLAMA_MODELS", home.join("models")).env_remove("XDG_STATE_HOME");
    command
}

fn output(arguments: &[&str]) -> Output {
    gemmule(arguments).output().expect("the program starts")
}

fn stdout(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// What it says on standard error when it refuses its input: exit code 2, nothing on standard output, no panic.
fn refusal(arguments: &[&str]) -> String {
    let output = output(arguments);
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed {}", String::from_utf8_lossy(&output.stdout));
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// A file of that content among the tests' temporary files.
fn file(name: &str, content: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().expect("paths are UTF-8").into()
}

#[test]
fn a_file_that_is_not_gguf_is_refused_by_every_command_that_reads_one() {
    let path = file("not.gguf", b"PK\x03\x04 and something else");
    let ids = file("two.ids", b"2 5");
    for arguments in [
        vec!["inspect", &path],
        vec!["tokenize", &path, "text"],
        vec!["run", &path, "--prompt", "text", "--device", "cpu"],
        vec!["bench", &path, "--device", "cpu"],
        vec!["logits", &path, "--ids", &ids, "--out", "never.npy", "--device", "cpu"],
    ] {
        let message = refusal(&arguments);
        assert!(message.contains("not a GGUF file"), "{arguments:?}: {message}");
    }
}

#[test]
fn a_file_that_ends_too_early_is_refused_with_the_tensor_that_is_cut() {
    let whole = std::fs::read(tiny()).unwrap();
    let path = file("cut.gguf", &whole[..whole.len() / 2]);
    let message = refusal(&["inspect", &path]);
    assert!(message.contains("tensor `"), "{message}");
}

#[test]
fn a_missing_file_is_named() {
    let message = refusal(&["inspect", "./nowhere.gguf"]);
    assert!(message.contains("./nowhere.gguf"), "{message}");
}

#[test]
fn an_unknown_model_name_is_refused_with_the_places_that_were_searched() {
    let message = refusal(&["run", "gemma4:none", "--prompt", "hello"]);
    assert!(message.contains("gemma4:none") && message.contains("home/models"), "{message}");
}

#[test]
fn an_option_out_of_range_is_refused_before_anything_is_loaded() {
    let message = refusal(&["run", "./nowhere.gguf", "--top-p", "1.5"]);
    assert!(message.contains("--top-p") && message.contains("from 0.001 to 1"), "{message}");
    let message = refusal(&["logits", "./nowhere.gguf", "--ids", "a", "--out", "b", "--mode", "chunk=0"]);
    assert!(message.contains("chunk=N"), "{message}");
}

#[test]
fn inspect_shows_metadata_tensors_by_type_and_what_would_be_resident() {
    let shown = stdout(&["inspect", tiny().to_str().unwrap()]);
    for wanted in ["general.architecture = \"gemma4\"", "tokenizer.ggml.tokens = ", "Q4_K", "Q6_K", "F32", "resident"] {
        assert!(shown.contains(wanted), "{wanted} is missing in\n{shown}");
    }
}

#[test]
fn inspect_lists_every_tensor_when_asked() {
    let path = tiny();
    let path = path.to_str().unwrap();
    assert!(!stdout(&["inspect", path]).contains("blk.0.attn_q.weight"));
    assert!(stdout(&["inspect", path, "--tensors"]).contains("blk.0.attn_q.weight"));
}

#[test]
fn tokenize_prints_a_line_a_token_or_only_the_ids() {
    let path = tiny();
    let path = path.to_str().unwrap();
    let lines = stdout(&["tokenize", path, "a kite"]);
    let ids: Vec<&str> = lines.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(ids.len() >= 2, "{lines}");
    assert_eq!(stdout(&["tokenize", path, "a kite", "--ids"]).trim(), ids.join(" "));
}

#[test]
fn control_tokens_in_a_text_are_text_unless_asked_otherwise() {
    let path = tiny();
    let path = path.to_str().unwrap();
    let count = |arguments: &[&str]| stdout(arguments).split_whitespace().count();
    assert_eq!(count(&["tokenize", path, "<turn|>", "--ids", "--special"]), 1);
    assert!(count(&["tokenize", path, "<turn|>", "--ids"]) > 1);
}

#[test]
fn models_of_an_empty_store_says_where_it_looked() {
    let output = output(&["models"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("home/models"));
}
