//! GGUF, versions 2 and 3, little-endian: header, metadata and tensor descriptions, read through a [`Source`] in
//! bounded pieces and checked so that whatever a file says afterwards holds. Format: ggml's `docs/gguf.md`.
pub mod blocks;
mod cursor;
mod error;
mod fingerprint;
mod metadata;
mod tensor;
mod types;
mod writer;

pub use error::{GgufError, Place};
pub use metadata::{Array, Each, Metadata, Strings, Value, ValueKind};
pub use tensor::TensorInfo;
pub use types::GgmlType;
pub use writer::{Writer, rewrite};

use crate::{error::Error, source::Source};
use cursor::Cursor;
use std::collections::HashMap;

/// Longest key that the specification allows, in bytes.
const MAX_KEY: u64 = 65_535;

/// Longest tensor name, in bytes. ggml keeps 63; files for other programs may have more.
const MAX_TENSOR_NAME: u64 = 1_024;

/// Alignment of tensor data where the file does not say.
const DEFAULT_ALIGNMENT: u64 = 32;

/// A GGUF file's metadata and tensor descriptions. The tensors' data stay where they are.
///
/// ```
/// use engine::{gguf::{GgmlType, Gguf, Writer}, source::MemorySource};
///
/// let mut writer = Writer::new();
/// writer.metadata("general.architecture", "gemma4")?;
/// writer.tensor("norm", &[2], GgmlType::F32, vec![0; 8])?;
/// let source = MemorySource::new(writer.to_bytes()?);
///
/// let gguf = Gguf::read(&source)?;
/// assert_eq!(gguf.metadata().str("general.architecture")?, "gemma4");
/// assert_eq!(gguf.tensor("norm")?.byte_len, 8);
/// # Ok::<(), engine::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Gguf {
    version: u32,
    metadata: Metadata,
    tensors: Vec<TensorInfo>,
    index: HashMap<String, usize>,
}

impl Gguf {
    /// Reads and checks everything but the tensors' data.
    pub fn read(source: &dyn Source) -> Result<Gguf, Error> {
        Ok(read(source)?)
    }

    /// The format's version: 2 or 3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The key-value pairs.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// All tensors, in the file's order.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// A tensor that must be there.
    pub fn tensor(&self, name: &str) -> Result<&TensorInfo, Error> {
        self.find(name).ok_or_else(|| GgufError::MissingTensor { tensor: name.to_owned() }.into())
    }

    /// A tensor that may be there.
    pub fn find(&self, name: &str) -> Option<&TensorInfo> {
        self.index.get(name).map(|&at| &self.tensors[at])
    }
}

fn read(source: &dyn Source) -> Result<Gguf, GgufError> {
    let mut cursor = Cursor::new(source);
    let magic = cursor.magic()?;
    if magic != *b"GGUF" {
        return Err(GgufError::Magic { found: magic });
    }
    let version = match cursor.u32()? {
        version @ (2 | 3) => version,
        swapped if matches!(swapped.swap_bytes(), 1..=3) => {
            return Err(GgufError::BigEndian { version: swapped.swap_bytes() });
        }
        version => return Err(GgufError::Version { version }),
    };
    let (tensor_count, pair_count) = (cursor.u64()?, cursor.u64()?);
    // An entry is at least a name's length, a kind and one byte; a tensor a name's length, a count of dimensions, a
    // type and an offset.
    cursor.expect_room(pair_count, 8 + 4 + 1, "metadata entries")?;
    cursor.expect_room(tensor_count, 8 + 4 + 4 + 8, "tensors")?;

    let mut metadata = Metadata::default();
    for index in 0..pair_count {
        cursor.place = Place::Key(index);
        let key = cursor.name(MAX_KEY)?;
        cursor.place = Place::Value(key.clone());
        let kind = cursor.kind(&key)?;
        let value = cursor.value(&key, kind)?;
        metadata.insert(&key, value)?;
    }

    let alignment = match metadata.opt_u32("general.alignment")? {
        None => DEFAULT_ALIGNMENT,
        Some(alignment) if alignment.is_power_of_two() => alignment.into(),
        Some(alignment) => return Err(GgufError::Alignment { alignment }),
    };

    let mut tensors = Vec::new();
    let mut index = HashMap::new();
    for at in 0..tensor_count {
        cursor.place = Place::TensorName(at);
        let name = cursor.name(MAX_TENSOR_NAME)?;
        cursor.place = Place::TensorInfo(name.clone());
        if index.insert(name.clone(), tensors.len()).is_some() {
            return Err(GgufError::DuplicateTensor { tensor: name });
        }
        tensors.push(tensor_info(&mut cursor, name, alignment)?);
    }
    place_tensors(&mut tensors, cursor.position(), alignment, source.len())?;
    Ok(Gguf { version, metadata, tensors, index })
}

/// Shape, type and offset of a tensor; the offset is still counted from the start of the data.
fn tensor_info(cursor: &mut Cursor<'_>, name: String, alignment: u64) -> Result<TensorInfo, GgufError> {
    let count = cursor.u32()?;
    if count > 4 {
        return Err(GgufError::Dimensions { tensor: name, dims: count });
    }
    let dims = (0..count).map(|_| cursor.u64()).collect::<Result<Vec<_>, _>>()?;
    let id = cursor.u32()?;
    let offset = cursor.u64()?;
    let Some(ty) = GgmlType::from_id(id) else {
        return Err(GgufError::TensorType { tensor: name, id });
    };
    if dims.contains(&0) {
        return Err(GgufError::ZeroDimension { tensor: name, dims });
    }
    let byte_len = byte_len(&name, &dims, ty)?;
    if !offset.is_multiple_of(alignment) {
        return Err(GgufError::Misaligned { tensor: name, offset, alignment });
    }
    Ok(TensorInfo { name, dims, ty, offset, byte_len })
}

/// Bytes that a tensor takes: its rows, each a whole number of blocks.
fn byte_len(name: &str, dims: &[u64], ty: GgmlType) -> Result<u64, GgufError> {
    let overflow = || GgufError::Overflow { tensor: name.to_owned(), ty, dims: dims.to_vec() };
    let row_len = dims.first().copied().unwrap_or(1);
    if !row_len.is_multiple_of(ty.block_len()) {
        return Err(GgufError::PartialBlock { tensor: name.to_owned(), ty, row_len });
    }
    // The elements must be countable too: a block of 256 elements takes fewer bytes than that.
    dims.iter().try_fold(1, |product: u64, &dim| product.checked_mul(dim)).ok_or_else(overflow)?;
    let row = ty.row_bytes(row_len).ok_or_else(overflow)?;
    dims.iter().skip(1).try_fold(row, |bytes, &dim| bytes.checked_mul(dim)).ok_or_else(overflow)
}

/// Makes the tensors' offsets count from the start of the file, and checks that their data lie inside.
fn place_tensors(tensors: &mut [TensorInfo], end: u64, alignment: u64, size: u64) -> Result<(), GgufError> {
    for tensor in tensors {
        let start = end.checked_next_multiple_of(alignment).and_then(|data| data.checked_add(tensor.offset));
        let inside = start.and_then(|start| start.checked_add(tensor.byte_len)).is_some_and(|end| end <= size);
        match start {
            Some(start) if inside => tensor.offset = start,
            start => {
                let (tensor, bytes) = (tensor.name.clone(), tensor.byte_len);
                return Err(GgufError::TensorBeyondEnd { tensor, offset: start.unwrap_or(u64::MAX), bytes, size });
            }
        }
    }
    Ok(())
}
