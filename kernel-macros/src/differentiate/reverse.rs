//! From a tape to the body of the gradient: the values that derivatives need, then the steps backwards, each passing the
//! gradient by its value on to its operands.

use std::collections::{BTreeMap, HashSet};

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprPath, Ident};

use super::rules;
use super::tape::{Branch, Form, Id, Kind, Shape, Side, Step, Tape, path};
use crate::lower::is_associated;

/// The gradient by one value so far: sums of all its components and of single ones.
#[derive(Default)]
struct Adjoint {
    whole: Vec<Expr>,
    parts: [Vec<Expr>; 4],
}

type Adjoints = BTreeMap<Id, Adjoint>;

/// Statements of the gradient, and the gradients by `arguments` in order.
pub fn body(
    tape: &mut Tape<'_>,
    steps: &[Step],
    value: Id,
    seed: &Ident,
    arguments: &[Id],
) -> (Vec<TokenStream>, Vec<Expr>) {
    let mut reverse = Reverse { tape, needed: HashSet::new(), kept: HashSet::new() };
    let mut adjoints = Adjoints::new();
    reverse.pass(value, path(seed), &mut adjoints);
    let mut backward = Vec::new();
    reverse.steps(steps, &mut adjoints, &mut backward);
    let gradients = arguments
        .iter()
        .map(|id| match adjoints.remove(id) {
            Some(adjoint) => total(adjoint, reverse.tape.nodes[*id].shape),
            None => zero(reverse.tape.nodes[*id].shape),
        })
        .collect();
    let mut statements = Vec::new();
    for id in 0..reverse.tape.nodes.len() {
        if reverse.is_hoisted(id)
            && let Some(name) = reverse.tape.nodes[id].name.clone()
        {
            let zero = zero(reverse.tape.nodes[id].shape);
            statements.push(quote!(let mut #name = #zero;));
        }
    }
    reverse.forward(steps, &mut statements);
    statements.extend(backward);
    (statements, gradients)
}

struct Reverse<'t, 'd> {
    tape: &'t mut Tape<'d>,
    /// What the forward part computes.
    needed: HashSet<Id>,
    /// What the backward part reads by name.
    kept: HashSet<Id>,
}

impl Reverse<'_, '_> {
    /// Whether a value inside of a branch is read after it, in the backward part.
    fn is_hoisted(&self, id: Id) -> bool {
        self.kept.contains(&id) && self.tape.nodes[id].depth > 0
    }

    /// Adds to the gradient by a value.
    fn pass(&self, id: Id, gradient: Expr, adjoints: &mut Adjoints) {
        if self.tape.nodes[id].active {
            adjoints.entry(id).or_default().whole.push(gradient);
        }
    }

    /// The steps backwards.
    fn steps(&mut self, steps: &[Step], adjoints: &mut Adjoints, out: &mut Vec<TokenStream>) {
        for step in steps.iter().rev() {
            match step {
                Step::Value(id) => {
                    if let Some(adjoint) = adjoints.remove(id) {
                        let gradient = total(adjoint, self.tape.nodes[*id].shape);
                        self.propagate(*id, gradient, adjoints, out);
                    }
                }
                Step::Branch(branch) => self.branch(branch, adjoints, out),
            }
        }
    }

    fn branch(&mut self, branch: &Branch, adjoints: &mut Adjoints, out: &mut Vec<TokenStream>) {
        let results = branch.changed.iter().map(|(result, _)| *result).chain(branch.value);
        let mut gradients = Vec::new();
        for (position, result) in results.enumerate() {
            if let Some(adjoint) = adjoints.remove(&result) {
                let gradient = total(adjoint, self.tape.nodes[result].shape);
                gradients.push((position, self.bound(result, gradient, out)));
            }
        }
        if gradients.is_empty() {
            return;
        }
        let condition = self.read(branch.condition);
        let mut bodies = Vec::new();
        for side in &branch.sides {
            let values: Vec<Id> = side.changed.iter().copied().chain(side.value).collect();
            let mut inner = Adjoints::new();
            for (position, gradient) in &gradients {
                if let Some(value) = values.get(*position) {
                    self.pass(*value, gradient.clone(), &mut inner);
                }
            }
            let mut body = Vec::new();
            self.steps(&side.steps, &mut inner, &mut body);
            bodies.push((body, inner));
        }
        let outer: Vec<Id> = bodies.iter().flat_map(|(_, inner)| inner.keys().copied()).collect();
        let mut names = BTreeMap::new();
        for id in outer {
            if names.contains_key(&id) {
                continue;
            }
            let name = self.gradient_name(id);
            let zero = zero(self.tape.nodes[id].shape);
            out.push(quote!(let mut #name = #zero;));
            names.insert(id, name);
        }
        let sides: Vec<TokenStream> = bodies
            .into_iter()
            .map(|(mut body, inner)| {
                for (id, adjoint) in inner {
                    let (name, sum) = (&names[&id], total(adjoint, self.tape.nodes[id].shape));
                    body.push(quote!(#name = #sum;));
                }
                quote!(#(#body)*)
            })
            .collect();
        let (then, other) = (&sides[0], &sides[1]);
        out.push(match (then.is_empty(), other.is_empty()) {
            (_, true) => quote!(if #condition { #then }),
            (true, false) if !self.tape.constants.is_constant(&condition) => quote!(if !(#condition) { #other }),
            _ => quote!(if #condition { #then } else { #other }),
        });
        for (id, name) in names {
            self.pass(id, path(&name), adjoints);
        }
    }

    /// Passes the gradient by a value on to its operands.
    fn propagate(&mut self, id: Id, gradient: Expr, adjoints: &mut Adjoints, out: &mut Vec<TokenStream>) {
        let (shape, span) = (self.tape.nodes[id].shape, self.tape.nodes[id].span);
        match &self.tape.nodes[id].kind {
            Kind::Argument => self.pass(id, gradient, adjoints),
            Kind::Constant(_) | Kind::Result { .. } => {}
            Kind::Operation { rule, operands, .. } => {
                let (rule, operands) = (*rule, operands.clone());
                let carrying: Vec<usize> =
                    (0..operands.len()).filter(|at| self.tape.nodes[operands[*at]].active).collect();
                let gradient = if carrying.len() > 1 { self.bound(id, gradient, out) } else { gradient };
                let mut template = Template { values: vec![('d', gradient.clone())] };
                if let Some(shared) = rule.shared {
                    let shared = self.instance(shared, &template, id, &operands, span);
                    let name = self.tape.fresh("q", span);
                    out.push(quote_spanned!(span=> let #name = #shared;));
                    template.values.push(('q', path(&name)));
                }
                for at in carrying {
                    let operand = operands[at];
                    let total_of_scalar = shape != Shape::Scalar && self.tape.nodes[operand].shape == Shape::Scalar;
                    let partial = match rule.name {
                        "*" if total_of_scalar => {
                            let other = self.read(operands[1 - at]);
                            syn::parse_quote_spanned!(span=> ::kernel::builtins::dot(#gradient, #other))
                        }
                        _ => {
                            let partial = self.instance(rule.partials[at], &template, id, &operands, span);
                            if total_of_scalar { summed(partial, shape) } else { partial }
                        }
                    };
                    self.pass(operand, partial, adjoints);
                }
            }
            Kind::Component { base, at, .. } => {
                adjoints.entry(*base).or_default().parts[*at].push(gradient);
            }
            Kind::Vector { operands, .. } => {
                let operands = operands.clone();
                if operands.len() == 1 {
                    self.pass(operands[0], summed(gradient, shape), adjoints);
                    return;
                }
                let gradient = self.bound(id, gradient, out);
                for (operand, member) in operands.into_iter().zip(["x", "y", "z", "w"]) {
                    let member = Ident::new(member, span);
                    self.pass(operand, syn::parse_quote_spanned!(span=> #gradient.#member), adjoints);
                }
            }
            Kind::Call { function, operands } => {
                let (function, operands) = (gradient_of(function), operands.clone());
                let values: Vec<Expr> = operands.iter().map(|operand| self.read(*operand)).collect();
                let name = self.tape.fresh("g", span);
                out.push(quote_spanned!(span=> let #name = #function(#(#values,)* #gradient);));
                for (at, operand) in operands.into_iter().enumerate() {
                    self.pass(
                        operand,
                        syn::parse_quote_spanned!(span=> ::kernel::gradient::partial::<#at, _>(#name)),
                        adjoints,
                    );
                }
            }
        }
    }

    /// An expression of the rules with the operation's own values in it.
    fn instance(&mut self, text: &str, template: &Template, id: Id, operands: &[Id], span: Span) -> Expr {
        let Ok(mut expr) = rules::parsed(text) else { return zero(Shape::Scalar) };
        let mut template = Template { values: template.values.clone() };
        for name in template.missing(&expr) {
            let value = match name {
                'y' => self.read(id),
                name => self.read(operands[usize::from(name as u8 - b'a')]),
            };
            template.values.push((name, value));
        }
        template.visit_expr_mut(&mut expr);
        let tokens = respanned(quote!(#expr), span);
        syn::parse_quote!((#tokens))
    }

    /// A value as the backward part reads it.
    fn read(&mut self, id: Id) -> Expr {
        let node = &self.tape.nodes[id];
        match &node.kind {
            Kind::Constant(expr) if self.tape.is_atom(expr) => {
                let expr = expr.clone();
                self.keep_mentioned(&expr);
                return expr;
            }
            // Inside of a branch it may be of any type: it is computed again.
            Kind::Constant(expr) if node.depth > 0 => {
                let expr = self.unfolded(expr.clone());
                self.keep_mentioned(&expr);
                return syn::parse_quote!((#expr));
            }
            _ => {}
        }
        let name = self.name_of(id);
        self.keep(id);
        path(&name)
    }

    fn name_of(&mut self, id: Id) -> Ident {
        if let Some(name) = &self.tape.nodes[id].name {
            return name.clone();
        }
        let (stem, span) = match &self.tape.nodes[id].kind {
            Kind::Constant(_) => ("k", self.tape.nodes[id].span),
            _ => ("v", self.tape.nodes[id].span),
        };
        let name = self.tape.fresh(stem, span);
        self.tape.nodes[id].name = Some(name.clone());
        name
    }

    /// A constant's expression without the names of constants of its branch.
    fn unfolded(&self, expr: Expr) -> Expr {
        struct Unfold<'r, 't, 'd>(&'r Reverse<'t, 'd>);
        impl VisitMut for Unfold<'_, '_, '_> {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                let mentioned = match &*expr {
                    Expr::Path(_) => self.0.tape.mentioned(expr),
                    _ => Vec::new(),
                };
                if let [id] = mentioned[..]
                    && let Kind::Constant(inner) = &self.0.tape.nodes[id].kind
                    && self.0.tape.nodes[id].depth > 0
                {
                    let inner = self.0.unfolded(inner.clone());
                    *expr = syn::parse_quote!((#inner));
                    return;
                }
                visit_mut::visit_expr_mut(self, expr);
            }
        }
        let mut expr = expr;
        Unfold(self).visit_expr_mut(&mut expr);
        expr
    }

    fn keep(&mut self, id: Id) {
        self.kept.insert(id);
        self.need(id);
    }

    fn keep_mentioned(&mut self, expr: &Expr) {
        for id in self.tape.mentioned(expr) {
            self.keep(id);
        }
    }

    /// Marks what the forward part computes for a value.
    fn need(&mut self, id: Id) {
        if !self.needed.insert(id) {
            return;
        }
        let operands = match &self.tape.nodes[id].kind {
            Kind::Argument => Vec::new(),
            Kind::Constant(expr) => self.tape.mentioned(expr),
            Kind::Operation { operands, .. } | Kind::Vector { operands, .. } | Kind::Call { operands, .. } => {
                operands.clone()
            }
            Kind::Component { base, .. } => vec![*base],
            Kind::Result { condition, sides, before } => {
                [*condition].into_iter().chain(*sides).chain(*before).collect()
            }
        };
        for operand in operands {
            self.need(operand);
        }
    }

    /// The needed values in order.
    fn forward(&mut self, steps: &[Step], out: &mut Vec<TokenStream>) {
        for step in steps {
            match step {
                Step::Value(id) => {
                    if let Some(name) = self.tape.nodes[*id].name.clone()
                        && self.needed.contains(id)
                    {
                        let (value, span) = (self.written(*id), self.tape.nodes[*id].span);
                        out.push(if self.is_hoisted(*id) {
                            quote_spanned!(span=> #name = #value;)
                        } else {
                            quote_spanned!(span=> let #name = #value;)
                        });
                    }
                }
                Step::Branch(branch) => self.forward_branch(branch, out),
            }
        }
    }

    fn forward_branch(&mut self, branch: &Branch, out: &mut Vec<TokenStream>) {
        if !self.computes(branch) {
            return;
        }
        let condition = self.text(branch.condition);
        let changed: Vec<(usize, Id, Id)> = branch
            .changed
            .iter()
            .enumerate()
            .filter(|(_, (result, _))| self.needed.contains(result))
            .map(|(at, (result, before))| (at, *result, *before))
            .collect();
        for (_, result, before) in &changed {
            let (name, value) = (self.name_of(*result), self.text(*before));
            out.push(if self.is_hoisted(*result) { quote!(#name = #value;) } else { quote!(let mut #name = #value;) });
        }
        let value = branch.value.filter(|value| self.needed.contains(value));
        let sides: Vec<TokenStream> = branch
            .sides
            .iter()
            .map(|side: &Side| {
                let mut body = Vec::new();
                self.forward(&side.steps, &mut body);
                for (at, result, before) in &changed {
                    if let Some(last) = side.changed.get(*at).filter(|last| *last != before) {
                        let (name, value) = (self.name_of(*result), self.text(*last));
                        body.push(quote!(#name = #value;));
                    }
                }
                let tail = match (value, side.value) {
                    (Some(_), Some(value)) => Some(self.text(value)),
                    _ => None,
                };
                quote!(#(#body)* #tail)
            })
            .collect();
        let (then, other) = (&sides[0], &sides[1]);
        out.push(match value {
            None => quote!(if #condition { #then } else { #other }),
            Some(value) => {
                let name = self.name_of(value);
                let chosen = quote!(if #condition { #then } else { #other });
                if self.is_hoisted(value) { quote!(#name = #chosen;) } else { quote!(let #name = #chosen;) }
            }
        });
    }

    fn computes(&self, branch: &Branch) -> bool {
        branch.changed.iter().map(|(result, _)| result).chain(&branch.value).any(|result| self.needed.contains(result))
            || branch.sides.iter().flat_map(|side| &side.steps).any(|step| match step {
                Step::Value(id) => self.kept.contains(id),
                Step::Branch(inner) => self.computes(inner),
            })
    }

    /// A value where the forward part uses it.
    fn text(&mut self, id: Id) -> Expr {
        if matches!(self.tape.nodes[id].kind, Kind::Result { .. }) {
            return path(&self.name_of(id));
        }
        match self.tape.reference(id) {
            Some(reference) => reference,
            None => self.written(id),
        }
    }

    /// A value's own expression.
    fn written(&mut self, id: Id) -> Expr {
        let span = self.tape.nodes[id].span;
        match &self.tape.nodes[id].kind {
            Kind::Argument | Kind::Result { .. } => path(&self.name_of(id)),
            Kind::Constant(expr) => expr.clone(),
            Kind::Operation { operands, .. } | Kind::Vector { operands, .. } | Kind::Call { operands, .. } => {
                let values: Vec<Expr> = operands.clone().into_iter().map(|operand| self.text(operand)).collect();
                match &self.tape.nodes[id].kind {
                    Kind::Operation { form: Form::Binary(op), .. } => {
                        let (left, right) = (&values[0], &values[1]);
                        syn::parse_quote_spanned!(span=> (#left #op #right))
                    }
                    Kind::Operation { form: Form::Unary(op), .. } => {
                        let value = &values[0];
                        syn::parse_quote_spanned!(span=> (#op #value))
                    }
                    Kind::Operation { form: Form::Call(function), .. } | Kind::Vector { function, .. } => {
                        syn::parse_quote_spanned!(span=> #function(#(#values),*))
                    }
                    Kind::Call { function, .. } => syn::parse_quote_spanned!(span=> #function(#(#values),*)),
                    _ => zero(Shape::Scalar),
                }
            }
            Kind::Component { base, member, .. } => {
                let (base, member) = (*base, member.clone());
                let base = self.text(base);
                syn::parse_quote_spanned!(span=> #base.#member)
            }
        }
    }

    fn gradient_name(&mut self, id: Id) -> Ident {
        let node = &self.tape.nodes[id];
        let (stem, span) = (node.name.as_ref().map_or_else(|| "v".to_owned(), ToString::to_string), node.span);
        self.tape.fresh(&format!("d_{stem}"), span)
    }

    /// The gradient in a variable, where it is not in one.
    fn bound(&mut self, id: Id, gradient: Expr, out: &mut Vec<TokenStream>) -> Expr {
        if self.tape.is_atom(&gradient) {
            return gradient;
        }
        let name = self.gradient_name(id);
        out.push(quote_spanned!(name.span()=> let #name = #gradient;));
        path(&name)
    }
}

/// Replaces the one-letter names of a rule, and finds its builtins wherever the author's imports are.
struct Template {
    values: Vec<(char, Expr)>,
}

impl Template {
    fn missing(&self, expr: &Expr) -> Vec<char> {
        use syn::visit::{self, Visit};
        struct Letters(Vec<char>);
        impl<'a> Visit<'a> for Letters {
            fn visit_expr_path(&mut self, path: &'a ExprPath) {
                let name = path.path.get_ident().map(ToString::to_string).unwrap_or_default();
                if let [letter] = name.as_bytes() {
                    self.0.push(char::from(*letter));
                }
                visit::visit_expr_path(self, path);
            }
        }
        let mut letters = Letters(Vec::new());
        letters.visit_expr(expr);
        letters.0.sort_unstable();
        letters.0.dedup();
        letters.0.retain(|letter| !self.values.iter().any(|(known, _)| known == letter));
        letters.0
    }
}

impl VisitMut for Template {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Path(path) = expr
            && let Some(name) = path.path.get_ident().map(ToString::to_string)
        {
            if let Some((_, value)) = self.values.iter().find(|(letter, _)| name == letter.to_string()) {
                *expr = match value {
                    Expr::Path(_) | Expr::Lit(_) | Expr::Paren(_) | Expr::Call(_) | Expr::Field(_) => value.clone(),
                    value => syn::parse_quote!((#value)),
                };
            } else {
                let builtin = format_ident!("{name}");
                *expr = syn::parse_quote!(::kernel::builtins::#builtin);
            }
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }
}

/// The gradient of a function: `gelu::gradient`, `A::value_gradient`.
fn gradient_of(function: &ExprPath) -> ExprPath {
    let mut gradient = function.clone();
    let associated = is_associated(function);
    if let Some(last) = gradient.path.segments.last_mut() {
        if associated {
            last.ident = super::method_name(&last.ident);
        } else {
            let arguments = std::mem::take(&mut last.arguments);
            let name = Ident::new("gradient", last.ident.span());
            gradient.path.segments.push(syn::PathSegment { ident: name, arguments });
        }
    }
    gradient
}

/// The sum of what was passed to a value.
fn total(adjoint: Adjoint, shape: Shape) -> Expr {
    let mut terms = adjoint.whole;
    if let Shape::Vector(count) = shape
        && adjoint.parts.iter().any(|part| !part.is_empty())
    {
        let parts = adjoint.parts.into_iter().take(count).map(sum);
        let make = format_ident!("vec{count}");
        terms.push(syn::parse_quote!(::kernel::builtins::#make(#(#parts),*)));
    }
    sum(terms)
}

fn sum(terms: Vec<Expr>) -> Expr {
    let mut terms = terms.into_iter();
    let Some(first) = terms.next() else { return zero(Shape::Scalar) };
    terms.fold(first, |sum, term| {
        let span = term.span();
        syn::parse_quote_spanned!(span=> (#sum + #term))
    })
}

/// The sum of a vector's components.
fn summed(vector: Expr, shape: Shape) -> Expr {
    let Shape::Vector(count) = shape else { return vector };
    let make = format_ident!("vec{count}");
    let ones = vec![quote!(1.0f32); count];
    syn::parse_quote!(::kernel::builtins::dot(#vector, ::kernel::builtins::#make(#(#ones),*)))
}

fn zero(shape: Shape) -> Expr {
    match shape {
        Shape::Scalar => syn::parse_quote!(0.0f32),
        Shape::Vector(count) => {
            let make = format_ident!("vec{count}");
            let zeros = vec![quote!(0.0f32); count];
            syn::parse_quote!(::kernel::builtins::#make(#(#zeros),*))
        }
    }
}

/// Tokens of a rule at the author's operator, where an error of types is shown.
fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            match &mut token {
                proc_macro2::TokenTree::Group(group) => {
                    let mut inner = proc_macro2::Group::new(group.delimiter(), respanned(group.stream(), span));
                    inner.set_span(span);
                    *group = inner;
                }
                token => token.set_span(span),
            }
            token
        })
        .collect()
}
