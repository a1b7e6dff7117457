//! A model on the browser's device, with the one conversation that it is having.
use std::cell::{Cell, RefCell};
use std::sync::Arc;

use engine::chat::{ChatOptions, Message};
use engine::device::{Device, DeviceChoice};
use engine::kernels::TABLE;
use engine::model::{LoadOptions, Model, Progress};
use engine::session::{KvType, Session, SessionOptions};
use engine::tokenizer::TokenId;
use js_sys::Function;
use kernel::gpu::{AdapterSelection, Gpu};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::answer::{Answer, shower};
use crate::error::WebError;
use crate::options::{AnswerOptions, OpenOptions, Processor};
use crate::reader::{Reader, ReaderSource};

/// A model, and its conversation.
#[wasm_bindgen]
pub struct Engine {
    model: Model,
    context: usize,
    kv: KvType,
    /// Away while a call works with it.
    session: RefCell<Option<Session>>,
    pub(crate) adapter_bytes: Cell<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    name: Option<String>,
    layers: usize,
    width: u32,
    vocabulary: u32,
    context: usize,
    resident_bytes: u64,
    reads_per_layer_rows: bool,
}

impl Engine {
    pub(crate) fn model(&self) -> &Model {
        &self.model
    }

    pub(crate) fn context(&self) -> usize {
        self.context
    }

    /// Does something with the conversation, which no other call can meanwhile.
    pub(crate) async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, WebError>,
    ) -> Result<T, WebError> {
        let mut session = self.session.take().ok_or(WebError::Busy)?;
        let outcome = work(&mut session).await;
        self.session.replace(Some(session));
        outcome
    }

    async fn load(reader: Reader, options: &str, progress: &Function) -> Result<Self, WebError> {
        let options: OpenOptions = serde_json::from_str(options)?;
        let device = match options.device {
            Processor::Gpu => Device::from_gpu(Gpu::request(&AdapterSelection::Default, TABLE, options.gpu()).await?),
            Processor::Cpu => Device::open(&DeviceChoice::Cpu).await?,
        };
        let mut report = |now: Progress| {
            let (done, total) = (now.done_bytes as f64, now.total_bytes as f64);
            progress.call2(&JsValue::UNDEFINED, &done.into(), &total.into()).ok();
        };
        let load = LoadOptions { progress: Some(&mut report), ..LoadOptions::new(device) };
        let model = Model::load(Arc::new(ReaderSource::new(reader)), load).await?;
        let limit = model.config().context as usize;
        let context = options.context.unwrap_or(limit.min(OpenOptions::CONTEXT));
        let kv = options.cache.into();
        let session = model.session(session_options(&model, context, kv))?;
        model.device().dispatch().settle_uploads().await.map_err(engine::Error::from)?;
        Ok(Self { model, context, kv, session: RefCell::new(Some(session)), adapter_bytes: Cell::new(0) })
    }

    async fn logits_of(&self, ids: &[u32]) -> Result<Vec<f32>, WebError> {
        let tokens: Vec<TokenId> = ids.iter().copied().map(TokenId).collect();
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let options = SessionOptions { context: Some(tokens.len()), kv: self.kv, ..SessionOptions::default() };
        Ok(self.model.session(options)?.logits(&tokens).await?)
    }
}

/// A conversation of so many positions. A CPU that plays a GPU takes longer to compile the kernels of a whole chunk than
/// to process a prompt token by token, with the kernels that an answer needs anyway.
pub fn session_options(model: &Model, context: usize, kv: KvType) -> SessionOptions {
    let compiles = model.device().is_software() && !model.device().is_cpu();
    SessionOptions { context: Some(context), chunk: compiles.then_some(1), kv }
}

#[wasm_bindgen]
impl Engine {
    /// Opens a device and loads the model that `reader` holds; `progress` is called with bytes done and bytes in all.
    pub async fn open(reader: Reader, options: String, progress: Function) -> Result<Engine, JsValue> {
        Ok(Self::load(reader, &options, &progress).await?)
    }

