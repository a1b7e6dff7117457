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
    Workgroup { element: Type, len: Option<Box<Expr>> },
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
                    let message = match bare(&typed.ty) {
                        Type::Reference(_) => "a reference needs no `mut` of its own".to_owned(),
                        _ => format!("WGSL's arguments never change: `let mut {0} = {0};` in the body", ident.ident),
                    };
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
                    Ok(value) => len = Some(Box::new(value.value.clone())),
                    Err(error) => diagnostics.add(error),
                }
            }
            !is_len
        });
        let Some(role) = role(&typed.ty, len, diagnostics) else { continue };
        arguments.push(Argument { name, ty: (*typed.ty).clone(), role });
    }
    arguments
}

fn role(ty: &Type, len: Option<Box<Expr>>, diagnostics: &mut Diagnostics) -> Option<Role> {
    let ty = bare(ty);
    let Type::Reference(reference) = ty else {
        return match last_name(ty).as_deref() {
            Some("WorkgroupId") => Some(Role::Builtin(Builtin::WorkgroupId)),
            Some("LocalIndex") => Some(Role::Builtin(Builtin::LocalIndex)),
            Some("GlobalId") => Some(Role::Builtin(Builtin::GlobalId)),
            Some(name @ ("Storage" | "Workgroup")) => {
                diagnostics.error(ty, format!("a binding is passed by reference: `&{name}<T>` or `&mut {name}<T>`"));
                None
            }
            _ => Some(Role::Value),
        };
    };
    let mutable = reference.mutability.is_some();
    let mut element_of = |binding: &Type, name: &str| {
        let element = element(binding);
        if element.is_none() {
            diagnostics.error(binding, format!("`{name}` needs its element's type: `{name}<f32>`"));
        }
        element
    };
    Some(match last_name(&reference.elem).as_deref() {
        Some("Storage") => Role::Storage { element: element_of(&reference.elem, "Storage")?, mutable },
        Some("Workgroup") => Role::Workgroup { element: element_of(&reference.elem, "Workgroup")?, len },
        _ if mutable => Role::Pointer((*reference.elem).clone()),
        _ => Role::Reference((*reference.elem).clone()),
    })
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

/// The `T` of an element `Atomic<T>`, which is what the host's buffer holds; any other element itself.
pub fn host_element(ty: &Type) -> Type {
    match last_name(ty).as_deref() {
        Some("Atomic") => element(ty).unwrap_or_else(|| ty.clone()),
        _ => ty.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn role_of(argument: &str) -> Option<Role> {
        let mut function: syn::ItemFn = syn::parse_str(&format!("fn f({argument}) {{}}")).expect("the test's argument");
        let mut diagnostics = Diagnostics::default();
        arguments(function.sig.inputs.iter_mut(), &mut diagnostics).pop().map(|argument| argument.role)
    }

    #[test]
    fn an_arguments_type_tells_its_role() {
        assert!(matches!(role_of("i: WorkgroupId"), Some(Role::Builtin(Builtin::WorkgroupId))));
        assert!(matches!(role_of("i: kernel::types::LocalIndex"), Some(Role::Builtin(Builtin::LocalIndex))));
        assert!(matches!(role_of("x: &Storage<T>"), Some(Role::Storage { mutable: false, .. })));
        assert!(matches!(role_of("x: &'a mut Storage<f32>"), Some(Role::Storage { mutable: true, .. })));
        assert!(matches!(role_of("#[len = 4] s: &mut Workgroup<f32>"), Some(Role::Workgroup { len: Some(_), .. })));
        assert!(matches!(role_of("s: &mut Workgroup<f32>"), Some(Role::Workgroup { len: None, .. })));
        assert!(matches!(role_of("p: &Params"), Some(Role::Reference(_))));
        assert!(matches!(role_of("p: &mut [f32; 4]"), Some(Role::Pointer(_))));
        assert!(matches!(role_of("v: Vec4<f32>"), Some(Role::Value)));
        assert!(role_of("x: Storage<f32>").is_none());
    }

    #[test]
    fn the_names_of_generics_are_a_turbofish() {
        let function: syn::ItemFn = syn::parse_quote!(
            fn f<'a, T: Value, const W: u32>() {}
        );
        assert_eq!(generic_arguments(&function.sig.generics).to_string(), "T , W");
    }
}
