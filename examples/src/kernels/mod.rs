//! The kernels, and the list of the variants that the build script emits.

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
    scan::scan_blocks;
    scan::add_totals;
    softmax::softmax;
    matmul::matmul::<16, 16, 8, 2, 16, 1, 2, 2>;
    matmul::matmul::<16, 16, 8, 2, 8, 2, 1, 1>;
    matmul::matmul::<16, 16, 8, 2, 32, 1, 4, 4>;
    matmul::matmul::<16, 16, 8, 2, 16, 2, 2, 2>;
    matmul::matmul::<8, 16, 16, 2, 16, 1, 4, 4>;
    matmul::matmul::<8, 16, 8, 2, 16, 1, 2, 4>;
    matmul::matmul::<16, 16, 8, 4, 16, 1, 2, 4>;
    matmul::matmul::<16, 16, 8, 4, 8, 2, 1, 2>;
    peak::fma_peak;
}
