//! `#[params]`: the author's struct, its padded twin with WGSL's layout, and its WGSL declaration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Fields, Ident, Item, ItemStruct, Type};

use crate::diagnostics::Diagnostics;

pub fn expand(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let input: ItemStruct = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(input)) => input,
        Ok(other) => {
            diagnostics.error_at_start(&other, "`#[params]` stands on a struct");
            return diagnostics.into_tokens(item).unwrap_or_default();
        }
        Err(error) => {
            diagnostics.add(error);
            return diagnostics.into_tokens(item).unwrap_or_default();
        }
    };
    let fields = named_fields(&input, "params", &mut diagnostics);
    // A generic's own fields add nothing to that error.
    let checked = if input.generics.params.is_empty() { &fields[..] } else { &[] };
    for (_, ty) in checked {
        let name = crate::signature::last_name(ty).unwrap_or_default();
        match name.as_str() {
            "bool" => diagnostics.error(ty, "`bool` has no layout in WGSL: use `u32` and compare with 0"),
            "u64" | "i64" | "usize" | "f64" | "u8" | "u16" => {
                diagnostics.error(ty, format!("WGSL has no `{name}`: use `u32`, `i32` or `f32`"));
            }
            "" => diagnostics.error(
                ty,
                "params hold `u32`, `i32`, `f32`, vectors of them and `#[device]` enums; arrays go to a storage buffer",
            ),
            // Others may be enums, which rustc knows.
            _ => {}
        }
    }
    if let Some(tokens) = diagnostics.into_tokens(quote!(#input)) {
        return tokens;
    }
    let name = &input.ident;
    let raw = format_ident!("__Padded{name}");
    let names: Vec<&Ident> = fields.iter().map(|(name, _)| name).collect();
    let types: Vec<&Type> = fields.iter().map(|(_, ty)| ty).collect();
    let offsets: Vec<Ident> = names.iter().map(|name| format_ident!("OFFSET_{}", name)).collect();
    let pads: Vec<Ident> = names.iter().map(|name| format_ident!("__before_{}", name)).collect();
    // OffsetOfMember(S, i) = roundUp(AlignOf(member i), OffsetOfMember(S, i-1) + SizeOf(member i-1)), WGSL §14.4.1.
    let stored: Vec<TokenStream> =
        types.iter().map(|ty| quote!(<#ty as ::kernel::layout::UniformField>::Stored)).collect();
    let mut layout = Vec::new();
    let mut ends = vec![quote!(0)];
    for (stored, offset) in stored.iter().zip(&offsets) {
        let end = ends.last();
        layout.push(quote! {
            pub const #offset: usize = ::kernel::layout::round_up(<#stored as ::kernel::layout::Layout>::ALIGN, #end);
        });
        ends.push(quote!(#raw::#offset + <#stored as ::kernel::layout::Layout>::SIZE));
    }
    let end = ends.pop();
    let before = ends;
    let structure = structure(name, &fields);
    let plain = plain(name);
    quote! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        #input
        #plain

        #[doc(hidden)]
        #[allow(non_snake_case, non_camel_case_types)]
        #[derive(Clone, Copy)]
        #[repr(C)]
        struct #raw {
            #(#pads: [u8; #raw::#offsets - (#before)], #names: #stored,)*
            __after: [u8; #raw::BYTES - (#end)],
        }

        #[allow(non_upper_case_globals)]
        impl #raw {
            #(#layout)*
            pub const BYTES: usize = ::kernel::layout::round_up(16, #end);
        }

        const _: () = {
            #(assert!(::core::mem::offset_of!(#raw, #names) == #raw::#offsets, "the padded struct has WGSL's layout");)*
            assert!(::core::mem::size_of::<#raw>() == #raw::BYTES, "the padded struct has WGSL's size");
        };

        impl ::kernel::params::Params for #name {
            const BYTES: usize = #raw::BYTES;
            const FIELDS: &'static [::kernel::params::Field] = &[
                #(::kernel::params::Field {
                    name: stringify!(#names),
                    offset: #raw::#offsets,
                    size: <#stored as ::kernel::layout::Layout>::SIZE,
                    scalar: <#types as ::kernel::layout::UniformField>::SCALAR,
                },)*
            ];
            fn to_bytes(&self) -> ::std::vec::Vec<u8> {
                let mut bytes = ::std::vec![0; Self::BYTES];
                #(
                    let stored = ::kernel::layout::UniformField::stored(self.#names);
                    let field = ::kernel::bytemuck::bytes_of(&stored);
                    bytes[#raw::#offsets..#raw::#offsets + field.len()].copy_from_slice(field);
                )*
                bytes
            }
            fn from_bytes(bytes: &[u8]) -> Self {
                let mut whole = ::std::vec![0; Self::BYTES];
                let known = bytes.len().min(Self::BYTES);
                whole[..known].copy_from_slice(&bytes[..known]);
                Self {
                    #(#names: <#types as ::kernel::layout::UniformField>::of_stored(
                        ::kernel::bytemuck::pod_read_unaligned(
                            &whole[#raw::#offsets..#raw::#offsets + <#stored as ::kernel::layout::Layout>::SIZE],
                        ),
                    ),)*
                }
            }
        }

        #structure
    }
}

/// Names and types of a struct's fields.
pub fn named_fields(input: &ItemStruct, what: &str, diagnostics: &mut Diagnostics) -> Vec<(Ident, Type)> {
    if !input.generics.params.is_empty() {
        diagnostics.error(&input.generics, format!("a {what} struct has no generics"));
    }
    let Fields::Named(named) = &input.fields else {
        diagnostics.error(&input.fields, format!("a {what} struct has named fields"));
        return Vec::new();
    };
    if named.named.is_empty() {
        diagnostics.error(&input.ident, "WGSL has no empty structs: leave the argument out");
    }
    named.named.iter().filter_map(|field| Some((field.ident.clone()?, field.ty.clone()))).collect()
}

/// A literal of the struct is the struct itself, on the CPU. It lies in no memory, so the parts of it that a kernel names
/// there are all of it: an error then says the one thing that is wrong.
pub fn plain(name: &Ident) -> TokenStream {
    quote! {
        impl ::kernel::part::Parts for #name {
            fn part(_: &[::kernel::part::Step]) -> ::kernel::part::Part {
                ::kernel::part::Part::whole::<Self>()
            }
        }

        impl ::kernel::structure::Structure for #name {
            type Fields = Self;
            #[inline(always)]
            fn of(fields: Self) -> Self {
                fields
            }
        }
    }
}

