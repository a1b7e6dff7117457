//! `gemmule merge`: from a model and an adapter to a model with the same tensors.

mod program;

use engine::gguf::Gguf;
use engine::source::FileSource;
use program::{path, refusal, scratch, stdout};

#[test]
fn a_merged_model_has_the_models_tensors_and_can_be_read() {
    let (model, adapter) = (path("tests/fixtures/e2b.gguf"), path("tests/fixtures/e2b.lora"));
    let merged = scratch("merged.gguf");
    let out = merged.to_str().unwrap();
    let said = stdout(&["merge", &model, "--lora", &adapter, "--out", out]);
    assert!(said.contains("80 of 161 tensors changed"), "{said}");
    let describe = |path: &str| {
        let gguf = Gguf::read(&FileSource::open(path).unwrap()).unwrap();
        gguf.tensors().iter().map(|tensor| (tensor.name.clone(), tensor.dims.clone(), tensor.ty)).collect::<Vec<_>>()
    };
    assert_eq!(describe(out), describe(&model));
    let inspected = stdout(&["inspect", out]);
    assert!(inspected.contains("resident"), "{inspected}");
}

#[test]
fn what_cannot_be_merged_is_refused() {
    let (model, adapter) = (path("tests/fixtures/e2b.gguf"), path("tests/fixtures/e2b.lora"));
    let out = scratch("never.gguf");
    let merge = |model: &str, adapter: &str, out: &str| refusal(&["merge", model, "--lora", adapter, "--out", out]);
    let error = merge(&model, &path("tests/fixtures"), out.to_str().unwrap());
    assert!(error.contains("cannot read") && error.contains("adapter_config.json"), "{error}");
    let error = merge(&path("tests/fixtures/e4b.gguf"), &adapter, out.to_str().unwrap());
    assert!(error.contains("layers.0.self_attn.q_proj.lora_A.weight` has the wrong shape"), "{error}");
    let error = merge(&model, &adapter, &model);
    assert!(error.contains("is the model itself"), "{error}");
    let error = merge(&model, &adapter, "/nowhere/merged.gguf");
    assert!(error.contains("cannot write /nowhere/merged.gguf"), "{error}");
    assert!(!out.exists());
}
