//! What several tests need: a Gemma 4 of two dozen kilobytes, the small models, and a vocabulary that is not committed.
#![allow(dead_code)]

use engine::gguf::{GgmlType, Gguf, Value, Writer};
use engine::source::{FileSource, MemorySource, Source};
use engine::tokenizer::Tokenizer;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// llama.cpp's vocabulary of Gemma 4, beside its test vectors, which `$GEMMULE_VOCAB` names: 15 MB, for tests that are
/// ignored unless they are asked for.
pub fn vocabulary() -> PathBuf {
    PathBuf::from(std::env::var_os("GEMMULE_VOCAB").expect("GEMMULE_VOCAB is the path of ggml-vocab-gemma-4.gguf"))
}

/// A small random model, in llama.cpp's layout; see `tests/fixtures/README.md`.
pub fn model_fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(format!("{name}.gguf"))
}

/// The same model in Ollama's layout: vision and audio lie in the same file, and the vocabulary is named by another model.
pub fn in_ollamas_layout(path: &Path) -> Vec<u8> {
    let (source, gguf) = open(path);
    let mut writer = Writer::new();
    for (key, value) in gguf.metadata().iter() {
        match key {
            "tokenizer.ggml.model" => writer.metadata(key, "llama").unwrap().metadata("tokenizer.ggml.pre", "gemma4"),
            "tokenizer.ggml.pre" | "tokenizer.ggml.add_bos_token" => Ok(&mut writer),
            _ => writer.metadata(key, value.clone()),
        }
        .unwrap();
    }
    let own = [("tokenizer.ggml.add_bos_token", Value::from(false)), ("gemma4.vision.block_count", Value::from(1u32))];
    for (key, value) in own {
        writer.metadata(key, value).unwrap();
    }
    for name in ["a.blk.0.attn_q.weight", "mm.input_projection.weight", "v.blk.0.attn_q.weight", "v.clamp_data"] {
        writer.tensor(name, &[40, 3], GgmlType::F16, vec![0x3c; 2 * 40 * 3]).unwrap();
    }
    for tensor in gguf.tensors() {
        let mut bytes = vec![0; tensor.byte_len as usize];
        source.read_at(tensor.offset, &mut bytes).unwrap();
        writer.tensor(&tensor.name, &tensor.dims, tensor.ty, bytes).unwrap();
    }
    writer.to_bytes().unwrap()
}

pub fn open(path: &Path) -> (FileSource, Gguf) {
    let source = FileSource::open(path).unwrap();
    let gguf = Gguf::read(&source).unwrap();
    (source, gguf)
}

/// The committed vocabulary: Gemma 4's, cut down, with its chat template.
pub fn fixture() -> Gguf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizer.gguf");
    open(&path).1
}

pub fn fixture_tokenizer() -> Tokenizer {
    Tokenizer::from_gguf(&fixture()).unwrap()
}

/// A file in the making: change pairs and tensors, then build it.
#[derive(Clone)]
pub struct TinyModel {
    pub metadata: BTreeMap<String, Value>,
    pub tensors: BTreeMap<String, Vec<u64>>,
}

pub const HIDDEN: u64 = 32;
pub const VOCAB: u64 = 10;
pub const LAYERS: usize = 6;
pub const PLE: u64 = 8;

