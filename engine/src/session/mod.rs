//! One conversation with a model: its key and value caches, its scratch buffers and the plans that run it.

mod adapters;
mod buffers;
mod decode;
mod generate;
pub(crate) mod ops;
mod prefill;
mod profile;
mod state;

use kernel::dispatch::{Plan, Recorder};

pub use adapters::ResidentAdapter;
pub use generate::{CancelToken, GenerateOptions};
pub use profile::KernelTime;
pub(crate) use profile::kernel_times;

use crate::error::Error;
use crate::model::Model;
use crate::tokenizer::TokenId;
use adapters::Adapters;
use buffers::Buffers;

/// How keys and values are cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KvType {
    /// 16-bit floats: half the memory, and what a decoded token reads.
    #[default]
    F16,
    /// 32-bit floats, for comparisons with references.
    F32,
}

/// A session's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Positions it can hold; by default the model's context, at most [`SessionOptions::DEFAULT_CONTEXT`].
    pub context: Option<usize>,
    /// How keys and values are cached.
    pub kv: KvType,
    /// Positions that a prefill processes at once; by default [`SessionOptions::DEFAULT_CHUNK`].
    pub chunk: Option<usize>,
}

impl SessionOptions {
    /// The context of a session that names none.
    pub const DEFAULT_CONTEXT: usize = 8192;
    /// The chunk of a session that names none.
    pub const DEFAULT_CHUNK: usize = 512;
}

/// Why a session cannot do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The session is larger than the model allows.
    #[error("a context of {asked} positions was asked for, but the model was trained for {limit}")]
    Context {
        /// Positions asked for.
        asked: usize,
        /// The model's context.
        limit: usize,
    },
    /// There is no room for these tokens.
    #[error("the context is full: {position} of {context} positions are taken, and {tokens} more were given")]
    Full {
        /// Positions taken.
        position: usize,
        /// Positions in all.
        context: usize,
        /// Tokens that were given.
        tokens: usize,
    },
    /// A token that the vocabulary does not have.
    #[error("token {token} is outside of the vocabulary of {vocab}")]
    Token {
        /// The token.
        token: u32,
        /// The vocabulary's size.
        vocab: u32,
    },
    /// Bytes that are no state of such a session.
    #[error("the saved state cannot be used: {0}")]
    State(&'static str),
    /// An empty prompt.
    #[error("nothing to continue: the prompt has no tokens")]
    Empty,
}

/// One conversation.
pub struct Session {
    model: Model,
    buffers: Buffers,
    context: usize,
    chunk: usize,
    /// The tokens whose keys and values are cached.
    tokens: Vec<TokenId>,
    /// One past the last position ever written: rings hold nothing older than their length before it.
    written: usize,
    /// The cached prefix was cut so far back that rings have lost it: it is computed again before anything else.
    stale: bool,
    /// From one position's stream after the owning layers to its logits.
    tail: Option<Plan>,
    /// A whole chunk through the owning layers.
    full_chunk: Option<Plan>,
    /// One token to its logits.
    full_token: Option<Plan>,
    /// Dispatches of a step of the last generation.
    step_dispatches: usize,
    /// Submits of the last step.
    step_submits: u64,
}

/// Which logits a run computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logits {
    None,
    Last,
}

impl Session {
    pub(crate) fn new(model: Model, options: SessionOptions) -> Result<Self, Error> {
        let limit = model.config().context as usize;
        let context = options.context.unwrap_or(limit.min(SessionOptions::DEFAULT_CONTEXT));
        if context > limit || context == 0 {
            return Err(SessionError::Context { asked: context, limit }.into());
        }
        let chunk = options.chunk.unwrap_or(SessionOptions::DEFAULT_CHUNK).clamp(1, context);
        let buffers = Buffers::new(&model, context, chunk, options.kv)?;
        Ok(Self {
            model,
            buffers,
            context,
            chunk,
            tokens: Vec::new(),
            written: 0,
            stale: false,
            tail: None,
            full_chunk: None,
            full_token: None,
            step_dispatches: 0,
            step_submits: 0,
        })
    }

    /// The model it runs.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Positions that are cached.
    pub fn position(&self) -> usize {
        self.tokens.len()
    }

    /// Positions it can hold.
    pub fn context(&self) -> usize {
        self.context
    }

    /// The tokens whose keys and values are cached. A new prompt that starts with some of them need not compute
    /// these again: `truncate` to the common prefix and continue with the rest.
    pub fn tokens(&self) -> &[TokenId] {
        &self.tokens
    }

    /// How many of these tokens are cached from the start on.
    pub fn common_prefix(&self, tokens: &[TokenId]) -> usize {
        self.tokens.iter().zip(tokens).take_while(|(cached, new)| cached == new).count()
    }

    /// Bytes of caches and scratch buffers on the device.
    pub fn resident_bytes(&self) -> u64 {
        self.buffers.bytes
    }

    /// Submits to the device's queue that the last step of the last generation took, its readback included; 0 on a CPU.
    pub fn step_submits(&self) -> u64 {
        self.step_submits
    }

    /// Dispatches of one step of the last generation, sampling included.
    pub fn step_dispatches(&self) -> usize {
        self.step_dispatches
    }

