use kernel::dispatch::{Buffer, Recorder};
use kernel::prelude::*;

#[params]
pub struct Params {
    pub n: u32,
}

#[params]
pub struct OtherParams {
    pub n: u32,
}

#[kernel(workgroup = 64, groups = params.n)]
pub fn scale(lane: LocalIndex, params: &Params, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[lane] = x[lane] * f32(params.n);
}

pub fn caller(recorder: &mut Recorder, x: &Buffer<u32>, y: &mut Buffer<f32>) {
    let _ = scale::Kernel::dispatch(recorder, Params { n: 1 }, scale::Args { x, y });
}

fn main() {}
