//! What the value of an expression varies with (WGSL §15.2.8).

use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprIf, ExprMatch, Lit, Pat};

use super::Analysis;
use super::branch::{Branch, Cause, CauseKind};
use super::message::text;
use super::varies::{Entry, Source, Varies};
use crate::cpu_body::assign_operator;
use crate::trace;

impl Analysis {
    pub(super) fn value(&mut self, expr: &Expr) -> Varies {
        match expr {
            Expr::Lit(_) => Varies::default(),
            Expr::Path(path) => match path.path.get_ident().and_then(|name| self.variables.get(&name.to_string())) {
                Some(Entry::Memory(varies)) => varies.clone(),
                Some(Entry::Variable(id) | Entry::Pointer(id)) => {
                    self.variables.state.get(*id).cloned().unwrap_or_default()
                }
                // Not a variable: a constant.
                None => Varies::default(),
            },
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Group(group) => self.value(&group.expr),
            Expr::Unary(unary) => self.value(&unary.expr),
            Expr::Cast(cast) => self.value(&cast.expr),
            Expr::Field(field) => self.value(&field.base),
            Expr::Reference(reference) => self.value(&reference.expr),
            Expr::Repeat(repeat) => self.value(&repeat.expr),
            Expr::Index(index) => {
                let array = self.value(&index.expr);
                array.joined(&self.value(&index.index))
            }
            Expr::Binary(binary) => match &binary.op {
                BinOp::And(_) | BinOp::Or(_) => self.short_circuit(&binary.left, &binary.right),
                op if assign_operator(op).is_some() => {
                    let value = self.value(&binary.right);
                    let old = self.value(&binary.left);
                    self.assign(&binary.left, value.joined(&old));
                    Varies::default()
                }
                _ => {
                    let left = self.value(&binary.left);
                    left.joined(&self.value(&binary.right))
                }
            },
            Expr::Assign(assign) => {
                let value = self.value(&assign.right);
                self.assign(&assign.left, value);
                Varies::default()
            }
            Expr::Call(call) => self.call(call),
            Expr::Await(waited) => self.waited(waited),
            Expr::If(branch) => self.if_(branch),
            Expr::Match(choice) => self.match_(choice),
            Expr::Block(block) => self.block(&block.block),
            Expr::Struct(literal) => self.all(literal.fields.iter().map(|field| &field.expr)),
            Expr::Array(array) => self.all(&array.elems),
            Expr::Tuple(tuple) => self.all(&tuple.elems),
            // `x.len()` is the same for all, whatever the elements are.
            Expr::MethodCall(call) if call.method == "len" && call.args.is_empty() => Varies::default(),
            Expr::MethodCall(call) => self.all(std::iter::once(&*call.receiver).chain(&call.args)),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                self.repeated(expr);
                Varies::default()
            }
            Expr::Return(back) => {
                let value = back.expr.as_ref().map(|value| self.value(value)).unwrap_or_default();
                self.returned(value);
                self.leaves("return", back.span().start().line);
                Varies::default()
            }
            Expr::Break(leave) => {
                self.leaves("break", leave.span().start().line);
                Varies::default()
            }
            Expr::Continue(again) => {
                self.leaves("continue", again.span().start().line);
                Varies::default()
            }
            Expr::Macro(call) if trace::is_trace(&call.mac) => Varies::default(),
            // The lowering refuses it.
            other => Varies::with(Source::Unknown(text(other))),
        }
    }

    pub(super) fn all<'e>(&mut self, values: impl IntoIterator<Item = &'e Expr>) -> Varies {
        values.into_iter().fold(Varies::default(), |all, value| all.joined(&self.value(value)))
    }

    /// What decides at a condition.
    pub(super) fn cause(&self, kind: CauseKind, condition: &Expr, varies: Varies) -> Cause {
        let start = condition.span().start();
        Cause { kind, text: text(condition), line: start.line, column: start.column + 1, varies, left: None }
    }

    fn short_circuit(&mut self, left: &Expr, right: &Expr) -> Varies {
        let decided = self.value(left);
        let cause = self.cause(CauseKind::ShortCircuit, left, decided.clone());
        let values = self
            .branches(Some(cause), vec![Box::new(|analysis| analysis.value(right)), Box::new(|_| Varies::default())]);
        values.iter().fold(decided, |all, value| all.joined(value))
    }

    fn if_(&mut self, branch: &ExprIf) -> Varies {
        let condition = self.value(&branch.cond);
        let cause = self.cause(CauseKind::If, &branch.cond, condition.clone());
        let values = self.branches(
            Some(cause),
            vec![
                Box::new(|analysis| analysis.block(&branch.then_branch)),
                Box::new(|analysis| match &branch.else_branch {
                    Some((_, other)) => analysis.value(other),
                    None => Varies::default(),
                }),
            ],
        );
        values.iter().fold(condition, |all, value| all.joined(value))
    }

    fn match_(&mut self, choice: &ExprMatch) -> Varies {
        let mut chosen = self.value(&choice.expr);
        let mut cause = self.cause(CauseKind::Match, &choice.expr, chosen.clone());
        // Any guard may decide for any arm.
        for arm in &choice.arms {
            let scope = self.variables.enter();
            self.bind(&arm.pat, &chosen);
            if let Pat::Guard(guarded) = &arm.pat {
                let guard = self.value(&guarded.guard);
                if cause.varies.between_invocations.is_none() && guard.between_invocations.is_some() {
                    cause = self.cause(CauseKind::If, &guarded.guard, cause.varies.joined(&guard));
                }
                chosen.join(&guard);
            }
            self.variables.leave(scope);
        }
        cause.varies.join(&chosen);
        let mut arms: Vec<Branch<'_, Varies>> = Vec::new();
        for arm in &choice.arms {
            let chosen = chosen.clone();
            arms.push(Box::new(move |analysis: &mut Self| {
                let scope = analysis.variables.enter();
                analysis.bind(&arm.pat, &chosen);
                let value = analysis.value(&arm.body);
                analysis.variables.leave(scope);
                value
            }));
        }
        let values = self.branches(Some(cause), arms);
        values.iter().fold(chosen, |all, value| all.joined(value))
    }

    /// The names of a pattern, which stand for the value that is matched.
    fn bind(&mut self, pattern: &Pat, matched: &Varies) {
        match pattern {
            Pat::Ident(name) => {
                let id = self.variables.add(matched.clone());
                self.variables.name(name.ident.to_string(), Entry::Variable(id));
            }
            Pat::Guard(guarded) => self.bind(&guarded.pat, matched),
            Pat::Paren(paren) => self.bind(&paren.pat, matched),
            Pat::Or(or) => or.cases.iter().for_each(|case| self.bind(case, matched)),
            _ => {}
        }
    }

    /// Assigns to a place. Only a whole variable forgets what it held.
    pub(super) fn assign(&mut self, place: &Expr, value: Varies) {
        let Some((id, whole, index)) = self.place(place) else { return };
        let mut assigned = value.joined(&index);
        if let Some(name) = root(place) {
            self.under_control(&mut assigned, &name, place.span().start().line);
        }
        if let Some(varies) = self.variables.state.get_mut(id) {
            if whole {
                *varies = assigned;
            } else {
                varies.join(&assigned);
            }
        }
    }

    /// A value that is made where not every invocation comes varies with who does.
    pub(super) fn under_control(&self, value: &mut Varies, name: &str, line: usize) {
        if value.between_invocations.is_none()
            && let Some(cause) = self.control.causes.iter().find(|cause| cause.varies.between_invocations.is_some())
        {
            let source = Source::Assigned { name: name.to_owned(), line, cause: cause.clone() };
            value.join(&Varies::with(source));
        }
        value.join(&self.control.varies());
    }

    /// The variable behind a place, whether the place is all of it, and what its indices vary with; `None` for memory.
    fn place(&mut self, place: &Expr) -> Option<(usize, bool, Varies)> {
        match place {
            Expr::Path(path) => match self.variables.get(&path.path.get_ident()?.to_string())? {
                Entry::Variable(id) | Entry::Pointer(id) => Some((*id, true, Varies::default())),
                Entry::Memory(_) => None,
            },
            Expr::Paren(paren) => self.place(&paren.expr),
            Expr::Group(group) => self.place(&group.expr),
            Expr::Unary(unary) => self.place(&unary.expr),
            Expr::Reference(reference) => self.place(&reference.expr),
            Expr::Field(field) => self.place(&field.base).map(|(id, _, index)| (id, false, index)),
            Expr::Index(index) => {
                let by = self.value(&index.index);
                let base = self.place(&index.expr);
                base.map(|(id, _, index)| (id, false, index.joined(&by)))
            }
            _ => None,
        }
    }
}

/// The name at the root of a place.
pub(super) fn root(place: &Expr) -> Option<String> {
    match place {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Field(field) => root(&field.base),
        Expr::Index(index) => root(&index.expr),
        _ => None,
    }
}

/// Whether an expression is the literal `true`: a `loop`'s condition.
pub(super) fn always() -> Expr {
    let literal = Lit::Bool(syn::LitBool::new(true, proc_macro2::Span::call_site()));
    Expr::Lit(syn::ExprLit { attrs: Vec::new(), lit: literal })
}
