//! Golden files: the WGSL of every variant, committed and reviewed like code.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::{BuildError, write_if_changed};
use crate::emit::EmittedVariant;

/// Whether `GEMMULE_BLESS` is set.
pub(super) fn asked_to_bless() -> bool {
    std::env::var_os("GEMMULE_BLESS").is_some_and(|value| value != "0" && !value.is_empty())
}

/// Compares the variants with the files of `directory`, or writes these where `bless`.
pub(super) fn compare(directory: &Path, variants: &[EmittedVariant], bless: bool) -> Vec<BuildError> {
    let mut errors = Vec::new();
    let mut known = BTreeSet::new();
    if bless && let Err(error) = std::fs::create_dir_all(directory) {
        errors.push(BuildError::File { path: directory.display().to_string(), error });
    }
    for variant in variants {
        let name = file_name(&variant.key);
        let path = directory.join(&name);
        let text = golden_text(variant);
        known.insert(name);
        if bless {
            errors.extend(write_if_changed(&path, &text).err());
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(old) if old == text => {}
            Ok(old) => errors.push(BuildError::Golden(difference(&path, &old, &text))),
            Err(error) => errors.push(BuildError::Golden(format!(
                "no golden file for `{}`: {}: {error}; `cargo xtask bless` writes it",
                variant.key,
                path.display()
            ))),
        }
    }
    let Ok(entries) = std::fs::read_dir(directory) else { return errors };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wgsl") && !known.contains(&name) {
            if bless {
                if let Err(error) = std::fs::remove_file(entry.path()) {
                    errors.push(BuildError::File { path: entry.path().display().to_string(), error });
                }
            } else {
                errors.push(BuildError::Golden(format!("{}: no variant emits this any more", entry.path().display())));
            }
        }
    }
    errors
}

/// `rms_norm<f32, 256>` as `rms_norm.f32.256.wgsl`.
fn file_name(key: &str) -> String {
    let mut name = String::new();
    for c in key.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if name.ends_with('.') => {}
            _ => name.push('.'),
        }
    }
    format!("{}.wgsl", name.trim_matches('.'))
}

/// The file's first line names the variant and the features that its target must enable, and the limits above
/// WebGPU's defaults that it must raise.
fn golden_text(variant: &EmittedVariant) -> String {
    let mut features = String::new();
    let cooperative_matrix = variant.cooperative_matrix.is_some();
    for (used, name) in
        [(variant.f16, "f16"), (variant.subgroups, "subgroups"), (cooperative_matrix, "cooperative_matrix")]
    {
        if used {
            let _ = write!(features, " {name}");
        }
    }
    let mut limits = String::new();
    for (limit, used) in variant.uses() {
        if used > limit.promised() {
            let _ = write!(limits, " {}={used}", limit.name());
        }
    }
    let limits = if limits.is_empty() { limits } else { format!(" | limits:{limits}") };
    format!("// {} | features:{features}{limits}\n{}", variant.key, variant.wgsl)
}

fn difference(path: &Path, old: &str, new: &str) -> String {
    let line = old.lines().zip(new.lines()).take_while(|(a, b)| a == b).count();
    format!(
        "{}:{}: the golden file differs from the kernel\n  golden:  {}\n  emitted: {}\n`cargo xtask bless` accepts the kernel",
        path.display(),
        line + 1,
        old.lines().nth(line).unwrap_or("(end of file)"),
        new.lines().nth(line).unwrap_or("(end of file)")
    )
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_golden_file_is_named_after_its_variant() {
        assert_eq!(file_name("rms_norm<f32, 256>"), "rms_norm.f32.256.wgsl");
        assert_eq!(file_name("adamw"), "adamw.wgsl");
    }
}
