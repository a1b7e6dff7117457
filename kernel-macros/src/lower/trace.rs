//! A trace: its values are read as any other, so that what is wrong with them is said, and nothing is emitted.

use std::collections::HashSet;

use syn::visit::{self, Visit};
use syn::{Expr, Macro, UnOp};

use super::Lower;
use crate::trace;

impl Lower<'_> {
    /// The errors of a trace.
    pub(super) fn trace(&mut self, call: &Macro) {
        let values = match trace::values(call) {
            Some(Ok(values)) => values,
            Some(Err(error)) => {
                self.diagnostics.add(error);
                return;
            }
            None => return,
        };
        for value in &values {
            if let Some(changing) = trace::change(value) {
                self.diagnostics.error(
                    changing,
                    "a trace only looks, since WGSL does not have it: it may not wait or change anything",
                );
            } else if let Some(memory) = whole(value, &self.by_reference) {
                self.diagnostics
                    .error(memory, "a trace shows values: an element `x[i]`, what a pointer points at as `*p`");
            } else {
                let _ = self.value(value);
            }
        }
    }
}

/// A name of memory or of a pointer that stands for itself: not indexed, not `*p`.
fn whole<'e>(value: &'e Expr, names: &HashSet<String>) -> Option<&'e Expr> {
    struct Find<'e, 'n> {
        names: &'n HashSet<String>,
        found: Option<&'e Expr>,
    }
    impl<'e> Visit<'e> for Find<'e, '_> {
        fn visit_expr(&mut self, expr: &'e Expr) {
            match expr {
                Expr::Index(index) if matches!(&*index.expr, Expr::Path(_)) => self.visit_expr(&index.index),
                Expr::Unary(unary) if matches!((&unary.op, &*unary.expr), (UnOp::Deref(_), Expr::Path(_))) => {}
                Expr::Field(field) if matches!(&*field.base, Expr::Path(_)) => {}
                Expr::Path(path) => {
                    if path.path.get_ident().is_some_and(|name| self.names.contains(&name.to_string())) {
                        self.found = self.found.or(Some(expr));
                    }
                }
                other => visit::visit_expr(self, other),
            }
        }
    }
    let mut find = Find { names, found: None };
    find.visit_expr(value);
    find.found
}
