//! `gemmule bench`: how fast a model runs here, as medians over repeated runs.

use std::time::Duration;

use clap::Args;
use engine::config::Config;
use engine::gguf::Gguf;
use engine::sampling::SamplingOptions;
use engine::session::{Session, SessionOptions};
use engine::tokenizer::{TokenId, Tokenizer};
use serde::Serialize;

use super::answer::{Answer, Ended, Request, answer, show_now};
use super::error::CliError;
use super::file::open_source;
use super::interrupt::Interrupt;
use super::open::{Opened, open_model};
use super::options::{DeviceArgs, KvArg};
use super::text;
use super::weights::bytes_per_token;

/// Measures loading, prefill and decoding.
#[derive(Args, Debug)]
pub struct BenchArgs {
    /// A GGUF file, or a name in Ollama's store.
    model: String,
    /// Prompt lengths to measure.
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "512")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    prefill: Vec<u32>,
    /// Tokens to decode.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(2..))]
    decode: u32,
    /// Tokens in the cache before decoding.
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    depth: u32,
    /// Measured runs of each; one more before them is not counted.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repeat: u32,
    /// The number type of the key-value cache.
    #[arg(long, default_value = "f16")]
    kv: KvArg,
    #[command(flatten)]
    device: DeviceArgs,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// What was measured. Times are in seconds, sizes in bytes, rates a second.
#[derive(Serialize)]
struct Measured {
    model: String,
    device: String,
    load_seconds: f64,
    weights_bytes: u64,
    session_bytes: u64,
    /// This process's own memory, mapped files not included; `None` where the system does not say.
    host_bytes: Option<u64>,
    bandwidth_bytes_per_second: f64,
    prefill: Vec<Prefill>,
    decode: Decode,
}

#[derive(Serialize)]
struct Prefill {
    tokens: u32,
    /// Prompt tokens over the time to the first token of the answer.
    tokens_per_second: f64,
    first_token_seconds: f64,
}

#[derive(Serialize)]
struct Decode {
    tokens: u32,
    depth: u32,
    tokens_per_second: f64,
    dispatches_per_token: usize,
    submits_per_token: u64,
    weight_bytes_per_token: u64,
    weight_bytes_per_second: f64,
    /// Of the bandwidth measured on the same device.
    share_of_bandwidth: f64,
}

/// Runs the command.
pub fn bench(args: &BenchArgs) -> Result<(), CliError> {
    let interrupt = Interrupt::install()?;
    let opened = open_model(Some(&args.model), &args.device)?;
    eprintln!("{}", opened.introduction());
    let measured = measure(args, &opened, &interrupt)?;
    if args.json {
        let line = serde_json::to_string(&measured).map_err(std::io::Error::from)?;
        show_now(&format!("{line}\n"))?;
    } else {
        show_now(&shown(&measured))?;
    }
    Ok(())
}

fn measure(args: &BenchArgs, opened: &Opened, interrupt: &Interrupt) -> Result<Measured, CliError> {
    let model = &opened.model;
    let longest = args.prefill.iter().copied().fold(args.depth + args.decode, u32::max);
    let context = Some(longest as usize + 1);
    let mut session = model.session(SessionOptions { context, kv: args.kv.into(), chunk: None })?;
    let mut runs = Runs { session: &mut session, tokenizer: model.tokenizer(), interrupt };
    let mut prefill = Vec::new();
    for &tokens in &args.prefill {
        let seconds = runs.median(args.repeat, |runs| Ok(runs.answer(tokens, 1, 0)?.first_token.as_secs_f64()))?;
        prefill.push(Prefill { tokens, tokens_per_second: f64::from(tokens) / seconds, first_token_seconds: seconds });
    }
    let rate = runs.median(args.repeat, |runs| runs.decode_rate(args.depth, args.decode))?;
    let weight_bytes_per_token = weight_bytes(&args.model)?;
    let bandwidth = pollster::block_on(engine::ceilings::bandwidth(model.device()))?;
    let weight_bytes_per_second = weight_bytes_per_token as f64 * rate;
    Ok(Measured {
        model: opened.name.clone(),
        device: model.device().description(),
        load_seconds: opened.load_time.as_secs_f64(),
        weights_bytes: model.resident_bytes(),
        session_bytes: session.resident_bytes(),
        host_bytes: host_bytes(),
        bandwidth_bytes_per_second: bandwidth,
        prefill,
        decode: Decode {
            tokens: args.decode,
            depth: args.depth,
            tokens_per_second: rate,
            dispatches_per_token: session.step_dispatches(),
            submits_per_token: session.step_submits(),
            weight_bytes_per_token,
            weight_bytes_per_second,
            share_of_bandwidth: weight_bytes_per_second / bandwidth,
        },
    })
}

