//! The project's chores: `cargo xtask test` runs every test there is, `cargo xtask bless` writes the golden WGSL anew.
//!
//! It has no dependencies, so that a fresh clone has it within seconds.

mod budgets;
mod checks;
mod error;
mod prerequisites;
mod report;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use error::Error;
use report::Report;

const USAGE: &str = "\
usage: cargo xtask <COMMAND>

commands:
  test     run every check and every test, installing or naming what is missing first
  budgets  measure what one more kernel costs a build, and what a wasm with kernels carries
  bless    write the golden WGSL files anew from the kernels; look at the difference before committing it
  setup    install or name what the tests need, and stop";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test(),
        ["bless"] => bless(),
        ["setup"] => setup(),
        ["budgets"] => workspace_root().and_then(|root| budgets::run(&root)).map(exit_code),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(Error::Usage(other.join(" "))),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn test() -> Result<ExitCode, Error> {
    let root = workspace_root()?;
    let mut report = Report::new(root.clone());
    let found = prerequisites::prepare(&mut report);
    checks::run(&mut report, &found);
    Ok(report.finish())
}

fn exit_code(kept: bool) -> ExitCode {
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn setup() -> Result<ExitCode, Error> {
    let mut report = Report::new(workspace_root()?);
    prerequisites::prepare(&mut report);
    Ok(report.finish())
}

fn bless() -> Result<ExitCode, Error> {
    let root = workspace_root()?;
    let status = Command::new(cargo())
        .args(["run", "--quiet", "--package", "kernels-src", "--example", "bless"])
        .current_dir(&root)
        .status()
        .map_err(|source| Error::Start { program: "cargo".into(), source })?;
    if !status.success() {
        return Ok(ExitCode::FAILURE);
    }
    let _ = Command::new("git").args(["status", "--short", "--", "kernels-src"]).current_dir(&root).status();
    Ok(ExitCode::SUCCESS)
}

/// The cargo that runs this program, so that the toolchain stays the same.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())
}

/// The folder above this crate's, as `cargo run` tells it.
fn workspace_root() -> Result<PathBuf, Error> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").ok_or(Error::NotUnderCargo)?;
    let manifest = PathBuf::from(manifest);
    manifest.parent().map(PathBuf::from).ok_or(Error::NotUnderCargo)
}
