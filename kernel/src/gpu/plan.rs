//! Plans: dispatches and copies recorded once, with pipelines, bind groups and params resolved, and run many times.
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::buffer::{CheckedCopy, GpuBuffer};
use super::device::Gpu;
use super::error::{GpuError, lock};
use super::pipeline::Pipeline;
use crate::contract::Bound;
use crate::variant::{Access, VariantDesc};

/// Bytes that every uniform block starts with: the number of workgroups, the grid's width, and two words of zero. From
/// them the kernel's guard knows its place in a folded grid: `linear = workgroup_id.y * width + workgroup_id.x`, nothing
/// to do from `groups` on.
pub const HEADER_BYTES: usize = 16;

/// Folds a row of workgroups into two dimensions of at most `max_per_dimension`, with as few idle groups as one row of
/// the grid has. No groups are a grid of (0, 0).
///
/// # Errors
/// [`GpuError::TooManyGroups`] where they do not fit, or where the last index would not fit a `u32`.
pub fn fold(groups: u32, max_per_dimension: u32) -> Result<(u32, u32), GpuError> {
    if groups == 0 {
        return Ok((0, 0));
    }
    let error = GpuError::TooManyGroups { groups, limit: max_per_dimension };
    if max_per_dimension == 0 {
        return Err(error);
    }
    let y = groups.div_ceil(max_per_dimension);
    let x = groups.div_ceil(y);
    if y > max_per_dimension || x.checked_mul(y).is_none() {
        return Err(error);
    }
    Ok((x, y))
}

/// A dispatch of a plan, in the order of recording; copies are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub usize);

/// A dispatch whose workgroups and params are in [`Slots`].
#[derive(Debug)]
struct Recorded {
    pipeline: Arc<Pipeline>,
    contract: Option<Bound>,
    buffers: Vec<GpuBuffer>,
}

/// What goes into one compute pass, and what separates passes.
#[derive(Debug)]
enum Segment {
    Dispatches(Range<usize>),
    Copy(CheckedCopy),
}

/// What may change between runs: every dispatch's uniform block and grid.
#[derive(Debug, Default)]
struct Slots {
    /// All uniform blocks, each at its slot.
    block: Vec<u8>,
    /// Bytes of `block` that the GPU does not have yet.
    dirty: Option<Range<usize>>,
    places: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    offset: usize,
    groups: u32,
    grid: (u32, u32),
}

impl Slots {
    /// Appends a slot for a uniform block of `bytes` bytes.
    fn push(&mut self, bytes: usize, alignment: usize) {
        let offset = self.block.len().next_multiple_of(alignment);
        self.block.resize(offset + bytes, 0);
        self.places.push(Slot { offset, groups: 0, grid: (0, 0) });
    }

    fn slot(&self, step: StepId) -> Result<Slot, GpuError> {
        let unknown = GpuError::UnknownStep { step: step.0, steps: self.places.len() };
        self.places.get(step.0).copied().ok_or(unknown)
    }

    fn set_groups(&mut self, step: StepId, groups: u32, limit: u32) -> Result<(), GpuError> {
        let slot = self.slot(step)?;
        let grid = fold(groups, limit)?;
        self.places[step.0] = Slot { groups, grid, ..slot };
        self.put(slot.offset, bytemuck::cast_slice(&[groups, grid.0, 0, 0]));
        Ok(())
    }

    fn set_params(&mut self, step: StepId, params: &[u8]) -> Result<(), GpuError> {
        let slot = self.slot(step)?;
        self.put(slot.offset + HEADER_BYTES, params);
        Ok(())
    }

    /// Puts `bytes` at `offset`, and remembers them for the next upload if they are news.
    fn put(&mut self, offset: usize, bytes: &[u8]) {
        let range = offset..offset + bytes.len();
        if self.block[range.clone()] == *bytes {
            return;
        }
        self.block[range.clone()].copy_from_slice(bytes);
        self.dirty = Some(match self.dirty.take() {
            Some(dirty) => dirty.start.min(range.start)..dirty.end.max(range.end),
            None => range,
        });
    }
}

