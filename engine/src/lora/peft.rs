//! Adapters as PEFT keeps them: `adapter_config.json` and `adapter_model.safetensors`, as PEFT 0.21 writes them.
//! Whatever in the configuration would change the result and is not computed here is refused by name.
use super::{
    Adapter, LoraError, LoraOptions, Target,
    factors::{self, Announced, Factor, Half},
    options::anchored,
};
use crate::{config::Config, gguf::GgmlType};
use regex::Regex;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Map, Value, json};

/// The file of the configuration.
pub const CONFIG_FILE: &str = "adapter_config.json";

/// The file of the tensors.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// The version whose files these are.
const PEFT_VERSION: &str = "0.21.2";

/// Fields that change nothing about what an adapter computes, whatever they say: where it came from, how it was
/// started, and settings of features that other fields switch on.
const INERT: &[&str] = &[
    "auto_mapping",
    "base_model_name_or_path",
    "ensure_weight_tying",
    "exclude_modules",
    "inference_mode",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "target_modules",
    "task_type",
];

/// The contents of both files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeftFiles {
    /// `adapter_config.json`.
    pub config: String,
    /// `adapter_model.safetensors`.
    pub weights: Vec<u8>,
}

impl Adapter {
    /// Reads PEFT's two files.
    ///
    /// Tensors may be F32, F16 or BF16, under the names of a text model (`base_model.model.model.layers`) or of a
    /// multimodal one (`base_model.model.model.language_model.layers`). Ranks and alphas of single modules
    /// (`rank_pattern`, `alpha_pattern`) are honoured.
    ///
    /// # Errors
    /// A file that is damaged, a feature that is not computed, a tensor that does not fit the model: by name.
    pub fn from_peft(config: &Config, adapter_config: &[u8], weights: &[u8]) -> Result<Adapter, LoraError> {
        let read = AdapterConfig::parse(adapter_config)?;
        let tensors = SafeTensors::deserialize(weights)
            .map_err(|error| LoraError::Format { file: WEIGHTS_FILE, cause: error.to_string() })?;
        // The file's own order is that of a hash map; errors should not depend on it.
        let mut tensors = tensors.tensors();
        tensors.sort_by(|(one, _), (other, _)| one.cmp(other));
        let halves = tensors.into_iter().map(|(name, view)| half(name, &view)).collect::<Result<Vec<_>, _>>()?;
        let announced = |layer: usize, target: Target, _: u32| {
            let module = format!("model.layers.{layer}.{}", target.module());
            let (own_rank, own_alpha) = (read.ranks.of(&module)?, read.alphas.of(&module)?);
            let rank = own_rank.map_or(read.options.rank, |rank| rank as u32);
            let alpha = own_alpha.map_or(read.options.alpha, |alpha| alpha as f32);
            let by = match own_rank {
                Some(_) => "`rank_pattern` in adapter_config.json",
                None => "`r` in adapter_config.json",
            };
            Ok(Announced { rank, by, scale: read.options.scale_of(rank, alpha) })
        };
        let mut adapter = factors::assemble(config, halves, read.options.clone(), announced)?;
        adapter.base = read.base;
        Ok(adapter)
    }

    /// The two files from which PEFT 0.21 makes the same adapter on transformers' text model (`Gemma4ForCausalLM`).
    ///
    /// # Errors
    /// [`LoraError::Format`] where the tensors cannot be serialised.
    pub fn to_peft(&self, config: &Config) -> Result<PeftFiles, LoraError> {
        let mut bytes = Vec::with_capacity(2 * self.layout.sites().len());
        for site in self.layout.sites() {
            let (a, b) = self.factors(site);
            let (rank, k, n) = (site.rank as usize, site.k as usize, site.n as usize);
            for (name, shape, values) in [("A", [rank, k], a), ("B", [n, rank], b)] {
                let name = format!("base_model.model.model.{}.lora_{name}.weight", site.module());
                bytes.push((name, shape, factors::bytes(values)));
            }
        }
        let failed =
            |error: safetensors::SafeTensorError| LoraError::Format { file: WEIGHTS_FILE, cause: error.to_string() };
        let views = bytes
            .iter()
            .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        let about = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
        let weights = safetensors::serialize(views, Some(about)).map_err(failed)?;
        Ok(PeftFiles { config: self.adapter_config(config), weights })
    }

