//! Cooperative matrices, naga's `enable wgpu_cooperative_matrix;` (native only): a tile that a subgroup holds together
//! and multiplies on its matrix units. WGSL itself has none; the names are naga's in Rust's spelling.

use crate::cpu::subgroup_invocation_id;
use crate::layout::Scalar;
use crate::ops::{ToF32, to_f32};
use crate::types::{Value, Vec2, Vec4, f16};

/// What a cooperative matrix is in `c + a·b`.
pub mod role {
    /// The left factor.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum A {}
    /// The right factor.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum B {}
    /// The accumulator.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum C {}

    /// [`A`], [`B`] or [`C`].
    pub trait Role: std::fmt::Debug + Copy + Send + Sync + 'static {
        /// Its name in WGSL.
        const WGSL: &'static str;
    }
    impl Role for A {
        const WGSL: &'static str = "A";
    }
    impl Role for B {
        const WGSL: &'static str = "B";
    }
    impl Role for C {
        const WGSL: &'static str = "C";
    }
}

use role::Role;

/// `f16` or `f32`: what a cooperative matrix is made of.
#[diagnostic::on_unimplemented(message = "a cooperative matrix is made of `f16` or `f32`, not of `{Self}`")]
pub trait CooperativeScalar: Value + ToF32 + Default + Send + Sync {
    /// The scalar, for the device's list of what it supports.
    const SCALAR: Scalar;
    /// Rounded from `f32`.
    fn rounded(value: f32) -> Self;
}

impl CooperativeScalar for f16 {
    const SCALAR: Scalar = Scalar::F16;
    fn rounded(value: f32) -> f16 {
        f16::from_f32(value)
    }
}

impl CooperativeScalar for f32 {
    const SCALAR: Scalar = Scalar::F32;
    fn rounded(value: f32) -> f32 {
        value
    }
}

/// An element of memory that matrices of `T` are loaded from: a `T`, or a vector of them.
#[diagnostic::on_unimplemented(
    message = "a cooperative matrix of `{T}` is loaded from `{T}` or vectors of it, not from `{Self}`"
)]
pub trait Lanes<T>: Value {
    /// Scalars in an element.
    const COUNT: usize;
    /// The scalar at `index`.
    fn lane(self, index: usize) -> T;
}

impl<T: CooperativeScalar> Lanes<T> for T {
    const COUNT: usize = 1;
    fn lane(self, _: usize) -> T {
        self
    }
}

impl<T: CooperativeScalar> Lanes<T> for Vec2<T> {
    const COUNT: usize = 2;
    fn lane(self, index: usize) -> T {
        self.to_array()[index]
    }
}

impl<T: CooperativeScalar> Lanes<T> for Vec4<T> {
    const COUNT: usize = 4;
    fn lane(self, index: usize) -> T {
        self.to_array()[index]
    }
}

/// A cooperative matrix of any size: [`CoopMat16x16`] or [`CoopMat8x8`].
pub trait CooperativeMatrix: Value {
    /// Its elements' type.
    type Scalar: CooperativeScalar;
    /// What it is in `c + a·b`.
    type Role: Role;
    /// The same with another scalar and role.
    type As<T: CooperativeScalar, R: Role>: CooperativeMatrix<Scalar = T, Role = R>;
    /// Rows, and columns.
    const SIZE: usize;
    /// From its elements; every subgroup's first invocation holds them, the others ask for none.
    fn generate(element: impl FnMut(usize, usize) -> Self::Scalar) -> Self;
    /// An element, where this invocation holds them.
    fn element(&self, row: usize, column: usize) -> Self::Scalar;
}

/// Whether this invocation holds its subgroup's matrices on the CPU: the first does.
pub(crate) fn holds_elements() -> bool {
    subgroup_invocation_id() == 0
}

macro_rules! matrix {
    ($($(#[$doc:meta])* $name:ident $make:ident $size:literal $wgsl:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// It can be loaded, stored, multiplied and added, and be a variable, an element of a local array, or an
        /// argument. On the CPU the first invocation of the subgroup holds the elements.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name<T, R> {
            rows: [[T; $size]; $size],
            role: std::marker::PhantomData<fn() -> R>,
        }

        impl<T: CooperativeScalar, R: Role> CooperativeMatrix for $name<T, R> {
            type Scalar = T;
            type Role = R;
            type As<U: CooperativeScalar, S: Role> = $name<U, S>;
            const SIZE: usize = $size;
            fn generate(mut element: impl FnMut(usize, usize) -> T) -> Self {
                let mut matrix = $make();
                if holds_elements() {
                    for (row, elements) in matrix.rows.iter_mut().enumerate() {
                        for (column, value) in elements.iter_mut().enumerate() {
                            *value = element(row, column);
                        }
                    }
                }
                matrix
            }
            fn element(&self, row: usize, column: usize) -> T {
                self.rows[row][column]
            }
        }

        #[doc = concat!("`", $wgsl, "<T, R>()`: a matrix of zeros.")]
        pub fn $make<T: CooperativeScalar, R: Role>() -> $name<T, R> {
            $name { rows: [[T::default(); $size]; $size], role: std::marker::PhantomData }
        }

        #[cfg(feature = "emit")]
        impl<T: CooperativeScalar, R: Role> crate::emit::WgslType for $name<T, R> {
            fn wgsl() -> String {
                crate::emit::use_cooperative_matrix();
                format!(concat!($wgsl, "<{}, {}>"), T::wgsl(), R::WGSL)
            }
        }

        #[doc = concat!("What a caller of [`", stringify!($make), "`](fn@", stringify!($make), ") must know, and its twin.")]
        pub mod $make {
            #[cfg(feature = "emit")]
            use super::{CooperativeScalar, $name, Role};
            #[cfg(feature = "emit")]
            use crate::emit::{Expr, WgslType};

            /// Bit `i`: argument `i` must be uniform.
            pub const UNIFORM_ARGUMENTS: u64 = 0;
            /// Bit `i`: the result differs between invocations where argument `i` does; bit 63: in any case.
            pub const DIVERGENT_RESULT: u64 = 0;

            /// The call's twin.
            #[cfg(feature = "emit")]
            pub fn emit<T: CooperativeScalar, R: Role>() -> Expr<$name<T, R>> {
                Expr::new(format!("{}()", <$name<T, R> as WgslType>::wgsl()))
            }
        }
    )*};
}

matrix! {
    /// `coop_mat16x16<T, R>`: 16 rows of 16, what most matrix units multiply in `f16`.
    CoopMat16x16 coop_mat16x16 16 "coop_mat16x16";
    /// `coop_mat8x8<T, R>`: 8 rows of 8, what Apple's GPUs multiply in `f32` and `f16`.
    CoopMat8x8 coop_mat8x8 8 "coop_mat8x8";
}

/// `c + a·b` in `f32`, rounded once to the accumulator's type.
pub(crate) fn multiply_add<M: CooperativeMatrix<Role = role::A>, T: CooperativeScalar>(
    a: &M,
    b: &M::As<M::Scalar, role::B>,
    c: &M::As<T, role::C>,
) -> M::As<T, role::C> {
    CooperativeMatrix::generate(|row, column| {
        let products = (0..M::SIZE).map(|k| to_f32(a.element(row, k)) * to_f32(b.element(k, column)));
        T::rounded(products.fold(to_f32(c.element(row, column)), |sum, product| sum + product))
    })
}
