//! The memory that a kernel's arguments name: storage buffers and workgroup memory, as the CPU executor sees them.
//! Every invocation gets its own view; a view is a pointer with a length and checks each index. A view of watched
//! memory claims to be empty, so that every access takes the way of an index out of bounds, and all others cost nothing.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::panic::Location;
#[cfg(feature = "check")]
use std::rc::Rc;

#[cfg(feature = "check")]
use crate::check::Watched;
use crate::ops::Position;
use crate::part::{Part, PartOf, Parts};
use crate::types::{Atomic, AtomicScalar};

/// Memory that a kernel indexes: [`Storage`] or [`Workgroup`].
#[diagnostic::on_unimplemented(
    message = "this function takes an element of storage or workgroup memory, not of `{Self}`",
    label = "write `&x[i]` with an `x` that is a binding"
)]
pub trait View {
    /// The view itself, where this is a reference to one.
    type Memory: Copy;
    /// A copy of the view.
    fn memory(&self) -> Self::Memory;
}

impl<V: View> View for &V {
    type Memory = V::Memory;
    #[inline(always)]
    fn memory(&self) -> V::Memory {
        (**self).memory()
    }
}

impl<V: View> View for &mut V {
    type Memory = V::Memory;
    #[inline(always)]
    fn memory(&self) -> V::Memory {
        (**self).memory()
    }
}

/// A place in memory: what `&x[i]` is on the CPU as an argument of a function that takes WGSL's pointer to memory, such
/// as `atomic_add(&x[i], 1)`.
#[derive(Clone, Copy, Debug)]
pub struct Place<M> {
    /// The memory.
    pub memory: M,
    /// The element.
    pub position: Position,
    /// The kernel's line.
    pub at: &'static Location<'static>,
}

/// The place of an element.
#[inline(always)]
#[track_caller]
pub fn place<V: View>(view: &V, position: Position) -> Place<V::Memory> {
    Place { memory: view.memory(), position, at: Location::caller() }
}

/// Memory whose elements are values.
pub trait PlainMemory: Copy {
    /// The elements' type.
    type Element: Copy;
    /// The element, for the kernel's line `at`.
    fn read(&self, position: Position, at: &'static Location<'static>) -> Self::Element;
    /// Replaces the element, for the kernel's line `at`.
    fn write(&self, position: Position, value: Self::Element, at: &'static Location<'static>);
}

/// Memory whose elements are atomic.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no atomics",
    label = "its elements are not atomic: declare it as `Storage<Atomic<u32>>` or `Workgroup<Atomic<u32>>`"
)]
pub trait AtomicMemory: Copy {
    /// `u32` or `i32`.
    type Scalar: AtomicScalar;
    /// The element; every atomic access of a kernel comes through here.
    fn atomic(&self, position: Position, kind: AccessKind) -> &Atomic<Self::Scalar>;
}

/// What an invocation does to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Reads it.
    Read,
    /// Writes it.
    Write,
    /// `atomicLoad`.
    AtomicLoad,
    /// `atomicStore`.
    AtomicStore,
    /// Reads and writes it in one step that no other atomic access divides.
    AtomicUpdate,
}

/// What a view with this address leads to, if its memory is watched.
#[cfg(feature = "check")]
#[inline]
fn watched<'w>(first: *mut u8) -> Option<&'w Watched> {
    if first.addr() & 1 == 0 {
        return None;
    }
    // SAFETY: only a watched view has an odd address, and whoever makes one keeps what it points at alive.
    Some(unsafe { &*first.wrapping_byte_sub(1).cast::<Watched>() })
}

/// An access to what is not in the view.
struct Beyond {
    index: usize,
    #[cfg_attr(not(feature = "check"), allow(dead_code, reason = "only a watch asks"))]
    part: Part,
    limit: usize,
    #[cfg_attr(not(feature = "check"), allow(dead_code, reason = "only a watch asks"))]
    kind: AccessKind,
    what: &'static str,
}

