//! Expressions of a body as handles.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprCall, ExprIf, ExprPath, Lit, Member, Path, UnOp};

use super::constant::Constants;
use super::order::{private, writes_statements};
use super::{Lower, Position};
use crate::cpu_body::{comparison, value_operator};

/// What a block restores when it ends.
pub(super) struct Scope {
    constants: Constants,
    by_reference: HashSet<String>,
}

impl Lower<'_> {
    pub(super) fn enter(&mut self) -> Scope {
        Scope { constants: self.constants.clone(), by_reference: self.by_reference.clone() }
    }

    pub(super) fn leave(&mut self, scope: Scope) {
        self.constants = scope.constants;
        self.by_reference = scope.by_reference;
    }

    /// The left side of an assignment.
    pub(super) fn place(&mut self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Path(_) | Expr::Index(_) | Expr::Field(_) | Expr::Paren(_) => self.value(expr),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => self.value(&unary.expr),
            other => {
                self.diagnostics.error(other, "this is not a place that can be assigned");
                quote!(::kernel::emit::unit())
            }
        }
    }

    /// The right side of an operator: a shift's amount is `u32` in WGSL.
    pub(super) fn shift_aware(&mut self, op: &BinOp, right: &Expr) -> TokenStream {
        let shift = matches!(op, BinOp::Shl(_) | BinOp::Shr(_) | BinOp::ShlAssign(_) | BinOp::ShrAssign(_));
        if shift && self.constants.is_constant(right) {
            return quote_spanned!(right.span()=> ::kernel::emit::lit::<u32>(#right));
        }
        self.value(right)
    }

    /// A `let` or a counter hides what had its name.
    pub(super) fn shadow(&mut self, name: &str) {
        self.constants.shadow(name);
        self.by_reference.remove(name);
    }

    /// An expression's handle.
    pub(super) fn value(&mut self, expr: &Expr) -> TokenStream {
        let span = expr.span();
        if let Expr::Lit(literal) = expr
            && !matches!(literal.lit, Lit::Int(_) | Lit::Float(_) | Lit::Bool(_))
        {
            self.diagnostics.error(expr, "WGSL has numbers and booleans only");
            return quote!(::kernel::emit::unit());
        }
        if self.constants.is_constant(expr) {
            return quote_spanned!(span=> ::kernel::emit::lit(#expr));
        }
        match expr {
            Expr::Path(path) => self.path(path),
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Group(group) => self.value(&group.expr),
            Expr::Binary(binary) => {
                let statements = writes_statements(&binary.right);
                if statements && matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) {
                    return self.short_circuit(&binary.left, &binary.right, matches!(binary.op, BinOp::Or(_)));
                }
                let mut left = self.value(&binary.left);
                if statements {
                    left = self.kept(&binary.left, left);
                }
                let right = self.shift_aware(&binary.op, &binary.right);
                let function = match (&binary.op, value_operator(&binary.op).or(comparison(&binary.op))) {
                    (_, Some(function)) => function,
                    (BinOp::And(_), _) => "and",
                    (BinOp::Or(_), _) => "or",
                    _ => {
                        self.diagnostics.error(expr, "an assignment is a statement in WGSL, not a value");
                        "add"
                    }
                };
                let function = syn::Ident::new(function, binary.op.span());
                quote_spanned!(span=> ::kernel::emit::#function(#left, #right))
            }
            Expr::Unary(unary) => {
                let value = self.value(&unary.expr);
                match unary.op {
                    UnOp::Neg(_) => quote_spanned!(span=> ::kernel::emit::neg(#value)),
                    UnOp::Not(_) => quote_spanned!(span=> ::kernel::emit::not(#value)),
                    _ => value,
                }
            }
            Expr::Cast(cast) => self.cast(cast),
            Expr::Call(call) => self.call(call),
            Expr::Await(waited) => {
                if !self.is_async {
                    self.diagnostics.error(waited, "a function that waits at a barrier is an `async fn`");
                }
                let value = self.value(&waited.base);
                quote_spanned!(span=> ::kernel::emit::awaited(#value))
            }
            Expr::Index(index) => {
                let (array, position) = self.index_operand(&index.expr, &index.index);
                quote_spanned!(span=> ::kernel::emit::index(#array, #position))
            }
            Expr::Field(field) => match &field.member {
                Member::Named(name) => {
                    let (base, value) = (self.value(&field.base), private("__struct"));
                    quote_spanned!(span=> { let #value = #base; ::kernel::emit::member_of(#value, #value.#name) })
                }
                Member::Unnamed(_) => {
                    self.diagnostics.error(field, "WGSL has no tuples: name the field");
                    quote!(::kernel::emit::unit())
                }
            },
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::If(branch) => self.if_value(branch, Position::Inner),
            Expr::Match(switch) => self.match_value(switch, Position::Inner),
            Expr::Block(block) => self.value_block(&block.block, Position::Inner),
            Expr::Repeat(repeat) => {
                let (value, len) = (self.value(&repeat.expr), &repeat.len);
                let len = match &**len {
                    Expr::Path(_) | Expr::Lit(_) => quote!(#len),
                    len => quote!({ #len }),
                };
                quote_spanned!(span=> ::kernel::emit::zero_array::<_, #len>(#value))
            }
            Expr::Struct(literal) => {
                let path = &literal.path;
                if let Some(rest) = &literal.rest {
                    self.diagnostics.error(rest, "WGSL has no `..`: give every field");
                }
                // Evaluated in the order of the literal, passed in the order of the names.
                let values = self.operands(literal.fields.iter().map(|field| &field.expr));
                let mut fields: Vec<(String, syn::Ident, TokenStream)> = Vec::new();
                for (field, value) in literal.fields.iter().zip(values) {
                    if let Member::Named(name) = &field.member {
                        fields.push((name.to_string(), private(&format!("__field_{}", unraw(name))), value));
                    }
                }
                let lets: Vec<_> = fields.iter().map(|(_, name, value)| quote!(let #name = #value;)).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                let names = fields.iter().map(|(_, name, _)| name);
                quote_spanned!(span=> { #(#lets)* #path::__emit_literal(#(#names),*) })
            }
            other => {
                self.refuse(other);
                quote!(::kernel::emit::unit())
            }
        }
    }

    fn path(&mut self, path: &ExprPath) -> TokenStream {
        quote!(#path)
    }

    fn cast(&mut self, cast: &syn::ExprCast) -> TokenStream {
        let value = self.value(&cast.expr);
        let name = crate::signature::last_name(&cast.ty).unwrap_or_default();
        match name.as_str() {
            "f32" | "u32" | "i32" => {
                let function = format_ident!("to_{name}");
                quote_spanned!(cast.span()=> ::kernel::emit::#function(#value))
            }
            "f16" => {
                self.diagnostics.error(&cast.ty, "Rust's `as` does not know `f16`: write `f16(x)`");
                value
            }
            _ => {
                self.diagnostics.error(&cast.ty, "a kernel converts to `f32`, `u32` or `i32`");
                value
            }
        }
    }

    fn call(&mut self, call: &ExprCall) -> TokenStream {
        let Expr::Path(function) = &*call.func else {
            self.diagnostics.error(&call.func, "WGSL has no function values: call a function by its name");
            return quote!(::kernel::emit::unit());
        };
        if let Some(argument) = crate::place::argument(call)
            && let Some(value) = call.args.iter().nth(argument)
            && crate::place::element(value).is_none()
        {
            self.diagnostics.error(value, "this function takes an element's place in memory: `&x[i]`");
            return quote!(::kernel::emit::unit());
        }
        let arguments = self.operands(&call.args);
        let span = call.span();
        if let Some(name) = function.path.get_ident().map(ToString::to_string)
            && matches!(name.as_str(), "f32" | "f16" | "u32" | "i32")
        {
            let convert = format_ident!("to_{name}");
            return quote_spanned!(span=> ::kernel::emit::#convert(#(#arguments),*));
        }
        let twin = twin_path(function);
        quote_spanned!(span=> #twin(#(#arguments),*))
    }

    /// A value-`if`; in the tail of a function, its branches may return their values.
    pub(super) fn if_value(&mut self, branch: &ExprIf, position: Position) -> TokenStream {
        let Some((_, other)) = &branch.else_branch else {
            self.diagnostics.error_at_start(branch, "an `if` whose value is used needs an `else`");
            return quote!(::kernel::emit::unit());
        };
        let then = self.value_block(&branch.then_branch, position);
        let other = match &**other {
            Expr::If(next) => self.if_value(next, position),
            Expr::Block(block) => self.value_block(&block.block, position),
            other => self.value(other),
        };
        if self.constants.is_constant(&branch.cond) {
            let condition = &branch.cond;
            return quote!(if #condition { #then } else { #other });
        }
        let test = self.value(&branch.cond);
        let (condition, result, value) = (private("__condition"), private("__branch"), private("__value"));
        // A variable, never `select`, which would evaluate both sides.
        quote!({
            let #condition = #test;
            let #result = ::kernel::emit::branch_value();
            ::kernel::emit::begin_if(#condition);
            { let #value = #then; ::kernel::emit::assign_branch(#result, #value); }
            ::kernel::emit::begin_else();
            { let #value = #other; ::kernel::emit::assign_branch(#result, #value); }
            ::kernel::emit::end();
            #result
        })
    }
}

/// A name without Rust's `r#`.
fn unraw(name: &syn::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// Whether a function is called through its type or trait, `Type::f`, and not by its own name.
pub fn is_associated(function: &ExprPath) -> bool {
    function.qself.is_some()
        || function
            .path
            .segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|owner| owner.ident.to_string().starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The twin of a function: the module of its name for a free function, a hidden associated function for `Type::f`.
fn twin_path(function: &ExprPath) -> TokenStream {
    let mut path: Path = function.path.clone();
    let associated = is_associated(function);
    let Some(last) = path.segments.last_mut() else { return quote!(#function) };
    if associated {
        last.ident = syn::Ident::new(&format!("__emit_{}", last.ident), last.ident.span());
        let qself = &function.qself;
        return match qself {
            Some(_) => {
                let twin = ExprPath { attrs: Vec::new(), qself: qself.clone(), path };
                quote!(#twin)
            }
            None => quote!(#path),
        };
    }
    let arguments = std::mem::replace(&mut last.arguments, syn::PathArguments::None);
    quote!(#path::emit #arguments)
}
