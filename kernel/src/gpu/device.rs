//! The device: one queue, one table of kernels, its limits and features, and the wait that makes native code proceed.
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::adapter::{self, AdapterSelection, GpuInfo};
use super::buffer::Upload;
use super::error::{Faults, GpuError};
use super::pipeline::Pipelines;
use super::readback::StagingPool;
use crate::variant::{CooperativeProduct, KernelTable};

/// Which limits a device is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LimitChoice {
    /// All that the adapter has: what a program wants for speed and for large tensors.
    #[default]
    Adapter,
    /// WebGPU's defaults, which every browser and GPU grants: what a test of portability wants.
    WebGpuDefaults,
    /// These and no others.
    Custom(Box<wgpu::Limits>),
}

/// Where a native pipeline has the checks that wgpu can add to a kernel: of every index, and of divisors. A browser has
/// its own, everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RuntimeChecks {
    /// In the kernels of which the build could not show that they need none.
    #[default]
    WhereUnproven,
    /// In all kernels: to measure what they cost, or for the careful.
    Everywhere,
}

/// How a device is made.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuOptions {
    /// The limits asked for.
    pub limits: LimitChoice,
    /// The optional features used where the adapter has them; all of [`GpuOptions::FEATURES`] by default. Leave some
    /// out to try the variants that do without.
    pub features: wgpu::Features,
    /// Where kernels are checked while they run.
    pub runtime_checks: RuntimeChecks,
}

impl GpuOptions {
    /// Every optional feature that this runtime makes use of: subgroups, `f16`, cooperative matrices and timestamps.
    pub const FEATURES: wgpu::Features = wgpu::Features::SUBGROUP
        .union(wgpu::Features::SHADER_F16)
        .union(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX)
        .union(wgpu::Features::TIMESTAMP_QUERY)
        .union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS)
        .union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_PASSES);
}

impl Default for GpuOptions {
    fn default() -> Self {
        GpuOptions {
            limits: LimitChoice::default(),
            features: Self::FEATURES,
            runtime_checks: RuntimeChecks::default(),
        }
    }
}

/// A GPU with the kernels of one program. Clones are cheap and share everything.
#[derive(Clone, Debug)]
pub struct Gpu {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub table: KernelTable,
    pub faults: Arc<Faults>,
    pub pipelines: Pipelines,
    pub staging: StagingPool,
    pub upload: Mutex<Upload>,
    /// Command buffers handed to the queue.
    pub submits: AtomicU64,
    pub limits: wgpu::Limits,
    info: GpuInfo,
    subgroups: bool,
    cooperative_products: Vec<CooperativeProduct>,
    pub runtime_checks: RuntimeChecks,
}

impl Gpu {
    /// Every adapter of this machine, the best first; in a browser the one that it gives, if any.
    pub async fn adapters() -> Vec<GpuInfo> {
        adapter::list().await
    }

    /// Opens the adapter that `selection` means, for the kernels of `table`.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`] naming all adapters, or [`GpuError::Request`] where the adapter lacks the wanted limits.
    pub async fn request(
        selection: &AdapterSelection,
        table: KernelTable,
        options: GpuOptions,
    ) -> Result<Self, GpuError> {
        let adapter = adapter::choose(selection).await?;
        let required_limits = match options.limits {
            LimitChoice::Adapter => adapter.limits(),
            LimitChoice::WebGpuDefaults => wgpu::Limits::default(),
            LimitChoice::Custom(limits) => *limits,
        };
        let required_features = adapter.features() & options.features;
        let experimental_features = if required_features.intersects(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
            // SAFETY: wgpu warns of undefined behaviour in features that it has not finished. Cooperative matrices are
            // the only one asked for; kernels reach them through the emitter, whose text naga validates when it is
            // built, and a product runs only where the adapter lists it.
            unsafe { wgpu::ExperimentalFeatures::enabled() }
        } else {
            wgpu::ExperimentalFeatures::disabled()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("kernels"),
            required_features,
            experimental_features,
            required_limits,
            ..Default::default()
        };
        let (device, queue) = adapter
            .request_device(&descriptor)
            .await
            .map_err(|error| GpuError::Request { adapter: adapter.get_info().name, reason: error.to_string() })?;
        Ok(Self::with_checks(&adapter, device, queue, table, options.runtime_checks))
    }

    /// Runs kernels on a device that the program has already. Takes over the device's callbacks for its loss and for
    /// uncaptured errors.
    pub fn from_wgpu(adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue, table: KernelTable) -> Self {
        Self::with_checks(adapter, device, queue, table, RuntimeChecks::default())
    }

    fn with_checks(
        adapter: &wgpu::Adapter,
        device: wgpu::Device,
        queue: wgpu::Queue,
        table: KernelTable,
        runtime_checks: RuntimeChecks,
    ) -> Self {
        let faults = Arc::new(Faults::default());
        faults.watch(&device);
        // On the web wgpu has no word for subgroups: a page that adds the feature to its device request gets them, and
        // only the device itself tells.
        #[cfg(target_arch = "wasm32")]
        let subgroups = device.as_webgpu().is_some_and(|device| device.features().has("subgroups"));
        #[cfg(not(target_arch = "wasm32"))]
        let subgroups = device.features().contains(wgpu::Features::SUBGROUP);
        // wgpu's handles are not `Send` on the web, where one thread owns the device; the types are the same everywhere.
        #[allow(clippy::arc_with_non_send_sync)]
        let inner = Arc::new(Inner {
            limits: device.limits(),
            info: GpuInfo::of(adapter),
            subgroups,
            cooperative_products: adapter::cooperative_products(adapter, &device),
            runtime_checks,
            device,
            queue,
            table,
            faults,
            pipelines: Pipelines::default(),
            staging: StagingPool::default(),
            upload: Mutex::default(),
            submits: AtomicU64::new(0),
        });
        Gpu { inner }
    }