/// Records a plan. Nothing reaches the GPU before [`finish`](Self::finish).
#[derive(Debug)]
pub struct PlanBuilder {
    gpu: Gpu,
    label: String,
    dispatches: Vec<Recorded>,
    segments: Vec<Segment>,
    slots: Slots,
}

impl PlanBuilder {
    /// An empty plan; `label` names it in graphics debuggers.
    pub fn new(gpu: &Gpu, label: &str) -> Self {
        PlanBuilder {
            gpu: gpu.clone(),
            label: label.to_owned(),
            dispatches: Vec::new(),
            segments: Vec::new(),
            slots: Slots::default(),
        }
    }

    /// Records a dispatch of `groups` workgroups. `params` are the bytes of the kernel's params struct, which belong to
    /// this dispatch alone; `buffers` are its storage bindings in order. No groups do nothing, until
    /// [`GpuPlan::set_groups`] says otherwise.
    ///
    /// # Errors
    /// Those of [`Gpu::prepare`]; [`GpuError::BufferCount`], [`GpuError::ParamsSize`], [`GpuError::Aliased`],
    /// [`GpuError::TooManyGroups`]. The plan is then as it was before.
    pub fn record(
        &mut self,
        desc: &VariantDesc,
        params: &[u8],
        buffers: &[&GpuBuffer],
        groups: u32,
    ) -> Result<StepId, GpuError> {
        self.push(self.gpu.pipeline(desc)?, params, buffers, groups, None)
    }

    /// Records a dispatch whose params say how many workgroups it has, under its kernel's contract: only so may a kernel
    /// run without the checks that the contract makes superfluous.
    ///
    /// # Errors
    /// As [`record`](Self::record), and [`GpuError::Contract`].
    pub(crate) fn record_bound(
        &mut self,
        params: &[u8],
        buffers: &[&GpuBuffer],
        contract: Bound,
    ) -> Result<StepId, GpuError> {
        let pipeline = self.gpu.pipeline_under(contract.requirements(), buffers)?;
        pipeline.check_params(params)?;
        let groups = contract.groups(params)?;
        self.push(pipeline, params, buffers, groups, Some(contract))
    }

    fn push(
        &mut self,
        pipeline: Arc<Pipeline>,
        params: &[u8],
        buffers: &[&GpuBuffer],
        groups: u32,
        contract: Option<Bound>,
    ) -> Result<StepId, GpuError> {
        pipeline.check_params(params)?;
        check_buffers(&pipeline, buffers)?;
        let limits = self.gpu.limits();
        fold(groups, limits.max_compute_workgroups_per_dimension)?;

        let step = StepId(self.dispatches.len());
        let alignment = limits.min_uniform_buffer_offset_alignment.max(16) as usize;
        self.slots.push(pipeline.layout.uniform_bytes as usize, alignment);
        self.slots.set_groups(step, groups, limits.max_compute_workgroups_per_dimension)?;
        self.slots.set_params(step, params)?;
        let buffers = buffers.iter().map(|buffer| (*buffer).clone()).collect();
        self.dispatches.push(Recorded { pipeline, contract, buffers });
        match self.segments.last_mut() {
            Some(Segment::Dispatches(range)) => range.end += 1,
            _ => self.segments.push(Segment::Dispatches(step.0..step.0 + 1)),
        }
        Ok(step)
    }

    /// Records a copy of `bytes` bytes between two buffers; it ends the compute pass before it.
    ///
    /// # Errors
    /// As [`Gpu::copy`].
    pub fn record_copy(
        &mut self,
        source: &GpuBuffer,
        source_offset: u64,
        target: &GpuBuffer,
        target_offset: u64,
        bytes: u64,
    ) -> Result<(), GpuError> {
        let copy = CheckedCopy::new(source, source_offset, target, target_offset, bytes)?;
        self.segments.extend(copy.map(Segment::Copy));
        Ok(())
    }

