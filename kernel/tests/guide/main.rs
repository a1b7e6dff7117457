//! The guide's code. Each module is the code of the page of `docs/guide/src` with its name; its `shown` gives what the
//! page says that the code gives: WGSL, messages, numbers. `pages` holds the pages to both, and `GEMMULE_BLESS=1` writes
//! their blocks anew.
#![allow(dead_code, unused_variables, reason = "some kernels are emitted, not called, and some are wrong on purpose")]

mod contracts;
mod costs;
mod debugging;
mod derivatives;
mod memory;
mod pages;
mod porting;
mod testing;
mod types;
mod variants;

/// Outputs that a page shows, by the name that its block has.
type Shown = Vec<(&'static str, String)>;

/// The lines of a module from the first one with `from` to the one that ends with `to`.
fn excerpt(wgsl: &str, from: &str, to: &str) -> String {
    let lines: Vec<&str> = wgsl.lines().collect();
    let first = lines.iter().position(|line| line.contains(from)).expect("the module has this text");
    let last = lines[first..].iter().position(|line| line.ends_with(to)).expect("and this after it");
    lines[first..=first + last].join("\n")
}
