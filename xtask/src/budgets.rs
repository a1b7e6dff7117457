//! Budgets of the kernel language: what one more kernel costs an incremental build, and what a wasm with kernels carries
//! beside them. Both are measured on a crate of generated kernels, which is a stranger's crate in all but its folder.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cargo;
use crate::error::Error;
use crate::prerequisites::{WASM, target_folder};

/// What one kernel more may add to an incremental build.
const A_KERNEL: Duration = Duration::from_secs(1);
/// Kernels of the crate, and how many come on top.
const KERNELS: usize = 16;
const MORE: usize = 16;
/// Each build is measured so often, and the shortest counts.
const ROUNDS: usize = 2;

/// The package that runs in browsers.
const ENGINE: &str = "gemmule-engine";
/// Features of the crate `kernel` that belong to build scripts and tests.
const NOT_IN_PROGRAMS: [&str; 4] = ["emit", "build", "check", "reference"];
/// What a wasm would hold of naga, of the emitter and of the build's checks: mangled symbols, and paths of sources.
const NOT_CARRIED: [&str; 8] = [
    "4naga5front",
    "4naga5valid",
    "naga..front",
    "naga..valid",
    "6kernel4emit",
    "kernel..emit",
    "kernel/src/emit/",
    "kernel/src/build/",
];
/// What it does hold, so that an empty or stripped file cannot pass.
const CARRIED: [&str; 2] = ["local_invocation_index", "6kernel8dispatch"];

/// Measures every budget; whether all are kept.
pub fn run(root: &Path) -> Result<bool, Error> {
    let scratch = Scratch::new(root)?;
    Ok([build_time(&scratch)?, dependencies(root)?, wasm(&scratch)?].iter().all(|kept| *kept))
}

/// The crate of generated kernels.
struct Scratch {
    folder: PathBuf,
    target: PathBuf,
}

impl Scratch {
    fn new(root: &Path) -> Result<Self, Error> {
        let target = target_folder(root);
        let scratch = Self { folder: target.join("budgets"), target };
        std::fs::create_dir_all(scratch.folder.join("src")).map_err(|source| file(&scratch.folder, source))?;
        let kernel = root.join("kernel");
        scratch.write("Cargo.toml", &MANIFEST.replace("KERNEL", &kernel.display().to_string()))?;
        scratch.write("build.rs", BUILD)?;
        // The workspace's own versions, which are built already.
        let lock = root.join("Cargo.lock");
        std::fs::copy(&lock, scratch.folder.join("Cargo.lock")).map_err(|source| file(&lock, source))?;
        Ok(scratch)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).map_err(|source| file(&path, source))
    }

    /// Builds the crate with so many kernels, of which the first has this number in it.
    fn build(&self, kernels: usize, number: usize, arguments: &[&str]) -> Result<Duration, Error> {
        let (source, library) = sources(kernels, number);
        self.write("src/kernels.rs", &source)?;
        self.write("src/lib.rs", &library)?;
        let begun = Instant::now();
        let mut command = Command::new(cargo());
        command.args(arguments).arg("--quiet").arg("--target-dir").arg(&self.target).current_dir(&self.folder);
        let status = command.env("CARGO_INCREMENTAL", "1").status().map_err(Error::start("cargo"))?;
        if status.success() {
            Ok(begun.elapsed())
        } else {
            Err(Error::Budget("the generated kernels do not build".into()))
        }
    }
}

