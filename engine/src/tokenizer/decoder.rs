//! Ids to text, one token at a time: byte tokens are held back until they make whole characters.
use super::{TokenId, TokenKind, Tokenizer};

/// Turns tokens into text as they arrive.
///
/// Control tokens give no text; user-defined ones, such as `<|channel>`, do, so that a caller can tell thoughts from
/// the answer.
#[derive(Clone, Debug)]
pub struct Decoder {
    tokenizer: Tokenizer,
    /// Bytes that may be the start of a character: at most three.
    pending: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(tokenizer: Tokenizer) -> Self {
        Decoder { tokenizer, pending: Vec::new() }
    }

    /// The text that this token completes: possibly none, always whole characters.
    pub fn push(&mut self, token: TokenId) -> String {
        if let Some(TokenKind::Byte(byte)) = self.tokenizer.kind(token) {
            self.pending.push(byte);
            return self.take_characters();
        }
        let before = self.finish();
        match (self.tokenizer.kind(token), self.tokenizer.token(token)) {
            (Some(TokenKind::Control | TokenKind::Unknown), _) => before,
            (_, Some(text)) => before + &text.replace('▁', " "),
            (_, None) => before + "\u{FFFD}",
        }
    }

    /// What is left when no more tokens come: U+FFFD for a character that was cut off.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        text
    }

    /// Takes all whole characters from the pending bytes, and U+FFFD for bytes that can never become one.
    fn take_characters(&mut self) -> String {
        let mut text = String::new();
        let mut kept = 0;
        for chunk in self.pending.utf8_chunks() {
            text.push_str(chunk.valid());
            let last = kept + chunk.valid().len() + chunk.invalid().len() == self.pending.len();
            kept += chunk.valid().len();
            match std::str::from_utf8(chunk.invalid()) {
                // An unfinished character at the end may still be finished.
                Err(error) if last && error.error_len().is_none() => break,
                Err(_) => text.push('\u{FFFD}'),
                Ok(_) => {}
            }
            kept += chunk.invalid().len();
        }
        self.pending.drain(..kept);
        text
    }
}
