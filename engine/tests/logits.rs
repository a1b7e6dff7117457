//! Logits of whole models against transformers', on the CPU executor and on a GPU, by prefill, by decoding and in
//! chunks. The fixtures are made by `tests/fixtures/make_fixtures.py`.

mod common;
mod devices;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use common::{in_ollamas_layout, model_fixture};
use devices::cpu;
use engine::device::Device;
use engine::kernels::Batches;
use engine::model::{LoadOptions, Model, PleResidency};
use engine::session::{KvType, Session, SessionOptions};
use engine::source::{FileSource, MemorySource};
use engine::tokenizer::TokenId;

struct Reference {
    model: PathBuf,
    ids: Vec<TokenId>,
    /// [positions, vocab]
    logits: Vec<f32>,
}

fn fixture(name: &str) -> Reference {
    let file = |extension| model_fixture(name).with_extension(extension);
    let ids = std::fs::read_to_string(file("ids")).unwrap();
    let ids = ids.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    Reference {
        model: model_fixture(name),
        ids: ids.map(|id| TokenId(id.parse().unwrap())).collect(),
        logits: npy(&file("logits.npy")),
    }
}

/// The numbers of a little-endian f32 `.npy` file (NumPy's format 1.0).
fn npy(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..6], b"\x93NUMPY", "{}", path.display());
    let header = u16::from_le_bytes([bytes[8], bytes[9]]) as usize;
    assert!(String::from_utf8_lossy(&bytes[10..10 + header]).contains("<f4"), "{}", path.display());
    bytes[10 + header..].chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect()
}

fn nmse(actual: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let error: f64 = actual.iter().zip(expected).map(|(a, e)| f64::from(a - e).powi(2)).sum();
    let energy: f64 = expected.iter().map(|e| f64::from(*e).powi(2)).sum();
    error / energy
}

fn top1(logits: &[f32], vocab: usize) -> Vec<usize> {
    logits.chunks(vocab).map(|row| (0..vocab).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap()).collect()
}

/// Every device; one with matrix units in f32 too.
fn devices() -> Vec<Device> {
    static EXACT: LazyLock<Vec<Device>> = LazyLock::new(|| {
        let all = devices::devices().into_iter();
        all.filter(|device| device.choices().batches() == Batches::MatrixUnits).map(Device::exact).collect()
    });
    [devices::devices(), EXACT.clone()].concat()
}

/// How far logits may lie from transformers' in f32, as a share of their energy: on matrix units factors are rounded to 11
/// bits, in ten layers one after the other.
fn tolerance(device: &Device) -> f64 {
    match device.choices().batches() {
        Batches::Single => 1e-6,
        Batches::MatrixUnits => 1e-5,
    }
}

fn load(device: &Device, path: &Path) -> Model {
    let source = Arc::new(FileSource::open(path).unwrap());
    pollster::block_on(Model::load(source, LoadOptions::new(device.clone()))).unwrap()
}

fn session(model: &Model, kv: KvType, chunk: Option<usize>) -> Session {
    model.session(SessionOptions { context: Some(160), kv, chunk }).unwrap()
}

fn by_prefill(model: &Model, ids: &[TokenId], kv: KvType, chunk: Option<usize>) -> Vec<f32> {
    pollster::block_on(session(model, kv, chunk).logits(ids)).unwrap()
}

fn by_decoding(model: &Model, ids: &[TokenId]) -> Vec<f32> {
    let mut session = session(model, KvType::F32, None);
    ids.iter().flat_map(|id| pollster::block_on(session.decode_logits(*id)).unwrap()).collect()
}

fn check(reference: &Reference) {
    for device in devices() {
        let model = load(&device, &reference.model);
        let vocab = model.config().vocab as usize;
        let expected = top1(&reference.logits, vocab);
        let runs = [
            ("prefill", by_prefill(&model, &reference.ids, KvType::F32, None)),
            ("chunks of 7", by_prefill(&model, &reference.ids, KvType::F32, Some(7))),
            ("decode", by_decoding(&model, &reference.ids)),
        ];
        for (how, logits) in runs {
            let error = nmse(&logits, &reference.logits);
            let place = format!("{} by {how} on {}", reference.model.display(), device.description());
            println!("{place}: nmse {error:.2e}");
            assert!(error <= tolerance(&device), "{place}: nmse {error:.2e}");
            assert_eq!(top1(&logits, vocab), expected, "{place}");
        }
        let error = nmse(&by_prefill(&model, &reference.ids, KvType::F16, None), &reference.logits);
        assert!(
            error <= 1e-5 + tolerance(&device),
            "{} with an f16 cache: nmse {error:.2e}",
            reference.model.display()
        );
    }
}

#[test]
fn e2b_shaped_logits_are_transformers() {
    check(&fixture("e2b"));
}

#[test]
fn e4b_shaped_logits_with_five_to_one_layers_and_two_kv_heads_are_transformers() {
    check(&fixture("e4b"));
}

#[test]
fn dense_logits_with_values_that_are_keys_are_transformers() {
    check(&fixture("dense31b"));
}

#[test]
fn logits_of_every_weight_format_are_transformers() {
    check(&fixture("quant_zoo"));
}

#[test]
fn ollamas_layout_changes_no_logit_and_no_token() {
    let reference = fixture("e2b");
    let device = cpu();
    let llama = load(&device, &reference.model);
    let source = Arc::new(MemorySource::new(in_ollamas_layout(&reference.model)));
    let ollama = pollster::block_on(Model::load(source, LoadOptions::new(device))).unwrap();
    let logits = |model| by_prefill(model, &reference.ids[..20], KvType::F32, None);
    assert_eq!(logits(&ollama), logits(&llama));
    let text = "a b, <turn|>";
    assert_eq!(ollama.tokenizer().encode_with_special(text), llama.tokenizer().encode_with_special(text));
}

#[test]
fn split_tensors_and_rows_read_from_the_source_change_no_logit() {
    let reference = fixture("e2b");
    for device in devices() {
        let whole = by_prefill(&load(&device, &reference.model), &reference.ids, KvType::F32, None);
        let source = Arc::new(FileSource::open(&reference.model).unwrap());
        let options = LoadOptions {
            ple: PleResidency::Source,
            max_buffer_bytes: Some(10_000),
            ..LoadOptions::new(device.clone())
        };
        let model = pollster::block_on(Model::load(source, options)).unwrap();
        assert!(model.reads_ple_rows());
        let (split, decoded) =
            (by_prefill(&model, &reference.ids, KvType::F32, None), by_decoding(&model, &reference.ids));
        let (of_split, of_decoded) = match device.choices().batches() {
            Batches::Single => (0.0, 1e-9),
            // There pieces of a tensor have tiles of other sizes, and so sums in another order; decoding stays in f32.
            Batches::MatrixUnits => (tolerance(&device), tolerance(&device)),
        };
        assert!(nmse(&split, &whole) <= of_split, "{}", device.description());
        assert!(nmse(&decoded, &whole) <= of_decoded, "{}", device.description());
    }
}
