//! `trace!(a, b + c);` in a body: on the CPU the values go to `kernel::trace`, of WGSL it is no part.

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprIf, Macro, Stmt, Token};

use crate::cpu_body::assign_operator;

/// Whether a macro call is a trace: `trace!(..)` or `kernel::trace!(..)`.
pub fn is_trace(call: &Macro) -> bool {
    let names: Vec<String> = call.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    matches!(names.iter().map(String::as_str).collect::<Vec<_>>()[..], ["trace"] | ["kernel", "trace"])
}

/// The values that a trace shows; `None` where the call is no trace.
pub fn values(call: &Macro) -> Option<syn::Result<Vec<Expr>>> {
    let parse = || call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
    is_trace(call).then(|| parse().map(|values| values.into_iter().collect()))
}

/// Whether an `if` does nothing but trace, whichever way it goes.
pub fn only_traces(branch: &ExprIf) -> bool {
    let other = branch.else_branch.as_ref().is_none_or(|(_, other)| match &**other {
        Expr::If(next) => only_traces(next),
        Expr::Block(block) => are_traces(&block.block.stmts),
        _ => false,
    });
    other && are_traces(&branch.then_branch.stmts) && change(&branch.cond).is_none()
}

fn are_traces(statements: &[Stmt]) -> bool {
    let is_one = |statement: &Stmt| match statement {
        Stmt::Macro(call) => is_trace(&call.mac),
        Stmt::Expr(Expr::Macro(call), _) => is_trace(&call.mac),
        Stmt::Expr(Expr::If(branch), _) => only_traces(branch),
        _ => false,
    };
    // An empty block is the author's own.
    !statements.is_empty() && statements.iter().all(is_one)
}

/// The part of an expression that waits or changes something, as far as its syntax tells.
pub fn change(expr: &Expr) -> Option<&Expr> {
    struct Find<'e>(Option<&'e Expr>);
    impl<'e> Visit<'e> for Find<'e> {
        fn visit_expr(&mut self, expr: &'e Expr) {
            let changes = match expr {
                Expr::Await(_) | Expr::Assign(_) => true,
                Expr::Binary(binary) => assign_operator(&binary.op).is_some(),
                Expr::Reference(reference) => reference.mutability.is_some(),
                Expr::Call(call) => matches!(&*call.func, Expr::Path(function)
                if function.path.segments.last().is_some_and(|name| {
                    let name = name.ident.to_string();
                    name.starts_with("atomic_") && name != "atomic_load"
                })),
                _ => false,
            };
            if changes {
                self.0 = self.0.or(Some(expr));
            } else {
                visit::visit_expr(self, expr);
            }
        }
    }
    let mut find = Find(None);
    find.visit_expr(expr);
    find.0
}
