//! Blocks, declarations and loops.

use syn::spanned::Spanned;
use syn::{Block, Expr, ExprForLoop, Local, Pat, Stmt};

use super::Analysis;
use super::branch::{Cause, CauseKind};
use super::expression::always;
use super::varies::{Entry, Varies};

impl Analysis {
    /// A block, and what its value varies with.
    pub(super) fn block(&mut self, block: &Block) -> Varies {
        let scope = self.variables.enter();
        let mut value = Varies::default();
        for statement in &block.stmts {
            value = match statement {
                Stmt::Local(local) => {
                    self.local(local);
                    Varies::default()
                }
                Stmt::Expr(expr, semicolon) => {
                    let value = self.value(expr);
                    if semicolon.is_none() { value } else { Varies::default() }
                }
                // The lowering refuses these, but for a trace, which decides nothing.
                Stmt::Item(_) | Stmt::Macro(_) => Varies::default(),
            };
        }
        self.variables.leave(scope);
        value
    }

    fn local(&mut self, local: &Local) {
        let mut value = match &local.init {
            Some(init) => self.value(&init.expr),
            None => Varies::default(),
        };
        let pattern = match &local.pat {
            Pat::Type(typed) => &typed.pat,
            pattern => pattern,
        };
        if let Pat::Ident(name) = pattern {
            let name = name.ident.to_string();
            self.under_control(&mut value, &name, local.span().start().line);
            let id = self.variables.add(value);
            self.variables.name(name, Entry::Variable(id));
        }
    }

    /// A loop. Its bounds are evaluated once, a `while`'s condition at every turn.
    pub(super) fn repeated(&mut self, expr: &Expr) {
        match expr {
            Expr::ForLoop(for_loop) => self.for_loop(for_loop),
            Expr::While(while_loop) => self.turns(
                |analysis| {
                    let varies = analysis.value(&while_loop.cond);
                    analysis.cause(CauseKind::Loop, &while_loop.cond, varies)
                },
                |analysis| {
                    analysis.block(&while_loop.body);
                },
            ),
            Expr::Loop(endless) => self.turns(
                |analysis| analysis.cause(CauseKind::Loop, &always(), Varies::default()),
                |analysis| {
                    analysis.block(&endless.body);
                },
            ),
            _ => {}
        }
    }

    fn for_loop(&mut self, for_loop: &ExprForLoop) {
        let bounds: Vec<&Expr> = match &*for_loop.expr {
            Expr::Range(range) => range.start.iter().chain(&range.end).map(|bound| &**bound).collect(),
            Expr::Call(call) => call.args.iter().collect(),
            other => vec![other],
        };
        let varies = self.all(bounds);
        let cause: Cause = self.cause(CauseKind::Loop, &for_loop.expr, varies.clone());
        self.turns(
            |_| cause.clone(),
            |analysis| {
                let scope = analysis.variables.enter();
                if let Pat::Ident(name) = &*for_loop.pat {
                    // The counter is assigned at every turn.
                    let name = name.ident.to_string();
                    let mut counter = varies.clone();
                    analysis.under_control(&mut counter, &name, cause.line);
                    let id = analysis.variables.add(counter);
                    analysis.variables.name(name, Entry::Variable(id));
                }
                analysis.block(&for_loop.body);
                analysis.variables.leave(scope);
            },
        );
    }
}