fn file(path: &Path, source: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

fn build_time(scratch: &Scratch) -> Result<bool, Error> {
    scratch.build(KERNELS, 0, &["build"])?;
    let (mut fewer, mut more) = (Duration::MAX, Duration::MAX);
    for round in 1..=ROUNDS {
        fewer = fewer.min(scratch.build(KERNELS, round, &["build"])?);
        more = more.min(scratch.build(KERNELS + MORE, round, &["build"])?);
    }
    let each = more.saturating_sub(fewer) / MORE as u32;
    println!(
        "incremental build: {KERNELS} kernels, one changed, {:.2} s; with {MORE} added, {:.2} s ({:.2} times): \
         {:.3} s a kernel, of {:.0} s allowed",
        fewer.as_secs_f64(),
        more.as_secs_f64(),
        more.as_secs_f64() / fewer.as_secs_f64(),
        each.as_secs_f64(),
        A_KERNEL.as_secs_f64()
    );
    Ok(each <= A_KERNEL)
}

/// What the engine depends on in a browser.
fn dependencies(root: &Path) -> Result<bool, Error> {
    let mut tree = Command::new(cargo());
    tree.args(["tree", "--package", ENGINE, "--target", WASM, "--edges", "normal", "--prefix", "none"]);
    let output = tree.args(["--format", "{p} [{f}]"]).current_dir(root).output().map_err(Error::start("cargo"))?;
    if !output.status.success() {
        return Err(Error::Budget(format!("cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim())));
    }
    let wrong = superfluous(&String::from_utf8_lossy(&output.stdout));
    println!(
        "{ENGINE} in a browser: {}",
        if wrong.is_empty() { "no naga, no emitter".into() } else { wrong.join("; ") }
    );
    Ok(wrong.is_empty())
}

/// What a browser needs nothing of among the lines `name version (path) [features]` of `cargo tree`.
fn superfluous(tree: &str) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    for line in tree.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let features = line.rsplit_once('[').map_or("", |(_, features)| features.split(']').next().unwrap_or_default());
        if name == "naga" {
            wrong.push("it depends on naga".into());
        }
        if name == "kernel" {
            let used = features.split(',').filter(|feature| NOT_IN_PROGRAMS.contains(feature));
            wrong.extend(used.map(|feature| format!("it has the feature `{feature}` of `kernel`")));
        }
    }
    wrong.sort();
    wrong.dedup();
    wrong
}

/// A wasm with every kernel's dispatch and CPU version, for WebGPU.
fn wasm(scratch: &Scratch) -> Result<bool, Error> {
    scratch.build(KERNELS, 0, &["rustc", "--lib", "--crate-type", "cdylib", "--target", WASM])?;
    let path = scratch.target.join(WASM).join("debug/budgets.wasm");
    let bytes = std::fs::read(&path).map_err(|source| file(&path, source))?;
    let holds = |needle: &&str| contains(&bytes, needle);
    let superfluous: Vec<&str> = NOT_CARRIED.into_iter().filter(holds).collect();
    let lacking: Vec<&str> = CARRIED.into_iter().filter(|needle| !holds(needle)).collect();
    println!(
        "a wasm of {KERNELS} kernels, {} KiB without optimisation: superfluous {superfluous:?}, lacking {lacking:?}",
        bytes.len() / 1024
    );
    Ok(superfluous.is_empty() && lacking.is_empty())
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

const MANIFEST: &str = r#"[workspace]

[package]
name = "budgets"
version = "0.0.0"
edition = "2024"

[target.'cfg(not(target_arch = "wasm32"))'.dependencies]
kernel = { path = "KERNEL", default-features = false }

[target.'cfg(target_arch = "wasm32")'.dependencies]
kernel = { path = "KERNEL", default-features = false, features = ["gpu"] }

[build-dependencies]
kernel = { path = "KERNEL", default-features = false, features = ["build"] }

[profile.dev]
opt-level = 0
debug = false

# As in the workspace, which has naga built so.
[profile.dev.build-override]
opt-level = 1
debug = false
"#;

const BUILD: &str = r#"#[allow(dead_code)]
#[path = "src/kernels.rs"]
mod kernels;

fn main() {
    println!("cargo::rerun-if-changed=src/kernels.rs");
    kernel::build::Builder::new(kernels::variants()).workspace(env!("CARGO_MANIFEST_DIR")).write();
}
"#;

/// One kernel: a reduction of rows with barriers, a contract and a tolerance, of the size that kernels have.
const KERNEL: &str = r#"
#[kernel(
    workgroup = WIDTH,
    groups = params.rows,
    requires(x.len() >= params.rows * params.n, y.len() >= params.rows * params.n),
    tolerance(rel = 1e-5)
)]
pub async fn NAME(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RowsParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = WIDTH] partial: &mut Workgroup<f32>,
) {
    let mut own = NUMBER.0;
    for i in strided(lane, params.n, WIDTH) {
        let v = x[row * params.n + i];
        own = fma(v, v, own);
    }
    partial[lane] = own;
    workgroup_barrier().await;
    #[unroll]
    for level in 0..LEVELS {
        if lane < WIDTH >> (level + 1) {
            partial[lane] += partial[lane + (WIDTH >> (level + 1))];
        }
        workgroup_barrier().await;
    }
    let scale = inverse_sqrt(partial[0] / f32(params.n) + 1e-6);
    for i in strided(lane, params.n, WIDTH) {
        y[row * params.n + i] = x[row * params.n + i] * scale;
    }
}
"#;

