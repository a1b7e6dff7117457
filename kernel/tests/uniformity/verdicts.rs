//! The table of verdicts.

use std::fmt::Write;
use std::path::PathBuf;

use kernel::build::Builder;

use super::{Program, branches, functions, loops, subgroups, values};

const HEAD: &str = "\
# Uniformity: the macro's verdicts and Tint's
Each program is a kernel in this folder; its WGSL is in `wgsl/`. Whatever Tint refuses, the macro refuses.

| program | macro | Tint | why the macro is stricter |
|---|---|---|---|
";

/// A line of `verdicts.md`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Verdict {
    name: String,
    by_macro: String,
    by_tint: String,
    note: String,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/uniformity")
}

fn corpus() -> Vec<Program> {
    [branches::programs(), loops::programs(), values::programs(), functions::programs(), subgroups::programs()]
        .into_iter()
        .flatten()
        .collect()
}

fn committed() -> Vec<Verdict> {
    let text = std::fs::read_to_string(folder().join("verdicts.md")).unwrap_or_default();
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, by_macro, by_tint, note] = cells[..] else { return None };
        let cell = |cell: &str| cell.trim_matches('`').to_owned();
        Some(Verdict { name: cell(name), by_macro: cell(by_macro), by_tint: cell(by_tint), note: note.to_owned() })
    })
    .collect()
}

fn asked_to_bless() -> bool {
    std::env::var_os("GEMMULE_BLESS").is_some_and(|value| value != "0" && !value.is_empty())
}

#[test]
fn the_macros_verdicts_are_those_of_the_table() {
    let known = committed();
    let judged: Vec<Verdict> = corpus()
        .iter()
        .map(|program| Verdict {
            name: program.name.to_owned(),
            by_macro: if program.divergences.is_empty() { "accepts" } else { "refuses" }.to_owned(),
            by_tint: known
                .iter()
                .find(|row| row.name == program.name)
                .map_or("?".to_owned(), |row| row.by_tint.clone()),
            note: program.stricter.unwrap_or_default().to_owned(),
        })
        .collect();
    if asked_to_bless() {
        let mut text = HEAD.to_owned();
        for Verdict { name, by_macro, by_tint, note } in &judged {
            let _ = writeln!(text, "| `{name}` | {by_macro} | {by_tint} | {note} |");
        }
        std::fs::write(folder().join("verdicts.md"), text).expect("the table can be written");
        return;
    }
    for (judged, known) in judged.iter().zip(&known) {
        assert_eq!(judged, known, "GEMMULE_BLESS=1 writes the table anew");
    }
    assert_eq!(judged.len(), known.len(), "GEMMULE_BLESS=1 writes the table anew");
}

#[test]
fn tint_is_given_what_the_programs_emit() {
    let variants = corpus().into_iter().map(|program| program.variant).collect();
    let builder = Builder::new(variants).golden(folder().join("wgsl"));
    if let Err(errors) = builder.table() {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\nGEMMULE_BLESS=1 writes the files anew", errors.join("\n"));
    }
}

#[test]
fn the_macro_refuses_whatever_tint_refuses() {
    for Verdict { name, by_macro, by_tint, note } in committed() {
        match (by_macro.as_str(), by_tint.as_str()) {
            ("accepts", "accepts") | ("refuses", "refuses") => assert!(note.is_empty(), "{name}: both agree"),
            ("refuses", "accepts") => assert!(!note.is_empty(), "{name}: why is the macro stricter?"),
            (by_macro, by_tint) => panic!("{name}: the macro {by_macro}, Tint {by_tint}"),
        }
    }
}

#[test]
fn the_corpus_has_thirty_legal_programs_and_thirty_others() {
    let rows = committed();
    let legal = rows.iter().filter(|row| row.by_tint == "accepts").count();
    let others = rows.iter().filter(|row| row.by_tint == "refuses").count();
    assert!(legal >= 30 && others >= 30, "{legal} legal, {others} others");
}

#[test]
fn every_refusal_names_what_waits_and_what_differs() {
    for program in corpus() {
        for message in program.divergences {
            assert!(message.contains('`') && message.contains(": "), "{}: {message}", program.name);
        }
    }
}
