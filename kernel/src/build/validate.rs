//! naga on an emitted variant, with its errors on the kernel's own line.

use std::fmt::Write;
use std::path::Path;

use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::{BuildError, proof};
use crate::emit::{EmittedVariant, Loc};
use crate::variant::Unproven;

/// Parses and validates a variant as the native target would see it, and gives what its contract does not cover.
pub(super) fn validate(variant: &EmittedVariant, workspace: &Path) -> Result<Vec<Unproven>, BuildError> {
    let f16 = if variant.f16 { "enable f16;\n" } else { "" };
    let cooperative = if variant.cooperative_matrix.is_some() { "enable wgpu_cooperative_matrix;\n" } else { "" };
    let prologue = format!("{f16}{cooperative}");
    let source = format!("{prologue}{}", variant.wgsl);
    let invalid = |message: String, offset: Option<usize>| BuildError::Invalid {
        key: variant.key.clone(),
        report: report(variant, workspace, &message, offset.and_then(|at| at.checked_sub(prologue.len()))),
    };
    let module = naga::front::wgsl::parse_str(&source).map_err(|error| {
        let offset = error.labels().next().and_then(|(span, _)| span.to_range()).map(|range| range.start);
        let labels: Vec<&str> = error.labels().map(|(_, label)| label).collect();
        invalid(format!("{}: {}", error.message(), labels.join("; ")), offset)
    })?;
    // `unpack2x16float` and `pack2x16float` belong to WGSL without any feature.
    let mut capabilities =
        Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    if variant.cooperative_matrix.is_some() {
        capabilities |= Capabilities::COOPERATIVE_MATRIX;
    }
    if variant.f16 {
        capabilities |= Capabilities::SHADER_FLOAT16;
    }
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all())
        .validate(&module)
        .map_err(|error| {
            let offset = error.spans().next().and_then(|(span, _)| span.to_range()).map(|range| range.start);
            let mut message = error.as_inner().to_string();
            let mut cause = std::error::Error::source(error.as_inner());
            while let Some(inner) = cause {
                let _ = write!(message, ": {inner}");
                cause = inner.source();
            }
            invalid(message, offset)
        })?;
    Ok(proof::unproven(variant, &module, &info, prologue.len()))
}

/// A message in rustc's form, at the author's line.
fn report(variant: &EmittedVariant, workspace: &Path, message: &str, offset: Option<usize>) -> String {
    let mut text = format!("kernel `{}`: {message}", variant.key);
    let Some(offset) = offset else { return text };
    if let Some(loc) = source_of(variant, offset) {
        let _ = write!(text, "\n --> {}:{}:{}", loc.file, loc.line, loc.column);
        if let Some(line) = source_line(workspace, loc) {
            let width = loc.line.to_string().len();
            let _ = write!(
                text,
                "\n{:width$} |\n{} | {line}\n{:width$} | {:>column$}",
                "",
                loc.line,
                "",
                "^",
                column = loc.column as usize
            );
        }
    }
    let line = variant.wgsl.get(..offset).map_or(0, |before| before.matches('\n').count());
    if let Some(wgsl) = variant.wgsl.lines().nth(line) {
        let _ = write!(text, "\n = WGSL: {}", wgsl.trim());
    }
    text
}

pub(super) fn source_of(variant: &EmittedVariant, offset: usize) -> Option<Loc> {
    let next = variant.source_map.partition_point(|(start, _)| *start <= offset);
    next.checked_sub(1).map(|index| variant.source_map[index].1)
}

fn source_line(workspace: &Path, loc: Loc) -> Option<String> {
    let text = std::fs::read_to_string(workspace.join(loc.file)).ok()?;
    text.lines().nth(loc.line as usize - 1).map(str::to_owned)
}
