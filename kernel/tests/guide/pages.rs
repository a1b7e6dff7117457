//! The pages against their code. A comment before a block says what the block is:
//! - `<!-- code: softsign; SoftsignParams -->`: items of the page's module, by their names;
//! - `<!-- output: race -->`: what the module's `shown` calls so;
//! - `<!-- file: examples/first-kernel/build.rs -->`: a file of this repository.
//!
//! `GEMMULE_BLESS=1` writes the blocks anew.

use std::path::{Path, PathBuf};

use crate::Shown;

/// Pages with code of their own: name, module, and what it shows.
type Page = (&'static str, &'static str, fn() -> Shown);
const PAGES: [Page; 10] = [
    ("first-kernel", "", Vec::new),
    ("memory", include_str!("memory.rs"), super::memory::shown),
    ("types", include_str!("types.rs"), super::types::shown),
    ("testing", include_str!("testing.rs"), super::testing::shown),
    ("debugging", include_str!("debugging.rs"), super::debugging::shown),
    ("variants", include_str!("variants.rs"), super::variants::shown),
    ("contracts", include_str!("contracts.rs"), super::contracts::shown),
    ("costs", include_str!("costs.rs"), super::costs::shown),
    ("derivatives", include_str!("derivatives.rs"), super::derivatives::shown),
    ("porting", include_str!("porting.rs"), super::porting::shown),
];

/// What has blocks but no code: the front page, and the reference, which another test writes.
const PLAIN: [&str; 2] = ["introduction", "reference"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn path(page: &str) -> PathBuf {
    root().join("docs/guide/src").join(page).with_extension("md")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// An item of a file, from its attributes to its closing brace.
fn item(file: &str, name: &str) -> String {
    const KINDS: [&str; 8] = ["fn", "async fn", "struct", "enum", "trait", "const", "impl", "macro"];
    let lines: Vec<&str> = file.lines().collect();
    let is_head = |line: &&str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let named = KINDS.iter().find_map(|kind| line.strip_prefix(kind)?.strip_prefix(' ')?.strip_prefix(name));
        let whole = line.strip_prefix(name).filter(|_| name.contains(['!', ' ']));
        named.or(whole).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let head = lines.iter().position(is_head).unwrap_or_else(|| panic!("no `{name}` in the page's module"));
    let first = head - lines[..head].iter().rev().take_while(|line| !line.is_empty()).count();
    let ends = |line: &&str| *line == "}" || (line.ends_with([';', '}']) && !line.starts_with(' '));
    let last = head + lines[head..].iter().position(ends).expect("an item ends");
    lines[first..=last].join("\n")
}

/// What a block has to be.
fn content(directive: &str, (_, module, _): &Page, shown: &Shown) -> String {
    let (kind, what) = directive.split_once(": ").unwrap_or((directive, ""));
    match kind {
        "code" => what.split("; ").map(|name| item(module, name)).collect::<Vec<_>>().join("\n\n"),
        "file" => text(&root().join(what)).trim_end().to_owned(),
        "output" => match shown.iter().find(|(name, _)| *name == what) {
            Some((_, output)) => output.clone(),
            None => panic!("the page's module shows no `{what}`"),
        },
        _ => panic!("`{directive}` is none of `code: ..`, `file: ..` and `output: ..`"),
    }
}

/// The page with its blocks as they have to be.
fn written(page: &Page) -> String {
    let shown = (page.2)();
    let (mut written, mut directive, mut inside) = (String::new(), None, None);
    for line in text(&path(page.0)).lines() {
        match inside {
            None if line.starts_with("```") => {
                let language = &line[3..];
                let content = directive.take().map(|directive: String| content(&directive, page, &shown));
                // Commands to type show no result.
                assert!(content.is_some() || language == "sh", "{}: a block that nothing checks: {line}", page.0);
                written += &format!("{line}\n");
                written.extend(content.iter().map(|content| format!("{content}\n")));
                inside = Some(content.is_some());
            }
            None => {
                directive = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
                written += &format!("{line}\n");
            }
            Some(_) if line == "```" => {
                written += "```\n";
                inside = None;
            }
            // What is not checked stays.
            Some(checked) => written.extend((!checked).then(|| format!("{line}\n"))),
        }
    }
    written
}

#[test]
fn every_block_is_what_the_code_is_and_gives() {
    let bless = std::env::var_os("GEMMULE_BLESS").is_some_and(|value| value == "1");
    for page in &PAGES {
        let (path, new) = (path(page.0), written(page));
        if bless {
            std::fs::write(&path, &new).expect("the page can be written");
        }
        let known = text(&path);
        let stale = known.lines().zip(new.lines()).position(|(known, new)| known != new);
        assert!(
            known == new,
            "{} is stale from line {} on: `GEMMULE_BLESS=1 cargo test -p kernel --test guide` writes it anew",
            path.display(),
            stale.unwrap_or_else(|| known.lines().count().min(new.lines().count())) + 1
        );
    }
}

/// What `[text](target)` links to, outside of code.
fn links(page: &str) -> Vec<String> {
    let prose = page.split("```").step_by(2).collect::<String>();
    prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_somewhere() {
    let folder = root().join("docs/guide/src");
    let summary = links(&text(&folder.join("SUMMARY.md")));
    let mut pages: Vec<String> = std::fs::read_dir(&folder)
        .expect("the guide has pages")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != "SUMMARY.md")
        .collect();
    pages.sort();
    let mut listed = summary.clone();
    listed.sort();
    assert_eq!(listed, pages, "SUMMARY.md lists every page once");
    let mut known: Vec<String> =
        PAGES.iter().map(|page| page.0).chain(PLAIN).map(|name| format!("{name}.md")).collect();
    known.sort();
    assert_eq!(pages, known, "every page is checked here");
    for page in &pages {
        // The reference is a table of code.
        for link in links(&text(&folder.join(page))).iter().filter(|_| page != "reference.md") {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.starts_with("https://") {
                continue;
            }
            let target = if file.is_empty() { folder.join(page) } else { folder.join(file) };
            assert!(target.exists(), "{page} links to {link}, which is not there");
            let is_heading = |line: &str| line.starts_with('#') && slug(line) == anchor;
            assert!(anchor.is_empty() || text(&target).lines().any(is_heading), "{page}: no heading for {link}");
        }
    }
}

/// A heading's anchor, as mdBook and GitHub make it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}
