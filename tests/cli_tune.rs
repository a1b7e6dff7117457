//! `gemmule tune` on a GPU: what is measured is kept, and not believed when the driver has changed.

mod program;

use std::path::PathBuf;
use std::process::Command;

use program::{gemmule, refusal, scratch, texts};

/// The program in a home that no other test uses; `None`, said aloud, where there is no GPU.
fn home(name: &str) -> Option<impl Fn(&[&str]) -> Command> {
    let home = scratch(name);
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    let program = move |arguments: &[&str]| {
        let mut command = gemmule(arguments);
        command.env("HOME", &home).env("XDG_CACHE_HOME", home.join("cache"));
        command
    };
    let seen = program(&["run", "--device", "gpu", "--prompt", "Hello", "--max-tokens", "1"]).output().unwrap();
    let error = String::from_utf8_lossy(&seen.stderr).into_owned();
    if error.contains("no GPU adapter") {
        let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
        assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
        eprintln!("SKIPPED, no GPU: {error}");
        return None;
    }
    assert!(seen.status.success(), "{error}");
    Some(program)
}

fn kept(name: &str) -> PathBuf {
    let folder = scratch(name).join("cache/gemmule");
    let mut files = std::fs::read_dir(&folder).expect("the folder was made").map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "json")).expect("a record was kept")
}

#[test]
fn a_run_keeps_which_variants_it_found_right() {
    let Some(_) = home("tune-run") else { return };
    let text = std::fs::read_to_string(kept("tune-run")).unwrap();
    assert!(text.contains("\"provenance\"") && text.contains("rms_norm<Subgroups<256>, true>"), "{text}");
}

#[test]
fn a_measured_family_is_shown_and_kept() {
    let Some(program) = home("tune-norms") else { return };
    let arguments = ["tune", "--device", "gpu", "--only", "sampling"];
    let (out, _) = texts(&arguments, program(&arguments).output().unwrap());
    assert!(out.contains("sampling  subgroups") && out.contains("sampling  trees"), "{out}");
    assert_eq!(out.matches("chosen").count(), 1, "{out}");
    let text = std::fs::read_to_string(kept("tune-norms")).unwrap();
    assert!(text.contains("\"winners\"") && text.contains("\"candidate\""), "{text}");
}

#[test]
fn what_another_driver_was_measured_with_is_not_used_and_said_so() {
    let Some(program) = home("tune-driver") else { return };
    let path = kept("tune-driver");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    record["provenance"]["driver"] = "another driver 1.0".into();
    std::fs::write(&path, record.to_string()).unwrap();
    let arguments = ["run", "--device", "gpu", "--prompt", "Hello", "--max-tokens", "1"];
    let (_, err) = texts(&arguments, program(&arguments).output().unwrap());
    assert!(err.contains("is not used") && err.contains("another driver 1.0"), "{err}");
    assert!(!std::fs::read_to_string(&path).unwrap().contains("another driver 1.0"), "the new record replaces it");
}

#[test]
fn an_unknown_family_is_refused_with_those_there_are() {
    let error = refusal(&["tune", "--device", "cpu", "--only", "colours"]);
    assert!(error.contains("colours") && error.contains("norms, products, attention, sampling"), "{error}");
}

#[test]
fn the_cpu_has_nothing_to_choose() {
    let error = refusal(&["tune", "--device", "cpu"]);
    assert!(error.contains("nothing to choose on the CPU"), "{error}");
}
