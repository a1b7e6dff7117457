//! What is known of a kernel variant: at dispatch ([`VariantDesc`]) and from the build script ([`WgslVariant`]).

use crate::cost::{Cost, Formula, Launch, NotAFormula};

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::layout::Scalar;
use crate::limits::Limit;
use crate::tolerance::Tolerance;

/// How many invocations a subgroup may have (WebGPU §3.6.2, `subgroupMinSize` and `subgroupMaxSize`).
pub const SUBGROUP_SIZES: RangeInclusive<u32> = 4..=128;

/// The longest binding of which an element's place in bytes fits a `u32`.
pub const MAX_BINDING_BYTES: u64 = u32::MAX as u64;

/// How a kernel uses a storage binding: `&Storage` is `read`, `&mut Storage` is `read_write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// `var<storage, read_write>`.
    ReadWrite,
}

impl Access {
    /// WGSL's spelling of the access mode (WGSL §14.1).
    pub const fn wgsl(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::ReadWrite => "read_write",
        }
    }
}

/// What a dispatch needs to know of its kernel variant; made by `#[kernel]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantDesc {
    /// The variant's name in the table, such as `rms_norm<f32, 256>`.
    pub key: String,
    /// Storage bindings 1..=n of group 0, in the order of the kernel's arguments.
    pub bindings: &'static [Access],
    /// Bytes of binding 0, a uniform buffer with a dynamic offset: a header of 16 bytes, then the params.
    pub uniform_bytes: u32,
    /// Invocations in a workgroup.
    pub workgroup_size: u32,
}

/// One storage binding of an emitted variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The argument's name in the kernel.
    pub name: &'static str,
    /// `read` or `read_write`.
    pub access: Access,
    /// WGSL's name of the element type.
    pub element: &'static str,
    /// From one element to the next, bytes.
    pub stride: u32,
    /// Whether the kernel reads elements: one that it only writes need not come from memory.
    pub is_read: bool,
}

/// What one invocation costs, as texts of [`Formula`]s; made by counting in the emitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostCard {
    /// Bytes read from storage buffers.
    pub bytes_read: &'static str,
    /// Bytes written to storage buffers.
    pub bytes_written: &'static str,
    /// Floating-point operations, a fused multiply-add counted as two.
    pub operations: &'static str,
}

impl CostCard {
    /// What a launch costs, all invocations together; `None` where that depends on data.
    ///
    /// # Errors
    /// A text that is not a formula, which no emitter makes.
    pub fn evaluate(&self, launch: &Launch<'_>) -> Result<Option<Cost>, NotAFormula> {
        let total = |text: &str| Ok(text.parse::<Formula>()?.evaluate(launch));
        let (read, written) = (total(self.bytes_read)?, total(self.bytes_written)?);
        let operations = total(self.operations)?;
        Ok(read.zip(written).zip(operations).map(|((bytes_read, bytes_written), operations)| Cost {
            bytes_read,
            bytes_written,
            operations,
        }))
    }
}

/// Whether a variant's indices are known to be inside, and its divisors not 0, in every dispatch that keeps its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// They are: it runs without injected checks.
    Proven,
    /// The first ones that are not; none where nobody looked, as in a table made without the feature `build`.
    Unproven(&'static [Unproven]),
}

/// An index or a divisor that is not known to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// What it is, such as `index of w`.
    pub what: Cow<'static, str>,
    /// The author's file.
    pub file: Cow<'static, str>,
    /// The author's line, from 1.
    pub line: u32,
    /// The author's column, from 1.
    pub column: u32,
}

/// A product of cooperative matrices that a device may offer: `c + a·b`, all of `size` rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CooperativeProduct {
    /// Rows and columns.
    pub size: u32,
    /// What the factors are made of.
    pub factors: Scalar,
    /// What the accumulator and the result are made of.
    pub accumulator: Scalar,
}

/// What compiles a variant's WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WgslTarget {
    /// A browser's own compiler.
    Browser,
    /// naga, in a native program.
    Naga,
}

impl WgslTarget {
    /// The one that this program meets.
    pub const HERE: Self = if cfg!(target_arch = "wasm32") { Self::Browser } else { Self::Naga };
}

/// One line of the static table that a build script writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WgslVariant {
    /// The variant's name, such as `rms_norm<f32, 256>`.
    pub key: &'static str,
    /// The WGSL without its `enable` lines, which belong to the target.
    pub wgsl: &'static str,
    /// Uses subgroup operations.
    pub subgroups: bool,
    /// Uses the type `f16`.
    pub f16: bool,
    /// Uses cooperative matrices, which browsers have not: the products that it asks for.
    pub cooperative_matrix: Option<&'static [CooperativeProduct]>,
    /// Invocations in a workgroup.
    pub workgroup_size: u32,
    /// Bytes of `var<workgroup>` memory.
    pub workgroup_bytes: u32,
    /// Bytes of the uniform block, header included.
    pub uniform_bytes: u32,
    /// Storage bindings 1..=n.
    pub bindings: &'static [Binding],
    /// What one invocation costs.
    pub cost: CostCard,
    /// Its contract's clauses.
    pub requires: &'static [&'static str],
    /// Whether the contract covers its indices.
    pub proof: Proof,
    /// How far its outputs may lie from its f64 reference, from `#[kernel(tolerance(..))]`.
    pub tolerance: Option<Tolerance>,
}

impl WgslVariant {
    /// The whole text for a target, behind the directives that it wants: browsers ask for `enable subgroups;`, naga does
    /// not know it.
    pub fn text(&self, target: WgslTarget) -> String {
        let mut text = String::new();
        for (used, line) in [
            (self.f16, "enable f16;\n"),
            (self.subgroups && target == WgslTarget::Browser, "enable subgroups;\n"),
            (self.cooperative_matrix.is_some(), "enable wgpu_cooperative_matrix;\n"),
        ] {
            if used {
                text.push_str(line);
            }
        }
        text + self.wgsl
    }

    /// How much of each limit it uses.
    pub fn uses(&self) -> [(Limit, u64); 4] {
        Limit::used(self.workgroup_size, self.workgroup_bytes, self.bindings.len(), self.uniform_bytes)
    }
}

/// Every variant of a program, sorted by key.
#[derive(Clone, Copy, Debug)]
pub struct KernelTable(pub &'static [WgslVariant]);

impl KernelTable {
    /// The variant of that name.
    pub fn get(&self, key: &str) -> Option<&'static WgslVariant> {
        self.0.binary_search_by(|variant| variant.key.cmp(key)).ok().map(|index| &self.0[index])
    }
}

/// A type's name without its module paths, as keys of variants show it: `kernels_src::quant::Q4K` is `Q4K`.
pub fn short_type_name<T: ?Sized>() -> String {
    let mut short = String::new();
    for part in std::any::type_name::<T>().split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let start = part.rfind("::").map_or(0, |at| at + 2);
        short.push_str(&part[start..]);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_type_name_has_no_paths() {
        assert_eq!(short_type_name::<Option<std::vec::Vec<f32>>>(), "Option<Vec<f32>>");
        assert_eq!(short_type_name::<f32>(), "f32");
    }
}
