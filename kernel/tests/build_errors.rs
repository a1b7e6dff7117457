//! What a build script says: naga's errors on the kernel's own line, golden files that differ, lack or are left over,
//! and variants that stand twice.
#![allow(dead_code, reason = "the kernels are emitted, not called")]

use std::path::Path;

use kernel::build::Builder;
use kernel::emit::EmittedVariant;
use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
fn fine(y: &mut Storage<u32>) {
    y[0] = 1;
}

#[kernel(workgroup = 1, groups = 1)]
fn shifts_too_far(x: &Storage<u32>, y: &mut Storage<u32>) {
    let a = x[0];
    y[0] = a << 40; // a constant shift by 32 or more is an error in WGSL
}

#[device]
fn pointed(value: &mut u32) {
    *value += 1;
}

#[kernel(workgroup = 1, groups = 1)]
fn points_to_storage(x: &mut Storage<u32>) {
    pointed(&mut x[3]);
}

#[device]
fn deepen(n: u32) -> u32 {
    if n > 9 { n } else { deepen(n + 1) }
}

#[kernel(workgroup = 1, groups = 1)]
fn recurses(y: &mut Storage<u32>) {
    y[0] = deepen(0);
}

/// The workspace's root, from which the paths of sources start.
fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn errors(builder: &Builder) -> Vec<String> {
    match builder.table() {
        Ok(table) => panic!("this is wrong, but gives a table: {table}"),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// Line and column of a text in this file, from 1.
fn position_of(text: &str) -> (usize, usize) {
    let source = include_str!("build_errors.rs");
    let (line, column) = source
        .lines()
        .enumerate()
        .find_map(|(line, content)| content.find(text).map(|column| (line, column)))
        .expect("the text is in this file");
    (line + 1, column + 1)
}

#[track_caller]
fn assert_report(variant: EmittedVariant, message: &str, at: &str, wgsl: &str) {
    let errors = errors(&Builder::new(vec![variant]).workspace(workspace()));
    let [report] = &errors[..] else { panic!("one error, not {errors:?}") };
    let (line, column) = position_of(at);
    let source = include_str!("build_errors.rs").lines().nth(line - 1).unwrap_or_default();
    let gutter = " ".repeat(line.to_string().len());
    let expected = format!(
        "\n --> kernel/tests/build_errors.rs:{line}:{column}\n{gutter} |\n{line} | {source}\n{gutter} | {:>column$}\n = WGSL: {wgsl}",
        "^"
    );
    let (first, rest) = report.split_once('\n').expect("a report has several lines");
    assert!(first.contains(message), "{report}");
    assert_eq!(format!("\n{rest}"), expected, "{report}");
}

#[test]
fn what_naga_refuses_is_reported_on_the_kernels_line() {
    assert_report(shifts_too_far::emit(), "kernel `shifts_too_far`: ", "y[0] = a << 40;", "y[0i] = (a << 40u);");
}

#[test]
fn a_pointer_to_storage_is_reported_where_it_is_passed() {
    assert_report(points_to_storage::emit(), "kernel `points_to_storage`: ", "pointed(&mut x[3]);", "pointed(&x[3i]);");
}

#[test]
fn a_function_that_calls_itself_is_refused() {
    let errors = errors(&Builder::new(vec![recurses::emit()]).workspace(workspace()));
    assert!(errors[0].contains("kernel `recurses`: ") && errors[0].contains("deepen"), "{errors:?}");
}

#[test]
fn every_wrong_kernel_is_reported() {
    let errors = errors(&Builder::new(vec![shifts_too_far::emit(), fine::emit(), points_to_storage::emit()]));
    assert_eq!(errors.len(), 2, "{errors:?}");
}

#[test]
fn a_variant_that_stands_twice_is_named() {
    assert_eq!(errors(&Builder::new(vec![fine::emit(), fine::emit()])), ["`fine` stands twice in `variants!`"]);
}

fn golden_of(variant: &EmittedVariant) -> String {
    format!("// {} | features:\n{}", variant.key, variant.wgsl)
}

#[test]
fn a_golden_file_that_holds_the_kernel_is_accepted() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("fine.wgsl"), golden_of(&fine::emit())).expect("writing a small file");
    assert!(Builder::new(vec![fine::emit()]).golden(directory.path()).table().is_ok());
}

#[test]
fn a_golden_file_that_differs_shows_both_lines() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("fine.wgsl");
    let golden = golden_of(&fine::emit());
    std::fs::write(&path, golden.replace("y[0i] = 1u;", "y[0i] = 2u;")).expect("writing a small file");
    let line = golden.lines().position(|line| line.contains("y[0i] = 1u;")).map(|line| line + 1).expect("the line");
    assert_eq!(
        errors(&Builder::new(vec![fine::emit()]).golden(directory.path())),
        [format!(
            "{}:{line}: the golden file differs from the kernel\n  golden:      y[0i] = 2u;\n  emitted:     y[0i] = 1u;\n\
             `cargo xtask bless` accepts the kernel",
            path.display()
        )]
    );
}

#[test]
fn a_missing_golden_file_is_named_with_its_variant() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let errors = errors(&Builder::new(vec![fine::emit()]).golden(directory.path()));
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("no golden file for `fine`: "), "{errors:?}");
    assert!(errors[0].ends_with("; `cargo xtask bless` writes it"), "{errors:?}");
}

#[test]
fn a_golden_file_without_a_variant_is_named() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("fine.wgsl"), golden_of(&fine::emit())).expect("writing a small file");
    let old = directory.path().join("old.wgsl");
    std::fs::write(&old, "// old").expect("writing a small file");
    assert_eq!(
        errors(&Builder::new(vec![fine::emit()]).golden(directory.path())),
        [format!("{}: no variant emits this any more", old.display())]
    );
}
