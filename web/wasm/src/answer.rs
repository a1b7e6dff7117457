//! One answer: the tokens that it goes on from, what was generated so far, and how it ended. It outlives a device, so
//! that another one can go on with it.
use std::cell::RefCell;

use engine::session::{CancelToken, GenerateOptions, Session};
use engine::tokenizer::{Decoder, StopTexts, TokenId};
use engine::{Error, sampling::SamplingOptions};
use futures_util::StreamExt;
use js_sys::{Function, Promise, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::error::WebError;
use crate::options::AnswerOptions;

/// Why an answer ended, in the package's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum StopReason {
    End,
    Length,
    Stop,
    Aborted,
    Context,
}

/// An answer under way.
#[wasm_bindgen]
pub struct Answer {
    state: RefCell<State>,
    cancel: CancelToken,
}

struct State {
    /// The conversation so far.
    prompt: Vec<TokenId>,
    /// What was generated.
    tokens: Vec<TokenId>,
    sampling: SamplingOptions,
    max_tokens: Option<usize>,
    decoder: Decoder,
    stop: StopTexts,
    /// Tokens of the prompt that were cached when it began.
    cached: Option<usize>,
    reason: Option<StopReason>,
}

/// Counts of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    prompt_tokens: usize,
    cached_tokens: usize,
    answer_tokens: usize,
    stop_reason: Option<StopReason>,
}

impl Answer {
    /// One that goes on from `prompt`.
    pub fn new(prompt: Vec<TokenId>, decoder: Decoder, options: AnswerOptions) -> Result<Self, Error> {
        let sampling = options.sampling();
        sampling.check()?;
        let state = State {
            prompt,
            tokens: Vec::new(),
            sampling,
            max_tokens: options.max_tokens,
            decoder,
            stop: StopTexts::new(options.stop),
            cached: None,
            reason: None,
        };
        Ok(Self { state: RefCell::new(state), cancel: CancelToken::default() })
    }

    /// Generates until the answer ends, and hands what can be shown after each token to `show`.
    pub async fn run(&self, session: &mut Session, show: impl Fn(&str)) -> Result<(), Error> {
        let (tokens, options, most) = {
            let mut state = self.state.borrow_mut();
            let tokens: Vec<TokenId> = state.prompt.iter().chain(&state.tokens).copied().collect();
            let max_tokens = state.max_tokens.map(|most| most.saturating_sub(state.tokens.len()));
            // The last token of an answer need not fit: nothing comes after it.
            let room = (session.context() + 1).saturating_sub(tokens.len());
            let options =
                GenerateOptions { sampling: state.sampling, max_tokens, stop: Vec::new(), cancel: self.cancel.clone() };
            // At least one token has to be computed: its logits choose the first token of the answer.
            let kept = session.common_prefix(&tokens).min(tokens.len().saturating_sub(1));
            state.cached.get_or_insert(kept);
            session.truncate(kept);
            (tokens[kept..].to_vec(), options, room)
        };
        let on_cpu = session.model().device().is_cpu();
        let mut given = 0;
        let mut stream = Box::pin(session.generate(&tokens, options));
        while let Some(token) = stream.next().await {
            let token = token?;
            given += 1;
            let (shown, found) = self.state.borrow_mut().push(token);
            show(&shown);
            if found {
                break;
            }
            if on_cpu {
                let_others_run().await;
            }
        }
        let mut state = self.state.borrow_mut();
        let at_limit = state.max_tokens.is_some_and(|most| state.tokens.len() >= most);
        let reason = match () {
            () if state.stop.found() => StopReason::Stop,
            () if self.cancel.is_cancelled() => StopReason::Aborted,
            () if at_limit => StopReason::Length,
            () if given >= most => StopReason::Context,
            () => StopReason::End,
        };
        state.reason = Some(reason);
        let rest = state.decoder.finish();
        let shown = state.stop.push(&rest) + &state.stop.finish();
        show(&shown);
        Ok(())
    }
}

impl State {
    /// Takes a token; gives what can be shown, and whether a text came that ends the answer.
    fn push(&mut self, token: TokenId) -> (String, bool) {
        self.tokens.push(token);
        let piece = self.decoder.push(token);
        (self.stop.push(&piece), self.stop.found())
    }
}

#[wasm_bindgen]
impl Answer {
    /// Ends it after the token that is under way.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Its counts, as JSON.
    pub fn counts(&self) -> Result<String, JsValue> {
        let state = self.state.borrow();
        let counts = Counts {
            prompt_tokens: state.prompt.len(),
            cached_tokens: state.cached.unwrap_or(0),
            answer_tokens: state.tokens.len(),
            stop_reason: state.reason,
        };
        Ok(serde_json::to_string(&counts).map_err(WebError::from)?)
    }
}

/// Waits until the worker has read its messages. A token on the CPU waits for nothing, and nobody could end the answer.
async fn let_others_run() {
    let turn = Promise::new(&mut |resolve, _| {
        // Both the scope of a worker and Node's have it; where neither does, the promise would wait for ever.
        let timer = Reflect::get(&js_sys::global(), &"setTimeout".into()).ok().and_then(|it| it.dyn_into().ok());
        let timer: Option<Function> = timer;
        if timer.is_none_or(|timer| timer.call1(&JsValue::UNDEFINED, &resolve).is_err()) {
            resolve.call0(&JsValue::UNDEFINED).ok();
        }
    });
    JsFuture::from(turn).await.ok();
}

/// Hands pieces of an answer to JavaScript.
pub fn shower(show: &Function) -> impl Fn(&str) {
    move |piece| {
        // Whoever listens sees to their own failures.
        show.call1(&JsValue::UNDEFINED, &piece.into()).ok();
    }
}
