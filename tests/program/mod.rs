//! Runs the program as a user does, in a home of its own and with a store of Ollama's that has one model.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The embedded model's file, a whole Gemma 4 in small.
pub fn tiny() -> String {
    path("models/tiny/tiny.gguf")
}

/// A file of the repository.
pub fn path(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file).to_str().expect("paths are UTF-8").into()
}

/// A place for a file that a test writes.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A file of that content among the tests' temporary files.
pub fn file(name: &str, content: &[u8]) -> String {
    let path = scratch(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().expect("paths are UTF-8").into()
}

/// The program, with an empty store of Ollama's.
pub fn gemmule(arguments: &[&str]) -> Command {
    let home = scratch("home");
    std::fs::create_dir_all(home.join("models")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gemmule"));
    command
        .args(arguments)
        .env("HOME", &home)
        .env("OLLAMA_MODELS", home.join("models"))
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_CACHE_HOME");
    command
}

pub fn output(arguments: &[&str]) -> Output {
    gemmule(arguments).output().expect("the program starts")
}

/// Standard output of a run that succeeds.
pub fn stdout(arguments: &[&str]) -> String {
    both(arguments).0
}

/// Standard output and standard error of a run that succeeds.
pub fn both(arguments: &[&str]) -> (String, String) {
    texts(arguments, output(arguments))
}

pub fn texts(arguments: &[&str], output: Output) -> (String, String) {
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{arguments:?}: {err}");
    (out, err)
}

/// What it says on standard error when it refuses its input: exit code 2, nothing on standard output, no panic.
pub fn refusal(arguments: &[&str]) -> String {
    let output = output(arguments);
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed {}", String::from_utf8_lossy(&output.stdout));
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// Whether there is no GPU to test on, said aloud.
pub fn no_gpu(output: &Output) -> bool {
    let error = String::from_utf8_lossy(&output.stderr);
    if error.contains("no GPU adapter") {
        let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
        assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
        eprintln!("SKIPPED, no GPU: {error}");
    }
    error.contains("no GPU adapter")
}
