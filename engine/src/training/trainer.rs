//! The trainer: batches of examples go forward through the quantised model, the loss comes back through it, and AdamW
//! moves the adapter's factors. The model's own weights stay as they are.

#[cfg(test)]
mod finite_differences;

use kernel::dispatch::Recorder;

use crate::error::Error;
use crate::lora::{Adapter, Layout};
use crate::model::Model;
use crate::session::KernelTime;
use crate::session::ops::matmul::MatrixScratch;
use crate::tokenizer::TokenId;

use super::adapter::{Adapted, Dropout};
use super::buffers::{Buffers, Capacity, VOCABULARY_PIECE};
use super::forward::{Pass, Purpose};
use super::loss::Wanted;
use super::ops::{Into, Ops};
use super::{Batch, OptimizerOptions, TrainingError, optimizer};

/// Layers of a pass that go to the device together: recording the first ones is all that it waits for.
const LAYERS_A_PIECE: usize = 4;

/// Whether layers keep their activations for the way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activations {
    /// As many layers as the memory allows keep them; all where no limit is set.
    #[default]
    Fit,
    /// Every layer computes them again: the least memory, about a third more time.
    Recompute,
}

/// How a trainer is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainerOptions {
    /// Tokens of a batch at most; each example in it may be as long as the model's context.
    pub max_rows: usize,
    /// Whether layers keep their activations.
    pub activations: Activations,
    /// Bytes on the device at most, the model's included; `None` for no limit.
    pub memory: Option<u64>,
    /// How parameters follow their gradients.
    pub optimizer: OptimizerOptions,
    /// Where the pattern of dropped inputs comes from.
    pub seed: u32,
}

impl Default for TrainerOptions {
    fn default() -> Self {
        Self {
            max_rows: 512,
            activations: Activations::Fit,
            memory: None,
            optimizer: OptimizerOptions::default(),
            seed: 0,
        }
    }
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// The 1-based step.
    pub step: u32,
    /// Mean loss over the learned positions, before the step, in nats.
    pub loss: f64,
    /// The gradients' norm before clipping.
    pub gradient_norm: f32,
    /// Tokens that went through the model.
    pub tokens: usize,
    /// Positions from which something was learned.
    pub learned: usize,
}

/// The loss over some batches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Sum of the losses of all learned positions, in nats.
    pub total: f64,
    /// Learned positions whose token no other was likelier than.
    pub hits: usize,
    /// Learned positions.
    pub learned: usize,
    /// Examples of which something was learned.
    pub examples: usize,
    /// Examples of which every learned token was one that no other was likelier than: what greedy decoding would write.
    pub exact: usize,
}

impl Evaluation {
    /// Mean loss in nats; 0 where nothing was learned.
    pub fn loss(&self) -> f64 {
        if self.learned == 0 { 0.0 } else { self.total / self.learned as f64 }
    }

    /// Share of the learned positions whose token no other was likelier than.
    pub fn accuracy(&self) -> f64 {
        if self.learned == 0 { 0.0 } else { self.hits as f64 / self.learned as f64 }
    }

    /// `e^loss`.
    pub fn perplexity(&self) -> f64 {
        self.loss().exp()
    }
}

/// What the optimiser remembers, one value a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// Steps taken.
    pub step: u32,
    /// AdamW's first moments.
    pub first_moment: Vec<f32>,
    /// AdamW's second moments.
    pub second_moment: Vec<f32>,
}

/// Teaches an adapter of a model.
pub struct Trainer {
    model: Model,
    adapter: Adapter,
    options: TrainerOptions,
    buffers: Buffers,
    step: u32,
}

impl Trainer {
    /// Takes an adapter of the model to the device, with room for batches of `options.max_rows` tokens.
    ///
    /// # Errors
    /// [`TrainingError::Empty`], [`TrainingError::Memory`] before anything is allocated, or what the device reports.
    pub fn new(model: &Model, adapter: Adapter, options: TrainerOptions) -> Result<Self, Error> {
        if options.max_rows == 0 {
            return Err(TrainingError::Empty.into());
        }
        let capacity = fit(model, adapter.layout(), adapter.options().dropout > 0.0, &options)?;
        let mut buffers = Buffers::new(model, adapter.layout(), capacity)?;
        if let Some(halves) = &model.inner.weights.head().halves {
            scratch(model, capacity.rows).reserve(halves)?;
        }
        let device = model.device().dispatch();
        device.write(&mut buffers.parameters, 0, adapter.parameters())?;
        Ok(Self { model: model.clone(), adapter, options, buffers, step: 0 })
    }

