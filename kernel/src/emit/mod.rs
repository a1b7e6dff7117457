//! The emitter: what the twins of kernels and device functions call to write WGSL. A twin has the shape of its
//! function, with typed [`Expr`] handles for values, so that rustc resolves helpers, generics and traits in it as it
//! does in the function itself.
#![allow(clippy::panic, reason = "the emitter runs in build scripts; a misuse is a bug in the macros")]

mod cost;
mod expr;
mod function;
mod kernel;
mod module;
mod names;
mod operators;
mod statement;
mod types;

pub use expr::{
    Expr, Index, Pending, StorageRef, WorkgroupRef, awaited, index, lit, member_of, pending, place, text_call,
    zero_array,
};
pub use function::{Argument, Function};
pub use kernel::{EmittedBinding, EmittedVariant, KernelBuilder, kernel, table};
pub use module::{
    Loc, at, count_each, count_operations, declare_struct, enumerator, note_effects, use_cooperative_matrix,
    use_cooperative_product, use_subgroup_builtins, use_subgroups,
};
pub use names::member;
pub use operators::*;
pub use statement::*;
pub use types::{Literal, Struct, WgslType};
