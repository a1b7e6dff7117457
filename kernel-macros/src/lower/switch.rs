//! `match` on an integer as WGSL's `switch`; on a constant of the variant it chooses when the variant is emitted.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprMatch, Pat, Stmt};

use super::order::private;
use super::{Lower, Position};

/// What an arm's pattern says: the values of a `case`, and whether it takes all others.
struct Selectors {
    values: Vec<TokenStream>,
    others: bool,
}

impl Lower<'_> {
    /// A `match` as a statement.
    pub(super) fn match_statement(&mut self, switch: &ExprMatch) -> TokenStream {
        if self.constants.is_constant(&switch.expr) {
            return self.chosen(switch, |lower, body| lower.unit_block(&block_of(body, false)));
        }
        let value = self.value(&switch.expr);
        let Some(arms) = self.arms(switch, |lower, body| {
            let body = lower.unit_block(&block_of(body, false));
            quote!(#body;)
        }) else {
            return TokenStream::new();
        };
        let value_name = private("__switch");
        quote_spanned!(switch.expr.span()=> {
            let #value_name = ::kernel::emit::begin_switch(#value);
            #(#arms)*
            ::kernel::emit::end();
        })
    }

    /// A `match` whose value is used.
    pub(super) fn match_value(&mut self, switch: &ExprMatch, position: Position) -> TokenStream {
        if self.constants.is_constant(&switch.expr) {
            return self.chosen(switch, |lower, body| lower.value_block(&block_of(body, true), position));
        }
        let value = self.value(&switch.expr);
        let (switch_name, result, arm_value) = (private("__switch"), private("__branch"), private("__value"));
        let Some(arms) = self.arms(switch, |lower, body| {
            let body = lower.value_block(&block_of(body, true), position);
            quote!(let #arm_value = #body; ::kernel::emit::assign_branch(#result, #arm_value);)
        }) else {
            return quote!(::kernel::emit::unit());
        };
        quote_spanned!(switch.expr.span()=> {
            let #switch_name = #value;
            let #result = ::kernel::emit::branch_value();
            let #switch_name = ::kernel::emit::begin_switch(#switch_name);
            #(#arms)*
            ::kernel::emit::end();
            #result
        })
    }

    /// A `match` on a constant: Rust's own, over twins.
    fn chosen(&mut self, switch: &ExprMatch, body: impl Fn(&mut Self, &Expr) -> TokenStream) -> TokenStream {
        let value = &switch.expr;
        let arms: Vec<TokenStream> = switch
            .arms
            .iter()
            .map(|arm| {
                self.check_pattern(&arm.pat, true);
                let (pattern, body) = (&arm.pat, body(self, &arm.body));
                quote!(#pattern => #body,)
            })
            .collect();
        quote!(match #value { #(#arms)* })
    }

    /// The cases; `None` where one was refused.
    fn arms(&mut self, switch: &ExprMatch, body: impl Fn(&mut Self, &Expr) -> TokenStream) -> Option<Vec<TokenStream>> {
        let before = self.diagnostics.is_empty();
        let has_default = switch.arms.iter().any(|arm| takes_others(&arm.pat));
        let mut cases = Vec::new();
        for (index, arm) in switch.arms.iter().enumerate() {
            let Some(Selectors { values, others }) = self.selectors(arm) else { continue };
            // Rust knows that the arms are exhaustive; WGSL wants a `default`.
            let others = others || (!has_default && index + 1 == switch.arms.len());
            if let Some(leave) = own_break(&arm.body) {
                self.diagnostics
                    .error(&leave, "WGSL's `break` would leave the `match` and not the loop: use `if` and `else if`");
            }
            let body = body(self, &arm.body);
            let switch_name = private("__switch");
            cases.push(quote_spanned!(arm.pat.span()=>
                ::kernel::emit::begin_case(#switch_name, &[#(#values),*], #others);
                { #body }
                ::kernel::emit::end();
            ));
        }
        (self.diagnostics.is_empty() || !before).then_some(cases)
    }

    fn selectors(&mut self, arm: &Arm) -> Option<Selectors> {
        if !self.check_pattern(&arm.pat, false) {
            return None;
        }
        let mut selectors = Selectors { values: Vec::new(), others: false };
        collect(&arm.pat, &mut selectors);
        Some(selectors)
    }

    /// Refuses what a case cannot be.
    fn check_pattern(&mut self, pattern: &Pat, constant: bool) -> bool {
        let message = match pattern {
            Pat::Lit(_) | Pat::Path(_) | Pat::Wild(_) => return true,
            Pat::Ident(name) if name.subpat.is_none() && name.by_ref.is_none() && is_constant_name(&name.ident) => {
                return true;
            }
            Pat::Or(alternatives) => {
                return alternatives.cases.iter().all(|alternative| self.check_pattern(alternative, constant));
            }
            Pat::Paren(inner) => return self.check_pattern(&inner.pat, constant),
            Pat::Range(_) if constant => return true,
            Pat::Range(_) => "WGSL's cases are single values: list them with `|`, or use `if`",
            Pat::Guard(_) => "WGSL's cases have no conditions: write an `if` in the arm",
            Pat::Ident(_) => "a case names nothing: use `_`, and the value that is matched",
            _ => "a case is a literal, a constant, or several with `|`; all others are `_`",
        };
        self.diagnostics.error(pattern, message);
        false
    }
}

fn is_constant_name(name: &syn::Ident) -> bool {
    name.to_string().starts_with(|c: char| c.is_ascii_uppercase())
}

fn takes_others(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Or(alternatives) => alternatives.cases.iter().any(takes_others),
        Pat::Paren(inner) => takes_others(&inner.pat),
        _ => false,
    }
}

fn collect(pattern: &Pat, selectors: &mut Selectors) {
    match pattern {
        Pat::Wild(_) => selectors.others = true,
        Pat::Or(alternatives) => alternatives.cases.iter().for_each(|one| collect(one, selectors)),
        Pat::Paren(inner) => collect(&inner.pat, selectors),
        value => selectors.values.push(quote_spanned!(value.span()=> ::kernel::emit::lit(#value))),
    }
}

/// An arm's body as a block.
fn block_of(body: &Expr, has_value: bool) -> Block {
    match body {
        Expr::Block(block) if block.label.is_none() => block.block.clone(),
        Expr::Tuple(unit) if unit.elems.is_empty() => syn::parse_quote!({}),
        body if has_value => {
            Block { brace_token: syn::token::Brace::default(), stmts: vec![Stmt::Expr(body.clone(), None)] }
        }
        body => {
            let semicolon = Some(syn::Token![;](body.span()));
            Block { brace_token: syn::token::Brace::default(), stmts: vec![Stmt::Expr(body.clone(), semicolon)] }
        }
    }
}

/// A `break` in an arm that would leave the loop around the `match`.
fn own_break(body: &Expr) -> Option<syn::ExprBreak> {
    struct Find(Option<syn::ExprBreak>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_expr_break(&mut self, leave: &'ast syn::ExprBreak) {
            self.0.get_or_insert(leave.clone());
        }
        fn visit_expr_for_loop(&mut self, _: &'ast syn::ExprForLoop) {}
    }
    let mut find = Find(None);
    visit::visit_expr(&mut find, body);
    if let Expr::Break(leave) = body {
        return Some(leave.clone());
    }
    find.0
}
