//! A differentiable function's body as a list of values, each written once: reassigned names are told apart, and what no
//! differentiable argument reaches stays the author's expression.

use std::collections::{HashMap, HashSet};

use proc_macro2::Span;
use quote::{ToTokens, format_ident};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    BinOp, Block, Expr, ExprCall, ExprIf, ExprPath, Ident, Lit, Local, Member, Pat, RangeLimits, Stmt, Type, UnOp,
};

use super::rules::{self, Rule};
use crate::cpu_body::assign_operator;
use crate::diagnostics::Diagnostics;
use crate::lower::constant::Constants;
use crate::signature::last_name;

/// A value of the tape.
pub type Id = usize;

/// How many components a differentiable value has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    Scalar,
    Vector(usize),
}

impl Shape {
    /// Of a type; `None` for one that has no gradient.
    pub fn of(ty: &Type) -> Option<Self> {
        let components = match last_name(ty)?.as_str() {
            "f32" => return Some(Self::Scalar),
            "Vec2" => 2,
            "Vec3" => 3,
            "Vec4" => 4,
            _ => return None,
        };
        let text = ty.to_token_stream().to_string().replace(' ', "");
        text.ends_with("<f32>").then_some(Self::Vector(components))
    }
}

/// One value.
pub struct Node {
    pub kind: Kind,
    pub shape: Shape,
    /// Whether a differentiable argument reaches it.
    pub active: bool,
    /// The variable that holds it; a value without one is written where it is used, once.
    pub name: Option<Ident>,
    /// Branches around it.
    pub depth: usize,
    pub span: Span,
}

/// What a value is.
pub enum Kind {
    Argument,
    /// An expression that carries no gradient, with the variables' own names.
    Constant(Expr),
    /// `a + b`, `-a`, `tanh(a)`.
    Operation {
        rule: &'static Rule,
        form: Form,
        operands: Vec<Id>,
    },
    /// `base.x`.
    Component {
        base: Id,
        at: usize,
        member: Ident,
    },
    /// `vec2(a, b)`, or `splat4(a)`.
    Vector {
        function: Expr,
        operands: Vec<Id>,
    },
    /// A call of another differentiable function.
    Call {
        function: ExprPath,
        operands: Vec<Id>,
    },
    /// What a branch leaves: its condition, both sides' values, and the variable's value before it.
    Result {
        condition: Id,
        sides: [Id; 2],
        before: Option<Id>,
    },
}

/// How an operation is written.
pub enum Form {
    Binary(BinOp),
    Unary(UnOp),
    Call(Expr),
}

/// What happens, in order.
pub enum Step {
    Value(Id),
    Branch(Branch),
}

/// An `if`.
pub struct Branch {
    pub condition: Id,
    pub sides: [Side; 2],
    /// Variables that a side changes, with what they were before.
    pub changed: Vec<(Id, Id)>,
    /// The value of the `if` itself.
    pub value: Option<Id>,
}

/// One side of an `if`: its steps, then for each changed variable its last value, then the side's value.
pub struct Side {
    pub steps: Vec<Step>,
    pub changed: Vec<Id>,
    pub value: Option<Id>,
}

/// The values of a body and the state of reading it.
pub struct Tape<'d> {
    pub nodes: Vec<Node>,
    pub constants: Constants,
    pub diagnostics: &'d mut Diagnostics,
    steps: Vec<Step>,
    /// Where each name in scope is.
    scope: HashMap<String, usize>,
    /// The last value of each variable.
    slots: Vec<Id>,
    taken: HashSet<String>,
    depth: usize,
}

impl<'d> Tape<'d> {
    pub fn new(block: &Block, constants: &Constants, diagnostics: &'d mut Diagnostics) -> Self {
        let mut called = Called(HashSet::new());
        called.visit_block(block);
        Self {
            nodes: Vec::new(),
            constants: constants.clone(),
            diagnostics,
            steps: Vec::new(),
            scope: HashMap::new(),
            slots: Vec::new(),
            taken: called.0,
            depth: 0,
        }
    }

