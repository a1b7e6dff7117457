//! Generation: the sampled token feeds the next step on the device, and the host reads tokens some steps behind.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_core::Stream;
use futures_util::StreamExt;
use kernel::dispatch::{Plan, Reading};

use super::{Logits, Session, SessionError};
use crate::error::Error;
use crate::sampling::SamplingOptions;
use crate::tokenizer::TokenId;

/// Steps that are submitted before the first of them is read. Each costs at most one wasted step at the end.
const STEPS_AHEAD: usize = 3;

/// Stops a generation from another thread or a signal handler. Clones stop the same one.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Ends the generation after the token that is under way.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Makes it usable again.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// How an answer is generated.
#[derive(Clone, Debug, Default)]
pub struct GenerateOptions {
    /// How tokens are chosen.
    pub sampling: SamplingOptions,
    /// The most tokens; the rest of the context where `None`.
    pub max_tokens: Option<usize>,
    /// Tokens that end the answer beside the model's own.
    pub stop: Vec<TokenId>,
    /// Ends the answer from outside.
    pub cancel: CancelToken,
}

impl Session {
    /// Continues the session with `prompt` and streams the answer's tokens, without the one that ends it.
    ///
    /// Afterwards, or when the stream is dropped, [`tokens`](Session::tokens) says what is cached: the prompt and the
    /// answer, its last token perhaps not yet.
    pub fn generate<'s>(
        &'s mut self,
        prompt: &[TokenId],
        options: GenerateOptions,
    ) -> impl Stream<Item = Result<TokenId, Error>> + 's {
        let prompt = prompt.to_vec();
        let start = State::Prompt(prompt, options, self);
        futures_util::stream::unfold(start, |state| async move {
            let outcome = match state {
                State::Prompt(prompt, options, session) => match session.begin(&prompt, options) {
                    Ok(generation) => generation,
                    Err(error) => return Some((Err(error), State::Over)),
                },
                State::Running(generation) => generation,
                State::Over => return None,
            };
            let mut generation = outcome;
            match generation.next().await {
                Ok(Some(token)) => Some((Ok(token), State::Running(generation))),
                Ok(None) => None,
                Err(error) => Some((Err(error), State::Over)),
            }
        })
        .fuse()
    }

    fn begin(&mut self, prompt: &[TokenId], options: GenerateOptions) -> Result<Box<Generation<'_>>, Error> {
        options.sampling.check()?;
        if prompt.is_empty() {
            return Err(SessionError::Empty.into());
        }
        self.check(prompt)?;
        self.refresh()?;
        self.feed(prompt, Logits::Last)?;
        let room = self.context - self.position() + 1;
        let most = options.max_tokens.unwrap_or(room).min(room);
        self.begin_sampling()?;
        let first = self.sampling_plan(&options.sampling)?;
        let step = self.step_plan(&options.sampling)?;
        Ok(Box::new(Generation {
            session: self,
            options,
            first: Some(first),
            step,
            reading: VecDeque::new(),
            most,
            submitted: 0,
            given: 0,
            over: false,
            unfed: None,
        }))
    }
}

enum State<'s> {
    Prompt(Vec<TokenId>, GenerateOptions, &'s mut Session),
    Running(Box<Generation<'s>>),
    Over,
}

struct Generation<'s> {
    session: &'s mut Session,
    options: GenerateOptions,
    /// Samples from the prompt's logits.
    first: Option<Plan>,
    /// One token through the model, then sampling.
    step: Plan,
    /// Sampled tokens on their way.
    reading: VecDeque<Reading<u32>>,
    most: usize,
    submitted: usize,
    given: usize,
    over: bool,
    /// The last sampled token; the step after it feeds it.
    unfed: Option<TokenId>,
}

impl Generation<'_> {
    async fn next(&mut self) -> Result<Option<TokenId>, Error> {
        if self.over || self.given == self.most || self.options.cancel.is_cancelled() {
            self.over = true;
            return Ok(None);
        }
        self.submit().await?;
        let Some(reading) = self.reading.pop_front() else { return Ok(None) };
        let token = TokenId(reading.await?.first().copied().unwrap_or_default());
        // The step that sampled this token was fed with the one before.
        if let Some(fed) = self.unfed.replace(token) {
            self.session.accept(&[fed]);
        }
        let ends = self.session.model.tokenizer().is_end(token) || self.options.stop.contains(&token);
        if ends {
            self.over = true;
            return Ok(None);
        }
        self.given += 1;
        Ok(Some(token))
    }

    /// Submits steps until enough are under way.
    async fn submit(&mut self) -> Result<(), Error> {
        let session = &mut *self.session;
        let device = session.model.device().dispatch().clone();
        let ahead = if device.is_cpu() || session.model.reads_ple_rows() { 1 } else { STEPS_AHEAD };
        while self.reading.len() < ahead && self.submitted < self.most {
            if let Some(first) = self.first.take() {
                self.reading.push_back(device.run_then_read(&[&first], &session.buffers.sampled, 0..1)?);
            } else {
                if let Some(token) = self.unfed {
                    session.fetch_ple_rows(&[token])?;
                }
                let before = device.submits();
                self.reading.push_back(device.run_then_read(&[&self.step], &session.buffers.sampled, 0..1)?);
                session.step_submits = device.submits() - before;
            }
            self.submitted += 1;
        }
        Ok(())
    }
}

impl Drop for Generation<'_> {
    fn drop(&mut self) {
        // Steps that were submitted beyond the last token given have written positions that nobody will see.
        let session = &mut *self.session;
        session.written = session.written.max(session.tokens.len() + self.reading.len() + 1);
    }
}
