//! What can be wrong with a GGUF file, each case naming the key, tensor or place at fault.
use super::GgmlType;
use crate::source::SourceError;
use std::fmt;

/// The part of a file that was being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Magic, version and counts.
    Header,
    /// The name of the metadata entry with this index.
    Key(u64),
    /// The value of this key.
    Value(String),
    /// The name of the tensor with this index.
    TensorName(u64),
    /// Shape, type and offset of this tensor.
    TensorInfo(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Header => f.write_str("the header"),
            Place::Key(index) => write!(f, "the name of metadata entry {index}"),
            Place::Value(key) => write!(f, "the value of key `{key}`"),
            Place::TensorName(index) => write!(f, "the name of tensor {index}"),
            Place::TensorInfo(name) => write!(f, "the description of tensor `{name}`"),
        }
    }
}

/// What is wrong with a GGUF file, or what it lacks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum GgufError {
    /// The bytes could not be read at all.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The first four bytes are not `GGUF`.
    #[error("not a GGUF file: it starts with `{}` instead of `GGUF`", found.escape_ascii())]
    Magic { found: [u8; 4] },
    /// The version is byte-swapped.
    #[error("the file is big-endian GGUF (version {version}), which is not supported: convert it to little-endian")]
    BigEndian { version: u32 },
    /// Neither 2 nor 3.
    #[error("GGUF version {version} is not supported: only 2 and 3 are")]
    Version { version: u32 },
    /// The file ends too early.
    #[error("the file is truncated: {place} needs {needed} bytes at offset {offset}, but the file ends at {size}")]
    Truncated { place: Place, offset: u64, needed: u64, size: u64 },
    /// A count or a length cannot fit into what is left of the file.
    #[error("{place} announces {count} {what}, more than the {remaining} bytes left in the file can hold")]
    TooMany { place: Place, what: &'static str, count: u64, remaining: u64 },
    /// A key or name is absurdly long.
    #[error("{place} is {len} bytes long; at most {limit} are allowed")]
    NameTooLong { place: Place, len: u64, limit: u64 },
    /// A string is not UTF-8.
    #[error("{place} is not valid UTF-8")]
    Utf8 { place: Place },
    /// A value type that GGUF does not define.
    #[error("key `{key}` has the unknown value type {id}")]
    ValueType { key: String, id: u32 },
    /// A boolean that is neither 0 nor 1.
    #[error("key `{key}` has the byte {value} where a boolean is 0 or 1")]
    Boolean { key: String, value: u8 },
    /// Arrays of arrays of arrays, and so on.
    #[error("key `{key}` nests arrays more than {limit} deep")]
    Nesting { key: String, limit: usize },
    /// The same key twice.
    #[error("key `{key}` appears twice")]
    DuplicateKey { key: String },
    /// The same tensor twice.
    #[error("tensor `{tensor}` appears twice")]
    DuplicateTensor { tensor: String },
    /// `general.alignment` is not a power of two.
    #[error("key `general.alignment` is {alignment}, which is not a power of two")]
    Alignment { alignment: u32 },
    /// More than four dimensions.
    #[error("tensor `{tensor}` has {dims} dimensions; at most 4 are allowed")]
    Dimensions { tensor: String, dims: u32 },
    /// A dimension of zero.
    #[error("tensor `{tensor}` has a dimension of zero in its shape {dims:?}")]
    ZeroDimension { tensor: String, dims: Vec<u64> },
    /// A type id that ggml does not define.
    #[error("tensor `{tensor}` has the unknown type {id}")]
    TensorType { tensor: String, id: u32 },
    /// A row that is not a whole number of blocks.
    #[error("tensor `{tensor}` has rows of {row_len} elements, not a multiple of {ty}'s block of {}", ty.block_len())]
    PartialBlock { tensor: String, ty: GgmlType, row_len: u64 },
    /// The size does not fit into 64 bits.
    #[error("tensor `{tensor}` is too large: {ty} {dims:?} overflows 64 bits")]
    Overflow { tensor: String, ty: GgmlType, dims: Vec<u64> },
    /// The offset is not aligned.
    #[error("tensor `{tensor}` starts at offset {offset} of the data, not a multiple of the alignment {alignment}")]
    Misaligned { tensor: String, offset: u64, alignment: u64 },
    /// The data does not lie inside the file.
    #[error("tensor `{tensor}` reaches past the end: {bytes} bytes at offset {offset}, but the file ends at {size}")]
    TensorBeyondEnd { tensor: String, offset: u64, bytes: u64, size: u64 },
    /// A key that is needed is not there.
    #[error("key `{key}` is missing")]
    MissingKey { key: String },
    /// A key has another type than it must have.
    #[error("key `{key}` must be {expected}, but is {found}")]
    WrongKind { key: String, expected: &'static str, found: String },
    /// A number is negative or too large for what it means.
    #[error("key `{key}` has the value {value}, which is not {expected}")]
    Range { key: String, value: String, expected: &'static str },
    /// An array has the wrong number of elements.
    #[error("key `{key}` has {found} elements, but there must be {expected}")]
    ArrayLength { key: String, expected: usize, found: usize },
    /// A tensor that is needed is not there.
    #[error("tensor `{tensor}` is missing")]
    MissingTensor { tensor: String },
    /// Rows outside a tensor were asked for.
    #[error("tensor `{tensor}` has {rows} rows, but rows {start}..{end} were asked for")]
    Rows { tensor: String, rows: u64, start: u64, end: u64 },
    /// A tensor's data does not fit into this machine's memory.
    #[error("tensor `{tensor}` needs {bytes} bytes of memory, which are not to be had")]
    Memory { tensor: String, bytes: u64 },
    /// Data given for writing has the wrong size.
    #[error("tensor `{tensor}` takes {expected} bytes, but {found} were given")]
    ByteCount { tensor: String, expected: u64, found: u64 },
    /// A file could not be written.
    #[error("cannot write the GGUF: {0}")]
    Write(#[source] std::io::Error),
}