    /// PEFT 0.21's fields in its order, which is the alphabet's.
    fn adapter_config(&self, config: &Config) -> String {
        let options = &self.options;
        let modules = || options.targets.iter().filter_map(|target| target.module().rsplit('.').next());
        let target_modules = match self.layout.pattern(config) {
            None => json!(modules().collect::<Vec<_>>()),
            // PEFT wants the whole of a module's name to match.
            Some(pattern) => json!(format!(r"(?:.*\.)?(?:{pattern})")),
        };
        let (mut ranks, mut alphas) = (Map::new(), Map::new());
        for site in self.layout.sites() {
            if site.rank != options.rank {
                ranks.insert(regex::escape(&site.module()), json!(site.rank));
            }
            if site.scale != options.scale_of(site.rank, options.alpha) {
                let unit = options.scale_of(site.rank, 1.0);
                alphas.insert(regex::escape(&site.module()), number(site.scale / unit));
            }
        }
        let fields = json!({
            "alora_invocation_tokens": null,
            "alpha_pattern": alphas,
            "arrow_config": null,
            "auto_mapping": null,
            "base_model_name_or_path": self.base,
            "bias": "none",
            "corda_config": null,
            "ensure_weight_tying": false,
            "eva_config": null,
            "exclude_modules": null,
            "fan_in_fan_out": false,
            "inference_mode": true,
            "init_lora_weights": true,
            "layer_replication": null,
            "layers_pattern": null,
            "layers_to_transform": null,
            "loftq_config": {},
            "lora_alpha": number(options.alpha),
            "lora_bias": false,
            "lora_dropout": fraction(options.dropout),
            "megatron_config": null,
            "megatron_core": "megatron.core",
            "modules_to_save": null,
            "peft_type": "LORA",
            "peft_version": PEFT_VERSION,
            "qalora_group_size": 16,
            "r": options.rank,
            "rank_pattern": ranks,
            "revision": null,
            "target_modules": target_modules,
            "target_parameters": null,
            "task_type": "CAUSAL_LM",
            "trainable_token_indices": null,
            "use_dora": false,
            "use_qalora": false,
            "use_rslora": options.rslora,
        });
        format!("{fields:#}\n")
    }
}

/// A number as PEFT writes it where it may be whole: without a fraction then.
fn number(value: f32) -> Value {
    match value.fract() == 0.0 && value.abs() < 1e9 {
        true => json!(value as i64),
        false => fraction(value),
    }
}

/// A number with a fraction, as short as f32 allows: through text, because 0.1f32 as f64 is 0.10000000149011612.
fn fraction(value: f32) -> Value {
    value.to_string().parse::<f64>().map_or(Value::Null, |value| json!(value))
}

/// What of `adapter_config.json` matters.
struct AdapterConfig {
    options: LoraOptions,
    ranks: Patterns,
    alphas: Patterns,
    base: Option<String>,
}

impl AdapterConfig {
    fn parse(bytes: &[u8]) -> Result<AdapterConfig, LoraError> {
        let fields: Map<String, Value> = serde_json::from_slice(bytes)
            .map_err(|error| LoraError::Format { file: CONFIG_FILE, cause: error.to_string() })?;
        let mut options = LoraOptions::default();
        let (mut rank, mut alpha) = (None, None);
        let mut kind = None;
        let mut patterns = [("rank_pattern", Patterns::default()), ("alpha_pattern", Patterns::default())];
        for (field, value) in &fields {
            match field.as_str() {
                "peft_type" => kind = Some(value),
                "r" => rank = Some(positive(field, value)? as u32),
                "lora_alpha" => alpha = Some(float(field, value)? as f32),
                "lora_dropout" => options.dropout = float(field, value)? as f32,
                "use_rslora" => options.rslora = boolean(field, value)?,
                "rank_pattern" => patterns[0].1 = Patterns::parse("rank_pattern", value, positive)?,
                "alpha_pattern" => patterns[1].1 = Patterns::parse("alpha_pattern", value, float)?,
                "bias" if value == "none" => {}
                "init_lora_weights" => initialisation(value)?,
                field if INERT.contains(&field) || says_nothing(value) => {}
                _ => return Err(unsupported(field, value, "")),
            }
        }
        match kind {
            Some(kind) if kind == "LORA" => {}
            Some(kind) => return Err(unsupported("peft_type", kind, ": only LORA is")),
            None => return Err(wrong("peft_type", "\"LORA\"", None)),
        }
        options.rank = rank.ok_or_else(|| wrong("r", "a whole number above 0", None))?;
        options.alpha = alpha.ok_or_else(|| wrong("lora_alpha", "a number", None))?;
        options.check()?;
        let [(_, ranks), (_, alphas)] = patterns;
        let base = fields.get("base_model_name_or_path").and_then(Value::as_str).map(str::to_owned);
        Ok(AdapterConfig { options, ranks, alphas, base })
    }
}

/// `rank_pattern` or `alpha_pattern`: regular expressions over the ends of modules' names, with their values.
#[derive(Default)]
struct Patterns {
    field: &'static str,
    entries: Vec<(Regex, f64)>,
}