impl Beyond {
    /// The element, which there is only where memory is watched. All by value, so that a view need not lie in memory
    /// for it.
    #[cold]
    #[cfg_attr(feature = "check", inline(never))]
    #[cfg_attr(not(feature = "check"), inline(always))]
    fn element(self, first: *mut u8, at: &'static Location<'static>) -> *mut u8 {
        #[cfg(feature = "check")]
        if let Some(watched) = watched(first) {
            return watched.access(self.index, self.part, self.kind, at);
        }
        let _ = first;
        crate::cpu::out_of_bounds(self.what, self.index, self.limit, at)
    }
}

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
            #[inline(always)]
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

            /// A view whose every access is checked; it must not outlive `watched`.
            #[cfg(feature = "check")]
            pub(crate) fn watched(watched: &Rc<Watched>) -> Self {
                // No element of a kernel is aligned to less than two bytes: an odd address is not one's.
                let first = Rc::as_ptr(watched).cast_mut().wrapping_byte_add(1).cast();
                Self { first, readable: 0, writable: 0, element: PhantomData }
            }

            /// Elements in the view, WGSL's `arrayLength`.
            #[inline(always)]
            pub fn len(&self) -> u32 {
                #[cfg(feature = "check")]
                if let Some(watched) = watched(self.first.cast()) {
                    return watched.writable as u32;
                }
                self.writable as u32
            }

            /// The address of an element, `limit` the view's length for this kind of access.
            #[inline(always)]
            #[track_caller]
            fn element(&self, index: usize, limit: usize, kind: AccessKind) -> *mut T {
                self.part(index, Part::whole::<T>, limit, kind, Location::caller())
            }

            /// As [`element`](Self::element), of which only a part is accessed, by the kernel's line `at`.
            #[inline(always)]
            fn part(
                &self,
                index: usize,
                part: impl FnOnce() -> Part,
                limit: usize,
                kind: AccessKind,
                at: &'static Location<'static>,
            ) -> *mut T {
                if index >= limit {
                    let beyond = Beyond { index, part: part(), limit, kind, what: stringify!($name) };
                    return beyond.element(self.first.cast(), at).cast();
                }
                // SAFETY: the index is inside the view.
                unsafe { self.first.add(index) }
            }

            /// Whether there is no element.
            #[inline(always)]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }

        impl<T> View for $name<T> {
            type Memory = Self;
            #[inline(always)]
            fn memory(&self) -> Self {
                *self
            }
        }

        impl<T: Copy> PlainMemory for $name<T> {
            type Element = T;
            #[inline(always)]
            fn read(&self, Position(index): Position, at: &'static Location<'static>) -> T {
                // SAFETY: as in `index`.
                unsafe { *self.part(index, Part::whole::<T>, self.readable, AccessKind::Read, at) }
            }
            #[inline(always)]
            fn write(&self, Position(index): Position, value: T, at: &'static Location<'static>) {
                // SAFETY: as in `index_mut`.
                unsafe { *self.part(index, Part::whole::<T>, self.writable, AccessKind::Write, at) = value }
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: AtomicScalar> AtomicMemory for $name<Atomic<T>> {
            type Scalar = T;
            #[inline(always)]
            #[track_caller]
            fn atomic(&self, Position(index): Position, kind: AccessKind) -> &Atomic<T> {
                // SAFETY: as in `index`.
                unsafe { &*self.element(index, self.writable, kind) }
            }
        }

        impl<T: Parts> Index<PartOf<'_>> for $name<T> {
            type Output = T;
            #[inline(always)]
            #[track_caller]
            fn index(&self, PartOf { position: Position(index), steps }: PartOf<'_>) -> &T {
                // SAFETY: as in `index` of an element.
                unsafe { &*self.part(index, || T::part(steps), self.readable, AccessKind::Read, Location::caller()) }
            }
        }

        impl<T: Parts> IndexMut<PartOf<'_>> for $name<T> {
            #[inline(always)]
            #[track_caller]
            fn index_mut(&mut self, PartOf { position: Position(index), steps }: PartOf<'_>) -> &mut T {
                // SAFETY: as in `index_mut` of an element.
                unsafe {
                    &mut *self.part(index, || T::part(steps), self.writable, AccessKind::Write, Location::caller())
                }
            }
        }

        impl<T> Index<Position> for $name<T> {
            type Output = T;
            #[inline(always)]
            #[track_caller]
            fn index(&self, Position(index): Position) -> &T {
                // SAFETY: an element's address, of memory that is valid by `from_raw`'s contract.
                unsafe { &*self.element(index, self.readable, AccessKind::Read) }
            }
        }

        impl<T> IndexMut<Position> for $name<T> {
            #[inline(always)]
            #[track_caller]
            fn index_mut(&mut self, Position(index): Position) -> &mut T {
                // SAFETY: as in `index`; the reference lives for one assignment of one invocation.
                unsafe { &mut *self.element(index, self.writable, AccessKind::Write) }
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
