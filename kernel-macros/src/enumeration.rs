//! `#[device]` on an enum: a number for each of its variants, which a `match` takes apart.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, Ident, ItemEnum};

use crate::diagnostics::Diagnostics;

/// The enum with its number in memory, and each variant as a constant of the module.
pub fn expand(input: &ItemEnum, diagnostics: &mut Diagnostics) -> TokenStream {
    check(input, diagnostics);
    if !diagnostics.is_empty() {
        return quote!(#input);
    }
    let name = &input.ident;
    let variants: Vec<&Ident> = input.variants.iter().map(|variant| &variant.ident).collect();
    let numbers: Vec<u32> = (0..variants.len() as u32).collect();
    let Some((last, others)) = variants.split_last() else { return quote!(#input) };
    let other_numbers = &numbers[..others.len()];
    quote! {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        #input

        impl ::kernel::layout::UniformField for #name {
            type Stored = u32;
            const SCALAR: ::kernel::layout::Scalar = ::kernel::layout::Scalar::U32;
            fn stored(self) -> u32 {
                self as u32
            }
            // A number that no variant has is the last one, as it is to a `match`, whose last case is WGSL's `default`.
            fn of_stored(stored: u32) -> Self {
                match stored {
                    #(#other_numbers => Self::#others,)*
                    _ => Self::#last,
                }
            }
        }

        impl ::kernel::ops::Selector for #name {}
        impl ::kernel::ops::ToU32 for #name {
            #[inline(always)]
            fn to_u32(self) -> u32 {
                self as u32
            }
        }

        ::kernel::__reference_only! {
            impl ::kernel::reference::Widen for #name {
                type Wide = Self;
                #[inline(always)]
                fn widen(self) -> Self {
                    self
                }
            }
            impl ::kernel::reference::ops::Selector for #name {}
            impl ::kernel::reference::ops::ToU32 for #name {
                #[inline(always)]
                fn to_u32(self) -> u32 {
                    self as u32
                }
            }
        }

        ::kernel::__emit_only! {
            impl ::kernel::emit::WgslType for #name {
                fn wgsl() -> ::std::string::String {
                    ::std::string::String::from("u32")
                }
            }

            impl ::kernel::emit::Literal for #name {
                fn literal(self) -> ::std::string::String {
                    let variant = match self {
                        #(Self::#variants => stringify!(#variants),)*
                    };
                    ::kernel::emit::enumerator::<Self>(stringify!(#name), variant, self as u32)
                }
            }
        }
    }
}

fn check(input: &ItemEnum, diagnostics: &mut Diagnostics) {
    if !input.generics.params.is_empty() {
        diagnostics.error(&input.generics, "a device enum has no generics");
    }
    if input.variants.is_empty() {
        diagnostics.error(&input.ident, "a device enum has variants: there is no value without one");
    }
    if let Some(representation) = input.attrs.iter().find(|attribute| attribute.path().is_ident("repr")) {
        diagnostics.error(representation, "a device enum is a `u32` in WGSL, without `repr`");
    }
    for variant in &input.variants {
        if !matches!(variant.fields, Fields::Unit) {
            diagnostics.error(&variant.fields, "WGSL has no enums with fields: a variant is a number");
        }
        if let Some((_, discriminant)) = &variant.discriminant {
            diagnostics.error(discriminant, "a device enum's variants are numbered in their order, from 0");
        }
    }
}
