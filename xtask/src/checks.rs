//! The checks themselves, cheapest first, so that a slip of the pen shows within a minute.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo;
use crate::prerequisites::{Found, WASM, succeeds};
use crate::report::{Outcome, Report};

/// How wide lavapipe's vectors are, in bits; its subgroups are a 32nd of it.
const VECTOR_WIDTH: &str = "LP_NATIVE_VECTOR_WIDTH";

/// The width of most CPUs, for all tests: subgroups of 8 invocations.
const COMMON_WIDTH: &str = "256";

/// The other widths, for the kernels' tests once more, with their subgroups.
const OTHER_WIDTHS: [(&str, &str); 2] = [("128", "4"), ("512", "16")];

/// Tests of the kernels that look at the CPU executor or at no device's subgroups: once is enough.
const ONE_WIDTH: [&str; 2] = ["every_variant", "noop"];

/// The crates that must build for the browser.
const WASM_CRATES: [&str; 4] = ["kernel", "kernels-src", "gemmule-engine", "gemmule-web"];

/// Runs every check in turn.
pub fn run(report: &mut Report, found: &Found) {
    report.step("format", &mut cargo_with(&["fmt", "--all", "--check"]));
    report.step(
        "clippy",
        &mut cargo_with(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
    );
    // With every feature, as the tests have them, so that the dependencies are checked once for both.
    report.step(
        "documentation",
        cargo_with(&["doc", "--quiet", "--workspace", "--all-features", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    );
    wasm(report, found);
    licences(report);
    python(report);
    tests(report, found);
    examples(report, found);
    budgets(report, found);
    tint(report, found);
    web(report, found);
}

fn wasm(report: &mut Report, found: &Found) {
    let name = "wasm32";
    match &found.wasm {
        // The npm package's build compiles the same crates.
        Ok(()) if found.web.is_ok() => {}
        Ok(()) => {
            // All in one command: each alone would have other features of its dependencies, and build them anew.
            let packages = WASM_CRATES.iter().flat_map(|package| ["--package", package]);
            let arguments: Vec<&str> = ["check", "--quiet", "--target", WASM].into_iter().chain(packages).collect();
            report.step(name, &mut cargo_with(&arguments));
        }
        Err(why) => report.not_run(name, Outcome::Lacking(why.clone())),
    }
}

fn licences(report: &mut Report) {
    if succeeds("cargo", &["deny", "--version"]) {
        report.step(
            "dependencies",
            &mut cargo_with(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
        );
    } else {
        let how = "cargo-deny is not installed: cargo install --locked cargo-deny";
        report.not_run("dependencies", Outcome::Optional(how.into()));
    }
}

/// The Python that makes fixtures and trains the embedded model is only parsed: its packages are large.
fn python(report: &mut Report) {
    const PARSE: &str = "import ast, subprocess
for path in subprocess.check_output(['git', 'ls-files', '*.py'], text=True).split():
    ast.parse(open(path, encoding='utf-8').read(), path)
    print('parses:', path)";
    if succeeds("python3", &["--version"]) {
        report.step("python", Command::new("python3").args(["-c", PARSE]));
        report.step("examples to teach", Command::new("python3").args(["models/tiny/teach.py", "check"]));
    } else {
        report.not_run("python", Outcome::Optional("python3 is not installed".into()));
    }
}

fn tests(report: &mut Report, found: &Found) {
    // Without the examples, which clippy has checked: each is a program with all kernels in it, and takes a minute.
    for (name, targets) in [("tests", "--tests"), ("tests in documentation", "--doc")] {
        let mut command = cargo_with(&["test", "--no-fail-fast", "--workspace", targets]);
        report.tests(name, on_gpu(command.env(VECTOR_WIDTH, COMMON_WIDTH), found));
    }
    // The kernels' tests by name and not by package: a package alone has other features of its dependencies than the
    // workspace, and everything would be built a second time.
    let mut arguments = vec!["test".to_owned(), "--no-fail-fast".into(), "--workspace".into()];
    for name in kernel_tests(report.root()) {
        arguments.extend(["--test".into(), name]);
    }
    for (width, subgroup) in OTHER_WIDTHS {
        let name = format!("kernels, subgroups of {subgroup}");
        match &found.vulkan {
            Ok(()) => {
                let mut command = cargo_with(&arguments);
                report.tests(&name, on_gpu(&mut command, found).env(VECTOR_WIDTH, width));
            }
            Err(why) => report.not_run(&name, Outcome::Lacking(why.clone())),
        }
    }
}

/// The examples are a workspace of their own, as a stranger's program is; its settings lie in its folder.
fn examples(report: &mut Report, found: &Found) {
    let folder = report.root().join("examples");
    report.tests("examples", on_gpu(cargo_with(&["test", "--no-fail-fast"]).current_dir(folder), found));
}

/// The tests in `kernels-src/tests`: files, and folders with a `main.rs`. None where the folder cannot be read, which
/// then runs every test.
fn kernel_tests(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join("kernels-src/tests")) else { return Vec::new() };
    let is_test = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs") || path.join("main.rs").is_file();
    let paths = entries.flatten().map(|entry| entry.path()).filter(is_test);
    let names = paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| !ONE_WIDTH.contains(&name.as_str())).collect();
    names.sort();
    names
}

/// Where a GPU must be, tests that find none fail instead of passing on the CPU alone.
fn on_gpu<'c>(command: &'c mut Command, found: &Found) -> &'c mut Command {
    match found.vulkan {
        Ok(()) => command.env("GEMMULE_REQUIRE_GPU", "1"),
        Err(_) => command,
    }
}

