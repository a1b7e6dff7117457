//! Statements of a body as calls of the emitter.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprForLoop, ExprIf, Local, Pat, RangeLimits, Stmt, Type};

use super::order::{private, writes_statements};
use super::refusal::{COUNTS, MACRO};
use super::{Lower, Position, handle_type, location};
use crate::cpu_body::{assign_operator, assign_sign};
use crate::trace;

impl Lower<'_> {
    /// A block without a value.
    pub(super) fn unit_block(&mut self, block: &Block) -> TokenStream {
        let scope = self.enter();
        let statements: Vec<_> = block.stmts.iter().map(|statement| self.statement(statement)).collect();
        self.leave(scope);
        quote!({ #(#statements)* ::kernel::emit::unit() })
    }

    /// A block whose last expression is its value, or that never ends.
    pub(super) fn value_block(&mut self, block: &Block, position: Position) -> TokenStream {
        let scope = self.enter();
        let mut statements = Vec::new();
        let mut value = quote!(::kernel::emit::unit());
        for (index, statement) in block.stmts.iter().enumerate() {
            let is_last = index + 1 == block.stmts.len();
            match statement {
                Stmt::Expr(Expr::Return(back), _) if is_last && position == Position::Tail => {
                    statements.push(location(back));
                    value = match &back.expr {
                        Some(expr) => self.value(expr),
                        None => quote!(::kernel::emit::unit()),
                    };
                }
                Stmt::Expr(Expr::Return(_) | Expr::Break(_) | Expr::Continue(_), _) if is_last => {
                    statements.push(self.statement(statement));
                    value = quote!(::kernel::emit::never());
                }
                // `if .. else ..;` in the end of a function with a value returns in every branch.
                Stmt::Expr(Expr::If(branch), semicolon)
                    if is_last
                        && branch.else_branch.is_some()
                        && (semicolon.is_none() || position == Position::Tail) =>
                {
                    statements.push(location(branch));
                    value = self.if_value(branch, position);
                }
                Stmt::Expr(Expr::Match(switch), semicolon)
                    if is_last && (semicolon.is_none() || position == Position::Tail) =>
                {
                    statements.push(location(switch));
                    value = self.match_value(switch, position);
                }
                Stmt::Expr(Expr::Block(inner), None) if is_last => {
                    statements.push(location(inner));
                    value = self.value_block(&inner.block, position);
                }
                Stmt::Expr(expr, None) if is_last => {
                    statements.push(location(expr));
                    value = self.value(expr);
                }
                other => statements.push(self.statement(other)),
            }
        }
        self.leave(scope);
        quote!({ #(#statements)* #value })
    }

    fn statement(&mut self, statement: &Stmt) -> TokenStream {
        let location = location(statement);
        let lowered = match statement {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(expr, _) => self.expression_statement(expr),
            Stmt::Item(item) => {
                self.diagnostics.error(item, "items belong outside of a kernel's body");
                TokenStream::new()
            }
            Stmt::Macro(call) if trace::is_trace(&call.mac) => {
                self.trace(&call.mac);
                return TokenStream::new();
            }
            Stmt::Macro(call) => {
                self.diagnostics.error(call, MACRO);
                TokenStream::new()
            }
        };
        quote!(#location #lowered)
    }

    fn local(&mut self, local: &Local) -> TokenStream {
        let (pattern, ty): (&Pat, Option<&Type>) = match &local.pat {
            Pat::Type(typed) => (&typed.pat, Some(&typed.ty)),
            pattern => (pattern, None),
        };
        let Pat::Ident(ident) = pattern else {
            if matches!(pattern, Pat::Wild(_))
                && let Some(init) = &local.init
            {
                let value = self.value(&init.expr);
                return quote!(::kernel::emit::stmt(#value););
            }
            self.diagnostics.error(pattern, "WGSL declares one name at a time: `let a = ..; let b = ..;`");
            return TokenStream::new();
        };
        if ident.by_ref.is_some() || ident.subpat.is_some() {
            self.diagnostics.error(pattern, "WGSL declares a plain name: `let a = ..;`");
        }
        let Some(init) = &local.init else {
            self.diagnostics.error(local, "a variable needs its first value: `let mut x = 0.0f32;`");
            return TokenStream::new();
        };
        if let Some((otherwise, _)) = &init.diverge {
            self.diagnostics.error(otherwise, "WGSL has no `let .. else`: use `if`");
        }
        let value = self.value(&init.expr);
        let name = &ident.ident;
        let text = name.to_string();
        let function = if ident.mutability.is_some() { quote!(var_) } else { quote!(let_) };
        let ty = ty.map(|ty| {
            let handle = handle_type(ty);
            quote!(: #handle)
        });
        self.shadow(&text);
        quote_spanned!(local.span()=> let #name #ty = ::kernel::emit::#function(#text, #value);)
    }

    fn expression_statement(&mut self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Assign(assign) => {
                let value = self.assigned(&assign.left, &assign.right, None);
                let (place, right) = (self.place(&assign.left), private("__value"));
                quote_spanned!(assign.span()=> {
                    let #right = #value;
                    ::kernel::emit::assign(#place, #right);
                })
            }
            Expr::Binary(binary) if assign_operator(&binary.op).is_some() => {
                let sign = assign_sign(&binary.op);
                let value = self.assigned(&binary.left, &binary.right, Some(&binary.op));
                let place = self.place(&binary.left);
                let operation = format_ident!("{}", assign_operator(&binary.op).unwrap_or("add"));
                let (left, right) = (private("__place"), private("__value"));
                // The operator itself is named too, for rustc to check and infer its operands.
                quote_spanned!(binary.op.span()=> {
                    let #right = #value;
                    let #left = #place;
                    if false {
                        ::kernel::emit::assign(#left, ::kernel::emit::#operation(#left, #right));
                    }
                    ::kernel::emit::assign_with(#sign, #left, #right);
                })
            }
            Expr::Macro(call) if trace::is_trace(&call.mac) => {
                self.trace(&call.mac);
                TokenStream::new()
            }
            // Lowered for its errors: what only traces is not WGSL's.
            Expr::If(branch) if trace::only_traces(branch) => {
                self.if_statement(branch);
                TokenStream::new()
            }
            Expr::If(branch) => self.if_statement(branch),
            Expr::Match(switch) => self.match_statement(switch),
            Expr::ForLoop(for_loop) => self.for_loop(for_loop),
            Expr::Block(block) => {
                let inner = self.unit_block(&block.block);
                quote!(::kernel::emit::begin_block(); #inner; ::kernel::emit::end();)
            }
            Expr::Return(back) => {
                let value = match &back.expr {
                    Some(value) => self.value(value),
                    None => quote!(::kernel::emit::unit()),
                };
                quote!(::kernel::emit::return_(#value);)
            }
            Expr::Break(leave) => {
                self.leaves_loop(leave, leave.label.is_some() || leave.expr.is_some(), "break");
                quote!(::kernel::emit::break_();)
            }
            Expr::Continue(again) => {
                self.leaves_loop(again, again.label.is_some(), "continue");
                quote!(::kernel::emit::continue_();)
            }
            Expr::Paren(paren) => self.expression_statement(&paren.expr),
            _ => {
                let value = self.value(expr);
                quote_spanned!(expr.span()=> ::kernel::emit::stmt(#value);)
            }
        }
    }

    /// The right side of an assignment, which Rust evaluates before the place.
    fn assigned(&mut self, place: &Expr, value: &Expr, op: Option<&syn::BinOp>) -> TokenStream {
        let handle = match op {
            Some(op) => self.shift_aware(op, value),
            None => self.value(value),
        };
        if writes_statements(place) { self.kept(value, handle) } else { handle }
    }

    fn leaves_loop(&mut self, tokens: &impl ToTokens, decorated: bool, keyword: &str) {
        if decorated {
            self.diagnostics.error(tokens, format!("WGSL's `{keyword}` takes no label and no value"));
        }
        if self.unrolled > 0 {
            self.diagnostics.error(tokens, format!("`{keyword}` has no loop to act on inside `#[unroll]`"));
        }
    }

    fn if_statement(&mut self, branch: &ExprIf) -> TokenStream {
        if let Expr::Let(condition) = &*branch.cond {
            self.diagnostics.error(condition, "WGSL has no `if let`: compare values");
            return TokenStream::new();
        }
        let then = self.unit_block(&branch.then_branch);
        let other = branch.else_branch.as_ref().map(|(_, other)| match &**other {
            Expr::If(next) => {
                let next = self.if_statement(next);
                quote!({ #next })
            }
            Expr::Block(block) => self.unit_block(&block.block),
            other => self.value(other),
        });
        if self.constants.is_constant(&branch.cond) {
            // A constant condition chooses when the variant is emitted; WGSL never sees the other branch.
            let condition = &branch.cond;
            let other = other.unwrap_or_default();
            return quote!(if #condition { #then; } else { #other; });
        }
        let condition = self.value(&branch.cond);
        let other = other.map(|other| quote!(::kernel::emit::begin_else(); #other;));
        quote!(::kernel::emit::begin_if(#condition); #then; #other ::kernel::emit::end();)
    }

    fn for_loop(&mut self, for_loop: &ExprForLoop) -> TokenStream {
        let name = match &*for_loop.pat {
            Pat::Ident(ident) if ident.mutability.is_none() && ident.by_ref.is_none() && ident.subpat.is_none() => {
                ident.ident.clone()
            }
            Pat::Wild(wild) => syn::Ident::new("_counter", wild.span()),
            pattern => {
                self.diagnostics
                    .error(pattern, "a loop's counter is a plain name; to change it, copy it: `let mut j = i;`");
                return TokenStream::new();
            }
        };
        if let Some(label) = &for_loop.label {
            self.diagnostics.error(label, "WGSL has no loop labels");
        }
        let unroll = for_loop.attrs.iter().any(|attribute| attribute.path().is_ident("unroll"));
        let (start, end, step) = match &*for_loop.expr {
            Expr::Range(range) => match (&range.start, &range.end, &range.limits) {
                (Some(start), Some(end), RangeLimits::HalfOpen(_)) => ((**start).clone(), (**end).clone(), None),
                _ => {
                    self.diagnostics.error(range, "a loop's range has both ends and is half open: `0..n`");
                    return TokenStream::new();
                }
            },
            Expr::Call(call) if is_strided(&call.func) && call.args.len() == 3 => {
                (call.args[0].clone(), call.args[1].clone(), Some(call.args[2].clone()))
            }
            iterator => {
                self.diagnostics.error(iterator, COUNTS);
                return TokenStream::new();
            }
        };
        if unroll {
            if !(self.constants.is_constant(&start) && self.constants.is_constant(&end)) || step.is_some() {
                self.diagnostics.error(&for_loop.expr, "`#[unroll]` needs a range of constants");
                return TokenStream::new();
            }
            let constants = self.constants.clone();
            self.constants.add_pattern(&for_loop.pat);
            self.unrolled += 1;
            let inner = self.unit_block(&for_loop.body);
            self.unrolled -= 1;
            self.constants = constants;
            return quote!(for #name in #start..#end { #inner; });
        }
        let bounds = self.operands([&start, &end].into_iter().chain(&step));
        let (start, end) = (&bounds[0], &bounds[1]);
        let step = match bounds.get(2) {
            Some(step) => quote!(::std::option::Option::Some(#step)),
            None => quote!(::std::option::Option::None),
        };
        let text = name.to_string();
        let scope = self.enter();
        self.shadow(&text);
        let unrolled = std::mem::take(&mut self.unrolled);
        let inner = self.unit_block(&for_loop.body);
        self.unrolled = unrolled;
        self.leave(scope);
        let counted = private("__counted");
        quote!({
            let #counted = ::kernel::emit::begin_for(#text, #start, #end, #step);
            let #name = #counted.counter;
            #inner;
            ::kernel::emit::end_for(#counted);
        })
    }
}

fn is_strided(function: &Expr) -> bool {
    matches!(function, Expr::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "strided"))
}
