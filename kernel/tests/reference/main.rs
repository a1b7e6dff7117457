//! The language reference, made from what is tested: every construct's kernel runs here on the CPU executor and on a
//! GPU where there is one, with one expected result, and its Rust and WGSL become a row of
//! `docs/guide/src/reference.md`. `GEMMULE_BLESS=1` writes that file anew.
#![allow(
    clippy::let_and_return,
    clippy::needless_return,
    reason = "the kernels show every shape that an author may write"
)]

mod atomics;
mod builtins;
mod control;
mod cooperative;
mod functions;
mod halves;
mod page;
mod subgroups;
mod values;

use std::sync::OnceLock;

use kernel::build::Builder;
use kernel::cpu::CpuOptions;
use kernel::dispatch::Device;
use kernel::emit::EmittedVariant;
use kernel::gpu::{AdapterSelection, Gpu, GpuError, GpuOptions};
use kernel::variant::VariantDesc;

/// One construct of the language.
pub struct Row {
    /// What it is called.
    title: &'static str,
    /// The kernel's Rust source.
    rust: String,
    /// The kernel as it is emitted.
    variant: EmittedVariant,
    /// What the CPU executor does, in words.
    semantics: &'static str,
    /// Runs the kernel and gives its result, and the expected one, if these differ.
    run: fn(&Device) -> Result<(), String>,
    /// What the kernel needs of a device.
    desc: fn() -> VariantDesc,
}

/// A number that a kernel may compute a little differently on every device.
pub trait Close: Copy + std::fmt::Debug {
    /// Whether both are the same result, to `digits` decimal digits of a float.
    fn close(self, other: Self, digits: i32) -> bool;
}

macro_rules! exact {
    ($($ty:ty)*) => {$(
        impl Close for $ty {
            fn close(self, other: Self, _: i32) -> bool {
                self == other
            }
        }
    )*};
}
exact! { u32 i32 }

impl Close for f32 {
    fn close(self, other: Self, digits: i32) -> bool {
        self == other || (self - other).abs() <= 2.0 * 10f32.powi(-digits) * (1.0 + other.abs())
    }
}

impl Close for kernel::types::f16 {
    fn close(self, other: Self, _: i32) -> bool {
        self == other || (self - other).to_f32().abs() <= 2e-3 * (1.0 + other.to_f32().abs())
    }
}

impl<T: Close> Close for kernel::types::Vec4<T> {
    fn close(self, other: Self, digits: i32) -> bool {
        self.to_array().into_iter().zip(other.to_array()).all(|(a, b)| a.close(b, digits))
    }
}

/// The rows of a file of kernels `fn name(.., x: &Storage<_>, y: &mut Storage<_>)`: what they are, their input, the
/// expected output, and the semantics in words.
#[macro_export]
macro_rules! rows {
    ($file:literal: $($kernel:ident $(($params:expr))? $title:literal, $x:expr => $y:expr, $semantics:literal;)*) => {
        /// The file's constructs.
        pub fn rows() -> Vec<$crate::Row> {
            vec![$($crate::Row {
                title: $title,
                rust: $crate::page::source(include_str!($file), stringify!($kernel)),
                variant: $kernel::emit(),
                semantics: $semantics,
                desc: <$kernel::Kernel as kernel::dispatch::Variant>::desc,
                run: |device| {
                    let (input, expected) = ($x, $y);
                    let x = device.upload(&input, "x").map_err(|error| error.to_string())?;
                    let mut y = device.create(expected.len(), "y").map_err(|error| error.to_string())?;
                    let mut recorder = kernel::dispatch::Recorder::new(device, "reference");
                    let args = $kernel::Args { x: &x, y: &mut y };
                    $kernel::Kernel::dispatch(&mut recorder, $crate::or_unit!($($params)?), args).map_err(|error| error.to_string())?;
                    recorder.run().map_err(|error| error.to_string())?;
                    let got = pollster::block_on(device.read(&y, 0..expected.len())).map_err(|error| error.to_string())?;
                    // WGSL asks for no more than four digits of some functions.
                    let digits = if device.is_cpu() { 6 } else { 4 };
                    let same = got.iter().zip(&expected).all(|(got, expected)| $crate::Close::close(*got, *expected, digits));
                    if same { Ok(()) } else { Err(format!("{got:?} instead of {expected:?}")) }
                },
            }),*]
        }
    };
}

/// The params of a row, `()` for none.
#[macro_export]
macro_rules! or_unit {
    () => {
        ()
    };
    ($params:expr) => {
        $params
    };
}

fn rows_of_all_files() -> Vec<Row> {
    [
        values::rows(),
        control::rows(),
        functions::rows(),
        builtins::rows(),
        subgroups::rows(),
        atomics::rows(),
        halves::rows(),
        cooperative::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A GPU with the constructs' kernels. With `GEMMULE_REQUIRE_GPU=1` a missing GPU is a failure.
fn gpu() -> Option<Gpu> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| {
        let table = kernel::emit::table(rows_of_all_files().into_iter().map(|row| row.variant).collect());
        match pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default())) {
            Ok(gpu) => Some(gpu),
            Err(error) => {
                let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
                assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
                eprintln!("SKIPPED on a GPU, run on the CPU executor alone: {error}");
                None
            }
        }
    })
    .clone()
}

#[test]
fn every_construct_gives_its_result_on_the_cpu() {
    let device = Device::Cpu(CpuOptions::default());
    for row in rows_of_all_files() {
        (row.run)(&device).unwrap_or_else(|error| panic!("{}: {error}\n{}", row.title, row.rust));
    }
}

#[test]
fn every_construct_gives_the_same_result_on_a_gpu() {
    let Some(gpu) = gpu() else { return };
    for row in rows_of_all_files() {
        match gpu.supports(&(row.desc)()) {
            Ok(()) => {}
            Err(error @ GpuError::MissingFeature { .. }) => {
                eprintln!("SKIPPED on the GPU: {error}");
                continue;
            }
            Err(error) => panic!("{}: {error}", row.title),
        }
        let device = Device::Gpu(gpu.clone());
        (row.run)(&device).unwrap_or_else(|error| panic!("{}: {error}\n{}", row.title, row.variant.wgsl));
    }
}

/// The modules are left in the target folder, for `tests/tint/check.mjs` to judge them too.
#[test]
fn every_construct_is_accepted_by_naga() {
    let variants = rows_of_all_files().into_iter().map(|row| row.variant).collect();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("reference");
    if let Err(errors) = Builder::new(variants).bless(folder).table() {
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", errors.join("\n"));
    }
}
