//! Text to ids and back, on Gemma 4's own vocabulary cut down (see `fixtures/make_tokenizer_vectors.py`) and on the
//! whole one where it is at hand.
mod common;

use common::{TinyModel, fixture, fixture_tokenizer, open, vocabulary};
use engine::gguf::{Array, Strings, Value};
use engine::tokenizer::{Piece, TokenId, TokenKind, Tokenizer};
use proptest::prelude::*;
use std::sync::LazyLock;

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(fixture_tokenizer);

#[derive(serde::Deserialize)]
struct Vector {
    text: String,
    ids: Vec<u32>,
}

fn ids(tokens: &[TokenId]) -> Vec<u32> {
    tokens.iter().map(|token| token.0).collect()
}

fn special(text: &str) -> TokenId {
    TOKENIZER.special(text).unwrap()
}

/// The committed vocabulary with some keys changed.
fn changed(change: impl FnOnce(&mut TinyModel)) -> Result<Tokenizer, String> {
    let mut model = TinyModel::new();
    for (key, value) in fixture().metadata().iter().filter(|(key, _)| key.starts_with("tokenizer.")) {
        model.set(key, value.clone());
    }
    change(&mut model);
    Tokenizer::from_gguf(&model.build().1).map_err(|error| error.to_string())
}

fn check(tokenizer: &Tokenizer, vectors: &[Vector]) {
    assert_eq!(vectors.len(), 46);
    for Vector { text, ids: expected } in vectors {
        assert_eq!(&ids(&tokenizer.encode_text(text)), expected, "{text:?}");
        assert_eq!(&tokenizer.decode(&tokenizer.encode_text(text)), text);
    }
}

#[test]
fn llama_cpps_46_texts_get_llama_cpps_ids() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("fixtures/tokenizer_vectors.json")).unwrap();
    check(&TOKENIZER, &vectors);
}

#[test]
#[ignore = "reads llama.cpp's ggml-vocab-gemma-4.gguf, which is too large to commit"]
fn the_whole_vocabulary_gives_llama_cpps_ids_too() {
    let path = vocabulary();
    let texts = std::fs::read_to_string(path.with_extension("gguf.inp")).unwrap();
    let lines = std::fs::read_to_string(path.with_extension("gguf.out")).unwrap();
    let texts = texts.split("\n__ggml_vocab_test__\n").map(str::to_owned);
    let parse = |line: &str| line.split_whitespace().map(|id| id.parse().unwrap()).collect();
    let vectors: Vec<Vector> =
        texts.zip(lines.split('\n').map(parse)).map(|(text, ids)| Vector { text, ids }).collect();
    let start = std::time::Instant::now();
    let tokenizer = Tokenizer::from_gguf(&open(&path).1).unwrap();
    println!("loaded in {:?}", start.elapsed());
    check(&tokenizer, &vectors);

    assert_eq!((tokenizer.len(), tokenizer.bos()), (262_144, Some(TokenId(2))));
    assert_eq!(ids(tokenizer.eos_tokens()), [1, 50, 106]);
    for (text, id) in [("<|think|>", 98), ("<|turn>", 105), ("<|image|>", 258_880), ("<|\"|>", 52)] {
        assert_eq!(ids(&tokenizer.encode_with_special(text)), [id]);
    }
    for &token in tokenizer.special_tokens() {
        let text = tokenizer.token(token).unwrap();
        let typed = tokenizer.encode_text(text);
        assert!(typed.iter().all(|id| !tokenizer.special_tokens().contains(id)), "{text} gave {typed:?}");
        assert_eq!(tokenizer.decode(&typed), text);
    }
}

#[test]
fn ollamas_name_for_the_tokenizer_is_understood() {
    let tokenizer = changed(|model| {
        model.set("tokenizer.ggml.model", "llama").set("tokenizer.ggml.pre", "gemma4");
        model.set("tokenizer.ggml.add_bos_token", false);
    })
    .unwrap();
    assert_eq!(tokenizer.encode_text("Hello world"), TOKENIZER.encode_text("Hello world"));
    assert!(!tokenizer.add_bos());
    assert!(TOKENIZER.add_bos());
}

#[test]
fn control_tokens_that_a_user_types_stay_text() {
    for &token in TOKENIZER.special_tokens() {
        let text = TOKENIZER.token(token).unwrap();
        assert_eq!(TOKENIZER.encode_with_special(text), [token]);
        let typed = TOKENIZER.encode_text(text);
        assert!(typed.len() > 1 && !typed.contains(&token), "{text}");
        assert_eq!(TOKENIZER.decode(&typed), text);
    }
}

