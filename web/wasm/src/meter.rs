//! Kernels measured on the browser's device, with the dispatches and the cost cards of `gemmule kernels --roofline`.
use engine::device::Device;
use engine::kernels::TABLE;
use engine::roofline::{Bound, Ceilings, Roofline, Timed, cases, time_batches};
use kernel::gpu::{AdapterSelection, Clock, Gpu};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::error::WebError;
use crate::options::OpenOptions;

/// A device on which kernels are timed.
#[wasm_bindgen]
pub struct Meter {
    device: Device,
    /// None where a CPU plays the GPU: what it does best is not what the measurement asks for.
    ceilings: Option<Ceilings>,
}

#[derive(Serialize)]
struct Roofs {
    bandwidth: f64,
    arithmetic: f64,
}

#[derive(Serialize)]
struct Measured {
    shape: String,
    groups: u32,
    microseconds: f64,
    clock: &'static str,
    runs: u32,
    batches: u32,
    bytes: Option<f64>,
    operations: Option<f64>,
    share: Option<f64>,
    bound: Option<&'static str>,
}

impl Meter {
    async fn on(options: &str) -> Result<Self, WebError> {
        let options: OpenOptions = serde_json::from_str(options)?;
        let gpu = Gpu::request(&AdapterSelection::Default, TABLE, options.gpu()).await?;
        let device = Device::from_gpu(gpu);
        let ceilings = match device.is_software() {
            true => None,
            false => Some(Roofline::new(&device).await?.ceilings()),
        };
        Ok(Self { device, ceilings })
    }

    async fn timed(&self, name: &str) -> Result<String, WebError> {
        let known = cases(name).find(|(case, _)| case.key == name);
        let (case, variant) = known.ok_or_else(|| WebError::UnknownKernel(name.to_owned()))?;
        Ok(serde_json::to_string(&self.measured(&time_batches(&self.device, &case, variant).await?))?)
    }

    fn measured(&self, timed: &Timed) -> Measured {
        let shape: Vec<String> = timed.costed.shape.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let work = timed.costed.work;
        Measured {
            shape: shape.join(" "),
            groups: timed.costed.groups,
            microseconds: timed.time.as_secs_f64() * 1e6,
            clock: match timed.batch.map(|batch| batch.clock) {
                Some(Clock::Timestamps) => "timestamps",
                Some(Clock::Wall) | None => "wall",
            },
            runs: timed.batch.map_or(1, |batch| batch.runs),
            batches: timed.batch.map_or(1, |batch| batch.batches),
            bytes: work.map(|work| work.traffic.round()),
            operations: work.map(|work| work.cost.operations.round()),
            share: self.ceilings.and_then(|ceilings| timed.share_of_the_roof(ceilings)),
            bound: work.zip(self.ceilings).map(|(work, ceilings)| match work.at_the_roof(ceilings).1 {
                Bound::Memory => "memory",
                Bound::Arithmetic => "arithmetic",
            }),
        }
    }
}

#[wasm_bindgen]
impl Meter {
    /// Opens a device, and measures its ceilings.
    pub async fn open(options: String) -> Result<Meter, JsValue> {
        Ok(Self::on(&options).await?)
    }

    /// What the device can do, as JSON: bytes and `f32` operations a second. Nothing where a CPU plays it.
    pub fn ceilings(&self) -> Result<String, JsValue> {
        let roofs = self.ceilings.map(|Ceilings { bandwidth, arithmetic }| Roofs { bandwidth, arithmetic });
        Ok(serde_json::to_string(&roofs).map_err(WebError::from)?)
    }

    /// Times the variant of that name, as JSON.
    pub async fn time(&self, name: String) -> Result<String, JsValue> {
        Ok(self.timed(&name).await?)
    }
}
