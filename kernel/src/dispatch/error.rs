//! What can go wrong between a host and its kernels.

use crate::contract::Violation;
use crate::cpu::CpuError;
use crate::layout::Scalar;

/// Why a kernel cannot run with `f64` for `f32`.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoReference {
    /// The crate `kernel` was built without the feature `reference`.
    #[error("the crate `kernel` was built without its feature `reference`")]
    NotBuilt,
    /// The kernel is generic over the type of a value.
    #[error("it is generic over the type of its values")]
    GenericValues,
    /// The kernel uses cooperative matrices.
    #[error("cooperative matrices are of f16 and f32 only")]
    Cooperative,
    /// A buffer holds structs, whose bytes say nothing of what is a float in them.
    #[error("`{binding}` holds structs, which have no layout in f64")]
    Struct {
        /// The kernel's argument.
        binding: &'static str,
    },
    /// A buffer's floats are read as bits, or bits as floats, which have another width in f64.
    #[error("`{binding}` is `{reads}`, but its buffer was made of `{holds}`: in f64 they differ in width")]
    Reinterpreted {
        /// The kernel's argument.
        binding: &'static str,
        /// What the buffer holds.
        holds: Scalar,
        /// What the kernel reads.
        reads: Scalar,
    },
}

/// A dispatch, a transfer or an allocation failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DispatchError {
    /// The GPU or its driver refused.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(crate::gpu::GpuError),
    /// The dispatch breaks the kernel's contract.
    #[error(transparent)]
    Contract(#[from] Violation),
    /// The kernel failed on the CPU executor.
    #[error(transparent)]
    Cpu(#[from] CpuError),
    /// A buffer of one device was used on another.
    #[error("buffer {index} of `{kernel}` belongs to another device")]
    OtherDevice {
        /// The kernel's variant.
        kernel: String,
        /// The binding, from 0.
        index: usize,
    },
    /// The kernel cannot run with `f64` for `f32`.
    #[error("`{kernel}` has no f64 reference: {reason}")]
    NoReference {
        /// The kernel's variant.
        kernel: String,
        /// Why.
        reason: NoReference,
    },
    /// A range outside of a buffer.
    #[error("bytes {start}..{end} are outside of a buffer of {len} bytes")]
    OutOfRange {
        /// First byte.
        start: u64,
        /// One past the last.
        end: u64,
        /// The buffer's length.
        len: u64,
    },
}

#[cfg(feature = "gpu")]
impl From<crate::gpu::GpuError> for DispatchError {
    fn from(error: crate::gpu::GpuError) -> Self {
        match error {
            crate::gpu::GpuError::Contract(violation) => Self::Contract(violation),
            error => Self::Gpu(error),
        }
    }
}
