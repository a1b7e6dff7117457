//! An adapter folded into its model: what changes, by how much, and what stays as it was.
mod common;

use common::TinyModel;
use engine::config::Config;
use engine::gguf::{GgmlType, Gguf, GgufError, Writer, blocks, rewrite};
use engine::lora::{Adapter, LoraOptions, Target, merge};
use engine::source::{FileSource, MemorySource, Source};
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

fn model(name: &str) -> (FileSource, Gguf, Config) {
    let (source, gguf) = common::open(&fixtures().join(format!("{name}.gguf")));
    let config = Config::from_gguf(&gguf).unwrap();
    (source, gguf, config)
}

fn peft_adapter(config: &Config) -> Adapter {
    let read = |file| std::fs::read(fixtures().join("e2b.lora").join(file)).unwrap();
    Adapter::from_peft(config, &read("adapter_config.json"), &read("adapter_model.safetensors")).unwrap()
}

fn merged(source: &dyn Source, gguf: &Gguf, adapter: &Adapter) -> (MemorySource, Gguf) {
    let mut bytes = Vec::new();
    merge(source, gguf, adapter, &mut bytes, |_| {}).unwrap();
    let source = MemorySource::new(bytes);
    let gguf = Gguf::read(&source).unwrap();
    (source, gguf)
}

fn weights(source: &dyn Source, gguf: &Gguf, name: &str) -> Vec<f32> {
    let tensor = gguf.tensor(name).unwrap();
    blocks::dequantise(tensor.ty, &tensor.read(source).unwrap()).unwrap()
}

#[test]
fn every_matrix_is_the_base_and_the_change_within_its_formats_step() {
    let (source, gguf, config) = model("e2b");
    let adapter = peft_adapter(&config);
    let (new_source, new) = merged(&source, &gguf, &adapter);
    for site in adapter.layout().sites() {
        let (a, b) = adapter.factors(site);
        let base = weights(&source, &gguf, &site.tensor());
        let found = weights(&new_source, &new, &site.tensor());
        let ty = gguf.tensor(&site.tensor()).unwrap().ty;
        let (k, rank) = (site.k as usize, site.rank as usize);
        // W + scale · B A in f64.
        let exact: Vec<f64> = (0..base.len())
            .map(|at| {
                let (row, column) = (at / k, at % k);
                let sum: f64 = (0..rank).map(|r| f64::from(b[row * rank + r]) * f64::from(a[r * k + column])).sum();
                f64::from(base[at]) + f64::from(site.scale) * sum
            })
            .collect();
        // Q4_0 has 16 codes, of which the outermost may be a whole step away; the K formats are closer.
        let codes = match ty {
            GgmlType::Q4_0 | GgmlType::Q4_K => 8.0,
            GgmlType::Q5_0 | GgmlType::Q5_K => 16.0,
            GgmlType::Q6_K => 32.0,
            GgmlType::Q8_0 => 127.0,
            _ => 256.0,
        };
        for (block, exact) in found.chunks(32).zip(exact.chunks(32)) {
            let largest = exact.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            for (found, exact) in block.iter().zip(exact) {
                let error = (f64::from(*found) - exact).abs();
                assert!(error <= 1.02 * largest / codes, "{} {ty}: {found} instead of {exact}", site.tensor());
            }
        }
        assert_ne!(found, base, "{}", site.tensor());
    }
}

#[test]
fn an_adapter_that_changes_nothing_leaves_every_byte() {
    let (source, gguf, config) = model("quant_zoo");
    let targets = Target::ALL.to_vec();
    let adapter = Adapter::new(&config, LoraOptions { targets, ..LoraOptions::default() }).unwrap();
    let mut bytes = Vec::new();
    let report = merge(&source, &gguf, &adapter, &mut bytes, |_| {}).unwrap();
    assert!(bytes == source.bytes().unwrap());
    assert_eq!((report.bytes, report.changed), (report.total_bytes, 18));
}

#[test]
fn rows_that_the_adapter_leaves_alone_keep_their_bytes() {
    let (source, gguf, config) = model("quant_zoo");
    let targets = Target::ALL.to_vec();
    let mut adapter = Adapter::new(&config, LoraOptions { rank: 2, targets, ..LoraOptions::default() }).unwrap();
    let mut parameters = adapter.parameters().to_vec();
    // Only output 5 of each matrix changes.
    for site in adapter.layout().sites() {
        parameters[site.b.start + 10] = 0.25;
    }
    adapter.set_parameters(parameters).unwrap();
    let (new_source, new) = merged(&source, &gguf, &adapter);
    for tensor in gguf.tensors() {
        let site = adapter.layout().sites().iter().find(|site| site.tensor() == tensor.name);
        let after = new.tensor(&tensor.name).unwrap();
        assert_eq!((&after.dims, after.ty), (&tensor.dims, tensor.ty));
        for row in 0..tensor.rows() {
            let same =
                tensor.read_rows(&source, row..row + 1).unwrap() == after.read_rows(&new_source, row..row + 1).unwrap();
            assert_eq!(same, site.is_none() || row != 5, "{} row {row}", tensor.name);
        }
    }
    assert_eq!(new.metadata(), gguf.metadata());
}

#[test]
fn an_adapter_of_another_model_is_refused_before_anything_is_written() {
    let (_, _, config) = model("e2b");
    let (source, gguf, _) = model("quant_zoo");
    let mut bytes = Vec::new();
    let error = merge(&source, &gguf, &peft_adapter(&config), &mut bytes, |_| {}).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("is missing") || text.contains("has the wrong shape"), "{text}");
    assert!(bytes.is_empty());
}

#[test]
fn a_type_that_cannot_be_written_is_refused_by_the_tensors_name() {
    let model = TinyModel::new();
    let (source, gguf) = model.build();
    let config = Config::from_gguf(&gguf).unwrap();
    let options = LoraOptions { targets: vec![Target::Q], ..LoraOptions::default() };
    let adapter = Adapter::new(&config, options).unwrap();
    // The same file with one matrix of doubles.
    let mut writer = Writer::new();
    for (key, value) in gguf.metadata().iter() {
        writer.metadata(key, value.clone()).unwrap();
    }
    for tensor in gguf.tensors() {
        match tensor.name == "blk.1.attn_q.weight" {
            true => {
                let bytes = vec![0; 8 * tensor.elements() as usize];
                writer.tensor(&tensor.name, &tensor.dims, GgmlType::F64, bytes).unwrap()
            }
            false => writer.tensor(&tensor.name, &tensor.dims, tensor.ty, tensor.read(&source).unwrap()).unwrap(),
        };
    }
    let source = MemorySource::new(writer.to_bytes().unwrap());
    let gguf = Gguf::read(&source).unwrap();
    let error = merge(&source, &gguf, &adapter, &mut Vec::new(), |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("cannot merge into tensor `blk.1.attn_q.weight`: it is F64, but only"), "{error}");
}

#[test]
fn a_rewritten_tensor_must_have_its_bytes() {
    let (_, gguf, _) = model("e2b");
    let mut out = Vec::new();
    let error = rewrite(&gguf, &mut out, |_, out| out.write_all(&[0; 3]).map_err(GgufError::Write)).unwrap_err();
    assert!(error.to_string().ends_with("bytes, but 3 were given"), "{error}");
}
