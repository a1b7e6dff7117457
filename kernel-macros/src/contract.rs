//! `requires(..)` and `groups` as terms of `kernel::contract`: over buffers' lengths, the params' fields, and constants.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprMethodCall, Ident, Member, Type};

use crate::lower::constant::Constants;

const GRAMMAR: &str = "a contract is made of lengths (`x.len()`), params (`params.n`), numbers and constants, with `+ - * / %`, \
                       `.div_ceil(..)`, `.min(..)` and `.max(..)`";

/// The vector that clauses are added to.
pub const CLAUSES: &str = "__clauses";

/// What a kernel's terms may name.
pub struct Names<'a> {
    /// The storage arguments, in the order of their bindings.
    pub storage: Vec<&'a Ident>,
    /// The params argument and its type.
    pub params: Option<(&'a Ident, &'a Type)>,
    /// What is a constant of the variant.
    pub constants: &'a Constants,
}

impl Names<'_> {
    /// A statement that adds a clause to [`CLAUSES`].
    pub fn clause(&self, expr: &Expr) -> syn::Result<TokenStream> {
        match expr {
            Expr::Paren(paren) => self.clause(&paren.expr),
            Expr::Group(group) => self.clause(&group.expr),
            // `!WEIGHTED || w.len() >= params.n`: the constant decides whether the variant requires it.
            Expr::Binary(binary) if matches!(binary.op, BinOp::Or(_)) && self.constants.is_constant(&binary.left) => {
                let (without, clause) = (&binary.left, self.clause(&binary.right)?);
                Ok(quote!(if !(#without) { #clause }))
            }
            Expr::Binary(binary) => {
                let relation = match binary.op {
                    BinOp::Eq(_) => quote!(Equal),
                    BinOp::Ne(_) => quote!(NotEqual),
                    BinOp::Lt(_) => quote!(Less),
                    BinOp::Le(_) => quote!(LessEqual),
                    BinOp::Gt(_) => quote!(Greater),
                    BinOp::Ge(_) => quote!(GreaterEqual),
                    BinOp::And(_) => {
                        return Err(syn::Error::new(binary.op.span(), "give the two clauses apart, with a comma"));
                    }
                    _ => return Err(syn::Error::new(expr.span(), COMPARES)),
                };
                let (left, right) = (self.term(&binary.left)?, self.term(&binary.right)?);
                let clauses = Ident::new(CLAUSES, Span::call_site());
                Ok(quote_spanned! {expr.span()=>
                    #clauses.push(::kernel::contract::Clause::new(
                        #left,
                        ::kernel::contract::Relation::#relation,
                        #right,
                    ));
                })
            }
            _ => Err(syn::Error::new(expr.span(), COMPARES)),
        }
    }

    /// A term, of type `kernel::contract::Term`.
    pub fn term(&self, expr: &Expr) -> syn::Result<TokenStream> {
        let span = expr.span();
        if self.constants.is_constant(expr) {
            // The author's parentheses would be unused ones here.
            let mut expr = expr;
            while let Expr::Paren(paren) = expr {
                expr = &paren.expr;
            }
            return Ok(quote_spanned!(span=> ::kernel::contract::Term::from(#expr)));
        }
        match expr {
            Expr::Paren(paren) => self.term(&paren.expr).map(|term| quote!((#term))),
            Expr::Group(group) => self.term(&group.expr),
            Expr::Binary(binary) => {
                let op = &binary.op;
                if !matches!(op, BinOp::Add(_) | BinOp::Sub(_) | BinOp::Mul(_) | BinOp::Div(_) | BinOp::Rem(_)) {
                    return Err(syn::Error::new(op.span(), GRAMMAR));
                }
                let (left, right) = (self.term(&binary.left)?, self.term(&binary.right)?);
                Ok(quote_spanned!(span=> #left #op #right))
            }
            Expr::Field(field) => {
                let Member::Named(name) = &field.member else { return Err(syn::Error::new(span, GRAMMAR)) };
                match self.params {
                    Some((params, ty)) if is_ident(&field.base, params) => {
                        let text = name.to_string();
                        Ok(quote_spanned! {span=>
                            ::kernel::contract::Term::param::<#ty>(#text, |#params: &#ty| -> u32 { #params.#name })
                        })
                    }
                    _ => Err(syn::Error::new(span, GRAMMAR)),
                }
            }
            Expr::MethodCall(call) => self.method(call, span),
            _ => Err(syn::Error::new(span, GRAMMAR)),
        }
    }

    fn method(&self, call: &ExprMethodCall, span: Span) -> syn::Result<TokenStream> {
        let name = call.method.to_string();
        if name == "len" && call.args.is_empty() {
            let Some(index) = self.storage.iter().position(|storage| is_ident(&call.receiver, storage)) else {
                return Err(syn::Error::new(call.receiver.span(), "`.len()` is that of a `Storage` argument"));
            };
            let text = self.storage[index].to_string();
            return Ok(quote_spanned!(span=> ::kernel::contract::Term::length(#index, #text)));
        }
        match (name.as_str(), call.args.first()) {
            ("div_ceil" | "min" | "max", Some(argument)) if call.args.len() == 1 => {
                let (method, receiver, argument) = (&call.method, self.term(&call.receiver)?, self.term(argument)?);
                Ok(quote_spanned!(span=> #receiver.#method(#argument)))
            }
            _ => Err(syn::Error::new(call.method.span(), GRAMMAR)),
        }
    }
}

const COMPARES: &str = "a clause of a contract compares: `x.len() >= params.n`";

fn is_ident(expr: &Expr, ident: &Ident) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(ident))
}
