//! Adapters as llama.cpp keeps them: a GGUF whose tensors are named after the model's, with `.lora_a` and `.lora_b`.
use super::{
    Adapter, LoraError, LoraOptions, Target,
    factors::{self, Announced, Factor, Half},
};
use crate::{
    config::{Config, names::keys},
    error::Error,
    gguf::{GgmlType, Gguf, GgufError, Writer},
    source::Source,
};

const TYPE: &str = "general.type";
const NAME: &str = "general.name";
const ADAPTER_TYPE: &str = "adapter.type";
const ALPHA: &str = "adapter.lora.alpha";
const ALORA: &str = "adapter.alora.invocation_tokens";

impl Adapter {
    /// Reads an adapter of llama.cpp.
    ///
    /// Its scale is `adapter.lora.alpha / rank` matrix by matrix, as llama.cpp has it.
    ///
    /// # Errors
    /// A GGUF that is damaged or holds something else; a tensor that does not fit the model, by name.
    pub fn from_gguf(config: &Config, source: &dyn Source) -> Result<Adapter, Error> {
        let gguf = Gguf::read(source)?;
        let metadata = gguf.metadata();
        for (key, expected) in [(TYPE, "adapter"), (ADAPTER_TYPE, "lora")] {
            match metadata.opt_str(key)? {
                Some(found) if found == expected => {}
                found => {
                    let found = found.unwrap_or("missing").to_owned();
                    return Err(LoraError::NotAnAdapter { key, expected, found }.into());
                }
            }
        }
        match metadata.str(keys::ARCHITECTURE)? {
            "gemma4" => {}
            found => return Err(LoraError::Architecture { found: found.to_owned() }.into()),
        }
        if metadata.get(ALORA).is_some() {
            let (key, expected, found) =
                (ALORA, "nothing, as activated adapters are not supported", "there".to_owned());
            return Err(LoraError::NotAnAdapter { key, expected, found }.into());
        }
        let alpha = metadata.f32(ALPHA)?;
        let mut halves = Vec::with_capacity(gguf.tensors().len());
        for tensor in gguf.tensors() {
            let Some((layer, target, factor)) = parse_name(&tensor.name) else {
                return Err(LoraError::UnknownTensor { tensor: tensor.name.clone() }.into());
            };
            let Some(values) = factors::numbers(tensor.ty, &tensor.read(source)?) else {
                let (tensor, found) = (tensor.name.clone(), tensor.ty.to_string());
                return Err(LoraError::Type { tensor, found }.into());
            };
            // ggml's fastest axis is the first.
            let shape = tensor.dims.iter().rev().copied().collect();
            halves.push(Half { tensor: tensor.name.clone(), layer, target, factor, shape, values });
        }
        let ranks = halves.iter().filter(|half| half.factor == Factor::A).filter_map(|half| half.shape.first());
        let rank = ranks.max().and_then(|&rank| u32::try_from(rank).ok()).unwrap_or(1);
        let options = LoraOptions { rank, alpha, ..LoraOptions::default() };
        let announced = |_: usize, _: Target, rank: u32| {
            Ok(Announced { rank, by: "the tensor itself", scale: alpha / rank as f32 })
        };
        let mut adapter = factors::assemble(config, halves, options, announced)?;
        adapter.base = metadata.opt_str("general.base_model.0.name")?.map(str::to_owned);
        Ok(adapter)
    }

    /// The adapter as a GGUF in memory. llama.cpp knows one alpha and divides it by each matrix's rank: where that does
    /// not give a matrix's scale (rsLoRA, alphas of single modules), B carries the rest.
    ///
    /// # Errors
    /// [`Error::Gguf`] where a tensor cannot be described.
    pub fn to_gguf(&self, name: &str) -> Result<Vec<u8>, Error> {
        let plain = self.options.alpha;
        let other = self.layout.sites().first().filter(|site| site.scale != plain / site.rank as f32);
        let alpha = other.map_or(plain, |site| site.scale * site.rank as f32);
        let mut writer = Writer::new();
        writer
            .metadata(keys::ARCHITECTURE, "gemma4")?
            .metadata(TYPE, "adapter")?
            .metadata(ADAPTER_TYPE, "lora")?
            .metadata(NAME, name)?
            .metadata(ALPHA, alpha)?;
        if let Some(base) = &self.base {
            writer.metadata("general.base_model.count", 1u32)?.metadata("general.base_model.0.name", base.as_str())?;
        }
        for site in self.layout.sites() {
            let (a, b) = self.factors(site);
            let (k, n, rank) = (u64::from(site.k), u64::from(site.n), u64::from(site.rank));
            let rest = site.scale / (alpha / site.rank as f32);
            let b: Vec<f32> = b.iter().map(|value| value * rest).collect();
            put(&mut writer, format!("{}.lora_a", site.tensor()), [k, rank], a)?;
            put(&mut writer, format!("{}.lora_b", site.tensor()), [rank, n], &b)?;
        }
        Ok(writer.to_bytes()?)
    }
}

fn put(writer: &mut Writer, name: String, dims: [u64; 2], values: &[f32]) -> Result<(), GgufError> {
    writer.tensor(&name, &dims, GgmlType::F32, factors::bytes(values))?;
    Ok(())
}

/// `blk.N.attn_q.weight.lora_a`.
fn parse_name(name: &str) -> Option<(usize, Target, Factor)> {
    let (tensor, factor) = name.rsplit_once('.')?;
    let factor = match factor {
        "lora_a" => Factor::A,
        "lora_b" => Factor::B,
        _ => return None,
    };
    let layer: usize = tensor.strip_prefix("blk.")?.split('.').next()?.parse().ok()?;
    let target = Target::ALL.into_iter().find(|target| target.tensor(layer) == tensor)?;
    Some((layer, target, factor))
}
