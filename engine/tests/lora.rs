//! Adapters: which matrices a model has for them, and the files of PEFT and llama.cpp. The committed adapter was written
//! by PEFT 0.21; damaged and foreign files are refused by name.
mod common;

use common::TinyModel;
use engine::config::Config;
use engine::gguf::{GgmlType, Gguf, Writer};
use engine::lora::{Adapter, Layout, LoraOptions, Target};
use engine::source::{FileSource, MemorySource};
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

fn config_of(model: &str) -> Config {
    let source = FileSource::open(fixtures().join(format!("{model}.gguf"))).unwrap();
    Config::from_gguf(&Gguf::read(&source).unwrap()).unwrap()
}

/// PEFT's adapter for `e2b`: configuration and weights.
fn peft_files() -> (String, Vec<u8>) {
    let folder = fixtures().join("e2b.lora");
    let config = std::fs::read_to_string(folder.join("adapter_config.json")).unwrap();
    (config, std::fs::read(folder.join("adapter_model.safetensors")).unwrap())
}

fn peft_adapter() -> Adapter {
    let (config, weights) = peft_files();
    Adapter::from_peft(&config_of("e2b"), config.as_bytes(), &weights).unwrap()
}

/// The committed configuration with some fields changed.
fn edited(changes: Value) -> Vec<u8> {
    let mut config: Value = serde_json::from_str(&peft_files().0).unwrap();
    for (field, value) in changes.as_object().unwrap() {
        config[field] = value.clone();
    }
    config.to_string().into_bytes()
}

type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// The committed weights after a change of their tensors.
fn rewritten(change: impl FnOnce(&mut Vec<Tensor>)) -> Vec<u8> {
    let (_, weights) = peft_files();
    let file = SafeTensors::deserialize(&weights).unwrap();
    let mut tensors: Vec<Tensor> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, ty, shape, bytes)| {
        let view = TensorView::new(*ty, shape.clone(), bytes).unwrap();
        (name, view)
    });
    safetensors::serialize(views, None).unwrap()
}

fn refusal(config: &[u8], weights: &[u8]) -> String {
    Adapter::from_peft(&config_of("e2b"), config, weights).unwrap_err().to_string()
}

// Layout

#[test]
fn layers_that_share_keys_and_values_have_no_sites_for_them() {
    let config = config_of("e2b");
    let layout = Layout::new(&config, &LoraOptions { rank: 4, ..LoraOptions::default() }).unwrap();
    // Ten layers of seven, without keys and values of the last five.
    assert_eq!(layout.sites().len(), 60);
    for layer in 0..10 {
        let owned = layer < 5;
        assert_eq!(layout.site(layer, Target::K).is_some(), owned, "layer {layer}");
        assert_eq!(layout.site(layer, Target::V).is_some(), owned, "layer {layer}");
        assert!(layout.site(layer, Target::Q).is_some());
    }
}

#[test]
fn a_layer_whose_values_are_its_keys_has_no_site_for_values() {
    let layout = Layout::new(&config_of("dense31b"), &LoraOptions::default()).unwrap();
    assert!(layout.site(5, Target::V).is_none() && layout.site(5, Target::K).is_some());
    assert!(layout.site(4, Target::V).is_some());
}

#[test]
fn matrices_have_the_models_inputs_and_outputs() {
    let options = LoraOptions { targets: Target::ALL.to_vec(), ..LoraOptions::default() };
    let layout = Layout::new(&config_of("e2b"), &options).unwrap();
    let shape = |layer, target| layout.site(layer, target).map(|site| (site.k, site.n)).unwrap();
    // Sliding layer 0: 4 heads of 32, 1 of keys; full layer 4: heads of 64. The last five are double-wide.
    assert_eq!(shape(0, Target::Q), (128, 128));
    assert_eq!(shape(0, Target::K), (128, 32));
    assert_eq!(shape(4, Target::V), (128, 64));
    assert_eq!(shape(4, Target::O), (256, 128));
    assert_eq!(shape(4, Target::Gate), (128, 128));
    assert_eq!(shape(9, Target::Down), (256, 128));
    assert_eq!(shape(9, Target::InpGate), (128, 32));
    assert_eq!(shape(9, Target::Proj), (32, 128));
}

