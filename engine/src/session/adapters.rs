//! Adapters beside a session's projections: their factors on the device, and the updates that they add.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;

use fnv::FnvHasher;
use kernel::dispatch::{Buffer, Recorder};
use kernels_src::low_rank::{LowRankArgs, LowRankParams, update};

use super::ops::Rows;
use super::ops::matmul::Output;
use crate::error::Error;
use crate::kernels::{Lanes, with_reduce};
use crate::lora::{Adapter, Target};
use crate::model::Model;

/// An adapter on a model's device. Clones are the same adapter.
#[derive(Clone, Debug)]
pub struct ResidentAdapter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sites: HashMap<(usize, Target), Site>,
    max_rank: u32,
    bytes: u64,
    /// Tells adapters apart: FNV-1a over all factors.
    fingerprint: u64,
}

#[derive(Debug)]
struct Site {
    /// A `[rank, k]` and B `[n, rank]`.
    a: Buffer<f32>,
    b: Buffer<f32>,
    k: u32,
    n: u32,
    rank: u32,
    scale: f32,
}

impl ResidentAdapter {
    /// Takes an adapter to the model's device.
    ///
    /// # Errors
    /// What the device reports.
    pub fn new(model: &Model, adapter: &Adapter) -> Result<Self, Error> {
        let device = model.device().dispatch();
        let (mut sites, mut bytes) = (HashMap::new(), 0);
        let mut hasher = FnvHasher::default();
        for site in adapter.layout().sites() {
            let (a, b) = adapter.factors(site);
            hasher.write_u32(site.scale.to_bits());
            [a, b].into_iter().flatten().for_each(|value| hasher.write_u32(value.to_bits()));
            let (a, b) = (device.upload(a, "A")?, device.upload(b, "B")?);
            bytes += a.bytes() + b.bytes();
            let (k, n, rank, scale) = (site.k, site.n, site.rank, site.scale);
            sites.insert((site.layer, site.target), Site { a, b, k, n, rank, scale });
        }
        let (max_rank, fingerprint) = (adapter.layout().max_rank(), hasher.finish());
        Ok(Self { inner: Arc::new(Inner { sites, max_rank, bytes, fingerprint }) })
    }

    /// Bytes on the device.
    pub fn resident_bytes(&self) -> u64 {
        self.inner.bytes
    }
}

/// The adapters that a session computes with, and room for `A·x`.
pub(super) struct Adapters {
    active: Vec<(ResidentAdapter, f32)>,
    z: Buffer<f32>,
}

impl Adapters {
    /// These, each with the factor of its update, for chunks of so many rows.
    pub(super) fn new(model: &Model, active: Vec<(ResidentAdapter, f32)>, rows: usize) -> Result<Self, Error> {
        let rank = active.iter().map(|(adapter, _)| adapter.inner.max_rank as usize).max().unwrap_or(0);
        let z = model.device().dispatch().create((rows * rank).max(1), "A·x")?;
        Ok(Self { active, z })
    }

    /// What changes the result, for a session's identity.
    pub(super) fn identify(&self, hasher: &mut impl Hasher) {
        for (adapter, factor) in &self.active {
            hasher.write_u64(adapter.inner.fingerprint);
            hasher.write_u32(factor.to_bits());
        }
    }

    /// Whether any of these matrices of a layer is changed.
    pub(super) fn change(&self, layer: usize, targets: &[Target]) -> bool {
        let has = |adapter: &ResidentAdapter| targets.iter().any(|t| adapter.inner.sites.contains_key(&(layer, *t)));
        self.active.iter().any(|(adapter, _)| has(adapter))
    }

    /// Adds every adapter's update of a matrix to its outputs.
    pub(super) fn add(
        &self,
        recorder: &mut Recorder,
        lanes: Lanes,
        matrix: (usize, Target),
        x: &Buffer<f32>,
        (y, output): (&mut Buffer<f32>, Output),
        rows: Rows,
    ) -> Result<(), Error> {
        for (adapter, factor) in &self.active {
            let Some(site) = adapter.inner.sites.get(&matrix) else { continue };
            let params = LowRankParams {
                y_at: output.at,
                y_stride: output.stride,
                ..LowRankParams::dense(rows.0, site.k, site.n, site.rank, site.scale * factor)
            };
            let mut z = self.z.view();
            let args = LowRankArgs { x, a: &site.a, b: &site.b, z: &mut z, y: &mut *y };
            with_reduce!(lanes, 128, R => { update::<R, true>(recorder, params, args)?; });
        }
        Ok(())
    }
}
