//! A dispatch with its inputs, described once and run on any device: what checks, comparisons and measurements of a
//! kernel share. The same description gives the same inputs everywhere.

use std::future::Future;
use std::ops::{Deref, DerefMut, Range};
use std::pin::Pin;

use crate::cpu::Precision;
use crate::dispatch::{Buffer, Device, DispatchError, Plan, RawBuffer, Recorder};
use crate::layout::{Element, Scalar};

/// A description of a trial: makes buffers, then dispatches.
///
/// ```
/// # use kernel::prelude::*;
/// # use kernel::trial::Trial;
/// # use kernel::dispatch::DispatchError;
/// #[params]
/// pub struct DoubleParams {
///     n: u32,
/// }
///
/// #[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
/// pub fn double(id: GlobalId, params: &DoubleParams, x: &Storage<f32>, y: &mut Storage<f32>) {
///     if id < params.n {
///         y[id] = x[id] + x[id];
///     }
/// }
///
/// fn hundred(trial: &mut Trial) -> Result<(), DispatchError> {
///     let x = trial.random("x", 100)?;
///     let mut y = trial.output("y", 100)?;
///     double::Kernel::dispatch(trial, DoubleParams { n: 100 }, double::Args { x: &x, y: &mut y })?;
///     Ok(())
/// }
/// # fn main() -> Result<(), DispatchError> {
/// # let device = kernel::dispatch::Device::Cpu(Default::default());
/// # let outputs = Trial::describe(&device, hundred)?.run()?;
/// # assert_eq!((outputs[0].name.as_str(), outputs[0].values().len()), ("y", 100));
/// # Ok(())
/// # }
/// ```
pub type Case<'c> = dyn Fn(&mut Trial) -> Result<(), DispatchError> + Send + Sync + 'c;

type Bytes = Pin<Box<dyn Future<Output = Result<Vec<u8>, DispatchError>>>>;
type Read = Box<dyn Fn(&Device) -> Result<Bytes, DispatchError>>;

/// One dispatch, or a few that belong together, with their inputs on a device.
pub struct Trial {
    device: Device,
    recorder: Recorder,
    outputs: Vec<(String, Scalar, Read)>,
    packed: Vec<(String, Packing)>,
}

impl Deref for Trial {
    type Target = Recorder;
    fn deref(&self) -> &Recorder {
        &self.recorder
    }
}

impl DerefMut for Trial {
    fn deref_mut(&mut self) -> &mut Recorder {
        &mut self.recorder
    }
}

impl Trial {
    /// Runs a description on a device: its buffers are made and its dispatches recorded, not yet run.
    ///
    /// # Errors
    /// What the description meets.
    pub fn describe(
        device: &Device,
        case: impl FnOnce(&mut Self) -> Result<(), DispatchError>,
    ) -> Result<Self, DispatchError> {
        let mut trial = Self {
            device: device.clone(),
            recorder: Recorder::remembering(device, "trial"),
            outputs: Vec::new(),
            packed: Vec::new(),
        };
        case(&mut trial)?;
        Ok(trial)
    }

    /// The device that it is described for.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A buffer with these elements, which the kernel reads.
    ///
    /// # Errors
    /// The device's limits and its memory.
    pub fn input<T: Element>(&mut self, name: &str, elements: &[T]) -> Result<Buffer<T>, DispatchError> {
        self.device.upload(elements, name)
    }

