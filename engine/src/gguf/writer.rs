//! Writes GGUF version 3: from parts in memory (adapters, the small files that tests read back), or tensor by tensor
//! after another file.
use super::{
    DEFAULT_ALIGNMENT, GgmlType, Gguf, GgufError, TensorInfo, byte_len,
    metadata::{Array, Metadata, Value},
};
use std::{collections::HashSet, io::Write};

/// A GGUF in the making: pairs and tensors in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Writer {
    metadata: Metadata,
    tensors: Vec<Tensor>,
    names: HashSet<String>,
    alignment: u64,
}

#[derive(Clone, Debug)]
struct Tensor {
    name: String,
    dims: Vec<u64>,
    ty: GgmlType,
    bytes: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Writer {
            metadata: Metadata::default(),
            tensors: Vec::new(),
            names: HashSet::new(),
            alignment: DEFAULT_ALIGNMENT,
        }
    }
}

impl Writer {
    /// A file without pairs and tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair. `general.alignment` also sets where the tensors are put.
    pub fn metadata(&mut self, key: &str, value: impl Into<Value>) -> Result<&mut Self, GgufError> {
        self.metadata.insert(key, value.into())?;
        if let Some(alignment) = self.metadata.opt_u32("general.alignment")? {
            if !alignment.is_power_of_two() {
                return Err(GgufError::Alignment { alignment });
            }
            self.alignment = alignment.into();
        }
        Ok(self)
    }

    /// Adds a tensor: `dims[0]` are a row's elements, `bytes` the rows as they are stored.
    pub fn tensor(
        &mut self,
        name: &str,
        dims: &[u64],
        ty: GgmlType,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<&mut Self, GgufError> {
        let (tensor, bytes) = (name.to_owned(), bytes.into());
        let (expected, found) = (byte_len(name, dims, ty)?, bytes.len() as u64);
        if expected != found {
            return Err(GgufError::ByteCount { tensor, expected, found });
        }
        if !self.names.insert(tensor.clone()) {
            return Err(GgufError::DuplicateTensor { tensor });
        }
        self.tensors.push(Tensor { name: tensor, dims: dims.to_vec(), ty, bytes });
        Ok(self)
    }

    /// The whole file in memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, GgufError> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the whole file.
    pub fn write_to(&self, out: &mut dyn Write) -> Result<(), GgufError> {
        let described = self.tensors.iter().map(|tensor| Described {
            name: &tensor.name,
            dims: &tensor.dims,
            ty: tensor.ty,
            bytes: tensor.bytes.len() as u64,
        });
        let head = head(&self.metadata, described, self.alignment);
        write_padded(out, &head, self.alignment)?;
        self.tensors.iter().try_for_each(|tensor| write_padded(out, &tensor.bytes, self.alignment))
    }
}

/// Writes a file with the metadata and the tensors of another, whose data `content` gives tensor by tensor, so that they
/// are never in memory together. `content` writes exactly the tensor's bytes.
///
/// # Errors
/// What `content` says; [`GgufError::ByteCount`] where it writes another number of bytes; [`GgufError::Write`].
pub fn rewrite<E: From<GgufError>>(
    gguf: &Gguf,
    out: &mut dyn Write,
    mut content: impl FnMut(&TensorInfo, &mut dyn Write) -> Result<(), E>,
) -> Result<(), E> {
    let alignment = gguf.metadata.opt_u32("general.alignment")?.map_or(DEFAULT_ALIGNMENT, u64::from);
    let described = gguf.tensors.iter().map(|tensor| Described {
        name: &tensor.name,
        dims: &tensor.dims,
        ty: tensor.ty,
        bytes: tensor.byte_len,
    });
    write_padded(out, &head(&gguf.metadata, described, alignment), alignment)?;
    for tensor in &gguf.tensors {
        let mut counted = Counted { out, bytes: 0 };
        content(tensor, &mut counted)?;
        let (expected, found) = (tensor.byte_len, counted.bytes);
        if expected != found {
            return Err(GgufError::ByteCount { tensor: tensor.name.clone(), expected, found }.into());
        }
        pad(out, found, alignment)?;
    }
    Ok(())
}

/// What a file says about a tensor.
struct Described<'t> {
    name: &'t str,
    dims: &'t [u64],
    ty: GgmlType,
    bytes: u64,
}

/// Everything before the tensors' data, which follow each other in the order of their descriptions.
fn head<'t>(metadata: &Metadata, tensors: impl ExactSizeIterator<Item = Described<'t>>, alignment: u64) -> Vec<u8> {
    let mut head = Vec::new();
    head.extend_from_slice(b"GGUF");
    head.extend_from_slice(&3u32.to_le_bytes());
    put_len(&mut head, tensors.len());
    put_len(&mut head, metadata.len());
    for (key, value) in metadata.iter() {
        put_string(&mut head, key);
        head.extend_from_slice(&value.kind().id().to_le_bytes());
        put_value(&mut head, value);
    }
    let mut offset = 0u64;
    for tensor in tensors {
        put_string(&mut head, tensor.name);
        head.extend_from_slice(&(tensor.dims.len() as u32).to_le_bytes());
        tensor.dims.iter().for_each(|dim| head.extend_from_slice(&dim.to_le_bytes()));
        head.extend_from_slice(&tensor.ty.id().to_le_bytes());
        head.extend_from_slice(&offset.to_le_bytes());
        offset = (offset + tensor.bytes).next_multiple_of(alignment);
    }
    head
}

/// Writes bytes and zeros up to the alignment.
fn write_padded(out: &mut dyn Write, bytes: &[u8], alignment: u64) -> Result<(), GgufError> {
    out.write_all(bytes).map_err(GgufError::Write)?;
    pad(out, bytes.len() as u64, alignment)
}

fn pad(out: &mut dyn Write, written: u64, alignment: u64) -> Result<(), GgufError> {
    let padding = written.next_multiple_of(alignment) - written;
    std::io::copy(&mut std::io::Read::take(std::io::repeat(0), padding), out).map_err(GgufError::Write)?;
    Ok(())
}

/// Counts what is written.
struct Counted<'o> {
    out: &'o mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&(len as u64).to_le_bytes());
}

fn put_string(out: &mut Vec<u8>, string: &str) {
    put_len(out, string.len());
    out.extend_from_slice(string.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::U8(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::I8(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::U16(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::I16(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::U32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::I32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::F32(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Bool(value) => out.push((*value).into()),
        Value::String(value) => put_string(out, value),
        Value::Array(value) => put_array(out, value),
        Value::U64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::I64(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::F64(value) => out.extend_from_slice(&value.to_le_bytes()),
    }
}

fn put_array(out: &mut Vec<u8>, array: &Array) {
    out.extend_from_slice(&array.kind().id().to_le_bytes());
    put_len(out, array.len());
    match array {
        Array::String(values) => values.iter().for_each(|value| put_string(out, value)),
        Array::Array(values) => values.iter().for_each(|value| put_array(out, value)),
        numbers => (0..numbers.len()).filter_map(|at| numbers.get(at)).for_each(|value| put_value(out, &value)),
    }
}