impl Patterns {
    fn parse(
        field: &'static str,
        value: &Value,
        read: fn(&str, &Value) -> Result<f64, LoraError>,
    ) -> Result<Patterns, LoraError> {
        let entries = match value {
            Value::Null => return Ok(Patterns::default()),
            Value::Object(entries) => entries.iter(),
            other => return Err(wrong(field, "an object", Some(other))),
        };
        // As PEFT's `get_pattern_key` has it: `(.*\.)?(KEY)$`.
        let entry = |(key, value): (&String, &Value)| {
            Ok((anchored(r"(?:.*\.)?", key)?, read(&format!("{field}.{key}"), value)?))
        };
        Ok(Patterns { field, entries: entries.map(entry).collect::<Result<_, LoraError>>()? })
    }

    /// The value for a module. PEFT takes the first entry that matches, but JSON objects have no order: where entries
    /// disagree nobody can tell.
    fn of(&self, module: &str) -> Result<Option<f64>, LoraError> {
        let mut values = self.entries.iter().filter(|(key, _)| key.is_match(module)).map(|(_, value)| *value);
        let Some(first) = values.next() else { return Ok(None) };
        match values.find(|value| *value != first) {
            None => Ok(Some(first)),
            Some(second) => Err(LoraError::Ambiguous { field: self.field, module: module.to_owned(), first, second }),
        }
    }
}

/// Some ways of initialising take something out of the base model's weights, which are then no longer the file's.
fn initialisation(value: &Value) -> Result<(), LoraError> {
    match value {
        Value::Bool(_) | Value::Null => Ok(()),
        Value::String(name) if ["gaussian", "eva", "orthogonal"].contains(&name.as_str()) => Ok(()),
        _ => Err(unsupported(
            "init_lora_weights",
            value,
            ": it changes the base model (PEFT can save such an adapter as an ordinary one)",
        )),
    }
}

/// Whether a field is switched off.
fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

fn unsupported(field: &str, value: &Value, hint: &'static str) -> LoraError {
    LoraError::Unsupported { field: field.to_owned(), value: value.to_string(), hint }
}

fn wrong(field: &str, expected: &'static str, found: Option<&Value>) -> LoraError {
    let found = found.map_or("missing".to_owned(), Value::to_string);
    LoraError::Field { field: field.to_owned(), expected, found }
}

fn positive(field: &str, value: &Value) -> Result<f64, LoraError> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|&number| number > 0);
    number.map(f64::from).ok_or_else(|| wrong(field, "a whole number above 0", Some(value)))
}

fn float(field: &str, value: &Value) -> Result<f64, LoraError> {
    value.as_f64().ok_or_else(|| wrong(field, "a number", Some(value)))
}

fn boolean(field: &str, value: &Value) -> Result<bool, LoraError> {
    value.as_bool().ok_or_else(|| wrong(field, "true or false", Some(value)))
}

/// One tensor of the file.
fn half(tensor: String, view: &TensorView<'_>) -> Result<Half, LoraError> {
    let Some((layer, target, factor)) = parse_name(&tensor) else {
        return Err(LoraError::UnknownTensor { tensor });
    };
    let ty = match view.dtype() {
        Dtype::F32 => Some(GgmlType::F32),
        Dtype::F16 => Some(GgmlType::F16),
        Dtype::BF16 => Some(GgmlType::BF16),
        _ => None,
    };
    let Some(values) = ty.and_then(|ty| factors::numbers(ty, view.data())) else {
        return Err(LoraError::Type { tensor, found: format!("{:?}", view.dtype()) });
    };
    let shape = view.shape().iter().map(|&len| len as u64).collect();
    Ok(Half { tensor, layer, target, factor, shape, values })
}

/// `base_model.model.model.[language_model.]layers.N.MODULE.lora_A[.default].weight`.
fn parse_name(name: &str) -> Option<(usize, Target, Factor)> {
    let rest = name.strip_prefix("base_model.model.model.")?.strip_suffix(".weight")?;
    let rest = rest.strip_prefix("language_model.").unwrap_or(rest).strip_prefix("layers.")?;
    let rest = rest.strip_suffix(".default").unwrap_or(rest);
    let (layer, rest) = rest.split_once('.')?;
    let (module, factor) = rest.rsplit_once('.')?;
    let factor = match factor {
        "lora_A" => Factor::A,
        "lora_B" => Factor::B,
        _ => return None,
    };
    // `+1` and `01` are numbers too, but no names of layers.
    let number = layer.parse().ok().filter(|number: &usize| number.to_string() == layer)?;
    Some((number, Target::from_module(module)?, factor))
}
