//! Functions that take an element's place in storage or workgroup memory, WGSL's `&x[i]`: atomics, cooperative
//! matrices, `workgroup_uniform_load`. The place is spelt in the call: WGSL has no variable for it.

use syn::{Expr, ExprCall, ExprIndex};

/// Which argument of the call is a place.
pub fn argument(call: &ExprCall) -> Option<usize> {
    let Expr::Path(function) = &*call.func else { return None };
    let name = function.path.segments.last()?.ident.to_string();
    match name.as_str() {
        "coop_store" | "coop_store_t" => Some(1),
        "coop_load" | "coop_load_t" | "workgroup_uniform_load" => Some(0),
        name if name.starts_with("atomic_") => Some(0),
        _ => None,
    }
}

/// Whether the call is one of `workgroup_uniform_load`.
pub fn is_uniform_load(call: &ExprCall) -> bool {
    let Expr::Path(function) = &*call.func else { return false };
    function.path.segments.last().is_some_and(|last| last.ident == "workgroup_uniform_load")
}

/// Whether a function works on cooperative matrices, which a subgroup's invocations do together.
pub fn is_cooperative(name: &syn::Ident) -> bool {
    ["coop_store", "coop_store_t", "coop_load", "coop_load_t", "coop_multiply_add"].iter().any(|other| name == other)
}

/// The `x[i]` of `&x[i]`.
pub fn element(expr: &Expr) -> Option<&ExprIndex> {
    match expr {
        Expr::Reference(reference) if reference.mutability.is_none() => match &*reference.expr {
            Expr::Index(index) => Some(index),
            _ => None,
        },
        Expr::Paren(paren) => element(&paren.expr),
        Expr::Group(group) => element(&group.expr),
        _ => None,
    }
}
