//! Memory of the CPU backend: buffers, shared, 16-byte aligned and of a fixed size, and workgroup memory. In checked
//! runs both are watched.

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
#[cfg(feature = "check")]
use std::rc::Rc;
use std::sync::Arc;

#[cfg(feature = "check")]
use crate::check::{AddressSpace, Shadow, SharedShadow, Watched, lock};
use crate::dispatch::NoReference;
use crate::layout::{Element, Scalar, Stored};
use crate::storage::{Storage, Workgroup};
use crate::variant::Access;

/// Bytes of an element with `f64` for `f32`.
pub(crate) const fn wide_bytes<T: Element>() -> usize {
    size_of::<T>() / T::SCALAR.bytes() * T::SCALAR.wide().bytes()
}

/// Memory that kernels on the CPU read and write. Clones share it.
#[derive(Clone)]
pub struct Memory {
    words: Arc<[UnsafeCell<u128>]>,
    bytes: usize,
    #[cfg(feature = "check")]
    shadow: Option<SharedShadow>,
    /// What a reference's buffer was made of; kernels read other buffers as anything of the same size.
    made_of: Option<Scalar>,
}

// SAFETY: the cells are plain words; kernels without races write disjoint ones, and the host copies only between
// dispatches, which `Recorder` runs one after the other.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} bytes)", self.bytes)
    }
}

impl Memory {
    /// Zeroed memory of at least `bytes` bytes, with slack for one more word as on the GPU.
    pub fn new(bytes: usize) -> Self {
        let words = (bytes + 4).div_ceil(16);
        Self {
            words: (0..words).map(|_| UnsafeCell::new(0)).collect(),
            bytes,
            made_of: None,
            #[cfg(feature = "check")]
            shadow: None,
        }
    }

    /// As [`new`](Self::new), but every access of a kernel is checked, and there are no values before they are written.
    #[cfg(feature = "check")]
    pub(crate) fn watched(bytes: usize) -> Self {
        Self { shadow: Some(SharedShadow::new(Shadow::new(bytes).into())), ..Self::new(bytes) }
    }

    /// Memory for `len` elements with `f64` for `f32`.
    pub fn wide<T: Element>(len: usize) -> Self {
        Self { made_of: Some(T::SCALAR), ..Self::new(len * wide_bytes::<T>()) }
    }

    /// Writes the bytes of whole elements from element `first` on, widened; `false` where they do not fit.
    pub fn write_wide<T: Element>(&self, first: usize, bytes: &[u8]) -> bool {
        let offset = first * wide_bytes::<T>();
        match T::SCALAR.wide() {
            Scalar::F64 => self.write(offset, bytemuck::cast_slice(&T::SCALAR.values(bytes))),
            _ => self.write(offset, bytes),
        }
    }

    /// The first `len` elements with `f64` for `f32`.
    pub fn read_wide<T: Element>(&self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len * wide_bytes::<T>()];
        self.read(0, &mut bytes);
        bytes
    }

    /// Whether a reference can read it as elements of type `T`.
    ///
    /// # Errors
    /// [`NoReference::Reinterpreted`] where floats are read as bits or bits as floats; [`NoReference::Struct`].
    pub fn holds<T: Stored>(&self, binding: &'static str) -> Result<(), NoReference> {
        if T::STORES == Scalar::Struct {
            return Err(NoReference::Struct { binding });
        }
        match self.made_of {
            Some(holds) if (holds.wide().bytes(), T::STORES.wide().bytes()) != (4, 4) && holds != T::STORES => {
                Err(NoReference::Reinterpreted { binding, holds, reads: T::STORES })
            }
            _ => Ok(()),
        }
    }

    /// Bytes asked for.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether no byte was asked for.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn first(&self) -> *mut u8 {
        UnsafeCell::raw_get(self.words.as_ptr()).cast()
    }

    /// Whether both are the same memory.
    pub fn is_same(&self, other: &Memory) -> bool {
        Arc::ptr_eq(&self.words, &other.words)
    }

    /// Its whole elements of type `T` as the kernel's argument `name` in one dispatch. Of words, one more may be read,
    /// as kernels do that fetch unaligned words and find the last one's rest behind the end.
    pub fn bind<T: Stored>(&self, name: &'static str, access: Access) -> Binding<'_, T> {
        let slack = if TypeId::of::<T>() == TypeId::of::<u32>() { 4 } else { 0 };
        let (writable, readable) = (self.bytes / size_of::<T>(), (self.bytes + slack) / size_of::<T>());
        let _ = (name, access);
        #[cfg(feature = "check")]
        if let Some(shadow) = &self.shadow {
            lock(shadow).start_dispatch(T::SMALLEST, access == Access::ReadWrite);
            let watched = Rc::new(Watched {
                name,
                space: AddressSpace::Storage,
                first: self.first(),
                element: size_of::<T>(),
                writable,
                readable,
                shadow: shadow.clone(),
            });
            return Binding { view: Storage::watched(&watched), _watched: Some(watched), memory: PhantomData };
        }
        Binding {
            // SAFETY: the memory is 16-byte aligned and at least `bytes + 4` long; every bit pattern is a valid `T`.
            view: unsafe { Storage::from_raw(self.first().cast(), writable, readable) },
            #[cfg(feature = "check")]
            _watched: None,
            memory: PhantomData,
        }
    }

    /// Copies `from` to byte `offset`; bytes beyond the end are left out and reported as `false`.
    pub fn write(&self, offset: usize, from: &[u8]) -> bool {
        let fits = offset.checked_add(from.len()).is_some_and(|end| end <= self.words.len() * 16);
        if fits {
            #[cfg(feature = "check")]
            if let Some(shadow) = &self.shadow {
                lock(shadow).set_initialised(offset..offset + from.len(), true);
            }
            // SAFETY: the range was checked, and no kernel runs while the host writes.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), self.first().add(offset), from.len()) }
        }
        fits
    }

    /// Copies bytes `offset..offset + to.len()` out; `false` where that range is not inside.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> bool {
        let fits = offset.checked_add(to.len()).is_some_and(|end| end <= self.words.len() * 16);
        if fits {
            // SAFETY: the range was checked, and no kernel runs while the host reads.
            unsafe { std::ptr::copy_nonoverlapping(self.first().add(offset), to.as_mut_ptr(), to.len()) }
        }
        fits
    }

    /// Copies `bytes` bytes from byte `from` on to byte `to` of another memory, as far as both reach.
    pub(crate) fn copy_to(&self, from: usize, target: &Self, to: usize, bytes: usize) {
        let mut copied = vec![0; bytes];
        self.read(from, &mut copied);
        target.write(to, &copied);
        #[cfg(feature = "check")]
        if let (Some(source), Some(shadow)) = (&self.shadow, &target.shadow) {
            let initialised = lock(source).is_initialised(from..from + bytes);
            lock(shadow).set_initialised(to..to + bytes, initialised);
        }
    }
}

