//! What the tests need beside Rust: a Vulkan driver, the wasm32 target, Node with the packages that the tests use,
//! Chromium and Firefox.
//!
//! As root on Debian they are installed; elsewhere the message says what is missing and how to get it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::report::{Outcome, Report};

/// The wasm target that the library crates must build for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// Names that Chromium goes by.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Names that Firefox goes by.
const FIREFOX: [&str; 2] = ["firefox-esr", "firefox"];

/// What is there, or why not.
pub struct Found {
    /// A Vulkan loader and a driver.
    pub vulkan: Result<(), String>,
    /// The wasm32 standard library.
    pub wasm: Result<(), String>,
    /// The folder in whose `node_modules` the package `webgpu` (Dawn and Tint) is.
    pub tint: Result<PathBuf, String>,
    /// The npm packages of `web/`, Chromium with its software driver, and Firefox.
    pub web: Result<(), String>,
}

/// Looks for everything, installs what it can, and says what remains missing.
pub fn prepare(report: &mut Report) -> Found {
    let vulkan = vulkan(report);
    let wasm = wasm(report);
    let tint = tint(report);
    let web = web(report);
    Found { vulkan, wasm, tint, web }
}

fn vulkan(report: &mut Report) -> Result<(), String> {
    // Only Linux is tested through Vulkan; other systems bring their own driver.
    if !cfg!(target_os = "linux") || has_vulkan() {
        return Ok(());
    }
    apt_install(report, "a Vulkan driver", &["mesa-vulkan-drivers", "libvulkan1"]);
    if has_vulkan() {
        return Ok(());
    }
    Err("no Vulkan driver; Mesa's software driver will do: apt-get install mesa-vulkan-drivers libvulkan1".into())
}

/// A loader in the linker's cache, and a driver's manifest where the loader looks.
fn has_vulkan() -> bool {
    let loader = ["ldconfig", "/sbin/ldconfig"].iter().any(|program| {
        Command::new(program)
            .arg("-p")
            .output()
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("libvulkan.so.1"))
    });
    let named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].iter().any(|name| std::env::var_os(name).is_some());
    let installed = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]
        .iter()
        .any(|folder| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()));
    loader && (named || installed)
}

fn wasm(report: &mut Report) -> Result<(), String> {
    if has_wasm() {
        return Ok(());
    }
    if succeeds("rustup", &["--version"]) {
        report.step("install the wasm32 target", Command::new("rustup").args(["target", "add", WASM]));
    }
    if has_wasm() { Ok(()) } else { Err(format!("the Rust target {WASM} is missing: rustup target add {WASM}")) }
}

fn has_wasm() -> bool {
    Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

fn node(report: &mut Report) -> Result<(), String> {
    let is_there = || succeeds("node", &["--version"]) && succeeds("npm", &["--version"]);
    if !is_there() {
        apt_install(report, "Node", &["nodejs", "npm"]);
    }
    if is_there() {
        return Ok(());
    }
    Err("Node 20 or newer with npm is missing (for Tint, Chrome's WGSL compiler, and for everything in web/): \
         apt-get install nodejs npm, or https://nodejs.org"
        .into())
}

/// The packages of `web/`, as its lock file has them, and browsers.
fn web(report: &mut Report) -> Result<(), String> {
    node(report)?;
    let folder = report.root().join("web");
    let (wanted, present) = (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    let time = |path: &Path| std::fs::metadata(path).and_then(|about| about.modified());
    let is_newer = time(&present).is_ok_and(|present| time(&wanted).is_ok_and(|wanted| present >= wanted));
    if !is_newer {
        let mut install = Command::new("npm");
        install.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
        if report.step("install the packages of web/", &mut install) != Outcome::Passed {
            return Err(format!("npm could not install what {} lists", wanted.display()));
        }
    }
    if !browser(report, "Chromium", &CHROMIUM) {
        return Err("Chromium is missing, for the page and for its software driver: apt-get install chromium".into());
    }
    if !browser(report, "Firefox", &FIREFOX) {
        return Err("Firefox is missing, for the page: apt-get install firefox-esr".into());
    }
    Ok(())
}

/// Whether a browser is there, by one of its names. Debian's package has the first one.
fn browser(report: &mut Report, what: &str, names: &[&str]) -> bool {
    let is_there = || names.iter().any(|program| succeeds(program, &["--version"]));
    if !is_there() {
        apt_install(report, what, &names[..1]);
    }
    is_there()
}

fn tint(report: &mut Report) -> Result<PathBuf, String> {
    node(report)?;
    let from = report.root().join("tests/tint/package.json");
    let folder = target_folder(report.root()).join("tint");
    let wanted = std::fs::read(&from).map_err(|error| format!("{}: {error}", from.display()))?;
    let manifest = folder.join("package.json");
    let installed = folder.join("node_modules/webgpu/package.json");
    if installed.is_file() && std::fs::read(&manifest).is_ok_and(|present| present == wanted) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&manifest, wanted))
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(&folder);
    match report.step("install Tint (npm webgpu)", &mut install) {
        Outcome::Passed if installed.is_file() => Ok(folder),
        _ => Err(format!("npm could not install `webgpu` into {}", folder.display())),
    }
}

/// Cargo's target folder, where everything that is built or fetched goes.
pub fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// Installs Debian packages when this is Debian and the user is root; otherwise does nothing.
fn apt_install(report: &mut Report, what: &str, packages: &[&str]) {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !root || !succeeds("apt-get", &["--version"]) {
        return;
    }
    let script = format!(
        "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends {}",
        packages.join(" ")
    );
    report.step(&format!("install {what}"), Command::new("sh").args(["-c", &script]));
}

/// Whether the program is there and its exit status is 0.
pub fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
