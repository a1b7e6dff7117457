//! Where a model's bytes come from: a file, memory, and later HTTP ranges or a browser's private file system. Nothing
//! here reads a whole model into memory.
#[cfg(not(target_arch = "wasm32"))]
mod file;
mod memory;

#[cfg(not(target_arch = "wasm32"))]
pub use file::FileSource;
pub use memory::MemorySource;

/// Random access to a fixed number of bytes.
///
/// Calls block. In a browser that is allowed in a worker, which is where the engine runs: OPFS offers synchronous
/// access handles there, and a ranged request may be synchronous. A source over HTTP answers [`len`](Source::len) from
/// the response's `Content-Range` and should fetch ahead in pieces of its own choosing, because callers ask for whole
/// tensors as well as for single rows. A source whose handle is bound to one thread keeps the handle there and talks
/// to it through a channel, so that the source itself stays `Send + Sync`.
pub trait Source: Send + Sync {
    /// Size in bytes; it never changes while the source lives.
    fn len(&self) -> u64;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `out` with the bytes from `offset` on. Either all of `out` is written or an error is returned.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SourceError>;

    /// The whole content where it is addressable without reading (mapped or in memory), else `None`.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }
}

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file could not be opened.
    #[error("cannot open {name}: {cause}")]
    Open {
        /// The path, as given.
        name: String,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// The source exists but a read failed.
    #[error("cannot read {len} bytes at offset {offset} of {name}: {cause}")]
    Read {
        /// The path or address.
        name: String,
        /// First byte asked for.
        offset: u64,
        /// Bytes asked for.
        len: usize,
        /// What the operating system said.
        #[source]
        cause: std::io::Error,
    },
    /// The range does not lie inside the source.
    #[error("{len} bytes at offset {offset} reach past the end, which is at {size}")]
    OutOfRange {
        /// First byte asked for.
        offset: u64,
        /// Bytes asked for.
        len: usize,
        /// Size of the source in bytes.
        size: u64,
    },
}

/// Copies `out.len()` bytes from `offset` of a slice: what every addressable source does.
fn copy_from_slice(bytes: &[u8], offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
    let found = usize::try_from(offset)
        .ok()
        .and_then(|start| Some(start..start.checked_add(out.len())?))
        .and_then(|range| bytes.get(range));
    match found {
        Some(found) => {
            out.copy_from_slice(found);
            Ok(())
        }
        None => Err(SourceError::OutOfRange { offset, len: out.len(), size: bytes.len() as u64 }),
    }
}
