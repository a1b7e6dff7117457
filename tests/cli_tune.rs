//! `gemmule tune` on a GPU: what is measured is kept, and not believed when the driver has changed.

mod program;

use std::path::PathBuf;
use std::process::Output;

use program::{gemmule, no_gpu, refusal, scratch, texts};
use serde_json::Value;

/// `tune`, in a home that no other test uses.
fn tune(home: &str) -> Output {
    let home = scratch(home);
    let mut command = gemmule(&["tune", "--device", "gpu", "--only", "sampling"]);
    command.env("HOME", &home).env("XDG_CACHE_HOME", home.join("cache")).output().expect("the program starts")
}

fn kept(home: &str) -> PathBuf {
    let folder = scratch(home).join("cache/gemmule");
    let mut files = std::fs::read_dir(&folder).expect("the folder was made").map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "json")).expect("a record was kept")
}

#[test]
fn what_is_measured_is_kept_and_not_believed_of_another_driver() {
    let home = "tune-home";
    let _ = std::fs::remove_dir_all(scratch(home));
    let first = tune(home);
    if no_gpu(&first) {
        return;
    }
    let (out, _) = texts(&["tune"], first);
    assert!(out.contains("sampling  subgroups") && out.contains("sampling  trees"), "{out}");
    assert_eq!(out.matches("chosen").count(), 1, "{out}");

    let path = kept(home);
    let mut record: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(record["winners"].as_object().is_some_and(|winners| winners.len() == 1), "{record}");
    assert!(record["variants"]["rms_norm<Subgroups<256>, true>"]["hash"].is_u64(), "loading checked it: {record}");

    record["provenance"]["driver"] = "another driver 1.0".into();
    std::fs::write(&path, record.to_string()).unwrap();
    let (_, err) = texts(&["tune"], tune(home));
    assert!(err.contains("is not used") && err.contains("another driver 1.0"), "{err}");
    assert!(!std::fs::read_to_string(&path).unwrap().contains("another driver 1.0"), "the new record replaces it");
}

#[test]
fn before_a_gpu_trains_the_kernels_of_training_are_checked_on_it() {
    let home = scratch("train-home");
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    let lesson = home.join("lesson.jsonl");
    std::fs::write(&lesson, r#"{"prompt": "What is 2 + 3?", "completion": "2 + 3 = 5."}"#).unwrap();
    let mut command = gemmule(&["eval", "--device", "gpu", "--data", lesson.to_str().unwrap()]);
    let output = command.env("HOME", &home).env("XDG_CACHE_HOME", home.join("cache")).output().expect("it starts");
    if no_gpu(&output) {
        return;
    }
    texts(&["eval"], output);
    let record: Value = serde_json::from_str(&std::fs::read_to_string(kept("train-home")).unwrap()).unwrap();
    for key in
        ["adamw<256>", "product<16, 4, 1, true, true, false>", "row_wise_backward<RmsNorm, Subgroups<256>, true, true>"]
    {
        assert!(record["variants"][key]["hash"].is_u64(), "{key}: {record}");
    }
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
