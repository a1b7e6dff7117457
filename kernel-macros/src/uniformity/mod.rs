//! Uniformity (WGSL §15.2): what every invocation of a workgroup must reach together, barriers and subgroup operations,
//! must not depend on what differs between them. Naga does not check this and browsers do; here it is checked on the
//! syntax tree, one function at a time, with constants that carry what a function needs to its callers in other crates.
//!
//! Whatever waits is an `.await` in the body, so these are all the places to judge. What decides whether an invocation
//! gets there is followed as WGSL's analysis does, never less strictly:
//! - constants, params, the workgroup's id and what is read from `&Storage` at a uniform index are uniform; the other
//!   builtin values and what is read from `&mut Storage` and `&mut Workgroup` are not (§15.2.9);
//! - a variable is uniform where each of its values was assigned in uniform control flow and is uniform (§15.2.3);
//! - after an `if` or a loop that a `return`, `break` or `continue` can leave, control flow is that of its branches'
//!   ends, otherwise that of before (§15.2.7);
//! - a loop's body is as uniform as its condition and as the end of its own body (§15.2.7);
//! - the right side of `&&` and `||` is reached where the left side says (§15.2.8).

mod branch;
mod call;
mod expression;
mod message;
mod statement;
mod summary;
#[cfg(test)]
mod tests;
mod varies;

pub use message::text;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Block;

use crate::signature::{Argument, Builtin, Role, last_name};
use branch::{Control, Escapes, Frame};
use call::Calls;
use varies::{Entry, Source, Variables, Varies};

/// What is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A kernel: what its arguments are is known.
    Kernel,
    /// An `async` function: its callers read in its module which arguments it needs uniform.
    Waiting,
    /// An `async` associated function: its callers know it by its trait only, so it can need nothing of its arguments.
    WaitingAssociated,
    /// A plain function: its callers take its result for as uniform as its arguments.
    Plain,
    /// A plain function without arguments: its callers read in its module whether its result is uniform.
    PlainWithoutArguments,
}

impl Kind {
    /// Whether callers read constants beside the function.
    pub fn has_constants(self) -> bool {
        matches!(self, Self::Waiting | Self::PlainWithoutArguments)
    }

    /// The kind of a device function.
    pub fn of_device(is_async: bool, associated: bool, arguments: usize) -> Self {
        match (is_async, associated, arguments) {
            (true, false, _) => Self::Waiting,
            (true, true, _) => Self::WaitingAssociated,
            (false, false, 0) => Self::PlainWithoutArguments,
            (false, ..) => Self::Plain,
        }
    }
}

/// What a body does that may not be.
pub struct Findings {
    /// What is wrong whatever the functions are that it calls.
    pub errors: Vec<syn::Error>,
    /// What is wrong if the functions that it calls need or give something: `wrong` is a constant expression.
    pub conditions: Vec<Condition>,
    /// What the function's callers have to know.
    pub summary: Summary,
}

