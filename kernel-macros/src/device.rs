//! `#[device]`: functions, traits of associated functions, their implementations, structs of values, and enums.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Block, ImplItem, Item, ItemFn, ItemImpl, ItemStruct, ItemTrait, ReturnType, Signature, TraitItem};

use crate::cpu_body;
use crate::diagnostics::{Diagnostics, stub, without_body};
use crate::differentiate;
use crate::enumeration;
use crate::lower::{self, BodyOf, constant::Constants, private};
use crate::params;
use crate::reference::{self, Scope};
use crate::signature::{self, Argument, Role};
use crate::uniformity::{self, Findings, Kind};

pub fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let expanded = match syn::parse2::<Item>(item.clone()) {
        Ok(Item::Fn(function)) => {
            // For tests of the analysis itself: what is not uniform is listed, and not refused.
            free_function(function, None, attribute.to_string() == "report_uniformity", &mut diagnostics)
        }
        Ok(Item::Trait(definition)) => trait_definition(definition, &mut diagnostics),
        Ok(Item::Impl(implementation)) => trait_implementation(implementation, &mut diagnostics),
        Ok(Item::Struct(structure)) => value_struct(structure, &mut diagnostics),
        Ok(Item::Enum(input)) => enumeration::expand(&input, &mut diagnostics),
        Ok(other) => {
            diagnostics
                .error_at_start(&item, "`#[device]` stands on a function, a trait, an `impl`, a struct or an enum");
            quote!(#other)
        }
        Err(error) => {
            diagnostics.add(error);
            item.clone()
        }
    };
    diagnostics.into_tokens(expanded.clone()).unwrap_or(expanded)
}

