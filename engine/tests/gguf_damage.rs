//! Damaged files: bytes flipped, cut out and cut off. Reading must end in a value or an error, in memory that the
//! file's own size bounds.
mod common;

use common::TinyModel;
use engine::chat::ChatTemplate;
use engine::config::Config;
use engine::gguf::{Array, Gguf, Value};
use engine::source::{MemorySource, Source, SourceError};
use engine::tokenizer::Tokenizer;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use std::sync::LazyLock;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What all tests of this file together may use; the file that they damage is a hundred kilobytes.
const LIMIT_MB: f32 = 256.0;

/// A whole model with a vocabulary: every stage has something to read.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut model = TinyModel::new();
    let fixture = common::fixture();
    for (key, value) in fixture.metadata().iter().filter(|(key, _)| key.starts_with("tokenizer.")) {
        let value = match value {
            // Twenty merges do: the damage should hit other places too.
            Value::Array(Array::String(all)) if key.ends_with("merges") => {
                Value::Array(Array::String(all.iter().take(20).collect()))
            }
            other => other.clone(),
        };
        model.set(key, value);
    }
    model.tensor("token_embd.weight", &[common::HIDDEN, 1106]);
    model.tensor("per_layer_token_embd.weight", &[common::PLE * common::LAYERS as u64, 1106]);
    model.to_bytes()
});

/// Where the tensors' data start: only what lies before is looked at.
static HEAD: LazyLock<usize> = LazyLock::new(|| {
    let gguf = Gguf::read(&MemorySource::new(WHOLE.clone())).unwrap();
    gguf.tensors().iter().map(|tensor| tensor.offset).min().unwrap() as usize
});

/// Reads a file as far as it goes. Panics are the test's failure; errors are fine.
fn read_all(bytes: Vec<u8>) {
    let source = MemorySource::new(bytes);
    if let Ok(gguf) = Gguf::read(&source) {
        if let Ok(config) = Config::from_gguf(&gguf) {
            let _ = config.rope_factors(&gguf, &source);
        }
        let _ = Tokenizer::from_gguf(&gguf).map(|tokenizer| tokenizer.encode_with_special("<bos>Hello ▁ 🦙"));
        let _ = ChatTemplate::from_gguf(&gguf);
        for tensor in gguf.tensors() {
            let _ = tensor.read_rows(&source, 0..1);
        }
    }
    assert!(MEMORY.peak_usage_as_mb() < LIMIT_MB, "{} MB were in use at once", MEMORY.peak_usage_as_mb());
}

#[test]
fn the_file_that_the_tests_damage_is_sound() {
    let source = MemorySource::new(WHOLE.clone());
    let gguf = Gguf::read(&source).unwrap();
    Config::from_gguf(&gguf).unwrap();
    Tokenizer::from_gguf(&gguf).unwrap();
    ChatTemplate::from_gguf(&gguf).unwrap();
}

/// Half of the places lie among the first pairs and half anywhere before the data.
fn place() -> impl Strategy<Value = usize> {
    prop_oneof![0..1024usize, 0..*HEAD]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((place(), any::<u8>()), 1..6)) {
        let mut bytes = WHOLE.clone();
        flips.iter().for_each(|&(at, byte)| bytes[at] = byte);
        read_all(bytes);
    }

    #[test]
    fn a_piece_cut_out_never_panics(at in place(), len in 1..64usize) {
        let mut bytes = WHOLE.clone();
        bytes.drain(at..at + len);
        read_all(bytes);
    }

    #[test]
    fn a_file_cut_off_in_its_head_is_an_error(len in 0..*HEAD) {
        prop_assert!(Gguf::read(&MemorySource::new(WHOLE[..len].to_vec())).is_err());
    }

    #[test]
    fn large_numbers_anywhere_never_panic(at in place(), number in prop_oneof![
        Just(u64::MAX), Just(u64::MAX / 2), Just(1 << 32), Just(1 << 31), Just(1 << 20), Just(0),
    ]) {
        let mut bytes = WHOLE.clone();
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        read_all(bytes);
    }
}

/// A file that says it is huge, of which only the head can be read: what lies behind is never asked for.
struct Huge {
    head: Vec<u8>,
}

impl Source for Huge {
    fn len(&self) -> u64 {
        1 << 50
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
        out.fill(0);
        for (at, byte) in self.head.iter().enumerate() {
            if let Some(index) = (at as u64).checked_sub(offset).filter(|&index| index < out.len() as u64) {
                out[index as usize] = *byte;
            }
        }
        // What lies behind the head can be read only so far: a reader that follows a claim into it ends here.
        match offset < 16 << 20 {
            true => Ok(()),
            false => Err(SourceError::OutOfRange { offset, len: out.len(), size: self.len() }),
        }
    }
}

#[test]
fn memory_grows_with_what_was_read_and_not_with_what_a_file_claims() {
    // 2^40 strings in a file that claims to hold them.
    let mut head = b"GGUF".to_vec();
    head.extend(3u32.to_le_bytes());
    head.extend(0u64.to_le_bytes());
    head.extend(1u64.to_le_bytes());
    head.extend(6u64.to_le_bytes());
    head.extend(b"tokens");
    head.extend(9u32.to_le_bytes());
    head.extend(8u32.to_le_bytes());
    head.extend((1u64 << 40).to_le_bytes());
    assert!(Gguf::read(&Huge { head }).is_err());
    assert!(MEMORY.peak_usage_as_mb() < LIMIT_MB, "{} MB were in use at once", MEMORY.peak_usage_as_mb());
}
