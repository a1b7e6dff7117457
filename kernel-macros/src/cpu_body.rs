//! The body as the CPU runs it: the author's own, with WGSL's operators in place of Rust's, so that integers wrap and
//! shifts are masked, and with `u32` indices.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Block, Expr, ItemFn, Pat, Stmt, UnOp};

use crate::lower::constant::Constants;
use crate::trace;

/// Rewrites a device function's body for the CPU.
pub fn rewrite(block: &mut Block, constants: &Constants) {
    Rewrite { constants: constants.clone(), notes_returns: false, literals: Literals::OfFields }.visit_block_mut(block);
}

/// Rewrites a body for its f64 reference.
pub fn rewrite_reference(block: &mut Block, constants: &Constants) {
    Rewrite { constants: constants.clone(), notes_returns: false, literals: Literals::Plain }.visit_block_mut(block);
}

/// Rewrites a kernel's body for the CPU. One with barriers notes where it returns early, so that a barrier which others
/// never reach can name the line.
pub fn rewrite_kernel(function: &mut ItemFn, constants: &Constants) {
    let notes_returns = function.sig.asyncness.is_some();
    Rewrite { constants: constants.clone(), notes_returns, literals: Literals::OfFields }
        .visit_block_mut(&mut function.block);
}

struct Rewrite {
    constants: Constants,
    notes_returns: bool,
    literals: Literals,
}

/// What a struct's literal becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literals {
    /// The author's fields, and the struct from them: it may have bytes between its fields.
    OfFields,
    /// Itself.
    Plain,
}