#[test]
fn markup_and_text_are_told_apart_but_merged_as_one_string() {
    let (turn, end) = (special("<|turn>"), special("<turn|>"));
    let pieces = [Piece::Markup("<|turn>He"), Piece::Text("llo <turn|>"), Piece::Markup("<turn|>")];
    let tokens = TOKENIZER.encode_pieces(pieces);
    let inner = TOKENIZER.encode_text("Hello <turn|>");
    assert_eq!(tokens, [&[turn], inner.as_slice(), &[end]].concat());
}

#[test]
fn of_two_special_tokens_the_longer_is_found() {
    let tokenizer = changed(|model| {
        let tokens = fixture();
        let tokens = tokens.metadata().strings("tokenizer.ggml.tokens").unwrap();
        let more: Strings = tokens.iter().chain(["<|turn>x"]).collect();
        let Value::Array(Array::I32(mut types)) = model.metadata["tokenizer.ggml.token_type"].clone() else { panic!() };
        types.push(3);
        model.set("tokenizer.ggml.tokens", more).set("tokenizer.ggml.token_type", types);
        model.tensor("token_embd.weight", &[common::HIDDEN, tokens.len() as u64 + 1]);
    })
    .unwrap();
    assert_eq!(tokenizer.encode_with_special("<|turn>x"), [tokenizer.special("<|turn>x").unwrap()]);
    assert_eq!(tokenizer.encode_with_special("<|turn>y")[0], tokenizer.special("<|turn>").unwrap());
}

#[test]
fn generation_ends_at_the_files_ends_and_at_gemmas() {
    let ends = ["<eos>", "<|tool_response>", "<turn|>"].map(special);
    assert!(ends.iter().all(|&end| TOKENIZER.is_end(end)));
    assert_eq!(TOKENIZER.eos_tokens().len(), 3);
    let with_eot = changed(|model| {
        model.set("tokenizer.ggml.eot_token_id", 300u32);
    });
    assert!(with_eot.unwrap().is_end(TokenId(300)));
}

#[test]
fn a_vocabulary_without_gemmas_ends_has_the_files() {
    let mut model = TinyModel::new();
    let bytes: Vec<String> = (0..=255).map(|byte| format!("<0x{byte:02X}>")).collect();
    let tokens: Strings = bytes.iter().map(String::as_str).chain(["stop"]).collect();
    model.set("tokenizer.ggml.model", "gemma4").set("tokenizer.ggml.tokens", tokens);
    model.set("tokenizer.ggml.merges", Strings::default()).set("tokenizer.ggml.eos_token_id", 256u32);
    model.tensor("token_embd.weight", &[common::HIDDEN, 257]);
    let tokenizer = Tokenizer::from_gguf(&model.build().1).unwrap();
    assert_eq!((tokenizer.eos_tokens(), tokenizer.bos()), ([TokenId(256)].as_slice(), None));
    assert_eq!(ids(&tokenizer.encode_text("aß")), [0x61, 0xC3, 0x9F]);
}

#[test]
fn markup_that_a_converter_typed_as_text_is_still_markup() {
    let normal = changed(|model| {
        let Value::Array(Array::I32(types)) = model.metadata["tokenizer.ggml.token_type"].clone() else { panic!() };
        model.set("tokenizer.ggml.token_type", vec![1i32; types.len()]);
    })
    .unwrap();
    assert_eq!(normal.special_tokens(), TOKENIZER.special_tokens());
    assert_eq!(normal.kind(special("<turn|>")), Some(TokenKind::Control));
}

#[test]
fn control_tokens_are_not_shown_but_thought_channels_are() {
    let tokens = TOKENIZER.encode_with_special("<bos><|turn>model\n<|channel>thought\n<channel|>Hello<turn|>");
    assert_eq!(TOKENIZER.decode(&tokens), "model\n<|channel>thought\n<channel|>Hello");
}

#[test]
fn a_decoder_holds_bytes_back_until_they_are_a_character() {
    let tokens = TOKENIZER.encode_text("✅\u{1F9A5}");
    assert_eq!(tokens.len(), 1 + 4, "the check mark has a token, the sloth does not");
    let mut decoder = TOKENIZER.decoder();
    let deltas: Vec<String> = tokens.iter().map(|&token| decoder.push(token)).collect();
    assert_eq!(deltas, ["✅", "", "", "", "\u{1F9A5}"]);
    assert_eq!(decoder.finish(), "");
}

#[test]
fn a_character_that_is_cut_off_is_shown_as_one_that_is_missing() {
    let sloth = TOKENIZER.encode_text("\u{1F9A5}");
    let mut decoder = TOKENIZER.decoder();
    assert_eq!(decoder.push(sloth[0]) + &decoder.push(sloth[1]), "");
    let hello = TOKENIZER.encode_text("Hello")[0];
    assert_eq!(decoder.push(hello), "\u{FFFD}Hello");
    decoder.push(sloth[0]);
    assert_eq!(decoder.finish(), "\u{FFFD}");
}

