//! Order of evaluation. A handle's text stands where it is used, and a value-`if` or a block writes its statements
//! before that: operands that were evaluated earlier must not see what those statements change.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, Ident};

use super::Lower;

/// Whether the twin of an expression writes statements before the expression itself.
pub(super) fn writes_statements(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_if(&mut self, _: &'ast syn::ExprIf) {
            self.0 = true;
        }
        fn visit_expr_match(&mut self, _: &'ast syn::ExprMatch) {
            self.0 = true;
        }
        fn visit_expr_block(&mut self, _: &'ast syn::ExprBlock) {
            self.0 = true;
        }
        // `&[if .. ]` in types and attributes is not the body's.
        fn visit_type(&mut self, _: &'ast syn::Type) {}
    }
    let mut find = Find(false);
    visit::visit_expr(&mut find, expr);
    match expr {
        Expr::If(_) | Expr::Match(_) | Expr::Block(_) => true,
        _ => find.0,
    }
}

/// Whether an expression indexes an array: its text reads the index again wherever it is used.
fn has_index(expr: &Expr) -> bool {
    struct Find(bool);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_index(&mut self, _: &'ast syn::ExprIndex) {
            self.0 = true;
        }
    }
    let mut find = Find(matches!(expr, Expr::Index(_)));
    visit::visit_expr(&mut find, expr);
    find.0
}

/// A name of the macro's own, which no name of the author's can be.
pub fn private(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Lower<'_> {
    /// Operands in the order of their evaluation: one that stands before statements of another is kept.
    pub(super) fn operands<'e>(&mut self, operands: impl IntoIterator<Item = &'e Expr>) -> Vec<TokenStream> {
        let operands: Vec<&Expr> = operands.into_iter().collect();
        let last = operands.iter().rposition(|operand| writes_statements(operand)).unwrap_or(0);
        let before = |index: usize| index < last;
        operands
            .into_iter()
            .enumerate()
            .map(|(index, operand)| {
                let value = self.value(operand);
                if before(index) { self.kept(operand, value) } else { value }
            })
            .collect()
    }

    /// An operand's handle, kept where it can be.
    pub(super) fn kept(&mut self, operand: &Expr, value: TokenStream) -> TokenStream {
        if self.constants.is_constant(operand) || self.is_reference(operand) {
            return value;
        }
        if let Expr::Reference(reference) = operand {
            if reference.mutability.is_some() && has_index(&reference.expr) {
                self.diagnostics.error(
                    operand,
                    "WGSL would evaluate this index after the `if` or block that follows: give that a name first",
                );
            }
            return value;
        }
        quote_spanned!(operand.span()=> ::kernel::emit::keep(#value))
    }

    fn is_reference(&self, operand: &Expr) -> bool {
        matches!(operand, Expr::Path(path)
            if path.path.get_ident().is_some_and(|name| self.by_reference.contains(&name.to_string())))
    }

    /// The index of `array[index]`: its statements come before the array is read.
    pub(super) fn index_operand(&mut self, array: &Expr, index: &Expr) -> (TokenStream, TokenStream) {
        if writes_statements(index) && !is_plain_place(array) {
            self.diagnostics.error(
                index,
                "WGSL would evaluate this `if` or block before the array that it indexes: give it a name first",
            );
        }
        (self.value(array), self.value(index))
    }

    /// `left && right` and `left || right` whose right side writes statements: these run only where Rust would.
    pub(super) fn short_circuit(&mut self, left: &Expr, right: &Expr, or: bool) -> TokenStream {
        let (left, right) = (self.value(left), self.value(right));
        let (condition, branch, value) = (private("__condition"), private("__branch"), private("__value"));
        let right = quote!({ let #value = #right; ::kernel::emit::assign_branch(#branch, #value); });
        let decided = quote!(::kernel::emit::assign_branch(#branch, ::kernel::emit::lit(#or)););
        let (then, other) = if or { (decided, right) } else { (right, decided) };
        quote!({
            let #condition = #left;
            let #branch = ::kernel::emit::branch_value::<bool>();
            ::kernel::emit::begin_if(#condition);
            #then
            ::kernel::emit::begin_else();
            #other
            ::kernel::emit::end();
            #branch
        })
    }
}

/// `a`, `a.b`, `*a`: a place without an index or a call.
fn is_plain_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_plain_place(&field.base),
        Expr::Paren(paren) => is_plain_place(&paren.expr),
        Expr::Unary(unary) => is_plain_place(&unary.expr),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(expr: &str) -> bool {
        writes_statements(&syn::parse_str(expr).expect("the test's expression"))
    }

    #[test]
    fn ifs_and_blocks_write_statements_wherever_they_are() {
        assert!(writes("if a { b } else { c }"));
        assert!(writes("f(1, { let a = b; a })"));
        assert!(writes("x[if a { 0 } else { 1 }] + 2"));
    }

    #[test]
    fn plain_expressions_write_none() {
        assert!(!writes("f(a, &mut b) + x[i + 1] * -c"));
        assert!(!writes("[0.0; N]"));
    }
}
