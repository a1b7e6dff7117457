//! Calls. A plain function's result is as uniform as what it is given, the elements of memory included; a function that
//! waits must be called in uniform control flow (WGSL §15.2.2), and says by constants what more it needs and gives.

use std::collections::HashMap;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprAwait, ExprCall, ExprPath, PathArguments};

use super::Analysis;
use super::branch::Control;
use super::expression::root;
use super::message::{line, text};
use super::varies::{Entry, Source, Varies};
use crate::lower::is_associated;
use crate::place;

/// Calls whose functions' constants matter, in the order of their first visit; a loop's body is visited several times.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) sites: Vec<Site>,
    known: HashMap<usize, usize>,
}

/// One call.
pub(super) struct Site {
    pub(super) span: Span,
    /// All of it.
    pub(super) tokens: TokenStream,
    /// The function as written.
    pub(super) name: String,
    /// The module with the function's constants; none for an associated function, which needs nothing.
    pub(super) module: Option<TokenStream>,
    pub(super) arguments: Vec<Passed>,
    /// What decides whether the call is reached, where all must reach it.
    pub(super) control: Option<Control>,
    /// It works on cooperative matrices: all must reach it, though nobody waits.
    pub(super) cooperative: bool,
}

/// An argument of a call.
pub(super) struct Passed {
    pub(super) span: Span,
    pub(super) text: String,
    pub(super) varies: Varies,
}

impl Calls {
    /// Records a call, adding to what was known of it.
    fn record(&mut self, call: &Expr, site: Site) -> usize {
        let next = self.sites.len();
        let index = *self.known.entry(std::ptr::from_ref(call).addr()).or_insert(next);
        match self.sites.get_mut(index) {
            Some(known) => {
                for (known, passed) in known.arguments.iter_mut().zip(&site.arguments) {
                    known.varies.join(&passed.varies);
                }
                if let (Some(known), Some(control)) = (&mut known.control, &site.control) {
                    known.join(control);
                }
            }
            None => self.sites.push(site),
        }
        index
    }
}

impl Analysis {
    /// A call of a plain function.
    pub(super) fn call(&mut self, call: &ExprCall) -> Varies {
        let Expr::Path(function) = &*call.func else { return self.all(&call.args) };
        if call.args.is_empty() && !is_associated(function) {
            return self.without_arguments(call, function);
        }
        let result = self.all(&call.args);
        if function.path.segments.last().is_some_and(|last| place::is_cooperative(&last.ident)) {
            let site = Site {
                span: call.span(),
                tokens: call.to_token_stream(),
                name: text(&without_generics(function)),
                module: None,
                arguments: Vec::new(),
                control: Some(self.control.clone()),
                cooperative: true,
            };
            self.calls.record(&call.func, site);
        }
        self.assign_through(&call.args, &result);
        result
    }

    /// A free function without arguments may read a builtin value, as `subgroup_invocation_id()` does: its constants
    /// say whether. An associated one may not, see [`Kind::Plain`](super::Kind).
    fn without_arguments(&mut self, call: &ExprCall, function: &ExprPath) -> Varies {
        let site = Site {
            span: call.span(),
            tokens: call.to_token_stream(),
            name: text(&without_generics(function)),
            module: module(function),
            arguments: Vec::new(),
            control: None,
            cooperative: false,
        };
        Varies::with_result(self.calls.record(&call.func, site))
    }

    /// A call of a function that waits.
    pub(super) fn waited(&mut self, waited: &ExprAwait) -> Varies {
        let Expr::Call(call) = without_brackets(&waited.base) else {
            return self.value(&waited.base).joined(&Varies::with(Source::Unknown(text(waited))));
        };
        let Expr::Path(function) = &*call.func else { return self.all(&call.args) };
        let mut arguments = Vec::new();
        for argument in &call.args {
            // What is loaded becomes uniform: only the place must be.
            let place = place::is_uniform_load(call).then(|| place::element(argument)).flatten();
            let varies = self.value(place.map_or(argument, |element| &element.index));
            arguments.push(Passed { span: argument.span(), text: text(argument), varies });
        }
        let name = text(&without_generics(function));
        let module = module(function);
        let result = match &module {
            Some(_) => None,
            None => Some(Varies::with(Source::Awaited(format!("{name}(..).await` on {}", line(call.span()))))),
        };
        let site = Site {
            span: waited.span(),
            tokens: waited.to_token_stream(),
            name,
            module,
            arguments,
            control: Some(self.control.clone()),
            cooperative: false,
        };
        let index = self.calls.record(&call.func, site);
        let result = result.unwrap_or_else(|| Varies::with_result(index));
        self.assign_through(&call.args, &result);
        result
    }

    /// What `&mut` arguments point at may be changed to anything that the call knows.
    fn assign_through<'e>(&mut self, arguments: impl IntoIterator<Item = &'e Expr>, result: &Varies) {
        for argument in arguments {
            let changed = match argument {
                Expr::Reference(reference) => reference.mutability.is_some(),
                // A pointer that is passed on.
                place => root(place)
                    .and_then(|name| self.variables.get(&name))
                    .is_some_and(|entry| matches!(entry, Entry::Pointer(_))),
            };
            if changed {
                let old = self.value(argument);
                self.assign(argument, result.clone().joined(&old));
            }
        }
    }
}

fn without_brackets(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => without_brackets(&paren.expr),
        Expr::Group(group) => without_brackets(&group.expr),
        expr => expr,
    }
}

fn without_generics(function: &ExprPath) -> ExprPath {
    let mut function = function.clone();
    if let Some(last) = function.path.segments.last_mut() {
        last.arguments = PathArguments::None;
    }
    function
}

/// The module beside a free function.
fn module(function: &ExprPath) -> Option<TokenStream> {
    (!is_associated(function)).then(|| without_generics(function).path.to_token_stream())
}