/// A buffer as an argument of a kernel while a dispatch runs.
pub struct Binding<'m, T> {
    view: Storage<T>,
    #[cfg(feature = "check")]
    _watched: Option<Rc<Watched>>,
    memory: PhantomData<&'m Memory>,
}

impl<T> Binding<'_, T> {
    /// A view for an invocation; it must not outlive the binding.
    pub fn view(&self) -> Storage<T> {
        self.view
    }
}

/// Workgroup memory of one workgroup, filled with NaN patterns so that a kernel which relies on zeros fails its tests.
pub struct WorkgroupMemory<T> {
    elements: Box<[T]>,
    #[cfg(feature = "check")]
    watch: Watch,
}

/// Whether workgroup memory is watched.
#[cfg(feature = "check")]
enum Watch {
    Off,
    /// Under this name, of elements whose smallest number has so many bytes, as soon as there is a view.
    Named(&'static str, usize),
    On(Rc<Watched>),
}

impl<T: Stored> WorkgroupMemory<T> {
    /// Memory for `len` elements.
    pub fn new(len: u32) -> Self {
        let mut elements = Box::<[T]>::new_uninit_slice(len as usize);
        // SAFETY: the range is the allocation's, and every bit pattern is a valid `Stored`.
        let elements = unsafe {
            std::ptr::write_bytes(elements.as_mut_ptr(), 0xff, len as usize);
            elements.assume_init()
        };
        Self {
            elements,
            #[cfg(feature = "check")]
            watch: Watch::Off,
        }
    }

    /// As [`new`](Self::new), but every access is checked.
    #[cfg(feature = "check")]
    pub(crate) fn watched(name: &'static str, len: u32) -> Self {
        Self { watch: Watch::Named(name, T::SMALLEST), ..Self::new(len) }
    }
}

impl<T> WorkgroupMemory<T> {
    /// A view for the workgroup's invocations.
    pub fn view(&mut self) -> Workgroup<T> {
        let (first, len) = (self.elements.as_mut_ptr(), self.elements.len());
        #[cfg(feature = "check")]
        {
            if let Watch::Named(name, smallest) = self.watch {
                let mut shadow = Shadow::new(len * size_of::<T>());
                shadow.start_dispatch(smallest, true);
                self.watch = Watch::On(Rc::new(Watched {
                    name,
                    space: AddressSpace::Workgroup,
                    first: first.cast(),
                    element: size_of::<T>(),
                    writable: len,
                    readable: len,
                    shadow: SharedShadow::new(shadow.into()),
                }));
            }
            if let Watch::On(watched) = &self.watch {
                return Workgroup::watched(watched);
            }
        }
        // SAFETY: the views are dropped with the invocations, before this memory: `Phases::run` borrows nothing but
        // the generated entry keeps the memory alive until it returns.
        unsafe { Workgroup::from_raw(first, len, len) }
    }
}
