//! LoRA adapters: low-rank changes of a model's matrices, as one flat vector of parameters with a layout, and as the
//! files of PEFT and llama.cpp.
mod combine;
mod error;
mod factors;
#[cfg(not(target_arch = "wasm32"))]
mod files;
mod gguf;
mod layout;
mod merge;
mod options;
mod peft;
mod target;

pub use error::LoraError;
#[cfg(not(target_arch = "wasm32"))]
pub use files::merge_to_file;
pub use layout::{Layout, Site};
pub use merge::{Merged, merge};
pub use options::LoraOptions;
pub use peft::PeftFiles;
pub use target::Target;

use crate::{config::Config, random::Random};

/// A model's changes: parameters, and where each matrix lies in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    options: LoraOptions,
    layout: Layout,
    parameters: Vec<f32>,
    /// What the base model is called, for the files.
    pub base: Option<String>,
}

impl Adapter {
    /// An adapter that changes nothing yet, as PEFT initialises it: A is uniform in ±1/√inputs (`kaiming_uniform_` with
    /// a = √5), B is zero. The same seed gives the same numbers everywhere.
    ///
    /// # Errors
    /// Options that cannot be; a target that matches nothing in the model.
    pub fn new(config: &Config, options: LoraOptions) -> Result<Adapter, LoraError> {
        let layout = Layout::new(config, &options)?;
        let mut parameters = vec![0.0; layout.len()];
        for site in layout.sites() {
            // A stream of its own: what one matrix gets does not depend on which others there are.
            let mut random = Random::new(options.seed, ((site.layer as u64) << 8) | site.target as u64);
            let bound = 1.0 / (site.k as f32).sqrt();
            parameters[site.a.clone()].fill_with(|| random.symmetric(bound));
        }
        Ok(Adapter { options, layout, parameters, base: None })
    }

    /// What it is made of. The layout may hold ranks and scales of single sites that differ.
    pub fn options(&self) -> &LoraOptions {
        &self.options
    }

    /// Where each matrix lies in the parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All parameters; those in the gaps between matrices are zero.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// Takes parameters of the same layout, such as trained ones.
    ///
    /// # Errors
    /// [`LoraError::ParameterCount`] for another number of them.
    pub fn set_parameters(&mut self, parameters: Vec<f32>) -> Result<(), LoraError> {
        match parameters.len() == self.layout.len() {
            true => self.parameters = parameters,
            false => {
                let (expected, found) = (self.layout.len(), parameters.len());
                return Err(LoraError::ParameterCount { expected, found });
            }
        }
        Ok(())
    }

    /// A `[rank, inputs]` and B `[outputs, rank]` of a site, row after row.
    pub fn factors(&self, site: &Site) -> (&[f32], &[f32]) {
        (&self.parameters[site.a.clone()], &self.parameters[site.b.clone()])
    }
}