    /// An argument, differentiable where it has a shape.
    pub fn argument(&mut self, name: &Ident, shape: Option<Shape>) -> Id {
        self.taken.insert(name.to_string());
        let kind = match shape {
            Some(_) => Kind::Argument,
            None => Kind::Constant(path(name)),
        };
        let id = self.push(kind, shape.unwrap_or(Shape::Scalar), shape.is_some(), name.span());
        self.nodes[id].name = shape.map(|_| name.clone());
        self.slots.push(id);
        self.scope.insert(name.to_string(), self.slots.len() - 1);
        id
    }

    /// Reads the body; the steps and the value.
    pub fn body(&mut self, block: &Block) -> Option<(Vec<Step>, Id)> {
        let value = self.block(block);
        if value.is_none() && self.diagnostics.is_empty() {
            self.diagnostics.error_at_start(block, "a differentiable function ends with its value");
        }
        Some((std::mem::take(&mut self.steps), value?))
    }

    /// Keeps a name from the variables.
    pub fn reserve(&mut self, name: &Ident) {
        self.taken.insert(name.to_string());
    }

    /// A name that nothing else has: `name`, or with a number.
    pub fn fresh(&mut self, name: &str, span: Span) -> Ident {
        let mut text = name.to_owned();
        let mut number = 0;
        while !self.taken.insert(text.clone()) {
            number += 1;
            text = format!("{name}_{number}");
        }
        Ident::new(&text, span)
    }

    /// The values whose variables an expression reads.
    pub fn mentioned(&self, expr: &Expr) -> Vec<Id> {
        let mut called = Mentions(HashSet::new());
        called.visit_expr(expr);
        (0..self.nodes.len())
            .filter(|id| self.nodes[*id].name.as_ref().is_some_and(|name| called.0.contains(&name.to_string())))
            .collect()
    }

