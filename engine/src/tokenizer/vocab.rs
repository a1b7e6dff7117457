//! A GGUF's `tokenizer.*` keys to a vocabulary: kinds of tokens, the merges, the special tokens and the ends.
use super::{TokenId, TokenKind, TokenizerError, Vocab, token_at};
use crate::{
    error::Error,
    gguf::{Array, Gguf, GgufError, Metadata, Strings, Value},
};
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use tokenizers::models::bpe::BPE;

const MODEL: &str = "tokenizer.ggml.model";
const PRE: &str = "tokenizer.ggml.pre";
const TOKENS: &str = "tokenizer.ggml.tokens";
const TOKEN_TYPE: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";
const BOS: &str = "tokenizer.ggml.bos_token_id";
const UNKNOWN: &str = "tokenizer.ggml.unknown_token_id";
const ADD_BOS: &str = "tokenizer.ggml.add_bos_token";

/// Where a file may name a token that ends generation.
const ENDS: [&str; 3] = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

/// Gemma 4's ends, found by their spelling: ids 1, 106 and 50 in the published vocabulary.
const GEMMA_ENDS: [&str; 3] = ["<eos>", "<turn|>", "<|tool_response>"];

/// Gemma 4's markup. Converters have typed some of it as normal tokens; a template that writes it means the token.
const GEMMA_CONTROL: [&str; 17] = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<mask>",
    "<|tool>",
    "<tool|>",
    "<|think|>",
    "<|turn>",
    "<turn|>",
    "<|image>",
    "<image|>",
    "<|image|>",
    "<|audio>",
    "<audio|>",
    "<|audio|>",
    "<|video|>",
];
const GEMMA_USER_DEFINED: [&str; 7] =
    ["<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", "<|\"|>", "<|channel>", "<channel|>"];

pub(super) fn read(gguf: &Gguf) -> Result<Vocab, Error> {
    let metadata = gguf.metadata();
    check_model(metadata)?;
    let tokens = metadata.strings(TOKENS)?.clone();
    let count = tokens.len();
    if count == 0 {
        return Err(TokenizerError::Empty.into());
    }
    if u32::try_from(count).is_err() {
        return Err(TokenizerError::TooManyTokens { count }.into());
    }
    let kinds = kinds(metadata, &tokens)?;
    // A token that is there twice keeps its first id.
    let mut ids: HashMap<&str, u32> = HashMap::with_capacity(count);
    for (id, token) in (0..).zip(tokens.iter()) {
        ids.entry(token).or_insert(id);
    }
    let find = |text: &str| ids.get(text).map(|&id| TokenId(id));

    let unknown = token_at(gguf, UNKNOWN, count)?.and_then(|id| tokens.get(id.0 as usize));
    let byte_token = |byte: u8| find(&format!("<0x{byte:02X}>"));
    let has_bytes = (0..=u8::MAX).all(|byte| byte_token(byte).is_some());
    if unknown.is_none() && !has_bytes {
        return Err(TokenizerError::NoFallback.into());
    }
    let typed_marker = match "▁".bytes().map(byte_token).collect::<Vec<_>>()[..] {
        [Some(first), Some(second), Some(third)] if has_bytes => Some([first, second, third]),
        _ => None,
    };

    let mut ends = Vec::new();
    for key in ENDS {
        ends.extend(token_at(gguf, key, count)?);
    }
    ends.extend(GEMMA_ENDS.into_iter().filter_map(find));
    ends.sort_unstable();
    ends.dedup();

    let special_ids: Vec<TokenId> = (0..)
        .zip(&kinds)
        .filter(|(_, kind)| matches!(kind, TokenKind::Control | TokenKind::UserDefined | TokenKind::Unknown))
        .map(|(id, _)| TokenId(id))
        .filter(|id| tokens.get(id.0 as usize).is_some_and(|text| !text.is_empty()))
        .collect();
    let special = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(special_ids.iter().filter_map(|id| tokens.get(id.0 as usize)))
        .map_err(|error| TokenizerError::Special(error.to_string()))?;

    let bos = token_at(gguf, BOS, count)?.or_else(|| find("<bos>"));
    let bpe = bpe(metadata, &tokens, &ids, unknown)?;
    let add_bos = metadata.opt_bool(ADD_BOS)?.unwrap_or(true);
    drop(ids);
    Ok(Vocab { tokens, kinds, bpe, special, special_ids, typed_marker, bos, ends, add_bos })
}

