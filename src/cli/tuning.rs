//! Where the command line keeps what it knows of a device: one file for each adapter in the user's cache folder.

use std::fs;
use std::path::PathBuf;

use directories::ProjectDirs;
use engine::device::Device;
use engine::tuning::Tuning;
use kernel::gpu::Gpu;

use super::error::CliError;

/// What is known of a device, and the file that it is kept in.
pub struct Kept {
    /// What is known.
    pub tuning: Tuning,
    path: Option<PathBuf>,
    before: String,
}

impl Kept {
    /// What was kept of this device; `None` on the CPU. A file that does not hold here is left out, and said so.
    pub fn of(device: &Device) -> Option<Self> {
        let kernel::dispatch::Device::Gpu(gpu) = device.dispatch() else { return None };
        let path = path(gpu);
        let text = path.as_ref().and_then(|path| fs::read_to_string(path).ok());
        let tuning = text.as_deref().map_or_else(
            || Tuning::new(gpu),
            |text| {
                Tuning::from_json(text, gpu).unwrap_or_else(|stale| {
                    eprintln!("what was measured on this GPU before is not used: {stale}");
                    Tuning::new(gpu)
                })
            },
        );
        Some(Self { tuning, path, before: text.unwrap_or_default() })
    }

    /// Writes it back where something was learnt; gives the file.
    pub fn keep(&self) -> Result<Option<PathBuf>, CliError> {
        let text = self.tuning.to_json();
        let Some(path) = &self.path else { return Ok(None) };
        if text != self.before {
            let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
                // Whoever reads meanwhile finds the old file or the new one, never a half.
                let new = path.with_extension("new");
                fs::write(&new, &text).and_then(|()| fs::rename(&new, path))
            });
            written.map_err(|source| CliError::Write { path: path.clone(), source })?;
        }
        Ok(Some(path.clone()))
    }
}

/// `tuning-<adapter>-<backend>.json` in the cache folder; `None` where the system has none.
fn path(gpu: &Gpu) -> Option<PathBuf> {
    let info = gpu.info();
    let name: String = format!("{}-{:?}", info.name, info.backend)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let folder = ProjectDirs::from("", "", "gemmule")?.cache_dir().to_path_buf();
    Some(folder.join(format!("tuning-{name}.json")))
}
