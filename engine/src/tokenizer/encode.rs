//! Text to ids. Gemma's normaliser writes spaces as `▁`, after which its pre-tokenizer (a split at spaces) has nothing
//! left to split: a run of text between special tokens is one word, and BPE merges over all of it.
use super::{TokenId, Tokenizer};
use tokenizers::Model;

/// Part of a text to encode: who wrote it decides what its angle brackets mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Written by a program: special tokens in it are recognised.
    Markup(&'a str),
    /// Written by somebody: nothing in it is special.
    Text(&'a str),
}

impl Tokenizer {
    /// The ids of text in which nothing is special: a typed `<turn|>` stays seven characters.
    ///
    /// Text comes back from [`decode`](Tokenizer::decode) unchanged. For that a typed `▁` (U+2581), which BPE reads as
    /// a space, is given as its three bytes.
    pub fn encode_text(&self, text: &str) -> Vec<TokenId> {
        self.encode_pieces([Piece::Text(text)])
    }

    /// The ids of markup: special tokens in it are recognised, the longest first.
    pub fn encode_with_special(&self, markup: &str) -> Vec<TokenId> {
        self.encode_pieces([Piece::Markup(markup)])
    }

    /// The ids of markup and text in a row. Special tokens are found inside single pieces of markup; what lies between
    /// them is merged across the pieces' borders, as if it had been one string.
    pub fn encode_pieces<'a>(&self, pieces: impl IntoIterator<Item = Piece<'a>>) -> Vec<TokenId> {
        let mut ids = Vec::new();
        let mut run = String::new();
        for piece in pieces {
            let markup = match piece {
                Piece::Text(text) => {
                    run.push_str(text);
                    continue;
                }
                Piece::Markup(markup) => markup,
            };
            let mut done = 0;
            for found in self.0.special.find_iter(markup) {
                run.push_str(&markup[done..found.start()]);
                self.encode_run(&run, &mut ids);
                run.clear();
                ids.push(self.0.special_ids[found.pattern().as_usize()]);
                done = found.end();
            }
            run.push_str(&markup[done..]);
        }
        self.encode_run(&run, &mut ids);
        ids
    }

    fn encode_run(&self, run: &str, ids: &mut Vec<TokenId>) {
        let Some(marker) = self.0.typed_marker else {
            return self.merge(run, ids);
        };
        for (index, part) in run.split('▁').enumerate() {
            if index > 0 {
                ids.extend(marker);
            }
            self.merge(part, ids);
        }
    }

    fn merge(&self, part: &str, ids: &mut Vec<TokenId>) {
        // BPE fails only where the unknown token is not in the vocabulary; the vocabulary was built from it.
        let tokens = self.0.bpe.tokenize(&part.replace(' ', "▁")).unwrap_or_default();
        ids.extend(tokens.into_iter().map(|token| TokenId(token.id)));
    }
}
