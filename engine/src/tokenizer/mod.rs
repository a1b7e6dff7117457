//! Text to token ids and back. The `tokenizers` crate merges; this module adds what a GGUF says about tokens, and
//! keeps control tokens apart from the same characters typed by a user.
mod decoder;
mod encode;
mod stop;
mod vocab;

pub use decoder::Decoder;
pub use encode::Piece;
pub use stop::StopTexts;

use crate::{
    error::Error,
    gguf::{Gguf, Strings},
};
use aho_corasick::AhoCorasick;
use std::{fmt, sync::Arc};
use tokenizers::models::bpe::BPE;

/// The id of a token: the row of the embedding table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub u32);

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a token stands for (GGUF's `tokenizer.ggml.token_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Text.
    Normal,
    /// What has no token of its own.
    Unknown,
    /// Steers the model and is no text: turns, padding, ends.
    Control,
    /// Markup that is matched like a control token but shown as text: tool calls, thought channels.
    UserDefined,
    /// Reserved.
    Unused,
    /// One byte of UTF-8, for characters that have no token.
    Byte(u8),
}

/// Why a file's vocabulary cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum TokenizerError {
    /// Another tokenizer.
    #[error("tokenizer `{model}` (`tokenizer.ggml.pre` is `{pre}`) is not supported; only `gemma4` is")]
    Model { model: String, pre: String },
    /// No tokens at all.
    #[error("key `tokenizer.ggml.tokens` is empty")]
    Empty,
    /// More tokens than ids.
    #[error("key `tokenizer.ggml.tokens` has {count} tokens, more than 32-bit ids can name")]
    TooManyTokens { count: usize },
    /// Neither byte tokens nor an unknown token: most text would vanish.
    #[error("the vocabulary has neither all 256 byte tokens `<0x00>` to `<0xFF>` nor an unknown token")]
    NoFallback,
    /// A merge that is not two tokens.
    #[error("merge {index} of `tokenizer.ggml.merges`, `{merge}`, is not two tokens with a space between them")]
    Merge { index: usize, merge: String },
    /// A merge whose parts or whole are no tokens.
    #[error("`tokenizer.ggml.merges` does not fit the vocabulary: {0}")]
    Merges(String),
    /// The special tokens could not be made into a searcher.
    #[error("the special tokens cannot be searched for: {0}")]
    Special(String),
    /// A special id beyond the vocabulary.
    #[error("key `{key}` is {id}, but the vocabulary has {count} tokens")]
    IdBeyondVocabulary { key: &'static str, id: u32, count: usize },
}

/// A file's vocabulary. Clones share it.
///
/// Two ways lead from text to ids. [`encode_text`](Tokenizer::encode_text) is for what people type: whatever it looks
/// like, it stays text. [`encode_with_special`](Tokenizer::encode_with_special) is for markup that a program writes:
/// control tokens in it are recognised. [`encode_pieces`](Tokenizer::encode_pieces) mixes the two.
#[derive(Clone)]
pub struct Tokenizer(Arc<Vocab>);

struct Vocab {
    tokens: Strings,
    kinds: Vec<TokenKind>,
    bpe: BPE,
    /// Finds special tokens, longest first; pattern i is `special_ids[i]`.
    special: AhoCorasick,
    special_ids: Vec<TokenId>,
    /// The bytes of a typed `▁`, which would otherwise come back as a space.
    typed_marker: Option<[TokenId; 3]>,
    bos: Option<TokenId>,
    ends: Vec<TokenId>,
    add_bos: bool,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokenizer({} tokens, {} of them special)", self.len(), self.0.special_ids.len())
    }
}

impl Tokenizer {
    /// The vocabulary of a file.
    pub fn from_gguf(gguf: &Gguf) -> Result<Tokenizer, Error> {
        Ok(Tokenizer(Arc::new(vocab::read(gguf)?)))
    }

    /// How many tokens there are; ids are less than this.
    pub fn len(&self) -> usize {
        self.0.tokens.len()
    }

    /// Whether there is no token: never, for a vocabulary that could be read.
    pub fn is_empty(&self) -> bool {
        self.0.tokens.is_empty()
    }

    /// The token that every sequence starts with.
    pub fn bos(&self) -> Option<TokenId> {
        self.0.bos
    }

    /// Whether the file wants [`bos`](Tokenizer::bos) in front of raw text. Ollama's files say no, because their chat
    /// template writes it; the model was trained with it all the same.
    pub fn add_bos(&self) -> bool {
        self.0.add_bos
    }

    /// Tokens at which generation stops: the file's end tokens, and Gemma 4's `<eos>`, `<turn|>` and
    /// `<|tool_response>` where the vocabulary has them.
    pub fn eos_tokens(&self) -> &[TokenId] {
        &self.0.ends
    }

    /// Whether generation stops at this token.
    pub fn is_end(&self, token: TokenId) -> bool {
        self.0.ends.contains(&token)
    }

    /// A token exactly as the vocabulary spells it, `None` beyond its end. Spaces are `▁`.
    pub fn token(&self, token: TokenId) -> Option<&str> {
        self.0.tokens.get(token.0 as usize)
    }

    /// What a token stands for, `None` beyond the vocabulary's end.
    pub fn kind(&self, token: TokenId) -> Option<TokenKind> {
        self.0.kinds.get(token.0 as usize).copied()
    }

    /// The special token that is spelled so, such as `<turn|>`.
    pub fn special(&self, text: &str) -> Option<TokenId> {
        self.0.special_ids.iter().copied().find(|&token| self.token(token) == Some(text))
    }

    /// All special tokens: those that [`encode_with_special`](Tokenizer::encode_with_special) recognises.
    pub fn special_tokens(&self) -> &[TokenId] {
        &self.0.special_ids
    }

    /// The text of tokens, without control tokens. Bytes that are not UTF-8 and ids beyond the vocabulary become
    /// U+FFFD.
    pub fn decode(&self, tokens: &[TokenId]) -> String {
        let mut decoder = self.decoder();
        let mut text: String = tokens.iter().map(|&token| decoder.push(token)).collect();
        text.push_str(&decoder.finish());
        text
    }

    /// A decoder for tokens that arrive one by one.
    pub fn decoder(&self) -> Decoder {
        Decoder::new(self.clone())
    }
}

/// A token id that the file gives under `key`; one beyond the vocabulary is an error.
fn token_at(gguf: &Gguf, key: &'static str, count: usize) -> Result<Option<TokenId>, Error> {
    match gguf.metadata().opt_u32(key)? {
        Some(id) if id as usize >= count => Err(TokenizerError::IdBeyondVocabulary { key, id, count }.into()),
        id => Ok(id.map(TokenId)),
    }
}
