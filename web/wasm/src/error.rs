//! Failures on their way to JavaScript: an `Error` whose `kind` names the class that the package throws.
use engine::Error;
use engine::dataset::DatasetError;
use engine::source::SourceError;
use js_sys::{Array, Object, Reflect};
use kernel::dispatch::DispatchError;
use kernel::gpu::GpuError;
use wasm_bindgen::prelude::*;

/// Everything that can go wrong here.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The engine's own.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The adapter's files cannot be used.
    #[error("{0}")]
    Adapter(Error),
    /// No device.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// Options that are not what they should be.
    #[error("the options cannot be used: {0}")]
    Options(#[from] serde_json::Error),
    /// An option's value.
    #[error("{option} is {value}, but {rule}")]
    Option {
        /// Its name.
        option: &'static str,
        /// What was given.
        value: f64,
        /// What it must be.
        rule: &'static str,
    },
    /// No variant has that name.
    #[error("no kernel variant is named `{0}`")]
    UnknownKernel(String),
    /// Two calls at once.
    #[error("the model is busy with another call")]
    Busy,
    /// The run of training is over.
    #[error("all steps of the run have been taken")]
    Over,
}

impl WebError {
    /// The name of the class that the package throws.
    fn kind(&self) -> &'static str {
        match self {
            Self::Adapter(_) | Self::Engine(Error::Lora(_)) => "BadAdapter",
            Self::Engine(error) => kind(error),
            Self::Gpu(error) => kind_of_gpu(error),
            Self::Options(_) | Self::Option { .. } | Self::UnknownKernel(_) | Self::Busy | Self::Over => "GemmuleError",
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::Gguf(_) | Error::Config(_) | Error::Tokenizer(_) => "BadModel",
        Error::Source(SourceError::OutOfRange { .. }) => "BadModel",
        Error::Dataset(_) => "DatasetError",
        Error::Device(DispatchError::Gpu(error)) => kind_of_gpu(error),
        _ => "GemmuleError",
    }
}

fn kind_of_gpu(error: &GpuError) -> &'static str {
    match error {
        GpuError::NoAdapter { .. } | GpuError::Request { .. } => "NoWebGPU",
        // Buffers that are mapped are nobody else's: only a loss, of which the browser tells a little later, undoes that.
        GpuError::DeviceLost { .. } | GpuError::Map { .. } => "DeviceLost",
        GpuError::OutOfMemory { .. } | GpuError::BufferTooLarge { .. } => "OutOfMemory",
        GpuError::MissingFeature { .. } | GpuError::OverLimit { .. } => "MissingFeature",
        _ => "GemmuleError",
    }
}

impl From<WebError> for JsValue {
    fn from(error: WebError) -> Self {
        let thrown = js_sys::Error::new(&error.to_string());
        let set = |key: &str, value: &JsValue| {
            // A fresh object takes any property.
            Reflect::set(&thrown, &key.into(), value).ok();
        };
        set("kind", &error.kind().into());
        if let WebError::Engine(Error::Dataset(DatasetError::Lines { lines, .. })) = &error {
            let list = Array::new();
            for line in lines {
                let entry = Object::new();
                Reflect::set(&entry, &"line".into(), &(line.line as f64).into()).ok();
                Reflect::set(&entry, &"message".into(), &line.cause.to_string().into()).ok();
                list.push(&entry);
            }
            set("lines", &list);
        }
        thrown.into()
    }
}