/// The struct as a WGSL type: its declaration, handles of its fields, and a constructor.
pub fn structure(name: &Ident, fields: &[(Ident, Type)]) -> TokenStream {
    let handles = format_ident!("__{name}Fields");
    let names: Vec<&Ident> = fields.iter().map(|(name, _)| name).collect();
    let types: Vec<&Type> = fields.iter().map(|(_, ty)| ty).collect();
    let mut sorted: Vec<&(Ident, Type)> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| name.to_string());
    let arguments = sorted.iter().map(|(name, ty)| quote!(#name: ::kernel::emit::Expr<#ty>));
    let reference = crate::reference::structure(name, fields);
    quote! {
        #reference

        ::kernel::__emit_only! {
            #[doc(hidden)]
            pub struct #handles {
                #(pub #names: ::kernel::emit::Expr<#types>,)*
            }

            impl ::kernel::emit::WgslType for #name {
                const IS_STRUCT: bool = true;
                fn wgsl() -> ::std::string::String {
                    ::kernel::emit::declare_struct::<Self>(
                        stringify!(#name),
                        &[#(::std::format!(
                            "{}: {}",
                            ::kernel::emit::member(stringify!(#names)),
                            <#types as ::kernel::emit::WgslType>::wgsl()
                        )),*],
                    )
                }
            }

            impl ::kernel::emit::Struct for #name {
                type Fields = #handles;
                fn fields(text: &str) -> #handles {
                    #handles {
                        #(#names: ::kernel::emit::Expr::new(
                            ::std::format!("{text}.{}", ::kernel::emit::member(stringify!(#names)))
                        ),)*
                    }
                }
            }

            impl #name {
                #[doc(hidden)]
                #[allow(clippy::too_many_arguments)]
                pub fn __emit_literal(#(#arguments),*) -> ::kernel::emit::Expr<#name> {
                    ::kernel::emit::text_call(
                        &<#name as ::kernel::emit::WgslType>::wgsl(),
                        &[#(#names.text()),*],
                    )
                }
            }
        }
    }
}
