//! `#[storage]`: a struct whose bytes are those of WGSL's struct of the same fields, with every byte between them a field.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Fields, Ident, Item, ItemStruct, Type};

use crate::diagnostics::Diagnostics;
use crate::params;

pub fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    if !attribute.is_empty() {
        diagnostics.error(&attribute, "`#[storage]` takes nothing");
    }
    let input: ItemStruct = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Struct(input)) => input,
        Ok(other) => {
            diagnostics.error_at_start(&other, "`#[storage]` stands on a struct");
            return diagnostics.into_tokens(item).unwrap_or_default();
        }
        Err(error) => {
            diagnostics.add(error);
            return diagnostics.into_tokens(item).unwrap_or_default();
        }
    };
    let fields = params::named_fields(&input, "storage", &mut diagnostics);
    let checked = if input.generics.params.is_empty() { &fields[..] } else { &[] };
    for (_, ty) in checked {
        refuse(ty, &mut diagnostics);
    }
    let representation = input.attrs.iter().find(|attribute| attribute.path().is_ident("repr"));
    if let Some(representation) = representation {
        diagnostics.error(representation, "`#[storage]` says how the struct is laid out: WGSL's way");
    }
    match diagnostics.into_tokens(quote!(#input)) {
        Some(errors) => errors,
        None => Layout::of(&input, &fields).tokens(),
    }
}

/// Says of a field's type, as far as its name tells, why memory does not hold it.
fn refuse(ty: &Type, diagnostics: &mut Diagnostics) {
    match ty {
        Type::Array(array) => {
            if crate::signature::last_name(&array.elem).as_deref() == Some("Vec3") {
                let message =
                    "WGSL's arrays keep 16 bytes for a `vec3`, Rust's 12: use `Vec4`, or a struct with the `Vec3`";
                diagnostics.error(&array.elem, message);
            } else {
                refuse(&array.elem, diagnostics);
            }
        }
        ty => match crate::signature::last_name(ty).unwrap_or_default().as_str() {
            "bool" => diagnostics.error(ty, "`bool` has no layout in WGSL: use `u32` and compare with 0"),
            name @ ("u64" | "i64" | "usize" | "f64" | "u8" | "u16") => {
                diagnostics.error(ty, format!("WGSL has no `{name}`: use `u32`, `i32` or `f32`"));
            }
            "Atomic" => {
                diagnostics.error(ty, "an atomic is an element of its own, `Storage<Atomic<..>>`, and no field of one");
            }
            _ => {}
        },
    }
}

/// A struct and where its fields lie.
struct Layout<'a> {
    input: &'a ItemStruct,
    fields: &'a [(Ident, Type)],
    names: Vec<&'a Ident>,
    types: Vec<&'a Type>,
    /// The type that has the numbers as constants.
    numbers: Ident,
    offsets: Vec<Ident>,
    pads: Vec<Ident>,
    /// Where the field before each ends, as an expression.
    ends: Vec<TokenStream>,
    /// Where the last field ends.
    end: TokenStream,
}

