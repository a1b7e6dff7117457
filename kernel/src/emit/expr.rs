//! Typed handles of WGSL expressions. A handle is a number: its text lives in the emitter's arena, so that handles are
//! `Copy` as the values are in the function.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::Deref;

use super::cost;
use super::statement::{self, Keep};
use super::types::{Literal, Struct, WgslType};
use crate::types::{Vec2, Vec3, Vec4};

thread_local! {
    static TEXTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A WGSL expression of type `T`: a value, or a place that can be assigned.
pub struct Expr<T> {
    id: usize,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Expr<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Expr<T> {}

impl<T> Expr<T> {
    /// The expression with that text.
    pub fn new(text: String) -> Self {
        TEXTS.with_borrow_mut(|texts| {
            texts.push(text);
            Self { id: texts.len() - 1, value: PhantomData }
        })
    }

    /// Its text.
    pub fn text(self) -> String {
        TEXTS.with_borrow(|texts| texts[self.id].clone())
    }
}

/// `value.field`: the handles of the fields. They are made on demand and never freed, in a build script.
impl<T: Struct> Deref for Expr<T> {
    type Target = T::Fields;
    fn deref(&self) -> &T::Fields {
        Box::leak(Box::new(T::fields(&self.text())))
    }
}

/// What the twin of a function that waits gives. Its value is there once it is awaited, so that a forgotten `.await`,
/// which the check of uniformity would not see, is a type error here as well.
#[must_use = "a function that waits does nothing until it is awaited"]
pub struct Pending<T> {
    value: Expr<T>,
}

/// The twin's value before it is awaited.
pub fn pending<T>(value: Expr<T>) -> Pending<T> {
    Pending { value }
}

/// `value.await`.
pub fn awaited<T>(pending: Pending<T>) -> Expr<T> {
    pending.value
}

/// A storage buffer, by its name in the module.
pub struct StorageRef<T> {
    name: Expr<T>,
}

impl<T> Clone for StorageRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for StorageRef<T> {}

/// Workgroup memory, by its name in the module.
pub struct WorkgroupRef<T> {
    name: Expr<T>,
}

impl<T> Clone for WorkgroupRef<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for WorkgroupRef<T> {}

impl<T: WgslType> StorageRef<T> {
    pub(super) fn named(name: &str) -> Self {
        Self { name: Expr::new(name.to_owned()) }
    }
    /// The binding's name.
    pub fn name(self) -> String {
        self.name.text()
    }
    /// `arrayLength(&x)`, the elements of the binding.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> Expr<u32> {
        Expr::new(format!("arrayLength(&{})", self.name()))
    }
}

impl<T: WgslType> WorkgroupRef<T> {
    pub(super) fn named(name: &str) -> Self {
        Self { name: Expr::new(name.to_owned()) }
    }
    /// The variable's name.
    pub fn name(self) -> String {
        self.name.text()
    }
}

/// What `x[i]` may index.
pub trait Index {
    /// The element's type.
    type Element;
    /// The element at `position`, WGSL text.
    fn element(self, position: &str) -> Expr<Self::Element>;
}

impl<T: WgslType> Index for StorageRef<T> {
    type Element = T;
    fn element(self, position: &str) -> Expr<T> {
        let name = self.name();
        cost::storage_access(size_of::<T>());
        super::kernel::note_read(&name);
        Expr::new(format!("{name}[{position}]"))
    }
}

impl<T: WgslType> Index for WorkgroupRef<T> {
    type Element = T;
    fn element(self, position: &str) -> Expr<T> {
        Expr::new(format!("{}[{position}]", self.name()))
    }
}

impl<T: WgslType, const N: usize> Index for Expr<[T; N]> {
    type Element = T;
    fn element(self, position: &str) -> Expr<T> {
        statement::count_part::<[T; N], T>(&self.text());
        Expr::new(format!("{}[{position}]", self.text()))
    }
}

macro_rules! index_vector {
    ($($Vec:ident)*) => {$(
        impl<T: WgslType> Index for Expr<$Vec<T>> {
            type Element = T;
            fn element(self, position: &str) -> Expr<T> {
                Expr::new(format!("{}[{position}]", self.text()))
            }
        }
    )*};
}

index_vector! { Vec2 Vec3 Vec4 }

/// `value.member`, which `member` names: of a struct in a storage buffer no more than that is read.
pub fn member_of<B: WgslType, M>(value: Expr<B>, member: Expr<M>) -> Expr<M> {
    if B::IS_STRUCT {
        statement::count_part::<B, M>(&value.text());
    }
    member
}

/// `array[position]`.
pub fn index<A: Index, I: WgslType>(array: A, position: Expr<I>) -> Expr<A::Element> {
    array.element(&position.text())
}

/// A literal.
pub fn lit<T: Literal>(value: T) -> Expr<T> {
    Expr::new(value.literal())
}

/// The place that a pointer parameter or a variable names.
pub fn place<T>(text: &str) -> Expr<T> {
    Expr::new(text.to_owned())
}

/// A call of WGSL's builtin `name`.
pub fn text_call<T>(name: &str, arguments: &[String]) -> Expr<T> {
    Expr::new(format!("{name}({})", arguments.join(", ")))
}

/// `[value; N]`: WGSL's zero value where it is zero, else every element written out.
pub fn zero_array<T: WgslType, const N: usize>(value: Expr<T>) -> Expr<[T; N]> {
    // Rust evaluates it once; WGSL's text repeats it.
    let value = value.keep();
    let text = value.text();
    let zero = matches!(text.as_str(), "0.0f" | "0.0h" | "0u" | "0i" | "false") || text == format!("{}()", T::wgsl());
    let arguments = if zero { String::new() } else { vec![text; N].join(", ") };
    Expr::new(format!("{}({arguments})", <[T; N]>::wgsl()))
}
