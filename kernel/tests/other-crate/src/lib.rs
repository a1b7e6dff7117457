//! Device functions, a trait and a constant that kernels of another crate use.
#![warn(missing_docs)]

use kernel::prelude::*;

/// A weight format.
#[device]
pub trait Scaled: 'static {
    /// Values that share a scale.
    const BLOCK: u32;
    /// The scale of a block.
    fn scale(w: &Storage<f32>, block: u32) -> f32;
    /// The value at `i`.
    fn value(w: &Storage<f32>, i: u32) -> f32 {
        w[i] * Self::scale(w, i / Self::BLOCK)
    }
}

/// One scale for every `B` values, behind them.
pub struct Blocks<const B: u32>;

#[device]
impl<const B: u32> Scaled for Blocks<B> {
    const BLOCK: u32 = B;
    fn scale(w: &Storage<f32>, block: u32) -> f32 {
        w[OFFSET + block]
    }
}

/// Where the scales start.
pub const OFFSET: u32 = 1024;

/// Adds every value of a format up to `n`.
#[device]
pub fn total<Q: Scaled>(w: &Storage<f32>, n: u32) -> f32 {
    let mut sum = 0.0;
    for i in 0..n {
        add_to(&mut sum, Q::value(w, i));
    }
    sum
}

#[device]
fn add_to(sum: &mut f32, value: f32) {
    *sum += value;
}

/// Sets `y[lane]` to 1, 2, … `count` in turn, everyone together.
#[device]
pub async fn filled_up_to(lane: u32, count: u32, y: &mut Storage<u32>) -> u32 {
    for value in 0..count {
        y[lane] = value + 1;
        workgroup_barrier().await;
    }
    lane
}