/// llama.cpp calls this tokenizer `gemma4`; Ollama calls it `llama` with the pre-tokenizer `gemma4`.
fn check_model(metadata: &Metadata) -> Result<(), Error> {
    let model = metadata.str(MODEL)?;
    let pre = metadata.opt_str(PRE)?.unwrap_or("");
    match (model, pre) {
        ("gemma4", _) | ("llama", "gemma4") => Ok(()),
        _ => Err(TokenizerError::Model { model: model.to_owned(), pre: pre.to_owned() }.into()),
    }
}

/// What each token stands for: the file's word, corrected for Gemma 4's markup.
fn kinds(metadata: &Metadata, tokens: &Strings) -> Result<Vec<TokenKind>, Error> {
    let types: Vec<i64> = match metadata.get(TOKEN_TYPE) {
        None => vec![1; tokens.len()],
        Some(Value::Array(Array::I32(types))) => types.iter().map(|&kind| kind.into()).collect(),
        Some(Value::Array(Array::U32(types))) => types.iter().map(|&kind| kind.into()).collect(),
        Some(other) => {
            let (key, found) = (TOKEN_TYPE.to_owned(), other.kind().to_string());
            return Err(GgufError::WrongKind { key, expected: "an array of i32", found }.into());
        }
    };
    if types.len() != tokens.len() {
        let (key, expected, found) = (TOKEN_TYPE.to_owned(), tokens.len(), types.len());
        return Err(GgufError::ArrayLength { key, expected, found }.into());
    }
    let kinds = types.into_iter().zip(tokens.iter()).map(|(kind, token)| match (kind, byte(token)) {
        (3, _) => TokenKind::Control,
        (4, _) => TokenKind::UserDefined,
        _ if !token.starts_with('<') => normal(kind),
        (_, Some(byte)) => TokenKind::Byte(byte),
        _ if GEMMA_CONTROL.contains(&token) => TokenKind::Control,
        _ if GEMMA_USER_DEFINED.contains(&token) => TokenKind::UserDefined,
        _ => normal(kind),
    });
    Ok(kinds.collect())
}

fn normal(kind: i64) -> TokenKind {
    match kind {
        2 => TokenKind::Unknown,
        5 => TokenKind::Unused,
        _ => TokenKind::Normal,
    }
}

/// The byte that a token such as `<0x0A>` stands for.
fn byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let upper = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    if digits.len() == 2 && upper { u8::from_str_radix(digits, 16).ok() } else { None }
}

fn bpe(
    metadata: &Metadata,
    tokens: &Strings,
    ids: &HashMap<&str, u32>,
    unknown: Option<&str>,
) -> Result<BPE, TokenizerError> {
    let longest = tokens.iter().map(str::len).max().unwrap_or(0);
    let strings = match metadata.strings(MERGES) {
        Ok(strings) => strings,
        Err(error) => return Err(TokenizerError::Merges(error.to_string())),
    };
    let mut merges = Vec::with_capacity(strings.len());
    for (index, merge) in strings.iter().enumerate() {
        match merge.split_once(' ') {
            Some((left, right)) if !left.is_empty() && !right.is_empty() => {
                // The crate indexes a buffer of the longest token's length before it looks the whole up.
                if left.len() + right.len() > longest {
                    return Err(TokenizerError::Merges(format!("`{left}{right}` of merge {index} is no token")));
                }
                merges.push((left.to_owned(), right.to_owned()));
            }
            _ => return Err(TokenizerError::Merge { index, merge: merge.to_owned() }),
        }
    }
    let mut builder = BPE::builder()
        .vocab_and_merges(ids.iter().map(|(&token, &id)| (token.to_owned(), id)).collect::<Vocabulary>(), merges)
        .byte_fallback(true)
        .fuse_unk(true)
        .cache_capacity(0);
    if let Some(unknown) = unknown {
        builder = builder.unk_token(unknown.to_owned());
    }
    builder.build().map_err(|error| TokenizerError::Merges(error.to_string()))
}

type Vocabulary = tokenizers::models::bpe::Vocab;
