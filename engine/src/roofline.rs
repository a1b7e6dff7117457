//! What each kernel variant costs at E2B's shapes, and how near it comes to what the device can do (Williams, Waterman
//! and Patterson, "Roofline", 2009). Needs the feature `tuning`.

use std::time::Duration;

use kernel::cost::Cost;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{DispatchError, Launched};
use kernel::gpu::BatchTime;
use kernel::trial::Trial;
use kernel::tuning::{lacks, median};
use kernel::variant::WgslVariant;
use kernels_src::cases::{NamedCase, Scale, all};

use crate::ceilings::{Sweep, arithmetic};
use crate::device::Device;
use crate::error::Error;
use crate::kernels::TABLE;

/// What a device can do at most, as measured on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ceilings {
    /// Bytes that it reads from memory in a second.
    pub bandwidth: f64,
    /// `f32` operations in a second.
    pub arithmetic: f64,
}

/// What holds a kernel back if nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bytes.
    Memory,
    /// Operations.
    Arithmetic,
}

/// A variant's typical dispatch, and its card's formulas worked out for it.
#[derive(Clone, Debug)]
pub struct Costed {
    /// The variant.
    pub variant: &'static WgslVariant,
    /// The whole numbers among its params, by name.
    pub shape: Vec<(&'static str, u32)>,
    /// Its workgroups.
    pub groups: u32,
    /// What the formulas give; `None` where that depends on data.
    pub work: Option<Work>,
}

/// What a dispatch does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// What its invocations do together.
    pub cost: Cost,
    /// Bytes that have to come from memory and go there, however good the caches are.
    pub traffic: f64,
}

/// A dispatch that was timed.
#[derive(Clone, Debug)]
pub struct Timed {
    /// The dispatch.
    pub costed: Costed,
    /// Median time.
    pub time: Duration,
    /// How it was measured, where that was in batches.
    pub batch: Option<BatchTime>,
}

/// What became of a variant.
#[derive(Debug)]
pub enum Outcome {
    /// It was timed.
    Timed(Timed),
    /// The device cannot run it: why.
    Lacks(String),
}

impl Work {
    /// Operations on each byte of the traffic.
    pub fn intensity(&self) -> f64 {
        self.cost.operations / self.traffic
    }

    /// The time under the roof, seconds, and which side of the ridge that is.
    pub fn at_the_roof(&self, ceilings: Ceilings) -> (f64, Bound) {
        let (memory, arithmetic) = (self.traffic / ceilings.bandwidth, self.cost.operations / ceilings.arithmetic);
        if memory >= arithmetic { (memory, Bound::Memory) } else { (arithmetic, Bound::Arithmetic) }
    }
}

impl Timed {
    /// Bytes of the traffic in a second; `None` where they depend on data.
    pub fn bandwidth(&self) -> Option<f64> {
        Some(self.costed.work?.traffic / self.seconds())
    }

    /// Operations in a second.
    pub fn arithmetic(&self) -> Option<f64> {
        Some(self.costed.work?.cost.operations / self.seconds())
    }

    /// How much of what the device can do for such work it does; 1 is the roof.
    pub fn share_of_the_roof(&self, ceilings: Ceilings) -> Option<f64> {
        Some(self.costed.work?.at_the_roof(ceilings).0 / self.seconds())
    }

    fn seconds(&self) -> f64 {
        self.time.as_secs_f64().max(1e-9)
    }
}

/// Works out the cards of the variants whose name contains `wanted`, without a GPU.
///
/// # Errors
/// What describing a dispatch meets.
pub fn costs(wanted: &str) -> Result<Vec<Costed>, Error> {
    let cpu = kernel::dispatch::Device::Cpu(CpuOptions::default());
    let work_out = |(case, variant): (NamedCase, &'static WgslVariant)| {
        let trial = described(&case, &cpu)?;
        let cost = match trial.launched() {
            [launched] => launched.cost(&cpu, variant, SUBGROUP)?,
            _ => None,
        };
        Ok(costed(&trial, variant, cost))
    };
    cases(wanted).map(work_out).collect()
}

/// Invocations in a subgroup where no GPU says.
const SUBGROUP: u32 = 32;

