//! Typed dispatch over two backends: a GPU through wgpu, and the CPU executor. A [`Recorder`] takes dispatches with
//! their params by value; the [`Plan`] it becomes is run as often as one likes.
//!
//! All params of a plan lie in one uniform buffer, each dispatch's at its own offset, on every device. Immediates would
//! have to be set again in every run of a plan, and wgpu's web backend has none.

mod buffer;
mod device;
mod error;
mod launched;
mod recorder;

pub use buffer::{Buffer, RawBuffer};
pub use device::{Device, Reading};
pub use error::{DispatchError, NoReference};
pub use launched::Launched;
pub use recorder::{CpuKernel, Plan, Recorder, Step};

use crate::contract::Contract;
use crate::cpu::Memory;
use crate::params::Params;
use crate::tolerance::Tolerance;
use crate::variant::VariantDesc;

/// A kernel with its generics; `#[kernel]` implements it.
pub trait Variant: 'static {
    /// The params that a dispatch passes, `()` for none.
    type Params: Params;
    /// How far its outputs may lie from its f64 reference, from `#[kernel(tolerance(..))]`.
    const TOLERANCE: Option<Tolerance>;
    /// What a dispatch needs to know.
    fn desc() -> VariantDesc;
    /// The variant's name in the table.
    fn key() -> String;
    /// The workgroups that these params ask for.
    fn groups(params: &Self::Params) -> u32;
    /// What a dispatch requires of its buffers and params.
    fn contract() -> Contract;
    /// The kernel with `f64` for `f32`, bound to memory of a device whose precision is double.
    ///
    /// # Errors
    /// Why the kernel, or these buffers, cannot be represented so.
    #[doc(hidden)]
    fn on_reference(_: Vec<Memory>) -> Result<CpuKernel, NoReference> {
        Err(NoReference::NotBuilt)
    }
}

/// A variant's name from its kernel's and its generics': `rms_norm<f32, 256>`.
pub fn variant_key(kernel: &str, generics: &[String]) -> String {
    if generics.is_empty() { kernel.to_owned() } else { format!("{kernel}<{}>", generics.join(", ")) }
}