    /// Bytes that training takes on the device beside the model.
    pub fn resident_bytes(&self) -> u64 {
        self.buffers.bytes + scratch(&self.model, self.options.max_rows).bytes()
    }

    /// Layers whose activations are computed again on the way back.
    pub fn recomputed_layers(&self) -> usize {
        self.buffers.recomputed
    }

    /// Where the adapter's factors lie in the vectors of parameters and gradients.
    pub fn layout(&self) -> &Layout {
        self.adapter.layout()
    }

    /// Steps taken.
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// The mean loss of all batches' learned positions and its gradient, which stays on the device: see
    /// [`gradients`](Self::gradients). Batches go one after the other; their gradients add up.
    ///
    /// # Errors
    /// Batches that cannot be, by what is wrong with them; what the device reports.
    pub async fn accumulate(&mut self, batches: &[Batch]) -> Result<Evaluation, Error> {
        let learned: usize = batches.iter().map(Batch::learned).sum();
        if learned == 0 {
            return Err(TrainingError::Unlabelled { rows: batches.iter().map(Batch::rows).sum() }.into());
        }
        let mut sum = Evaluation::default();
        let mut into = Into::Replace;
        for (index, batch) in batches.iter().enumerate().filter(|(_, batch)| batch.learned() > 0) {
            self.write(batch, 1.0 / learned as f32)?;
            let dropout = self.dropout(index);
            self.run(batch, Wanted::Gradient, into, dropout)?;
            self.add_losses(batch, learned as f64, &mut sum).await?;
            into = Into::Add;
        }
        Ok(sum)
    }

    /// One step: the gradient of the batches' mean loss, clipped, and AdamW's update with learning rate `lr`.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate); [`TrainingError::Diverged`] where the loss is no number, before anything is
    /// changed.
    pub async fn step(&mut self, batches: &[Batch], lr: f64) -> Result<StepReport, Error> {
        let evaluation = self.accumulate(batches).await?;
        let (loss, step) = (evaluation.loss(), self.step + 1);
        if !loss.is_finite() {
            return Err(TrainingError::Diverged { loss, step }.into());
        }
        let device = self.model.device().clone();
        let mut recorder = Recorder::new(device.dispatch(), "optimizer");
        let len = self.adapter.layout().len();
        let options = self.options.optimizer;
        optimizer::record(&mut recorder, device.choices(), &mut self.buffers, len, &options, (step, lr))?;
        recorder.run()?;
        self.step = step;
        let clip = device.dispatch().read(&self.buffers.clip, 0..2).await?;
        let tokens = batches.iter().map(Batch::rows).sum();
        Ok(StepReport { step, loss, gradient_norm: clip[1], tokens, learned: evaluation.learned })
    }

    /// The loss of batches, without learning from them.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate).
    pub async fn evaluate(&mut self, batches: &[Batch]) -> Result<Evaluation, Error> {
        let mut sum = Evaluation::default();
        for batch in batches.iter().filter(|batch| batch.learned() > 0) {
            self.write(batch, 1.0)?;
            self.run(batch, Wanted::Loss, Into::Replace, None)?;
            self.add_losses(batch, 1.0, &mut sum).await?;
        }
        Ok(sum)
    }

