//! The kernels, and the list of the variants that the build script emits.

pub mod histogram;
pub mod matmul;
pub mod peak;
pub mod reduction;
pub mod saxpy;
pub mod scan;
pub mod softmax;

use reduction::{Greatest, Sum};

kernel::variants! {
    /// Every variant of these kernels.
    pub fn variants;
    saxpy::saxpy;
    for C in [Sum, Greatest] {
        reduction::reduce::<C>;
    }
    histogram::histogram;
    scan::scan_blocks;
    scan::add_totals;
    softmax::softmax;
    matmul::matmul::<16, 16, 8, 2, 16, 2, 2>;
    matmul::matmul_f16::<2, 2, 4, 4, 32, 8, 8>;
    peak::fma_peak;
}