impl<'a> Layout<'a> {
    fn of(input: &'a ItemStruct, fields: &'a [(Ident, Type)]) -> Self {
        let (names, types): (Vec<_>, Vec<_>) = fields.iter().map(|(name, ty)| (name, ty)).unzip();
        let numbers = format_ident!("__{}Layout", input.ident);
        let offsets: Vec<Ident> = names.iter().map(|name| format_ident!("OFFSET_{}", name)).collect();
        let pads = names.iter().map(|name| format_ident!("__before_{}", name)).collect();
        let mut ends = vec![quote!(0)];
        for (ty, offset) in types.iter().zip(&offsets) {
            ends.push(quote_spanned!(ty.span()=> #numbers::#offset + <#ty as ::kernel::layout::Layout>::SIZE));
        }
        let end = ends.pop().unwrap_or_default();
        Self { input, fields, names, types, numbers, offsets, pads, ends, end }
    }

    fn tokens(&self) -> TokenStream {
        let (structure, numbers, literal) = (self.structure(), self.numbers(), self.literal());
        let (name, names, types) = (&self.input.ident, &self.names, &self.types);
        let wgsl = params::structure(name, self.fields);
        let text = name.to_string();
        let smallest = types.iter().fold(
            quote!(usize::MAX),
            |smallest, ty| quote!(::kernel::layout::lesser(#smallest, <#ty as ::kernel::layout::Layout>::GRAIN)),
        );
        let (numbers_name, of_wide) = (&self.numbers, format_ident!("__Wide{}", name));
        let (parts, wide_parts) = (self.parts(name), self.parts(&of_wide));
        let visibility = &self.input.vis;
        quote! {
            #structure
            #numbers
            #literal

            ::kernel::__plain_bytes!(#name);

            impl ::kernel::layout::Layout for #name {
                const SIZE: usize = #numbers_name::SIZE;
                const ALIGN: usize = #numbers_name::ALIGN;
                const GRAIN: usize = #smallest;
            }

            impl ::kernel::layout::Element for #name {
                const SCALAR: ::kernel::layout::Scalar = ::kernel::layout::Scalar::Struct;
            }

            #parts

            impl ::core::fmt::Debug for #name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_struct(#text)#(.field(stringify!(#names), &self.#names))*.finish()
                }
            }

            #wgsl

            ::kernel::__emit_only! {
                impl #name {
                    #[doc(hidden)]
                    #[allow(clippy::too_many_arguments)]
                    #visibility fn __emit_new(#(#names: ::kernel::emit::Expr<#types>),*) -> ::kernel::emit::Expr<#name> {
                        ::kernel::emit::text_call(
                            &<#name as ::kernel::emit::WgslType>::wgsl(),
                            &[#(#names.text()),*],
                        )
                    }
                }
            }

            ::kernel::__reference_only! {
                impl #name {
                    #[doc(hidden)]
                    #[allow(clippy::too_many_arguments)]
                    #visibility fn __reference_new(#(#names: ::kernel::reference::Wide<#types>),*) -> #of_wide {
                        #of_wide { #(#names),* }
                    }
                }

                ::kernel::__wide_bytes!(#of_wide);
                #wide_parts
            }
        }
    }

    /// The author's struct with the bytes between its fields.
    fn structure(&self) -> TokenStream {
        let Self { input, numbers, offsets, pads, ends, end, .. } = self;
        let (attributes, visibility, name): (&[Attribute], _, _) = (&input.attrs, &input.vis, &input.ident);
        let Fields::Named(named) = &input.fields else { return TokenStream::new() };
        let fields = named.named.iter();
        quote! {
            #(#attributes)*
            #[derive(Clone, Copy, PartialEq)]
            #[repr(C)]
            #visibility struct #name {
                #(
                    #[doc(hidden)]
                    #pads: ::kernel::structure::Pad<{ #numbers::#offsets - (#ends) }>,
                    #fields,
                )*
                #[doc(hidden)]
                __after: ::kernel::structure::Pad<{ #numbers::SIZE - (#end) }>,
            }
        }
    }

    /// OffsetOfMember, AlignOf and SizeOf, and the check that Rust has them too.
    fn numbers(&self) -> TokenStream {
        let Self { names, types, numbers, offsets, ends, end, .. } = self;
        let name = &self.input.ident;
        let align = types.iter().fold(quote!(1), |align, ty| {
            quote_spanned!(ty.span()=> ::kernel::layout::greater(#align, <#ty as ::kernel::layout::Layout>::ALIGN))
        });
        // OffsetOfMember(S, i) = roundUp(AlignOf(member i), OffsetOfMember(S, i-1) + SizeOf(member i-1)), and
        // SizeOf(S) = roundUp(AlignOf(S), the last member's end), WGSL §14.4.1.
        quote! {
            #[doc(hidden)]
            struct #numbers;

            #[allow(non_upper_case_globals, clippy::identity_op)]
            impl #numbers {
                #(const #offsets: usize =
                    ::kernel::layout::round_up(<#types as ::kernel::layout::Layout>::ALIGN, #ends);)*
                const ALIGN: usize = #align;
                const SIZE: usize = ::kernel::layout::round_up(Self::ALIGN, #end);
            }

            const _: () = {
                #(
                    assert!(::core::mem::offset_of!(#name, #names) == #numbers::#offsets, "a field lies where WGSL has it");
                    assert!(
                        ::core::mem::size_of::<#types>() == <#types as ::kernel::layout::Layout>::SIZE,
                        "a field has WGSL's size"
                    );
                )*
                assert!(::core::mem::size_of::<#name>() == #numbers::SIZE, "the struct has WGSL's size");
                assert!(
                    #numbers::SIZE.is_multiple_of(4),
                    "the size of a storage struct is a multiple of 4 bytes, as buffers are: give it another `f16`"
                );
            };
        }
    }

    /// The fields without the bytes between them, which is what a literal gives, and `new`.
    fn literal(&self) -> TokenStream {
        let Self { names, types, pads, .. } = self;
        let (visibility, name) = (&self.input.vis, &self.input.ident);
        let fields = format_ident!("__{}Literal", name);
        let doc = format!("A `{name}` of its fields, in their order.");
        quote! {
            #[doc(hidden)]
            #visibility struct #fields {
                #(pub #names: #types,)*
            }

            impl ::kernel::structure::Structure for #name {
                type Fields = #fields;
                #[inline(always)]
                fn of(fields: #fields) -> Self {
                    Self::new(#(fields.#names),*)
                }
            }

            impl #name {
                #[doc = #doc]
                #[inline(always)]
                #[allow(clippy::too_many_arguments, dead_code)]
                #visibility const fn new(#(#names: #types),*) -> Self {
                    Self {
                        #(#pads: ::kernel::structure::Pad::ZERO, #names,)*
                        __after: ::kernel::structure::Pad::ZERO,
                    }
                }
            }
        }
    }

    /// Where a field's parts lie.
    fn parts(&self, name: &Ident) -> TokenStream {
        let (names, types) = (&self.names, &self.types);
        let is_wide = *name != self.input.ident;
        let of = |ty: &Type| if is_wide { quote!(::kernel::reference::Wide<#ty>) } else { quote!(#ty) };
        let types = types.iter().map(|ty| of(ty));
        quote! {
            impl ::kernel::part::Parts for #name {
                fn part(steps: &[::kernel::part::Step]) -> ::kernel::part::Part {
                    match steps.split_first() {
                        #(::core::option::Option::Some((::kernel::part::Step::Member(stringify!(#names)), rest)) => {
                            <#types as ::kernel::part::Parts>::part(rest).moved(::core::mem::offset_of!(Self, #names))
                        })*
                        _ => ::kernel::part::Part::whole::<Self>(),
                    }
                }
            }
        }
    }
}