    /// Submits with commands since the device was opened; uploads that travel with them are not counted again.
    pub fn submits(&self) -> u64 {
        self.inner.submits.load(Ordering::Relaxed)
    }

    /// The adapter's name, API, driver and kind.
    pub fn info(&self) -> &GpuInfo {
        &self.inner.info
    }

    /// The device's limits.
    pub fn limits(&self) -> &wgpu::Limits {
        &self.inner.limits
    }

    /// The variants that this program has.
    pub fn table(&self) -> KernelTable {
        self.inner.table
    }

    /// Whether kernels may use subgroup operations.
    pub fn has_subgroups(&self) -> bool {
        self.inner.subgroups
    }

    /// Smallest and largest number of invocations in a subgroup.
    pub fn subgroup_sizes(&self) -> (u32, u32) {
        self.inner.info.subgroup_sizes
    }

    /// Whether plans can be timed on the GPU.
    pub fn has_timestamps(&self) -> bool {
        self.inner.device.features().contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Whether kernels may use the type `f16`.
    pub fn has_f16(&self) -> bool {
        self.inner.device.features().contains(wgpu::Features::SHADER_F16)
    }

    /// The products of cooperative matrices that kernels may use; none in a browser.
    pub fn cooperative_products(&self) -> &[CooperativeProduct] {
        &self.inner.cooperative_products
    }

    /// The largest buffer that [`create`](Self::create) makes, in bytes: one binding's worth, less the slack.
    pub fn max_buffer_bytes(&self) -> u64 {
        let limits = self.limits();
        (limits.max_buffer_size.min(limits.max_storage_buffer_binding_size) / 4 * 4)
            .saturating_sub(super::buffer::SLACK)
    }

    /// wgpu's device, for work that this runtime does not do.
    pub fn device(&self) -> &wgpu::Device {
        &self.inner.device
    }

    /// wgpu's queue, for work that this runtime does not do.
    pub fn queue(&self) -> &wgpu::Queue {
        &self.inner.queue
    }

    /// Returns what the device reported since the last call: its loss, or an error that no call returned.
    ///
    /// Browsers report errors late, at the earliest when a readback has been awaited; natively every call returns its
    /// own.
    ///
    /// # Errors
    /// What was reported.
    pub fn check(&self) -> Result<(), GpuError> {
        self.inner.faults.check()
    }

    /// Runs `work` and returns what wgpu found wrong with it. In a browser errors arrive after the call, through
    /// [`check`](Self::check).
    pub(super) fn scoped<T>(&self, work: impl FnOnce() -> T) -> (T, Option<wgpu::Error>) {
        #[cfg(target_arch = "wasm32")]
        return (work(), None);
        #[cfg(not(target_arch = "wasm32"))]
        {
            let filters = [wgpu::ErrorFilter::Internal, wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory];
            let scopes = filters.map(|filter| self.inner.device.push_error_scope(filter));
            let value = work();
            // Scopes close in reverse order. Natively their futures are ready at once.
            let mut errors = scopes.into_iter().rev().map(|scope| pollster::block_on(scope.pop()));
            let first = errors.by_ref().flatten().next();
            errors.for_each(drop);
            (value, first)
        }
    }

    /// Runs `work` and returns its result, or the error that wgpu found. `label` and `bytes` name the allocation, if any.
    pub(super) fn guarded<T>(&self, label: &str, bytes: u64, work: impl FnOnce() -> T) -> Result<T, GpuError> {
        self.check()?;
        match self.scoped(work) {
            (value, None) => self.check().map(|()| value),
            (_, Some(error)) => Err(self.explained(GpuError::from_wgpu(&error, label, bytes))),
        }
    }

    /// The loss of the device where that is what lies behind `error`: wgpu tells of it only when it is polled.
    pub(super) fn explained(&self, error: GpuError) -> GpuError {
        self.poll_once(wgpu::PollType::Poll).err();
        self.check().err().unwrap_or(error)
    }

    /// Lets the device run callbacks of finished work; waits where `poll` says so. In a browser nothing waits and
    /// callbacks run by themselves.
    pub(super) fn poll(&self, poll: wgpu::PollType) -> Result<(), GpuError> {
        match self.poll_once(poll) {
            Ok(()) => self.check(),
            Err(error) => Err(self.explained(GpuError::Internal { message: error.to_string() })),
        }
    }

    fn poll_once(&self, poll: wgpu::PollType) -> Result<(), wgpu::PollError> {
        let device = &self.inner.device;
        // wgpu panics when a wait finds the device lost. The panic unwinds out of a call that holds no lock of ours and
        // leaves the device lost, so it is safe to go on and say so.
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.poll(poll))) {
            Ok(polled) => polled.map(drop),
            Err(_) => {
                self.inner.faults.lost("waiting for its work failed".to_owned());
                Ok(())
            }
        }
    }

    /// Waits, natively, until a submission has finished.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn wait_for(&self, submission: wgpu::SubmissionIndex) -> Result<(), GpuError> {
        self.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None })
    }
}
