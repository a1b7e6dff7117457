//! The memory that a kernel's arguments name: storage buffers and workgroup memory, as the CPU executor sees them.
//! Every invocation gets its own view; a view is a pointer with a length and checks each index.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use crate::ops::Position;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T> {
            first: *mut T,
            readable: usize,
            writable: usize,
            element: PhantomData<T>,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {}

        // SAFETY: a view is used only while its memory is alive (the executor holds it), and concurrent invocations
        // of a kernel without data races touch disjoint elements; a race is an error in the kernel in WGSL as well.
        unsafe impl<T: Send> Send for $name<T> {}
        // SAFETY: as above.
        unsafe impl<T: Sync> Sync for $name<T> {}

        impl<T> $name<T> {
            /// A view of `writable` elements; reads may go on to the element before `readable`, which is no less.
            ///
            /// # Safety
            /// `first` must be valid for reads and writes of `readable` elements, and aligned, as long as the view or
            /// a copy of it is used.
            pub(crate) const unsafe fn from_raw(first: *mut T, writable: usize, readable: usize) -> Self {
                Self { first, readable, writable, element: PhantomData }
            }

            /// Elements in the view, WGSL's `arrayLength`.
            #[inline(always)]
            pub const fn len(&self) -> u32 {
                self.writable as u32
            }

            /// Whether there is no element.
            #[inline(always)]
            pub const fn is_empty(&self) -> bool {
                self.writable == 0
            }
        }

        impl<T> Index<Position> for $name<T> {
            type Output = T;
            #[inline(always)]
            #[track_caller]
            fn index(&self, Position(index): Position) -> &T {
                if index >= self.readable {
                    crate::cpu::out_of_bounds(stringify!($name), index, self.readable);
                }
                // SAFETY: the index is inside the view, whose memory is valid by `from_raw`'s contract.
                unsafe { &*self.first.add(index) }
            }
        }

        impl<T> IndexMut<Position> for $name<T> {
            #[inline(always)]
            #[track_caller]
            fn index_mut(&mut self, Position(index): Position) -> &mut T {
                if index >= self.writable {
                    crate::cpu::out_of_bounds(stringify!($name), index, self.writable);
                }
                // SAFETY: as in `index`; the reference lives for one assignment of one invocation.
                unsafe { &mut *self.first.add(index) }
            }
        }
    };
}

view!(
    /// `var<storage>` of WGSL, an `array<T>`: `&Storage` is `read`, `&mut Storage` is `read_write`.
    Storage
);
view!(
    /// `var<workgroup>` of WGSL, an `array<T, N>` that the invocations of one workgroup share.
    ///
    /// Its length stands at the kernel's argument: `#[len = W] partial: &mut Workgroup<f32>`. It is not zero at the
    /// start: dispatches leave out WGSL's zero initialisation, and the CPU executor fills it with NaN patterns.
    Workgroup
);
