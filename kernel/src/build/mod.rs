//! For build scripts: emit every variant, validate it with naga, compare it with its golden file, and write the static
//! table. `kernel::build::Builder::new(kernels_src::variants()).golden("golden").write()`.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on standard output")]

mod golden;
mod proof;
mod table;
mod validate;

use std::path::{Path, PathBuf};

use crate::emit::EmittedVariant;

/// Why the kernels could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// naga refuses a variant; `report` points at the kernel's line.
    #[error("{report}")]
    Invalid {
        /// The variant.
        key: String,
        /// What naga says, on the kernel's own line.
        report: String,
    },
    /// A golden file differs from what is emitted now.
    #[error("{0}")]
    Golden(String),
    /// Two entries of the list have one name.
    #[error("`{0}` stands twice in `variants!`")]
    Duplicate(String),
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// Not inside of a build script.
    #[error("OUT_DIR is not set: `write` is for build scripts")]
    NoOutDir,
}

/// Builds a program's kernels.
pub struct Builder {
    variants: Vec<EmittedVariant>,
    golden: Option<PathBuf>,
    bless: bool,
    workspace: PathBuf,
}

impl Builder {
    /// From the variants that a `variants!` list emits.
    pub fn new(mut variants: Vec<EmittedVariant>) -> Self {
        variants.sort_by(|a, b| a.key.cmp(&b.key));
        Self { variants, golden: None, bless: false, workspace: PathBuf::new() }
    }

    /// Compares every variant with a golden file in `directory`; `GEMMULE_BLESS=1` writes them anew.
    #[must_use]
    pub fn golden(mut self, directory: impl Into<PathBuf>) -> Self {
        self.golden = Some(directory.into());
        self
    }

    /// Writes every variant's golden file in `directory` anew, and removes those that no variant emits any more.
    #[must_use]
    pub fn bless(mut self, directory: impl Into<PathBuf>) -> Self {
        self.bless = true;
        self.golden(directory)
    }

    /// Where source paths of errors start: the workspace's root.
    #[must_use]
    pub fn workspace(mut self, root: impl Into<PathBuf>) -> Self {
        self.workspace = root.into();
        self
    }

    /// Checks every variant and gives the text of the static table, a Rust expression of type
    /// [`KernelTable`](crate::variant::KernelTable).
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn table(&self) -> Result<String, Vec<BuildError>> {
        let mut errors = Vec::new();
        for pair in self.variants.windows(2) {
            if pair[0].key == pair[1].key {
                errors.push(BuildError::Duplicate(pair[0].key.clone()));
            }
        }
        let (variants, invalid) = self.proven();
        errors.extend(invalid);
        if errors.is_empty()
            && let Some(directory) = &self.golden
        {
            errors.extend(golden::compare(directory, &variants, self.bless || golden::asked_to_bless()));
        }
        if errors.is_empty() { Ok(table::render(&variants)) } else { Err(errors) }
    }

    /// The valid variants, with what their contracts do not cover, and the errors of the others.
    fn proven(&self) -> (Vec<EmittedVariant>, Vec<BuildError>) {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let chunk = self.variants.len().div_ceil(threads).max(1);
        let check = |variants: &[EmittedVariant]| -> Vec<Result<EmittedVariant, BuildError>> {
            let each = variants.iter().map(|variant| {
                let unproven = validate::validate(variant, &self.workspace)?;
                Ok(EmittedVariant { unproven: Some(unproven), ..variant.clone() })
            });
            each.collect()
        };
        let checked: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                self.variants.chunks(chunk).map(|variants| (variants, scope.spawn(move || check(variants)))).collect();
            // A worker that panicked is repeated here, where its panic is the caller's.
            workers
                .into_iter()
                .flat_map(|(variants, worker)| worker.join().unwrap_or_else(|_| check(variants)))
                .collect()
        });
        let (mut valid, mut errors) = (Vec::new(), Vec::new());
        for result in checked {
            match result {
                Ok(variant) => valid.push(variant),
                Err(error) => errors.push(error),
            }
        }
        (valid, errors)
    }

    /// Checks every variant and gives the table for this process, with the proofs that [`emit::table`](crate::emit::table)
    /// leaves out: for tests and measurements without a build script.
    ///
    /// # Errors
    /// What naga finds.
    pub fn run_time_table(&self) -> Result<crate::variant::KernelTable, Vec<BuildError>> {
        let (variants, errors) = self.proven();
        if errors.is_empty() { Ok(crate::emit::table(variants)) } else { Err(errors) }
    }

    /// Writes the table to `$OUT_DIR/kernels.rs`, for `include!`, and reports problems to cargo, each on the kernel's
    /// own line. Ends the build script where there was one.
    pub fn write(self) {
        println!("cargo::rerun-if-env-changed=GEMMULE_BLESS");
        if let Some(directory) = &self.golden {
            println!("cargo::rerun-if-changed={}", directory.display());
        }
        let written = self.table().and_then(|table| {
            let directory = std::env::var_os("OUT_DIR").ok_or_else(|| vec![BuildError::NoOutDir])?;
            write_if_changed(&Path::new(&directory).join("kernels.rs"), &table).map_err(|error| vec![error])
        });
        if let Err(errors) = written {
            for error in errors {
                // One directive a line: cargo shows each as a line of one error.
                for line in error.to_string().lines() {
                    println!("cargo::error={line}");
                }
            }
        }
    }
}

fn write_if_changed(path: &Path, text: &str) -> Result<(), BuildError> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| BuildError::File { path: path.display().to_string(), error })
}