#[test]
fn bytes_that_cannot_become_a_character_do_not_hold_others_back() {
    let byte = |byte: u8| TOKENIZER.encode_text("\u{1F9A5}")[0].0 - 0xF0 + u32::from(byte);
    let mut decoder = TOKENIZER.decoder();
    assert_eq!(decoder.push(TokenId(byte(0xFF))), "\u{FFFD}");
    assert_eq!(decoder.push(TokenId(byte(0xC3))), "");
    assert_eq!(decoder.push(TokenId(byte(b'a'))), "\u{FFFD}a");
}

#[test]
fn an_id_beyond_the_vocabulary_decodes_to_a_replacement() {
    assert_eq!(TOKENIZER.decode(&[TokenId(u32::MAX)]), "\u{FFFD}");
    assert_eq!(TOKENIZER.token(TokenId(u32::MAX)), None);
}

#[test]
fn a_typed_space_marker_comes_back_as_itself() {
    let text = "a▁b ▁▁ c";
    assert_eq!(TOKENIZER.decode(&TOKENIZER.encode_text(text)), text);
}

#[test]
fn another_tokenizer_is_named() {
    let error = changed(|model| {
        model.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "qwen2");
    });
    assert_eq!(
        error.unwrap_err(),
        "tokenizer `gpt2` (`tokenizer.ggml.pre` is `qwen2`) is not supported; only `gemma4` is"
    );
}

#[test]
fn what_a_vocabulary_lacks_is_named() {
    let without = |key: &str| changed(|model| _ = model.unset(key)).unwrap_err();
    assert_eq!(without("tokenizer.ggml.model"), "key `tokenizer.ggml.model` is missing");
    assert_eq!(without("tokenizer.ggml.tokens"), "key `tokenizer.ggml.tokens` is missing");
    assert!(without("tokenizer.ggml.merges").contains("key `tokenizer.ggml.merges` is missing"));
    let with = |key: &str, value: Value| changed(|model| _ = model.set(key, value)).unwrap_err();
    assert_eq!(
        with("tokenizer.ggml.bos_token_id", Value::U32(5000)),
        "key `tokenizer.ggml.bos_token_id` is 5000, but the vocabulary has 1106 tokens"
    );
    assert_eq!(
        with("tokenizer.ggml.token_type", vec![1i32; 7].into()),
        "key `tokenizer.ggml.token_type` has 7 elements, but there must be 1106"
    );
    assert_eq!(
        with("tokenizer.ggml.tokens", ["a", "b"].into_iter().collect::<Strings>().into()),
        "key `tokenizer.ggml.token_type` has 1106 elements, but there must be 2"
    );
}

#[test]
fn merges_that_do_not_fit_the_vocabulary_are_named() {
    let merges = |merges: &[&str]| {
        let merges: Strings = merges.iter().copied().collect();
        changed(|model| _ = model.set("tokenizer.ggml.merges", merges)).unwrap_err()
    };
    assert_eq!(
        merges(&["H e", "Hello"]),
        "merge 1 of `tokenizer.ggml.merges`, `Hello`, is not two tokens with a space between them"
    );
    let long = "x".repeat(300);
    assert!(merges(&[&format!("{long} {long}")]).contains("of merge 0 is no token"));
    assert!(merges(&["Q Q"]).starts_with("`tokenizer.ggml.merges` does not fit the vocabulary: "));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back(text in any::<String>()) {
        prop_assert_eq!(TOKENIZER.decode(&TOKENIZER.encode_text(&text)), text);
    }

    #[test]
    fn text_out_of_the_characters_that_matter_comes_back(text in "[ ▁<|>turn0xE2\u{FFFD}\u{1F9A5}é\n]{0,40}") {
        let tokens = TOKENIZER.encode_text(&text);
        prop_assert!(tokens.iter().all(|token| !TOKENIZER.special_tokens().contains(token)));
        prop_assert_eq!(TOKENIZER.decode(&tokens), text);
    }

    #[test]
    fn any_ids_decode_the_same_at_once_and_one_by_one(tokens in prop::collection::vec(0..1200u32, 0..40)) {
        let tokens: Vec<TokenId> = tokens.into_iter().map(TokenId).collect();
        let mut decoder = TOKENIZER.decoder();
        let mut text: String = tokens.iter().map(|&token| decoder.push(token)).collect();
        text.push_str(&decoder.finish());
        prop_assert_eq!(TOKENIZER.decode(&tokens), text);
    }
}