    /// Whether an expression may stand anywhere again and again.
    pub fn is_atom(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(_) | Expr::Lit(_) => true,
            Expr::Field(field) => matches!(&*field.base, Expr::Path(_)),
            expr => self.constants.is_constant(expr),
        }
    }

    fn push(&mut self, kind: Kind, shape: Shape, active: bool, span: Span) -> Id {
        self.nodes.push(Node { kind, shape, active, name: None, depth: self.depth, span });
        self.nodes.len() - 1
    }

    fn step(&mut self, kind: Kind, shape: Shape, active: bool, span: Span) -> Id {
        let id = self.push(kind, shape, active, span);
        self.steps.push(Step::Value(id));
        id
    }

    fn constant(&mut self, expr: Expr) -> Id {
        let shape = match &expr {
            Expr::Call(call) => vector_of(call).unwrap_or(Shape::Scalar),
            _ => Shape::Scalar,
        };
        let span = expr.span();
        self.step(Kind::Constant(expr), shape, false, span)
    }

    fn refuse(&mut self, tokens: &impl ToTokens, message: &str) -> Id {
        self.diagnostics.error(tokens, message);
        self.constant(syn::parse_quote!(0.0f32))
    }

    fn refuse_at_start(&mut self, tokens: &impl Spanned, message: &str) -> Id {
        self.diagnostics.error_at_start(tokens, message);
        self.constant(syn::parse_quote!(0.0f32))
    }

    fn block(&mut self, block: &Block) -> Option<Id> {
        let scope = self.scope.clone();
        let constants = self.constants.clone();
        let mut value = None;
        for (index, statement) in block.stmts.iter().enumerate() {
            let is_last = index + 1 == block.stmts.len();
            match statement {
                Stmt::Expr(Expr::Return(back), _) if is_last && self.depth == 0 => {
                    value = back.expr.as_ref().map(|expr| self.value(expr));
                }
                Stmt::Expr(Expr::If(branch), None) if is_last && ends_with_values(branch) => {
                    value = self.branch(branch, true);
                }
                Stmt::Expr(Expr::Block(inner), None) if is_last => value = self.block(&inner.block),
                Stmt::Expr(expr, None) if is_last && !is_statement(expr) => value = Some(self.value(expr)),
                other => self.statement(other),
            }
        }
        self.scope = scope;
        self.constants = constants;
        value
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Local(local) => self.local(local),
            Stmt::Expr(Expr::Assign(assign), _) => {
                let value = self.value(&assign.right);
                self.assign(&assign.left, value);
            }
            Stmt::Expr(Expr::Binary(binary), _) if assign_operator(&binary.op).is_some() => {
                let op = match &binary.op {
                    BinOp::AddAssign(_) => BinOp::Add(syn::token::Plus(binary.op.span())),
                    BinOp::SubAssign(_) => BinOp::Sub(syn::token::Minus(binary.op.span())),
                    BinOp::MulAssign(_) => BinOp::Mul(syn::token::Star(binary.op.span())),
                    BinOp::DivAssign(_) => BinOp::Div(syn::token::Slash(binary.op.span())),
                    op => {
                        let text = "an integer's operator has no derivative: compute the integer in a `let` of its own";
                        self.diagnostics.error(op, text);
                        return;
                    }
                };
                let (left, right) = (&binary.left, &binary.right);
                let value = self.value(&syn::parse_quote!(#left #op #right));
                self.assign(left, value);
            }
            Stmt::Expr(Expr::If(branch), _) => {
                self.branch(branch, false);
            }
            Stmt::Expr(Expr::Block(inner), _) => {
                self.block(&inner.block);
            }
            Stmt::Expr(Expr::ForLoop(for_loop), _) => self.unrolled(for_loop),
            Stmt::Expr(Expr::Return(back), _) => {
                self.refuse(
                    back,
                    "a differentiable function returns at its end: write the choice as `if .. { .. } else { .. }`",
                );
            }
            // A trace is not differentiated; other macros the lowering refuses.
            Stmt::Item(_) | Stmt::Macro(_) | Stmt::Expr(Expr::Macro(_), _) => {}
            Stmt::Expr(other, _) => {
                self.value(other);
            }
        }
    }

    fn local(&mut self, local: &Local) {
        let (pattern, ty): (&Pat, Option<&Type>) = match &local.pat {
            Pat::Type(typed) => (&typed.pat, Some(&typed.ty)),
            pattern => (pattern, None),
        };
        let (Pat::Ident(ident), Some(init)) = (pattern, &local.init) else { return };
        let id = self.value(&init.expr);
        if let Some(shape) = ty.and_then(Shape::of) {
            self.nodes[id].shape = shape;
        }
        self.slots.push(id);
        self.named(&ident.ident, id);
        self.constants.shadow(&ident.ident.to_string());
        self.scope.insert(ident.ident.to_string(), self.slots.len() - 1);
    }

    /// Gives a value the name of a variable, unless it has one or is a literal.
    fn named(&mut self, name: &Ident, id: Id) {
        let inline = matches!(&self.nodes[id].kind, Kind::Constant(expr) if self.is_atom(expr));
        if self.nodes[id].name.is_none() && !inline {
            let name = self.fresh(&name.to_string(), name.span());
            self.nodes[id].name = Some(name);
        }
    }

    fn assign(&mut self, place: &Expr, value: Id) {
        let slot = match place {
            Expr::Path(path) => {
                path.path.get_ident().and_then(|name| Some((name, *self.scope.get(&name.to_string())?)))
            }
            _ => None,
        };
        match slot {
            Some((name, slot)) => {
                self.named(name, value);
                self.slots[slot] = value;
            }
            None => {
                self.refuse(
                    place,
                    "a differentiable function assigns whole variables: make a vector anew with `vec2(..)`",
                );
            }
        }
    }

    /// `#[unroll] for i in 0..4` with its body once for each number.
    fn unrolled(&mut self, for_loop: &syn::ExprForLoop) {
        let unroll = for_loop.attrs.iter().any(|attribute| attribute.path().is_ident("unroll"));
        let bounds = match &*for_loop.expr {
            Expr::Range(range) if matches!(range.limits, RangeLimits::HalfOpen(_)) => {
                range.start.as_deref().and_then(number).zip(range.end.as_deref().and_then(number))
            }
            _ => None,
        };
        let (true, Some(((start, first), (end, last))), Pat::Ident(counter)) = (unroll, bounds, &*for_loop.pat) else {
            self.refuse_at_start(
                for_loop,
                "a loop is differentiated where it is `#[unroll]` between two numbers: move any other into the kernel",
            );
            return;
        };
        let suffix = if first.is_empty() { last } else { first };
        for index in start..end {
            let literal = Expr::Lit(syn::ExprLit {
                attrs: Vec::new(),
                lit: Lit::Int(syn::LitInt::new(&format!("{index}{suffix}"), counter.ident.span())),
            });
            let id = self.constant(literal);
            let scope = self.scope.clone();
            self.slots.push(id);
            self.scope.insert(counter.ident.to_string(), self.slots.len() - 1);
            self.block(&for_loop.body);
            self.scope = scope;
        }
    }

    /// An `if`; its value where it is used as one.
    fn branch(&mut self, branch: &ExprIf, with_value: bool) -> Option<Id> {
        let condition = self.condition(&branch.cond);
        let before = self.slots.clone();
        let (mut then, then_slots) = self.side(|tape| tape.block(&branch.then_branch), &before);
        let (mut otherwise, other_slots) = match &branch.else_branch {
            None => (Side { steps: Vec::new(), changed: Vec::new(), value: None }, before.clone()),
            Some((_, other)) => match &**other {
                Expr::If(next) => self.side(|tape| tape.branch(next, with_value), &before),
                Expr::Block(block) => self.side(|tape| tape.block(&block.block), &before),
                other => self.side(|tape| Some(tape.value(other)), &before),
            },
        };
        let mut changed = Vec::new();
        for slot in 0..before.len() {
            let sides = [then_slots[slot], other_slots[slot]];
            if sides == [before[slot]; 2] {
                continue;
            }
            let result = self.result(condition, sides, Some(before[slot]), branch.if_token.span);
            let name = sides.iter().find_map(|id| self.nodes[*id].name.clone());
            let name = name.unwrap_or_else(|| format_ident!("chosen", span = branch.if_token.span));
            let base = name.to_string();
            let stem = base.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches('_');
            let name = self.fresh(if stem.is_empty() { "chosen" } else { stem }, name.span());
            self.nodes[result].name = Some(name);
            then.changed.push(sides[0]);
            otherwise.changed.push(sides[1]);
            changed.push((result, before[slot]));
            self.slots[slot] = result;
        }
        let value = match (with_value, then.value, otherwise.value) {
            (true, Some(then), Some(otherwise)) => {
                let result = self.result(condition, [then, otherwise], None, branch.if_token.span);
                Some(result)
            }
            _ => None,
        };
        self.steps.push(Step::Branch(Branch { condition, sides: [then, otherwise], changed, value }));
        value
    }

    fn result(&mut self, condition: Id, sides: [Id; 2], before: Option<Id>, span: Span) -> Id {
        let active = sides.iter().any(|id| self.nodes[*id].active);
        let by = sides.iter().find(|id| self.nodes[**id].active == active).copied().unwrap_or(sides[0]);
        self.push(Kind::Result { condition, sides, before }, self.nodes[by].shape, active, span)
    }

    /// One side of a branch and the variables after it.
    fn side(&mut self, read: impl FnOnce(&mut Self) -> Option<Id>, before: &[Id]) -> (Side, Vec<Id>) {
        let outer = std::mem::take(&mut self.steps);
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        let steps = std::mem::replace(&mut self.steps, outer);
        let after = self.slots[..before.len()].to_vec();
        self.slots = before.to_vec();
        (Side { steps, changed: Vec::new(), value }, after)
    }

    fn condition(&mut self, expr: &Expr) -> Id {
        let renamed = self.renamed(expr);
        self.constant(renamed)
    }

    /// An expression with the variables' own names.
    fn renamed(&mut self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        if let Expr::Paren(inner) = expr {
            expr = *inner.expr;
        }
        Rename { tape: self }.visit_expr_mut(&mut expr);
        expr
    }

    /// What stands for a value in an expression.
    pub fn reference(&self, id: Id) -> Option<Expr> {
        match (&self.nodes[id].name, &self.nodes[id].kind) {
            (Some(name), _) => Some(path(name)),
            (None, Kind::Constant(expr)) => Some(expr.clone()),
            _ => None,
        }
    }

    fn reaches(&self, expr: &Expr) -> bool {
        let mut mentions = Mentions(HashSet::new());
        mentions.visit_expr(expr);
        mentions.0.iter().any(|name| self.scope.get(name).is_some_and(|slot| self.nodes[self.slots[*slot]].active))
    }

    fn value(&mut self, expr: &Expr) -> Id {
        if self.constants.is_constant(expr) {
            return self.constant(expr.clone());
        }
        if let Expr::Path(path) = expr
            && let Some(slot) = path.path.get_ident().and_then(|name| self.scope.get(&name.to_string()))
        {
            return self.slots[*slot];
        }
        if !self.reaches(expr) && !has_statements(expr) {
            let renamed = self.renamed(expr);
            return self.constant(renamed);
        }
        match expr {
            Expr::Paren(paren) => self.value(&paren.expr),
            Expr::Group(group) => self.value(&group.expr),
            Expr::Binary(binary) => match rules::operator(&binary.op) {
                Some(rule) => {
                    let operands = vec![self.value(&binary.left), self.value(&binary.right)];
                    self.operation(expr, rule, Form::Binary(binary.op), operands)
                }
                None if is_comparison(&binary.op) => self.condition(expr),
                None => self.refuse(&binary.op, "this operator has no derivative: WGSL has it for integers"),
            },
            Expr::Unary(unary) => match rules::negation(&unary.op) {
                Some(rule) => {
                    let operands = vec![self.value(&unary.expr)];
                    self.operation(expr, rule, Form::Unary(unary.op), operands)
                }
                None => self.condition(expr),
            },
            Expr::Cast(cast) => match last_name(&cast.ty).as_deref() {
                Some("f32") => self.value(&cast.expr),
                _ => self.condition(expr),
            },
            Expr::Call(call) => self.call(expr, call),
            Expr::Field(field) => self.component(field),
            Expr::If(branch) => self.branch(branch, true).unwrap_or_else(|| {
                self.refuse_at_start(branch, "both sides of an `if` whose value is used end with a value")
            }),
            Expr::Block(block) => self
                .block(&block.block)
                .unwrap_or_else(|| self.refuse_at_start(block, "a block whose value is used ends with a value")),
            Expr::Index(index) => self.refuse(
                index,
                "an array's or binding's elements carry no gradient: read them in the kernel and pass values",
            ),
            Expr::Reference(reference) => {
                self.refuse(reference, "a gradient does not pass through a reference: pass and return values")
            }
            Expr::Match(choice) => {
                self.refuse_at_start(choice, "a `match` is not differentiated: choose with `if` and `else`")
            }
            Expr::Await(waited) => self.refuse(
                waited,
                "a differentiable function waits for nothing: reduce in the kernel, between two of them",
            ),
            other => self.refuse(other, "this is not differentiated: compute with values, operators and calls"),
        }
    }

    fn operation(&mut self, expr: &Expr, rule: &'static Rule, form: Form, operands: Vec<Id>) -> Id {
        let carrying = || operands.iter().filter(|id| self.nodes[**id].active);
        if carrying().next().is_none() {
            let renamed = self.renamed(expr);
            return self.constant(renamed);
        }
        let vector = operands.iter().map(|id| self.nodes[*id].shape).find(|shape| *shape != Shape::Scalar);
        let shape = match vector {
            Some(shape) if rule.name != "dot" => shape,
            _ => Shape::Scalar,
        };
        if rule.scalar && shape != Shape::Scalar {
            let message = format!("`{}` of a vector is not differentiated: take its components", rule.name);
            return self.refuse(expr, &message);
        }
        self.step(Kind::Operation { rule, form, operands }, shape, true, expr.span())
    }

    fn call(&mut self, expr: &Expr, call: &ExprCall) -> Id {
        let Expr::Path(function) = &*call.func else { return self.refuse(&call.func, "call a function by its name") };
        let last = function.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let name = if function.path.segments.len() == 1 { last.as_str() } else { "" };
        if name == "stop_gradient" || rules::is_flat(name) {
            return self.condition(expr);
        }
        if name == "f32" && call.args.len() == 1 {
            return self.value(&call.args[0]);
        }
        if rules::lacks(name) {
            let message =
                format!("`{name}` has no derivative here: `stop_gradient(..)` takes its argument as a constant");
            return self.refuse(function, &message);
        }
        let operands: Vec<Id> = call.args.iter().map(|argument| self.value(argument)).collect();
        if let Some(rule) = rules::builtin(name).filter(|rule| rule.partials.len() == operands.len()) {
            return self.operation(expr, rule, Form::Call((*call.func).clone()), operands);
        }
        if !operands.iter().any(|id| self.nodes[*id].active) {
            let renamed = self.renamed(expr);
            return self.constant(renamed);
        }
        let span = expr.span();
        if let Some(shape) = vector_of(call) {
            return self.step(Kind::Vector { function: (*call.func).clone(), operands }, shape, true, span);
        }
        let function = function.clone();
        self.step(Kind::Call { function, operands }, Shape::Scalar, true, span)
    }

    fn component(&mut self, field: &syn::ExprField) -> Id {
        let base = self.value(&field.base);
        let Member::Named(member) = &field.member else {
            return self.refuse(field, "WGSL has no tuples: name the field");
        };
        let at = ["x", "y", "z", "w"].iter().position(|name| member == name);
        match (self.nodes[base].shape, at) {
            (Shape::Vector(count), Some(at)) if at < count => {
                self.step(Kind::Component { base, at, member: member.clone() }, Shape::Scalar, true, member.span())
            }
            _ => self.refuse(
                member,
                "only a vector's components carry a gradient: a call that gives a vector says so, `let v: Vec2<f32> = ..`",
            ),
        }
    }
}

