//! The static table as Rust source.

use std::fmt::Write;

use crate::emit::EmittedVariant;
use crate::variant::Access;

/// An expression of type [`KernelTable`](crate::variant::KernelTable).
pub(super) fn render(variants: &[EmittedVariant]) -> String {
    let mut text = "::kernel::variant::KernelTable(&[\n".to_owned();
    for variant in variants {
        let mut bindings = String::new();
        for (name, access, element) in &variant.bindings {
            let access = match access {
                Access::Read => "Read",
                Access::ReadWrite => "ReadWrite",
            };
            let _ = write!(
                bindings,
                "::kernel::variant::Binding {{ name: {name:?}, access: ::kernel::variant::Access::{access}, element: {element:?} }}, "
            );
        }
        let _ = writeln!(
            text,
            "    ::kernel::variant::WgslVariant {{ key: {:?}, wgsl: {:?}, subgroups: {}, f16: {}, workgroup_size: {}, \
             workgroup_bytes: {}, uniform_bytes: {}, bindings: &[{bindings}], cost: ::kernel::variant::CostCard {{ \
             bytes_read: {:?}, bytes_written: {:?}, operations: {:?} }} }},",
            variant.key,
            variant.wgsl,
            variant.subgroups,
            variant.f16,
            variant.workgroup_size,
            variant.workgroup_bytes,
            variant.uniform_bytes,
            variant.bytes_read,
            variant.bytes_written,
            variant.operations,
        );
    }
    text.push_str("])\n");
    text
}
