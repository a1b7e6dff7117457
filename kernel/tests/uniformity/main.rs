//! A corpus of small programs, legal ones and others, judged by the macro and by Tint, the compiler in Chrome: whatever
//! Tint refuses, the macro must refuse.
//!
//! `verdicts.md` has both verdicts. The macro's are checked here, with the WGSL in `wgsl/` that Tint is given; Tint's
//! are checked by `tests/tint/uniformity.mjs`. `GEMMULE_BLESS=1` writes the macro's side anew, and the script Tint's.
#![allow(dead_code, reason = "the kernels are emitted, not called")]
#![allow(
    clippy::collapsible_if,
    clippy::if_same_then_else,
    clippy::let_and_return,
    clippy::mut_range_bound,
    clippy::needless_bool,
    clippy::needless_continue,
    clippy::needless_return,
    clippy::no_effect,
    clippy::erasing_op,
    clippy::assign_op_pattern,
    unused_assignments,
    unused_variables,
    reason = "the programs show every shape that an author may write"
)]

mod branches;
mod functions;
mod loops;
mod subgroups;
mod values;
mod verdicts;

use kernel::emit::EmittedVariant;
use kernel::prelude::*;

/// What every program may ask for.
#[params]
pub struct Shape {
    /// A number.
    pub n: u32,
}

/// One program of the corpus.
struct Program {
    name: &'static str,
    /// What is not uniform, in the kernel and in its device functions.
    divergences: Vec<&'static str>,
    /// Why the macro refuses it although Tint does not.
    stricter: Option<&'static str>,
    variant: EmittedVariant,
}

/// Programs with the device functions of the corpus that they call.
macro_rules! programs {
    ($($name:ident $(calls $($function:ident)+)? $(, stricter $why:literal)?;)*) => {
        /// The programs of this family.
        pub(crate) fn programs() -> Vec<crate::Program> {
            vec![$({
                let found: Vec<&[(bool, &'static str)]> = vec![$name::DIVERGENCES, $($($function::DIVERGENCES),+)?];
                crate::Program {
                    name: stringify!($name),
                    divergences: found.concat().iter().filter(|(wrong, _)| *wrong).map(|(_, message)| *message).collect(),
                    stricter: None::<&str>$(.or(Some($why)))?,
                    variant: $name::emit(),
                }
            }),*]
        }
    };
}
pub(crate) use programs;
