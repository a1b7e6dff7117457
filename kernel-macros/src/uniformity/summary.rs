//! From the analysis to what is wrong: at once where this function alone decides, otherwise as constant expressions
//! over the constants of the functions that are called.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::call::{Passed, Site};
use super::varies::Varies;
use super::{ALWAYS, Analysis, Condition, Findings, Kind, Summary, message};

impl Analysis {
    pub(super) fn findings(self) -> Findings {
        let mut errors = Vec::new();
        let mut conditions = Vec::new();
        let mut needed = Vec::new();
        for site in &self.calls.sites {
            self.reached(site, &mut errors, &mut conditions, &mut needed);
            self.passed(site, &mut conditions, &mut needed);
        }
        if self.kind == Kind::Plain
            && let Some(wrong) = self.differs(&self.result)
        {
            let call = self.result.with_results.first().and_then(|call| self.calls.sites.get(*call));
            let (span, name) = call.map_or((Span::call_site(), ""), |site| (site.span, &site.name));
            conditions.push(Condition { span, wrong, message: message::intrinsic(name) });
        }
        let always = self.differs(&self.result).map(|differs| quote!(if #differs { 1u64 << #ALWAYS } else { 0u64 }));
        let with = self.arguments(&self.result);
        let summary = Summary {
            uniform_arguments: any_bits(needed),
            divergent_result: any_bits(always.into_iter().chain(with).collect()),
        };
        Findings { errors, conditions, summary }
    }

    /// Whether everyone comes to a call that waits.
    fn reached(
        &self,
        site: &Site,
        errors: &mut Vec<syn::Error>,
        conditions: &mut Vec<Condition>,
        needed: &mut Vec<TokenStream>,
    ) {
        let Some(control) = &site.control else { return };
        if matches!(self.kind, Kind::Plain | Kind::PlainWithoutArguments) {
            // An `.await` here is refused by the lowering.
            if site.cooperative {
                errors.push(syn::Error::new_spanned(&site.tokens, message::plain_cooperation(&site.name)));
            }
            return;
        }
        if let Some(cause) = control.causes.iter().find(|cause| cause.varies.between_invocations.is_some()) {
            errors.push(syn::Error::new_spanned(&site.tokens, message::divergent_call(&site.name, cause, None)));
            return;
        }
        for cause in &control.causes {
            if let (Some(wrong), Some(call)) = (self.differs(&cause.varies), cause.varies.with_results.first()) {
                let message = message::divergent_call(&site.name, cause, self.calls.sites.get(*call));
                conditions.push(Condition { span: site.span, wrong, message });
            }
            needed.extend(self.arguments(&cause.varies));
        }
    }

    /// Whether a function gets the uniform arguments that it needs.
    fn passed(&self, site: &Site, conditions: &mut Vec<Condition>, needed: &mut Vec<TokenStream>) {
        let (Some(module), Some(_)) = (&site.module, &site.control) else { return };
        for (index, passed) in numbered(&site.arguments) {
            let needs = quote!(#module::UNIFORM_ARGUMENTS & (1u64 << #index) != 0);
            if let Some(differs) = self.differs(&passed.varies) {
                let result = passed.varies.with_results.first().and_then(|call| self.calls.sites.get(*call));
                conditions.push(Condition {
                    span: passed.span,
                    wrong: quote!(#needs && #differs),
                    message: message::divergent_argument(&site.name, passed, result),
                });
            }
            if let Some(with) = self.arguments(&passed.varies) {
                needed.push(quote!(if #needs { #with } else { 0u64 }));
            }
        }
    }

    /// A constant expression that is true where a value differs between invocations; none where it cannot.
    fn differs(&self, varies: &Varies) -> Option<TokenStream> {
        self.differs_past(varies, &mut Vec::new())
    }

    fn differs_past(&self, varies: &Varies, open: &mut Vec<usize>) -> Option<TokenStream> {
        if varies.between_invocations.is_some() {
            return Some(quote!(true));
        }
        let mut ways = Vec::new();
        self.each_result(varies, open, &mut |module, site, open| {
            ways.push(quote!((#module::DIVERGENT_RESULT & (1u64 << #ALWAYS) != 0)));
            for (index, passed) in numbered(&site.arguments) {
                if let Some(differs) = self.differs_past(&passed.varies, open) {
                    ways.push(quote!((#module::DIVERGENT_RESULT & (1u64 << #index) != 0 && #differs)));
                }
            }
        });
        (!ways.is_empty()).then(|| quote!((#(#ways)||*)))
    }

    /// The arguments of this function that a value varies with, as bits; none where it varies with none.
    fn arguments(&self, varies: &Varies) -> Option<TokenStream> {
        let ways = self.arguments_past(varies, &mut Vec::new());
        (!ways.is_empty()).then(|| any_bits(ways))
    }

    fn arguments_past(&self, varies: &Varies, open: &mut Vec<usize>) -> Vec<TokenStream> {
        let own = varies.with_arguments;
        let mut ways = if own == 0 { Vec::new() } else { vec![quote!(#own)] };
        self.each_result(varies, open, &mut |module, site, open| {
            for (index, passed) in numbered(&site.arguments) {
                let with = self.arguments_past(&passed.varies, open);
                if !with.is_empty() {
                    let with = any_bits(with);
                    ways.push(quote!(if #module::DIVERGENT_RESULT & (1u64 << #index) != 0 { #with } else { 0u64 }));
                }
            }
        });
        ways
    }

    /// Visits the calls whose results a value varies with; a result that depends on itself, in a loop, adds nothing.
    fn each_result(
        &self,
        varies: &Varies,
        open: &mut Vec<usize>,
        visit: &mut dyn FnMut(&TokenStream, &Site, &mut Vec<usize>),
    ) {
        for call in &varies.with_results {
            if open.contains(call) {
                continue;
            }
            let Some(site) = self.calls.sites.get(*call) else { continue };
            let Some(module) = &site.module else { continue };
            open.push(*call);
            visit(module, site, open);
            open.pop();
        }
    }
}

/// Arguments with their bits. One past the last bit counts as always different: see `argument_varies`.
fn numbered(arguments: &[Passed]) -> impl Iterator<Item = (u32, &Passed)> {
    (0..ALWAYS).zip(arguments)
}

fn any_bits(ways: Vec<TokenStream>) -> TokenStream {
    match ways.as_slice() {
        [] => quote!(0u64),
        [way] => way.clone(),
        ways => quote!((#((#ways))|*)),
    }
}