    /// The gradients of the last [`accumulate`](Self::accumulate) or [`step`](Self::step), before clipping, in the order of
    /// the adapter's layout.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn gradients(&self) -> Result<Vec<f32>, Error> {
        let len = self.adapter.layout().len();
        Ok(self.model.device().dispatch().read(&self.buffers.gradients, 0..len).await?)
    }

    /// The adapter as it is now.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn adapter(&self) -> Result<Adapter, Error> {
        let len = self.adapter.layout().len();
        let parameters = self.model.device().dispatch().read(&self.buffers.parameters, 0..len).await?;
        let mut adapter = self.adapter.clone();
        adapter.set_parameters(parameters)?;
        Ok(adapter)
    }

    /// What the optimiser remembers.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn optimizer_state(&self) -> Result<OptimizerState, Error> {
        let (device, len) = (self.model.device().dispatch(), self.adapter.layout().len());
        Ok(OptimizerState {
            step: self.step,
            first_moment: device.read(&self.buffers.first_moment, 0..len).await?,
            second_moment: device.read(&self.buffers.second_moment, 0..len).await?,
        })
    }

    /// Goes on from where an optimiser was.
    ///
    /// # Errors
    /// [`TrainingError::State`] where it is of another adapter.
    pub fn restore(&mut self, state: &OptimizerState) -> Result<(), Error> {
        let expected = self.adapter.layout().len();
        for moment in [&state.first_moment, &state.second_moment] {
            if moment.len() != expected {
                return Err(TrainingError::State { found: moment.len(), expected }.into());
            }
        }
        let device = self.model.device().dispatch();
        device.write(&mut self.buffers.first_moment, 0, &state.first_moment)?;
        device.write(&mut self.buffers.second_moment, 0, &state.second_moment)?;
        self.step = state.step;
        Ok(())
    }

    /// Times every dispatch of a pass over a batch and back, the optimiser's aside. The gradients are then this batch's.
    ///
    /// # Errors
    /// As [`accumulate`](Self::accumulate); a CPU gives no times.
    pub async fn profile(&mut self, batch: &Batch) -> Result<Vec<KernelTime>, Error> {
        self.write(batch, 1.0 / batch.learned().max(1) as f32)?;
        let dropout = self.dropout(0);
        let mut plans = Vec::new();
        self.record(batch, Wanted::Gradient, Into::Replace, dropout, |piece| {
            plans.push(piece.finish()?);
            Ok(())
        })?;
        crate::session::kernel_times(&plans).await
    }

    /// The pattern of this step's `index`-th batch, where inputs drop out.
    fn dropout(&self, index: usize) -> Option<Dropout> {
        let probability = self.adapter.options().dropout;
        let (seed, step, batch) = (self.options.seed, self.step, index as u16);
        (probability > 0.0).then_some(Dropout { probability, seed, step, batch })
    }

    /// Brings a batch to the device.
    fn write(&mut self, batch: &Batch, weight: f32) -> Result<(), Error> {
        let (rows, limit, vocab) = (batch.rows(), self.options.max_rows, self.model.config().vocab);
        if rows > limit {
            return Err(TrainingError::Rows { rows, limit }.into());
        }
        let context = self.model.config().context as usize;
        if let Some(tokens) = batch.examples().map(|example| example.len()).find(|tokens| *tokens > context) {
            return Err(TrainingError::Context { tokens, context }.into());
        }
        if let Some(TokenId(token)) = batch.ids.iter().chain(&batch.targets).find(|token| token.0 >= vocab) {
            return Err(TrainingError::Token { token: *token, vocab }.into());
        }
        let numbers = |tokens: &[TokenId]| -> Vec<u32> { tokens.iter().map(|token| token.0).collect() };
        let mut learned_of = vec![u32::MAX; rows];
        for (number, row) in batch.learned.iter().enumerate() {
            learned_of[*row as usize] = number as u32;
        }
        let device = self.model.device().dispatch();
        let b = &mut self.buffers;
        device.write(&mut b.ids, 0, &numbers(&batch.ids))?;
        device.write(&mut b.segments, 0, &batch.segments)?;
        device.write(&mut b.learned, 0, &batch.learned)?;
        device.write(&mut b.targets, 0, &numbers(&batch.targets))?;
        device.write(&mut b.learned_of, 0, &learned_of)?;
        device.write(&mut b.weights, 0, &vec![weight; batch.learned()])?;
        if let Some(ple_rows) = &mut b.ple_rows {
            ple_rows.fetch(&self.model, &batch.ids)?;
        }
        Ok(())
    }

    /// Runs one pass over the batch that was written, piece by piece: a GPU computes one while the next is recorded.
    fn run(&mut self, batch: &Batch, wanted: Wanted, into: Into, dropout: Option<Dropout>) -> Result<(), Error> {
        self.record(batch, wanted, into, dropout, |piece| Ok(piece.run()?))
    }

    /// Gives one pass over the batch that was written to `sink`, in pieces of a few layers.
    fn record(
        &mut self,
        batch: &Batch,
        wanted: Wanted,
        into: Into,
        dropout: Option<Dropout>,
        mut sink: impl FnMut(Recorder) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let model = self.model.clone();
        let layers = model.config().layers.len();
        let layout = self.adapter.layout();
        let first = layout.sites().iter().map(|site| site.layer).min().unwrap_or(0);
        let piece = || Recorder::new(model.device().dispatch(), "training");
        let mut recorder = piece();
        let adapted = Adapted {
            layout,
            parameters: self.buffers.parameters.view(),
            gradients: self.buffers.gradients.view(),
            into,
            dropout,
        };
        let mut pass = Pass { ops: Ops::new(&model, &mut recorder, batch.rows()), adapted, buffers: &mut self.buffers };
        let mut end = |pass: &mut Pass<'_>| sink(std::mem::replace(pass.ops.recorder, piece()));
        pass.embed()?;
        for index in 0..layers {
            pass.forward(index, Purpose::Forward)?;
            if (index + 1).is_multiple_of(LAYERS_A_PIECE) {
                end(&mut pass)?;
            }
        }
        pass.loss(batch.learned(), wanted)?;
        end(&mut pass)?;
        if wanted == Wanted::Loss {
            return Ok(());
        }
        pass.begin_backward()?;
        for index in (first..layers).rev() {
            pass.backward(index, index == first)?;
            if index.is_multiple_of(LAYERS_A_PIECE) || index == first {
                end(&mut pass)?;
            }
        }
        Ok(())
    }

    /// Adds what the last pass found; its losses have been divided by `divisor`.
    async fn add_losses(&self, batch: &Batch, divisor: f64, sum: &mut Evaluation) -> Result<(), Error> {
        let device = self.model.device().dispatch();
        let losses = device.read(&self.buffers.loss.losses, 0..batch.learned()).await?;
        sum.total += losses.iter().map(|loss| f64::from(loss.x)).sum::<f64>() * divisor;
        sum.hits += losses.iter().filter(|loss| loss.y > 0.0).count();
        sum.learned += batch.learned();
        // Rows of an example lie side by side.
        let rows: Vec<(u32, bool)> =
            batch.segments_of_learned().zip(&losses).map(|(at, loss)| (at, loss.y > 0.0)).collect();
        for example in rows.chunk_by(|one, next| one.0 == next.0) {
            sum.examples += 1;
            sum.exact += usize::from(example.iter().all(|(_, hit)| *hit));
        }
        Ok(())
    }
}

