//! Cooperative matrix functions of naga's `wgpu_cooperative_matrix`. The invocations of a subgroup call them together,
//! in uniform control flow. A stride is the distance of two rows (or columns) in elements of the memory, which are a
//! matrix's scalars or, for loads, vectors of them: invocations fill workgroup memory faster with vectors.

use crate::ops::Position;
use crate::storage::{Place, PlainMemory};
use crate::types::cooperative::{self, Lanes};
use crate::types::role::{A, B, C};
use crate::types::{CooperativeMatrix, CooperativeScalar};

fn load<M: CooperativeMatrix, E: Lanes<M::Scalar>>(
    place: Place<impl PlainMemory<Element = E>>,
    stride: u32,
    line_and_place: impl Fn(usize, usize) -> (usize, usize),
) -> M {
    let Position(first) = place.position;
    M::generate(|row, column| {
        let (line, at) = line_and_place(row, column);
        let element = first.saturating_add(line * stride as usize + at / E::COUNT);
        place.memory.read(Position(element), place.at).lane(at % E::COUNT)
    })
}

fn store<M: CooperativeMatrix>(
    matrix: M,
    place: Place<impl PlainMemory<Element = M::Scalar>>,
    offset: impl Fn(usize, usize) -> usize,
) {
    if !cooperative::holds_elements() {
        return;
    }
    let Position(first) = place.position;
    for row in 0..M::SIZE {
        for column in 0..M::SIZE {
            let position = Position(first.saturating_add(offset(row, column)));
            place.memory.write(position, matrix.element(row, column), place.at);
        }
    }
}

/// `coopLoad<M>(&x[i], stride)`: column after column from `x[i]` on, `stride` elements apart.
pub fn coop_load<M: CooperativeMatrix>(place: Place<impl PlainMemory<Element: Lanes<M::Scalar>>>, stride: u32) -> M {
    load(place, stride, |row, column| (column, row))
}

/// `coopLoadT<M>(&x[i], stride)`: row after row from `x[i]` on, `stride` elements apart.
pub fn coop_load_t<M: CooperativeMatrix>(place: Place<impl PlainMemory<Element: Lanes<M::Scalar>>>, stride: u32) -> M {
    load(place, stride, |row, column| (row, column))
}

/// `coopStore(matrix, &x[i], stride)`: column after column from `x[i]` on, `stride` elements apart.
pub fn coop_store<M: CooperativeMatrix>(matrix: M, place: Place<impl PlainMemory<Element = M::Scalar>>, stride: u32) {
    store(matrix, place, |row, column| column * stride as usize + row);
}

/// `coopStoreT(matrix, &x[i], stride)`: row after row from `x[i]` on, `stride` elements apart.
pub fn coop_store_t<M: CooperativeMatrix>(matrix: M, place: Place<impl PlainMemory<Element = M::Scalar>>, stride: u32) {
    store(matrix, place, |row, column| row * stride as usize + column);
}

/// `coopMultiplyAdd(a, b, c)`: `a·b + c`. On the CPU it is computed in `f32` and rounded once.
pub fn coop_multiply_add<M: CooperativeMatrix<Role = A>, T: CooperativeScalar>(
    a: M,
    b: M::As<M::Scalar, B>,
    c: M::As<T, C>,
) -> M::As<T, C> {
    cooperative::multiply_add(&a, &b, &c)
}

#[cfg(feature = "emit")]
mod twins {
    //! The twins. A tile's cost is shared by a subgroup, counted as of 32 invocations.
    use super::{A, B, C, CooperativeMatrix, CooperativeScalar, Lanes};
    use crate::emit::{Expr, count_operations, count_tile_read, count_tile_write, let_, use_cooperative_product};

    use crate::variant::CooperativeProduct;

    const INVOCATIONS: usize = 32;

    fn tile_bytes<M: CooperativeMatrix>() -> usize {
        M::SIZE * M::SIZE * size_of::<M::Scalar>() / INVOCATIONS
    }

    macro_rules! loads {
        ($($name:ident $wgsl:literal;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "<M>(&place, stride)`.")]
            pub mod $name {
                use super::*;
                /// The call's twin.
                pub fn emit<M: CooperativeMatrix>(place: Expr<impl Lanes<M::Scalar>>, stride: Expr<u32>) -> Expr<M> {
                    count_tile_read(&place, tile_bytes::<M>());
                    Expr::new(format!("{}<{}>(&{}, {})", $wgsl, M::wgsl(), place.text(), stride.text()))
                }
            }
        )*};
    }
    loads! { coop_load "coopLoad"; coop_load_t "coopLoadT"; }

    macro_rules! stores {
        ($($name:ident $wgsl:literal;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "(matrix, &place, stride)`.")]
            pub mod $name {
                use super::*;
                /// The call's twin.
                pub fn emit<M: CooperativeMatrix>(
                    matrix: Expr<M>,
                    place: Expr<M::Scalar>,
                    stride: Expr<u32>,
                ) -> Expr<()> {
                    count_tile_write(&place, tile_bytes::<M>());
                    // naga 30 panics where the stride of a store reads memory itself.
                    let plain = stride.text().chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                    let stride = if plain { stride } else { let_("stride", stride) };
                    Expr::new(format!("{}({}, &{}, {})", $wgsl, matrix.text(), place.text(), stride.text()))
                }
            }
        )*};
    }
    stores! { coop_store "coopStore"; coop_store_t "coopStoreT"; }

    /// Emits `coopMultiplyAdd(a, b, c)`.
    pub mod coop_multiply_add {
        use super::*;
        /// The call's twin.
        pub fn emit<M: CooperativeMatrix<Role = A>, T: CooperativeScalar>(
            a: Expr<M>,
            b: Expr<M::As<M::Scalar, B>>,
            c: Expr<M::As<T, C>>,
        ) -> Expr<M::As<T, C>> {
            use_cooperative_product(CooperativeProduct {
                size: M::SIZE as u32,
                factors: M::Scalar::SCALAR,
                accumulator: T::SCALAR,
            });
            count_operations((2 * M::SIZE * M::SIZE * M::SIZE / INVOCATIONS) as u64);
            Expr::new(format!("coopMultiplyAdd({}, {}, {})", a.text(), b.text(), c.text()))
        }
    }
}

#[cfg(feature = "emit")]
pub use twins::*;
