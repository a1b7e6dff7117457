//! Source and WGSL side by side: each test shows one construct of the kernel language and what becomes of it. Every
//! module is also validated by naga.
#![allow(dead_code, reason = "the kernels are emitted, not called")]
#![allow(
    clippy::let_and_return,
    clippy::needless_bool,
    clippy::needless_return,
    clippy::mut_range_bound,
    reason = "the kernels show every shape that an author may write"
)]

mod collisions;
mod expressions;
mod functions;
mod order;
mod statements;
mod structs;

use kernel::build::Builder;
use kernel::emit::EmittedVariant;

/// The entry point's statements, after the guard, without the indentation of the function.
fn body(variant: EmittedVariant) -> String {
    let wgsl = validated(variant);
    let (_, main) = wgsl.split_once("fn main(").expect("every module has an entry point");
    let (_, body) = main.split_once("return;\n    }\n").expect("every entry point has the folded grid's guard");
    let body = body.strip_suffix("}\n").expect("the entry point ends the module");
    body.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// The module's device functions.
fn functions(variant: EmittedVariant) -> String {
    let wgsl = validated(variant);
    let (_, after) = wgsl.split_once("\nfn ").expect("the kernel calls a device function");
    let (functions, _) = after.split_once("\n@compute").expect("the entry point follows the functions");
    format!("fn {}", functions.trim_end())
}

/// The whole module, accepted by naga.
fn validated(variant: EmittedVariant) -> String {
    let wgsl = variant.wgsl.clone();
    if let Err(errors) = Builder::new(vec![variant]).table() {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("naga refuses it: {}\n{wgsl}", errors.join("\n"));
    }
    wgsl
}

/// Compares WGSL with the lines of the test, which may be indented.
#[track_caller]
fn assert_wgsl(actual: &str, expected: &str) {
    let lines: Vec<&str> = expected.trim_matches('\n').lines().collect();
    let indent = lines.iter().filter(|line| !line.trim().is_empty()).map(|l| l.len() - l.trim_start().len()).min();
    let expected: Vec<&str> = lines.iter().map(|line| line.get(indent.unwrap_or(0)..).unwrap_or("")).collect();
    let expected = expected.join("\n");
    assert_eq!(actual.trim_end(), expected.trim_end(), "\n--- emitted ---\n{actual}\n--- expected ---\n{expected}\n");
}
