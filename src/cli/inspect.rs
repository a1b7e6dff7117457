//! `gemmule inspect`: what a GGUF file holds, and how much of it would be in memory.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use clap::Args;
use engine::config::{Attention, Config, Kv, LayerConfig, names};
use engine::gguf::{Array, GgmlType, Gguf, TensorInfo, Value};
use engine::source::Source;

use super::error::CliError;
use super::file::open_source;
use super::text::{Table, bytes, shortened};
use super::weights::is_used;

/// Shows a file's metadata, its tensors by type, and what would be resident.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// A GGUF file, or a name in Ollama's store.
    file: String,
    /// List every tensor.
    #[arg(long)]
    tensors: bool,
}

/// Runs the command.
pub fn inspect(args: &InspectArgs) -> Result<(), CliError> {
    let source = open_source(&args.file)?;
    let gguf = Gguf::read(&source)?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{}: {}", args.file, bytes(source.len()))?;
    metadata(&mut out, &gguf)?;
    by_type(&mut out, &gguf)?;
    if args.tensors {
        each_tensor(&mut out, &gguf)?;
    }
    match Config::from_gguf(&gguf) {
        Ok(config) => resident(&mut out, &gguf, &config)?,
        Err(error) => writeln!(out, "\nthis engine cannot run it: {error}")?,
    }
    out.flush()?;
    Ok(())
}

fn metadata(out: &mut dyn Write, gguf: &Gguf) -> io::Result<()> {
    writeln!(out, "\nmetadata ({} keys)", gguf.metadata().len())?;
    for (key, value) in gguf.metadata().iter() {
        writeln!(out, "  {key} = {}", shown(value))?;
    }
    Ok(())
}

/// A value on one line; of long arrays and strings only the beginning.
fn shown(value: &Value) -> String {
    match value {
        Value::U8(value) => value.to_string(),
        Value::I8(value) => value.to_string(),
        Value::U16(value) => value.to_string(),
        Value::I16(value) => value.to_string(),
        Value::U32(value) => value.to_string(),
        Value::I32(value) => value.to_string(),
        Value::U64(value) => value.to_string(),
        Value::I64(value) => value.to_string(),
        Value::F32(value) => value.to_string(),
        Value::F64(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::String(value) => format!("\"{}\"", shortened(value, 100)),
        Value::Array(array) => shown_array(array),
    }
}

fn shown_array(array: &Array) -> String {
    const SHOWN: usize = 6;
    let mut parts: Vec<String> = (0..SHOWN).filter_map(|index| array.get(index)).map(|value| shown(&value)).collect();
    if array.len() > SHOWN {
        parts.push("…".into());
    }
    format!("{} × {} [{}]", array.len(), array.kind(), parts.join(", "))
}

fn by_type(out: &mut dyn Write, gguf: &Gguf) -> io::Result<()> {
    let mut groups: BTreeMap<GgmlType, (usize, u64, u64)> = BTreeMap::new();
    for tensor in gguf.tensors() {
        let group = groups.entry(tensor.ty).or_default();
        group.0 += 1;
        group.1 += tensor.elements();
        group.2 += tensor.byte_len;
    }
    let mut table = Table::new(["type", "tensors", "elements", "size"], [false, true, true, true]);
    for (ty, (count, elements, size)) in groups {
        table.row([ty.name().into(), count.to_string(), elements.to_string(), bytes(size)]);
    }
    writeln!(out, "\ntensors ({})", gguf.tensors().len())?;
    table.write(out)
}

fn each_tensor(out: &mut dyn Write, gguf: &Gguf) -> io::Result<()> {
    let mut table = Table::new(["tensor", "type", "shape", "size"], [false, false, false, true]);
    for tensor in gguf.tensors() {
        let shape: Vec<String> = tensor.dims.iter().map(u64::to_string).collect();
        table.row([tensor.name.clone(), tensor.ty.name().into(), shape.join(" × "), bytes(tensor.byte_len)]);
    }
    writeln!(out)?;
    table.write(out)
}

/// What the text model keeps in memory: weights that it reads, and the key-value cache with 16 bits a number.
fn resident(out: &mut dyn Write, gguf: &Gguf, config: &Config) -> io::Result<()> {
    let (used, ignored): (Vec<&TensorInfo>, Vec<&TensorInfo>) =
        gguf.tensors().iter().partition(|tensor| is_used(tensor, config));
    let size = |tensors: &[&TensorInfo]| tensors.iter().map(|tensor| tensor.byte_len).sum::<u64>();
    writeln!(out, "\nresident")?;
    writeln!(out, "  {:>11}  weights", bytes(size(&used)))?;
    if let Some(table) = used.iter().find(|tensor| tensor.name == names::PER_LAYER_TOKEN_EMBD) {
        let per_token = bytes(table.row_bytes());
        let size = bytes(table.byte_len);
        writeln!(out, "  {size:>11}  of which per-layer embeddings, which may stay in the file ({per_token} a token)")?;
    }
    let short = config.context.min(8192);
    writeln!(out, "  {:>11}  key-value cache for {short} tokens", bytes(cache_bytes(config, short)))?;
    if config.context > short {
        let whole = bytes(cache_bytes(config, config.context));
        writeln!(out, "  {whole:>11}  key-value cache for {} tokens, the model's limit", config.context)?;
    }
    if !ignored.is_empty() {
        writeln!(
            out,
            "  {:>11}  not loaded: {} tensors that text does not need",
            bytes(size(&ignored)),
            ignored.len()
        )?;
    }
    Ok(())
}

fn cache_bytes(config: &Config, context: u32) -> u64 {
    const BYTES_OF_F16: u64 = 2;
    let of_layer = |layer: &LayerConfig| {
        let positions = match layer.kind {
            Attention::Sliding => context.min(config.window),
            Attention::Full => context,
        };
        let keys_and_values = 2 * u64::from(layer.kv_heads) * u64::from(layer.head_dim);
        u64::from(positions) * keys_and_values * BYTES_OF_F16
    };
    config.layers.iter().filter(|layer| layer.kv == Kv::Owned).map(of_layer).sum()
}
