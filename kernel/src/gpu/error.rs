//! What can go wrong between a program and its GPU, and the record of what a device reported outside any call.
//!
//! wgpu's own answer to an error that nobody caught is a panic; here it is kept and returned by the next call.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Errors of the GPU runtime. Byte counts and offsets are in bytes, groups are workgroups.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// No adapter fits the [`AdapterSelection`](super::AdapterSelection).
    #[error("no GPU adapter fits {wanted}; found: {found}")]
    NoAdapter {
        /// What was asked for.
        wanted: String,
        /// Every adapter of this machine.
        found: String,
    },
    /// The adapter refused to give a device with the wanted limits and features.
    #[error("adapter {adapter} gave no device: {reason}")]
    Request {
        /// The adapter's name.
        adapter: String,
        /// The driver's reason.
        reason: String,
    },
    /// The device is gone (driver reset, unplugged, destroyed); every further call returns this.
    #[error("the GPU device was lost: {reason}")]
    DeviceLost {
        /// The driver's reason.
        reason: String,
    },
    /// wgpu refused a call; the message is wgpu's.
    #[error("wgpu refused the call: {message}")]
    Validation {
        /// wgpu's description.
        message: String,
    },
    /// The driver failed for a reason of its own.
    #[error("the GPU driver failed: {message}")]
    Internal {
        /// wgpu's description.
        message: String,
    },
    /// No memory was left for a buffer.
    #[error("out of GPU memory: {label} needs {bytes} bytes")]
    OutOfMemory {
        /// The buffer.
        label: String,
        /// Its size; 0 where the device reported the failure without saying which allocation it was.
        bytes: u64,
    },
    /// A buffer is larger than the device's limits allow.
    #[error(
        "buffer {label} of {bytes} bytes is too large: this device allows buffers of {max_buffer_size} bytes, bound as \
         storage up to {max_storage_buffer_binding_size} bytes (4 bytes of each are kept as slack)"
    )]
    BufferTooLarge {
        /// The buffer.
        label: String,
        /// The size asked for.
        bytes: u64,
        /// The device's `maxBufferSize`.
        max_buffer_size: u64,
        /// The device's `maxStorageBufferBindingSize`.
        max_storage_buffer_binding_size: u64,
    },
    /// A read, write or copy ends behind the buffer.
    #[error("bytes {offset}..{} do not fit buffer {label} of {len} bytes", offset.saturating_add(*.bytes))]
    OutOfRange {
        /// The buffer.
        label: String,
        /// Where the range starts.
        offset: u64,
        /// Its length.
        bytes: u64,
        /// The buffer's length.
        len: u64,
    },
    /// A write or copy that WebGPU cannot do: it works on whole, aligned 4-byte words.
    #[error(
        "bytes {offset}..{} of buffer {label}: writes and copies start at multiples of 4 and have lengths that are \
         multiples of 4, unless they end where the buffer ends", offset.saturating_add(*.bytes)
    )]
    Unaligned {
        /// The buffer.
        label: String,
        /// Where the range starts.
        offset: u64,
        /// Its length.
        bytes: u64,
    },
    /// A copy from a buffer into itself, which WebGPU does not allow.
    #[error("buffer {label} cannot be copied into itself")]
    SameBuffer {
        /// The buffer.
        label: String,
    },
    /// The program's table has no variant of that name.
    #[error("kernel variant `{key}` is not in the `variants!` list")]
    UnknownVariant {
        /// The variant.
        key: String,
    },
    /// The table was built from another version of the kernel than the one that dispatches.
    #[error("kernel variant `{key}`: the table's {what} differs from the kernel's; rebuild the table")]
    StaleTable {
        /// The variant.
        key: String,
        /// What differs.
        what: &'static str,
    },
    /// The variant uses a feature that the device lacks.
    #[error("kernel variant `{key}` needs {feature}, which adapter {adapter} does not offer")]
    MissingFeature {
        /// The variant.
        key: String,
        /// `subgroups` or `f16`.
        feature: &'static str,
        /// The adapter's name.
        adapter: String,
    },
    /// The variant uses more of something than the device has.
    #[error("kernel variant `{key}` uses {used} {what}, the device allows {limit} ({name})")]
    OverLimit {
        /// The variant.
        key: String,
        /// Which resource, with its unit.
        what: &'static str,
        /// WebGPU's name of the limit.
        name: &'static str,
        /// What the variant uses.
        used: u64,
        /// What the device allows.
        limit: u64,
    },
    /// The driver's compiler or wgpu's validation refused the shader.
    #[error("kernel variant `{key}` does not compile: {message}")]
    Compile {
        /// The variant.
        key: String,
        /// The compiler's message.
        message: String,
    },
    /// A dispatch names more or fewer buffers than the kernel binds.
    #[error("kernel variant `{key}` binds {expected} buffers, {given} were given")]
    BufferCount {
        /// The variant.
        key: String,
        /// Storage bindings of the kernel.
        expected: usize,
        /// Buffers given.
        given: usize,
    },
    /// A dispatch's params are not as long as the kernel's params struct.
    #[error("kernel variant `{key}` takes {expected} bytes of params, {given} were given")]
    ParamsSize {
        /// The variant.
        key: String,
        /// Bytes behind the 16-byte header, rounded up to 16.
        expected: usize,
        /// Bytes given.
        given: usize,
    },
    /// A buffer that the kernel writes is bound twice.
    #[error(
        "kernel variant `{key}`: buffer {label} is written at one of the bindings {first} and {second}, so it cannot be both"
    )]
    Aliased {
        /// The variant.
        key: String,
        /// The buffer.
        label: String,
        /// One binding.
        first: usize,
        /// The other binding.
        second: usize,
    },
    /// More workgroups than two dimensions of the device hold.
    #[error("{groups} workgroups do not fit a grid of {limit} by {limit}")]
    TooManyGroups {
        /// The workgroups asked for.
        groups: u32,
        /// The device's `maxComputeWorkgroupsPerDimension`.
        limit: u32,
    },
    /// A dispatch breaks its kernel's contract.
    #[error(transparent)]
    Contract(#[from] crate::contract::Violation),
    /// A step that the plan does not have.
    #[error("the plan has no dispatch {step}, it has {steps}")]
    UnknownStep {
        /// The step asked for.
        step: usize,
        /// Dispatches recorded in the plan.
        steps: usize,
    },
    /// A readback could not be mapped.
    #[error("reading {label} back failed: the staging buffer could not be mapped")]
    Map {
        /// The buffer that was read.
        label: String,
    },
    /// The device has no timestamp queries.
    #[error("adapter {adapter} offers no timestamp queries")]
    NoTimestamps {
        /// The adapter's name.
        adapter: String,
    },
}

