//! A model's tensors on its device, layer by layer.

use kernel::dispatch::Buffer;
use kernel::types::Vec2;
use kernels_src::rope::RopeTable;

use super::tensor::{Loader, Tensor};
use crate::config::{Attention, Config, Kv, names};
use crate::device::Device;
use crate::error::Error;
use crate::gguf::Gguf;

/// The stream's projections to queries, keys and values: outputs lie one after the other, q then k then v.
#[derive(Debug)]
pub(crate) struct Projections {
    /// Tensors in the order of their outputs; q and k are one where their types allow it.
    pub(crate) tensors: Vec<Tensor>,
    /// Outputs in all.
    pub(crate) width: u32,
    /// Where keys start among the outputs.
    pub(crate) k_at: u32,
    /// Where values start: at the keys where the layer has no `attn_v`.
    pub(crate) v_at: u32,
}

/// The per-layer embedding's part in a layer.
#[derive(Debug)]
pub(crate) struct PleLayer {
    pub(crate) gate: Tensor,
    pub(crate) proj: Tensor,
    pub(crate) post_norm: Buffer<f32>,
}

/// One layer.
#[derive(Debug)]
pub(crate) struct LayerWeights {
    pub(crate) attn_norm: Buffer<f32>,
    pub(crate) projections: Projections,
    pub(crate) q_norm: Buffer<f32>,
    /// A stand-in of one value on layers without keys.
    pub(crate) k_norm: Buffer<f32>,
    pub(crate) output: Tensor,
    pub(crate) post_attention_norm: Buffer<f32>,
    pub(crate) ffn_norm: Buffer<f32>,
    pub(crate) gate: Tensor,
    pub(crate) up: Tensor,
    pub(crate) down: Tensor,
    pub(crate) post_ffw_norm: Buffer<f32>,
    pub(crate) ple: Option<PleLayer>,
    /// `layer_output_scale`.
    pub(crate) scale: f32,
}

/// The per-layer embeddings' tables.
#[derive(Debug)]
pub(crate) struct PleWeights {
    /// `None` where the table stays in the file and its rows are read token by token.
    pub(crate) table: Option<Tensor>,
    pub(crate) model_proj: Tensor,
    pub(crate) proj_norm: Buffer<f32>,
}

/// Cosines and sines of one kind of layer, see `kernels_src::rope`.
#[derive(Debug)]
pub(crate) struct RopeWeights {
    pub(crate) table: Buffer<Vec2<f32>>,
    pub(crate) pairs: u32,
    /// Positions that the table reaches.
    positions: u32,
    base: f64,
    dims: u32,
    /// What frequencies are divided by.
    factors: Option<Vec<f32>>,
}

impl RopeWeights {
    /// The table where it reaches so many positions, else one that does.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn reaching(&self, device: &Device, positions: u32) -> Result<Buffer<Vec2<f32>>, Error> {
        if positions <= self.positions {
            return Ok(self.table.view());
        }
        upload(device, &RopeTable::new(self.base, self.dims, self.factors.as_deref(), positions))
    }
}

fn upload(device: &Device, table: &RopeTable) -> Result<Buffer<Vec2<f32>>, Error> {
    // A model in which nothing turns still binds a table.
    let entries = if table.entries.is_empty() { &[Vec2::new(1.0, 0.0)] } else { table.entries.as_slice() };
    Ok(device.dispatch().upload(entries, "rope table")?)
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Weights {
    pub(crate) token_embd: Tensor,
    /// `None` where the embedding table is the head too.
    pub(crate) head: Option<Tensor>,
    pub(crate) output_norm: Buffer<f32>,
    pub(crate) ple: Option<PleWeights>,
    pub(crate) layers: Vec<LayerWeights>,
    pub(crate) rope_sliding: Option<RopeWeights>,
    pub(crate) rope_full: Option<RopeWeights>,
}

impl Weights {
    /// The tensor that turns the stream into logits.
    pub(crate) fn head(&self) -> &Tensor {
        self.head.as_ref().unwrap_or(&self.token_embd)
    }

    /// The tensors that whole vectors are multiplied with, the head left out.
    pub(crate) fn projections(&self) -> impl Iterator<Item = &Tensor> {
        let of_layers = self.layers.iter().flat_map(|layer| {
            let ple = layer.ple.iter().flat_map(|ple| [&ple.gate, &ple.proj]);
            layer.projections.tensors.iter().chain([&layer.output, &layer.gate, &layer.up, &layer.down]).chain(ple)
        });
        of_layers.chain(self.ple.iter().map(|ple| &ple.model_proj))
    }
}

/// Where the per-layer embedding table, the largest tensor, is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PleResidency {
    /// On the device where it fits, else in the source.
    #[default]
    Auto,
    /// On the device; loading fails where it does not fit.
    Device,
    /// In the source; the rows of each token are read when it is processed.
    Source,
}

