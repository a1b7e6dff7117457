//! Adapters of a conversation, in PEFT's files or llama.cpp's GGUF.
use engine::Error;
use engine::config::Config;
use engine::lora::Adapter;
use engine::session::{ResidentAdapter, Session};
use engine::source::MemorySource;
use wasm_bindgen::prelude::*;

use crate::error::WebError;
use crate::model::Engine;

/// Reads PEFT's two files, or llama.cpp's one where there is no configuration.
pub fn read(config: &Config, peft_config: Option<&[u8]>, weights: &[u8]) -> Result<Adapter, WebError> {
    let adapter = match peft_config {
        Some(peft_config) => Adapter::from_peft(config, peft_config, weights).map_err(Error::from),
        None => Adapter::from_gguf(config, &MemorySource::new(weights)),
    };
    adapter.map_err(WebError::Adapter)
}

#[wasm_bindgen]
impl Engine {
    /// Computes with this adapter from now on, its update multiplied by `scale`: PEFT's two files, or llama.cpp's one as
    /// `weights`. The cache is forgotten.
    #[wasm_bindgen(js_name = loadAdapter)]
    pub async fn load_adapter(&self, config: Option<Vec<u8>>, weights: Vec<u8>, scale: f32) -> Result<(), JsValue> {
        let adapter = read(self.model().config(), config.as_deref(), &weights)?;
        let resident = ResidentAdapter::new(self.model(), &adapter).map_err(WebError::from)?;
        let bytes = resident.resident_bytes();
        self.with(async |session: &mut Session| Ok(session.set_adapters(vec![(resident, scale)])?)).await?;
        self.adapter_bytes.set(bytes);
        Ok(())
    }

    /// Computes without an adapter again. The cache is forgotten.
    #[wasm_bindgen(js_name = unloadAdapter)]
    pub async fn unload_adapter(&self) -> Result<(), JsValue> {
        self.with(async |session: &mut Session| Ok(session.set_adapters(Vec::new())?)).await?;
        self.adapter_bytes.set(0);
        Ok(())
    }
}
