//! Options as the package's types have them, read from JSON: a name that is not among them is refused.
use engine::lora::{LoraOptions, Target};
use engine::sampling::SamplingOptions;
use engine::session::KvType;
use engine::training::schedule::Decay;
use kernel::gpu::{GpuOptions, LimitChoice};
use serde::Deserialize;

use crate::error::WebError;

/// A WebGPU feature.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// `shader-f16`.
    ShaderF16,
    /// `subgroups`: only the device's creator can ask for it in a browser, and does.
    Subgroups,
    /// `timestamp-query`.
    TimestampQuery,
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Processor {
    /// A WebGPU device.
    #[default]
    Gpu,
    /// The kernels as wasm, in the worker's one thread.
    Cpu,
}

/// How keys and values are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum CacheType {
    /// In half precision.
    #[default]
    F16,
    /// As they were computed.
    F32,
}

impl From<CacheType> for KvType {
    fn from(kept: CacheType) -> Self {
        match kept {
            CacheType::F16 => Self::F16,
            CacheType::F32 => Self::F32,
        }
    }
}

/// How a model is opened.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OpenOptions {
    /// What computes.
    pub device: Processor,
    /// Positions of a conversation.
    pub context: Option<usize>,
    /// How keys and values are kept.
    pub cache: CacheType,
    /// Features left alone.
    pub without: Vec<Feature>,
    /// Whether the device has WebGPU's default limits and no others.
    pub default_limits: bool,
}

impl OpenOptions {
    /// The most positions of a conversation that names none: caches of more cost a browser's tab much memory.
    pub const CONTEXT: usize = 4096;

    /// What the device is asked for.
    pub fn gpu(&self) -> GpuOptions {
        let mut options = GpuOptions::default();
        if self.default_limits {
            options.limits = LimitChoice::WebGpuDefaults;
        }
        for feature in &self.without {
            options.features.remove(match feature {
                Feature::ShaderF16 => wgpu::Features::SHADER_F16,
                Feature::Subgroups => wgpu::Features::SUBGROUP,
                Feature::TimestampQuery => {
                    wgpu::Features::TIMESTAMP_QUERY
                        | wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS
                        | wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES
                }
            });
        }
        options
    }
}

/// How an answer is generated.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnswerOptions {
    temperature: Option<f32>,
    top_k: Option<u32>,
    top_p: Option<f32>,
    min_p: Option<f32>,
    repeat_penalty: Option<f32>,
    seed: Option<u32>,
    /// The most tokens.
    pub max_tokens: Option<usize>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
}

impl AnswerOptions {
    /// So many of the likeliest tokens.
    pub fn greedy(max_tokens: usize) -> Self {
        Self {
            temperature: Some(0.0),
            top_k: Some(0),
            top_p: Some(1.0),
            max_tokens: Some(max_tokens),
            ..Self::default()
        }
    }

    /// What is not given is Gemma's own.
    pub fn sampling(&self) -> SamplingOptions {
        let own = SamplingOptions::default();
        SamplingOptions {
            temperature: self.temperature.unwrap_or(own.temperature),
            top_k: self.top_k.unwrap_or(own.top_k),
            top_p: self.top_p.unwrap_or(own.top_p),
            min_p: self.min_p.unwrap_or(own.min_p),
            repeat_penalty: self.repeat_penalty.unwrap_or(own.repeat_penalty),
            seed: self.seed.unwrap_or(own.seed),
        }
    }
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleName {
    /// It stays.
    Constant,
    /// Straight down.
    Linear,
    /// Half a cosine.
    Cosine,
}

impl From<ScheduleName> for Decay {
    fn from(name: ScheduleName) -> Self {
        match name {
            ScheduleName::Constant => Decay::Constant,
            ScheduleName::Linear => Decay::Linear,
            ScheduleName::Cosine => Decay::Cosine,
        }
    }
}

/// How an adapter is trained.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrainingOptions {
    rank: u32,
    alpha: f32,
    rs_lora: bool,
    dropout: f32,
    targets: Option<Vec<Target>>,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// How it falls.
    pub schedule: ScheduleName,
    /// Share of the steps in which it rises.
    pub warmup: f64,
    /// AdamW's decay.
    pub weight_decay: f64,
    clip: f32,
    /// Examples a step.
    pub batch: usize,
    /// Tokens of an example at most.
    pub max_length: Option<usize>,
    /// Passes over the examples.
    pub epochs: u64,
    /// Steps in all instead.
    pub steps: Option<u64>,
    /// Share of the examples held back.
    pub validation: f64,
    /// Decides everything random.
    pub seed: u32,
    /// Bytes on the device at most.
    pub memory_bytes: Option<f64>,
}

impl Default for TrainingOptions {
    fn default() -> Self {
        let lora = LoraOptions::default();
        Self {
            rank: lora.rank,
            alpha: lora.alpha,
            rs_lora: lora.rslora,
            dropout: lora.dropout,
            targets: None,
            learning_rate: 2e-4,
            schedule: ScheduleName::Cosine,
            warmup: 0.03,
            weight_decay: 0.0,
            clip: 1.0,
            batch: 4,
            max_length: None,
            epochs: 3,
            steps: None,
            validation: 0.0,
            seed: 0,
            memory_bytes: None,
        }
    }
}

impl TrainingOptions {
    /// What the adapter is made of.
    pub fn lora(&self) -> LoraOptions {
        let own = LoraOptions::default();
        LoraOptions {
            rank: self.rank,
            alpha: self.alpha,
            rslora: self.rs_lora,
            dropout: self.dropout,
            targets: self.targets.clone().unwrap_or(own.targets),
            layers: None,
            seed: self.seed.into(),
        }
    }

    /// The norm to which gradients are clipped; 0 clips nothing.
    pub fn max_norm(&self) -> Result<Option<f32>, WebError> {
        match self.clip {
            0.0 => Ok(None),
            clip if clip > 0.0 && clip.is_finite() => Ok(Some(clip)),
            clip => Err(WebError::Option { option: "clip", value: clip.into(), rule: "it must be 0 or more" }),
        }
    }
}