#[test]
fn places_follow_each_other_at_multiples_of_four_and_do_not_overlap() {
    // Rank 3 of TinyModel's odd widths leaves gaps.
    let config = Config::from_gguf(&TinyModel::new().build().1).unwrap();
    let options = LoraOptions { rank: 3, targets: Target::ALL.to_vec(), ..LoraOptions::default() };
    let layout = Layout::new(&config, &options).unwrap();
    let mut end = 0;
    for site in layout.sites() {
        for (range, len) in [(&site.a, 3 * site.k), (&site.b, site.n * 3)] {
            assert!(range.start.is_multiple_of(4) && range.start >= end && range.start < end + 4);
            assert_eq!(range.len(), len as usize);
            end = range.end;
        }
    }
    assert!(layout.len().is_multiple_of(4) && layout.len() >= end && layout.len() < end + 4);
}

#[test]
fn a_pattern_chooses_layers_by_the_whole_path() {
    let options = |pattern: &str| LoraOptions { layers: Some(pattern.into()), ..LoraOptions::default() };
    let config = config_of("e2b");
    let layers = |pattern: &str| -> Vec<usize> {
        let layout = Layout::new(&config, &options(pattern)).unwrap();
        layout.sites().iter().filter(|site| site.target == Target::Q).map(|site| site.layer).collect()
    };
    assert_eq!(layers(r"layers\.[13]\..*"), [1, 3]);
    let error = Layout::new(&config, &options(r"layers\.1")).unwrap_err();
    assert_eq!(error.to_string(), "the target q matches no layer: the pattern of layers excludes every one");
}

#[test]
fn a_target_that_the_model_lacks_is_refused() {
    let options = LoraOptions { targets: vec![Target::Q, Target::Proj], ..LoraOptions::default() };
    let error = Layout::new(&config_of("dense31b"), &options).unwrap_err();
    assert_eq!(error.to_string(), "the target proj matches no layer: the model has no such matrix");
}

// Initialisation

#[test]
fn a_new_adapter_is_uniform_within_the_root_of_the_inputs_and_changes_nothing() {
    let adapter = Adapter::new(&config_of("e2b"), LoraOptions { seed: 5, ..LoraOptions::default() }).unwrap();
    for site in adapter.layout().sites() {
        let (a, b) = adapter.factors(site);
        let bound = 1.0 / (site.k as f32).sqrt();
        assert!(a.iter().all(|value| value.abs() <= bound));
        // A uniform distribution's variance is a third of its bound's square.
        let variance = a.iter().map(|value| value * value).sum::<f32>() / a.len() as f32;
        assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.1, "{}: {variance}", site.module());
        assert!(b.iter().all(|&value| value == 0.0));
    }
}

#[test]
fn the_seed_decides_what_a_new_adapter_holds() {
    let new = |seed, targets: &[Target]| {
        let options = LoraOptions { seed, targets: targets.to_vec(), ..LoraOptions::default() };
        Adapter::new(&config_of("e2b"), options).unwrap()
    };
    let one = new(1, &Target::PROJECTIONS);
    assert_eq!(one, new(1, &Target::PROJECTIONS));
    assert_ne!(one.parameters(), new(2, &Target::PROJECTIONS).parameters());
    // What a matrix starts with does not depend on the others.
    let alone = new(1, &[Target::Up]);
    let up = |adapter: &Adapter| adapter.factors(adapter.layout().site(7, Target::Up).unwrap()).0.to_vec();
    assert_eq!(up(&alone), up(&one));
}

// PEFT

#[test]
fn an_adapter_of_peft_is_read() {
    let adapter = peft_adapter();
    assert_eq!((adapter.options().rank, adapter.options().alpha, adapter.options().scale()), (4, 8.0, 2.0));
    assert_eq!(adapter.options().targets, Target::ALL);
    assert_eq!(adapter.layout().sites().len(), 80);
    // Each value is where the file has it.
    let (_, weights) = peft_files();
    let file = SafeTensors::deserialize(&weights).unwrap();
    for site in adapter.layout().sites() {
        let (a, b) = adapter.factors(site);
        for (values, half) in [(a, "lora_A"), (b, "lora_B")] {
            let name = format!("base_model.model.model.{}.{half}.weight", site.module());
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            assert_eq!(file.tensor(&name).unwrap().data(), bytes, "{name}");
        }
    }
}

