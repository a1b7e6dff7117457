//! The kernels of Gemma 4: one description for each computation, one file for each family, and one list of variants.
#![warn(missing_docs)]

pub mod activation;
pub mod adamw;
pub mod attention;
#[cfg(feature = "cases")]
pub mod cases;
pub mod cross_entropy;
pub mod dropout;
pub mod elementwise;
pub mod embedding;
pub mod geglu;
pub mod gemm;
pub mod gemm_cooperative;
pub mod low_rank;
pub mod matvec;
pub mod norm;
pub mod peak;
pub mod ple;
pub mod product;
pub mod quant;
pub mod reduce;
pub mod rope;
pub mod rope_backward;
pub mod row_wise;
pub mod sampling;
pub mod transposed;
mod variants;

#[cfg(feature = "emit")]
pub use variants::variants;
