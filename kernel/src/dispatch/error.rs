//! What can go wrong between a host and its kernels.

use crate::contract::Violation;
use crate::cpu::CpuError;

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
