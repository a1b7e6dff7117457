//! `vec2`, `vec3` and `vec4` of scalars (WGSL §6.2.6).

use std::ops::{Index, IndexMut, Not};

use crate::ops::Position;

macro_rules! vector {
    ($(#[$doc:meta])* $name:ident, $make:ident, $count:literal, $($field:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(C)]
        pub struct $name<T> {
            $(#[doc = concat!("Component ", stringify!($field), ".")] pub $field: T,)*
        }

        impl<T> $name<T> {
            /// From its components.
            #[inline(always)]
            pub const fn new($($field: T),*) -> Self {
                Self { $($field),* }
            }
        }

        impl<T: Copy> $name<T> {
            /// Every component the same.
            #[inline(always)]
            pub const fn splat(value: T) -> Self {
                Self { $($field: value),* }
            }

            /// The components in order.
            #[inline(always)]
            pub const fn to_array(self) -> [T; $count] {
                [$(self.$field),*]
            }

            #[inline(always)]
            pub(crate) fn map<U>(self, mut f: impl FnMut(T) -> U) -> $name<U> {
                $name { $($field: f(self.$field)),* }
            }

            #[inline(always)]
            pub(crate) fn zip<U: Copy, V>(self, other: $name<U>, mut f: impl FnMut(T, U) -> V) -> $name<V> {
                $name { $($field: f(self.$field, other.$field)),* }
            }
        }

        impl<T> From<[T; $count]> for $name<T> {
            #[inline(always)]
            fn from([$($field),*]: [T; $count]) -> Self {
                Self { $($field),* }
            }
        }

        impl<T: Not<Output = T>> Not for $name<T> {
            type Output = Self;
            #[inline(always)]
            fn not(self) -> Self {
                Self { $($field: !self.$field),* }
            }
        }

        impl<T> Index<Position> for $name<T> {
            type Output = T;
            #[inline(always)]
            #[track_caller]
            fn index(&self, Position(index): Position) -> &T {
                let components = [$(&self.$field),*];
                match components.get(index) {
                    Some(component) => component,
                    None => crate::cpu::out_of_bounds(stringify!($make), index, $count, std::panic::Location::caller()),
                }
            }
        }

        impl<T> IndexMut<Position> for $name<T> {
            #[inline(always)]
            #[track_caller]
            fn index_mut(&mut self, Position(index): Position) -> &mut T {
                let components: [&mut T; $count] = [$(&mut self.$field),*];
                match components.into_iter().nth(index) {
                    Some(component) => component,
                    None => crate::cpu::out_of_bounds(stringify!($make), index, $count, std::panic::Location::caller()),
                }
            }
        }

        #[doc = concat!("`", stringify!($make), "(..)` of WGSL: a vector from its components.")]
        #[inline(always)]
        pub const fn $make<T>($($field: T),*) -> $name<T> {
            $name { $($field),* }
        }

        // SAFETY: `repr(C)` with fields of one Pod type has no padding, and every bit pattern is valid.
        unsafe impl<T: bytemuck::Zeroable> bytemuck::Zeroable for $name<T> {}
        // SAFETY: as above.
        unsafe impl<T: bytemuck::Pod> bytemuck::Pod for $name<T> {}
    };
}

vector!(
    /// `vec2<T>`.
    Vec2, vec2, 2, x y
);
vector!(
    /// `vec3<T>`: 12 bytes, aligned to 16 in WGSL.
    Vec3, vec3, 3, x y z
);
vector!(
    /// `vec4<T>`.
    Vec4, vec4, 4, x y z w
);
