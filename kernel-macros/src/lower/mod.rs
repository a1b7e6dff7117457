//! From a body to its emission twin: the same Rust shape over typed handles, calling `kernel::emit` for every operator
//! and statement. rustc type-checks the twin, so helpers, generics and traits resolve as in the body.

pub mod constant;
mod expression;
mod statement;

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Type};

use crate::diagnostics::Diagnostics;
use constant::Constants;

/// Lowers one body.
pub struct Lower<'d> {
    constants: Constants,
    locals: HashSet<String>,
    diagnostics: &'d mut Diagnostics,
    /// Inside a loop that the twin itself unrolls, where `break` has nothing to leave.
    unrolled: usize,
    is_async: bool,
}

/// The twin of a body: a block whose value is the body's, `emit::unit()` for a body without one.
pub fn body(
    block: &Block,
    constants: &Constants,
    arguments: &[syn::Ident],
    is_async: bool,
    has_value: bool,
    diagnostics: &mut Diagnostics,
) -> TokenStream {
    let locals = arguments.iter().map(ToString::to_string).collect();
    let mut lower = Lower { constants: constants.clone(), locals, diagnostics, unrolled: 0, is_async };
    if has_value { lower.value_block(block) } else { lower.unit_block(block) }
}

/// The handle's type for a value's type.
pub fn handle_type(ty: &Type) -> TokenStream {
    quote!(::kernel::emit::Expr<#ty>)
}

/// A call that tells the emitter where the following statement comes from.
fn location(tokens: &impl Spanned) -> TokenStream {
    let span = tokens.span();
    let start = span.start();
    let (line, column) = (start.line as u32, start.column as u32 + 1);
    let file = span.file();
    quote_spanned!(span=> ::kernel::emit::at(#file, #line, #column);)
}
