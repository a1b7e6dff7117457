//! The body as the CPU runs it: the author's own, with WGSL's operators in place of Rust's, so that integers wrap and
//! shifts are masked, and with `u32` indices.

use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Block, Expr, UnOp};

use crate::lower::constant::Constants;

/// Rewrites a body for the CPU.
pub fn rewrite(block: &mut Block, constants: &Constants) {
    Rewrite { constants: constants.clone() }.visit_block_mut(block);
}

struct Rewrite {
    constants: Constants,
}

impl VisitMut for Rewrite {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.constants.is_constant(expr) {
            return;
        }
        if let Expr::ForLoop(for_loop) = expr {
            let unrolled = for_loop.attrs.iter().any(|attribute| attribute.path().is_ident("unroll"));
            for_loop.attrs.retain(|attribute| !attribute.path().is_ident("unroll"));
            let before = self.constants.clone();
            if unrolled {
                self.constants.add_pattern(&for_loop.pat);
            }
            visit_mut::visit_expr_mut(self, expr);
            self.constants = before;
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
        let span = expr.span();
        match expr {
            Expr::Binary(binary) => {
                let (left, right) = (&binary.left, &binary.right);
                let span = binary.op.span();
                if let Some(function) = value_operator(&binary.op) {
                    let function = syn::Ident::new(function, span);
                    *expr = syn::parse_quote_spanned!(span=> ::kernel::ops::#function(#left, #right));
                } else if let Some(function) = assign_operator(&binary.op) {
                    let function = syn::Ident::new(function, span);
                    *expr = syn::parse_quote_spanned!(span=> {
                        let __right = #right;
                        #left = ::kernel::ops::#function(#left, __right);
                    });
                }
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                let value = &unary.expr;
                let tokens = quote_spanned!(span=> ::kernel::ops::neg(#value));
                *expr = syn::parse_quote!(#tokens);
            }
            Expr::Index(index) => {
                let (array, position) = (&index.expr, &index.index);
                let position_span = position.span();
                let tokens = quote_spanned!(position_span=> ::kernel::ops::position(#position));
                *expr = syn::parse_quote_spanned!(span=> #array[#tokens]);
            }
            _ => {}
        }
    }

    fn visit_expr_repeat_mut(&mut self, repeat: &mut syn::ExprRepeat) {
        self.visit_expr_mut(&mut repeat.expr);
    }

    fn visit_generic_argument_mut(&mut self, _: &mut syn::GenericArgument) {}

    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
}

/// The function of `kernel::ops` for an operator that gives a value; comparisons and `&&` stay Rust's.
pub fn value_operator(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::Add(_) => "add",
        BinOp::Sub(_) => "sub",
        BinOp::Mul(_) => "mul",
        BinOp::Div(_) => "div",
        BinOp::Rem(_) => "rem",
        BinOp::BitAnd(_) => "bitand",
        BinOp::BitOr(_) => "bitor",
        BinOp::BitXor(_) => "bitxor",
        BinOp::Shl(_) => "shl",
        BinOp::Shr(_) => "shr",
        _ => return None,
    })
}

/// The function of `kernel::ops` for a compound assignment.
pub fn assign_operator(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::AddAssign(_) => "add",
        BinOp::SubAssign(_) => "sub",
        BinOp::MulAssign(_) => "mul",
        BinOp::DivAssign(_) => "div",
        BinOp::RemAssign(_) => "rem",
        BinOp::BitAndAssign(_) => "bitand",
        BinOp::BitOrAssign(_) => "bitor",
        BinOp::BitXorAssign(_) => "bitxor",
        BinOp::ShlAssign(_) => "shl",
        BinOp::ShrAssign(_) => "shr",
        _ => return None,
    })
}

/// WGSL's sign of a compound assignment, without the `=`.
pub fn assign_sign(op: &BinOp) -> String {
    let text = quote!(#op).to_string();
    text.trim_end_matches('=').to_owned()
}
