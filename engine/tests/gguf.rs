//! GGUF files, good and bad: what was written is read back, and every defect is named.
mod common;

use common::{TinyModel, model_fixture, open, vocabulary};
use engine::gguf::{Array, Each, GgmlType, Gguf, GgufError, Strings, Value, Writer};
use engine::source::{MemorySource, Source};

fn read(bytes: Vec<u8>) -> Result<Gguf, String> {
    Gguf::read(&MemorySource::new(bytes)).map_err(|error| error.to_string())
}

fn error(bytes: Vec<u8>) -> String {
    read(bytes).unwrap_err()
}

/// Magic, version and counts, then whatever a test appends.
fn header(version: u32, tensors: u64, pairs: u64) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(pairs.to_le_bytes());
    bytes
}

fn string(text: &[u8]) -> Vec<u8> {
    [(text.len() as u64).to_le_bytes().as_slice(), text].concat()
}

/// One pair of a key and a raw value.
fn pair(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    [string(key.as_bytes()).as_slice(), &kind.to_le_bytes(), value].concat()
}

/// A file with one tensor and `data` zero bytes of data.
fn one_tensor(dims: &[u64], ty: u32, offset: u64, data: usize) -> Vec<u8> {
    let mut bytes = header(3, 1, 0);
    bytes.extend(string(b"w"));
    bytes.extend((dims.len() as u32).to_le_bytes());
    dims.iter().for_each(|dim| bytes.extend(dim.to_le_bytes()));
    bytes.extend(ty.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.resize(bytes.len().next_multiple_of(32) + data, 0);
    bytes
}

#[test]
fn every_kind_of_value_is_read_back() {
    let nested = Array::Array(vec![Array::U8(vec![1, 2]), Array::String(["a", ""].into_iter().collect())]);
    let values: Vec<(&str, Value)> = vec![
        ("u8", Value::U8(200)),
        ("i8", Value::I8(-100)),
        ("u16", Value::U16(60_000)),
        ("i16", Value::I16(-30_000)),
        ("u32", Value::U32(4_000_000_000)),
        ("i32", Value::I32(-2_000_000_000)),
        ("f32", Value::F32(1.5)),
        ("bool", Value::Bool(true)),
        ("string", Value::String("Grüße".into())),
        ("u64", Value::U64(u64::MAX)),
        ("i64", Value::I64(i64::MIN)),
        ("f64", Value::F64(-0.25)),
        ("bools", Value::Array(Array::Bool(vec![true, false]))),
        ("f32s", Value::Array(Array::F32(vec![0.5; 100_000]))),
        ("i64s", Value::Array(Array::I64(vec![-1, 1]))),
        ("nested", Value::Array(nested)),
    ];
    let mut writer = Writer::new();
    for (key, value) in &values {
        writer.metadata(key, value.clone()).unwrap();
    }
    let gguf = read(writer.to_bytes().unwrap()).unwrap();
    let found: Vec<(&str, Value)> = gguf.metadata().iter().map(|(key, value)| (key, value.clone())).collect();
    assert_eq!(found, values);
}

#[test]
fn many_strings_share_one_allocation_and_keep_their_order() {
    let words: Vec<String> = (0..100_000).map(|index| format!("word {index}")).collect();
    let strings: Strings = words.iter().map(String::as_str).collect();
    let mut writer = Writer::new();
    writer.metadata("words", strings).unwrap();
    let gguf = read(writer.to_bytes().unwrap()).unwrap();
    let strings = gguf.metadata().strings("words").unwrap();
    assert!(strings.iter().eq(words.iter()));
    assert_eq!((strings.get(99_999), strings.get(100_000)), (Some("word 99999"), None));
}

#[test]
fn a_string_longer_than_a_read_ahead_piece_is_read_whole() {
    let long = "▁".repeat(1_000_000);
    let mut writer = Writer::new();
    writer.metadata("long", long.as_str()).unwrap();
    assert_eq!(read(writer.to_bytes().unwrap()).unwrap().metadata().str("long").unwrap(), long);
}

#[test]
fn tensors_are_found_by_name_and_read_by_rows() {
    let mut writer = Writer::new();
    writer.metadata("general.alignment", 64u32).unwrap();
    let blocks: Vec<u8> = (0..3 * 2 * 34).map(|byte| byte as u8).collect();
    writer.tensor("first", &[3], GgmlType::F16, vec![7; 6]).unwrap();
    writer.tensor("second", &[64, 3], GgmlType::Q8_0, blocks.clone()).unwrap();
    let source = MemorySource::new(writer.to_bytes().unwrap());
    let gguf = Gguf::read(&source).unwrap();

    let second = gguf.tensor("second").unwrap();
    assert_eq!((second.rows(), second.row_len(), second.row_bytes(), second.byte_len), (3, 64, 68, 204));
    assert_eq!(second.offset % 64, 0);
    assert_eq!(second.read(&source).unwrap(), blocks);
    assert_eq!(second.read_rows(&source, 1..2).unwrap(), blocks[68..136]);
    assert_eq!(
        second.read_rows(&source, 2..4).unwrap_err().to_string(),
        "tensor `second` has 3 rows, but rows 2..4 were asked for"
    );
    assert_eq!(gguf.tensor("third").unwrap_err().to_string(), "tensor `third` is missing");
}

#[test]
fn integers_are_read_at_any_width_that_fits() {
    let mut writer = Writer::new();
    writer.metadata("wide", 7u64).unwrap().metadata("signed", 7i32).unwrap().metadata("negative", -7i32).unwrap();
    let gguf = read(writer.to_bytes().unwrap()).unwrap();
    assert_eq!((gguf.metadata().u32("wide").unwrap(), gguf.metadata().u32("signed").unwrap()), (7, 7));
    assert_eq!(
        gguf.metadata().u32("negative").unwrap_err().to_string(),
        "key `negative` has the value -7, which is not an unsigned 32-bit number"
    );
}

#[test]
fn a_property_comes_once_for_all_layers_or_once_for_each() {
    let mut writer = Writer::new();
    writer.metadata("same", 3u32).unwrap().metadata("each", vec![1i32, 2]).unwrap();
    let gguf = read(writer.to_bytes().unwrap()).unwrap();
    assert_eq!(gguf.metadata().u32_each("same", 2).unwrap(), Each::Same(3));
    assert_eq!(gguf.metadata().u32_each("each", 2).unwrap(), Each::Separate(vec![1, 2]));
    assert_eq!(
        gguf.metadata().u32_each("each", 3).unwrap_err().to_string(),
        "key `each` has 2 elements, but there must be 3"
    );
}

#[test]
fn a_missing_key_and_a_key_of_another_kind_are_named() {
    let mut writer = Writer::new();
    writer.metadata("words", vec![1.0f32]).unwrap();
    let gguf = read(writer.to_bytes().unwrap()).unwrap();
    assert_eq!(gguf.metadata().u32("none").unwrap_err().to_string(), "key `none` is missing");
    assert_eq!(
        gguf.metadata().strings("words").unwrap_err().to_string(),
        "key `words` must be an array of strings, but is an array of f32"
    );
}

#[test]
fn another_file_is_told_by_its_first_bytes() {
    assert_eq!(error(b"PK\x03\x04....".to_vec()), r"not a GGUF file: it starts with `PK\x03\x04` instead of `GGUF`");
}

#[test]
fn an_empty_file_is_truncated() {
    assert_eq!(error(vec![]), "the file is truncated: the header needs 4 bytes at offset 0, but the file ends at 0");
}

#[test]
fn versions_2_and_3_are_read_and_others_named() {
    assert_eq!(read(header(2, 0, 0)).unwrap().version(), 2);
    assert_eq!(read(header(3, 0, 0)).unwrap().version(), 3);
    assert_eq!(error(header(1, 0, 0)), "GGUF version 1 is not supported: only 2 and 3 are");
    assert_eq!(error(header(4, 0, 0)), "GGUF version 4 is not supported: only 2 and 3 are");
    assert_eq!(
        error(header(3u32.swap_bytes(), 0, 0)),
        "the file is big-endian GGUF (version 3), which is not supported: convert it to little-endian"
    );
}

#[test]
fn counts_beyond_the_file_are_refused_before_anything_is_allocated() {
    assert_eq!(
        error(header(3, 0, u64::MAX)),
        format!("the header announces {} metadata entries, more than the 0 bytes left in the file can hold", u64::MAX)
    );
    assert!(error(header(3, 1 << 40, 0)).contains("1099511627776 tensors"));
}

#[test]
fn an_array_longer_than_the_file_names_its_key() {
    let array = [4u32.to_le_bytes().as_slice(), &(1u64 << 60).to_le_bytes()].concat();
    let bytes = [header(3, 0, 1), pair("tokens", 9, &array)].concat();
    assert_eq!(
        error(bytes),
        "the value of key `tokens` announces 1152921504606846976 elements, more than the 0 bytes left in the file can hold"
    );
}

#[test]
fn a_string_longer_than_the_file_names_its_key() {
    let bytes = [header(3, 0, 1), pair("name", 8, &u64::MAX.to_le_bytes())].concat();
    assert!(error(bytes).starts_with("the value of key `name` announces 18446744073709551615 bytes of text"));
}

#[test]
fn arrays_in_arrays_end_somewhere() {
    let level = [9u32.to_le_bytes().as_slice(), &1u64.to_le_bytes()].concat();
    let bytes = [header(3, 0, 1), pair("deep", 9, &level.repeat(1000))].concat();
    assert_eq!(error(bytes), "key `deep` nests arrays more than 4 deep");
}

#[test]
fn text_that_is_not_utf8_names_its_key() {
    let bytes = [header(3, 0, 1), pair("name", 8, &string(b"\xff\xfe"))].concat();
    assert_eq!(error(bytes), "the value of key `name` is not valid UTF-8");
}

#[test]
fn an_unknown_kind_of_value_names_its_key() {
    assert_eq!(error([header(3, 0, 1), pair("odd", 13, &[0; 8])].concat()), "key `odd` has the unknown value type 13");
}

#[test]
fn a_bool_is_0_or_1() {
    let bytes = [header(3, 0, 1), pair("flag", 7, &[2])].concat();
    assert_eq!(error(bytes), "key `flag` has the byte 2 where a boolean is 0 or 1");
}

#[test]
fn a_key_that_appears_twice_is_named() {
    let bytes = [header(3, 0, 2), pair("key", 0, &[1]), pair("key", 0, &[1])].concat();
    assert_eq!(error(bytes), "key `key` appears twice");
}

#[test]
fn an_alignment_that_is_no_power_of_two_is_refused() {
    let bytes = [header(3, 0, 1), pair("general.alignment", 4, &48u32.to_le_bytes())].concat();
    assert_eq!(error(bytes), "key `general.alignment` is 48, which is not a power of two");
}

#[test]
fn a_tensor_that_appears_twice_is_named() {
    let tensor = &one_tensor(&[1], 0, 0, 0)[24..24 + 9 + 4 + 8 + 4 + 8];
    let bytes = [&header(3, 2, 0), tensor, tensor, &[0; 64]].concat();
    assert_eq!(error(bytes), "tensor `w` appears twice");
}

#[test]
fn tensors_of_impossible_shape_are_named() {
    assert_eq!(error(one_tensor(&[1; 5], 0, 0, 64)), "tensor `w` has 5 dimensions; at most 4 are allowed");
    assert_eq!(error(one_tensor(&[4, 0], 0, 0, 64)), "tensor `w` has a dimension of zero in its shape [4, 0]");
    assert_eq!(
        error(one_tensor(&[1 << 40, 1 << 40], 0, 0, 64)),
        "tensor `w` is too large: F32 [1099511627776, 1099511627776] overflows 64 bits"
    );
    assert_eq!(
        error(one_tensor(&[100], 12, 0, 144)),
        "tensor `w` has rows of 100 elements, not a multiple of Q4_K's block of 256"
    );
}

#[test]
fn an_unknown_tensor_type_names_the_tensor() {
    assert_eq!(error(one_tensor(&[32], 4, 0, 64)), "tensor `w` has the unknown type 4");
}

#[test]
fn a_misplaced_tensor_is_named() {
    assert_eq!(
        error(one_tensor(&[1], 0, 8, 64)),
        "tensor `w` starts at offset 8 of the data, not a multiple of the alignment 32"
    );
    assert!(read(one_tensor(&[16], 0, 0, 64)).is_ok());
    assert_eq!(
        error(one_tensor(&[17], 0, 0, 64)),
        "tensor `w` reaches past the end: 68 bytes at offset 64, but the file ends at 128"
    );
    assert!(error(one_tensor(&[1], 0, u64::MAX - 31, 64)).starts_with("tensor `w` reaches past the end"));
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = TinyModel::new().to_bytes();
    assert!(read(whole.clone()).is_ok());
    // The last tensor is padded; everything before its padding is needed.
    let last = read(whole.clone()).unwrap().tensors().last().map(|tensor| tensor.offset + tensor.byte_len).unwrap();
    for len in (0..last as usize).step_by(7) {
        assert!(read(whole[..len].to_vec()).is_err(), "a file of {len} bytes was accepted");
    }
}

#[test]
fn the_writer_refuses_what_the_reader_would() {
    let mut writer = Writer::new();
    writer.tensor("w", &[2], GgmlType::F32, vec![0; 8]).unwrap();
    let refused = |result: Result<&mut Writer, GgufError>| result.map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        refused(writer.tensor("x", &[2], GgmlType::F32, vec![0; 9])),
        "tensor `x` takes 8 bytes, but 9 were given"
    );
    assert_eq!(refused(writer.tensor("w", &[2], GgmlType::F32, vec![0; 8])), "tensor `w` appears twice");
    writer.metadata("key", 1u32).unwrap();
    assert_eq!(refused(writer.metadata("key", 2u32)), "key `key` appears twice");
}

#[test]
fn a_whole_models_tensors_end_where_its_file_does() {
    let (source, gguf) = open(&model_fixture("e2b"));
    let last = gguf.tensors().iter().map(|tensor| tensor.offset + tensor.byte_len).max().unwrap();
    assert!(source.len() - last < 32, "{last} of {}", source.len());
    let table = gguf.tensor("token_embd.weight").unwrap();
    assert_eq!(table.byte_len, table.rows() * table.row_bytes());
}

#[test]
#[ignore = "reads llama.cpp's ggml-vocab-gemma-4.gguf, which is too large to commit"]
fn a_full_vocabulary_is_read() {
    let path = vocabulary();
    let start = std::time::Instant::now();
    let (_, gguf) = open(&path);
    println!("read in {:?}", start.elapsed());
    assert_eq!(gguf.metadata().strings("tokenizer.ggml.merges").unwrap().len(), 514_906);
    assert_eq!(gguf.metadata().strings("tokenizer.ggml.tokens").unwrap().get(106), Some("<turn|>"));
}
