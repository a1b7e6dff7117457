//! An adapter's part in a pass: `y += s·B·(A·x)` beside a projection, and on the way back the gradients of A, B and x.

use kernel::dispatch::Buffer;

use super::ops::{Into, Operand, Ops, Output, Product};
use crate::error::Error;
use crate::lora::{Layout, Site, Target};
use crate::random::Random;

/// Inputs of adapters drop out with this probability, in patterns that follow from the run's seed, the step and the batch
/// within it, and from the site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    pub(super) probability: f32,
    pub(super) seed: u32,
    pub(super) step: u32,
    pub(super) batch: u16,
}

impl Dropout {
    fn at(self, site: &Site) -> Pattern {
        let number = (site.layer * Target::ALL.len() + site.target as usize) as u64;
        let stream = (u64::from(self.step) << 32) | (u64::from(self.batch) << 16) | (number & 0xffff);
        let mut random = Random::new(self.seed.into(), stream);
        Pattern { probability: self.probability, seed: random.word(), stream: random.word() }
    }
}

/// One pattern of what drops out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    pub(super) probability: f32,
    pub(super) seed: u32,
    pub(super) stream: u32,
}

/// The adapter that a pass trains.
pub(super) struct Adapted<'a> {
    pub(super) layout: &'a Layout,
    /// Its factors, flat.
    pub(super) parameters: Buffer<f32>,
    /// Their gradients, and whether this pass's are added to what is there.
    pub(super) gradients: Buffer<f32>,
    pub(super) into: Into,
    pub(super) dropout: Option<Dropout>,
}

/// Scratch of every site in turn.
pub(super) struct AdapterBuffers {
    /// Gradient of `A·x` `[rows, rank]`.
    pub(super) dz: Buffer<f32>,
    /// Partial sums of products with many terms.
    pub(super) partials: Buffer<f32>,
    /// The input after dropout, and its gradient; there where there is dropout.
    pub(super) dropped: Option<[Buffer<f32>; 2]>,
}

/// `A·x` of each target of a layer.
pub(super) type Projected = [Option<Buffer<f32>>; Target::ALL.len()];

impl Adapted<'_> {
    /// The site of a target in a layer, and the place of its `A·x`.
    fn site<'z>(&self, (layer, target): (usize, Target), z: &'z mut Projected) -> Option<(Site, &'z mut Buffer<f32>)> {
        let site = self.layout.site(layer, target)?.clone();
        Some((site, z[target as usize].as_mut()?))
    }

    /// The pattern of a site.
    fn dropout(&self, site: &Site) -> Option<Pattern> {
        self.dropout.map(|dropout| dropout.at(site))
    }

    fn a(&self, site: &Site) -> Operand<'_> {
        Operand { buffer: &self.parameters, at: site.a.start as u32, stride: site.k, transposed: false }
    }

    fn b(&self, site: &Site) -> Operand<'_> {
        Operand { buffer: &self.parameters, at: site.b.start as u32, stride: site.rank, transposed: false }
    }

    /// Adds the update of a site to `y`, and leaves `A·x` in `z`.
    pub(super) fn forward(
        &self,
        ops: &mut Ops<'_>,
        site: (usize, Target),
        x: &Buffer<f32>,
        (z, y, output): (&mut Projected, &mut Buffer<f32>, Output),
        scratch: &mut AdapterBuffers,
    ) -> Result<(), Error> {
        let Some((site, z)) = self.site(site, z) else { return Ok(()) };
        let (rows, rank) = (ops.rows.0, site.rank);
        let dropped = match (self.dropout(&site), &mut scratch.dropped) {
            (Some(dropout), Some([dropped, _])) => {
                ops.drop_out(dropout, rows * site.k, x, (dropped, Into::Replace))?;
                &*dropped
            }
            _ => x,
        };
        let down = Product { m: rows, n: rank, k: site.k, scale: 1.0, into: Into::Replace };
        ops.product(down, Operand::dense(dropped, site.k), self.a(&site), (z, 0, rank), &mut scratch.partials)?;
        let up = Product { m: rows, n: site.n, k: rank, scale: site.scale, into: Into::Add };
        ops.product(up, Operand::dense(z, rank), self.b(&site), (y, output.at, output.stride), &mut scratch.partials)
    }

    /// From the gradient of a site's outputs to those of its factors, and of its input, added to `dx`.
    pub(super) fn backward(
        &mut self,
        ops: &mut Ops<'_>,
        site: (usize, Target),
        x: &Buffer<f32>,
        (z, dy, output): (&mut Projected, &Buffer<f32>, Output),
        dx: Option<&mut Buffer<f32>>,
        scratch: &mut AdapterBuffers,
    ) -> Result<(), Error> {
        let Some((site, z)) = self.site(site, z) else { return Ok(()) };
        let (rows, rank) = (ops.rows.0, site.rank);
        let dy = |transposed| Operand { buffer: dy, at: output.at, stride: output.stride, transposed };
        let mut gradients = self.gradients.view::<f32>();
        // z was made from the dropped input: what follows it needs no pattern.
        let of_b = Product { m: site.n, n: rank, k: rows, scale: site.scale, into: self.into };
        let place = (&mut gradients, site.b.start as u32, rank);
        ops.product(of_b, dy(true), Operand::dense(z, rank).transposed(), place, &mut scratch.partials)?;
        let of_z = Product { m: rows, n: rank, k: site.n, scale: site.scale, into: Into::Replace };
        let place = (&mut scratch.dz, 0, rank);
        ops.product(of_z, dy(false), self.b(&site).transposed(), place, &mut scratch.partials)?;

        let dropout = self.dropout(&site);
        let dropped = match (dropout, &mut scratch.dropped) {
            (Some(dropout), Some([dropped, _])) => {
                ops.drop_out(dropout, rows * site.k, x, (dropped, Into::Replace))?;
                &*dropped
            }
            _ => x,
        };
        let of_a = Product { m: rank, n: site.k, k: rows, scale: 1.0, into: self.into };
        let place = (&mut gradients, site.a.start as u32, site.k);
        let dz = Operand::dense(&scratch.dz, rank);
        let input = Operand::dense(dropped, site.k).transposed();
        ops.product(of_a, dz.transposed(), input, place, &mut scratch.partials)?;

        let Some(dx) = dx else { return Ok(()) };
        let of_x = Product { m: rows, n: site.k, k: rank, scale: 1.0, into: Into::Add };
        let a = self.a(&site).transposed();
        match (dropout, &mut scratch.dropped) {
            (Some(dropout), Some([_, d_dropped])) => {
                let before = Product { into: Into::Replace, ..of_x };
                ops.product(before, dz, a, (&mut *d_dropped, 0, site.k), &mut scratch.partials)?;
                ops.drop_out(dropout, rows * site.k, d_dropped, (dx, Into::Add))
            }
            _ => ops.product(of_x, dz, a, (dx, 0, site.k), &mut scratch.partials),
        }
    }
}
