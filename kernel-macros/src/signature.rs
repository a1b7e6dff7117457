//! What a kernel's or device function's arguments are, told by their types' names.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, FnArg, GenericArgument, GenericParam, Generics, Ident, Pat, PathArguments, Type};

use crate::diagnostics::Diagnostics;

/// One argument.
pub struct Argument {
    /// Its name.
    pub name: Ident,
    /// Its type as written.
    pub ty: Type,
    /// What it is.
    pub role: Role,
}

/// What an argument is.
pub enum Role {
    /// `WorkgroupId`, `LocalIndex` or `GlobalId`.
    Builtin(Builtin),
    /// `&Storage<T>` or `&mut Storage<T>`.
    Storage { element: Type, mutable: bool },
    /// `&mut Workgroup<T>`, with its length in a kernel.
    Workgroup { element: Type, len: Option<Expr> },
    /// `&T`: in a kernel, the params.
    Reference(Type),
    /// `&mut T`: a pointer to a variable.
    Pointer(Type),
    /// `T`.
    Value,
}

/// A builtin value of a kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Builtin {
    WorkgroupId,
    LocalIndex,
    GlobalId,
}

/// Names of what a body may change through an argument.
pub fn by_reference(arguments: &[Argument]) -> Vec<Ident> {
    let is_reference =
        |argument: &&Argument| !matches!(argument.role, Role::Builtin(_) | Role::Value | Role::Reference(_));
    arguments.iter().filter(is_reference).map(|argument| argument.name.clone()).collect()
}

/// Reads the arguments; `#[len = ..]` is taken off them.
pub fn arguments<'a>(inputs: impl Iterator<Item = &'a mut FnArg>, diagnostics: &mut Diagnostics) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for input in inputs {
        let typed = match input {
            FnArg::Receiver(receiver) => {
                diagnostics.error(receiver, "the kernel language has no `self`: pass values as arguments");
                continue;
            }
            FnArg::Typed(typed) => typed,
        };
        let name = match &*typed.pat {
            Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => {
                if let Some(mutability) = &ident.mutability {
                    let message =
                        format!("WGSL's arguments never change: `let mut {0} = {0};` in the body", ident.ident);
                    diagnostics.error(mutability, message);
                }
                ident.ident.clone()
            }
            pattern => {
                diagnostics.error(pattern, "an argument of a kernel is a plain name, not a pattern");
                continue;
            }
        };
        let mut len = None;
        typed.attrs.retain(|attribute| {
            let is_len = attribute.path().is_ident("len");
            if is_len {
                match attribute.meta.require_name_value() {
                    Ok(value) => len = Some(value.value.clone()),
                    Err(error) => diagnostics.add(error),
                }
            }
            !is_len
        });
        let role = role(&typed.ty, len, diagnostics);
        arguments.push(Argument { name, ty: (*typed.ty).clone(), role });
    }
    arguments
}

fn role(ty: &Type, len: Option<Expr>, diagnostics: &mut Diagnostics) -> Role {
    let ty = bare(ty);
    let Type::Reference(reference) = ty else {
        return match last_name(ty).as_deref() {
            Some("WorkgroupId") => Role::Builtin(Builtin::WorkgroupId),
            Some("LocalIndex") => Role::Builtin(Builtin::LocalIndex),
            Some("GlobalId") => Role::Builtin(Builtin::GlobalId),
            Some(name @ ("Storage" | "Workgroup")) => {
                diagnostics.error(ty, format!("a binding is passed by reference: `&{name}<T>` or `&mut {name}<T>`"));
                Role::Value
            }
            _ => Role::Value,
        };
    };
    let mutable = reference.mutability.is_some();
    match last_name(&reference.elem).as_deref() {
        Some("Storage") => match element(&reference.elem) {
            Some(element) => Role::Storage { element, mutable },
            None => {
                diagnostics.error(&reference.elem, "`Storage` needs its element's type: `Storage<f32>`");
                Role::Value
            }
        },
        Some("Workgroup") => match element(&reference.elem) {
            Some(element) => Role::Workgroup { element, len },
            None => {
                diagnostics.error(&reference.elem, "`Workgroup` needs its element's type: `Workgroup<f32>`");
                Role::Value
            }
        },
        _ if mutable => Role::Pointer((*reference.elem).clone()),
        _ => Role::Reference((*reference.elem).clone()),
    }
}

/// A type without brackets and without the invisible ones of a `macro_rules!`.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}

/// The last segment of a type's path.
pub fn last_name(ty: &Type) -> Option<String> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

fn element(ty: &Type) -> Option<Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(element) => Some(element.clone()),
        _ => None,
    }
}

/// Names of the const generics.
pub fn const_generics(generics: &Generics) -> Vec<String> {
    generics.const_params().map(|parameter| parameter.ident.to_string()).collect()
}

/// `&[..]` with the name of every generic of the instance, for keys of variants and names of WGSL functions.
pub fn generic_names(generics: &Generics) -> TokenStream {
    names(generics, |ident| quote!(::kernel::variant::short_type_name::<#ident>()))
}

/// As [`generic_names`] with the types' modules, which tell types of one name apart.
pub fn full_generic_names(generics: &Generics) -> TokenStream {
    names(generics, |ident| quote!(::std::string::ToString::to_string(::core::any::type_name::<#ident>())))
}

fn names(generics: &Generics, type_name: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    let names = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(ty) => Some(type_name(&ty.ident)),
        GenericParam::Const(constant) => {
            let ident = &constant.ident;
            Some(quote!(::std::string::ToString::to_string(&#ident)))
        }
    });
    quote!(&[#(#names),*] as &[::std::string::String])
}

/// The generics as arguments of a turbofish: `T, W`.
pub fn generic_arguments(generics: &Generics) -> TokenStream {
    let names = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(ty) => Some(&ty.ident),
        GenericParam::Const(constant) => Some(&constant.ident),
    });
    quote!(#(#names),*)
}
