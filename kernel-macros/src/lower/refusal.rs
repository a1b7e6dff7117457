//! What the kernel language leaves out, in the author's terms: why, and the way out.

use syn::Expr;

use super::Lower;
use crate::trace;

impl Lower<'_> {
    /// Refuses an expression at the tokens that are to blame.
    pub(super) fn refuse(&mut self, expr: &Expr) {
        let message = refusal(expr);
        match expr {
            Expr::MethodCall(call) => self.diagnostics.error(&call.method, message),
            Expr::Try(failing) => self.diagnostics.error(&failing.question_token, message),
            Expr::While(_) | Expr::Loop(_) | Expr::ForLoop(_) | Expr::Unsafe(_) | Expr::Async(_) => {
                self.diagnostics.error_at_start(expr, message);
            }
            expr => self.diagnostics.error(expr, message),
        }
    }
}

/// Why WGSL cannot have this expression, and the way out.
fn refusal(expr: &Expr) -> &'static str {
    match expr {
        Expr::MethodCall(_) => "a kernel calls WGSL's functions, not methods: `max(a, b)` instead of `a.max(b)`",
        Expr::While(_) | Expr::Loop(_) => COUNTS,
        Expr::ForLoop(_) => "a loop is a statement: it has no value",
        Expr::Let(_) => "WGSL has no `if let`: compare values",
        Expr::Closure(_) => "WGSL has no closures: write a `#[device]` function",
        Expr::Tuple(_) => "WGSL has no tuples: use a vector or a `#[device]` struct",
        Expr::Macro(call) if trace::is_trace(&call.mac) => "a trace is a statement of its own: `trace!(a, b);`",
        Expr::Macro(_) => MACRO,
        Expr::Try(_) => "WGSL has no `?`: a kernel cannot fail",
        Expr::Array(_) => "write `[value; N]` and assign the elements",
        Expr::Range(_) => "a range stands only in a `for` loop",
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => {
            "WGSL leaves a function or loop in a statement, not in a value"
        }
        Expr::Assign(_) => "an assignment is a statement in WGSL, not a value",
        Expr::Unsafe(_) => "a kernel needs no `unsafe`",
        Expr::Async(_) => "write the barrier's `.await` in the kernel itself",
        _ => "this is not part of the kernel language",
    }
}

/// What loops are.
pub(super) const COUNTS: &str =
    "a loop counts: `for i in a..b` or `for i in strided(start, end, step)`, so that it ends on every device";

/// Why a macro call is refused.
pub(super) const MACRO: &str = "a macro call cannot become WGSL: write what it stands for";
