//! What a file of kernels imports: `use kernel::prelude::*;`

pub use crate::builtins::*;
pub use crate::gradient::stop_gradient;
pub use crate::layout::Element;
pub use crate::ops::{to_f16 as f16, to_f32 as f32, to_i32 as i32, to_u32 as u32};
pub use crate::storage::{Storage, Workgroup};
pub use crate::types::{
    Atomic, CoopMat8x8, CoopMat16x16, GlobalId, LocalIndex, Value, Vec2, Vec3, Vec4, WorkgroupId, f16, role,
};
pub use kernel_macros::{device, differentiable, kernel, params, storage};
