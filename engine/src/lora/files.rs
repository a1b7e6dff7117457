//! Adapters and merged models on disk.
use super::{
    Adapter, LoraError, Merged, merge,
    peft::{CONFIG_FILE, WEIGHTS_FILE},
};
use crate::{atomic_file, config::Config, error::Error, gguf::Gguf, source::FileSource, source::Source};
use std::{io::Error as IoError, path::Path};

fn io(action: &'static str, path: &Path, cause: IoError) -> LoraError {
    LoraError::Io { action, path: path.display().to_string(), cause }
}

fn read(path: &Path) -> Result<Vec<u8>, LoraError> {
    std::fs::read(path).map_err(|cause| io("read", path, cause))
}

impl Adapter {
    /// Reads an adapter for a model: a folder of PEFT's, or a GGUF of llama.cpp's.
    ///
    /// # Errors
    /// [`LoraError::Io`] where a file is not there; what is wrong with it, by name.
    pub fn open(path: &Path, config: &Config) -> Result<Adapter, Error> {
        match path.is_dir() {
            true => {
                let (about, weights) = (read(&path.join(CONFIG_FILE))?, read(&path.join(WEIGHTS_FILE))?);
                Ok(Adapter::from_peft(config, &about, &weights)?)
            }
            false => Adapter::from_gguf(config, &FileSource::open(path)?),
        }
    }

    /// Writes PEFT's two files into a folder, which is made where it is not there. Each is there whole or not at all.
    ///
    /// # Errors
    /// [`LoraError::Io`] where they cannot be written.
    pub fn write_peft(&self, folder: &Path, config: &Config) -> Result<(), LoraError> {
        let files = self.to_peft(config)?;
        std::fs::create_dir_all(folder).map_err(|cause| io("write", folder, cause))?;
        for (name, bytes) in [(WEIGHTS_FILE, files.weights.as_slice()), (CONFIG_FILE, files.config.as_bytes())] {
            let path = folder.join(name);
            atomic_file::write_bytes(&path, bytes).map_err(|cause| io("write", &path, cause))?;
        }
        Ok(())
    }

    /// Writes llama.cpp's file, whole or not at all.
    ///
    /// # Errors
    /// [`LoraError::Io`] where it cannot be written.
    pub fn write_gguf(&self, path: &Path, name: &str) -> Result<(), Error> {
        let bytes = self.to_gguf(name)?;
        Ok(atomic_file::write_bytes(path, &bytes).map_err(|cause| io("write", path, cause))?)
    }
}

/// [`merge`] into a file, which is there whole or not at all.
///
/// # Errors
/// As [`merge`]; [`LoraError::Io`] where the file cannot be written.
pub fn merge_to_file(
    source: &dyn Source,
    gguf: &Gguf,
    adapter: &Adapter,
    path: &Path,
    progress: impl FnMut(Merged),
) -> Result<Merged, Error> {
    /// Why a file is not there: the file system's reason, or the engine's.
    enum Failed {
        File(IoError),
        Merge(Error),
    }
    impl From<IoError> for Failed {
        fn from(error: IoError) -> Self {
            Failed::File(error)
        }
    }
    let mut merged = Merged::default();
    let written = atomic_file::write(path, |out| {
        merged = merge(source, gguf, adapter, out, progress).map_err(Failed::Merge)?;
        Ok(())
    });
    match written {
        Ok(()) => Ok(merged),
        Err(Failed::File(cause)) => Err(io("write", path, cause).into()),
        Err(Failed::Merge(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lora::LoraOptions;

    fn model() -> (FileSource, Gguf, Config) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/e4b.gguf");
        let source = FileSource::open(path).unwrap();
        let gguf = Gguf::read(&source).unwrap();
        let config = Config::from_gguf(&gguf).unwrap();
        (source, gguf, config)
    }

    #[test]
    fn adapters_are_opened_in_both_forms_that_they_are_written_in() {
        let (_, _, config) = model();
        let folder = tempfile::tempdir().unwrap();
        let adapter = Adapter::new(&config, LoraOptions { rank: 4, ..LoraOptions::default() }).unwrap();
        let (peft, llama) = (folder.path().join("adapter"), folder.path().join("adapter.gguf"));
        adapter.write_peft(&peft, &config).unwrap();
        adapter.write_gguf(&llama, "test").unwrap();
        for path in [peft, llama] {
            let opened = Adapter::open(&path, &config).unwrap();
            assert_eq!((opened.layout(), opened.parameters()), (adapter.layout(), adapter.parameters()));
        }
    }

    #[test]
    fn a_folder_without_an_adapter_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Adapter::open(folder.path(), &model().2).unwrap_err().to_string();
        let expected = format!("cannot read {}: ", folder.path().join("adapter_config.json").display());
        assert!(error.starts_with(&expected), "{error}");
    }

    #[test]
    fn a_merge_that_fails_leaves_no_file() {
        let (source, gguf, config) = model();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("merged.gguf");
        let mut adapter = Adapter::new(&config, LoraOptions::default()).unwrap();
        adapter.set_parameters(vec![f32::MAX; adapter.layout().len()]).unwrap();
        let error = merge_to_file(&source, &gguf, &adapter, &path, |_| {}).unwrap_err().to_string();
        assert_eq!(error, "tensor `blk.0.attn_q.weight` contains inf");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
