//! Loads a model, with a progress bar.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::device::Device;
use engine::model::{LoadOptions, Model, PleResidency, Progress};
use engine::source::{MemorySource, Source};
use engine::tuning::{Ineligible, check_training};
use indicatif::{ProgressBar, ProgressStyle};

use super::error::CliError;
use super::file::open_source;
use super::options::DeviceArgs;
use super::text;
use super::tuning::Kept;

/// The model that every build carries.
static EMBEDDED: &[u8] = include_bytes!("../../models/tiny/tiny.gguf");

/// A loaded model and how it came.
pub struct Opened {
    /// The model.
    pub model: Model,
    /// What was loaded, in words.
    pub name: String,
    /// How long it took, the device's start included.
    pub load_time: Duration,
}

impl Opened {
    /// For the user: model, device, memory and time, a line each.
    pub fn introduction(&self) -> String {
        let name = match self.model.name() {
            Some(name) => format!("{} ({name})", self.name),
            None => self.name.clone(),
        };
        format!(
            "model   {name}\ndevice  {}\nmemory  {} of weights, loaded in {:.2} s",
            self.model.device().description(),
            text::bytes(self.model.resident_bytes()),
            self.load_time.as_secs_f64()
        )
    }
}

/// Loads a file, a model of Ollama's store, or without a name the embedded model.
pub fn open_model(name: Option<&str>, device: &DeviceArgs) -> Result<Opened, CliError> {
    open_with(name, device, Purpose::Answers)
}

/// As [`open_model`], but the per-layer embedding table stays in the file: a batch needs few of its rows, and its memory
/// keeps activations instead. The kernels that training adds are checked on this device.
pub fn open_to_train(name: Option<&str>, device: &DeviceArgs) -> Result<Opened, CliError> {
    open_with(name, device, Purpose::Training)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Answers,
    Training,
}

fn open_with(name: Option<&str>, device: &DeviceArgs, purpose: Purpose) -> Result<Opened, CliError> {
    let begun = Instant::now();
    let (name, source): (String, Arc<dyn Source>) = match name {
        Some(name) => (name.into(), Arc::new(open_source(name)?)),
        None => ("the embedded model".into(), Arc::new(MemorySource::from_static(EMBEDDED))),
    };
    let exact = device.exact;
    let device = pollster::block_on(Device::open(&device.choice)).map_err(CliError::NoDevice)?;
    let mut kept = Kept::of(&device);
    let bar = ProgressBar::new(0).with_style(bar_style());
    let mut progress = |progress: Progress| {
        // Setting the length draws at once, however often the bar was drawn just before.
        if bar.length() != Some(progress.total_bytes) {
            bar.set_length(progress.total_bytes);
        }
        bar.set_position(progress.done_bytes);
    };
    let options = LoadOptions {
        progress: Some(&mut progress),
        tuning: kept.as_mut().map(|kept| &mut kept.tuning),
        exact,
        ple: match purpose {
            Purpose::Answers => PleResidency::default(),
            Purpose::Training => PleResidency::Source,
        },
        ..LoadOptions::new(device)
    };
    let loaded = pollster::block_on(Model::load(source, options));
    bar.finish_and_clear();
    let model = loaded?;
    for refusal in model.refused() {
        if matches!(refusal.why, Ineligible::Wrong(_)) {
            eprintln!("not used: {refusal}");
        }
    }
    if purpose == Purpose::Training
        && let Some(kept) = &mut kept
    {
        pollster::block_on(check_training(&mut kept.tuning, &model))?;
    }
    if let Some(Err(error)) = kept.map(|kept| kept.keep()) {
        // Without the file everything is checked again next time; that is all.
        eprintln!("what was learnt of this GPU is not kept: {error}");
    }
    Ok(Opened { model, name, load_time: begun.elapsed() })
}

fn bar_style() -> ProgressStyle {
    ProgressStyle::with_template("loading {bar:30} {bytes}/{total_bytes} {bytes_per_sec}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
