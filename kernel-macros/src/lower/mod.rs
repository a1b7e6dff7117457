//! From a body to its emission twin: the same Rust shape over typed handles, calling `kernel::emit` for every operator
//! and statement. rustc type-checks the twin, so helpers, generics and traits resolve as in the body.

pub mod constant;
mod expression;
mod order;
mod refusal;
mod statement;
mod switch;
mod trace;

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Type};

use crate::diagnostics::Diagnostics;
use crate::signature::{self, Argument};
use constant::Constants;
pub use expression::is_associated;
pub use order::private;

/// Lowers one body.
pub struct Lower<'d> {
    constants: Constants,
    /// Names of arguments that are bindings or pointers: passed on as they are, never copied.
    by_reference: HashSet<String>,
    diagnostics: &'d mut Diagnostics,
    /// Inside a loop that the twin itself unrolls, where `break` has nothing to leave.
    unrolled: usize,
    is_async: bool,
}

/// What the body of a kernel or of a device function is.
pub struct BodyOf<'a> {
    /// The function's arguments.
    pub arguments: &'a [Argument],
    /// Whether it may wait at barriers.
    pub is_async: bool,
    /// Whether its last expression is its value.
    pub has_value: bool,
}

/// The twin of a body: a block whose value is the body's, `emit::unit()` for a body without one.
pub fn body(block: &Block, of: &BodyOf<'_>, constants: &Constants, diagnostics: &mut Diagnostics) -> TokenStream {
    let by_reference = signature::by_reference(of.arguments).iter().map(ToString::to_string).collect();
    let mut lower =
        Lower { constants: constants.clone(), by_reference, diagnostics, unrolled: 0, is_async: of.is_async };
    if of.has_value { lower.value_block(block, Position::Tail) } else { lower.unit_block(block) }
}

/// Where a value is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// It is what the function returns.
    Tail,
    /// Inside of an expression.
    Inner,
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
