//! Where a model runs: a GPU through wgpu, or the kernels on the CPU.

use kernel::cpu::CpuOptions;
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};

use crate::error::Error;
use crate::kernels::{Batches, Choices, Family, Lanes, TABLE, batches_of};

/// Which device to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The best hardware GPU, or the CPU where there is none.
    #[default]
    Auto,
    /// The best GPU, a software one where there is no other.
    Gpu,
    /// The kernels on the CPU.
    Cpu,
    /// The best GPU whose name contains this text.
    Named(String),
}

impl std::str::FromStr for DeviceChoice {
    type Err = std::convert::Infallible;

    /// `auto`, `gpu`, `cpu`, or a part of an adapter's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "cpu" => Self::Cpu,
            name => Self::Named(name.to_owned()),
        })
    }
}

/// An open device. Clones are the same device.
#[derive(Clone, Debug)]
pub struct Device {
    inner: kernel::dispatch::Device,
    choices: Choices,
    why_cpu: Option<String>,
}

impl Device {
    /// Opens a device.
    ///
    /// # Errors
    /// [`Error::Device`] where the choice needs a GPU and none answers; its text lists the adapters there are.
    pub async fn open(choice: &DeviceChoice) -> Result<Self, Error> {
        let selection = match choice {
            DeviceChoice::Cpu => return Ok(Self::cpu(None)),
            DeviceChoice::Auto => AdapterSelection::HardwareOnly,
            DeviceChoice::Gpu => AdapterSelection::Default,
            DeviceChoice::Named(name) => AdapterSelection::Named(name.clone()),
        };
        match Gpu::request(&selection, TABLE, GpuOptions::default()).await {
            Ok(gpu) => Ok(Self::from_gpu(gpu)),
            Err(error) if *choice == DeviceChoice::Auto => Ok(Self::cpu(Some(error.to_string()))),
            Err(error) => Err(Error::Device(error.into())),
        }
    }

    /// A GPU that the caller opened with [`TABLE`].
    pub fn from_gpu(gpu: Gpu) -> Self {
        let lanes = if gpu.has_subgroups() { Lanes::Subgroups } else { Lanes::Tree };
        let choices = Choices::all(lanes).with_batches(batches_of(&gpu));
        Self { inner: kernel::dispatch::Device::Gpu(gpu), choices, why_cpu: None }
    }

    /// The kernels on the CPU with these options, such as `f64` in place of `f32`, the reference.
    pub fn from_cpu(options: CpuOptions) -> Self {
        Self { inner: kernel::dispatch::Device::Cpu(options), choices: Choices::all(Lanes::Single), why_cpu: None }
    }

    fn cpu(why_cpu: Option<String>) -> Self {
        Self { why_cpu, ..Self::from_cpu(CpuOptions::default()) }
    }

    /// What runs the model, for people: the adapter and its driver, or the CPU and why.
    pub fn description(&self) -> String {
        match &self.inner {
            kernel::dispatch::Device::Gpu(gpu) => gpu.info().to_string(),
            kernel::dispatch::Device::Cpu(_) => match &self.why_cpu {
                Some(why) => format!("CPU ({why})"),
                None => "CPU".to_owned(),
            },
        }
    }

    /// Whether the kernels run on the CPU.
    pub fn is_cpu(&self) -> bool {
        self.inner.is_cpu()
    }

    /// Whether this is a GPU in name only (lavapipe, SwiftShader): correct, and slow.
    pub fn is_software(&self) -> bool {
        match &self.inner {
            kernel::dispatch::Device::Gpu(gpu) => gpu.info().is_software,
            kernel::dispatch::Device::Cpu(_) => true,
        }
    }

    /// The device underneath, for buffers and dispatches.
    pub fn dispatch(&self) -> &kernel::dispatch::Device {
        &self.inner
    }

    /// Which variants of the kernels it runs.
    pub fn choices(&self) -> Choices {
        self.choices
    }

    /// The same device with f32 arithmetic throughout: no product goes to matrix units, whose factors are f16.
    #[must_use]
    pub fn exact(mut self) -> Self {
        self.choices = self.choices.with_batches(Batches::Single);
        self
    }

    /// Runs these variants from now on.
    #[cfg(feature = "tuning")]
    pub(crate) fn choose(&mut self, choices: Choices) {
        self.choices = choices;
    }

    /// How the workgroups of a family of kernels are made up on it.
    pub fn lanes(&self, family: Family) -> Lanes {
        self.choices.lanes(family)
    }
}
