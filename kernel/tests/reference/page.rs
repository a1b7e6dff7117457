//! The reference as a page: one table of constructs, one of refusals.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Row, rows_of_all_files};

/// The source of the kernel `name` in a file, from its attribute to its closing brace.
pub fn source(file: &str, name: &str) -> String {
    let lines: Vec<&str> = file.lines().collect();
    let head = format!("fn {name}");
    let is_head = |line: &str| line.split_once(&head).is_some_and(|(_, rest)| rest.starts_with(['(', '<']));
    let first = lines.iter().position(|line| is_head(line)).expect("the kernel is in the file that its row names");
    let last = first + lines[first..].iter().position(|line| *line == "}").expect("the kernel ends");
    let attributes = lines[..first].iter().rev().take_while(|line| !line.is_empty()).count();
    lines[first - attributes..=last].join("\n")
}

/// The module without the uniform block, which is the same in every kernel, and without the folded grid's guard.
fn shown(wgsl: &str) -> String {
    let guard = "    if group >= uniforms.groups {\n        return;\n    }\n";
    let header = wgsl.find("struct Uniforms").map_or(0..0, |start| {
        let end = wgsl[start..].find("uniforms: Uniforms;\n").map_or(start, |at| start + at + 20);
        start..end
    });
    let text = format!("{}{}", &wgsl[..header.start], &wgsl[header.end..]);
    let (before, main) = text.split_once("@compute").unwrap_or((&text, ""));
    let body = main.split_once(guard).map_or(main, |(_, body)| body);
    let body: Vec<&str> = body.trim_end().trim_end_matches('}').lines().collect();
    let body: Vec<&str> = body.iter().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    format!("{}\n{}", before.trim(), body.join("\n")).trim().to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Code in a cell; a blank line would end the table.
fn code(text: &str, language: &str) -> String {
    let text = escaped(text).replace('\n', "&#10;");
    format!("<pre><code class=\"language-{language} nohighlight\">{text}</code></pre>")
}

/// Words in a cell, where no Markdown is read: what lies between backticks is code.
fn words(text: &str) -> String {
    let text = escaped(text);
    let part = |(index, part): (usize, &str)| if index % 2 == 1 { format!("<code>{part}</code>") } else { part.into() };
    text.split('`').enumerate().map(part).collect()
}

fn page(rows: &[Row], refusals: &[(String, String)]) -> String {
    let mut text = "# The language, construct by construct\n\n\
        Every row is a kernel that the tests run on the CPU executor and on a GPU, with the same expected result; \
        `cargo test -p kernel --test reference` writes this page (with `GEMMULE_BLESS=1`) and fails where it is stale. \
        The WGSL is shown without the uniform block and the guard of the folded grid.\n\n\
        <table>\n<tr><th>construct</th><th>Rust</th><th>WGSL</th><th>on the CPU</th></tr>\n"
        .to_owned();
    for row in rows {
        let (rust, wgsl) = (code(&row.rust, "rust"), code(&shown(&row.variant.wgsl), "wgsl"));
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{rust}</td><td>{wgsl}</td><td>{}</td></tr>",
            words(row.title),
            words(row.semantics)
        );
    }
    text.push_str(
        "</table>\n\n## What is refused\n\n\
         What WGSL cannot do is an error at the author's tokens, with the reason and the way out.\n\n\
         <table>\n<tr><th>Rust</th><th>error</th></tr>\n",
    );
    for (line, message) in refusals {
        let _ = writeln!(text, "<tr><td>{}</td><td>{}</td></tr>", code(line, "rust"), words(message));
    }
    text.push_str("</table>\n");
    text
}

/// The first error of each compile-error test: the line that it points to, and the message.
fn refusals(directory: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(directory).expect("the macros' compile-error tests are beside this crate");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    files.sort();
    let mut refusals: Vec<(String, String)> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file was listed");
        // Errors of rustc's own (`error[E0308]`) say nothing of the language.
        let Some(message) = text.lines().find_map(|line| line.strip_prefix("error: ")) else { continue };
        let after = text.split_once(message).map_or("", |(_, after)| after);
        let line = after
            .lines()
            .find_map(|line| line.split_once(" | ").filter(|(number, _)| number.trim().parse::<u32>().is_ok()));
        if let Some((_, line)) = line {
            refusals.push((line.trim().to_owned(), message.to_owned()));
        }
    }
    refusals
}

#[test]
fn the_reference_is_what_the_tests_show() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = page(&rows_of_all_files(), &refusals(&root.join("kernel-macros/tests/ui")));
    let path = root.join("docs/guide/src/reference.md");
    if std::env::var_os("GEMMULE_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().expect("the path has folders")).expect("the guide's folder can be made");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let stale = known.lines().zip(page.lines()).position(|(known, new)| known != new);
    assert!(
        known == page,
        "{} is stale from line {} on: `GEMMULE_BLESS=1 cargo test -p kernel --test reference` writes it anew",
        path.display(),
        stale.unwrap_or_else(|| known.lines().count().min(page.lines().count())) + 1
    );
}
