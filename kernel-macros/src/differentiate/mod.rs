//! `#[differentiable]`: from a device function the one that gives its gradient, by reverse mode. What comes out is an
//! ordinary device function, so that the CPU's semantics and the emission follow by themselves.

mod reverse;
mod rules;
mod tape;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Block, Expr, FnArg, Ident, ItemStruct, Meta, Pat, ReturnType, Signature, Type};

use crate::diagnostics::Diagnostics;
use crate::lower::constant::Constants;
use tape::{Shape, Tape};

/// What `#[differentiable]` says of a function.
pub struct Marker {
    /// `derivative = f`: the author's own derivative by the one differentiable argument.
    derivative: Option<Expr>,
    /// Arguments that are not differentiated by, by position.
    constants: Vec<bool>,
}

/// A function's gradient: what it returns and its body.
pub struct Gradient {
    /// The struct of the gradients by each argument.
    pub structure: ItemStruct,
    /// The function, without its body.
    pub signature: Signature,
    /// Its body.
    pub block: Block,
}

/// Takes `#[differentiable]` off a function and `#[constant]` off its arguments.
pub fn marker(attributes: &mut Vec<Attribute>, sig: &mut Signature, diagnostics: &mut Diagnostics) -> Option<Marker> {
    let mut found = None;
    attributes.retain(|attribute| {
        let is_marker = attribute.path().segments.last().is_some_and(|last| last.ident == "differentiable");
        if is_marker {
            found = Some(derivative(&attribute.meta, diagnostics));
        }
        !is_marker
    });
    let derivative = found?;
    let constants = sig
        .inputs
        .iter_mut()
        .map(|input| {
            let FnArg::Typed(typed) = input else { return true };
            let before = typed.attrs.len();
            typed.attrs.retain(|attribute| !attribute.path().is_ident("constant"));
            typed.attrs.len() != before
        })
        .collect();
    Some(Marker { derivative, constants })
}

fn derivative(meta: &Meta, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let Meta::List(list) = meta else { return None };
    match list.parse_args::<syn::MetaNameValue>() {
        Ok(named) if named.path.is_ident("derivative") => Some(named.value),
        Ok(named) => {
            diagnostics.error(&named.path, "`#[differentiable]` takes `derivative = f` or nothing");
            None
        }
        Err(error) => {
            diagnostics.add(error);
            None
        }
    }
}

/// The function to differentiate; one of a trait may have no body.
pub struct Of<'a> {
    pub sig: &'a Signature,
    pub block: Option<&'a Block>,
    pub constants: &'a Constants,
}

/// What the gradient is called.
pub struct Names {
    /// The function.
    pub function: Ident,
    /// The struct.
    pub structure: Ident,
    /// The struct as the signature names it.
    pub result: Type,
}

