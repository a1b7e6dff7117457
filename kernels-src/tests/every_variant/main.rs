//! What holds for every kernel variant, on its case. One program: each that asks for all cases compiles every kernel for
//! the CPU, in f32 and in f64.

mod barriers;
mod check;
#[path = "../common/mod.rs"]
mod common;
mod costs;
mod runs;
mod tolerance;