impl Rewrite {
    /// A place: `x[i]` as `x[position(i)]`, or as `x[part::of(i, steps)]` where only a part of the element is used, to
    /// which the steps lead.
    fn place(&mut self, expr: &mut Expr, mut steps: Vec<TokenStream>) {
        let span = expr.span();
        match expr {
            Expr::Field(field) => {
                if let syn::Member::Named(name) = &field.member {
                    steps.insert(0, quote_spanned!(name.span()=> ::kernel::part::Step::Member(stringify!(#name))));
                }
                self.place(&mut field.base, steps);
            }
            Expr::Paren(paren) => self.place(&mut paren.expr, steps),
            Expr::Group(group) => self.place(&mut group.expr, steps),
            Expr::Index(index) => {
                let inside = is_part(&index.expr);
                let again = is_cheap(&index.index);
                self.visit_expr_mut(&mut index.index);
                let position = &index.index;
                let position_span = position.span();
                let at = quote_spanned!(position_span=> ::kernel::ops::position(#position));
                let at = match (inside, steps.is_empty()) {
                    (true, _) => {
                        if again {
                            steps.insert(0, quote_spanned!(position_span=> ::kernel::part::Step::Element(#at.0)));
                        } else {
                            // It is evaluated once: what is then known is the array.
                            steps.clear();
                        }
                        self.place(&mut index.expr, steps);
                        at
                    }
                    (false, whole) => {
                        self.visit_expr_mut(&mut index.expr);
                        if whole {
                            at
                        } else {
                            quote_spanned!(position_span=> ::kernel::part::of(#position, &[#(#steps),*]))
                        }
                    }
                };
                let array = &index.expr;
                *expr = syn::parse_quote_spanned!(span=> #array[#at]);
            }
            other => self.visit_expr_mut(other),
        }
    }

    /// `S { a, b }` as a `S` of the author's fields.
    fn literal(&mut self, literal: &mut syn::ExprStruct) -> Expr {
        visit_mut::visit_expr_struct_mut(self, literal);
        let span = literal.path.span();
        let path = literal.path.clone();
        literal.path = syn::parse_quote_spanned!(span=> ::kernel::structure::Fields::<#path>);
        syn::parse_quote_spanned!(span=> <#path as ::kernel::structure::Structure>::of(#literal))
    }

    /// A trace as a call of `kernel::trace`, where its values are an author's; the lowering refuses others.
    fn trace(&mut self, call: &syn::Macro) -> Option<Expr> {
        let mut values = trace::values(call)?.ok()?;
        let names: Vec<String> = values.iter().map(crate::uniformity::text).collect();
        values.iter_mut().for_each(|value| self.visit_expr_mut(value));
        let span = call.path.span();
        let note = quote_spanned!(span=> ::kernel::trace::note(&[#((#names, ::kernel::trace::text(#values))),*]););
        // The `if` is the macro's own: an author is not told how to write it.
        let own = proc_macro2::Span::mixed_site();
        Some(syn::parse_quote_spanned!(own=> if ::kernel::trace::is_wanted() { #note }))
    }

    /// A call with an element's place: `f(&x[i])` as `f(place(&x, position(i)))`.
    fn place_call(&mut self, call: &mut syn::ExprCall, argument: usize) {
        for (index, value) in call.args.iter_mut().enumerate() {
            let Some(element) = crate::place::element(value).filter(|_| index == argument) else {
                self.visit_expr_mut(value);
                continue;
            };
            let span = element.span();
            let (mut array, mut position) = ((*element.expr).clone(), (*element.index).clone());
            self.visit_expr_mut(&mut array);
            self.visit_expr_mut(&mut position);
            let position_span = position.span();
            let position = quote_spanned!(position_span=> ::kernel::ops::position(#position));
            *value = syn::parse_quote_spanned!(span=> ::kernel::storage::place(&#array, #position));
        }
    }
}

impl VisitMut for Rewrite {
    fn visit_block_mut(&mut self, block: &mut Block) {
        let before = self.constants.clone();
        visit_mut::visit_block_mut(self, block);
        self.constants = before;
    }

    fn visit_stmt_mut(&mut self, statement: &mut Stmt) {
        if let Stmt::Macro(call) = statement
            && let Some(shown) = self.trace(&call.mac)
        {
            *statement = Stmt::Expr(shown, Some(Default::default()));
            return;
        }
        visit_mut::visit_stmt_mut(self, statement);
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        visit_mut::visit_local_mut(self, local);
        let pattern = match &local.pat {
            Pat::Type(typed) => &typed.pat,
            pattern => pattern,
        };
        if let Pat::Ident(ident) = pattern {
            self.constants.shadow(&ident.ident.to_string());
        }
    }

    fn visit_expr_for_loop_mut(&mut self, for_loop: &mut syn::ExprForLoop) {
        let unrolled = for_loop.attrs.iter().any(|attribute| attribute.path().is_ident("unroll"));
        for_loop.attrs.retain(|attribute| !attribute.path().is_ident("unroll"));
        self.visit_expr_mut(&mut for_loop.expr);
        let before = self.constants.clone();
        match &*for_loop.pat {
            pattern if unrolled => self.constants.add_pattern(pattern),
            Pat::Ident(ident) => self.constants.shadow(&ident.ident.to_string()),
            _ => {}
        }
        self.visit_block_mut(&mut for_loop.body);
        self.constants = before;
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if self.constants.is_constant(expr) {
            return;
        }
        if let Expr::Macro(call) = expr
            && let Some(shown) = self.trace(&call.mac)
        {
            *expr = shown;
            return;
        }
        if let Expr::Call(call) = expr
            && let Some(argument) = crate::place::argument(call)
        {
            self.place_call(call, argument);
            return;
        }
        if matches!(expr, Expr::Field(_) | Expr::Index(_)) {
            self.place(expr, Vec::new());
            return;
        }
        if let Expr::Struct(literal) = expr
            && self.literals == Literals::OfFields
        {
            *expr = self.literal(literal);
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
        let span = expr.span();
        match expr {
            Expr::Binary(binary) => {
                let (left, right) = (&binary.left, &binary.right);
                let span = binary.op.span();
                if let Some(function) = value_operator(&binary.op).or(comparison(&binary.op)) {
                    let function = syn::Ident::new(function, span);
                    *expr = syn::parse_quote_spanned!(span=> ::kernel::ops::#function(#left, #right));
                } else if let Some(function) = assign_operator(&binary.op) {
                    let function = syn::Ident::new(function, span);
                    let value = syn::Ident::new("__right", proc_macro2::Span::mixed_site());
                    *expr = syn::parse_quote_spanned!(span=> {
                        let #value = #right;
                        #left = ::kernel::ops::#function(#left, #value);
                    });
                }
            }
            Expr::Match(switch) if !self.constants.is_constant(&switch.expr) => {
                let value = &switch.expr;
                let tokens = quote_spanned!(value.span()=> ::kernel::ops::selector(#value));
                *switch.expr = syn::parse_quote!(#tokens);
            }
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
                let value = &unary.expr;
                let tokens = quote_spanned!(span=> ::kernel::ops::neg(#value));
                *expr = syn::parse_quote!(#tokens);
            }
            Expr::Return(_) if self.notes_returns => {
                *expr = syn::parse_quote_spanned!(span=> {
                    ::kernel::cpu::returns_here();
                    #expr
                });
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

/// Whether a place is a part of an element: there is an index on the way to it.
fn is_part(place: &Expr) -> bool {
    match place {
        Expr::Index(_) => true,
        Expr::Field(field) => is_part(&field.base),
        Expr::Paren(paren) => is_part(&paren.expr),
        Expr::Group(group) => is_part(&group.expr),
        _ => false,
    }
}

/// Whether an index may be evaluated twice: it calls nothing and reads no memory.
fn is_cheap(index: &Expr) -> bool {
    match index {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(field) => is_cheap(&field.base),
        Expr::Binary(binary) => {
            assign_operator(&binary.op).is_none() && is_cheap(&binary.left) && is_cheap(&binary.right)
        }
        Expr::Unary(unary) => is_cheap(&unary.expr),
        Expr::Cast(cast) => is_cheap(&cast.expr),
        Expr::Paren(paren) => is_cheap(&paren.expr),
        Expr::Group(group) => is_cheap(&group.expr),
        _ => false,
    }
}

/// The function of `kernel::ops` for a comparison, which gives a vector where it compares vectors.
pub fn comparison(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::Lt(_) => "lt",
        BinOp::Le(_) => "le",
        BinOp::Gt(_) => "gt",
        BinOp::Ge(_) => "ge",
        BinOp::Eq(_) => "eq",
        BinOp::Ne(_) => "ne",
        _ => return None,
    })
}

/// The function of `kernel::ops` for an operator that gives a value; `&&` and `||` stay Rust's.
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