    /// Makes the uniform buffer and the bind groups, and uploads all params.
    ///
    /// # Errors
    /// [`GpuError::BufferTooLarge`] for the uniform buffer, [`GpuError::OutOfMemory`], or what wgpu finds.
    pub fn finish(mut self) -> Result<GpuPlan, GpuError> {
        let size = self.slots.block.len().max(HEADER_BYTES) as u64;
        let max = self.gpu.limits().max_buffer_size.min(u64::from(u32::MAX));
        if size > max {
            return Err(GpuError::BufferTooLarge {
                label: format!("uniforms of plan {}", self.label),
                bytes: size,
                max_buffer_size: max,
                max_storage_buffer_binding_size: self.gpu.limits().max_storage_buffer_binding_size,
            });
        }
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let uniforms = self.gpu.create_raw(size, usage, &self.label)?;
        self.slots.dirty = (!self.slots.block.is_empty()).then_some(0..self.slots.block.len());
        let dispatches = bind(&self.gpu, &self.label, self.dispatches, &uniforms)?;
        let plan = GpuPlan {
            gpu: self.gpu,
            label: self.label,
            dispatches,
            segments: self.segments,
            uniforms,
            slots: Mutex::new(self.slots),
        };
        plan.flush()?;
        Ok(plan)
    }
}

/// Checks the number of buffers, and that no buffer is written at one binding and used at another.
fn check_buffers(pipeline: &Pipeline, buffers: &[&GpuBuffer]) -> Result<(), GpuError> {
    let bindings = pipeline.layout.bindings;
    if buffers.len() != bindings.len() {
        return Err(GpuError::BufferCount {
            key: pipeline.key.clone(),
            expected: bindings.len(),
            given: buffers.len(),
        });
    }
    for (second, buffer) in buffers.iter().enumerate() {
        let earlier = buffers[..second].iter().position(|other| other.raw() == buffer.raw());
        if let Some(first) = earlier
            && (bindings[first] == Access::ReadWrite || bindings[second] == Access::ReadWrite)
        {
            return Err(GpuError::Aliased {
                key: pipeline.key.clone(),
                label: buffer.label().to_owned(),
                first: first + 1,
                second: second + 1,
            });
        }
    }
    Ok(())
}

/// A dispatch that is ready to encode.
#[derive(Debug)]
struct Dispatch {
    pipeline: Arc<Pipeline>,
    contract: Option<Bound>,
    bind_group: wgpu::BindGroup,
}

/// Gives every dispatch its bind group; dispatches with the same layout and the same buffers share one, since params
/// differ by their dynamic offset alone.
fn bind(gpu: &Gpu, label: &str, recorded: Vec<Recorded>, uniforms: &wgpu::Buffer) -> Result<Vec<Dispatch>, GpuError> {
    gpu.guarded(label, 0, || {
        // wgpu's handles hash and compare by identity, whatever state they share.
        #[allow(clippy::mutable_key_type)]
        let mut groups: HashMap<(wgpu::BindGroupLayout, Vec<wgpu::Buffer>), wgpu::BindGroup> = HashMap::new();
        let bound = recorded.into_iter().map(|Recorded { pipeline, contract, buffers }| {
            let layout = &pipeline.layout;
            let raw = buffers.iter().map(|buffer| buffer.raw().clone()).collect();
            let bind_group = match groups.entry((layout.bind_group.clone(), raw)) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => {
                    let block = wgpu::BufferBinding {
                        buffer: uniforms,
                        offset: 0,
                        size: NonZeroU64::new(u64::from(layout.uniform_bytes)),
                    };
                    let storage = buffers.iter().map(|buffer| buffer.raw().as_entire_binding());
                    let entries: Vec<_> = std::iter::once(wgpu::BindingResource::Buffer(block))
                        .chain(storage)
                        .enumerate()
                        .map(|(binding, resource)| wgpu::BindGroupEntry { binding: binding as u32, resource })
                        .collect();
                    let descriptor = wgpu::BindGroupDescriptor {
                        label: Some(&pipeline.key),
                        layout: &layout.bind_group,
                        entries: &entries,
                    };
                    new.insert(gpu.inner.device.create_bind_group(&descriptor)).clone()
                }
            };
            Dispatch { pipeline, contract, bind_group }
        });
        bound.collect()
    })
}

