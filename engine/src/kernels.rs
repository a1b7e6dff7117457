//! The kernels of this build: the static table, and which variant of a kernel a device and a tensor call for.

use kernel::variant::KernelTable;

/// Every variant, written by the build script.
pub static TABLE: KernelTable = include!(concat!(env!("OUT_DIR"), "/kernels.rs"));

/// How workgroups are made up on a device: which variants of a kernel it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// One invocation a workgroup: the CPU executor has no barrier left to simulate.
    Single,
    /// Reductions by a tree through workgroup memory.
    Tree,
    /// Reductions over subgroups.
    Subgroups,
}

impl std::fmt::Display for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Single => "single invocations",
            Self::Tree => "trees",
            Self::Subgroups => "subgroups",
        })
    }
}

/// Families of kernels whose variants are chosen apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Norms over rows, and sums of squares.
    Norms,
    /// One activation vector times a tensor.
    Products,
    /// A token's queries over the cache.
    Attention,
    /// From logits to a token.
    Sampling,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 4] = [Self::Norms, Self::Products, Self::Attention, Self::Sampling];
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Norms => "norms",
            Self::Products => "products",
            Self::Attention => "attention",
            Self::Sampling => "sampling",
        })
    }
}

/// What computes the products of a tensor with many vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batches {
    /// f32 arithmetic.
    Single,
    /// Matrix units where there are vectors enough: factors in f16, sums in f32.
    MatrixUnits,
}

impl std::fmt::Display for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Single => "f32",
            Self::MatrixUnits => "matrix units",
        })
    }
}

/// Which variants a device runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    lanes: [Lanes; 4],
    batches: Batches,
}

impl Choices {
    /// The same for every family, and f32 for batches.
    pub const fn all(lanes: Lanes) -> Self {
        Self { lanes: [lanes; 4], batches: Batches::Single }
    }

    /// How a family's workgroups are made up.
    pub const fn lanes(self, family: Family) -> Lanes {
        self.lanes[family as usize]
    }

    /// What computes products with many vectors.
    pub const fn batches(self) -> Batches {
        self.batches
    }

    /// These, but for one family.
    #[must_use]
    pub const fn with(mut self, family: Family, lanes: Lanes) -> Self {
        self.lanes[family as usize] = lanes;
        self
    }

    /// These, but for products with many vectors.
    #[must_use]
    pub const fn with_batches(mut self, batches: Batches) -> Self {
        self.batches = batches;
        self
    }
}

/// Products with many vectors on matrix units in tiles of 128 × 128 outputs.
pub(crate) type LargeTiles<Q, const TRANSPOSED: bool> =
    kernels_src::gemm_cooperative::gemm_cooperative::Kernel<Q, TRANSPOSED, 2, 2, 4, 4, 8, 4>;

/// The same in tiles of 64 × 64, of which a small result has more.
pub(crate) type SmallTiles<Q> = kernels_src::gemm_cooperative::gemm_cooperative::Kernel<Q, false, 2, 2, 2, 2, 4, 2>;

/// Transposed products in tiles of 64 × 128.
pub(crate) type SmallTransposedTiles<Q> =
    kernels_src::gemm_cooperative::gemm_cooperative::Kernel<Q, true, 2, 2, 2, 4, 4, 4>;

/// What a GPU can compute products with many vectors on.
pub(crate) fn batches_of(gpu: &kernel::gpu::Gpu) -> Batches {
    use kernel::dispatch::Variant;
    use kernels_src::gemm_cooperative::SUBGROUP;
    let fits = gpu.supports(&LargeTiles::<kernels_src::quant::F32, false>::desc()).is_ok();
    // The kernel counts on invocations' places in their subgroups.
    if fits && gpu.subgroup_sizes() == (SUBGROUP, SUBGROUP) { Batches::MatrixUnits } else { Batches::Single }
}

/// Runs `$body` with the type `$R` bound to the reduction that `$lanes` calls for, `$width` invocations wide on a GPU.
macro_rules! with_reduce {
    ($lanes:expr, $width:literal, $R:ident => $body:expr) => {
        match $lanes {
            $crate::kernels::Lanes::Single => {
                type $R = kernels_src::reduce::Tree<1>;
                $body
            }
            $crate::kernels::Lanes::Tree => {
                type $R = kernels_src::reduce::Tree<$width>;
                $body
            }
            $crate::kernels::Lanes::Subgroups => {
                type $R = kernels_src::reduce::Subgroups<$width>;
                $body
            }
        }
    };
}
pub(crate) use with_reduce;
