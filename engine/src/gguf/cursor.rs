//! A buffered reader over a source: bounded pieces, little-endian numbers, and errors that say which part of the file
//! was being read. Nothing is allocated by what a file claims, only by what it holds.
use super::{
    GgufError, Place, ValueKind,
    metadata::{Array, Strings, Value},
};
use crate::source::Source;

/// Bytes fetched at a time: large enough for a source behind a network.
const PIECE: u64 = 256 * 1024;

/// Arrays in arrays, at most.
const MAX_NESTING: usize = 4;

/// A position in a source, with the piece of it that was fetched last.
pub(super) struct Cursor<'s> {
    source: &'s dyn Source,
    size: u64,
    /// What is being read; it appears in errors.
    pub(super) place: Place,
    piece: Vec<u8>,
    /// Offset in the source of the piece's first byte.
    piece_start: u64,
    /// The next byte, counted from the piece's first.
    at: usize,
}

impl<'s> Cursor<'s> {
    pub(super) fn new(source: &'s dyn Source) -> Self {
        Cursor { source, size: source.len(), place: Place::Header, piece: Vec::new(), piece_start: 0, at: 0 }
    }

    /// Offset in the source of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.piece_start + self.at as u64
    }

    /// Bytes from here to the end.
    pub(super) fn remaining(&self) -> u64 {
        self.size.saturating_sub(self.position())
    }

    /// An error unless `count` items of at least `each` bytes fit into the rest of the file.
    pub(super) fn expect_room(&self, count: u64, each: u64, what: &'static str) -> Result<(), GgufError> {
        let remaining = self.remaining();
        match count.checked_mul(each) {
            Some(bytes) if bytes <= remaining => Ok(()),
            _ => Err(GgufError::TooMany { place: self.place.clone(), what, count, remaining }),
        }
    }

    /// The next `len` bytes; `len` is at most [`PIECE`].
    fn take(&mut self, len: usize) -> Result<&[u8], GgufError> {
        if self.piece.len() - self.at < len {
            self.fetch(len)?;
        }
        let start = self.at;
        self.at += len;
        Ok(&self.piece[start..self.at])
    }

    /// Moves the piece so that it starts at the next byte and holds at least `len` bytes.
    fn fetch(&mut self, len: usize) -> Result<(), GgufError> {
        let remaining = self.remaining();
        if remaining < len as u64 {
            let (place, offset) = (self.place.clone(), self.position());
            return Err(GgufError::Truncated { place, offset, needed: len as u64, size: self.size });
        }
        let start = self.position();
        self.piece.clear();
        self.piece_start = start;
        self.at = 0;
        self.piece.resize(remaining.min(PIECE) as usize, 0);
        let fetched = self.source.read_at(start, &mut self.piece);
        fetched.map_err(GgufError::from).inspect_err(|_| self.piece.clear())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub(super) fn magic(&mut self) -> Result<[u8; 4], GgufError> {
        self.array()
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A string that names a key or a tensor: bounded by `limit`.
    pub(super) fn name(&mut self, limit: u64) -> Result<String, GgufError> {
        let len = self.u64()?;
        if len > limit && len <= self.remaining() {
            return Err(GgufError::NameTooLong { place: self.place.clone(), len, limit });
        }
        let mut name = String::new();
        self.append_string(len, &mut name)?;
        Ok(name)
    }

    /// Appends the next `len` bytes, which must be UTF-8.
    fn append_string(&mut self, len: u64, out: &mut String) -> Result<(), GgufError> {
        self.expect_room(len, 1, "bytes of text")?;
        if len <= PIECE {
            if let Ok(text) = std::str::from_utf8(self.take(len as usize)?) {
                out.push_str(text);
                return Ok(());
            }
            return Err(GgufError::Utf8 { place: self.place.clone() });
        }
        let mut bytes = Vec::new();
        self.append_bytes(len, &mut bytes)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| GgufError::Utf8 { place: self.place.clone() })?;
        out.push_str(text);
        Ok(())
    }

    /// Appends the next `len` bytes, piece by piece.
    fn append_bytes(&mut self, mut len: u64, out: &mut Vec<u8>) -> Result<(), GgufError> {
        while len > 0 {
            let piece = len.min(PIECE);
            out.extend_from_slice(self.take(piece as usize)?);
            len -= piece;
        }
        Ok(())
    }

    /// The value that follows, of a kind that was read before it.
    pub(super) fn value(&mut self, key: &str, kind: ValueKind) -> Result<Value, GgufError> {
        Ok(match kind {
            ValueKind::U8 => Value::U8(u8::from_le_bytes(self.array()?)),
            ValueKind::I8 => Value::I8(i8::from_le_bytes(self.array()?)),
            ValueKind::U16 => Value::U16(u16::from_le_bytes(self.array()?)),
            ValueKind::I16 => Value::I16(i16::from_le_bytes(self.array()?)),
            ValueKind::U32 => Value::U32(u32::from_le_bytes(self.array()?)),
            ValueKind::I32 => Value::I32(i32::from_le_bytes(self.array()?)),
            ValueKind::F32 => Value::F32(f32::from_le_bytes(self.array()?)),
            ValueKind::U64 => Value::U64(u64::from_le_bytes(self.array()?)),
            ValueKind::I64 => Value::I64(i64::from_le_bytes(self.array()?)),
            ValueKind::F64 => Value::F64(f64::from_le_bytes(self.array()?)),
            ValueKind::Bool => Value::Bool(boolean(key, u8::from_le_bytes(self.array()?))?),
            ValueKind::String => {
                let len = self.u64()?;
                let mut text = String::new();
                self.append_string(len, &mut text)?;
                Value::String(text)
            }
            ValueKind::Array => Value::Array(self.values(key, 1)?),
        })
    }

    /// The kind of a value of `key`.
    pub(super) fn kind(&mut self, key: &str) -> Result<ValueKind, GgufError> {
        let id = self.u32()?;
        ValueKind::from_id(id).ok_or_else(|| GgufError::ValueType { key: key.to_owned(), id })
    }

    /// An array: kind, length, elements.
    fn values(&mut self, key: &str, depth: usize) -> Result<Array, GgufError> {
        let kind = self.kind(key)?;
        let count = self.u64()?;
        self.expect_room(count, kind.min_bytes(), "elements")?;
        Ok(match kind {
            ValueKind::U8 => Array::U8(self.numbers(count, u8::from_le_bytes)?),
            ValueKind::I8 => Array::I8(self.numbers(count, i8::from_le_bytes)?),
            ValueKind::U16 => Array::U16(self.numbers(count, u16::from_le_bytes)?),
            ValueKind::I16 => Array::I16(self.numbers(count, i16::from_le_bytes)?),
            ValueKind::U32 => Array::U32(self.numbers(count, u32::from_le_bytes)?),
            ValueKind::I32 => Array::I32(self.numbers(count, i32::from_le_bytes)?),
            ValueKind::F32 => Array::F32(self.numbers(count, f32::from_le_bytes)?),
            ValueKind::U64 => Array::U64(self.numbers(count, u64::from_le_bytes)?),
            ValueKind::I64 => Array::I64(self.numbers(count, i64::from_le_bytes)?),
            ValueKind::F64 => Array::F64(self.numbers(count, f64::from_le_bytes)?),
            ValueKind::Bool => {
                let bytes = self.numbers(count, u8::from_le_bytes)?;
                Array::Bool(bytes.into_iter().map(|byte| boolean(key, byte)).collect::<Result<_, _>>()?)
            }
            ValueKind::String => {
                let (mut text, mut ends) = (String::new(), Vec::new());
                for _ in 0..count {
                    let len = self.u64()?;
                    self.append_string(len, &mut text)?;
                    ends.push(text.len());
                }
                Array::String(Strings::from_parts(text, ends))
            }
            ValueKind::Array if depth == MAX_NESTING => {
                return Err(GgufError::Nesting { key: key.to_owned(), limit: MAX_NESTING });
            }
            ValueKind::Array => {
                let mut arrays = Vec::new();
                for _ in 0..count {
                    arrays.push(self.values(key, depth + 1)?);
                }
                Array::Array(arrays)
            }
        })
    }

    /// `count` numbers of `N` bytes each.
    fn numbers<T, const N: usize>(&mut self, count: u64, convert: fn([u8; N]) -> T) -> Result<Vec<T>, GgufError> {
        let per_piece = PIECE / N as u64;
        let mut numbers = Vec::new();
        let mut left = count;
        while left > 0 {
            let now = left.min(per_piece);
            let (chunks, _) = self.take(now as usize * N)?.as_chunks::<N>();
            numbers.extend(chunks.iter().map(|&chunk| convert(chunk)));
            left -= now;
        }
        Ok(numbers)
    }
}

fn boolean(key: &str, byte: u8) -> Result<bool, GgufError> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        value => Err(GgufError::Boolean { key: key.to_owned(), value }),
    }
}
