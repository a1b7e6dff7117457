//! Recording dispatches into plans.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use super::Variant;
use super::buffer::{Buffer, RawBuffer};
use super::device::Device;
use super::error::DispatchError;
use super::launched::Launched;
use crate::contract::Bound;
use crate::cpu::{CpuError, CpuOptions, Memory, Precision, wide_bytes};
use crate::layout::Element;
use crate::params::Params;
use crate::tolerance::Tolerance;

/// A kernel bound to its memory, as the CPU executor runs it: takes the bytes of the params.
pub type CpuKernel = Box<dyn Fn(&[u8], CpuOptions) -> Result<(), CpuError> + Send + Sync>;

/// A recorded dispatch of the variant `K`, for [`Plan::set_params`].
pub struct Step<K> {
    index: usize,
    variant: PhantomData<fn() -> K>,
}

impl<K> Clone for Step<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Step<K> {}

struct CpuStep {
    kernel: CpuKernel,
    params: Mutex<Vec<u8>>,
    /// None for a copy, which has no kernel.
    contract: Option<Bound>,
}

enum Recording {
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::PlanBuilder),
    Cpu(CpuOptions, Vec<CpuStep>),
}

/// Takes dispatches in order.
pub struct Recorder {
    recording: Recording,
    dispatched: Vec<(String, Option<Tolerance>)>,
    /// None where nobody wants to know.
    launched: Option<Vec<Launched>>,
}

impl Recorder {
    /// An empty recorder; `label` names the plan in errors and graphics debuggers.
    pub fn new(device: &Device, label: &str) -> Self {
        let recording = match device {
            #[cfg(feature = "gpu")]
            Device::Gpu(gpu) => Recording::Gpu(crate::gpu::PlanBuilder::new(gpu, label)),
            Device::Cpu(options) => {
                let _ = label;
                Recording::Cpu(*options, Vec::new())
            }
        };
        Self { recording, dispatched: Vec::new(), launched: None }
    }

    /// The variants dispatched so far with their tolerances.
    pub fn dispatched(&self) -> &[(String, Option<Tolerance>)] {
        &self.dispatched
    }

    /// As [`new`](Self::new), and remembers what [`launched`](Self::launched) gives.
    pub fn remembering(device: &Device, label: &str) -> Self {
        Self { launched: Some(Vec::new()), ..Self::new(device, label) }
    }

    /// The dispatches so far, if the recorder [remembers](Self::remembering) them.
    pub fn launched(&self) -> &[Launched] {
        self.launched.as_deref().unwrap_or_default()
    }

    /// Takes them out of the recorder, which remembers those that follow.
    pub fn take_launched(&mut self) -> Vec<Launched> {
        self.launched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Records a dispatch; the generated `Kernel::dispatch` calls this with typed arguments.
    ///
    /// # Errors
    /// The clause of the kernel's contract that does not hold; what the device lacks for the variant; a buffer of another
    /// device.
    pub fn record<K: Variant>(
        &mut self,
        params: &K::Params,
        buffers: &[&RawBuffer],
        on_cpu: impl FnOnce(Vec<Memory>) -> CpuKernel,
    ) -> Result<Step<K>, DispatchError> {
        let contract = Bound::new::<K>(buffers.iter().map(|buffer| buffer.bytes()));
        let key = contract.requirements().desc.key.clone();
        let index = match &mut self.recording {
            #[cfg(feature = "gpu")]
            Recording::Gpu(builder) => {
                let mut on_gpu = Vec::with_capacity(buffers.len());
                for (index, buffer) in buffers.iter().enumerate() {
                    match buffer {
                        RawBuffer::Gpu(buffer) => on_gpu.push(buffer),
                        RawBuffer::Cpu(_) => return Err(DispatchError::OtherDevice { kernel: key, index }),
                    }
                }
                builder.record_bound(&params.to_bytes(), &on_gpu, contract)?.0
            }
            Recording::Cpu(options, steps) => {
                let mut memory = Vec::with_capacity(buffers.len());
                #[cfg_attr(not(feature = "gpu"), allow(clippy::unused_enumerate_index))]
                for (_index, buffer) in buffers.iter().enumerate() {
                    match buffer {
                        #[cfg(feature = "gpu")]
                        RawBuffer::Gpu(_) => {
                            return Err(DispatchError::OtherDevice { kernel: key, index: _index });
                        }
                        RawBuffer::Cpu(one) => memory.push(one.clone()),
                    }
                }
                let kernel = match options.precision() {
                    Precision::Single => on_cpu(memory),
                    Precision::Double => K::on_reference(memory)
                        .map_err(|reason| DispatchError::NoReference { kernel: K::key(), reason })?,
                };
                let params = params.to_bytes();
                contract.groups(&params)?;
                steps.push(CpuStep { kernel, params: Mutex::new(params), contract: Some(contract) });
                steps.len() - 1
            }
        };
        self.dispatched.push((key, K::TOLERANCE));
        if let Some(launched) = &mut self.launched {
            launched.push(Launched::new::<K>(params, buffers));
        }
        Ok(Step { index, variant: PhantomData })
    }

    /// Records a copy of `count` elements from element `from` of one buffer to element `to` of another.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`]; a buffer of another device.
    pub fn copy<T: Element>(
        &mut self,
        source: &Buffer<T>,
        from: usize,
        target: &mut Buffer<T>,
        to: usize,
        count: usize,
    ) -> Result<(), DispatchError> {
        let size = size_of::<T>();
        for (buffer, first) in [(source.bytes(), from), (target.bytes(), to)] {
            let (start, end) = ((first * size) as u64, ((first + count) * size) as u64);
            if end > buffer {
                return Err(DispatchError::OutOfRange { start, end, len: buffer });
            }
        }
        let other_device = |index| DispatchError::OtherDevice { kernel: "copy".to_owned(), index };
        match (&mut self.recording, source.raw(), target.raw()) {
            #[cfg(feature = "gpu")]
            (Recording::Gpu(builder), RawBuffer::Gpu(source), RawBuffer::Gpu(target)) => {
                builder.record_copy(source, (from * size) as u64, target, (to * size) as u64, (count * size) as u64)?;
            }
            (Recording::Cpu(options, steps), RawBuffer::Cpu(source), RawBuffer::Cpu(target)) => {
                let size = match options.precision() {
                    Precision::Single => size,
                    Precision::Double => wide_bytes::<T>(),
                };
                let (source, target) = (source.clone(), target.clone());
                let kernel: CpuKernel = Box::new(move |_, _| {
                    source.copy_to(from * size, &target, to * size, count * size);
                    Ok(())
                });
                steps.push(CpuStep { kernel, params: Mutex::new(Vec::new()), contract: None });
            }
            #[cfg(feature = "gpu")]
            (_, RawBuffer::Cpu(_), _) => return Err(other_device(0)),
            #[cfg(feature = "gpu")]
            _ => return Err(other_device(1)),
        }
        let _ = other_device;
        Ok(())
    }

    /// The plan of everything recorded.
    ///
    /// # Errors
    /// What the device reports.
    pub fn finish(self) -> Result<Plan, DispatchError> {
        let running = match self.recording {
            #[cfg(feature = "gpu")]
            Recording::Gpu(builder) => Running::Gpu(builder.finish()?),
            Recording::Cpu(options, steps) => Running::Cpu(options, steps),
        };
        Ok(Plan { running })
    }

    /// Runs what was recorded once.
    ///
    /// # Errors
    /// As [`finish`](Self::finish) and [`Plan::run`].
    pub fn run(self) -> Result<(), DispatchError> {
        self.finish()?.run()
    }
}

enum Running {
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::GpuPlan),
    Cpu(CpuOptions, Vec<CpuStep>),
}

