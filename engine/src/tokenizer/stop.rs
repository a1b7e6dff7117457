//! Texts that end an answer, looked for while it arrives piece by piece: nothing is shown that may turn out to be the
//! start of one.

/// Lets an answer through up to the first of some texts.
#[derive(Clone, Debug, Default)]
pub struct StopTexts {
    texts: Vec<String>,
    /// The end of what arrived, as long as it may be the start of a text.
    held: String,
    found: bool,
}

impl StopTexts {
    /// Looks for these; an empty text is none.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts = texts.into_iter().filter(|text| !text.is_empty()).collect();
        Self { texts, ..Self::default() }
    }

    /// Takes the next piece of the answer and gives what of it can be shown by now; nothing after a text was found.
    pub fn push(&mut self, piece: &str) -> String {
        if self.found {
            return String::new();
        }
        self.held.push_str(piece);
        if let Some(at) = self.texts.iter().filter_map(|text| self.held.find(text.as_str())).min() {
            self.found = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let kept = self.held.len() - self.started();
        let rest = self.held.split_off(kept);
        std::mem::replace(&mut self.held, rest)
    }

    /// Whether one of the texts came: the answer is over.
    pub fn found(&self) -> bool {
        self.found
    }

    /// What was held back, when no more comes.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes of the longest end of `held` with which a text starts.
    fn started(&self) -> usize {
        let starts = |length: &usize| self.texts.iter().any(|text| text.as_bytes().starts_with(self.end(*length)));
        let most = self.texts.iter().map(String::len).max().unwrap_or(0).min(self.held.len());
        (1..=most)
            .rev()
            .find(|length| self.held.is_char_boundary(self.held.len() - length) && starts(length))
            .unwrap_or(0)
    }

    fn end(&self, length: usize) -> &[u8] {
        &self.held.as_bytes()[self.held.len() - length..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(texts: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut stop = StopTexts::new(texts.iter().map(|text| (*text).to_owned()));
        let mut shown: Vec<String> = pieces.iter().map(|piece| stop.push(piece)).collect();
        shown.push(stop.finish());
        (shown, stop.found())
    }

    #[test]
    fn an_answer_ends_before_the_first_stop_text() {
        assert_eq!(shown(&["END", "\n\n"], &["a b\n", "\nc END d"]), (vec!["a b".into(), "".into(), "".into()], true));
    }

    #[test]
    fn what_may_be_the_start_of_a_stop_text_is_held_back_until_that_is_known() {
        let (pieces, found) = shown(&["stop"], &["a st", "o", "re s"]);
        assert_eq!((pieces, found), (vec!["a ".into(), "".into(), "store ".into(), "s".into()], false));
    }

    #[test]
    fn a_stop_text_may_start_inside_of_another_ones_start() {
        assert_eq!(shown(&["aab"], &["aa", "ab", "c"]).0, ["", "a", "", ""]);
    }

    #[test]
    fn characters_of_several_bytes_are_never_cut() {
        assert_eq!(shown(&["é!"], &["aé", "è"]), (vec!["a".into(), "éè".into(), "".into()], false));
    }

    #[test]
    fn without_stop_texts_everything_is_shown_at_once() {
        assert_eq!(shown(&[""], &["a", "b"]), (vec!["a".into(), "b".into(), "".into()], false));
    }
}
