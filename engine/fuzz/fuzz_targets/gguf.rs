//! Any bytes as a model file: every stage that reads one must end in a value or an error. Start from real files:
//! `mkdir -p corpus/gguf && cp ../tests/fixtures/tokenizer.gguf corpus/gguf/`.
#![no_main]

use engine::{chat::ChatTemplate, config::Config, gguf::Gguf, source::MemorySource, tokenizer::Tokenizer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = MemorySource::new(bytes);
    let Ok(gguf) = Gguf::read(&source) else { return };
    if let Ok(config) = Config::from_gguf(&gguf) {
        let _ = config.rope_factors(&gguf, &source);
    }
    let _ = Tokenizer::from_gguf(&gguf).map(|tokenizer| tokenizer.encode_with_special("<bos>Hello ▁ \u{1F999}"));
    let _ = ChatTemplate::from_gguf(&gguf);
    for tensor in gguf.tensors() {
        let _ = tensor.read(&source);
    }
});
