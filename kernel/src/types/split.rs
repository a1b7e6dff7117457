//! What `modf` and `frexp` give: WGSL's `__modf_result` and `__frexp_result` (§17.5), which no program can spell.

/// A number's parts before and behind the point, both with its sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modf<T> {
    /// `x - trunc(x)`.
    pub fract: T,
    /// `trunc(x)`.
    pub whole: T,
}

/// A number as `fract · 2^exp`. Of zero both are zero; of an infinity and of NaN they mean nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frexp<T, E> {
    /// At least 0.5 and less than 1, with the number's sign.
    pub fract: T,
    /// The power of 2: `i32`, or a vector of it.
    pub exp: E,
}

macro_rules! result {
    ($name:ident<$($generic:ident),*> $fields:ident: $($field:ident $ty:ident $doc:literal),*;) => {
        /// WGSL gives this type no name that a program may write: a `let` or `var` of it leaves its type out.
        #[cfg(feature = "emit")]
        impl<$($generic: crate::emit::WgslType),*> crate::emit::WgslType for $name<$($generic),*> {
            fn wgsl() -> String {
                String::new()
            }
        }

        #[cfg(feature = "emit")]
        #[doc = concat!("The members of a [`", stringify!($name), "`].")]
        pub struct $fields<$($generic),*> {
            $(#[doc = $doc] pub $field: crate::emit::Expr<$ty>,)*
        }

        #[cfg(feature = "emit")]
        impl<$($generic: crate::emit::WgslType),*> crate::emit::Struct for $name<$($generic),*> {
            type Fields = $fields<$($generic),*>;
            fn fields(text: &str) -> Self::Fields {
                $fields { $($field: crate::emit::Expr::new(format!(concat!("{}.", stringify!($field)), text)),)* }
            }
        }

        #[cfg(feature = "reference")]
        impl<$($generic: crate::reference::Widen),*> crate::reference::Widen for $name<$($generic),*> {
            type Wide = $name<$($generic::Wide),*>;
            fn widen(self) -> Self::Wide {
                $name { $($field: self.$field.widen(),)* }
            }
        }
    };
}

result! { Modf<T> ModfFields: fract T "`x - trunc(x)`.", whole T "`trunc(x)`."; }
result! { Frexp<T, E> FrexpFields: fract T "Its size is at least 0.5 and less than 1.", exp E "The power of 2."; }