/// Measured by this program itself, started once more.
fn budgets(report: &mut Report, found: &Found) {
    match (&found.wasm, std::env::current_exe()) {
        (Ok(()), Ok(program)) => {
            report.step("budgets", Command::new(program).arg("budgets"));
        }
        (Err(why), _) => report.not_run("budgets", Outcome::Lacking(why.clone())),
        (_, Err(error)) => report.not_run("budgets", Outcome::Lacking(error.to_string())),
    }
}

fn tint(report: &mut Report, found: &Found) {
    let name = "Tint";
    match &found.tint {
        Ok(folder) => {
            report.tests(name, Command::new("node").arg("tests/tint/check.mjs").arg(folder).arg("kernels-src/golden"));
            let corpus = "kernel/tests/uniformity";
            report.tests("uniformity", Command::new("node").arg("tests/tint/uniformity.mjs").arg(folder).arg(corpus));
        }
        Err(why) => report.not_run(name, Outcome::Lacking(why.clone())),
    }
}

/// The npm package, under Node and in browsers.
fn web(report: &mut Report, found: &Found) {
    let why = match (&found.wasm, &found.web) {
        (Ok(()), Ok(())) => None,
        (Err(why), _) | (_, Err(why)) => Some(why),
    };
    if let Some(why) = why {
        return report.not_run("web", Outcome::Lacking(why.clone()));
    }
    let npm = |script: &str, folder: PathBuf| {
        let mut command = Command::new("npm");
        command.args(["run", "--silent", script]).current_dir(folder);
        command
    };
    let folder = report.root().join("web");
    // Without a build there is nothing to test.
    // Tests need no optimised wasm, which takes minutes; the package that is published does.
    if report.step("web: build", npm("build", folder.clone()).args(["--", "--quick"])) == Outcome::Passed {
        // What `npm test` runs, each for itself: a browser that fails hides nothing of the other one.
        for script in ["test:node", "test:page", "test:chromium", "test:firefox"] {
            report.tests(&format!("web: {script}"), &mut npm(script, folder.clone()));
        }
    }
}

/// Cargo with these arguments, not yet started.
fn cargo_with(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(cargo());
    command.args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tests_are_found_by_name() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let names = kernel_tests(&root);
        for (name, is_test) in [("matvec", true), ("attention", true), ("common", false)] {
            assert_eq!(names.contains(&name.to_owned()), is_test, "{name} in {names:?}");
        }
    }
}
