//! Options that several commands share.

use std::ops::RangeInclusive;

use clap::Args;
use engine::device::DeviceChoice;
use engine::sampling::SamplingOptions;
use engine::session::KvType;

/// Where to compute.
#[derive(Args, Clone, Debug)]
pub struct DeviceArgs {
    /// `gpu`, `cpu`, or part of an adapter's name; `auto` is the best GPU where there is one, else the CPU.
    #[arg(long = "device", value_name = "gpu|cpu|NAME", default_value = "auto")]
    pub choice: DeviceChoice,
    /// Compute everything in f32. By default long prompts use a GPU's matrix units, which round factors to f16.
    #[arg(long)]
    pub exact: bool,
}

/// How the next token is chosen; what is not given is Gemma's own recommendation.
#[derive(Args, Clone, Debug)]
pub struct SamplingArgs {
    /// 0 takes the most likely token every time.
    #[arg(long, value_parser = in_range(0.0..=100.0), default_value_t = 1.0)]
    temperature: f32,
    /// Only among the K most likely tokens; 0 is no limit.
    #[arg(long, value_name = "K", default_value_t = 64)]
    top_k: u32,
    /// Only among the most likely tokens that together have this probability.
    #[arg(long, value_name = "P", value_parser = in_range(0.001..=1.0), default_value_t = 0.95)]
    top_p: f32,
    /// Only tokens with at least this share of the most likely one's probability.
    #[arg(long, value_name = "P", value_parser = in_range(0.0..=1.0), default_value_t = 0.0)]
    min_p: f32,
    /// Divides the odds of tokens that have already occurred; 1 is off.
    #[arg(long, value_name = "FACTOR", value_parser = in_range(0.01..=100.0), default_value_t = 1.0)]
    repeat_penalty: f32,
    /// The same seed gives the same answer; a new one each time when it is not given.
    #[arg(long)]
    seed: Option<u32>,
}

impl SamplingArgs {
    /// The options in the engine's terms.
    pub fn options(&self) -> SamplingOptions {
        SamplingOptions {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            repeat_penalty: self.repeat_penalty,
            seed: self.seed.unwrap_or_else(seed_of_the_moment),
        }
    }
}

fn seed_of_the_moment() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    (since.as_nanos() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32) as u32
}

/// Reads a number in the range, so that a slip is reported with the option's name before anything is loaded.
fn in_range(range: RangeInclusive<f32>) -> impl Fn(&str) -> Result<f32, String> + Clone {
    move |text: &str| {
        let number: f32 = text.parse().map_err(|_| "not a number".to_string())?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(format!("must be from {} to {}", range.start(), range.end()))
        }
    }
}

/// The number type of the key-value cache.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum KvArg {
    /// 32 bits: exact.
    F32,
    /// 16 bits: half the memory.
    F16,
}

impl From<KvArg> for KvType {
    fn from(kv: KvArg) -> KvType {
        match kv {
            KvArg::F32 => KvType::F32,
            KvArg::F16 => KvType::F16,
        }
    }
}
