//! `gemmule logits`: the logits of given token ids, for comparison with other implementations.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use engine::session::SessionOptions;
use engine::tokenizer::TokenId;

use super::error::CliError;
use super::lora::LoraArgs;
use super::npy;
use super::open::open_model;
use super::options::{DeviceArgs, KvArg};

/// Writes the logits of every position as a NumPy file, f32 [positions, vocabulary].
#[derive(Args, Debug)]
pub struct LogitsArgs {
    /// A GGUF file, or a name in Ollama's store.
    model: String,
    /// A text file with token ids, separated by spaces, commas or line breaks.
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,
    /// Where to write.
    #[arg(long, value_name = "FILE.npy")]
    out: PathBuf,
    /// How the tokens go in: `prefill` (in the engine's own chunks), `decode` (one by one) or `chunk=N` (N at a time).
    #[arg(long, default_value = "prefill")]
    mode: Mode,
    /// The number type of the key-value cache.
    #[arg(long, default_value = "f32")]
    kv: KvArg,
    #[command(flatten)]
    lora: LoraArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

/// How tokens go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Prefill,
    Decode,
    Chunk(usize),
}

impl Mode {
    fn tokens_at_a_time(self) -> usize {
        match self {
            // The engine's own chunk: what a prompt is computed in.
            Mode::Prefill => SessionOptions::DEFAULT_CHUNK,
            Mode::Decode => 1,
            Mode::Chunk(tokens) => tokens,
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "prefill" => Ok(Mode::Prefill),
            "decode" => Ok(Mode::Decode),
            _ => match text.strip_prefix("chunk=").and_then(|tokens| tokens.parse().ok()) {
                Some(tokens) if tokens > 0 => Ok(Mode::Chunk(tokens)),
                _ => Err("must be `prefill`, `decode`, or `chunk=N` with N of at least 1".into()),
            },
        }
    }
}

/// Runs the command.
pub fn logits(args: &LogitsArgs) -> Result<(), CliError> {
    let ids = read_ids(&args.ids)?;
    let opened = open_model(Some(&args.model), &args.device)?;
    let model = &opened.model;
    eprintln!("{}", opened.introduction());
    let vocabulary = model.config().vocab as usize;
    if let Some(TokenId(id)) = ids.iter().find(|id| id.0 as usize >= vocabulary) {
        let file = args.ids.display();
        return Err(CliError::Input(format!("{file}: token id {id} is outside of the vocabulary of {vocabulary}")));
    }
    let at_a_time = args.mode.tokens_at_a_time();
    let options = SessionOptions { context: Some(ids.len()), kv: args.kv.into(), chunk: Some(at_a_time) };
    let mut session = model.session(options)?;
    args.lora.apply(model, &mut session)?;
    let failed = |source| CliError::Write { path: args.out.clone(), source };
    let mut out = BufWriter::new(File::create(&args.out).map_err(failed)?);
    npy::write_header(&mut out, ids.len(), vocabulary).map_err(failed)?;
    for tokens in ids.chunks(at_a_time) {
        let rows = match (args.mode, tokens) {
            (Mode::Decode, &[token]) => pollster::block_on(session.decode_logits(token))?,
            _ => pollster::block_on(session.logits(tokens))?,
        };
        npy::write_values(&mut out, &rows).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    eprintln!("{}: [{}, {vocabulary}]", args.out.display(), ids.len());
    Ok(())
}

fn read_ids(path: &Path) -> Result<Vec<TokenId>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?;
    parse_ids(&text).map_err(|what| CliError::Input(format!("{}: {what}", path.display())))
}

fn parse_ids(text: &str) -> Result<Vec<TokenId>, String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']')).filter(|word| !word.is_empty());
    let ids: Result<Vec<TokenId>, String> =
        words.map(|word| word.parse().map(TokenId).map_err(|_| format!("`{word}` is not a token id"))).collect();
    match ids {
        Ok(ids) if ids.is_empty() => Err("there are no token ids in it".into()),
        ids => ids,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_says_how_many_tokens_go_in_at_a_time() {
        assert_eq!("decode".parse::<Mode>().unwrap().tokens_at_a_time(), 1);
        assert_eq!("chunk=7".parse::<Mode>().unwrap().tokens_at_a_time(), 7);
        assert!("prefill".parse::<Mode>().unwrap().tokens_at_a_time() > 1);
        assert!("chunk=0".parse::<Mode>().is_err());
        assert!("chunk".parse::<Mode>().is_err());
    }

    #[test]
    fn ids_are_separated_by_anything_but_digits_of_a_list() {
        assert_eq!(parse_ids("[2, 5,\n 7]\n").unwrap(), [TokenId(2), TokenId(5), TokenId(7)]);
        assert_eq!(parse_ids("2 x").unwrap_err(), "`x` is not a token id");
        assert_eq!(parse_ids(" \n").unwrap_err(), "there are no token ids in it");
    }
}