/// Dispatches with everything resolved, to be run as often as one likes.
pub struct Plan {
    running: Running,
}

impl Plan {
    /// Runs every dispatch in order; on a GPU one submit, which does not wait.
    ///
    /// # Errors
    /// What the device or, on the CPU, a kernel reports.
    pub fn run(&self) -> Result<(), DispatchError> {
        match &self.running {
            #[cfg(feature = "gpu")]
            Running::Gpu(plan) => Ok(plan.gpu().submit(plan)?),
            Running::Cpu(options, steps) => {
                for step in steps {
                    let params = step.params.lock().unwrap_or_else(PoisonError::into_inner);
                    (step.kernel)(&params, *options)?;
                }
                Ok(())
            }
        }
    }

    /// Runs several plans in order; on a GPU one submit.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_all(plans: &[&Plan]) -> Result<(), DispatchError> {
        #[cfg(feature = "gpu")]
        {
            let on_gpu: Vec<_> = plans.iter().filter_map(|plan| plan.on_gpu()).collect();
            if let Some(first) = on_gpu.first()
                && on_gpu.len() == plans.len()
            {
                return Ok(first.gpu().run(&on_gpu)?);
            }
        }
        plans.iter().try_for_each(|plan| plan.run())
    }

    /// Changes a dispatch's params, and with them its workgroups, for the runs that follow.
    ///
    /// # Errors
    /// The clause of the kernel's contract that does not hold, and the params stay as they were; or what the device
    /// reports.
    pub fn set_params<K: Variant>(&self, step: Step<K>, params: &K::Params) -> Result<(), DispatchError> {
        match &self.running {
            #[cfg(feature = "gpu")]
            Running::Gpu(plan) => Ok(plan.set_params(crate::gpu::StepId(step.index), &params.to_bytes())?),
            Running::Cpu(_, steps) => {
                if let Some(step) = steps.get(step.index) {
                    let params = params.to_bytes();
                    step.contract.iter().try_for_each(|contract| contract.groups(&params).map(drop))?;
                    *step.params.lock().unwrap_or_else(PoisonError::into_inner) = params;
                }
                Ok(())
            }
        }
    }

    /// Dispatches that a run issues.
    pub fn dispatches(&self) -> usize {
        match &self.running {
            #[cfg(feature = "gpu")]
            Running::Gpu(plan) => plan.dispatches(),
            Running::Cpu(_, steps) => steps.len(),
        }
    }

    /// The plan on the GPU, for timing; `None` on the CPU.
    #[cfg(feature = "gpu")]
    pub fn on_gpu(&self) -> Option<&crate::gpu::GpuPlan> {
        match &self.running {
            Running::Gpu(plan) => Some(plan),
            Running::Cpu(..) => None,
        }
    }
}
