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

/// Which variants a device runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices([Lanes; 4]);

impl Choices {
    /// The same for every family.
    pub const fn all(lanes: Lanes) -> Self {
        Self([lanes; 4])
    }

    /// How a family's workgroups are made up.
    pub const fn lanes(self, family: Family) -> Lanes {
        self.0[family as usize]
    }

    /// These, but for one family.
    #[must_use]
    pub const fn with(mut self, family: Family, lanes: Lanes) -> Self {
        self.0[family as usize] = lanes;
        self
    }
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
