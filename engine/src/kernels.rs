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