    /// What the model is, as JSON.
    pub fn info(&self) -> Result<String, JsValue> {
        let config = self.model.config();
        let info = Info {
            name: self.model.name().map(str::to_owned),
            layers: config.layers.len(),
            width: config.hidden,
            vocabulary: config.vocab,
            context: self.context,
            resident_bytes: self.model.resident_bytes(),
            reads_per_layer_rows: self.model.reads_ple_rows(),
        };
        Ok(serde_json::to_string(&info).map_err(WebError::from)?)
    }

    /// Bytes on the device: weights, caches, scratch and adapter.
    #[wasm_bindgen(js_name = deviceBytes)]
    pub fn device_bytes(&self) -> f64 {
        let session = self.session.borrow().as_ref().map_or(0, Session::resident_bytes);
        (self.model.resident_bytes() + session + self.adapter_bytes.get()) as f64
    }

    /// An answer to a conversation: messages as a JSON array, options as JSON.
    pub fn chat(&self, messages: &str, options: &str) -> Result<Answer, JsValue> {
        let messages: Vec<Message> = serde_json::from_str(messages).map_err(WebError::from)?;
        let tokenizer = self.model.tokenizer();
        let encoded = self.model.chat_template().encode(tokenizer, &messages, &ChatOptions::default());
        self.answer(encoded.map_err(WebError::from)?, options)
    }

    /// What comes after a text, which may have control tokens in it.
    pub fn generate(&self, prompt: &str, options: &str) -> Result<Answer, JsValue> {
        let tokenizer = self.model.tokenizer();
        let mut tokens: Vec<TokenId> = tokenizer.bos().into_iter().collect();
        tokens.extend(tokenizer.encode_with_special(prompt));
        self.answer(tokens, options)
    }

    /// Goes on with an answer until it ends; `show` gets what can be shown after each token.
    pub async fn run(&self, answer: &Answer, show: Function) -> Result<(), JsValue> {
        let run = async |session: &mut Session| Ok(answer.run(session, shower(&show)).await?);
        Ok(self.with(run).await?)
    }

    /// Text to token ids; control tokens in it stay text.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        self.model.tokenizer().encode_text(text).into_iter().map(|token| token.0).collect()
    }

    /// Token ids to text, without control tokens.
    pub fn detokenize(&self, ids: &[u32]) -> String {
        let tokens: Vec<TokenId> = ids.iter().copied().map(TokenId).collect();
        self.model.tokenizer().decode(&tokens)
    }

    /// The conversation's cache, to go on with it later.
    #[wasm_bindgen(js_name = saveState)]
    pub async fn save_state(&self) -> Result<js_sys::Uint8Array, JsValue> {
        let state = self.with(async |session: &mut Session| Ok(session.save().await?)).await?;
        Ok(js_sys::Uint8Array::from(state.as_slice()))
    }

    /// Goes on from a cache that was saved.
    #[wasm_bindgen(js_name = restoreState)]
    pub async fn restore_state(&self, state: Vec<u8>) -> Result<(), JsValue> {
        Ok(self.with(async |session: &mut Session| Ok(session.restore(&state)?)).await?)
    }

    /// The logits at each of these tokens, `[ids, vocabulary]`, in a conversation of their own.
    pub async fn logits(&self, ids: Vec<u32>) -> Result<Vec<f32>, JsValue> {
        Ok(self.logits_of(&ids).await?)
    }
}

impl Engine {
    fn answer(&self, prompt: Vec<TokenId>, options: &str) -> Result<Answer, JsValue> {
        let options: AnswerOptions = serde_json::from_str(options).map_err(WebError::from)?;
        let decoder = self.model.tokenizer().decoder();
        Ok(Answer::new(prompt, decoder, options).map_err(WebError::from)?)
    }
}
