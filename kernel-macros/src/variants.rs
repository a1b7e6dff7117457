//! `variants!`: the one explicit list of a program's kernel variants.

use proc_macro2::{TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Path, Token, Type, Visibility, braced, bracketed};

struct List {
    functions: Vec<Function>,
    entries: Vec<Path>,
}

/// `pub fn name;` gives what the emitter makes of every entry; `pub fn name -> T = of;` gives `of::<Kernel>()`.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    made: Option<(Type, Path)>,
}

impl Parse for List {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut functions = vec![input.parse()?];
        while input.peek(Token![#]) || input.peek(Token![pub]) || input.peek(Token![fn]) {
            functions.push(input.parse()?);
        }
        Ok(Self { functions, entries: entries(input)? })
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![fn]>()?;
        let name = input.parse()?;
        let made = if input.peek(Token![->]) {
            input.parse::<Token![->]>()?;
            let made = input.parse()?;
            input.parse::<Token![=]>()?;
            Some((made, input.parse()?))
        } else {
            None
        };
        input.parse::<Token![;]>()?;
        Ok(Self { attributes, visibility, name, made })
    }
}

fn entries(input: ParseStream<'_>) -> syn::Result<Vec<Path>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        if input.peek(Token![for]) {
            input.parse::<Token![for]>()?;
            let name: Ident = input.parse()?;
            input.parse::<Token![in]>()?;
            let list;
            bracketed!(list in input);
            let values = list.parse_terminated(<Argument as Parse>::parse, Token![,])?;
            let body;
            braced!(body in input);
            let body: TokenStream = body.parse()?;
            for value in values {
                let tokens = substitute(body.clone(), &name, &value.0);
                all.extend(syn::parse::Parser::parse2(entries, tokens)?);
            }
        } else {
            all.push(input.parse()?);
            input.parse::<Token![;]>()?;
        }
    }
    Ok(all)
}

/// A generic argument: a type or a number.
struct Argument(TokenStream);

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::Lit) {
            let literal: syn::Lit = input.parse()?;
            return Ok(Self(quote!(#literal)));
        }
        let ty: Type = input.parse()?;
        Ok(Self(quote!(#ty)))
    }
}

fn substitute(tokens: TokenStream, name: &Ident, value: &TokenStream) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) if ident == *name => value.clone(),
            TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), substitute(group.stream(), name, value));
                inner.set_span(group.span());
                TokenTree::Group(inner).into()
            }
            other => other.into(),
        })
        .collect()
}

pub fn expand(input: TokenStream) -> TokenStream {
    let list: List = match syn::parse2(input) {
        Ok(list) => list,
        Err(error) => return error.to_compile_error(),
    };
    let mut checks = Vec::new();
    let mut emits = Vec::new();
    let mut kernels = Vec::new();
    for entry in &list.entries {
        let mut path = entry.clone();
        let Some(last) = path.segments.last_mut() else { continue };
        let arguments = std::mem::replace(&mut last.arguments, syn::PathArguments::None);
        let arguments = match arguments {
            syn::PathArguments::AngleBracketed(arguments) => {
                let inner = &arguments.args;
                quote!(::<#inner>)
            }
            _ => quote!(),
        };
        // The entry's own place, where a limit is exceeded or a kernel is missing.
        let span = entry.span();
        checks.push(quote_spanned!(span=> const _: () = #path::Kernel #arguments::LIMITS;));
        emits.push(quote_spanned!(span=> #path::emit #arguments()));
        kernels.push(quote_spanned!(span=> #path::Kernel #arguments));
    }
    let functions = list.functions.iter().map(|Function { attributes, visibility, name, made }| match made {
        None => quote! {
            ::kernel::__emit_only! {
                #(#attributes)*
                #visibility fn #name() -> ::std::vec::Vec<::kernel::emit::EmittedVariant> {
                    ::std::vec![#(#emits),*]
                }
            }
        },
        Some((ty, of)) => quote! {
            #(#attributes)*
            #visibility fn #name() -> ::std::vec::Vec<#ty> {
                ::std::vec![#(#of::<#kernels>()),*]
            }
        },
    });
    quote! {
        #(#checks)*
        #(#functions)*
    }
}