/// A recorded plan, ready to run. Buffers that it uses stay alive with it.
#[derive(Debug)]
pub struct GpuPlan {
    gpu: Gpu,
    label: String,
    dispatches: Vec<Dispatch>,
    segments: Vec<Segment>,
    uniforms: wgpu::Buffer,
    slots: Mutex<Slots>,
}

impl GpuPlan {
    /// The GPU that runs the plan.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The plan's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Dispatches that a run issues: those with at least one workgroup.
    pub fn dispatches(&self) -> usize {
        lock(&self.slots).places.iter().filter(|slot| slot.groups > 0).count()
    }

    /// Changes the params of a dispatch for all runs submitted from now on. Where the dispatch was recorded with its
    /// kernel's contract, the params say how many workgroups it has.
    ///
    /// # Errors
    /// [`GpuError::UnknownStep`], [`GpuError::ParamsSize`], [`GpuError::Contract`]; the params are then as before.
    pub fn set_params(&self, step: StepId, params: &[u8]) -> Result<(), GpuError> {
        let mut slots = lock(&self.slots);
        slots.slot(step)?;
        let Dispatch { pipeline, contract, .. } = &self.dispatches[step.0];
        pipeline.check_params(params)?;
        if let Some(contract) = contract {
            let groups = contract.groups(params)?;
            slots.set_groups(step, groups, self.gpu.limits().max_compute_workgroups_per_dimension)?;
        }
        slots.set_params(step, params)
    }

    /// Changes the workgroups of a dispatch for all runs submitted from now on; none of them skip it.
    ///
    /// # Errors
    /// [`GpuError::UnknownStep`], [`GpuError::TooManyGroups`]; [`GpuError::Contract`] for more than the params ask for.
    pub fn set_groups(&self, step: StepId, groups: u32) -> Result<(), GpuError> {
        let limit = self.gpu.limits().max_compute_workgroups_per_dimension;
        let mut slots = lock(&self.slots);
        let slot = slots.slot(step)?;
        let Dispatch { pipeline, contract, .. } = &self.dispatches[step.0];
        if let Some(contract) = contract {
            let start = slot.offset + HEADER_BYTES;
            let end = slot.offset + pipeline.layout.uniform_bytes as usize;
            contract.check_groups(slots.block.get(start..end).unwrap_or_default(), groups)?;
        }
        slots.set_groups(step, groups, limit)
    }

