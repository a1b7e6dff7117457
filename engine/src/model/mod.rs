//! A model on a device: its shape, its tokenizer and its weights, shared by every session that runs it.

mod halves;
mod ple_rows;
mod tensor;
mod weights;

use std::sync::Arc;

pub(crate) use halves::Halves;
pub(crate) use ple_rows::PleRows;
pub(crate) use tensor::with_quant;
pub use tensor::{Part, Progress, Tensor};
pub use weights::PleResidency;
pub(crate) use weights::{LayerWeights, RopeWeights, Weights};

use crate::chat::ChatTemplate;
use crate::config::{Config, names};
use crate::device::Device;
use crate::error::Error;
use crate::gguf::{Gguf, TensorInfo};
use crate::session::{Session, SessionOptions};
use crate::source::Source;
use crate::tokenizer::Tokenizer;

/// How a model is loaded.
pub struct LoadOptions<'a> {
    /// Where it runs.
    pub device: Device,
    /// Where the per-layer embedding table is kept.
    pub ple: PleResidency,
    /// Whether all arithmetic is in f32. By default products with many vectors go to matrix units where a device has
    /// them, whose factors are rounded to f16.
    pub exact: bool,
    /// The most bytes of one buffer; larger tensors are split by rows. The device's own limit where `None`.
    pub max_buffer_bytes: Option<u64>,
    /// What is known of the device: which variants of the kernels are right and fast on it. Without one the engine's
    /// own preference is used, unchecked. It learns what it did not know.
    #[cfg(feature = "tuning")]
    pub tuning: Option<&'a mut crate::tuning::Tuning>,
    /// Called while tensors are loaded.
    pub progress: Option<&'a mut dyn FnMut(Progress)>,
}

impl LoadOptions<'_> {
    /// With the defaults, on this device.
    pub fn new(device: Device) -> Self {
        Self {
            device,
            ple: PleResidency::default(),
            exact: false,
            max_buffer_bytes: None,
            #[cfg(feature = "tuning")]
            tuning: None,
            progress: None,
        }
    }
}

/// A model that is ready to run. Clones are the same model.
#[derive(Clone)]
pub struct Model {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) device: Device,
    pub(crate) config: Config,
    pub(crate) tokenizer: Tokenizer,
    pub(crate) chat: ChatTemplate,
    pub(crate) weights: Weights,
    pub(crate) source: Arc<dyn Source>,
    /// The per-layer embedding table in the source.
    pub(crate) ple_rows: Option<TensorInfo>,
    resident_bytes: u64,
    name: Option<String>,
    #[cfg(feature = "tuning")]
    refused: Vec<crate::tuning::Refusal>,
    #[cfg(feature = "tuning")]
    needs: crate::tuning::Needs,
}

impl Model {
    /// Loads a Gemma 4 GGUF.
    ///
    /// # Errors
    /// What is wrong with the file, by key or tensor; what the device lacks.
    pub async fn load(source: Arc<dyn Source>, options: LoadOptions<'_>) -> Result<Self, Error> {
        let gguf = Gguf::read(&*source)?;
        let config = Config::from_gguf(&gguf)?;
        let tokenizer = Tokenizer::from_gguf(&gguf)?;
        let chat = ChatTemplate::from_gguf(&gguf)?;
        #[cfg_attr(not(feature = "tuning"), allow(unused_mut))]
        let mut device = if options.exact { options.device.exact() } else { options.device };
        #[cfg(feature = "tuning")]
        let needs = crate::tuning::Needs::of(&gguf, &config);
        #[cfg(feature = "tuning")]
        let refused = match options.tuning {
            Some(tuning) => crate::tuning::choose(tuning, &mut device, &needs).await?,
            None => Vec::new(),
        };
        let limit = device.dispatch().max_binding_bytes();
        let mut loader = tensor::Loader {
            device: &device,
            source: &source,
            gguf: &gguf,
            halves: halves::Halves::of(&device),
            max_part_bytes: options.max_buffer_bytes.map_or(limit, |bytes| bytes.min(limit)),
            progress: options.progress,
            done_bytes: 0,
            total_bytes: text_bytes(&gguf),
            resident_bytes: 0,
            unsettled_bytes: 0,
        };
        let weights = weights::load(&mut loader, &config, options.ple).await?;
        let resident_bytes = loader.resident_bytes;
        device.dispatch().settle_uploads().await?;
        let ple_rows = gguf.find(names::PER_LAYER_TOKEN_EMBD).cloned();
        let name = gguf.metadata().opt_str("general.name").ok().flatten().map(str::to_owned);
        let inner = Inner {
            device,
            config,
            tokenizer,
            chat,
            weights,
            source,
            ple_rows,
            resident_bytes,
            name,
            #[cfg(feature = "tuning")]
            refused,
            #[cfg(feature = "tuning")]
            needs,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A number that tells this model from others, see [`Gguf::fingerprint`].
    ///
    /// # Errors
    /// What reading the source says.
    pub fn fingerprint(&self) -> Result<u64, Error> {
        let source = &*self.inner.source;
        Gguf::read(source)?.fingerprint(source)
    }

    /// The model's shape.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// `general.name` of the file.
    pub fn name(&self) -> Option<&str> {
        self.inner.name.as_deref()
    }

    /// Text to token ids and back.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.inner.tokenizer
    }

    /// Messages to token ids.
    pub fn chat_template(&self) -> &ChatTemplate {
        &self.inner.chat
    }

    /// Where it runs.
    pub fn device(&self) -> &Device {
        &self.inner.device
    }

    /// Variants of kernels that would have been preferred but cannot be used on this device, with the reasons.
    #[cfg(feature = "tuning")]
    pub fn refused(&self) -> &[crate::tuning::Refusal] {
        &self.inner.refused
    }

    /// What it asks of the kernels, for [`tuning::measure`](crate::tuning::measure).
    #[cfg(feature = "tuning")]
    pub fn needs(&self) -> &crate::tuning::Needs {
        &self.inner.needs
    }

    /// Bytes of tensors on the device.
    pub fn resident_bytes(&self) -> u64 {
        self.inner.resident_bytes
    }

    /// Whether the per-layer embedding table stayed in the source.
    pub fn reads_ple_rows(&self) -> bool {
        self.inner.weights.ple.as_ref().is_some_and(|ple| ple.table.is_none())
    }

    /// A conversation's state: caches and scratch buffers.
    ///
    /// # Errors
    /// [`Error::Session`] for a context beyond the model's; what the device lacks.
    pub fn session(&self, options: SessionOptions) -> Result<Session, Error> {
        Session::new(self.clone(), options)
    }
}

/// Bytes of the tensors that text needs.
fn text_bytes(gguf: &Gguf) -> u64 {
    let text = |name: &str| {
        name.starts_with("blk.")
            || name.starts_with("token_embd")
            || name.starts_with("output")
            || name.starts_with("per_layer")
    };
    gguf.tensors().iter().filter(|tensor| text(&tensor.name)).map(|tensor| tensor.byte_len).sum()
}