/// Repeated runs in one session.
struct Runs<'a> {
    session: &'a mut Session,
    tokenizer: &'a Tokenizer,
    interrupt: &'a Interrupt,
}

impl Runs<'_> {
    /// The median of `repeat` runs after one that is not counted.
    fn median(
        &mut self,
        repeat: u32,
        mut run: impl FnMut(&mut Self) -> Result<f64, CliError>,
    ) -> Result<f64, CliError> {
        run(self)?;
        let mut values = (0..repeat).map(|_| run(self)).collect::<Result<Vec<f64>, CliError>>()?;
        Ok(median(&mut values))
    }

    /// A greedy answer after a prompt of this length; another `draw` is another prompt.
    fn answer(&mut self, prompt: u32, tokens: u32, draw: u32) -> Result<Answer, CliError> {
        self.session.reset();
        let prompt = prompt_of(prompt, draw, self.tokenizer.len());
        let request = Request { sampling: SamplingOptions::GREEDY, max_tokens: tokens as usize };
        answer(self.session, self.tokenizer, &prompt, &request, self.interrupt, &mut |_| Ok(()))
    }

    /// Tokens a second after the first one. Where the model ends its answer, another prompt makes up for the rest.
    fn decode_rate(&mut self, depth: u32, tokens: u32) -> Result<f64, CliError> {
        let (mut steps, mut time) = (0, Duration::ZERO);
        for draw in 0..tokens {
            let answer = self.answer(depth, tokens - steps, draw)?;
            if answer.ended == Ended::Stopped {
                break;
            }
            steps += answer.tokens.len().saturating_sub(1) as u32;
            time += answer.rest;
            if steps + 1 >= tokens {
                return Ok(f64::from(steps) / time.as_secs_f64());
            }
        }
        Err(CliError::Input(format!("only {steps} of {tokens} tokens were decoded; try another --depth or --decode")))
    }
}

/// The middle value, or the mean of the two middle ones; `values` is not empty.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// Reproducible token ids, spread over the vocabulary so that embedding rows come from everywhere.
fn prompt_of(tokens: u32, draw: u32, vocabulary: usize) -> Vec<TokenId> {
    let step = |index: u32| (u64::from(index) * 2_654_435_761) % vocabulary as u64;
    (1..=tokens).map(|index| TokenId(step(index.wrapping_add(draw.wrapping_mul(tokens))) as u32)).collect()
}

fn weight_bytes(model: &str) -> Result<u64, CliError> {
    let source = open_source(model)?;
    let gguf = Gguf::read(&source)?;
    let config = Config::from_gguf(&gguf)?;
    Ok(bytes_per_token(&gguf, &config))
}

/// `RssAnon` of Linux's `/proc/self/status`.
fn host_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn shown(measured: &Measured) -> String {
    let Measured { decode, .. } = measured;
    let mut lines = vec![
        format!("{} on {}", measured.model, measured.device),
        format!("load       {:>10.2} s", measured.load_seconds),
        format!("weights    {:>13}", text::bytes(measured.weights_bytes)),
        format!("session    {:>13}", text::bytes(measured.session_bytes)),
    ];
    if let Some(host) = measured.host_bytes {
        lines.push(format!("host       {:>13}, mapped files not included", text::bytes(host)));
    }
    lines.push(format!("bandwidth  {:>10.1} GB/s, measured", measured.bandwidth_bytes_per_second / 1e9));
    for prefill in &measured.prefill {
        lines.push(format!(
            "prefill    {:>10.1} tokens/s, {} tokens, first token after {:.1} ms",
            prefill.tokens_per_second,
            prefill.tokens,
            prefill.first_token_seconds * 1e3
        ));
    }
    lines.push(format!(
        "decode     {:>10.1} tokens/s, {} tokens after {}; {:.1} GB/s of weights, {:.0} % of the bandwidth; {} dispatches and {} submits a token",
        decode.tokens_per_second,
        decode.tokens,
        decode.depth,
        decode.weight_bytes_per_second / 1e9,
        decode.share_of_bandwidth * 100.0,
        decode.dispatches_per_token,
        decode.submits_per_token
    ));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_value_or_the_mean_of_two() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn the_prompt_of_a_benchmark_stays_inside_the_vocabulary() {
        let prompt = prompt_of(1000, 0, 300);
        assert_eq!(prompt.len(), 1000);
        assert!(prompt.iter().all(|token| token.0 < 300));
        assert_ne!(prompt[0], prompt[1]);
        assert_ne!(prompt_of(1000, 1, 300), prompt);
    }
}
