//! A run of training, step by step: its caller decides when the next one is taken, and when it is enough.
use std::cell::RefCell;

use engine::chat::{ChatOptions, Message, Thinking};
use engine::dataset::{Dataset, DatasetError, Encoder, Example, Holdout, Long, Order, ReadOptions, Step, split};
use engine::lora::Adapter;
use engine::model::Model;
use engine::session::{KvType, ResidentAdapter};
use engine::training::schedule::{Schedule, Warmup};
use engine::training::{Activations, AdamW, Batch, OptimizerOptions, Trainer, TrainerOptions};
use engine::{Error, dataset};
use js_sys::Uint8Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::adapter;
use crate::answer::Answer;
use crate::error::WebError;
use crate::model::{Engine, session_options};
use crate::options::{AnswerOptions, TrainingOptions};

/// What the errors of a dataset call it.
const NAME: &str = "the dataset";

/// Tokens that go through the model at once, at most; more examples of a step go one after the other.
const ROWS: usize = 2048;

/// Tokens of a sample answer at most.
const SAMPLE_TOKENS: usize = 96;

/// A run.
#[wasm_bindgen]
pub struct Training {
    model: Model,
    context: usize,
    /// Away while a call works with it.
    run: RefCell<Option<Run>>,
    steps: u64,
}

struct Run {
    trainer: Trainer,
    schedule: Schedule,
    examples: Vec<Example>,
    planned: std::vec::IntoIter<Step>,
    validation: Vec<Batch>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepPart {
    step: u32,
    loss: f64,
    rate: f64,
    gradient_norm: f32,
    tokens: usize,
    device_bytes: u64,
}

#[derive(Serialize)]
struct ValidationPart {
    step: u32,
    loss: f64,
    accuracy: f64,
}

impl Training {
    fn new(engine: &Engine, lines: &str, options: &str, init: Option<Adapter>) -> Result<Self, WebError> {
        let options: TrainingOptions = serde_json::from_str(options)?;
        let model = engine.model().clone();
        let all = read(&model, lines, options.max_length.unwrap_or(engine.context()))?;
        let (examples, held_back) = match options.validation {
            0.0 => (all, Vec::new()),
            share => split(all, Holdout::Fraction(share), options.seed.into()).map_err(Error::from)?,
        };
        let order = order(&examples, &held_back, &options, model.config().context as usize)?;
        order.check(&examples).map_err(Error::from)?;
        let of_epoch = |epoch| order.epoch(&examples, epoch).len() as u64;
        let steps = options.steps.unwrap_or_else(|| (0..options.epochs).map(of_epoch).sum());
        let warmup = Warmup::Ratio(options.warmup);
        let schedule =
            Schedule::new(options.learning_rate, options.schedule.into(), warmup, steps).map_err(Error::from)?;
        let planned: Vec<Step> = order.steps(&examples).take(steps as usize).map(|(_, step)| step).collect();
        let in_order = Order { seed: None, accumulate: 1, ..order };
        let validation =
            in_order.epoch(&held_back, 0).iter().map(|step| pack(&held_back, step)).collect::<Result<Vec<_>, _>>()?;
        let validation: Vec<Batch> = validation.into_iter().flatten().collect();
        let of_training = planned.iter().flatten().map(|batch| batch.iter().map(|row| row.tokens).sum());
        let max_rows = of_training.chain(validation.iter().map(Batch::rows)).max().unwrap_or(1);
        let mut adapter = match init {
            Some(adapter) => adapter,
            None => Adapter::new(model.config(), options.lora()).map_err(Error::from)?,
        };
        adapter.base = adapter.base.or_else(|| model.name().map(str::to_owned));
        let trainer = Trainer::new(
            &model,
            adapter,
            TrainerOptions {
                max_rows,
                activations: Activations::Fit,
                memory: options.memory_bytes.map(|bytes| bytes as u64),
                optimizer: OptimizerOptions {
                    adamw: AdamW { decay: options.weight_decay, ..OptimizerOptions::default().adamw },
                    max_norm: options.max_norm()?,
                },
                seed: options.seed,
            },
        )?;
        let run = Run { trainer, schedule, examples, planned: planned.into_iter(), validation };
        Ok(Self { model, context: engine.context(), run: RefCell::new(Some(run)), steps })
    }

    /// Does something with the run, which no other call can meanwhile.
    async fn with<T>(&self, work: impl AsyncFnOnce(&mut Run) -> Result<T, WebError>) -> Result<T, WebError> {
        let mut run = self.run.take().ok_or(WebError::Busy)?;
        let outcome = work(&mut run).await;
        self.run.replace(Some(run));
        outcome
    }

    async fn answer(&self, run: &Run, question: &str) -> Result<String, WebError> {
        let adapter = run.trainer.adapter().await?;
        let mut session = self.model.session(session_options(&self.model, self.context, KvType::default()))?;
        session.set_adapters(vec![(ResidentAdapter::new(&self.model, &adapter)?, 1.0)])?;
        let tokenizer = self.model.tokenizer();
        let template = self.model.chat_template();
        let prompt = template.encode(tokenizer, &[Message::user(question)], &ChatOptions::default())?;
        let answer = Answer::new(prompt, tokenizer.decoder(), AnswerOptions::greedy(SAMPLE_TOKENS))?;
        let text = RefCell::new(String::new());
        answer.run(&mut session, |piece| text.borrow_mut().push_str(piece)).await?;
        Ok(text.into_inner())
    }
}

#[wasm_bindgen]
impl Training {
    /// Plans a run over lines of JSON. `config` and `weights` are an adapter to start from, as for `loadAdapter`.
    pub fn begin(
        engine: &Engine,
        lines: &str,
        options: &str,
        config: Option<Vec<u8>>,
        weights: Option<Vec<u8>>,
    ) -> Result<Training, JsValue> {
        let init = match weights {
            Some(weights) => Some(adapter::read(engine.model().config(), config.as_deref(), &weights)?),
            None => None,
        };
        Ok(Self::new(engine, lines, options, init)?)
    }