pub(super) async fn load(
    loader: &mut Loader<'_, '_>,
    config: &Config,
    residency: PleResidency,
) -> Result<Weights, Error> {
    if config.ple.is_some() && stays_in_source(loader, residency) {
        loader.total_bytes -= loader.gguf.tensor(names::PER_LAYER_TOKEN_EMBD)?.byte_len;
    }
    let token_embd = loader.matrix(&[names::TOKEN_EMBD]).await?;
    let head = if config.tied { None } else { Some(loader.matrix(&[names::OUTPUT]).await?) };
    let output_norm = loader.vector(names::OUTPUT_NORM)?;
    let mut layers = Vec::with_capacity(config.layers.len());
    for index in 0..config.layers.len() {
        layers.push(layer(loader, config, index).await?);
    }
    let ple = match config.ple {
        None => None,
        Some(_) => Some(PleWeights {
            model_proj: loader.matrix(&[names::PER_LAYER_MODEL_PROJ]).await?,
            proj_norm: loader.vector(names::PER_LAYER_PROJ_NORM)?,
            // Last, so that it takes what the others left.
            table: ple_table(loader, residency).await?,
        }),
    };
    let rope_sliding = rope(loader, config, Attention::Sliding)?;
    let rope_full = rope(loader, config, Attention::Full)?;
    loader.finish();
    Ok(Weights { token_embd, head, output_norm, ple, layers, rope_sliding, rope_full })
}

/// Whether the table is left in the source without being tried.
fn stays_in_source(loader: &Loader<'_, '_>, residency: PleResidency) -> bool {
    match residency {
        PleResidency::Source => true,
        // On the CPU the mapped file is memory already.
        PleResidency::Auto => loader.device.is_cpu(),
        PleResidency::Device => false,
    }
}