#[test]
fn what_is_written_for_peft_has_its_names_shapes_and_fields() {
    let (config, weights) = peft_files();
    let written = peft_adapter().to_peft(&config_of("e2b")).unwrap();
    let (theirs, ours) =
        (SafeTensors::deserialize(&weights).unwrap(), SafeTensors::deserialize(&written.weights).unwrap());
    let described = |file: &SafeTensors<'_>| {
        let mut all: Vec<_> = file.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect();
        all.sort();
        all
    };
    assert_eq!(described(&ours), described(&theirs));
    // PEFT writes what is known about the base model and a set in whatever order; everything else is equal.
    let (theirs, ours): (Value, Value) =
        (serde_json::from_str(&config).unwrap(), serde_json::from_str(&written.config).unwrap());
    for (field, value) in ours.as_object().unwrap() {
        let modules = |value: &Value| {
            let mut modules: Vec<String> = serde_json::from_value(value.clone()).unwrap();
            modules.sort();
            modules
        };
        match field.as_str() {
            "target_modules" => assert_eq!(modules(value), modules(&theirs[field])),
            "base_model_name_or_path" => {}
            _ => assert_eq!(value, &theirs[field], "{field}"),
        }
    }
}

#[test]
fn what_is_written_for_peft_reads_as_the_same_adapter() {
    let adapter = peft_adapter();
    let config = config_of("e2b");
    let files = adapter.to_peft(&config).unwrap();
    assert_eq!(Adapter::from_peft(&config, files.config.as_bytes(), &files.weights).unwrap(), adapter);
}

#[test]
fn an_adapter_of_some_layers_names_them_in_a_pattern() {
    let config = config_of("e2b");
    let options = LoraOptions {
        layers: Some(r"layers\.([0-3]\.mlp.*|7\.self_attn.q_proj)".into()),
        ..options_of(&[Target::Q, Target::Gate, Target::Up])
    };
    let adapter = Adapter::new(&config, options).unwrap();
    let files = adapter.to_peft(&config).unwrap();
    let fields: Value = serde_json::from_str(&files.config).unwrap();
    // Python's re.fullmatch over the names of modules.
    let pattern = regex::Regex::new(&format!("^(?:{})$", fields["target_modules"].as_str().unwrap())).unwrap();
    for layer in 0..10 {
        for target in Target::ALL {
            let name = format!("model.layers.{layer}.{}", target.module());
            assert_eq!(pattern.is_match(&name), adapter.layout().site(layer, target).is_some(), "{name}");
        }
    }
    let read = Adapter::from_peft(&config, files.config.as_bytes(), &files.weights).unwrap();
    assert_eq!((read.layout(), read.parameters()), (adapter.layout(), adapter.parameters()));
    // The options that were read make the same layout again.
    assert_eq!(&Layout::new(&config, read.options()).unwrap(), adapter.layout());
}

fn options_of(targets: &[Target]) -> LoraOptions {
    LoraOptions { targets: targets.to_vec(), ..LoraOptions::default() }
}

#[test]
fn names_of_multimodal_models_and_of_unsaved_adapters_are_read_too() {
    let weights = rewritten(|tensors| {
        for (name, ..) in tensors {
            *name = name.replace("model.model.layers", "model.model.language_model.layers");
            *name = name.replace(".weight", ".default.weight");
        }
    });
    let (config, _) = peft_files();
    let read = Adapter::from_peft(&config_of("e2b"), config.as_bytes(), &weights).unwrap();
    assert_eq!(read, peft_adapter());
}

#[test]
fn halves_of_16_bits_are_read() {
    for (ty, convert) in [
        (Dtype::F16, (|value| half::f16::from_f32(value).to_bits()) as fn(f32) -> u16),
        (Dtype::BF16, |value| half::bf16::from_f32(value).to_bits()),
    ] {
        let weights = rewritten(|tensors| {
            for (_, stored, _, bytes) in tensors {
                *stored = ty;
                let values = bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word));
                *bytes = values.flat_map(|value| convert(value).to_le_bytes()).collect();
            }
        });
        let (config, _) = peft_files();
        let read = Adapter::from_peft(&config_of("e2b"), config.as_bytes(), &weights).unwrap();
        // bf16 keeps 8 bits of a number.
        for (read, exact) in read.parameters().iter().zip(peft_adapter().parameters()) {
            assert!((read - exact).abs() <= exact.abs() / 256.0 + 1e-7, "{ty:?}: {read} {exact}");
        }
    }
}

