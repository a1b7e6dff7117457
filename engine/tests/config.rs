//! A model's shape from its file: everything from metadata, and tensors that do not fit them named.
mod common;

use common::{TinyModel, in_ollamas_layout, model_fixture, open};
use engine::config::{Attention, Config, Kv};
use engine::gguf::Gguf;
use engine::source::MemorySource;

fn config(model: &TinyModel) -> Result<Config, String> {
    Config::from_gguf(&model.build().1).map_err(|error| error.to_string())
}

fn error(change: impl FnOnce(&mut TinyModel)) -> String {
    let mut model = TinyModel::new();
    change(&mut model);
    config(&model).unwrap_err()
}

#[test]
fn every_number_comes_from_the_file() {
    let config = config(&TinyModel::new()).unwrap();
    assert_eq!((config.hidden, config.vocab, config.context, config.window), (32, 10, 4096, 12));
    assert_eq!((config.rms_eps, config.softcap, config.ple, config.tied), (1e-6, Some(30.0), Some(8), true));
    let layer = config.layers[1];
    assert_eq!((layer.kind, layer.head_dim, layer.heads, layer.kv_heads), (Attention::Sliding, 8, 4, 2));
    assert_eq!((layer.rope.base, layer.rope.dims, layer.rope.factors), (1e4, 8, false));
    let layer = config.layers[2];
    assert_eq!((layer.kind, layer.head_dim, layer.ffn), (Attention::Full, 16, 24));
    assert_eq!((layer.rope.base, layer.rope.dims, layer.rope.factors), (1e6, 16, true));
    assert_eq!(config.layers.iter().map(|layer| layer.ffn).collect::<Vec<_>>(), [24, 24, 24, 48, 48, 48]);
}

#[test]
fn shared_layers_read_the_last_owner_of_their_kind() {
    let config = config(&TinyModel::new()).unwrap();
    let kv: Vec<Kv> = config.layers.iter().map(|layer| layer.kv).collect();
    assert_eq!(kv[..3], [Kv::Owned; 3]);
    assert_eq!(kv[3..], [Kv::SharedWith(1), Kv::SharedWith(1), Kv::SharedWith(2)]);
    assert_eq!(config.owning_layers(), 3);
}

#[test]
fn values_are_keys_where_there_is_no_value_projection() {
    let mut model = TinyModel::new();
    model.remove("blk.2.attn_v.weight");
    let has_v: Vec<bool> = config(&model).unwrap().layers.iter().map(|layer| layer.has_v).collect();
    assert_eq!(has_v, [true, true, false, false, false, false]);
}

#[test]
fn dead_keys_of_shared_layers_and_tensors_for_images_are_ignored() {
    let mut model = TinyModel::new();
    model.tensor("blk.4.attn_k.weight", &[7]);
    model.tensor("blk.4.attn_v.weight", &[7]);
    model.tensor("v.patch_embd.weight", &[16, 16, 3, 64]);
    model.tensor("mm.input_projection.weight", &[64, 256]);
    assert_eq!(config(&model).unwrap(), config(&TinyModel::new()).unwrap());
}

#[test]
fn a_model_without_per_layer_embeddings_needs_none_of_their_tensors() {
    let mut model = TinyModel::new();
    model.set("gemma4.embedding_length_per_layer_input", 0u32);
    model.tensors.retain(|name, _| {
        !name.starts_with("per_layer") && !["inp_gate", "proj", "post_norm"].iter().any(|part| name.contains(part))
            || name.contains("attn")
    });
    assert_eq!(config(&model).unwrap().ple, None);
}

#[test]
fn a_head_of_its_own_unties_the_embeddings() {
    let mut model = TinyModel::new();
    assert_eq!(config(&model).unwrap().head_tensor(), "token_embd.weight");
    model.tensor("output.weight", &[common::HIDDEN, common::VOCAB]);
    assert_eq!(config(&model).unwrap().head_tensor(), "output.weight");
}

#[test]
fn counts_may_differ_from_layer_to_layer() {
    let mut model = TinyModel::new();
    model.set("gemma4.attention.head_count_kv", vec![2i32, 2, 1, 2, 2, 1]);
    for name in ["blk.2.attn_k.weight", "blk.2.attn_v.weight"] {
        model.tensor(name, &[common::HIDDEN, 16]);
    }
    let kv_heads: Vec<u32> = config(&model).unwrap().layers.iter().map(|layer| layer.kv_heads).collect();
    assert_eq!(kv_heads, [2, 2, 1, 2, 2, 1]);
}

#[test]
fn no_cap_and_a_cap_of_zero_are_the_same() {
    let mut model = TinyModel::new();
    model.set("gemma4.final_logit_softcapping", 0f32);
    assert_eq!(config(&model).unwrap().softcap, None);
    model.unset("gemma4.final_logit_softcapping");
    assert_eq!(config(&model).unwrap().softcap, None);
}

#[test]
fn pairs_with_huge_factors_do_not_rotate() {
    let (source, gguf) = TinyModel::new().build();
    let config = Config::from_gguf(&gguf).unwrap();
    let factors = config.rope_factors(&gguf, &source).unwrap().unwrap();
    assert_eq!((factors.factors.len(), factors.rotated_pairs), (8, 2));
}

