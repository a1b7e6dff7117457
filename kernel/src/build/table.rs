//! The static table as Rust source.

use std::fmt::Write;

use crate::emit::{EmittedBinding, EmittedVariant};
use crate::tolerance::Tolerance;
use crate::variant::{Access, CooperativeProduct, Unproven};

/// An expression of type [`KernelTable`](crate::variant::KernelTable).
pub(super) fn render(variants: &[EmittedVariant]) -> String {
    let mut text = "::kernel::variant::KernelTable(&[\n".to_owned();
    for variant in variants {
        let mut bindings = String::new();
        for EmittedBinding { name, access, element, stride, is_read } in &variant.bindings {
            let access = match access {
                Access::Read => "Read",
                Access::ReadWrite => "ReadWrite",
            };
            let _ = write!(
                bindings,
                "::kernel::variant::Binding {{ name: {name:?}, access: ::kernel::variant::Access::{access}, element: {element:?}, \
                 stride: {stride}, is_read: {is_read} }}, "
            );
        }
        let tolerance = match variant.tolerance {
            Some(Tolerance { abs, rel }) => {
                format!("::core::option::Option::Some(::kernel::tolerance::Tolerance {{ abs: {abs:?}, rel: {rel:?} }})")
            }
            None => "::core::option::Option::None".to_owned(),
        };
        let _ = writeln!(
            text,
            "    ::kernel::variant::WgslVariant {{ key: {:?}, wgsl: {:?}, subgroups: {}, f16: {}, cooperative_matrix: {}, workgroup_size: {}, \
             workgroup_bytes: {}, uniform_bytes: {}, bindings: &[{bindings}], cost: ::kernel::variant::CostCard {{ \
             bytes_read: {:?}, bytes_written: {:?}, operations: {:?} }}, requires: &{:?}, proof: {}, \
             tolerance: {tolerance} }},",
            variant.key,
            variant.wgsl,
            variant.subgroups,
            variant.f16,
            products(variant.cooperative_matrix.as_deref()),
            variant.workgroup_size,
            variant.workgroup_bytes,
            variant.uniform_bytes,
            variant.bytes_read,
            variant.bytes_written,
            variant.operations,
            variant.contract.texts(),
            proof(variant.unproven.as_deref()),
        );
    }
    text.push_str("])\n");
    text
}

fn products(products: Option<&[CooperativeProduct]>) -> String {
    let Some(products) = products else { return "::core::option::Option::None".to_owned() };
    let mut text = "::core::option::Option::Some(&[".to_owned();
    for CooperativeProduct { size, factors, accumulator } in products {
        let _ = write!(
            text,
            "::kernel::variant::CooperativeProduct {{ size: {size}, factors: ::kernel::layout::Scalar::{factors:?}, \
             accumulator: ::kernel::layout::Scalar::{accumulator:?} }}, "
        );
    }
    text.push_str("])");
    text
}

fn proof(unproven: Option<&[Unproven]>) -> String {
    let path = "::kernel::variant::Proof";
    let Some(unproven) = unproven else { return format!("{path}::Unproven(&[])") };
    if unproven.is_empty() {
        return format!("{path}::Proven");
    }
    let borrowed = |text: &str| format!("::std::borrow::Cow::Borrowed({text:?})");
    let mut text = format!("{path}::Unproven(&[");
    for Unproven { what, file, line, column } in unproven {
        let (what, file) = (borrowed(what), borrowed(file));
        let _ = write!(
            text,
            "::kernel::variant::Unproven {{ what: {what}, file: {file}, line: {line}, column: {column} }}, "
        );
    }
    text.push_str("])");
    text
}
