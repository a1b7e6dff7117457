//! `gemmule tokenize`: a text's tokens by a file's vocabulary.

use std::io::{self, BufWriter, Write};

use clap::Args;
use engine::gguf::Gguf;
use engine::tokenizer::{TokenId, Tokenizer};

use super::error::CliError;
use super::file::open_source;
use super::text::shortened;

/// Shows the tokens of a text, a line each: the id and the token's own text.
#[derive(Args, Debug)]
pub struct TokenizeArgs {
    /// A GGUF file, or a name in Ollama's store.
    file: String,
    /// The text, taken as it is: nothing is put before it.
    text: String,
    /// Take control tokens written in the text, such as `<|turn>`, as such.
    #[arg(long)]
    special: bool,
    /// Print only the ids, on one line.
    #[arg(long)]
    ids: bool,
}

/// Runs the command.
pub fn tokenize(args: &TokenizeArgs) -> Result<(), CliError> {
    let source = open_source(&args.file)?;
    let gguf = Gguf::read(&source)?;
    let tokenizer = Tokenizer::from_gguf(&gguf)?;
    let tokens: Vec<TokenId> =
        if args.special { tokenizer.encode_with_special(&args.text) } else { tokenizer.encode_text(&args.text) };
    let mut out = BufWriter::new(io::stdout().lock());
    if args.ids {
        let ids: Vec<String> = tokens.iter().map(|token| token.0.to_string()).collect();
        writeln!(out, "{}", ids.join(" "))?;
    } else {
        for token in tokens {
            writeln!(out, "{:>6}  {}", token.0, shortened(tokenizer.token(token).unwrap_or("?"), 80))?;
        }
    }
    out.flush()?;
    Ok(())
}