/// Names that a body reads as values.
struct Mentions(HashSet<String>);

impl<'a> Visit<'a> for Mentions {
    fn visit_expr_path(&mut self, path: &'a ExprPath) {
        self.0.extend(path.path.get_ident().map(ToString::to_string));
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        for argument in &call.args {
            self.visit_expr(argument);
        }
    }
}

/// Names of functions that a body calls, which no variable may take.
struct Called(HashSet<String>);

impl<'a> Visit<'a> for Called {
    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        if let Expr::Path(function) = &*call.func {
            self.0.extend(function.path.segments.first().map(|first| first.ident.to_string()));
        }
        visit::visit_expr_call(self, call);
    }
}

struct Rename<'t, 'd> {
    tape: &'t Tape<'d>,
}

impl VisitMut for Rename<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Path(path) = expr
            && let Some(slot) = path.path.get_ident().and_then(|name| self.tape.scope.get(&name.to_string()))
            && let Some(reference) = self.tape.reference(self.tape.slots[*slot])
        {
            *expr = match reference {
                Expr::Path(_) | Expr::Lit(_) => reference,
                other => syn::parse_quote!((#other)),
            };
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        for argument in &mut call.args {
            self.visit_expr_mut(argument);
        }
    }
}

/// An identifier as an expression.
pub fn path(name: &Ident) -> Expr {
    syn::parse_quote!(#name)
}

fn vector_of(call: &ExprCall) -> Option<Shape> {
    let Expr::Path(function) = &*call.func else { return None };
    let name = function.path.get_ident()?.to_string();
    match (name.as_str(), call.args.len()) {
        ("vec2", 2) => Some(Shape::Vector(2)),
        ("vec3", 3) => Some(Shape::Vector(3)),
        ("vec4", 4) | ("splat4", 1) => Some(Shape::Vector(4)),
        _ => None,
    }
}

fn is_comparison(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_)
            | BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::And(_)
            | BinOp::Or(_)
    )
}

