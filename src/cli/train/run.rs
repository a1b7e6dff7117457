//! A run from its first step to its last: steps, validation, checkpoints, and what is shown meanwhile.

use std::time::{Duration, Instant};

use engine::chat::{ChatOptions, Message};
use engine::dataset::{Order, fingerprint};
use engine::lora::Adapter;
use engine::model::Model;
use engine::sampling::SamplingOptions;
use engine::session::{ResidentAdapter, SessionOptions};
use engine::training::checkpoint::{Checkpoint, Identity};
use engine::training::metrics::{MetricsLog, Record};
use engine::training::schedule::Schedule;
use engine::training::{Batch, OptimizerState, Trainer, TrainerOptions};
use indicatif::{ProgressBar, ProgressStyle};

use super::TrainArgs;
use super::examples::{Examples, in_order, pack};
use super::folder::Folder;
use crate::cli::answer::{Request, answer};
use crate::cli::error::CliError;
use crate::cli::interrupt::Interrupt;
use crate::cli::open::open_to_train;
use crate::cli::text;

/// Tokens of a sample answer at most.
const SAMPLE_TOKENS: usize = 96;

/// A run under way.
struct Run<'a> {
    args: &'a TrainArgs,
    model: Model,
    name: String,
    folder: Folder,
    examples: Examples,
    validation: Vec<Batch>,
    trainer: Trainer,
    identity: Identity,
    log: MetricsLog,
    records: Vec<Record>,
}

/// Runs the command.
pub fn run(args: &TrainArgs) -> Result<(), CliError> {
    let optimizer = args.optimizer.options()?;
    let opened = open_to_train(args.model.as_deref(), &args.device)?;
    eprintln!("{}", opened.introduction());
    let (model, config) = (opened.model.clone(), opened.model.config());
    let examples = Examples::read(&model, args)?;
    examples.notes.iter().for_each(|note| eprintln!("{note}"));

    let order = order(args);
    order.check(&examples.train).map_err(engine::Error::from)?;
    let steps = match args.batches.steps {
        Some(steps) => steps,
        None => (0..args.batches.epochs).map(|epoch| order.epoch(&examples.train, epoch).len() as u64).sum(),
    };
    let schedule = Schedule::new(args.optimizer.lr, args.optimizer.schedule.into(), args.optimizer.warmup(), steps)
        .map_err(engine::Error::from)?;
    let validation = in_order(&examples.validation, order.row_tokens)?;
    let planned = order.steps(&examples.train).take(steps as usize);
    let of_training = planned.flat_map(|(_, step)| step).map(|batch| batch.iter().map(|row| row.tokens).sum());
    let max_rows = of_training.chain(validation.iter().map(Batch::rows)).max().unwrap_or(1);

    let mut adapter = match &args.adapter.init {
        Some(path) => Adapter::open(path, config)?,
        None => Adapter::new(config, args.adapter.options(args.seed)).map_err(engine::Error::from)?,
    };
    adapter.base = Some(opened.name.clone());
    let identity = identity(args, &model, &adapter, &examples)?;
    let folder = Folder::create(&args.out)?;
    let resumed = match args.resume {
        true => Some(
            Checkpoint::read(&folder.checkpoint(), &identity, adapter.layout().len()).map_err(engine::Error::from)?,
        ),
        false => None,
    };
    if let Some(checkpoint) = &resumed {
        adapter.set_parameters(checkpoint.parameters.clone()).map_err(engine::Error::from)?;
    }
    let options = TrainerOptions {
        max_rows,
        activations: args.activations(),
        memory: args.memory.map(|mib| mib << 20),
        optimizer,
        seed: args.seed as u32,
    };
    let mut trainer = Trainer::new(&model, adapter, options)?;
    let (log, records) = match resumed {
        None if args.dump_grads.is_some() => return dump_gradients(args, &model, &mut trainer, &examples, order),
        None => (MetricsLog::create(&folder.metrics()).map_err(engine::Error::from)?, Vec::new()),
        Some(Checkpoint { step, m, v, .. }) => {
            trainer.restore(&OptimizerState { step: step as u32, first_moment: m, second_moment: v })?;
            MetricsLog::resume(&folder.metrics(), step).map_err(engine::Error::from)?
        }
    };
    let name = opened.name;
    let mut run = Run { args, model, name, folder, examples, validation, trainer, identity, log, records };
    run.introduce(steps);
    run.steps(order, schedule)
}

