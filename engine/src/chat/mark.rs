//! Marks the characters of a message at which a control token could start: each is replaced by a private-use character
//! that occurs nowhere else. A template may then trim, split, cut or repeat the message as it likes; wherever a marked
//! character comes out, it was typed, and no control token can start there.
use super::{ChatError, Role};
use crate::tokenizer::{Piece, Tokenizer};
use serde_json::Value;
use std::collections::BTreeSet;

/// The private-use characters of planes 15 and 16.
const PRIVATE: [std::ops::RangeInclusive<char>; 2] = ['\u{F0000}'..='\u{FFFFD}', '\u{100000}'..='\u{10FFFD}'];

/// Markup that the model itself writes into its turns and that templates look for there.
const THOUGHTS: [&str; 2] = ["<|channel>", "<channel|>"];

/// What stands for each character at which special tokens start.
pub(super) struct Marks(Vec<Mark>);

struct Mark {
    /// The character, as a string: pieces borrow it.
    start: String,
    /// The private-use character in its place.
    mark: char,
}

impl Marks {
    /// Marks for a vocabulary that occur in none of these texts.
    pub(super) fn new<'t>(tokenizer: &Tokenizer, texts: impl IntoIterator<Item = &'t str>) -> Result<Marks, ChatError> {
        let special = tokenizer.special_tokens().iter();
        let starts: BTreeSet<char> = special.filter_map(|&id| tokenizer.token(id)?.chars().next()).collect();
        let private = |c: &char| PRIVATE.iter().any(|range| range.contains(c));
        let taken: BTreeSet<char> = texts.into_iter().flat_map(str::chars).filter(private).collect();
        let mut free = PRIVATE.into_iter().flatten().filter(|c| !taken.contains(c));
        let marks = starts.into_iter().map(|start| Some(Mark { start: start.into(), mark: free.next()? }));
        marks.collect::<Option<Vec<_>>>().map(Marks).ok_or(ChatError::NoMark)
    }

    fn mark_of(&self, c: char) -> char {
        self.0.iter().find(|mark| mark.start.starts_with(c)).map_or(c, |mark| mark.mark)
    }

    fn unmarked(&self, c: char) -> Option<&str> {
        self.0.iter().find(|mark| mark.mark == c).map(|mark| mark.start.as_str())
    }

    /// A message's content with every start marked. In the model's own turns thought channels stay as they are.
    pub(super) fn content(&self, role: Role, content: &str) -> String {
        let mut marked = String::with_capacity(content.len());
        let mut rest = content;
        while let Some(c) = rest.chars().next() {
            let thought = THOUGHTS.iter().find(|thought| role == Role::Assistant && rest.starts_with(*thought));
            match thought {
                Some(thought) => marked.push_str(thought),
                None => marked.push(self.mark_of(c)),
            }
            rest = &rest[thought.map_or(c.len_utf8(), |thought| thought.len())..];
        }
        marked
    }

    /// JSON with every string in it marked, names of fields included.
    pub(super) fn json(&self, value: &Value) -> Value {
        let text = |text: &str| text.chars().map(|c| self.mark_of(c)).collect::<String>();
        match value {
            Value::String(string) => Value::String(text(string)),
            Value::Array(values) => Value::Array(values.iter().map(|value| self.json(value)).collect()),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (text(name), self.json(value))).collect())
            }
            other => other.clone(),
        }
    }

    /// A rendered string without marks.
    pub(super) fn remove(&self, rendered: &str) -> String {
        let mut text = String::with_capacity(rendered.len());
        for c in rendered.chars() {
            match self.unmarked(c) {
                Some(start) => text.push_str(start),
                None => text.push(c),
            }
        }
        text
    }

    /// A rendered string as markup, with the marked characters as text between.
    pub(super) fn pieces<'r>(&'r self, rendered: &'r str) -> Vec<Piece<'r>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for (at, c) in rendered.char_indices() {
            if let Some(original) = self.unmarked(c) {
                pieces.push(Piece::Markup(&rendered[start..at]));
                pieces.push(Piece::Text(original));
                start = at + c.len_utf8();
            }
        }
        pieces.push(Piece::Markup(&rendered[start..]));
        pieces
    }
}