fn is_statement(expr: &Expr) -> bool {
    match expr {
        Expr::Assign(_) | Expr::ForLoop(_) | Expr::If(_) | Expr::Return(_) => true,
        Expr::Binary(binary) => assign_operator(&binary.op).is_some(),
        _ => false,
    }
}

fn ends_with_values(branch: &ExprIf) -> bool {
    let has_value = |block: &Block| match block.stmts.last() {
        Some(Stmt::Expr(Expr::If(inner), None)) => ends_with_values(inner),
        Some(Stmt::Expr(expr, None)) => !is_statement(expr),
        _ => false,
    };
    let other = match branch.else_branch.as_ref().map(|(_, other)| &**other) {
        Some(Expr::If(next)) => ends_with_values(next),
        Some(Expr::Block(block)) => has_value(&block.block),
        _ => false,
    };
    other && has_value(&branch.then_branch)
}

/// Whether an expression holds blocks, whose names are of their own.
fn has_statements(expr: &Expr) -> bool {
    struct Finds(bool);
    impl<'a> Visit<'a> for Finds {
        fn visit_block(&mut self, _: &'a Block) {
            self.0 = true;
        }
    }
    let mut finds = Finds(false);
    finds.visit_expr(expr);
    finds.0
}

/// A number and its suffix.
fn number(expr: &Expr) -> Option<(u32, String)> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => Some((number.base10_parse().ok()?, number.suffix().to_owned())),
            _ => None,
        },
        _ => None,
    }
}