    /// Steps in all.
    pub fn steps(&self) -> f64 {
        self.steps as f64
    }

    /// Takes the next step; its report as JSON.
    pub async fn step(&self) -> Result<String, JsValue> {
        let resident = self.model.resident_bytes();
        let part = self.with(async |run: &mut Run| {
            let step = run.planned.next().ok_or(WebError::Over)?;
            let batches = pack(&run.examples, &step)?;
            let rate = run.schedule.rate(u64::from(run.trainer.steps()) + 1);
            let report = run.trainer.step(&batches, rate).await?;
            let part = StepPart {
                step: report.step,
                loss: report.loss,
                rate,
                gradient_norm: report.gradient_norm,
                tokens: report.tokens,
                device_bytes: run.trainer.resident_bytes() + resident,
            };
            Ok(serde_json::to_string(&part)?)
        });
        Ok(part.await?)
    }

    /// The loss of what was held back, as JSON; `undefined` where nothing was.
    pub async fn validate(&self) -> Result<Option<String>, JsValue> {
        let part = self.with(async |run: &mut Run| {
            if run.validation.is_empty() {
                return Ok(None);
            }
            let found = run.trainer.evaluate(&run.validation).await?;
            let part = ValidationPart { step: run.trainer.steps(), loss: found.loss(), accuracy: found.accuracy() };
            Ok(Some(serde_json::to_string(&part)?))
        });
        Ok(part.await?)
    }

    /// What the model answers by now.
    pub async fn sample(&self, question: String) -> Result<String, JsValue> {
        Ok(self.with(async |run: &mut Run| self.answer(run, &question).await).await?)
    }

    /// The gradients of the first step, before clipping, as safetensors under PEFT's names.
    pub async fn gradients(&self) -> Result<Uint8Array, JsValue> {
        let config = self.model.config();
        let weights = self.with(async |run: &mut Run| {
            let step = run.planned.next().ok_or(WebError::Over)?;
            run.trainer.accumulate(&pack(&run.examples, &step)?).await?;
            let mut gradients = run.trainer.adapter().await?;
            gradients.set_parameters(run.trainer.gradients().await?).map_err(Error::from)?;
            Ok(gradients.to_peft(config).map_err(Error::from)?.weights)
        });
        Ok(Uint8Array::from(weights.await?.as_slice()))
    }

    /// The adapter as it is: PEFT's two files, the configuration and the tensors.
    pub async fn adapter(&self) -> Result<AdapterFiles, JsValue> {
        let config = self.model.config();
        let files =
            self.with(async |run: &mut Run| Ok(run.trainer.adapter().await?.to_peft(config).map_err(Error::from)?));
        let files = files.await?;
        Ok(AdapterFiles { config: files.config, weights: files.weights })
    }
}

/// PEFT's two files.
#[wasm_bindgen(getter_with_clone)]
pub struct AdapterFiles {
    /// `adapter_config.json`.
    pub config: String,
    /// `adapter_model.safetensors`.
    pub weights: Vec<u8>,
}

fn read(model: &Model, lines: &str, max_tokens: usize) -> Result<Vec<Example>, WebError> {
    let encoder = Encoder { tokenizer: model.tokenizer(), template: model.chat_template() };
    let options = ReadOptions { max_tokens, long: Long::Refuse, thinking: Thinking::Off };
    Ok(Dataset::read(NAME, lines.as_bytes(), encoder, options).map_err(Error::from)?.examples)
}

/// One example a row. As many of a step's go through the model at once as its context and [`ROWS`] have room for.
fn order(
    examples: &[Example],
    held_back: &[Example],
    options: &TrainingOptions,
    context: usize,
) -> Result<Order, WebError> {
    if options.batch == 0 {
        let (option, rule) = ("the batch size", "it must be at least 1");
        return Err(Error::from(DatasetError::Option { option, value: options.batch, rule }).into());
    }
    let longest = examples.iter().chain(held_back).map(|example| example.ids.len()).max().unwrap_or(1).max(1);
    let room = (context.min(ROWS) / longest).max(1);
    let together = (1..=options.batch.min(room)).rev().find(|rows| options.batch.is_multiple_of(*rows)).unwrap_or(1);
    Ok(Order {
        seed: Some(options.seed.into()),
        row_tokens: longest,
        pack: false,
        batch_rows: together,
        accumulate: options.batch / together,
    })
}

/// The batches of a step.
fn pack(examples: &[Example], step: &Step) -> Result<Vec<Batch>, WebError> {
    let of = |batch: &dataset::Batch| {
        let indices = batch.iter().flat_map(|row| &row.examples);
        Batch::pack(indices.map(|index| &examples[*index])).map_err(Error::from)
    };
    Ok(step.iter().map(of).collect::<Result<_, _>>()?)
}