    /// Adds the plan to `encoder`: one compute pass for each run of consecutive dispatches. Params reach the GPU before
    /// the next submit, so two encodings in one submit see the same params.
    ///
    /// # Errors
    /// What the device reports.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) -> Result<(), GpuError> {
        self.flush()?;
        self.encode_steps(encoder);
        Ok(())
    }

    /// Sends params that changed since the last run, in one write.
    fn flush(&self) -> Result<(), GpuError> {
        let mut slots = lock(&self.slots);
        let Some(dirty) = slots.dirty.take() else { return Ok(()) };
        // Slots are multiples of 16 long, params need not be: transfers move whole words.
        let words = dirty.start / 4 * 4..dirty.end.next_multiple_of(4);
        self.gpu.guarded(&self.label, 0, || {
            self.gpu.inner.queue.write_buffer(&self.uniforms, words.start as u64, &slots.block[words]);
        })
    }

    /// Encodes the plan with the params that the GPU has.
    pub(super) fn encode_steps(&self, encoder: &mut wgpu::CommandEncoder) {
        self.encode_between(encoder, None);
    }

    /// Encodes the plan and, where asked, has the start of its first pass and the end of its last one written to the
    /// queries `first` and `first + 1`.
    pub(super) fn encode_between(&self, encoder: &mut wgpu::CommandEncoder, queries: Option<(&wgpu::QuerySet, u32)>) {
        self.encode_runs(encoder, 1, queries);
    }

    /// As [`encode_between`](Self::encode_between), so many runs of the plan; those of a plan without copies take one pass.
    pub(super) fn encode_runs(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        runs: u32,
        queries: Option<(&wgpu::QuerySet, u32)>,
    ) {
        let slots = lock(&self.slots);
        let is_pass = |segment: &Segment| matches!(segment, Segment::Dispatches(_));
        let first = self.segments.iter().position(is_pass);
        let last = self.segments.iter().rposition(is_pass);
        let (rounds, times) = if self.segments.len() == 1 { (1, runs) } else { (runs, 1) };
        for (round, (index, segment)) in
            (0..rounds).flat_map(|round| self.segments.iter().enumerate().map(move |one| (round, one)))
        {
            match segment {
                Segment::Copy(copy) => copy.encode(encoder),
                Segment::Dispatches(range) => {
                    let timestamp_writes = queries.and_then(|(query_set, query)| {
                        let begin = (round == 0 && Some(index) == first).then_some(query);
                        let end = (round + 1 == rounds && Some(index) == last).then_some(query + 1);
                        (begin.is_some() || end.is_some()).then_some(wgpu::ComputePassTimestampWrites {
                            query_set,
                            beginning_of_pass_write_index: begin,
                            end_of_pass_write_index: end,
                        })
                    });
                    self.encode_pass(encoder, &slots.places, range.clone(), times, timestamp_writes);
                }
            }
        }
    }

    /// Encodes the plan with a pass for every dispatch that has workgroups; `timestamps` says for the n-th of them where
    /// its start and end are written.
    pub(super) fn encode_one_by_one<'a>(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        mut timestamps: impl FnMut(usize) -> wgpu::ComputePassTimestampWrites<'a>,
    ) {
        let slots = lock(&self.slots);
        let mut passes = 0;
        for segment in &self.segments {
            match segment {
                Segment::Copy(copy) => copy.encode(encoder),
                Segment::Dispatches(range) => {
                    for step in range.clone().filter(|step| slots.places[*step].groups > 0) {
                        self.encode_pass(encoder, &slots.places, step..step + 1, 1, Some(timestamps(passes)));
                        passes += 1;
                    }
                }
            }
        }
    }

    /// Step, variant and workgroups of every dispatch that has workgroups.
    pub(super) fn active(&self) -> Vec<(StepId, String, u32)> {
        let slots = lock(&self.slots);
        let steps = self.dispatches.iter().zip(&slots.places).enumerate();
        steps
            .filter(|(_, (_, slot))| slot.groups > 0)
            .map(|(step, (dispatch, slot))| (StepId(step), dispatch.pipeline.key.clone(), slot.groups))
            .collect()
    }

    fn encode_pass(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        places: &[Slot],
        range: Range<usize>,
        times: u32,
        timestamp_writes: Option<wgpu::ComputePassTimestampWrites<'_>>,
    ) {
        let descriptor = wgpu::ComputePassDescriptor { label: Some(&self.label), timestamp_writes };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        let mut current = None;
        let dispatches = self.dispatches[range.clone()].iter().zip(&places[range]);
        for (dispatch, slot) in (0..times).flat_map(|_| dispatches.clone()).filter(|(_, slot)| slot.groups > 0) {
            if current != Some(&dispatch.pipeline.raw) {
                pass.set_pipeline(&dispatch.pipeline.raw);
                current = Some(&dispatch.pipeline.raw);
            }
            // `finish` has checked that every offset fits.
            pass.set_bind_group(0, &dispatch.bind_group, &[slot.offset as u32]);
            pass.dispatch_workgroups(slot.grid.0, slot.grid.1, 1);
        }
    }
}

impl Gpu {
    /// Runs a plan.
    ///
    /// # Errors
    /// What the device reports.
    pub fn submit(&self, plan: &GpuPlan) -> Result<(), GpuError> {
        self.run(&[plan])
    }

    /// Runs plans one after the other, in one submit. A plan that occurs twice runs with the same params.
    ///
    /// # Errors
    /// What the device reports.
    pub fn run(&self, plans: &[&GpuPlan]) -> Result<(), GpuError> {
        self.flush(plans)?;
        self.encoded("plans", |encoder| plans.iter().for_each(|plan| plan.encode_steps(encoder))).map(drop)
    }

    /// Sends all params of `plans` that changed.
    pub(super) fn flush(&self, plans: &[&GpuPlan]) -> Result<(), GpuError> {
        plans.iter().try_for_each(|plan| plan.flush())
    }
}