/// `src/kernels.rs` and `src/lib.rs` of so many kernels.
fn sources(kernels: usize, number: usize) -> (String, String) {
    let mut source =
        "use kernel::prelude::*;\n\nconst WIDTH: u32 = 64;\nconst LEVELS: u32 = WIDTH.trailing_zeros();\n\n\
                      #[params]\npub struct RowsParams {\n    pub rows: u32,\n    pub n: u32,\n}\n"
            .to_owned();
    let mut library = "use kernel::dispatch::{Device, DispatchError, Recorder};\n\npub mod kernels;\n\n\
                       pub static KERNELS: kernel::variant::KernelTable = \
                       include!(concat!(env!(\"OUT_DIR\"), \"/kernels.rs\"));\n\n\
                       pub fn record(device: &Device, rows: u32) -> Result<usize, DispatchError> {\n    \
                       let mut recorder = Recorder::new(device, \"all\");\n    \
                       let x = device.create::<f32>(64, \"x\")?;\n    let mut y = device.create::<f32>(64, \"y\")?;\n"
        .to_owned();
    let mut list = String::new();
    for index in 0..kernels {
        let number = if index == 0 { number } else { index };
        source += &KERNEL.replace("NAME", &format!("rows_{index}")).replace("NUMBER", &number.to_string());
        let _ = writeln!(list, "    rows_{index};");
        let _ = writeln!(
            library,
            "    kernels::rows_{index}::Kernel::dispatch(&mut recorder, kernels::RowsParams {{ rows, n: 64 }}, \
             kernels::rows_{index}::Args {{ x: &x, y: &mut y }})?;"
        );
    }
    let _ = writeln!(source, "\nkernel::variants! {{\n    pub fn variants;\n{list}}}");
    library += "    let plan = recorder.finish()?;\n    plan.run()?;\n    Ok(plan.dispatches() + KERNELS.0.len())\n}\n\n\
                #[unsafe(no_mangle)]\npub extern \"C\" fn dispatches(rows: u32) -> usize {\n    \
                record(&Device::Cpu(Default::default()), rows).unwrap_or(0)\n}\n";
    (source, library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn naga_and_the_emitter_are_seen_in_a_dependency_tree() {
        let fine = "gemmule-engine v0.1.0 (/engine) []\nkernel v0.1.0 (/kernel) [gpu] (*)\nnaga-types v30.0.1 [std]\n";
        assert!(superfluous(fine).is_empty());
        let wrong =
            superfluous("kernel v0.1.0 (/kernel) [emit,gpu]\nnaga v30.0.1 [wgsl-in]\nnaga v30.0.1 [wgsl-in] (*)");
        assert_eq!(wrong, ["it depends on naga", "it has the feature `emit` of `kernel`"]);
    }

    #[test]
    fn what_a_file_holds_is_found() {
        let superfluous = |bytes: &[u8]| NOT_CARRIED.iter().any(|needle| contains(bytes, needle));
        assert!(superfluous(b"\0_ZN6kernel4emit9statement3at17h0E\0"));
        assert!(superfluous(b"\0_ZN4naga5front4wgsl9parse_str17h0E\0"));
        assert!(!superfluous(b"\0_ZN10naga_types6scalar17h0E\0_ZN6kernel8dispatch17h0E"));
    }

    #[test]
    fn every_generated_kernel_is_listed_and_dispatched() {
        let (source, library) = sources(3, 7);
        assert_eq!(
            (source.matches("pub async fn rows_").count(), source.matches("let mut own = 7.0;").count()),
            (3, 1)
        );
        assert_eq!(library.matches("::Kernel::dispatch(").count(), 3);
    }
}
