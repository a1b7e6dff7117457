//! A model in a file: mapped where the system allows it, read at positions where it does not.
use super::{Source, SourceError, copy_from_slice};
use std::{
    fs::File,
    path::{Path, PathBuf},
};

/// A file on disk.
///
/// The mapping is private and read-only. As with every mapped file, whoever cuts the file short while it is in use
/// takes the process down: models are published once and then left alone.
pub struct FileSource {
    path: PathBuf,
    file: File,
    len: u64,
    map: Option<memmap2::Mmap>,
}

impl FileSource {
    /// Opens a file and maps it. A file that cannot be mapped (some network and virtual file systems) is read at
    /// positions instead, and [`Source::bytes`] is then `None`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let mut source = Self::open_unmapped(path)?;
        source.map = map(&source.file);
        // Somebody may have grown or cut the file in between; the mapping decides.
        if let Some(map) = &source.map {
            source.len = map.len() as u64;
        }
        Ok(source)
    }

    /// Opens a file without mapping it.
    pub fn open_unmapped(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let path = path.as_ref().to_path_buf();
        let opened = File::open(&path).and_then(|file| {
            let about = file.metadata()?;
            match about.is_dir() {
                true => Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a directory")),
                false => Ok((file, about.len())),
            }
        });
        match opened {
            Ok((file, len)) => Ok(FileSource { path, file, len, map: None }),
            Err(cause) => Err(SourceError::Open { name: path.display().to_string(), cause }),
        }
    }

    /// The path it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Maps a whole file, or gives `None` where the system refuses.
#[allow(unsafe_code)]
fn map(file: &File) -> Option<memmap2::Mmap> {
    // SAFETY: the mapping is read-only and private, so this process cannot change it. Bytes that another process
    // changes are only ever seen as plain bytes: the loader validates what it copied out, never what it will read
    // again, and no reference into the map is given a type with invalid bit patterns.
    unsafe { memmap2::Mmap::map(file) }.ok()
}

impl std::fmt::Debug for FileSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileSource({}, {} bytes)", self.path.display(), self.len)
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), SourceError> {
        if let Some(map) = &self.map {
            return copy_from_slice(map, offset, out);
        }
        let size = self.len;
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > size) {
            return Err(SourceError::OutOfRange { offset, len: out.len(), size });
        }
        let len = out.len();
        read_exact_at(&self.file, offset, out).map_err(|cause| SourceError::Read {
            name: self.path.display().to_string(),
            offset,
            len,
            cause,
        })
    }

    fn bytes(&self) -> Option<&[u8]> {
        self.map.as_deref()
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !out.is_empty() {
        match file.seek_read(out, offset) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                out = &mut out[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn temporary(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    }

    #[test]
    fn a_mapped_and_an_unmapped_file_give_the_same_bytes() {
        let file = temporary(b"0123456789");
        for source in [FileSource::open(file.path()).unwrap(), FileSource::open_unmapped(file.path()).unwrap()] {
            let mut out = [0; 4];
            source.read_at(3, &mut out).unwrap();
            assert_eq!((source.len(), &out), (10, b"3456"));
        }
        assert_eq!(FileSource::open(file.path()).unwrap().bytes(), Some(b"0123456789".as_slice()));
        assert_eq!(FileSource::open_unmapped(file.path()).unwrap().bytes(), None);
    }

    #[test]
    fn both_refuse_to_read_past_the_end() {
        let file = temporary(b"0123");
        for source in [FileSource::open(file.path()).unwrap(), FileSource::open_unmapped(file.path()).unwrap()] {
            assert!(matches!(source.read_at(2, &mut [0; 3]), Err(SourceError::OutOfRange { size: 4, .. })));
        }
    }

    #[test]
    fn an_empty_file_is_a_source_of_no_bytes() {
        let file = temporary(b"");
        assert!(FileSource::open(file.path()).unwrap().is_empty());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = FileSource::open("/nowhere/model.gguf").unwrap_err();
        assert!(error.to_string().starts_with("cannot open /nowhere/model.gguf: "), "{error}");
    }

    #[test]
    fn a_directory_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = FileSource::open(folder.path()).unwrap_err();
        assert!(error.to_string().ends_with("it is a directory"), "{error}");
    }
}