/// The gradient of a function.
pub fn gradient(marker: &Marker, of: &Of<'_>, names: Names, diagnostics: &mut Diagnostics) -> Option<Gradient> {
    let Of { sig, block, constants } = *of;
    let Names { function, structure, result } = names;
    let seed_type = value_type(sig, diagnostics)?;
    let mut fields: Vec<(usize, Ident, Type)> = Vec::new();
    let mut arguments = Vec::new();
    for (at, input) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(typed) = input else { continue };
        let Pat::Ident(argument) = &*typed.pat else { continue };
        let shape = if marker.constants.get(at) == Some(&true) { None } else { Shape::of(&typed.ty) };
        if shape.is_some() {
            fields.push((at, argument.ident.clone(), (*typed.ty).clone()));
        }
        arguments.push((argument.ident.clone(), shape));
    }
    if fields.is_empty() {
        diagnostics
            .error(&sig.inputs, "there is nothing to differentiate by: no argument is an `f32` or a vector of it");
        return None;
    }
    let is_free = |name: &Ident| !arguments.iter().any(|(argument, _)| argument == name);
    let seed = ["dy", "d_value", "gradient_by_the_value"].map(|name| Ident::new(name, sig.ident.span()));
    let seed = seed.into_iter().find(is_free)?;
    let (statements, gradients) = match (block, &marker.derivative) {
        (None, _) => (Vec::new(), Vec::new()),
        (Some(_), Some(derivative)) => {
            if let [(_, _, ty), ..] = &fields[..]
                && (fields.len() > 1 || Shape::of(ty) != Some(Shape::Scalar) || seed_type != *ty)
            {
                diagnostics
                    .error(derivative, "`derivative` is of one `f32` by one `f32`: mark the others `#[constant]`");
                return None;
            }
            let names = arguments.iter().map(|(name, _)| name);
            (Vec::new(), vec![syn::parse_quote!(#seed * #derivative(#(#names),*))])
        }
        (Some(block), None) => {
            let mut tape = Tape::new(block, constants, diagnostics);
            tape.reserve(&seed);
            let ids: Vec<_> = arguments.iter().map(|(name, shape)| tape.argument(name, *shape)).collect();
            let (steps, value) = tape.body(block)?;
            let by: Vec<_> =
                ids.iter().zip(&arguments).filter(|(_, (_, shape))| shape.is_some()).map(|(id, _)| *id).collect();
            reverse::body(&mut tape, &steps, value, &seed, &by)
        }
    };
    let mut signature = sig.clone();
    signature.ident = function;
    signature.inputs.push(syn::parse_quote!(#seed: #seed_type));
    signature.output = syn::parse_quote!(-> #result);
    let names: Vec<&Ident> = fields.iter().map(|(_, name, _)| name).collect();
    let types: Vec<&Type> = fields.iter().map(|(_, _, ty)| ty).collect();
    let docs = names.iter().map(|name| format!("By `{name}`."));
    let doc = format!("The gradient of a loss by each argument of `{}`.", sig.ident);
    Some(Gradient {
        structure: syn::parse_quote! {
            #[doc = #doc]
            pub struct #structure { #(#[doc = #docs] pub #names: #types,)* }
        },
        block: syn::parse_quote!({ #(#statements)* <#result>::__of(#(#gradients),*) }),
        signature,
    })
}

fn value_type(sig: &Signature, diagnostics: &mut Diagnostics) -> Option<Type> {
    if sig.asyncness.is_some() {
        diagnostics.error(
            &sig.asyncness,
            "a differentiable function waits for nothing: reduce in the kernel, between two of them",
        );
        return None;
    }
    match &sig.output {
        ReturnType::Type(_, ty) if Shape::of(ty).is_some() => Some((**ty).clone()),
        ReturnType::Type(_, ty) => {
            diagnostics.error(ty, "a differentiable function gives an `f32` or a vector of it");
            None
        }
        ReturnType::Default => {
            diagnostics.error(&sig.ident, "a differentiable function gives an `f32` or a vector of it");
            None
        }
    }
}

/// What belongs to the struct beside its declaration: how it is made, and its fields by the arguments' positions.
pub fn structure_items(gradient: &Gradient, sig: &Signature) -> TokenStream {
    let name = &gradient.structure.ident;
    let fields: Vec<(&Ident, &Type)> =
        gradient.structure.fields.iter().filter_map(|field| Some((field.ident.as_ref()?, &field.ty))).collect();
    let (names, types): (Vec<&Ident>, Vec<&Type>) = fields.iter().copied().unzip();
    let mut sorted = names.clone();
    sorted.sort_by_key(|name| name.to_string());
    let partials = sig.inputs.iter().enumerate().filter_map(|(at, input)| {
        let FnArg::Typed(typed) = input else { return None };
        let Pat::Ident(argument) = &*typed.pat else { return None };
        let (name, ty) = fields.iter().find(|(name, _)| **name == argument.ident)?;
        Some((at, *name, *ty))
    });
    let wide = format_ident!("__Wide{name}");
    let partials = partials.map(|(at, field, ty)| {
        quote! {
            impl ::kernel::gradient::Partial<#at> for #name {
                type Of = #ty;
                fn of(self) -> #ty {
                    self.#field
                }
            }
            ::kernel::__emit_only! {
                impl ::kernel::gradient::EmitPartial<#at> for #name {
                    fn emit(gradient: ::kernel::emit::Expr<Self>) -> ::kernel::emit::Expr<#ty> {
                        gradient.#field
                    }
                }
            }
            ::kernel::__reference_only! {
                impl ::kernel::gradient::Partial<#at> for #wide {
                    type Of = ::kernel::reference::Wide<#ty>;
                    fn of(self) -> Self::Of {
                        self.#field
                    }
                }
            }
        }
    });
    quote! {
        #[allow(missing_docs, unused, clippy::all)]
        impl #name {
            #[doc(hidden)]
            #[inline(always)]
            pub fn __of(#(#names: #types),*) -> Self {
                Self { #(#names),* }
            }
            ::kernel::__emit_only! {
                #[doc(hidden)]
                pub fn __emit___of(#(#names: ::kernel::emit::Expr<#types>),*) -> ::kernel::emit::Expr<Self> {
                    Self::__emit_literal(#(#sorted),*)
                }
            }
            ::kernel::__reference_only! {
                #[doc(hidden)]
                pub fn __reference___of(#(#names: ::kernel::reference::Wide<#types>),*) -> #wide {
                    #wide { #(#names),* }
                }
            }
        }
        #(#partials)*
    }
}

/// `value` of a trait has `value_gradient`.
pub fn method_name(function: &Ident) -> Ident {
    format_ident!("{function}_gradient", span = function.span())
}

/// The associated type by which an `impl` names the struct: `ValueGradient`.
pub fn associated_name(function: &Ident) -> Ident {
    format_ident!("{}Gradient", camel(&function.to_string()), span = function.span())
}

/// The struct's name: `GeluGradient`, `ActivationValueGradient`.
pub fn structure_name(owner: Option<&Ident>, function: &Ident) -> Ident {
    let owner = owner.map(ToString::to_string).unwrap_or_default();
    format_ident!("{owner}{}Gradient", camel(&function.to_string()), span = function.span())
}

fn camel(name: &str) -> String {
    let upper = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.trim_start_matches("r#").split('_').map(upper).collect()
}

/// The trait that tells every implementation the names of the gradients' structs.
pub fn naming_trait(owner: &Ident, visibility: &syn::Visibility, names: &[(Ident, Ident)]) -> (Ident, TokenStream) {
    let naming = format_ident!("__{owner}Gradients");
    let (associated, structures): (Vec<&Ident>, Vec<&Ident>) = names.iter().map(|(a, s)| (a, s)).unzip();
    let tokens = quote! {
        #[doc(hidden)]
        #[allow(missing_docs)]
        #visibility trait #naming {
            #(type #associated;)*
        }
        impl<T: ?Sized> #naming for T {
            #(type #associated = #structures;)*
        }
    };
    (naming, tokens)
}
