//! A model that is already in memory: embedded in the program, or handed over by the caller.
use super::{Source, SourceError, copy_from_slice};
use std::sync::Arc;

/// Bytes in memory, borrowed from the program or shared.
#[derive(Clone)]
pub struct MemorySource(Bytes);

#[derive(Clone)]
enum Bytes {
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl MemorySource {
    /// Bytes that are part of the program, such as an embedded model; nothing is copied.
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        MemorySource(Bytes::Static(bytes))
    }

    /// Shared bytes; clones of the source share them too.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        MemorySource(Bytes::Shared(bytes.into()))
    }

    fn slice(&self) -> &[u8] {
        match &self.0 {
            Bytes::Static(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

impl std::fmt::Debug for MemorySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemorySource({} bytes)", self.slice().len())
    }
}

impl Source for MemorySource {
    fn len(&self) -> u64 {
        self.slice().len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
        copy_from_slice(self.slice(), offset, out)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self.slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_range_inside() {
        let source = MemorySource::from_static(b"abcdef");
        let mut out = [0; 3];
        source.read_at(2, &mut out).unwrap();
        assert_eq!(&out, b"cde");
        assert_eq!(source.bytes(), Some(b"abcdef".as_slice()));
    }

    #[test]
    fn a_range_past_the_end_is_an_error_that_says_where_the_end_is() {
        let source = MemorySource::new(b"abc".to_vec());
        let error = source.read_at(2, &mut [0; 2]).unwrap_err();
        assert_eq!(error.to_string(), "2 bytes at offset 2 reach past the end, which is at 3");
        assert!(source.read_at(u64::MAX, &mut [0; 1]).is_err());
    }

    #[test]
    fn an_empty_read_at_the_end_is_no_error() {
        assert!(MemorySource::from_static(b"abc").read_at(3, &mut []).is_ok());
    }
}