fn order(args: &TrainArgs) -> Order {
    Order {
        seed: Some(args.seed),
        row_tokens: args.batches.sequence_length as usize,
        pack: !args.batches.no_packing,
        batch_rows: args.batches.batch as usize,
        accumulate: args.batches.accumulate as usize,
    }
}

/// What a checkpoint must have in common with the run that goes on from it.
fn identity(args: &TrainArgs, model: &Model, adapter: &Adapter, examples: &Examples) -> Result<Identity, CliError> {
    let batches = &args.batches;
    let identity = Identity::default()
        .with("model", format!("{:016x}", model.fingerprint()?))
        .with("examples", format!("{:016x}", fingerprint(&examples.train)))
        .with("adapter", format!("{:?}", adapter.options()))
        .with("optimizer", format!("{:?}", args.optimizer))
        .with("length of rows", batches.sequence_length)
        .with("packing", !batches.no_packing)
        .with("batch", batches.batch)
        .with("accumulation", batches.accumulate)
        .with("epochs", batches.epochs)
        .with("steps", format!("{:?}", batches.steps))
        .with("seed", args.seed);
    Ok(identity)
}

/// The first step's gradients under PEFT's names.
fn dump_gradients(
    args: &TrainArgs,
    model: &Model,
    trainer: &mut Trainer,
    examples: &Examples,
    order: Order,
) -> Result<(), CliError> {
    let Some(path) = &args.dump_grads else { return Ok(()) };
    let Some((_, step)) = order.steps(&examples.train).next() else { return Ok(()) };
    let batches = pack(&examples.train, &step)?;
    let loss = pollster::block_on(trainer.accumulate(&batches))?.loss();
    let mut gradients = pollster::block_on(trainer.adapter())?;
    gradients.set_parameters(pollster::block_on(trainer.gradients())?).map_err(engine::Error::from)?;
    let files = gradients.to_peft(model.config()).map_err(engine::Error::from)?;
    std::fs::write(path, files.weights).map_err(|source| CliError::Write { path: path.clone(), source })?;
    eprintln!("loss {loss:.6}; gradients of the first step in {}", path.display());
    Ok(())
}

