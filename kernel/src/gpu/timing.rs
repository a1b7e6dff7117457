//! How long plans take: by the GPU's own clock, whole plans and every dispatch of a plan; and many runs at once, by
//! whatever clock there is.
use std::time::Duration;

use web_time::Instant;

use super::buffer::GpuBuffer;
use super::device::Gpu;
use super::error::GpuError;
use super::plan::{GpuPlan, StepId};

/// Pairs of timestamps in one query set.
const PAIRS: u32 = wgpu::QUERY_SET_MAX_QUERIES / 2;
/// Runs that warm a GPU up at most at once.
const WARM_UP_RUNS: u32 = 1024;

/// A batch by timestamps takes at least so long: browsers round them to 0.1 ms.
const TIMESTAMPED_BATCH: Duration = Duration::from_millis(5);
/// A batch by the wall clock takes at least so long: submitting it and hearing of its end take up to a millisecond.
const AWAITED_BATCH: Duration = Duration::from_millis(50);
/// The most runs in a batch.
const BATCH_RUNS: u32 = 4096;
/// Batches of which the median is taken, and so many where they take longer than this.
const BATCHES: u32 = 7;
const FEW_BATCHES: u32 = 3;
const PATIENCE: Duration = Duration::from_millis(500);
/// After so much work a GPU that rested has raised its clock.
const BUSY: Duration = Duration::from_millis(100);

/// What a time was measured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// The GPU's timestamps around the work.
    Timestamps,
    /// The wall clock, from the submit until the work was reported done.
    Wall,
}

/// How long one run of a plan takes among many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTime {
    /// The median batch's time, divided by its runs.
    pub time: Duration,
    /// Runs in a batch, one right after the other.
    pub runs: u32,
    /// Batches.
    pub batches: u32,
    /// What they were measured with.
    pub clock: Clock,
}

/// How long one dispatch of a plan took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchTime {
    /// The dispatch.
    pub step: StepId,
    /// Its variant.
    pub key: String,
    /// Its workgroups.
    pub groups: u32,
    /// From the start of its pass to the end.
    pub time: Duration,
}

impl Gpu {
    /// Runs `plan` `repeats` times and returns how long the GPU took for each: from the start of its first compute pass
    /// to the end of its last, copies in between included. A plan without dispatches takes no time.
    ///
    /// Browsers round timestamps to about 0.1 ms: time plans that take longer.
    ///
    /// # Errors
    /// [`GpuError::NoTimestamps`], or what the device reports.
    pub async fn time(&self, plan: &GpuPlan, repeats: u32) -> Result<Vec<Duration>, GpuError> {
        self.time_each(None, plan, repeats).await
    }

    /// As [`time`](Self::time), with a run of `before` ahead of each run, which is not counted. All of it is queued at
    /// once, so that the GPU never rests and keeps the clock it has.
    ///
    /// # Errors
    /// [`GpuError::NoTimestamps`], or what the device reports.
    pub async fn time_after(&self, before: &GpuPlan, plan: &GpuPlan, repeats: u32) -> Result<Vec<Duration>, GpuError> {
        self.time_each(Some(before), plan, repeats).await
    }

    /// Runs `plan` until the GPU has worked for `time`: one that rested runs at a fraction of its clock for a while. A
    /// software adapter has no clock to raise and runs nothing.
    ///
    /// # Errors
    /// [`GpuError::NoTimestamps`], or what the device reports.
    pub async fn warm_up(&self, plan: &GpuPlan, time: Duration) -> Result<(), GpuError> {
        if self.info().is_software {
            return Ok(());
        }
        let (mut worked, mut runs) = (Duration::ZERO, 1);
        while worked < time && runs <= WARM_UP_RUNS {
            worked += self.time(plan, runs).await?.iter().sum::<Duration>();
            runs *= 2;
        }
        Ok(())
    }