impl Findings {
    /// Assertions of the conditions at the beginning of the function.
    pub fn assert_in(&self, block: &mut Block) {
        let assertions = self.conditions.iter().map(|Condition { span, wrong, message }| -> syn::Stmt {
            syn::parse_quote_spanned!(*span=> const _: () = ::core::assert!(!(#wrong), #message);)
        });
        block.stmts.splice(0..0, assertions);
    }

    /// All that is wrong as a constant, for tests of the analysis itself.
    pub fn report(&self) -> TokenStream {
        let errors = self.errors.iter().map(|error| {
            let message = error.to_string();
            quote!((true, #message))
        });
        let conditions = self.conditions.iter().map(|Condition { wrong, message, .. }| quote!((#wrong, #message)));
        quote! {
            /// What is not uniform here: whether that is so, and what an author would be told.
            #[allow(dead_code, unused_parens)]
            pub const DIVERGENCES: &[(bool, &str)] = &[#(#errors,)* #(#conditions,)*];
        }
    }
}

impl Summary {
    /// The constants of the module beside the function.
    pub fn constants(&self) -> TokenStream {
        let Self { uniform_arguments, divergent_result } = self;
        quote! {
            #[doc(hidden)]
            #[allow(dead_code, unused_parens)]
            pub const UNIFORM_ARGUMENTS: u64 = #uniform_arguments;
            #[doc(hidden)]
            #[allow(dead_code, unused_parens)]
            pub const DIVERGENT_RESULT: u64 = #divergent_result;
        }
    }
}

/// Something that is wrong where `wrong` holds.
pub struct Condition {
    /// Where.
    pub span: Span,
    /// A constant expression of type `bool`, over the constants of the functions that are called.
    pub wrong: TokenStream,
    /// What to tell the author.
    pub message: String,
}

/// Constant expressions of type `u64` for the module beside a function that waits.
pub struct Summary {
    /// Bit `i`: argument `i` must be uniform.
    pub uniform_arguments: TokenStream,
    /// Bit `i`: the result differs between invocations where argument `i` does; [`ALWAYS`]: it does in any case.
    pub divergent_result: TokenStream,
}

/// The bit of a result that differs between invocations whatever the arguments are.
const ALWAYS: u32 = 63;

/// Judges a body.
pub fn check(block: &Block, arguments: &[Argument], kind: Kind) -> Findings {
    let mut analysis = Analysis::new(arguments, kind);
    let value = analysis.block(block);
    analysis.returned(value);
    analysis.findings()
}

struct Analysis {
    kind: Kind,
    variables: Variables,
    /// What decided that the current place is reached.
    control: Control,
    /// How the statements since the enclosing branch began can leave it.
    escapes: Escapes,
    loops: Vec<Frame>,
    calls: Calls,
    /// What the function gives back: its value, and what it leaves where its `&mut` arguments point.
    result: Varies,
    /// Variables of the function's `&mut` arguments.
    pointers: Vec<usize>,
}

impl Analysis {
    fn new(arguments: &[Argument], kind: Kind) -> Self {
        let mut variables = Variables::default();
        let mut pointers = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let name = argument.name.to_string();
            let varies = argument_varies(argument, index, kind);
            let entry = match &argument.role {
                Role::Storage { .. } | Role::Workgroup { .. } => Entry::Memory(varies),
                Role::Pointer(_) => {
                    let id = variables.add(varies);
                    pointers.push(id);
                    Entry::Pointer(id)
                }
                Role::Builtin(_) | Role::Reference(_) | Role::Value => Entry::Variable(variables.add(varies)),
            };
            variables.name(name, entry);
        }
        Self {
            kind,
            variables,
            control: Control::default(),
            escapes: Escapes::default(),
            loops: Vec::new(),
            calls: Calls::default(),
            result: Varies::default(),
            pointers,
        }
    }
}

/// What an argument varies with when the function begins.
fn argument_varies(argument: &Argument, index: usize, kind: Kind) -> Varies {
    let name = argument.name.to_string();
    let memory = match &argument.role {
        Role::Storage { element, mutable } => {
            (*mutable || last_name(element).as_deref() == Some("Atomic")).then_some(Source::Storage(name.clone()))
        }
        Role::Workgroup { .. } => Some(Source::Workgroup(name.clone())),
        _ => None,
    };
    match (kind, memory, &argument.role) {
        // Callers judge by what they pass; here only what is not theirs counts.
        (Kind::Plain | Kind::PlainWithoutArguments, ..) => Varies::default(),
        (_, Some(source), _) => Varies::with(source),
        (Kind::Kernel, _, Role::Builtin(Builtin::LocalIndex)) => Varies::with(Source::Builtin(name, "LocalIndex")),
        (Kind::Kernel, _, Role::Builtin(Builtin::GlobalId)) => Varies::with(Source::Builtin(name, "GlobalId")),
        (Kind::Kernel, ..) => Varies::default(),
        (Kind::Waiting, ..) if (index as u32) < ALWAYS => Varies::with_argument(index as u32),
        (Kind::Waiting | Kind::WaitingAssociated, ..) => Varies::with(Source::Argument(name)),
    }
}