    /// `len` values, uniform in -1..1; the same for the same name and length on every device.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn random(&mut self, name: &str, len: usize) -> Result<Buffer<f32>, DispatchError> {
        self.input(name, &random(name, len, -1.0..1.0))
    }

    /// A buffer with these elements that the kernel changes; it is one of the trial's outputs.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn changed<T: Element>(&mut self, name: &str, elements: &[T]) -> Result<Buffer<T>, DispatchError> {
        let buffer = self.device.upload(elements, name)?;
        self.watch(name, &buffer);
        Ok(buffer)
    }

    /// A buffer that the kernel fills: reading an element of it before writing it is a mistake that checks report. It
    /// is one of the trial's outputs.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn output<T: Element>(&mut self, name: &str, len: usize) -> Result<Buffer<T>, DispatchError> {
        let buffer = self.device.create(len, name)?;
        self.watch(name, &buffer);
        Ok(buffer)
    }

    /// A buffer that the kernel uses for itself; nobody looks at it afterwards.
    ///
    /// # Errors
    /// As [`input`](Self::input).
    pub fn scratch<T: Element>(&mut self, name: &str, len: usize) -> Result<Buffer<T>, DispatchError> {
        self.device.create(len, name)
    }

    /// Says that the words of the output of that name are floats, which comparisons then read so.
    pub fn packed(&mut self, name: &str, packing: Packing) {
        self.packed.push((name.to_owned(), packing));
    }

    fn watch<T: Element>(&mut self, name: &str, buffer: &Buffer<T>) {
        let view = buffer.view::<T>();
        let double = matches!(self.device, Device::Cpu(options) if options.precision() == Precision::Double);
        let read: Read = Box::new(move |device| match view.raw() {
            RawBuffer::Cpu(memory) if double => {
                let bytes = memory.read_wide::<T>(view.len());
                Ok(Box::pin(std::future::ready(Ok(bytes))) as Bytes)
            }
            _ => {
                let reading = device.read_later(&view, 0..view.len())?;
                Ok(Box::pin(async { Ok(bytemuck::cast_slice(&reading.await?).to_vec()) }) as Bytes)
            }
        });
        let scalar = if double { T::SCALAR.wide() } else { T::SCALAR };
        self.outputs.push((name.to_owned(), scalar, read));
    }

    /// Runs it once and reads its outputs, in the order in which they were made; waits for them.
    ///
    /// # Errors
    /// What the device or, on the CPU, a kernel reports.
    pub fn run(self) -> Result<Vec<Output>, DispatchError> {
        pollster::block_on(self.outputs())
    }

    /// As [`run`](Self::run), where one may not wait: in a browser.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn outputs(self) -> Result<Vec<Output>, DispatchError> {
        let Self { device, recorder, outputs, packed } = self;
        recorder.run()?;
        let mut read = Vec::with_capacity(outputs.len());
        for (name, scalar, bytes) in outputs {
            let packing = packed.iter().find(|(packed, _)| *packed == name).map(|(_, packing)| *packing);
            read.push(Output { name, scalar, packing, bytes: bytes(&device)?.await? });
        }
        Ok(read)
    }

    /// Its dispatches as a plan, to be run again and again and timed.
    ///
    /// # Errors
    /// What the device reports.
    pub fn plan(self) -> Result<Plan, DispatchError> {
        self.recorder.finish()
    }
}

/// What a trial left in a buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The buffer's name.
    pub name: String,
    /// What its bytes are; `F64` for floats of a device of double precision.
    pub scalar: Scalar,
    /// The floats that its words stand for, see [`Trial::packed`].
    pub packing: Option<Packing>,
    /// Its elements, scalar after scalar, little-endian.
    pub bytes: Vec<u8>,
}

impl Output {
    /// Its scalars as numbers, those that are packed in words unpacked; vectors component after component.
    pub fn values(&self) -> Vec<f64> {
        match self.packing {
            None => self.scalar.values(&self.bytes),
            Some(Packing::Singles) => Scalar::F32.values(&self.bytes),
            Some(Packing::Halves) => {
                let halves = self.bytes.chunks_exact(2).map(|half| half::f16::from_le_bytes([half[0], half[1]]));
                halves.map(half::f16::to_f64).collect()
            }
        }
    }

    /// Whether its values are floats.
    pub fn is_float(&self) -> bool {
        self.packing.is_some() || matches!(self.scalar, Scalar::F32 | Scalar::F64)
    }
}

/// Floats in the words of a buffer of `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// The bits of an `f32` in each.
    Singles,
    /// Two halves in each, the first in the low one.
    Halves,
}

/// `len` values, uniform in `range`; the same for the same name and length on every machine (xorshift64).
pub fn random(name: &str, len: usize, range: Range<f32>) -> Vec<f32> {
    random_bits(name, len)
        .map(|bits| range.start + (range.end - range.start) * (bits >> 8) as f32 / (1_u32 << 24) as f32)
        .collect()
}

/// `len` random words; the same for the same name and length on every machine (xorshift64).
pub fn random_words(name: &str, len: usize) -> Vec<u32> {
    random_bits(name, len).collect()
}

fn random_bits(name: &str, len: usize) -> impl Iterator<Item = u32> {
    // FNV-1a of the name, so that two buffers differ.
    let mut state = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    state = (state ^ len as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    })
}
