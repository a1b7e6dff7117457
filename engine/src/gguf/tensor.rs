//! One tensor's description, and reading its rows.
use super::{GgmlType, GgufError};
use crate::{error::Error, source::Source};
use std::ops::Range;

/// What a file says about a tensor. A tensor's rows lie one after the other, each a whole number of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// Elements along each axis, the fastest first: `dims[0]` are a row's elements.
    pub dims: Vec<u64>,
    /// How the elements are stored.
    pub ty: GgmlType,
    /// First byte, counted from the start of the file.
    pub offset: u64,
    /// Size in bytes.
    pub byte_len: u64,
}

impl TensorInfo {
    /// Elements of one row: `dims[0]`, or 1 for a tensor without dimensions.
    pub fn row_len(&self) -> u64 {
        self.dims.first().copied().unwrap_or(1)
    }

    /// Rows: the product of all axes but the first.
    pub fn rows(&self) -> u64 {
        self.dims.iter().skip(1).product()
    }

    /// Elements in all.
    pub fn elements(&self) -> u64 {
        self.row_len() * self.rows()
    }

    /// Bytes of one row.
    pub fn row_bytes(&self) -> u64 {
        self.byte_len / self.rows()
    }

    /// Where rows `rows` lie in the file: offset and size in bytes.
    pub fn row_range(&self, rows: Range<u64>) -> Result<Range<u64>, GgufError> {
        if rows.start > rows.end || rows.end > self.rows() {
            let (tensor, start, end) = (self.name.clone(), rows.start, rows.end);
            return Err(GgufError::Rows { tensor, rows: self.rows(), start, end });
        }
        let at = |row| self.offset + row * self.row_bytes();
        Ok(at(rows.start)..at(rows.end))
    }

    /// Reads some rows as they are stored.
    pub fn read_rows(&self, source: &dyn Source, rows: Range<u64>) -> Result<Vec<u8>, Error> {
        let range = self.row_range(rows)?;
        let bytes = range.end - range.start;
        let memory = || GgufError::Memory { tensor: self.name.clone(), bytes };
        let len = usize::try_from(bytes).map_err(|_| memory())?;
        let mut out = Vec::new();
        out.try_reserve_exact(len).map_err(|_| memory())?;
        out.resize(len, 0);
        source.read_at(range.start, &mut out)?;
        Ok(out)
    }

    /// Reads the whole tensor as it is stored.
    pub fn read(&self, source: &dyn Source) -> Result<Vec<u8>, Error> {
        self.read_rows(source, 0..self.rows())
    }
}
