//! Expressions of a body as handles.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprCall, ExprIf, ExprPath, Lit, Member, Path, UnOp};

use super::Lower;
use super::constant::Constants;
use crate::cpu_body::value_operator;

/// What a block restores when it ends.
pub(super) struct Scope {
    constants: Constants,
    locals: HashSet<String>,
}

impl Lower<'_> {
    pub(super) fn enter(&mut self) -> Scope {
        Scope { constants: self.constants.clone(), locals: self.locals.clone() }
    }

    pub(super) fn leave(&mut self, scope: Scope) {
        self.constants = scope.constants;
        self.locals = scope.locals;
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
                let left = self.value(&binary.left);
                let right = self.shift_aware(&binary.op, &binary.right);
                let function = match (&binary.op, value_operator(&binary.op)) {
                    (_, Some(function)) => function,
                    (BinOp::Lt(_), _) => "lt",
                    (BinOp::Le(_), _) => "le",
                    (BinOp::Gt(_), _) => "gt",
                    (BinOp::Ge(_), _) => "ge",
                    (BinOp::Eq(_), _) => "eq",
                    (BinOp::Ne(_), _) => "ne",
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
                self.value(&waited.base)
            }
            Expr::Index(index) => {
                let (array, position) = (self.value(&index.expr), self.value(&index.index));
                quote_spanned!(span=> ::kernel::emit::index(#array, #position))
            }
            Expr::Field(field) => match &field.member {
                Member::Named(name) => {
                    let base = self.value(&field.base);
                    quote_spanned!(span=> (#base).#name)
                }
                Member::Unnamed(_) => {
                    self.diagnostics.error(field, "WGSL has no tuples: name the field");
                    quote!(::kernel::emit::unit())
                }
            },
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::If(branch) => self.if_value(branch),
            Expr::Block(block) => self.value_block(&block.block),
            Expr::Repeat(repeat) => {
                let (value, len) = (self.value(&repeat.expr), &repeat.len);
                quote_spanned!(span=> ::kernel::emit::zero_array::<_, { #len }>(#value))
            }
            Expr::Struct(literal) => {
                let path = &literal.path;
                if let Some(rest) = &literal.rest {
                    self.diagnostics.error(rest, "WGSL has no `..`: give every field");
                }
                let mut fields: Vec<(String, TokenStream)> = Vec::new();
                for field in &literal.fields {
                    if let Member::Named(name) = &field.member {
                        fields.push((name.to_string(), self.value(&field.expr)));
                    }
                }
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                let values = fields.into_iter().map(|(_, value)| value);
                quote_spanned!(span=> #path::__emit_new(#(#values),*))
            }
            other => {
                let message = refusal(other);
                self.diagnostics.error(other, message);
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
        let arguments: Vec<_> = call.args.iter().map(|argument| self.value(argument)).collect();
        let span = call.span();
        if let Some(name) = function.path.get_ident().map(ToString::to_string)
            && matches!(name.as_str(), "f32" | "u32" | "i32")
        {
            let convert = format_ident!("to_{name}");
            return quote_spanned!(span=> ::kernel::emit::#convert(#(#arguments),*));
        }
        let twin = twin_path(function);
        quote_spanned!(span=> #twin(#(#arguments),*))
    }

    fn if_value(&mut self, branch: &ExprIf) -> TokenStream {
        let Some((_, other)) = &branch.else_branch else {
            self.diagnostics.error(branch, "an `if` whose value is used needs an `else`");
            return quote!(::kernel::emit::unit());
        };
        let then = self.value_block(&branch.then_branch);
        let other = match &**other {
            Expr::If(next) => self.if_value(next),
            Expr::Block(block) => self.value_block(&block.block),
            other => self.value(other),
        };
        if self.constants.is_constant(&branch.cond) {
            let condition = &branch.cond;
            return quote!(if #condition { #then } else { #other });
        }
        let condition = self.value(&branch.cond);
        // A variable, never `select`, which would evaluate both sides.
        quote!({
            let __condition = #condition;
            let __branch = ::kernel::emit::branch_value();
            ::kernel::emit::begin_if(__condition);
            { let __value = #then; ::kernel::emit::assign(__branch, __value); }
            ::kernel::emit::begin_else();
            { let __value = #other; ::kernel::emit::assign(__branch, __value); }
            ::kernel::emit::end();
            __branch
        })
    }
}

/// The twin of a function: the module of its name for a free function, a hidden associated function for `Type::f`.
fn twin_path(function: &ExprPath) -> TokenStream {
    let mut path: Path = function.path.clone();
    let associated = function.qself.is_some()
        || path.segments.iter().rev().nth(1).is_some_and(|owner| {
            owner.ident.to_string().starts_with(|c: char| c.is_ascii_uppercase())
        });
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

/// Why WGSL cannot have this, and the way out.
fn refusal(expr: &Expr) -> &'static str {
    match expr {
        Expr::MethodCall(_) => "a kernel calls WGSL's functions, not methods: `max(a, b)` instead of `a.max(b)`",
        Expr::While(_) | Expr::Loop(_) => {
            "a loop counts: `for i in a..b` or `for i in strided(start, end, step)`, so that it ends on every device"
        }
        Expr::Match(_) => "`match` is not part of the kernel language: use `if` and `else if`",
        Expr::Closure(_) => "WGSL has no closures: write a `#[device]` function",
        Expr::Tuple(_) => "WGSL has no tuples: use a vector or a `#[device]` struct",
        Expr::Macro(_) => "a macro call cannot become WGSL: write what it stands for",
        Expr::Try(_) => "WGSL has no `?`: a kernel cannot fail",
        Expr::Array(_) => "write `[value; N]` and assign the elements",
        Expr::Range(_) => "a range stands only in a `for` loop",
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => "WGSL leaves a function or loop in a statement, not in a value",
        Expr::Assign(_) => "an assignment is a statement in WGSL, not a value",
        Expr::Unsafe(_) => "a kernel needs no `unsafe`",
        Expr::Async(_) => "write the barrier's `.await` in the kernel itself",
        _ => "this is not part of the kernel language",
    }
}
