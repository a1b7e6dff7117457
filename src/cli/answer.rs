//! One answer: tokens out of a session, text to the terminal as soon as it is complete UTF-8, and the time it took.

use std::future::poll_fn;
use std::io::{self, Write};
use std::pin::pin;
use std::time::{Duration, Instant};

use engine::sampling::SamplingOptions;
use engine::session::{GenerateOptions, Session};
use engine::tokenizer::{TokenId, Tokenizer};
use futures_core::Stream;
use serde::Serialize;

use super::error::CliError;
use super::interrupt::Interrupt;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The model ended its turn.
    Turn,
    /// The limit of tokens was reached, or the end of the context.
    Length,
    /// The user stopped it.
    Stopped,
}

/// What was generated and how fast.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The text, without control tokens.
    pub text: String,
    /// The generated tokens, the one that ended the turn not included.
    pub tokens: Vec<TokenId>,
    /// Tokens of the prompt that were computed for it.
    pub prompt_tokens: usize,
    /// From the call to the first token.
    pub first_token: Duration,
    /// From the first token to the last.
    pub rest: Duration,
    /// Why it ended.
    pub ended: Ended,
}

impl Answer {
    /// Tokens a second after the first one, which also paid for the prompt; `None` with fewer than two.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let seconds = self.rest.as_secs_f64();
        (self.tokens.len() > 1 && seconds > 0.0).then(|| (self.tokens.len() - 1) as f64 / seconds)
    }

    /// The line under an answer, such as `42 tokens, 118.3 tokens/s, first token after 0.05 s`.
    pub fn summary(&self) -> String {
        let mut line = format!("{} tokens", self.tokens.len());
        if let Some(rate) = self.tokens_per_second() {
            line.push_str(&format!(", {rate:.1} tokens/s"));
        }
        line.push_str(&format!(
            ", first token after {:.2} s (prompt of {} tokens)",
            self.first_token.as_secs_f64(),
            self.prompt_tokens
        ));
        match self.ended {
            Ended::Turn => {}
            Ended::Length => line.push_str(", cut off at --max-tokens or the end of the context"),
            Ended::Stopped => line.push_str(", stopped"),
        }
        line
    }
}

/// What a command asks of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// The most tokens to generate.
    pub max_tokens: usize,
}

/// Generates one answer after `prompt` and gives its text to `show` piece by piece.
pub fn answer(
    session: &mut Session,
    tokenizer: &Tokenizer,
    prompt: &[TokenId],
    request: &Request,
    interrupt: &Interrupt,
    show: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Answer, CliError> {
    let cancel = interrupt.watch();
    // The last token of an answer need not fit: nothing comes after it.
    let room = (session.context() + 1).saturating_sub(session.position() + prompt.len());
    let most = request.max_tokens.min(room);
    let options = GenerateOptions {
        sampling: request.sampling,
        max_tokens: Some(most),
        cancel: cancel.clone(),
        ..GenerateOptions::default()
    };
    let begun = Instant::now();
    let mut first = None;
    let mut last = begun;
    let mut text = String::new();
    let mut tokens = Vec::new();
    let mut decoder = tokenizer.decoder();
    let outcome = pollster::block_on(async {
        let mut stream = pin!(session.generate(prompt, options));
        while let Some(token) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
            let token = token?;
            last = Instant::now();
            first.get_or_insert(last);
            tokens.push(token);
            let piece = decoder.push(token);
            show(&piece)?;
            text.push_str(&piece);
        }
        Ok::<(), CliError>(())
    });
    interrupt.done();
    outcome.and_then(|()| {
        let rest = decoder.finish();
        show(&rest)?;
        text.push_str(&rest);
        Ok(())
    })?;
    let first = first.unwrap_or(last);
    let ended = if cancel.is_cancelled() {
        Ended::Stopped
    } else if tokens.len() >= most {
        Ended::Length
    } else {
        Ended::Turn
    };
    Ok(Answer { text, tokens, prompt_tokens: prompt.len(), first_token: first - begun, rest: last - first, ended })
}

/// Writes a piece of an answer to standard output at once.
pub fn show_now(piece: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(piece.as_bytes())?;
    out.flush()
}
