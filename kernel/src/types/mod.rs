//! The types that kernels compute with, named as in WGSL.

mod atomic;
pub(crate) mod cooperative;
mod split;
mod vector;

use std::fmt::Debug;

pub use atomic::{Atomic, AtomicScalar, CompareExchange};
pub use cooperative::{CoopMat8x8, CoopMat16x16, CooperativeMatrix, CooperativeScalar, role};
pub use split::{Frexp, Modf};
#[cfg(feature = "emit")]
pub use split::{FrexpFields, ModfFields};
pub use vector::{Vec2, Vec3, Vec4, vec2, vec3, vec4};

/// `f16`: 16 bits of IEEE 754 binary16 (WGSL §6.2.4). A kernel that uses it needs the device feature `f16`.
#[allow(non_camel_case_types, reason = "WGSL's name")]
pub type f16 = half::f16;

/// `@builtin(workgroup_id)`, folded to one dimension: 0..groups.
pub type WorkgroupId = u32;
/// `@builtin(local_invocation_index)`: 0..workgroup size.
pub type LocalIndex = u32;
/// The invocation's index in the whole dispatch: `workgroup_id * workgroup size + local_invocation_index`.
pub type GlobalId = u32;

/// A type that kernels compute with: the bound of a generic value, `T: Value`.
#[cfg(feature = "emit")]
pub trait Value: Copy + Debug + crate::emit::WgslType {}
#[cfg(feature = "emit")]
impl<T: Copy + Debug + crate::emit::WgslType> Value for T {}

/// A type that kernels compute with: the bound of a generic value, `T: Value`.
#[cfg(not(feature = "emit"))]
pub trait Value: Copy + Debug + 'static {}
#[cfg(not(feature = "emit"))]
impl<T: Copy + Debug + 'static> Value for T {}