/// The table, or `None` where it stays in the source.
async fn ple_table(loader: &mut Loader<'_, '_>, residency: PleResidency) -> Result<Option<Tensor>, Error> {
    let info = loader.gguf.tensor(names::PER_LAYER_TOKEN_EMBD)?;
    super::tensor::supported(info)?;
    if stays_in_source(loader, residency) {
        return Ok(None);
    }
    let (done, resident) = (loader.done_bytes, loader.resident_bytes);
    match loader.matrix(&[names::PER_LAYER_TOKEN_EMBD]).await {
        Ok(table) => Ok(Some(table)),
        Err(Error::Device(_)) if residency == PleResidency::Auto => {
            (loader.done_bytes, loader.resident_bytes) = (done, resident);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn layer(loader: &mut Loader<'_, '_>, config: &Config, index: usize) -> Result<LayerWeights, Error> {
    let shape = &config.layers[index];
    let owns = shape.kv == Kv::Owned;
    let scale = loader.numbers(&names::layer_output_scale(index))?;
    Ok(LayerWeights {
        attn_norm: loader.vector(&names::attn_norm(index))?,
        projections: projections(loader, config, index).await?,
        q_norm: loader.vector(&names::attn_q_norm(index))?,
        k_norm: if owns {
            loader.vector(&names::attn_k_norm(index))?
        } else {
            loader.device.dispatch().upload(&[1.0], "no k_norm")?
        },
        output: loader.matrix(&[&names::attn_output(index)]).await?,
        post_attention_norm: loader.vector(&names::post_attention_norm(index))?,
        ffn_norm: loader.vector(&names::ffn_norm(index))?,
        gate: loader.matrix(&[&names::ffn_gate(index)]).await?,
        up: loader.matrix(&[&names::ffn_up(index)]).await?,
        down: loader.matrix(&[&names::ffn_down(index)]).await?,
        post_ffw_norm: loader.vector(&names::post_ffw_norm(index))?,
        ple: match config.ple {
            None => None,
            Some(_) => Some(PleLayer {
                gate: loader.matrix(&[&names::inp_gate(index)]).await?,
                proj: loader.matrix(&[&names::proj(index)]).await?,
                post_norm: loader.vector(&names::post_norm(index))?,
            }),
        },
        scale: scale.first().copied().unwrap_or(1.0),
    })
}

async fn projections(loader: &mut Loader<'_, '_>, config: &Config, index: usize) -> Result<Projections, Error> {
    let shape = &config.layers[index];
    let (queries, keys) = (shape.head_dim * shape.heads, shape.head_dim * shape.kv_heads);
    let (q, k, v) = (names::attn_q(index), names::attn_k(index), names::attn_v(index));
    if shape.kv != Kv::Owned {
        return Ok(Projections {
            tensors: vec![loader.matrix(&[&q]).await?],
            width: queries,
            k_at: queries,
            v_at: queries,
        });
    }
    let ty = |gguf: &Gguf, name: &str| gguf.tensor(name).map(|info| info.ty);
    let mut tensors = if ty(loader.gguf, &q)? == ty(loader.gguf, &k)? {
        vec![loader.matrix(&[&q, &k]).await?]
    } else {
        vec![loader.matrix(&[&q]).await?, loader.matrix(&[&k]).await?]
    };
    let (mut width, mut v_at) = (queries + keys, queries);
    if shape.has_v {
        tensors.push(loader.matrix(&[&v]).await?);
        v_at = width;
        width += keys;
    }
    Ok(Projections { tensors, width, k_at: queries, v_at })
}

fn rope(loader: &mut Loader<'_, '_>, config: &Config, kind: Attention) -> Result<Option<RopeWeights>, Error> {
    let Some(shape) = config.layers.iter().find(|layer| layer.kind == kind) else { return Ok(None) };
    let factors = match shape.rope.factors {
        true => config.rope_factors(loader.gguf, &**loader.source)?,
        false => None,
    };
    let (base, dims, positions) = (f64::from(shape.rope.base), shape.rope.dims, config.context);
    let factors = factors.map(|factors| factors.factors.to_vec());
    let table = RopeTable::new(base, dims, factors.as_deref(), positions);
    let pairs = table.pairs;
    Ok(Some(RopeWeights { table: upload(loader.device, &table)?, pairs, positions, base, dims, factors }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::{LoadOptions, Model, Progress};
    use super::*;
    use crate::device::DeviceChoice;
    use crate::source::{FileSource, Source};

    /// What was reported while a model with a per-layer embedding table was loaded, and what that table weighs.
    fn reports(ple: PleResidency) -> (Vec<Progress>, u64) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/e2b.gguf");
        let source: Arc<dyn Source> = Arc::new(FileSource::open(&path).unwrap());
        let table = Gguf::read(&*source).unwrap().tensor(names::PER_LAYER_TOKEN_EMBD).unwrap().byte_len;
        let mut reports = Vec::new();
        let mut progress = |now| reports.push(now);
        let device = pollster::block_on(Device::open(&DeviceChoice::Cpu)).unwrap();
        let options = LoadOptions { progress: Some(&mut progress), ple, ..LoadOptions::new(device) };
        pollster::block_on(Model::load(source, options)).unwrap();
        (reports, table)
    }

    #[test]
    fn progress_ends_at_its_total_wherever_the_table_is_kept() {
        for ple in [PleResidency::Auto, PleResidency::Device, PleResidency::Source] {
            let (reports, _) = reports(ple);
            let last = reports.last().unwrap();
            assert_eq!(last.done_bytes, last.total_bytes, "{ple:?}");
            assert!(reports.iter().all(|now| now.total_bytes == last.total_bytes), "{ple:?}: {reports:?}");
            assert!(reports.is_sorted_by_key(|now| now.done_bytes), "{ple:?}");
        }
    }

    #[test]
    fn a_table_that_stays_in_the_source_is_not_counted() {
        let ((device, table), (source, _)) = (reports(PleResidency::Device), reports(PleResidency::Source));
        assert_eq!(device[0].total_bytes - source[0].total_bytes, table);
    }
}