#[test]
fn another_architecture_is_named() {
    let error = error(|model| _ = model.set("general.architecture", "llama"));
    assert_eq!(error, "the file's `general.architecture` is `llama`; only `gemma4` is supported");
}

#[test]
fn a_mixture_of_experts_is_refused_by_its_key() {
    let error = error(|model| _ = model.set("gemma4.expert_count", 128u32));
    assert_eq!(error, "not supported yet: mixture of experts (key `gemma4.expert_count` is 128)");
}

#[test]
fn every_needed_key_is_missed_by_name() {
    let optional =
        ["rope.dimension_count", "value_length", "key_length_swa", "freq_base_swa", "softcapping", "shared_kv"];
    for key in TinyModel::new().metadata.keys() {
        if optional.iter().any(|part| key.contains(part)) || key.ends_with("per_layer_input") {
            continue;
        }
        assert_eq!(error(|model| _ = model.unset(key)), format!("key `{key}` is missing"));
    }
}

#[test]
fn every_needed_tensor_is_missed_by_name() {
    for name in TinyModel::new().tensors.keys().filter(|name| !name.contains("attn_v")) {
        assert_eq!(error(|model| _ = model.remove(name)), format!("tensor `{name}` is missing"));
    }
}

#[test]
fn every_tensor_of_another_shape_is_named() {
    for (name, dims) in TinyModel::new().tensors {
        let wrong: Vec<u64> = dims.iter().map(|dim| dim + 2).collect();
        let error = error(|model| model.tensor(&name, &wrong));
        assert!(error.starts_with(&format!("tensor `{name}` has the wrong shape: expected ")), "{error}");
    }
}

#[test]
fn a_wrong_shape_says_what_was_expected_and_why() {
    assert_eq!(
        error(|model| model.tensor("blk.3.ffn_gate.weight", &[32, 24])),
        "tensor `blk.3.ffn_gate.weight` has the wrong shape: expected [32, 48] (hidden, ffn), found [32, 24]"
    );
}

#[test]
fn values_that_cannot_be_are_refused_with_the_rule() {
    let set = |key: &str, value: u32| error(|model| _ = model.set(&format!("gemma4.{key}"), value));
    assert_eq!(set("block_count", 0), "key `gemma4.block_count` has the value 0, but it must be at least 1");
    assert_eq!(
        set("block_count", u32::MAX),
        "key `gemma4.block_count` has the value 4294967295, but at most 4096 are supported"
    );
    assert_eq!(
        set("attention.shared_kv_layers", 6),
        "key `gemma4.attention.shared_kv_layers` has the value 6, but there are only 6 layers"
    );
    assert_eq!(
        set("attention.value_length", 8),
        "key `gemma4.attention.value_length` has the value 8, but `gemma4.attention.key_length` is 16"
    );
    assert_eq!(
        set("rope.dimension_count", 18),
        "key `gemma4.rope.dimension_count` has the value 18, but it must be even and at most the head's 16"
    );
    assert!(set("attention.head_count_kv", 3).contains("4 query heads cannot be shared among them evenly"));
    let float = |key: &str, value: f32| error(|model| _ = model.set(&format!("gemma4.{key}"), value));
    assert!(float("attention.layer_norm_rms_epsilon", f32::NAN).ends_with("it must be a positive number"));
    assert!(float("rope.freq_base", -1.0).ends_with("it must be a positive number"));
    assert!(float("final_logit_softcapping", f32::INFINITY).ends_with("it must be a positive number"));
}

#[test]
fn a_shared_layer_needs_an_owner_of_its_kind() {
    let error = error(|model| {
        model.set("gemma4.attention.sliding_window_pattern", vec![true, true, true, true, true, false]);
    });
    assert_eq!(
        error,
        "layer 5 shares keys and values (key `gemma4.attention.shared_kv_layers`), but no layer of its kind before 3 owns any"
    );
}

#[test]
fn a_vocabulary_with_more_tokens_than_rows_is_refused() {
    let tokens: engine::gguf::Strings = ["a"; 11].into_iter().collect();
    assert_eq!(
        error(|model| _ = model.set("tokenizer.ggml.tokens", tokens)),
        "key `tokenizer.ggml.tokens` has the value of 11 tokens, but tensor `token_embd.weight` has only 10 rows for these tokens"
    );
}

#[test]
fn llama_cpps_and_ollamas_layouts_give_the_same_shape() {
    let path = model_fixture("e2b");
    let (source, gguf) = open(&path);
    let llama = Config::from_gguf(&gguf).unwrap();
    assert_eq!((llama.layers.len(), llama.hidden, llama.vocab, llama.window), (10, 128, 279, 8));
    assert_eq!((llama.layers[9].kv, llama.layers[8].kv), (Kv::SharedWith(4), Kv::SharedWith(3)));
    let factors = llama.rope_factors(&gguf, &source).unwrap().unwrap();
    assert_eq!(factors.factors.len(), 32);
    assert_eq!(factors.rotated_pairs, factors.factors.iter().filter(|&&factor| factor == 1.0).count() as u32);
    let ollama = Gguf::read(&MemorySource::new(in_ollamas_layout(&path))).unwrap();
    assert_eq!(Config::from_gguf(&ollama).unwrap(), llama);
}
