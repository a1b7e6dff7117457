//! The body once more with `f64` for `f32`: types become `Wide<T>`, literals lose their `f32`, calls go to the callee's
//! own reference, and operators to `kernel::reference::ops`. Integers and control flow stay as they are.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, FnArg, GenericArgument, Generics, Ident, Lit, Pat, Path, PathArguments, Signature, Type};

use crate::cpu_body;
use crate::lower::constant::{Constants, is_screaming};
use crate::signature;

/// Traits of the crate `kernel` that bound values; each has a counterpart in `kernel::reference::bounds`.
const BOUNDS: [&str; 21] = [
    "Value", "Element", "Float", "Ordered", "Vector", "Bits", "Stride", "Add", "Sub", "Mul", "Div", "Rem", "BitAnd",
    "BitOr", "BitXor", "Shift", "Neg", "ToF32", "ToF16", "ToU32", "ToI32",
];

/// What names mean in a function: its own generics and those around it.
#[derive(Clone, Default)]
pub struct Scope {
    types: Vec<String>,
    constants: Vec<String>,
}

impl Scope {
    /// The scope inside of generics.
    pub fn within(mut self, generics: &Generics) -> Self {
        self.types.extend(generics.type_params().map(|parameter| parameter.ident.to_string()));
        self.constants.extend(signature::const_generics(generics));
        self
    }
}