/// What products on matrix units take beside the model, for batches of up to `rows` tokens; nothing where they stay in f32.
fn scratch(model: &Model, rows: usize) -> MatrixScratch {
    let weights = &model.inner.weights;
    let whole = weights.projections().map(|tensor| (tensor, u32::MAX));
    let on_matrix_units =
        whole.chain([(weights.head(), VOCABULARY_PIECE)]).filter(|(tensor, _)| tensor.halves.is_some());
    let shapes =
        on_matrix_units.flat_map(|(tensor, most)| tensor.parts.iter().map(move |part| (part.rows.min(most), tensor.k)));
    MatrixScratch::of(shapes, rows as u32)
}

/// The capacity that fits into the memory allowed.
fn fit(model: &Model, layout: &Layout, dropout: bool, options: &TrainerOptions) -> Result<Capacity, Error> {
    let layers = model.config().layers.len();
    let with = |recomputed: usize| Capacity { rows: options.max_rows, recomputed, dropout };
    let total = |capacity: Capacity| {
        let beside = scratch(model, capacity.rows).bytes() + model.resident_bytes();
        Ok::<u64, Error>(Buffers::bytes(model, layout, capacity)? + beside)
    };
    let Some(budget) = options.memory else {
        return Ok(with(if options.activations == Activations::Recompute { layers } else { 0 }));
    };
    let least = total(with(layers))?;
    if least > budget {
        let half = Capacity { rows: options.max_rows.div_ceil(2), ..with(layers) };
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let options = format!(
            "the model alone takes {} MiB; batches of {} tokens would bring it to {} MiB, a lower rank saves up to {} MiB",
            mib(model.resident_bytes()),
            half.rows,
            mib(total(half)?),
            mib(16 * layout.len() as u64),
        );
        return Err(TrainingError::Memory { needed: mib(least), budget: mib(budget), options }.into());
    }
    if options.activations == Activations::Recompute {
        return Ok(with(layers));
    }
    for recomputed in 0..layers {
        if total(with(recomputed))? <= budget {
            return Ok(with(recomputed));
        }
    }
    Ok(with(layers))
}
