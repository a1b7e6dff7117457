//! A trial for every kernel variant: inputs that the kernel accepts, small and awkward for checks, or as large as the
//! model E2B has them for measurements. One implementation of [`Tried`] covers all variants of a kernel.

mod adamw;
mod attention;
mod attention_matrix;
mod cross_entropy;
mod elementwise;
mod gemm_cooperative;
mod low_rank;
mod matvec;
mod norm;
mod peak;
mod product;
mod quant;
mod rope;
mod row_wise;
mod sampling;
mod weights;

pub use attention::Cache;
pub use matvec::Role;
pub use weights::{Blocks, Layout};

use kernel::dispatch::{DispatchError, Variant};
use kernel::trial::Trial;

/// Width of E2B's residual stream.
const HIDDEN: u32 = 1536;
/// Width of E2B's feed-forward layers.
const FFN: u32 = 6144;
/// Tokens of a prefill.
const TOKENS: u32 = 512;
/// Tokens that the model knows.
const VOCAB: u32 = 262_144;

/// How large a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Awkward sizes, a few workgroups: no multiples of tiles, offsets and strides of their own.
    Small,
    /// E2B's shapes: prefill of 512 tokens, or one token where the kernel decodes.
    Typical,
}

impl Scale {
    fn pick<T>(self, small: T, typical: T) -> T {
        match self {
            Self::Small => small,
            Self::Typical => typical,
        }
    }
}

/// A kernel variant with inputs to try it on.
pub trait Tried: Variant {
    /// Describes one dispatch of the variant, with inputs that fulfil what the kernel asks of them.
    ///
    /// # Errors
    /// What the device reports.
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError>;
}

/// A variant's case.
#[derive(Clone, Debug)]
pub struct NamedCase {
    /// The variant's key in the table.
    pub key: String,
    /// How large it is.
    pub scale: Scale,
    describe: fn(&mut Trial, Scale) -> Result<(), DispatchError>,
}

impl NamedCase {
    /// The variant's small case.
    pub fn of<K: Tried>() -> Self {
        Self { key: K::key(), scale: Scale::Small, describe: K::describe }
    }

    /// Describes the variant's dispatch.
    ///
    /// # Errors
    /// What the device reports: its limits, or a feature that the variant needs.
    pub fn describe(&self, trial: &mut Trial) -> Result<(), DispatchError> {
        (self.describe)(trial, self.scale)
    }
}

/// A case for each variant of `variants!`, in the list's order.
pub fn all(scale: Scale) -> Vec<NamedCase> {
    crate::variants::cases().into_iter().map(|case| NamedCase { scale, ..case }).collect()
}
