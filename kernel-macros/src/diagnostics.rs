//! Errors are collected, so that an author sees all of them at once.

use proc_macro2::TokenStream;
use syn::spanned::Spanned;

/// Errors of one item.
#[derive(Default)]
pub struct Diagnostics {
    errors: Option<syn::Error>,
}

impl Diagnostics {
    /// Adds an error at `tokens`.
    pub fn error(&mut self, tokens: &impl Spanned, message: impl std::fmt::Display) {
        self.add(syn::Error::new(tokens.span(), message));
    }

    /// Adds an error.
    pub fn add(&mut self, error: syn::Error) {
        match &mut self.errors {
            Some(errors) => errors.combine(error),
            None => self.errors = Some(error),
        }
    }

    /// The errors as `compile_error!`s, followed by what is left of the item so that rust-analyzer goes on; `None`
    /// where there was no error.
    pub fn into_tokens(self, rest: TokenStream) -> Option<TokenStream> {
        self.errors.map(|errors| {
            let mut tokens = errors.to_compile_error();
            tokens.extend(rest);
            tokens
        })
    }
}