/// Measures a device's ceilings and the kernels beside them.
pub struct Roofline {
    device: Device,
    sweep: Sweep,
    ceilings: Ceilings,
}

impl Roofline {
    /// Measures the ceilings.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn new(device: &Device) -> Result<Self, Error> {
        let sweep = Sweep::new(device)?;
        let ceilings = Ceilings { bandwidth: sweep.bandwidth().await?, arithmetic: arithmetic(device).await? };
        Ok(Self { device: device.clone(), sweep, ceilings })
    }

    /// What the device can do.
    pub fn ceilings(&self) -> Ceilings {
        self.ceilings
    }

    /// Times a variant's dispatch; its buffers are in no cache when it begins.
    ///
    /// # Errors
    /// A GPU without timestamps; what the device and the kernel report.
    pub async fn time(&self, case: &NamedCase, variant: &'static WgslVariant) -> Result<Outcome, Error> {
        match self.timed(case, variant).await {
            Ok(timed) => Ok(Outcome::Timed(timed)),
            Err(Error::Device(error)) => Ok(Outcome::Lacks(lacks(error)?.to_string())),
            Err(other) => Err(other),
        }
    }

    async fn timed(&self, case: &NamedCase, variant: &'static WgslVariant) -> Result<Timed, Error> {
        let trial = described(case, self.device.dispatch())?;
        let costed = costed_on(&self.device, &trial, variant).await?;
        let time = median(&trial.plan()?, Some(self.sweep.plan())).await?;
        Ok(Timed { costed, time, batch: None })
    }
}

/// Times a variant's dispatch, many in a row: what one leaves in caches the next one finds there. That suits clocks as
/// coarse as a browser's, and GPUs without timestamps.
///
/// # Errors
/// What the device lacks for the variant, and what it and the kernel report.
pub async fn time_batches(device: &Device, case: &NamedCase, variant: &'static WgslVariant) -> Result<Timed, Error> {
    let mut trial = described(case, device.dispatch())?;
    let costed = costed_on(device, &trial, variant).await?;
    let launched = trial.take_launched();
    let plan = trial.plan()?;
    let Some(on_gpu) = plan.on_gpu() else {
        return Ok(Timed { costed, time: median(&plan, None).await?, batch: None });
    };
    let batch = on_gpu.gpu().time_batches(on_gpu).await;
    launched.iter().for_each(Launched::free);
    let batch = batch.map_err(DispatchError::from)?;
    Ok(Timed { costed, time: batch.time, batch: Some(batch) })
}

/// The typical cases of the variants whose name contains `wanted`.
pub fn cases(wanted: &str) -> impl Iterator<Item = (NamedCase, &'static WgslVariant)> {
    let all = all(Scale::Typical).into_iter();
    let known = all.filter_map(|case| TABLE.get(&case.key).map(|variant| (case, variant)));
    known.filter(move |(case, _)| case.key.contains(wanted))
}

fn described(case: &NamedCase, device: &kernel::dispatch::Device) -> Result<Trial, DispatchError> {
    Trial::describe(device, |trial| case.describe(trial))
}

async fn costed_on(device: &Device, trial: &Trial, variant: &'static WgslVariant) -> Result<Costed, Error> {
    let dispatch = device.dispatch();
    let subgroup = match dispatch {
        kernel::dispatch::Device::Gpu(gpu) => gpu.subgroup_sizes().1,
        kernel::dispatch::Device::Cpu(_) => SUBGROUP,
    };
    let cost = match trial.launched() {
        [launched] => launched.cost_later(dispatch, variant, subgroup).await??,
        _ => None,
    };
    Ok(costed(trial, variant, cost))
}

fn costed(trial: &Trial, variant: &'static WgslVariant, cost: Option<Cost>) -> Costed {
    let mut costed = Costed { variant, shape: Vec::new(), groups: 0, work: None };
    if let [launched] = trial.launched() {
        costed.shape = launched.shape().collect();
        costed.groups = launched.groups;
        costed.work = cost.map(|cost| Work { cost, traffic: launched.traffic(variant, &cost) });
    }
    costed
}