#[test]
fn ranks_and_alphas_of_single_modules_are_honoured() {
    // Module layers.2.self_attn.q_proj gets rank 2 and alpha 3; PEFT's keys match the ends of names.
    let weights = rewritten(|tensors| {
        for (name, _, shape, bytes) in tensors {
            if name.contains("layers.2.self_attn.q_proj.lora_A") {
                *shape = vec![2, 128];
                bytes.truncate(2 * 128 * 4);
            } else if name.contains("layers.2.self_attn.q_proj.lora_B") {
                *shape = vec![128, 2];
                bytes.truncate(128 * 2 * 4);
            }
        }
    });
    let changes = json!({"rank_pattern": {"2.self_attn.q_proj": 2}, "alpha_pattern": {r"layers\.2\..*q_proj": 3}});
    let config = config_of("e2b");
    let adapter = Adapter::from_peft(&config, &edited(changes), &weights).unwrap();
    let site = adapter.layout().site(2, Target::Q).unwrap();
    assert_eq!((site.rank, site.scale), (2, 1.5));
    let other = adapter.layout().site(3, Target::Q).unwrap();
    assert_eq!((other.rank, other.scale), (4, 2.0));
    // And written so that they are found again.
    let files = adapter.to_peft(&config).unwrap();
    assert_eq!(Adapter::from_peft(&config, files.config.as_bytes(), &files.weights).unwrap(), adapter);
    let llama = MemorySource::new(adapter.to_gguf("test").unwrap());
    let read = Adapter::from_gguf(&config, &llama).unwrap();
    assert_eq!(read.layout().site(2, Target::Q).unwrap().rank, 2);
}

#[test]
fn patterns_that_disagree_are_refused() {
    let error = refusal(&edited(json!({"rank_pattern": {"q_proj": 4, r"self_attn\.q_proj": 8}})), &peft_files().1);
    assert!(
        error.starts_with("`rank_pattern` in adapter_config.json gives `model.layers.0.self_attn.q_proj` both"),
        "{error}"
    );
}

#[test]
fn the_scale_of_rslora_is_alpha_over_the_root() {
    let adapter = Adapter::from_peft(&config_of("e2b"), &edited(json!({"use_rslora": true})), &peft_files().1).unwrap();
    assert_eq!(adapter.options().scale(), 4.0);
    assert_eq!(adapter.layout().site(0, Target::Q).unwrap().scale, 4.0);
}