    /// Computes with these adapters from now on, each with the factor of its update (1 as it was trained), instead of
    /// those before. What is cached was computed without them: the session forgets its positions.
    ///
    /// # Errors
    /// What the device reports; nothing has changed then.
    pub fn set_adapters(&mut self, adapters: Vec<(ResidentAdapter, f32)>) -> Result<(), Error> {
        self.buffers.adapters = Adapters::new(&self.model, adapters, self.chunk)?;
        (self.tail, self.full_chunk, self.full_token) = (None, None, None);
        self.reset();
        Ok(())
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.truncate(0);
    }

    /// Forgets all positions from `position` on. Cutting back further than a sliding window's ring remembers costs a
    /// new prefill of what stays, at the next use.
    pub fn truncate(&mut self, position: usize) {
        if position >= self.tokens.len() {
            return;
        }
        self.tokens.truncate(position);
        let oldest_needed = (position + 1).saturating_sub(self.model.config().window as usize);
        if position == 0 {
            self.stale = false;
            self.written = 0;
        } else if self.buffers.ring.is_some_and(|ring| self.written > oldest_needed + ring) {
            self.stale = true;
        }
    }

    /// Processes tokens without asking for logits.
    ///
    /// # Errors
    /// [`SessionError::Full`], [`SessionError::Token`], or what the device reports; nothing is lost then.
    pub async fn prefill(&mut self, tokens: &[TokenId]) -> Result<(), Error> {
        self.check(tokens)?;
        self.refresh()?;
        self.feed(tokens, Logits::None)
    }

    /// Processes tokens and gives the logits at each of them: `[tokens, vocab]`, row by row.
    ///
    /// # Errors
    /// As [`prefill`](Self::prefill).
    pub async fn logits(&mut self, tokens: &[TokenId]) -> Result<Vec<f32>, Error> {
        self.check(tokens)?;
        self.refresh()?;
        let vocab = self.model.config().vocab as usize;
        // A chunk's logits lie in one buffer.
        let rows = self.model.device().dispatch().max_binding_bytes() / (4 * vocab as u64);
        let mut all = Vec::with_capacity(tokens.len() * vocab);
        for chunk in tokens.chunks(self.chunk.min(usize::try_from(rows).unwrap_or(usize::MAX)).max(1)) {
            all.extend(self.chunk_logits(chunk).await?);
        }
        Ok(all)
    }

    /// Processes one token as decoding does, and gives its logits.
    ///
    /// # Errors
    /// As [`prefill`](Self::prefill).
    pub async fn decode_logits(&mut self, token: TokenId) -> Result<Vec<f32>, Error> {
        self.check(&[token])?;
        self.refresh()?;
        self.decode_one(token)?;
        let buffers = &self.buffers;
        Ok(self.model.device().dispatch().read(&buffers.logits, 0..self.model.config().vocab as usize).await?)
    }

    fn check(&self, tokens: &[TokenId]) -> Result<(), Error> {
        let vocab = self.model.config().vocab;
        if let Some(TokenId(token)) = tokens.iter().find(|token| token.0 >= vocab) {
            return Err(SessionError::Token { token: *token, vocab }.into());
        }
        let position = self.position();
        if position + tokens.len() > self.context {
            return Err(SessionError::Full { position, context: self.context, tokens: tokens.len() }.into());
        }
        Ok(())
    }

    /// Computes the cached prefix again where rings have lost it.
    fn refresh(&mut self) -> Result<(), Error> {
        if self.stale {
            let tokens = std::mem::take(&mut self.tokens);
            self.stale = false;
            self.written = 0;
            self.feed(&tokens, Logits::None)?;
        }
        Ok(())
    }

    /// Runs tokens chunk by chunk; afterwards `buffers.logits` holds the last one's where they were asked for.
    fn feed(&mut self, tokens: &[TokenId], logits: Logits) -> Result<(), Error> {
        let mut rest = tokens;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(self.chunk));
            let wanted = if after.is_empty() { logits } else { Logits::None };
            if chunk.len() == 1 {
                self.decode_one(chunk[0])?;
            } else {
                self.prefill_chunk(chunk, wanted)?;
            }
            rest = after;
        }
        Ok(())
    }

    /// The tokens are cached now.
    fn accept(&mut self, tokens: &[TokenId]) {
        self.tokens.extend_from_slice(tokens);
        self.written = self.written.max(self.tokens.len());
    }

    fn recorder(&self, label: &str) -> Recorder {
        Recorder::new(self.model.device().dispatch(), label)
    }

    /// The state that kernels share: the first position of the next run, and the token to decode.
    fn write_state(&mut self, position: usize, token: TokenId) -> Result<(), Error> {
        let device = self.model.device().dispatch();
        Ok(device.write(&mut self.buffers.state, 0, &[position as u32, token.0])?)
    }

    /// Brings the tokens' rows of the per-layer embedding table to the device, where the table stayed in the source.
    fn fetch_ple_rows(&mut self, tokens: &[TokenId]) -> Result<(), Error> {
        match &mut self.buffers.ple_rows {
            Some(rows) => rows.fetch(&self.model, tokens),
            None => Ok(()),
        }
    }
}
