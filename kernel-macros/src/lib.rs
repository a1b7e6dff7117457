//! The attributes of the kernel language. Each stage is a plain function over syntax trees, in its own file: what a
//! signature says (`signature`), the CPU body (`cpu_body`), the emission twin (`lower`),
//! the f64 reference (`reference`), and the items that come out
//! (`kernel`, `device`, `params`, `storage`, `variants`).

mod contract;
mod cpu_body;
mod device;
mod diagnostics;
mod differentiate;
mod enumeration;
mod kernel;
mod lower;
mod params;
mod place;
mod reference;
mod signature;
mod storage;
mod trace;
mod uniformity;
mod variants;

use proc_macro::TokenStream;

/// A compute kernel: `#[kernel(workgroup = W, groups = params.rows)]` on a function.
///
/// Arguments are, in any order: `WorkgroupId`, `LocalIndex`, `GlobalId` (builtins); one `&Params` (a `#[params]`
/// struct); `&Storage<T>` and `&mut Storage<T>` (bindings 1..=n in this order); `#[len = N] &mut Workgroup<T>`.
/// A kernel with a barrier is an `async fn`. The attribute takes:
/// - `workgroup`: the invocations of a workgroup, a constant of the generics;
/// - `groups`: the workgroups of a dispatch, an expression over the params;
/// - `requires(x.len() >= params.n, ..)`: clauses over lengths in elements, params, numbers and constants, checked at
///   every dispatch and used to prove that indices are inside;
/// - `tolerance(rel = .., abs = ..)`: how far an output may lie from the kernel's f64 reference;
/// - `invocations`, `workgroup_memory` (bytes), `storage_buffers`: what exceeds WebGPU's default limits of 256, 16,384
///   and 8 (WebGPU §3.6.2); a device that has less refuses the variant.
///
/// In the body, `#[unroll]` on a `for` over constants repeats it, `trace!(..)` shows values on the CPU.
///
/// Beside the function there is a module of the same name with `Kernel` (its `dispatch` records a dispatch), `Args`
/// (the typed buffers) and, with the feature `emit`, `emit` (its WGSL).
#[proc_macro_attribute]
pub fn kernel(attribute: TokenStream, item: TokenStream) -> TokenStream {
    kernel::expand(attribute.into(), item.into()).into()
}

/// What kernels call: a function, a trait of associated functions, an implementation of one, or a struct of values; and
/// an enum without fields, which params and values hold and a `match` takes apart.
///
/// An enum is a `u32` in WGSL, and each of its variants a constant there. Nothing but a variant can be made of it, so that
/// no kernel meets another number.
#[proc_macro_attribute]
pub fn device(attribute: TokenStream, item: TokenStream) -> TokenStream {
    device::expand(attribute.into(), item.into()).into()
}

/// A `#[device]` function whose gradient is derived: `#[differentiable] #[device] fn gelu(u: f32) -> f32`.
///
/// Beside it there is `gelu::gradient(u, dy)`, the gradient by each of its arguments where `dy` is that by its value: a
/// device function that gives a struct with one field for each `f32` argument or vector of `f32`. Of a trait's function
/// `value` marked so in the trait and in its implementations it is `A::value_gradient(u, dy)`. Other arguments, those
/// marked `#[constant]`, and whatever goes through `stop_gradient(..)` are constants.
///
/// A body has `let`, assignments of variables, `if`, `#[unroll]` between numbers, operators, WGSL's builtins and calls of
/// other differentiable functions; a call that gives a vector says so, `let v: Vec2<f32> = ..`. Where a builtin has no
/// derivative, a one-sided one is taken: of equal arguments `max` and `min` pass the gradient to the first, `clamp`
/// passes it at its bounds, `abs` has 0 at 0; `floor`, `ceil`, `round`, `trunc`, `sign` and `step` have 0 everywhere.
///
/// `#[differentiable(derivative = f)]` takes the author's own `f` of the same arguments instead of the body's derivative,
/// for a body that approximates a function with a simpler one.
#[proc_macro_attribute]
pub fn differentiable(attribute: TokenStream, item: TokenStream) -> TokenStream {
    device::expand_differentiable(attribute.into(), item.into()).into()
}

/// A struct that dispatches pass by value, laid out for the uniform address space.
#[proc_macro_attribute]
pub fn params(attribute: TokenStream, item: TokenStream) -> TokenStream {
    params::expand(attribute.into(), item.into()).into()
}

/// A struct that storage buffers and workgroup memory hold, as bytes that are WGSL's: `Storage<Particle>`.
///
/// Its fields are `u32`, `i32`, `f32`, `f16`, vectors and arrays of them, and other `#[storage]` structs. It is laid out by
/// WGSL's rules (§14.4.1); bytes between fields are fields of their own that nobody sees, so that host code makes one with
/// `Particle::new(..)`, which takes the fields in their order, and a kernel with that or a literal. Kernels and device
/// functions use it as they use a `#[device]` struct. Two are equal where their fields are.
#[proc_macro_attribute]
pub fn storage(attribute: TokenStream, item: TokenStream) -> TokenStream {
    storage::expand(attribute.into(), item.into()).into()
}

/// The explicit list of a program's kernel variants: `variants! { pub fn variants; rms_norm::<256>; … }`.
///
/// `for Q in [Q4_K, Q6_K] { matvec::<Q>; }` repeats entries. Every entry is checked against WebGPU's default limits
/// when it is compiled.
///
/// Further functions give a value for every entry: `pub fn names -> String = name_of;` calls `name_of::<Kernel>()` for
/// each `Kernel` of the list, so that a trait may ask something of all of them.
#[proc_macro]
pub fn variants(input: TokenStream) -> TokenStream {
    variants::expand(input.into()).into()
}
