//! The command line as a user meets it: what it shows of files, and what it says to bad input.

mod program;

use program::{file, output, refusal, stdout, tiny};

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
    let shown = stdout(&["inspect", &tiny()]);
    for wanted in ["general.architecture = \"gemma4\"", "tokenizer.ggml.tokens = ", "Q4_K", "Q6_K", "F32", "resident"] {
        assert!(shown.contains(wanted), "{wanted} is missing in\n{shown}");
    }
}

#[test]
fn inspect_lists_every_tensor_when_asked() {
    let path = &tiny();
    assert!(!stdout(&["inspect", path]).contains("blk.0.attn_q.weight"));
    assert!(stdout(&["inspect", path, "--tensors"]).contains("blk.0.attn_q.weight"));
}

#[test]
fn tokenize_prints_a_line_a_token_or_only_the_ids() {
    let path = &tiny();
    let lines = stdout(&["tokenize", path, "a kite"]);
    let ids: Vec<&str> = lines.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert!(ids.len() >= 2, "{lines}");
    assert_eq!(stdout(&["tokenize", path, "a kite", "--ids"]).trim(), ids.join(" "));
}

#[test]
fn control_tokens_in_a_text_are_text_unless_asked_otherwise() {
    let path = &tiny();
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

#[test]
fn an_unknown_device_is_refused_with_the_adapters_that_there_are() {
    let message = refusal(&["run", "--prompt", "hello", "--device", "nonesuch"]);
    assert!(message.contains("nonesuch") && message.contains("found: "), "{message}");
}

#[test]
fn a_token_outside_of_the_vocabulary_is_refused_with_its_file() {
    let ids = file("outside.ids", b"2 5 999999");
    let message = refusal(&["logits", &tiny(), "--ids", &ids, "--out", "never.npy", "--device", "cpu"]);
    assert!(message.contains("outside.ids") && message.contains("999999"), "{message}");
}

#[test]
fn a_conversation_beyond_the_context_is_refused() {
    let message = refusal(&["run", "--prompt", "What is 7 + 5?", "--ctx", "8", "--device", "cpu"]);
    assert!(message.contains("the context is full"), "{message}");
}

#[test]
fn a_benchmark_beyond_the_models_context_is_refused() {
    let message = refusal(&["bench", &tiny(), "--prefill", "4096", "--device", "cpu"]);
    assert!(message.contains("4096") || message.contains("4097"), "{message}");
    assert!(message.contains("1024"), "{message}");
}

#[test]
fn kernels_shows_what_every_variant_needs_and_costs() {
    let table = stdout(&["kernels"]);
    let heading = table.lines().next().unwrap();
    for column in ["workgroup", "memory", "bindings", "bytes read", "bytes written", "operations"] {
        assert!(heading.contains(column), "{column} is missing in {heading}");
    }
    let norm = table.lines().find(|line| line.starts_with("rms_norm<Tree<256>, true>")).unwrap();
    for wanted in [" 256 ", " 1024 ", "x: f32, w: f32, mut y: f32", "for i0 in local_invocation_index..n by 256 {12}"] {
        assert!(norm.contains(wanted), "{wanted} is missing in {norm}");
    }
    assert!(!table.contains("uniforms."));
}

#[test]
fn kernels_shows_only_what_was_asked_for_with_its_wgsl() {
    let shown = stdout(&["kernels", "rms_norm<Tree<256>, true>", "--wgsl"]);
    assert!(shown.contains("\n// rms_norm<Tree<256>, true>\n") && shown.contains("fn main("), "{shown}");
    assert!(!shown.contains("geglu"));
    assert!(refusal(&["kernels", "nonesuch"]).contains("nonesuch"));
}
