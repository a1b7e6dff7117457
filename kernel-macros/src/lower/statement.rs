//! Statements of a body as calls of the emitter.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprForLoop, ExprIf, Local, Pat, RangeLimits, Stmt, Type};

use super::{Lower, handle_type, location};
use crate::cpu_body::{assign_operator, assign_sign};

impl Lower<'_> {
    /// A block without a value.
    pub(super) fn unit_block(&mut self, block: &Block) -> TokenStream {
        let scope = self.enter();
        let statements: Vec<_> = block.stmts.iter().map(|statement| self.statement(statement)).collect();
        self.leave(scope);
        quote!({ #(#statements)* ::kernel::emit::unit() })
    }

    /// A block whose last expression is its value.
    pub(super) fn value_block(&mut self, block: &Block) -> TokenStream {
        let scope = self.enter();
        let mut statements = Vec::new();
        let mut value = None;
        for (index, statement) in block.stmts.iter().enumerate() {
            match statement {
                Stmt::Expr(expr, None) if index + 1 == block.stmts.len() => {
                    statements.push(location(expr));
                    value = Some(self.value(expr));
                }
                Stmt::Expr(Expr::Return(back), Some(_)) if index + 1 == block.stmts.len() => {
                    statements.push(location(back));
                    value = Some(match &back.expr {
                        Some(expr) => self.value(expr),
                        None => quote!(::kernel::emit::unit()),
                    });
                }
                other => statements.push(self.statement(other)),
            }
        }
        self.leave(scope);
        let value = value.unwrap_or_else(|| quote!(::kernel::emit::unit()));
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
            Stmt::Macro(call) => {
                self.diagnostics.error(call, "a macro call cannot become WGSL: write what it stands for");
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
        let Some(init) = &local.init else {
            self.diagnostics.error(local, "a variable needs its first value: `let mut x = 0.0f32;`");
            return TokenStream::new();
        };
        if let Some((_, diverge)) = &init.diverge {
            self.diagnostics.error(diverge, "WGSL has no `let .. else`: use `if`");
        }
        let value = self.value(&init.expr);
        let name = &ident.ident;
        let text = name.to_string();
        let function = if ident.mutability.is_some() { quote!(var_) } else { quote!(let_) };
        let ty = ty.map(|ty| {
            let handle = handle_type(ty);
            quote!(: #handle)
        });
        self.constants.shadow(&text);
        self.locals.insert(text.clone());
        quote_spanned!(local.span()=> let #name #ty = ::kernel::emit::#function(#text, #value);)
    }

    fn expression_statement(&mut self, expr: &Expr) -> TokenStream {
        match expr {
            Expr::Assign(assign) => {
                let (place, value) = (self.place(&assign.left), self.value(&assign.right));
                quote_spanned!(assign.span()=> { let __value = #value; ::kernel::emit::assign(#place, __value); })
            }
            Expr::Binary(binary) if assign_operator(&binary.op).is_some() => {
                let sign = assign_sign(&binary.op);
                let (place, value) = (self.place(&binary.left), self.shift_aware(&binary.op, &binary.right));
                let operation = quote::format_ident!("{}", assign_operator(&binary.op).unwrap_or("add"));
                // The operator itself is named too, for rustc to check and infer its operands.
                quote_spanned!(binary.op.span()=> {
                    let __value = #value;
                    let __place = #place;
                    if false {
                        ::kernel::emit::assign(__place, ::kernel::emit::#operation(__place, __value));
                    }
                    ::kernel::emit::assign_with(#sign, __place, __value);
                })
            }
            Expr::If(branch) => self.if_statement(branch),
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

    fn leaves_loop(&mut self, tokens: &impl Spanned, decorated: bool, keyword: &str) {
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
            Pat::Ident(ident) => ident.ident.clone(),
            Pat::Wild(wild) => syn::Ident::new("_counter", wild.span()),
            pattern => {
                self.diagnostics.error(pattern, "a loop's counter is a plain name");
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
                self.diagnostics.error(
                    iterator,
                    "a loop counts: `for i in a..b` or `for i in strided(start, end, step)`, so that it ends on every device",
                );
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
        let (start, end) = (self.value(&start), self.value(&end));
        let step = match step.map(|step| self.value(&step)) {
            Some(step) => quote!(::std::option::Option::Some(#step)),
            None => quote!(::std::option::Option::None),
        };
        let text = name.to_string();
        let scope = self.enter();
        self.constants.shadow(&text);
        self.locals.insert(text.clone());
        let unrolled = std::mem::take(&mut self.unrolled);
        let inner = self.unit_block(&for_loop.body);
        self.unrolled = unrolled;
        self.leave(scope);
        let counted = format_ident!("__counted_{}", text.trim_start_matches('_'));
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