impl Run<'_> {
    fn introduce(&self, steps: u64) {
        let (layout, trainer) = (self.trainer.layout(), &self.trainer);
        let memory = text::bytes(trainer.resident_bytes() + self.model.resident_bytes());
        let again = match trainer.recomputed_layers() {
            0 => String::new(),
            layers => format!("; {layers} layers compute their activations again"),
        };
        eprintln!(
            "train   {} parameters in {} matrices, {} examples, {steps} steps\nmemory  {memory} in all{again}",
            layout.trainable(),
            layout.sites().len(),
            self.examples.train.len(),
        );
        if trainer.steps() > 0 {
            eprintln!("resumed after step {}", trainer.steps());
        }
    }

    fn steps(&mut self, order: Order, schedule: Schedule) -> Result<(), CliError> {
        let interrupt = Interrupt::install()?;
        let steps = schedule.steps();
        let done = u64::from(self.trainer.steps());
        let bar = ProgressBar::new(steps).with_style(bar_style()).with_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_secs(1));
        let mut stop = interrupt.watch();
        let planned = order.steps(&self.examples.train).take(steps as usize).skip(done as usize);
        for (_, step) in planned.collect::<Vec<_>>() {
            let begun = Instant::now();
            let batches = pack(&self.examples.train, &step)?;
            let number = u64::from(self.trainer.steps()) + 1;
            let rate = schedule.rate(number);
            let report = pollster::block_on(self.trainer.step(&batches, rate))?;
            let validated = number.is_multiple_of(self.args.validation.validate_every) || number == steps;
            let validation_loss = if validated { self.validate(&bar, &interrupt)? } else { None };
            if validated && !stop.is_cancelled() {
                // A sample answer watched for Ctrl-C itself.
                stop = interrupt.watch();
            }
            let record = Record {
                step: number,
                loss: report.loss,
                rate,
                gradient_norm: f64::from(report.gradient_norm),
                tokens_per_second: report.tokens as f64 / begun.elapsed().as_secs_f64(),
                memory_bytes: self.trainer.resident_bytes() + self.model.resident_bytes(),
                validation_loss,
            };
            self.log.append(&record).map_err(engine::Error::from)?;
            bar.set_message(shown(&record));
            bar.inc(1);
            self.records.push(record);
            let stopped = stop.is_cancelled() && number < steps;
            if stopped || number == steps || number.is_multiple_of(self.args.checkpoint_every) {
                self.save()?;
            }
            if stopped {
                bar.abandon();
                eprintln!("stopped after step {number}; the same command with --resume goes on from there");
                return Ok(());
            }
        }
        interrupt.done();
        bar.finish();
        self.save()?;
        eprintln!("adapter, metrics.jsonl and loss.svg are in {}", self.args.out.display());
        Ok(())
    }

    /// The loss of what was held back, and an answer of the model as it is now.
    fn validate(&mut self, bar: &ProgressBar, interrupt: &Interrupt) -> Result<Option<f64>, CliError> {
        if let Some(question) = &self.args.validation.sample {
            let answer = self.sample(question, interrupt)?;
            bar.suspend(|| eprintln!("step {}> {}", self.trainer.steps(), answer.trim()));
        }
        if self.validation.is_empty() {
            return Ok(None);
        }
        let evaluation = pollster::block_on(self.trainer.evaluate(&self.validation))?;
        let (step, loss) = (self.trainer.steps(), evaluation.loss());
        bar.suspend(|| eprintln!("step {step}: validation loss {loss:.4}, perplexity {:.3}", evaluation.perplexity()));
        Ok(Some(loss))
    }

    fn sample(&self, question: &str, interrupt: &Interrupt) -> Result<String, CliError> {
        let adapter = pollster::block_on(self.trainer.adapter())?;
        let mut session =
            self.model.session(SessionOptions { context: Some(self.sample_context()), ..Default::default() })?;
        session.set_adapters(vec![(ResidentAdapter::new(&self.model, &adapter)?, 1.0)])?;
        let tokenizer = self.model.tokenizer();
        let prompt =
            self.model.chat_template().encode(tokenizer, &[Message::user(question)], &ChatOptions::default())?;
        let request = Request { sampling: SamplingOptions::GREEDY, max_tokens: SAMPLE_TOKENS };
        Ok(answer(&mut session, tokenizer, &prompt, &request, interrupt, &mut |_| Ok(()))?.text)
    }

    fn sample_context(&self) -> usize {
        (self.model.config().context as usize).min(2048)
    }

    /// Everything that the run has so far: the checkpoint last, so that it never promises more than is there.
    fn save(&mut self) -> Result<(), CliError> {
        let adapter = pollster::block_on(self.trainer.adapter())?;
        self.folder.write_adapter(&adapter, self.model.config(), &self.name)?;
        self.folder.write_chart(&format!("{}: loss", self.name), &self.records)?;
        let state = pollster::block_on(self.trainer.optimizer_state())?;
        let checkpoint = Checkpoint {
            step: u64::from(state.step),
            parameters: adapter.parameters().to_vec(),
            m: state.first_moment,
            v: state.second_moment,
            identity: self.identity.clone(),
        };
        Ok(checkpoint.write(&self.folder.checkpoint()).map_err(engine::Error::from)?)
    }
}

fn shown(record: &Record) -> String {
    let memory = text::bytes(record.memory_bytes);
    let Record { loss, rate, tokens_per_second, .. } = record;
    format!("loss {loss:.4}  rate {rate:.2e}  {tokens_per_second:.0} tokens/s  {memory}")
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("{pos}/{len} {bar:24} {msg}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