/// `#[differentiable]` before `#[device]`: as the same after it.
pub fn expand_differentiable(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    match syn::parse2::<ItemFn>(item.clone()) {
        Ok(mut function) => {
            let is_device = |attribute: &syn::Attribute| {
                attribute.path().segments.last().is_some_and(|last| last.ident == "device")
            };
            if function.attrs.iter().any(is_device) {
                function.attrs.retain(|attribute| !is_device(attribute));
                let marker =
                    if attribute.is_empty() { quote!(differentiable) } else { quote!(differentiable(#attribute)) };
                function.attrs.push(syn::parse_quote!(#[#marker]));
                return expand(TokenStream::new(), function.to_token_stream());
            }
            diagnostics.error(&function.sig.ident, "a differentiable function is a `#[device]` function too");
        }
        Err(_) => diagnostics.error_at_start(
            &item,
            "`#[differentiable]` stands on a `#[device]` function; in a trait or `impl`, on each function",
        ),
    }
    diagnostics.into_tokens(item.clone()).unwrap_or(item)
}

/// A function and its twin; `public` is its name in Rust where that is not the one in WGSL.
fn free_function(
    mut function: ItemFn,
    public: Option<syn::Ident>,
    report: bool,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let marker = differentiate::marker(&mut function.attrs, &mut function.sig, diagnostics);
    let constants = Constants::new(signature::const_generics(&function.sig.generics));
    let original = function.clone();
    let kind = Kind::of_device(function.sig.asyncness.is_some(), false, function.sig.inputs.len());
    let twin = twin(&mut function.sig, Some(&function.block), &constants, None, kind, diagnostics);
    let findings = &twin.findings;
    let report = report.then(|| findings.iter().map(Findings::report).collect::<TokenStream>());
    if report.is_none() {
        findings.iter().flat_map(|findings| findings.errors.clone()).for_each(|error| diagnostics.add(error));
    }
    let reference = reference::function(
        &function.sig,
        Some(&function.block),
        format_ident!("reference"),
        &constants,
        &Scope::default(),
    )
    .map(|reference| reference_only(&quote!(pub #reference)));
    cpu_body::rewrite(&mut function.block, &constants);
    if let (None, Some(findings)) = (&report, findings) {
        findings.assert_in(&mut function.block);
    }
    let summary = findings.as_ref().filter(|_| kind.has_constants()).map(|findings| findings.summary.constants());
    if !diagnostics.is_empty() {
        return without_body(&original);
    }
    let gradient = marker.map(|marker| free_gradient(&marker, &original, &constants, diagnostics));
    if !diagnostics.is_empty() {
        return without_body(&original);
    }
    if let Some(name) = public {
        function.sig.ident = name;
    }
    let (visibility, name) = (&function.vis, &function.sig.ident);
    let twin = twin.named(format_ident!("emit"));
    let doc = match &gradient {
        Some(_) => {
            let doc = format!("The gradient of [`{name}`](fn@{name}).");
            quote!(#[doc = #doc])
        }
        None => quote!(#[doc(hidden)]),
    };
    let module = quote! {
        #doc
        #visibility mod #name {
            #[allow(unused_imports)]
            use super::*;
            #summary
            #report
            #gradient
            ::kernel::__emit_only! {
                #[doc(hidden)]
                #[allow(unused, clippy::all)]
                pub #twin
            }
            #reference
        }
    };
    // Callers read the constants whether the function is emitted or not.
    let module = match (&summary, &report, &gradient) {
        (None, None, None) => quote!(::kernel::__emit_only! { #module }),
        _ => module,
    };
    quote! {
        #[inline]
        #[allow(clippy::too_many_arguments, unused_parens)]
        #function

        #module
    }
}

/// The struct and the function `gradient` in the module of a differentiable function's name.
fn free_gradient(
    marker: &differentiate::Marker,
    function: &ItemFn,
    constants: &Constants,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let name = &function.sig.ident;
    let structure = differentiate::structure_name(None, name);
    let gradient = differentiate::gradient(
        marker,
        &differentiate::Of { sig: &function.sig, block: Some(&function.block), constants },
        differentiate::Names {
            function: differentiate::method_name(name),
            result: syn::parse_quote!(#structure),
            structure,
        },
        diagnostics,
    );
    let Some(gradient) = gradient else { return TokenStream::new() };
    let items = differentiate::structure_items(&gradient, &function.sig);
    let structure = value_struct(gradient.structure, diagnostics);
    let doc = format!("The gradient by each argument of `{name}`; the last argument is the gradient by its value.");
    let item = ItemFn {
        attrs: vec![
            syn::parse_quote!(#[doc = #doc]),
            syn::parse_quote!(#[allow(unused, unused_assignments, clippy::all)]),
        ],
        vis: syn::parse_quote!(pub),
        sig: gradient.signature,
        block: Box::new(gradient.block),
        ..function.clone()
    };
    let function = free_function(item, Some(syn::Ident::new("gradient", name.span())), false, diagnostics);
    quote!(#structure #items #function)
}

fn trait_definition(mut definition: ItemTrait, diagnostics: &mut Diagnostics) -> TokenStream {
    let mut marked = Vec::new();
    for item in &mut definition.items {
        if let TraitItem::Fn(function) = item
            && let Some(marker) = differentiate::marker(&mut function.attrs, &mut function.sig, diagnostics)
        {
            marked.push((marker, function.clone()));
        }
    }
    let owner = definition.ident.to_string();
    let scope = Scope::default().within(&definition.generics);
    let mut twins: Vec<_> =
        definition.items.iter_mut().filter_map(|item| trait_function(item, &owner, &scope, diagnostics)).collect();
    let mut beside = TokenStream::new();
    let mut names = Vec::new();
    for (marker, function) in marked {
        if !diagnostics.is_empty() {
            break;
        }
        let method = &function.sig.ident;
        let structure = differentiate::structure_name(Some(&definition.ident), method);
        names.push((differentiate::associated_name(method), structure.clone()));
        let constants = Constants::new(signature::const_generics(&function.sig.generics));
        let gradient = differentiate::gradient(
            &marker,
            &differentiate::Of { sig: &function.sig, block: function.default.as_ref(), constants: &constants },
            differentiate::Names {
                function: differentiate::method_name(method),
                result: syn::parse_quote!(#structure),
                structure,
            },
            diagnostics,
        );
        let Some(gradient) = gradient else { continue };
        let items = differentiate::structure_items(&gradient, &function.sig);
        let structure = value_struct(gradient.structure, diagnostics);
        beside.extend(quote!(#structure #items));
        let doc =
            format!("The gradient by each argument of `{method}`; the last argument is the gradient by its value.");
        let mut item = TraitItem::Fn(syn::TraitItemFn {
            attrs: vec![
                syn::parse_quote!(#[doc = #doc]),
                syn::parse_quote!(#[allow(unused, unused_assignments, clippy::all)]),
            ],
            sig: gradient.signature,
            default: function.default.is_some().then_some(gradient.block),
            ..function
        });
        twins.extend(trait_function(&mut item, &owner, &scope, diagnostics));
        definition.items.push(item);
    }
    if !names.is_empty() {
        let (naming, tokens) = differentiate::naming_trait(&definition.ident, &definition.vis, &names);
        definition.colon_token.get_or_insert_default();
        definition.supertraits.push(syn::parse_quote!(#naming));
        beside.extend(tokens);
    }
    let definition = with_twins(definition.to_token_stream(), &twins, diagnostics);
    quote!(#definition #beside)
}

/// A trait's function's twins; its body becomes the CPU's.
fn trait_function(
    item: &mut TraitItem,
    owner: &str,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let TraitItem::Fn(function) = item else { return None };
    let constants = Constants::new(signature::const_generics(&function.sig.generics));
    let name = format_ident!("__emit_{}", function.sig.ident);
    let kind = Kind::of_device(function.sig.asyncness.is_some(), true, function.sig.inputs.len());
    let twin = twin(&mut function.sig, function.default.as_ref(), &constants, Some(owner), kind, diagnostics);
    let reference = reference::function(
        &function.sig,
        function.default.as_ref(),
        reference::twin_name(&function.sig.ident),
        &constants,
        scope,
    )
    .map(|reference| reference_only(&reference));
    if let Some(body) = &mut function.default {
        finish_body(body, &constants, twin.findings.as_ref(), diagnostics);
    }
    let twin = twin.named(name);
    Some(quote! {
        #[doc(hidden)]
        #[allow(unused, clippy::all)]
        #twin
        #reference
    })
}

fn trait_implementation(mut implementation: ItemImpl, diagnostics: &mut Diagnostics) -> TokenStream {
    let outer = signature::const_generics(&implementation.generics);
    let scope = Scope::default().within(&implementation.generics);
    // Two traits may give one type functions of one name.
    let owner = implementation.trait_.as_ref().map_or(String::new(), |(path, _)| path.to_token_stream().to_string());
    let mut marked = Vec::new();
    for item in &mut implementation.items {
        if let ImplItem::Fn(function) = item
            && let Some(marker) = differentiate::marker(&mut function.attrs, &mut function.sig, diagnostics)
        {
            if owner.is_empty() {
                let message = "`#[differentiable]` stands on a function of a trait, or on one outside of an `impl`";
                diagnostics.error(&function.sig.ident, message);
            }
            marked.push((marker, function.clone()));
        }
    }
    let mut twins: Vec<_> = implementation
        .items
        .iter_mut()
        .filter_map(|item| implemented_function(item, &outer, &owner, &scope, diagnostics))
        .collect();
    for (marker, function) in marked {
        if !diagnostics.is_empty() {
            break;
        }
        let method = &function.sig.ident;
        let associated = differentiate::associated_name(method);
        let constants = Constants::new(outer.iter().cloned().chain(signature::const_generics(&function.sig.generics)));
        let gradient = differentiate::gradient(
            &marker,
            &differentiate::Of { sig: &function.sig, block: Some(&function.block), constants: &constants },
            differentiate::Names {
                function: differentiate::method_name(method),
                result: syn::parse_quote!(::kernel::gradient::Of<Self::#associated>),
                structure: associated,
            },
            diagnostics,
        );
        let Some(gradient) = gradient else { continue };
        let mut item = ImplItem::Fn(syn::ImplItemFn {
            attrs: vec![syn::parse_quote!(#[allow(unused, unused_assignments, clippy::all)])],
            sig: gradient.signature,
            block: gradient.block,
            ..function
        });
        twins.extend(implemented_function(&mut item, &outer, &owner, &scope, diagnostics));
        implementation.items.push(item);
    }
    with_twins(implementation.to_token_stream(), &twins, diagnostics)
}

/// An implemented function's twins; its body becomes the CPU's.
fn implemented_function(
    item: &mut ImplItem,
    outer: &[String],
    owner: &str,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Option<TokenStream> {
    let ImplItem::Fn(function) = item else { return None };
    let constants = Constants::new(outer.iter().cloned().chain(signature::const_generics(&function.sig.generics)));
    let name = format_ident!("__emit_{}", function.sig.ident);
    let visibility = function.vis.clone();
    let kind = Kind::of_device(function.sig.asyncness.is_some(), true, function.sig.inputs.len());
    let twin = twin(&mut function.sig, Some(&function.block), &constants, Some(owner), kind, diagnostics);
    let reference = reference::function(
        &function.sig,
        Some(&function.block),
        reference::twin_name(&function.sig.ident),
        &constants,
        scope,
    )
    .map(|reference| reference_only(&quote!(#visibility #reference)));
    finish_body(&mut function.block, &constants, twin.findings.as_ref(), diagnostics);
    let twin = twin.named(name);
    function.attrs.push(syn::parse_quote!(#[inline]));
    Some(quote! {
        #[doc(hidden)]
        #[allow(unused, clippy::all)]
        #visibility #twin
        #reference
    })
}

/// A reference, where the crate `kernel` has them.
fn reference_only(reference: &TokenStream) -> TokenStream {
    quote! {
        ::kernel::__reference_only! {
            #[doc(hidden)]
            #[allow(unused, clippy::all)]
            #reference
        }
    }
}

/// The body for the CPU; of an item with errors only its shape, so that rustc adds none.
fn finish_body(body: &mut Block, constants: &Constants, findings: Option<&Findings>, diagnostics: &mut Diagnostics) {
    findings.iter().flat_map(|findings| findings.errors.clone()).for_each(|error| diagnostics.add(error));
    if diagnostics.is_empty() {
        cpu_body::rewrite(body, constants);
        if let Some(findings) = findings {
            findings.assert_in(body);
        }
    } else {
        *body = stub();
    }
}

/// The item once without twins and once with them: the feature `emit` of the crate `kernel` chooses, and an attribute
/// of this crate cannot ask for it.
fn with_twins(item: TokenStream, twins: &[TokenStream], diagnostics: &Diagnostics) -> TokenStream {
    if !diagnostics.is_empty() {
        return quote!(#[allow(unused, async_fn_in_trait)] #item);
    }
    let mut tokens: Vec<_> = item.into_iter().collect();
    if let Some(proc_macro2::TokenTree::Group(group)) = tokens.pop() {
        let inner = group.stream();
        let mut whole = proc_macro2::Group::new(
            proc_macro2::Delimiter::Brace,
            quote!(#inner ::kernel::__emit_only! { #(#twins)* }),
        );
        whole.set_span(group.span());
        tokens.push(whole.into());
    }
    let item: TokenStream = tokens.into_iter().collect();
    quote!(#[allow(async_fn_in_trait, clippy::too_many_arguments, unused_parens)] #item)
}

fn value_struct(input: ItemStruct, diagnostics: &mut Diagnostics) -> TokenStream {
    let fields = params::named_fields(&input, "device", diagnostics);
    let (structure, plain) = (params::structure(&input.ident, &fields), params::plain(&input.ident));
    quote! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        #input
        #plain
        #structure
    }
}

/// A twin, all but its name.
struct Twin {
    generics: syn::Generics,
    parameters: Vec<TokenStream>,
    /// The type that it gives.
    result: TokenStream,
    body: TokenStream,
    /// What the body does that may not be; none without a body.
    findings: Option<Findings>,
}

impl Twin {
    fn named(self, name: syn::Ident) -> TokenStream {
        let Self { generics, parameters, result, body, findings: _ } = self;
        let (_, _, bounds) = generics.split_for_impl();
        let parameters_list = &generics.params;
        let parameter_generics = if parameters_list.is_empty() { quote!() } else { quote!(<#parameters_list>) };
        quote!(fn #name #parameter_generics (#(#parameters),*) -> #result #bounds #body)
    }
}

fn twin(
    sig: &mut Signature,
    body: Option<&Block>,
    constants: &Constants,
    owner: Option<&str>,
    kind: Kind,
    diagnostics: &mut Diagnostics,
) -> Twin {
    check_signature(sig, diagnostics);
    let arguments = signature::arguments(sig.inputs.iter_mut(), diagnostics);
    let value = match &sig.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    let waits = sig.asyncness.is_some();
    let result = if waits { quote!(::kernel::emit::Pending<#value>) } else { quote!(::kernel::emit::Expr<#value>) };
    let parameters = arguments.iter().map(parameter).collect();
    let findings = body.map(|block| uniformity::check(block, &arguments, kind));
    let body = match body {
        None => quote!(;),
        Some(block) => {
            let has_value = !matches!(sig.output, ReturnType::Default);
            let of = BodyOf { arguments: &arguments, is_async: sig.asyncness.is_some(), has_value };
            let inner = lower::body(block, &of, constants, diagnostics);
            let text = sig.ident.to_string();
            let generics = signature::generic_names(&sig.generics);
            let full_generics = signature::full_generic_names(&sig.generics);
            // Where the function is written tells it from others of its name.
            let place = quote!(::core::concat!(::core::module_path!(), ":", ::core::line!(), ":", ::core::column!()));
            let new = match owner {
                Some(owner) => quote!(
                    #place,
                    &::std::format!("{} {}", #owner, ::core::any::type_name::<Self>()),
                    &::std::format!("{}_{}", ::kernel::variant::short_type_name::<Self>(), #text)
                ),
                None => quote!(#place, "", #text),
            };
            let bound = arguments.iter().map(bind);
            let function = private("__function");
            let call = quote!(#function.call(|| #inner));
            let call = if waits { quote!(::kernel::emit::pending(#call)) } else { call };
            quote!({
                let mut #function = ::kernel::emit::Function::new(#new, #generics, #full_generics);
                #(#bound)*
                #call
            })
        }
    };
    Twin { generics: sig.generics.clone(), parameters, result, body, findings }
}

fn check_signature(sig: &Signature, diagnostics: &mut Diagnostics) {
    if let ReturnType::Type(_, ty) = &sig.output
        && matches!(**ty, syn::Type::Tuple(_))
    {
        diagnostics.error(ty, "WGSL has no tuples: return a vector or a `#[device]` struct");
    }
}

/// An argument's parameter in the twin.
fn parameter(argument: &Argument) -> TokenStream {
    let (name, ty) = (&argument.name, &argument.ty);
    match &argument.role {
        Role::Storage { element, .. } => quote!(#name: ::kernel::emit::StorageRef<#element>),
        Role::Workgroup { element, .. } => quote!(#name: ::kernel::emit::WorkgroupRef<#element>),
        Role::Reference(inner) | Role::Pointer(inner) => quote!(#name: ::kernel::emit::Expr<#inner>),
        Role::Builtin(_) | Role::Value => quote!(#name: ::kernel::emit::Expr<#ty>),
    }
}

/// How the function under construction takes an argument.
fn bind(argument: &Argument) -> TokenStream {
    let name = &argument.name;
    let text = name.to_string();
    let function = private("__function");
    match &argument.role {
        Role::Storage { .. } => quote!(let #name = #function.storage(#name);),
        Role::Workgroup { .. } => quote!(let #name = #function.workgroup(#name);),
        Role::Reference(_) => quote!(let #name = #function.reference(#text, #name);),
        Role::Pointer(_) => quote!(let #name = #function.pointer(#text, #name);),
        Role::Builtin(_) | Role::Value => quote!(let #name = #function.value(#text, #name);),
    }
}