/// A function's reference under another name; without a body, a trait's declaration of it.
///
/// A function of cooperative matrices has none.
pub fn function(
    sig: &Signature,
    body: Option<&Block>,
    name: Ident,
    constants: &Constants,
    outer: &Scope,
) -> Option<TokenStream> {
    if is_cooperative(quote!(#sig #body)) {
        return None;
    }
    let scope = outer.clone().within(&sig.generics);
    let mut sig = sig.clone();
    sig.ident = name;
    bounds(&mut sig.generics);
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            typed.attrs.clear();
            *typed.ty = scope.wide(&typed.ty);
        }
    }
    if let syn::ReturnType::Type(_, ty) = &mut sig.output {
        **ty = scope.wide(ty);
    }
    match body {
        None => Some(quote!(#sig;)),
        Some(block) => {
            let mut block = block.clone();
            cpu_body::rewrite_reference(&mut block, constants);
            Rewrite { scope: &scope }.visit_block_mut(&mut block);
            Some(quote!(#sig #block))
        }
    }
}

/// Whether a kernel is generic over the type of a value, of which a dispatch cannot know the counterpart.
pub fn has_generic_values(generics: &Generics) -> bool {
    let mut bounds = generics.type_params().flat_map(|parameter| &parameter.bounds);
    bounds.any(|bound| matches!(bound, syn::TypeParamBound::Trait(bound) if is_value_bound(&bound.path)))
}

/// `kernel`'s own traits in bounds become those of the reference.
fn bounds(generics: &mut Generics) {
    struct Bounds;
    impl VisitMut for Bounds {
        fn visit_trait_bound_mut(&mut self, bound: &mut syn::TraitBound) {
            if is_value_bound(&bound.path)
                && let Some(last) = bound.path.segments.last()
            {
                bound.path = syn::parse_quote!(::kernel::reference::bounds::#last);
            }
        }
    }
    Bounds.visit_generics_mut(generics);
}

fn is_value_bound(path: &Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    let of_kernel = path.segments.len() == 1
        || path
            .segments
            .first()
            .is_some_and(|first| ["kernel", "ops", "builtins"].iter().any(|name| first.ident == name));
    of_kernel && BOUNDS.iter().any(|name| last.ident == name)
}

impl Scope {
    fn is_generic(&self, path: &Path) -> bool {
        let Some(first) = path.segments.first() else { return false };
        first.ident == "Self" || self.types.iter().any(|name| first.ident == name)
    }

    /// A value's type in the reference.
    fn wide(&self, ty: &Type) -> Type {
        match ty {
            Type::Path(path) if path.qself.is_none() && !self.is_generic(&path.path) => {
                let Some(last) = path.path.segments.last() else { return ty.clone() };
                match last.ident.to_string().as_str() {
                    "f32" | "f16" => syn::parse_quote_spanned!(ty.span()=> ::core::primitive::f64),
                    "u32" | "i32" | "usize" | "bool" => ty.clone(),
                    name @ ("Storage" | "Workgroup" | "Vec2" | "Vec3" | "Vec4") => {
                        let is_memory = matches!(name, "Storage" | "Workgroup");
                        let mut path = path.clone();
                        match path.path.segments.last_mut().map(|last| &mut last.arguments) {
                            Some(PathArguments::AngleBracketed(list)) if is_memory => {
                                for argument in &mut list.args {
                                    if let GenericArgument::Type(element) = argument {
                                        *element = self.wide(element);
                                    }
                                }
                            }
                            Some(arguments) => self.arguments(arguments),
                            None => {}
                        }
                        Type::Path(path)
                    }
                    _ => syn::parse_quote_spanned!(ty.span()=> ::kernel::reference::Wide<#ty>),
                }
            }
            Type::Reference(reference) => {
                let mut reference = reference.clone();
                *reference.elem = self.wide(&reference.elem);
                Type::Reference(reference)
            }
            Type::Array(array) => {
                let mut array = array.clone();
                *array.elem = self.wide(&array.elem);
                Type::Array(array)
            }
            Type::Group(group) => self.wide(&group.elem),
            Type::Paren(paren) => self.wide(&paren.elem),
            ty => ty.clone(),
        }
    }

    /// Generic arguments: numbers and vectors are widened; other types may be no values at all.
    fn arguments(&self, arguments: &mut PathArguments) {
        let PathArguments::AngleBracketed(list) = arguments else { return };
        for argument in &mut list.args {
            if let GenericArgument::Type(ty) = argument
                && matches!(signature::last_name(ty).as_deref(), Some("f32" | "f16" | "Vec2" | "Vec3" | "Vec4"))
            {
                *ty = self.wide(ty);
            }
        }
    }
}

struct Rewrite<'s> {
    scope: &'s Scope,
}

impl Rewrite<'_> {
    fn callee(&self, function: &mut syn::ExprPath) {
        let span = function.span();
        let path = &mut function.path;
        if is_rewritten(path) {
            if let Some(last) = path.segments.last()
                && path.segments[1].ident == "ops"
                && last.ident != "position"
            {
                *path = syn::parse_quote_spanned!(span=> ::kernel::reference::ops::#last);
            }
            return;
        }
        let Some(last) = path.segments.last_mut() else { return };
        if is_of_integers(&last.ident.to_string()) {
            return;
        }
        if path.segments.len() == 1 && path.leading_colon.is_none() {
            let convert = match path.segments[0].ident.to_string().as_str() {
                "f32" | "f16" => Some("to_f32"),
                "u32" => Some("to_u32"),
                "i32" => Some("to_i32"),
                _ => None,
            };
            if let Some(convert) = convert {
                let convert = Ident::new(convert, span);
                *path = syn::parse_quote_spanned!(span=> ::kernel::reference::ops::#convert);
                return;
            }
        }
        let associated = crate::lower::is_associated(function);
        let Some(last) = function.path.segments.last_mut() else { return };
        self.scope.arguments(&mut last.arguments);
        if associated {
            last.ident = twin_name(&last.ident);
        } else {
            let arguments = std::mem::replace(&mut last.arguments, PathArguments::None);
            let ident = Ident::new("reference", span);
            function.path.segments.push(syn::PathSegment { ident, arguments });
        }
    }
}

/// The reference of an associated function.
pub fn twin_name(name: &Ident) -> Ident {
    format_ident!("__reference_{}", name, span = name.span())
}

/// Builtins that are the same function in a reference.
fn is_of_integers(name: &str) -> bool {
    name == "strided" || name == "workgroup_uniform_load" || name.starts_with("atomic_")
}

/// Whether an item uses cooperative matrices, which have no f64.
pub fn is_cooperative(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_cooperative(group.stream()),
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            name.starts_with("coop_") || name.starts_with("CoopMat")
        }
        _ => false,
    })
}

/// Whether a path is one of those that stand where the author wrote an operator or an index: `::kernel::ops::add`.
fn is_rewritten(path: &Path) -> bool {
    let mut names = path.segments.iter().map(|segment| &segment.ident);
    path.leading_colon.is_some()
        && names.next().is_some_and(|name| name == "kernel")
        && names
            .next()
            .is_some_and(|name| ["ops", "part", "storage", "cpu", "trace"].iter().any(|module| name == module))
}

impl VisitMut for Rewrite<'_> {
    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        if let Pat::Type(typed) = &mut local.pat {
            *typed.ty = self.scope.wide(&typed.ty);
        }
        visit_mut::visit_local_mut(self, local);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Call(call) => {
                if let Expr::Path(function) = &mut *call.func {
                    self.callee(function);
                }
                for argument in &mut call.args {
                    self.visit_expr_mut(argument);
                }
            }
            Expr::Path(path) => {
                let Some(last) = path.path.segments.last() else { return };
                let name = last.ident.to_string();
                let own = path.path.segments.len() == 1 && self.scope.constants.contains(&name);
                if is_screaming(&name) && !own {
                    let span = path.span();
                    *expr = syn::parse_quote_spanned!(span=> ::kernel::reference::widen(#path));
                }
            }
            Expr::Cast(cast) => {
                self.visit_expr_mut(&mut cast.expr);
                *cast.ty = self.scope.wide(&cast.ty);
            }
            Expr::Struct(literal) => {
                if literal.qself.is_none() && !self.scope.is_generic(&literal.path) {
                    let path = &literal.path;
                    literal.path = syn::parse_quote_spanned!(path.span()=> ::kernel::reference::Wide::<#path>);
                }
                for field in &mut literal.fields {
                    self.visit_expr_mut(&mut field.expr);
                    // `S { x }` stays one where `x` became something else.
                    field.colon_token.get_or_insert_default();
                }
            }
            Expr::Repeat(repeat) => self.visit_expr_mut(&mut repeat.expr),
            expr => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_lit_mut(&mut self, literal: &mut Lit) {
        let (digits, span): (String, Span) = match literal {
            Lit::Float(float) if matches!(float.suffix(), "f32" | "f16") => {
                (float.base10_digits().to_owned(), float.span())
            }
            Lit::Int(int) if matches!(int.suffix(), "f32" | "f16") => (int.base10_digits().to_owned(), int.span()),
            _ => return,
        };
        *literal = Lit::Float(syn::LitFloat::new(&format!("{digits}f64"), span));
    }

    fn visit_type_mut(&mut self, _: &mut Type) {}

    fn visit_generic_argument_mut(&mut self, _: &mut GenericArgument) {}
}

/// The counterpart of a struct of values: its fields widened.
pub fn structure(name: &Ident, fields: &[(Ident, Type)]) -> TokenStream {
    let wide = format_ident!("__Wide{name}");
    let scope = Scope::default();
    let names: Vec<&Ident> = fields.iter().map(|(name, _)| name).collect();
    let types = fields.iter().map(|(_, ty)| scope.wide(ty));
    let span = name.span();
    quote_spanned! {span=>
        ::kernel::__reference_only! {
            #[doc(hidden)]
            #[allow(private_interfaces)]
            #[derive(Clone, Copy, Debug, PartialEq)]
            pub struct #wide {
                #(pub #names: #types,)*
            }

            impl ::kernel::reference::Widen for #name {
                type Wide = #wide;
                fn widen(self) -> #wide {
                    #wide { #(#names: ::kernel::reference::widen(self.#names),)* }
                }
            }
        }
    }
}