#[test]
fn features_that_are_not_computed_are_refused_by_name() {
    let (_, weights) = peft_files();
    for (field, value) in [
        ("use_dora", json!(true)),
        ("modules_to_save", json!(["lm_head"])),
        ("bias", json!("all")),
        ("lora_bias", json!(true)),
        ("fan_in_fan_out", json!(true)),
        ("layer_replication", json!([[0, 4], [2, 6]])),
        ("trainable_token_indices", json!([1])),
        ("alora_invocation_tokens", json!([105])),
        ("target_parameters", json!(["mlp.experts"])),
        ("init_lora_weights", json!("pissa")),
        ("peft_type", json!("IA3")),
        ("invented_tomorrow", json!(3)),
    ] {
        let error = refusal(&edited(json!({field: value.clone()})), &weights);
        let expected = format!("adapter_config.json asks for `{field}` = {value}, which is not supported");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn fields_of_the_wrong_kind_are_named() {
    let (_, weights) = peft_files();
    for (changes, message) in [
        (json!({"r": "4"}), "`r` in adapter_config.json must be a whole number above 0, but is \"4\""),
        (json!({"r": -4}), "`r` in adapter_config.json must be a whole number above 0, but is -4"),
        (json!({"lora_alpha": null}), "`lora_alpha` in adapter_config.json must be a number, but is null"),
        (json!({"lora_alpha": 0}), "alpha is 0, but it must be a positive number"),
        (json!({"rank_pattern": {"(": 3}}), "the pattern `(` is not a regular expression"),
        (json!({"r": 5000}), "the rank is 5000, but it must be from 1 to 4096"),
    ] {
        let error = refusal(&edited(changes), &weights);
        assert!(error.starts_with(message), "{error}");
    }
    let error = refusal(b"{\"peft_type\": \"LORA\", \"lora_alpha\": 8}", &weights);
    assert_eq!(error, "`r` in adapter_config.json must be a whole number above 0, but is missing");
    assert!(refusal(b"{", &weights).starts_with("adapter_config.json cannot be read: EOF"));
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name() {
    let (config, _) = peft_files();
    let first = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    type Change = fn(&mut Vec<Tensor>);
    let cases: [(Change, &str); 8] = [
        (
            |all| at(all, "0.self_attn.q_proj.lora_A").0 = "base_model.model.lm_head.lora_A.weight".into(),
            "tensor `base_model.model.lm_head.lora_A.weight` belongs to nothing that an adapter may change here",
        ),
        (
            |all| at(all, "0.self_attn.q_proj.lora_A").2 = vec![128, 4],
            "tensor `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` has the wrong shape: expected [rank, 128] (rank, inputs), found [128, 4]",
        ),
        (
            |all| at(all, "0.self_attn.q_proj.lora_B").2 = vec![64, 8],
            "tensor `base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight` has the wrong shape: expected [128, 4] (outputs, rank), found [64, 8]",
        ),
        (
            |all| all.retain(|(name, ..)| !name.contains("layers.3.mlp.up_proj.lora_B")),
            "tensor `base_model.model.model.layers.3.mlp.up_proj.lora_A.weight` has no partner: lora_B of the same module is missing",
        ),
        (
            |all| {
                at(all, "0.self_attn.k_proj.lora_A").0 =
                    "base_model.model.model.layers.7.self_attn.k_proj.lora_A.weight".into()
            },
            "tensor `base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight` has no partner: lora_A of the same module is missing",
        ),
        (
            |all| {
                at(all, "0.self_attn.k_proj.lora_A").0 =
                    "base_model.model.model.layers.7.self_attn.k_proj.lora_A.weight".into();
                at(all, "0.self_attn.k_proj.lora_B").0 =
                    "base_model.model.model.layers.7.self_attn.k_proj.lora_B.weight".into();
            },
            "tensor `base_model.model.model.layers.7.self_attn.k_proj.lora_A.weight` does not fit the model: layer 7 has no keys and values of its own",
        ),
        (
            |all| {
                let copy = at(all, "0.self_attn.q_proj.lora_A").clone();
                all.push((
                    copy.0.replace("model.model.layers", "model.model.language_model.layers"),
                    copy.1,
                    copy.2,
                    copy.3,
                ));
            },
            "tensor `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` stands for the same half as `base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight`",
        ),
        (
            |all| at(all, "0.self_attn.q_proj.lora_A").3[..4].copy_from_slice(&f32::NAN.to_le_bytes()),
            "tensor `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` contains NaN",
        ),
    ];
    for (change, message) in cases {
        assert_eq!(refusal(config.as_bytes(), &rewritten(change)), message);
    }
    assert_eq!(
        refusal(&edited(json!({"r": 8})), &peft_files().1),
        "tensor `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight` has rank 4, but `r` in adapter_config.json gives 8"
    );
    let integers = rewritten(|all| at(all, "0.self_attn.q_proj.lora_A").1 = Dtype::I32);
    assert_eq!(
        refusal(config.as_bytes(), &integers),
        format!("tensor `{first}` is I32; adapters are F32, F16 or BF16")
    );
    assert_eq!(refusal(config.as_bytes(), &rewritten(Vec::clear)), "the adapter has no tensors");
}

/// The tensor of layer and module `part`.
fn at<'t>(tensors: &'t mut [Tensor], part: &str) -> &'t mut Tensor {
    let name = format!("layers.{part}.weight");
    tensors.iter_mut().find(|tensor| tensor.0.ends_with(&name)).unwrap()
}

#[test]
fn layers_beyond_the_models_are_named() {
    let (config, weights) = peft_files();
    let error = Adapter::from_peft(&config_of("quant_zoo"), config.as_bytes(), &weights).unwrap_err().to_string();
    assert!(error.contains("does not fit the model") || error.contains("has the wrong shape"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_end_in_an_error_or_an_adapter(cut in 0usize..20_000, flips in prop::collection::vec((0usize..20_000, any::<u8>()), 0..8)) {
        let (config, mut weights) = peft_files();
        for (at, byte) in flips {
            weights[at] ^= byte;
        }
        let model = config_of("e2b");
        let _ = Adapter::from_peft(&model, config.as_bytes(), &weights);
        let _ = Adapter::from_peft(&model, config.as_bytes(), &weights[..cut]);
        let _ = Adapter::from_peft(&model, &config.as_bytes()[..cut % config.len()], &weights);
    }
}

// GGUF

#[test]
fn an_adapter_survives_llama_cpps_format() {
    let adapter = peft_adapter();
    let source = MemorySource::new(adapter.to_gguf("Pebble").unwrap());
    let read = Adapter::from_gguf(&config_of("e2b"), &source).unwrap();
    assert_eq!((read.layout(), read.parameters()), (adapter.layout(), adapter.parameters()));
    assert_eq!(read.options().alpha, 8.0);
    let gguf = Gguf::read(&source).unwrap();
    assert_eq!(gguf.tensor("blk.0.attn_q.weight.lora_a").unwrap().dims, [128, 4]);
    assert_eq!(gguf.tensor("blk.0.attn_k.weight.lora_b").unwrap().dims, [4, 32]);
    for (key, value) in [("general.type", "adapter"), ("adapter.type", "lora"), ("general.architecture", "gemma4")] {
        assert_eq!(gguf.metadata().str(key).unwrap(), value);
    }
}

#[test]
fn b_carries_what_llama_cpps_scale_does_not_say() {
    // One module has an alpha of its own: 6 / 4 instead of 8 / 4.
    let changes = json!({"alpha_pattern": {"layers.1.mlp.up_proj": 6}});
    let adapter = Adapter::from_peft(&config_of("e2b"), &edited(changes), &peft_files().1).unwrap();
    let source = MemorySource::new(adapter.to_gguf("test").unwrap());
    let read = Adapter::from_gguf(&config_of("e2b"), &source).unwrap();
    for (one, other) in adapter.layout().sites().iter().zip(read.layout().sites()) {
        let (_, b) = adapter.factors(one);
        let (_, folded) = read.factors(other);
        for (b, folded) in b.iter().zip(folded) {
            assert!((b * one.scale - folded * other.scale).abs() <= 1e-6 * (b * one.scale).abs());
        }
    }
}

#[test]
fn a_gguf_that_is_no_adapter_is_refused_by_its_key() {
    let read = |writer: &mut Writer| {
        let source = MemorySource::new(writer.to_bytes().unwrap());
        Adapter::from_gguf(&config_of("e2b"), &source).unwrap_err().to_string()
    };
    let model = FileSource::open(fixtures().join("e2b.gguf")).unwrap();
    let error = Adapter::from_gguf(&config_of("e2b"), &model).unwrap_err().to_string();
    assert_eq!(error, "the GGUF is not a LoRA adapter: key `general.type` is `model` instead of `adapter`");
    let mut writer = Writer::new();
    writer.metadata("general.type", "adapter").unwrap();
    writer.metadata("adapter.type", "lora").unwrap();
    writer.metadata("general.architecture", "llama").unwrap();
    assert_eq!(read(&mut writer), "the adapter is for `llama`; only `gemma4` is supported");
    let mut writer = Writer::new();
    writer.metadata("general.type", "adapter").unwrap();
    writer.metadata("adapter.type", "lora").unwrap();
    writer.metadata("general.architecture", "gemma4").unwrap();
    assert_eq!(read(&mut writer), "key `adapter.lora.alpha` is missing");
    writer.metadata("adapter.lora.alpha", 8f32).unwrap();
    assert_eq!(read(&mut writer), "the adapter has no tensors");
    writer.tensor("token_embd.weight.lora_a", &[128, 4], GgmlType::F32, vec![0; 2048]).unwrap();
    assert_eq!(
        read(&mut writer),
        "tensor `token_embd.weight.lora_a` belongs to nothing that an adapter may change here"
    );
}
