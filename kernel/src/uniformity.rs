//! What callers must know of the builtins that wait or take no argument, for the check of uniformity (WGSL §15.2) in the macros: the same
//! constants as the macros write beside such device functions.

/// A module beside each builtin, with its constants and its twin.
///
/// `UNIFORM_ARGUMENTS`: bit `i` is set where argument `i` must be uniform. `DIVERGENT_RESULT`: bit `i` where the result
/// differs between invocations if argument `i` does, bit 63 where it does in any case.
macro_rules! known_uniformity {
    ($($name:ident needs $needs:expr, gives $gives:ident;)*) => {$(
        #[doc = concat!("What a caller of [`", stringify!($name), "`](fn@", stringify!($name), ") must know, and its twin.")]
        pub mod $name {
            /// Bit `i`: argument `i` must be uniform.
            pub const UNIFORM_ARGUMENTS: u64 = $needs;
            /// Bit `i`: the result differs between invocations where argument `i` does; bit 63: in any case.
            pub const DIVERGENT_RESULT: u64 = crate::uniformity::$gives;
            #[cfg(feature = "emit")]
            pub use super::twins::$name::emit;
            #[cfg(feature = "reference")]
            pub use super::twins::$name::reference;
        }
    )*};
}
pub(crate) use known_uniformity;

/// The result of a builtin is the same in every invocation of the workgroup.
pub(crate) const UNIFORM: u64 = 0;
/// It may be another in every invocation.
pub(crate) const DIVERGENT: u64 = 1 << 63;
