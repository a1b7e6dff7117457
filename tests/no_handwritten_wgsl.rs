//! Shader text, C layouts, padding and binding numbers come out of the kernel language; nobody writes them by hand.

use std::path::Path;
use std::process::Command;

/// Where they may stand: the language itself, which makes them.
const LANGUAGE: [&str; 2] = ["kernel/", "kernel-macros/"];

/// Tests that plant mistakes in shader text, to see that a validator finds them.
const PLANTED: [&str; 1] = ["kernels-src/tests/noop.rs"];

/// What only the language writes, and what it is.
const MARKS: [(&str, &str); 9] = [
    ("@group(", "a WGSL binding"),
    ("@binding(", "a WGSL binding number"),
    ("@compute", "a WGSL entry point"),
    ("@workgroup_size", "a WGSL workgroup size"),
    ("var<storage", "a WGSL storage variable"),
    ("var<uniform", "a WGSL uniform variable"),
    ("var<workgroup", "a WGSL workgroup variable"),
    ("repr(C", "a C layout"),
    ("_pad", "a pad field"),
];

/// The marks in a Rust file, as `line: what`; comments may speak of them.
fn violations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        for (mark, what) in MARKS {
            let pad_inside_a_word = |at: usize| {
                let after = line[at + mark.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
                let before = line[..at].chars().next_back();
                after.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    || before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            };
            if line.match_indices(mark).any(|(at, _)| mark != "_pad" || !pad_inside_a_word(at)) {
                found.push(format!("{}: {what}", number + 1));
            }
        }
    }
    found
}

/// The Rust files that git tracks, except the language's, those that plant mistakes and this one, which has to name the marks.
fn scanned_files() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let listed =
        Command::new("git").args(["ls-files", "*.rs"]).current_dir(root).output().expect("git lists the files");
    assert!(listed.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8(listed.stdout)
        .expect("paths are UTF-8")
        .lines()
        .filter(|path| !LANGUAGE.iter().any(|folder| path.starts_with(folder)) && *path != file!())
        .filter(|path| !PLANTED.contains(path))
        .filter(|path| Path::new(root).join(path).is_file())
        .map(String::from)
        .collect()
}

#[test]
fn outside_the_kernel_language_nobody_writes_wgsl_layouts_or_binding_numbers() {
    let files = scanned_files();
    for folder in ["engine/", "kernels-src/", "src/"] {
        assert!(files.iter().any(|path| path.starts_with(folder)), "no file of {folder} was looked at");
    }
    let mut found = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).expect("a readable file");
        found.extend(violations(&text).into_iter().map(|violation| format!("{path}:{violation}")));
    }
    assert!(found.is_empty(), "write these as kernels and let the language make the text:\n{}", found.join("\n"));
}

#[test]
fn every_mark_is_found_where_it_is_planted() {
    for (planted, what) in [
        ("let text = \"@group(0) var a: u32;\";", "a WGSL binding"),
        ("    @binding(3) var<private> a: u32;", "a WGSL binding number"),
        ("const MAIN: &str = \"@compute fn main() {}\";", "a WGSL entry point"),
        ("\"@workgroup_size(64)\"", "a WGSL workgroup size"),
        ("var<storage, read> x: array<f32>;", "a WGSL storage variable"),
        ("var<uniform> p: Params;", "a WGSL uniform variable"),
        ("var<workgroup> partial: array<f32, 64>;", "a WGSL workgroup variable"),
        ("#[repr(C)]", "a C layout"),
        ("#[repr(C, align(16))]", "a C layout"),
        ("    _pad: u32,", "a pad field"),
        ("    pub _pad0: [u32; 2],", "a pad field"),
    ] {
        let text = format!("fn above() {{}}\n{planted}\n");
        assert!(violations(&text).contains(&format!("2: {what}")), "{planted} is not seen as {what}");
    }
}

#[test]
fn words_that_only_resemble_a_mark_are_left_alone() {
    let text = "// var<storage> is what a comment may say\nlet zero_padded = round_up_padding(row_padding);\nlet key_pads = 1;";
    assert_eq!(violations(text), Vec::<String>::new());
}
