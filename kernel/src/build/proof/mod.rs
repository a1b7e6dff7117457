//! A proof that a variant needs no injected checks: in every dispatch that keeps the variant's contract, each index into a
//! buffer, an array or a vector is inside, and no divisor is 0. It follows the module that naga parsed from the very
//! text that a device will get, so nothing but naga stands between what is shown and what runs.
//!
//! What is not understood is not shown, and keeps its checks: there are no assumptions beyond the contract, WebGPU's range
//! of subgroup sizes and the grid, and `crate::gpu` sees to those before it leaves the checks out.

mod arithmetic;
mod contract;
mod expression;
mod facts;
mod polynomial;
mod walk;

use naga::valid::ModuleInfo;

use crate::emit::EmittedVariant;
use crate::variant::Unproven;

/// Places named of one variant.
const MOST: usize = 4;

/// A place in the text that was not shown to be right.
struct Open {
    what: String,
    /// Byte offset in the parsed text.
    offset: Option<usize>,
}

/// The first indices and divisors of a variant that its contract does not cover; `prologue` bytes of the parsed text
/// stand before the variant's own.
pub(super) fn unproven(
    variant: &EmittedVariant,
    module: &naga::Module,
    info: &ModuleInfo,
    prologue: usize,
) -> Vec<Unproven> {
    let mut open = walk::open(module, info, &variant.contract);
    let mut found: Vec<Unproven> = Vec::new();
    for Open { what, offset } in open.drain(..) {
        let offset = offset.and_then(|offset| offset.checked_sub(prologue));
        let loc = offset.and_then(|offset| super::validate::source_of(variant, offset));
        let (file, line, column) = loc.map_or(("", 0, 0), |loc| (loc.file, loc.line, loc.column));
        let place = Unproven { what: what.into(), file: file.into(), line, column };
        if !found.contains(&place) && found.len() < MOST {
            found.push(place);
        }
    }
    found
}