impl TinyModel {
    /// Six layers of (2 sliding + 1 full)·2, the last three KV-shared and double-wide, per-layer embeddings.
    pub fn new() -> Self {
        let mut model = TinyModel { metadata: BTreeMap::new(), tensors: BTreeMap::new() };
        model.set("general.architecture", "gemma4");
        for (key, value) in [
            ("block_count", LAYERS as u32),
            ("context_length", 4096),
            ("embedding_length", HIDDEN as u32),
            ("attention.head_count", 4),
            ("attention.head_count_kv", 2),
            ("attention.key_length", 16),
            ("attention.value_length", 16),
            ("attention.key_length_swa", 8),
            ("attention.value_length_swa", 8),
            ("attention.sliding_window", 12),
            ("attention.shared_kv_layers", 3),
            ("rope.dimension_count", 16),
            ("rope.dimension_count_swa", 8),
            ("embedding_length_per_layer_input", PLE as u32),
        ] {
            model.set(&format!("gemma4.{key}"), value);
        }
        model.set("gemma4.attention.layer_norm_rms_epsilon", 1e-6f32);
        model.set("gemma4.rope.freq_base", 1e6f32);
        model.set("gemma4.rope.freq_base_swa", 1e4f32);
        model.set("gemma4.final_logit_softcapping", 30f32);
        model.set("gemma4.feed_forward_length", vec![24i32, 24, 24, 48, 48, 48]);
        model.set("gemma4.attention.sliding_window_pattern", vec![true, true, false, true, true, false]);
        model.tensor("token_embd.weight", &[HIDDEN, VOCAB]);
        model.tensor("output_norm.weight", &[HIDDEN]);
        model.tensor("rope_freqs.weight", &[8]);
        model.tensor("per_layer_token_embd.weight", &[PLE * LAYERS as u64, VOCAB]);
        model.tensor("per_layer_model_proj.weight", &[HIDDEN, PLE * LAYERS as u64]);
        model.tensor("per_layer_proj_norm.weight", &[PLE]);
        for layer in 0..LAYERS {
            let head = if layer % 3 == 2 { 16 } else { 8 };
            let ffn = if layer < 3 { 24 } else { 48 };
            let mut put = |name: &str, dims: &[u64]| model.tensor(&format!("blk.{layer}.{name}.weight"), dims);
            put("attn_norm", &[HIDDEN]);
            put("attn_q", &[HIDDEN, head * 4]);
            put("attn_q_norm", &[head]);
            if layer < 3 {
                put("attn_k", &[HIDDEN, head * 2]);
                put("attn_v", &[HIDDEN, head * 2]);
                put("attn_k_norm", &[head]);
            }
            put("attn_output", &[head * 4, HIDDEN]);
            put("post_attention_norm", &[HIDDEN]);
            put("ffn_norm", &[HIDDEN]);
            put("ffn_gate", &[HIDDEN, ffn]);
            put("ffn_up", &[HIDDEN, ffn]);
            put("ffn_down", &[ffn, HIDDEN]);
            put("post_ffw_norm", &[HIDDEN]);
            put("inp_gate", &[HIDDEN, PLE]);
            put("proj", &[PLE, HIDDEN]);
            put("post_norm", &[HIDDEN]);
            put("layer_output_scale", &[1]);
        }
        model
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.metadata.insert(key.to_owned(), value.into());
        self
    }

    pub fn unset(&mut self, key: &str) -> &mut Self {
        self.metadata.remove(key).unwrap();
        self
    }

    pub fn tensor(&mut self, name: &str, dims: &[u64]) {
        self.tensors.insert(name.to_owned(), dims.to_vec());
    }

    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.tensors.remove(name).unwrap();
        self
    }

    /// All tensors are F32; `rope_freqs` holds two factors of 1 and then 1e30, everything else zeros.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        for (key, value) in &self.metadata {
            writer.metadata(key, value.clone()).unwrap();
        }
        for (name, dims) in &self.tensors {
            let count = dims.iter().product::<u64>() as usize;
            let factor = |at| if at < 2 { 1f32 } else { 1e30 };
            let bytes: Vec<u8> = match name.as_str() {
                "rope_freqs.weight" => (0..count).flat_map(|at| factor(at).to_le_bytes()).collect(),
                _ => vec![0; count * 4],
            };
            writer.tensor(name, dims, GgmlType::F32, bytes).unwrap();
        }
        writer.to_bytes().unwrap()
    }

    pub fn build(&self) -> (MemorySource, Gguf) {
        let source = MemorySource::new(self.to_bytes());
        let gguf = Gguf::read(&source).unwrap();
        (source, gguf)
    }
}