impl GpuError {
    /// An error that wgpu reported, told apart by WebGPU's three kinds. `label` and `bytes` name the allocation, if any.
    pub(super) fn from_wgpu(error: &wgpu::Error, label: &str, bytes: u64) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => GpuError::OutOfMemory { label: label.to_owned(), bytes },
            wgpu::Error::Validation { description, .. } => {
                GpuError::Validation { message: description.trim().to_owned() }
            }
            wgpu::Error::Internal { description, .. } => GpuError::Internal { message: description.trim().to_owned() },
        }
    }
}

/// What a device reported outside any call: its loss, which stays, and the first uncaught error, which is returned once.
#[derive(Debug, Default)]
pub(super) struct Faults {
    inner: Mutex<Reported>,
}

#[derive(Debug, Default)]
struct Reported {
    lost: Option<String>,
    uncaught: Option<GpuError>,
}

impl Faults {
    /// Makes `device` report to this record instead of panicking.
    pub fn watch(self: &Arc<Self>, device: &wgpu::Device) {
        let faults = Arc::clone(self);
        device.on_uncaptured_error(Arc::new(move |error| {
            faults.uncaught(GpuError::from_wgpu(&error, "an allocation of the device", 0));
        }));
        let faults = Arc::clone(self);
        device.set_device_lost_callback(move |reason, message| faults.lost(format!("{message} ({reason:?})")));
    }

    /// Records the loss of the device; the first reason stays.
    pub fn lost(&self, reason: String) {
        lock(&self.inner).lost.get_or_insert(reason);
    }

    /// Records an error that no call returned; the first one stays until [`check`](Self::check) takes it.
    pub fn uncaught(&self, error: GpuError) {
        lock(&self.inner).uncaught.get_or_insert(error);
    }

    /// Returns what was reported since the last check.
    pub fn check(&self) -> Result<(), GpuError> {
        let mut reported = lock(&self.inner);
        if let Some(reason) = &reported.lost {
            return Err(GpuError::DeviceLost { reason: reason.clone() });
        }
        reported.uncaught.take().map_or(Ok(()), Err)
    }
}

/// Locks a mutex whose holders never leave broken data behind, so that a panic elsewhere in the program stays there.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
