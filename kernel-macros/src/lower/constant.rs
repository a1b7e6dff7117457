//! Which expressions are constants of the variant: literals, const generics, `SCREAMING_CASE` paths such as
//! `Q::BLOCK`, variants of enums, counters of unrolled loops, and arithmetic on them. The twin evaluates them in Rust.

use std::collections::HashSet;

use syn::{Expr, Pat, UnOp};

/// The names that stand for constants.
#[derive(Clone, Default)]
pub struct Constants {
    names: HashSet<String>,
}

impl Constants {
    /// With the const generics of the function.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self { names: names.into_iter().collect() }
    }

    /// Adds an unrolled loop's counter.
    pub fn add_pattern(&mut self, pattern: &Pat) {
        if let Pat::Ident(ident) = pattern {
            self.names.insert(ident.ident.to_string());
        }
    }

    /// Removes a name that a `let` shadows.
    pub fn shadow(&mut self, name: &str) {
        self.names.remove(name);
    }

    /// Whether the expression is a constant of the variant.
    pub fn is_constant(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Lit(_) => true,
            Expr::Path(path) => {
                let Some(last) = path.path.segments.last() else { return false };
                let name = last.ident.to_string();
                (path.path.segments.len() == 1 && path.qself.is_none() && self.names.contains(&name))
                    || name.starts_with(|c: char| c.is_ascii_uppercase())
            }
            Expr::Binary(binary) => {
                crate::cpu_body::assign_operator(&binary.op).is_none()
                    && self.is_constant(&binary.left)
                    && self.is_constant(&binary.right)
            }
            Expr::Unary(unary) => !matches!(unary.op, UnOp::Deref(_)) && self.is_constant(&unary.expr),
            Expr::Paren(paren) => self.is_constant(&paren.expr),
            Expr::Group(group) => self.is_constant(&group.expr),
            Expr::Cast(cast) => self.is_constant(&cast.expr),
            _ => false,
        }
    }
}

/// Whether a name is written as a constant's.
pub fn is_screaming(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_constant(expr: &str) -> bool {
        let mut constants = Constants::new(["W".to_owned(), "rows".to_owned()]);
        constants.add_pattern(&syn::parse_quote!(level));
        constants.is_constant(&syn::parse_str(expr).expect("the test's expression"))
    }

    #[test]
    fn literals_const_generics_and_associated_constants_are_constants() {
        for expr in [
            "1",
            "-1.5f32",
            "Mode::Linear",
            "Linear",
            "W",
            "rows",
            "level",
            "Q::BLOCK",
            "<Q as Format>::BLOCK",
            "W >> (level + 1)",
            "W as f32",
        ] {
            assert!(is_constant(expr), "{expr}");
        }
    }

    #[test]
    fn values_calls_and_indices_are_not() {
        for expr in ["x", "lane + W", "f(W)", "TABLE[0]", "params.n", "Self::value", "*W"] {
            assert!(!is_constant(expr), "{expr}");
        }
    }

    #[test]
    fn a_let_hides_a_constant_of_its_name() {
        let mut constants = Constants::new(["rows".to_owned()]);
        constants.shadow("rows");
        assert!(!constants.is_constant(&syn::parse_quote!(rows)));
    }
}
