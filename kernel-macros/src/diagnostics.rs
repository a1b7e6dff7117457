//! Errors are collected, so that an author sees all of them at once.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, ItemFn};

/// Errors of one item.
#[derive(Default)]
pub struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// Adds an error at `tokens`, all of them.
    pub fn error(&mut self, tokens: &impl ToTokens, message: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error at the first of `tokens`: the keyword of a loop or a block.
    pub fn error_at_start(&mut self, tokens: &impl Spanned, message: impl std::fmt::Display) {
        self.add(syn::Error::new(tokens.span(), message));
    }

    /// Adds an error.
    pub fn add(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// Whether there was no error so far.
    pub fn is_empty(&self) -> bool {
        self.errors.is_none()
    }

    /// The errors as `compile_error!`s, followed by what is left of the item so that callers and rust-analyzer go on;
    /// `None` where there was no error.
    pub fn into_tokens(self, rest: TokenStream) -> Option<TokenStream> {
        self.errors.map(|errors| {
            let mut tokens = errors.to_compile_error();
            tokens.extend(rest);
            tokens
        })
    }
}

/// A function whose body has errors: rust-analyzer still sees the body, rustc does not add errors of its own to it.
pub fn without_body(function: &ItemFn) -> TokenStream {
    let mut function = without_markers(function.clone());
    if in_rust_analyzer() {
        return quote!(#function);
    }
    *function.block = stub();
    quote!(#[allow(unused, clippy::unused_async, clippy::too_many_arguments)] #function)
}

fn in_rust_analyzer() -> bool {
    let program = std::env::current_exe().unwrap_or_default();
    program.file_name().is_some_and(|name| name.to_string_lossy().contains("rust-analyzer"))
}

/// A body that fits every signature, in an item that was refused.
pub fn stub() -> Block {
    syn::parse_quote!({ ::core::unreachable!() })
}

/// The function without `#[len]` and `#[unroll]`, which rustc does not know.
pub fn without_markers(mut function: ItemFn) -> ItemFn {
    for input in &mut function.sig.inputs {
        if let syn::FnArg::Typed(typed) = input {
            typed.attrs.retain(|attribute| !attribute.path().is_ident("len"));
        }
    }
    Strip.visit_block_mut(&mut function.block);
    function
}

/// Takes the attributes of the language out of a body.
pub struct Strip;

impl VisitMut for Strip {
    fn visit_expr_for_loop_mut(&mut self, node: &mut syn::ExprForLoop) {
        node.attrs.retain(|attribute| !attribute.path().is_ident("unroll"));
        visit_mut::visit_expr_for_loop_mut(self, node);
    }
}