    /// Runs `plan` so often without a pause that a coarse clock does, several times over: by the GPU's timestamps where
    /// there are any, else by the wall clock. What a run leaves in caches, the next one finds there.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn time_batches(&self, plan: &GpuPlan) -> Result<BatchTime, GpuError> {
        let (clock, enough) = match self.has_timestamps() {
            true => (Clock::Timestamps, TIMESTAMPED_BATCH),
            false => (Clock::Wall, AWAITED_BATCH),
        };
        // The first run waits for the driver's compiler.
        self.time_batch(plan, 1, clock).await?;
        let (mut runs, mut worked) = (1, Duration::ZERO);
        loop {
            let time = self.time_batch(plan, runs, clock).await?;
            worked += time;
            let is_busy = worked >= BUSY || self.info().is_software;
            if time >= PATIENCE || runs >= BATCH_RUNS || (time >= enough && is_busy) {
                break;
            }
            if time < enough {
                runs = (2 * runs).min(BATCH_RUNS);
            }
        }
        let mut times = Vec::new();
        while times.len() < FEW_BATCHES as usize || (times.len() < BATCHES as usize && times[0] < PATIENCE) {
            times.push(self.time_batch(plan, runs, clock).await?);
        }
        times.sort();
        Ok(BatchTime { time: times[times.len() / 2] / runs, runs, batches: times.len() as u32, clock })
    }

    async fn time_batch(&self, plan: &GpuPlan, runs: u32, clock: Clock) -> Result<Duration, GpuError> {
        if plan.dispatches() == 0 {
            return Ok(Duration::ZERO);
        }
        self.flush(&[plan])?;
        match clock {
            Clock::Timestamps => {
                let timer = Timer::new(self, 1)?;
                self.encoded(plan.label(), |encoder| plan.encode_runs(encoder, runs, Some((&timer.sets[0], 0))))?;
                Ok(timer.durations(self).await?.into_iter().sum())
            }
            Clock::Wall => {
                self.idle().await?;
                let begun = Instant::now();
                self.encoded(plan.label(), |encoder| plan.encode_runs(encoder, runs, None))?;
                self.idle().await?;
                Ok(begun.elapsed())
            }
        }
    }

    async fn time_each(
        &self,
        before: Option<&GpuPlan>,
        plan: &GpuPlan,
        repeats: u32,
    ) -> Result<Vec<Duration>, GpuError> {
        let mut times = Vec::new();
        for start in (0..repeats).step_by(PAIRS as usize) {
            let pairs = PAIRS.min(repeats - start);
            if plan.dispatches() == 0 {
                times.resize(times.len() + pairs as usize, Duration::ZERO);
                continue;
            }
            let timer = Timer::new(self, pairs)?;
            before.map_or(Ok(()), |before| self.flush(&[before]))?;
            self.flush(&[plan])?;
            for pair in 0..pairs {
                self.encoded(plan.label(), |encoder| {
                    before.iter().for_each(|before| before.encode_steps(encoder));
                    plan.encode_between(encoder, Some((&timer.sets[0], 2 * pair)));
                })?;
            }
            times.extend(timer.durations(self).await?);
        }
        Ok(times)
    }
}

impl GpuPlan {
    /// Runs the plan once with a pass for every dispatch, and returns how long each took. Since a pass waits for the one
    /// before it, the sum is more than the plan takes in one piece.
    ///
    /// # Errors
    /// [`GpuError::NoTimestamps`], or what the device reports.
    pub async fn profile(&self) -> Result<Vec<DispatchTime>, GpuError> {
        let gpu = self.gpu();
        let steps = self.active();
        let timer = Timer::new(gpu, steps.len() as u32)?;
        gpu.flush(&[self])?;
        gpu.encoded(self.label(), |encoder| self.encode_one_by_one(encoder, |pass| timer.pass(pass as u32)))?;
        let times = timer.durations(gpu).await?;
        let profile = steps.into_iter().zip(times);
        Ok(profile.map(|((step, key, groups), time)| DispatchTime { step, key, groups, time }).collect())
    }
}

/// Pairs of timestamp queries and where they are resolved to.
struct Timer {
    sets: Vec<wgpu::QuerySet>,
    pairs: u32,
    resolved: GpuBuffer,
}

impl Timer {
    fn new(gpu: &Gpu, pairs: u32) -> Result<Self, GpuError> {
        if !gpu.has_timestamps() {
            return Err(GpuError::NoTimestamps { adapter: gpu.info().to_string() });
        }
        let sets = gpu.guarded("timestamps", 0, || {
            let descriptor = |count| wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * count,
            };
            (0..pairs)
                .step_by(PAIRS as usize)
                .map(|start| gpu.inner.device.create_query_set(&descriptor(PAIRS.min(pairs - start))))
                .collect()
        })?;
        let bytes = u64::from(pairs.max(1)) * 16;
        let usage = wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC;
        let resolved = GpuBuffer::from_raw(gpu.create_raw(bytes, usage, "timestamps")?, "timestamps");
        Ok(Timer { sets, pairs, resolved })
    }

    /// The queries of one pair.
    fn pass(&self, pair: u32) -> wgpu::ComputePassTimestampWrites<'_> {
        let query = pair % PAIRS * 2;
        wgpu::ComputePassTimestampWrites {
            query_set: &self.sets[(pair / PAIRS) as usize],
            beginning_of_pass_write_index: Some(query),
            end_of_pass_write_index: Some(query + 1),
        }
    }

    /// The time between the two timestamps of every pair.
    async fn durations(&self, gpu: &Gpu) -> Result<Vec<Duration>, GpuError> {
        gpu.encoded("timestamps", |encoder| {
            for (start, set) in (0..self.pairs).step_by(PAIRS as usize).zip(&self.sets) {
                let queries = 2 * PAIRS.min(self.pairs - start);
                encoder.resolve_query_set(set, 0..queries, self.resolved.raw(), u64::from(start) * 16);
            }
        })?;
        let bytes = gpu.read(&self.resolved, 0..u64::from(self.pairs) * 16).await?;
        let nanoseconds = f64::from(gpu.inner.queue.get_timestamp_period());
        let words = bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned::<u64>);
        let ticks: Vec<u64> = words.collect();
        // Clocks of some GPUs are reset between passes: a pair that runs backwards counts as no time.
        let time = |pair: &[u64]| Duration::from_nanos((pair[1].saturating_sub(pair[0]) as f64 * nanoseconds) as u64);
        Ok(ticks.chunks_exact(2).map(time).collect())
    }
}
