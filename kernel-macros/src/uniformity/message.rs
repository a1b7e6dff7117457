//! What an author reads.

use std::fmt::{self, Display};

use proc_macro2::Span;
use quote::ToTokens;

use super::branch::{Cause, CauseKind};
use super::call::{Passed, Site};
use super::varies::Source;

/// A call that waits and that not every invocation reaches. `result` is the call that the condition depends on, where
/// it is that.
pub(super) fn divergent_call(name: &str, cause: &Cause, result: Option<&Site>) -> String {
    let why = reason(cause.varies.between_invocations.as_deref(), result);
    let line = cause.line;
    let condition = match cause.kind {
        CauseKind::If => format!("`if {}` on line {line}", cause.text),
        CauseKind::Match => format!("`match {}` on line {line}", cause.text),
        CauseKind::ShortCircuit => format!("`{}` on line {line}", cause.text),
        CauseKind::Loop => format!("`{}` on line {line}", cause.text),
    };
    let how = match (cause.left, cause.kind) {
        (Some(leave), _) => {
            format!("the `{}` on line {} lets some leave before, under {condition}", leave.keyword, leave.line)
        }
        (None, CauseKind::Loop) => format!("the loop over {condition} takes more turns in some than in others"),
        (None, _) => format!("{condition} is not the same in all of them"),
    };
    format!("`{name}` must be reached by every invocation of the workgroup or by none, but {how}: {why}")
}

/// A value for an argument that decides whether a barrier inside of the function is reached.
pub(super) fn divergent_argument(name: &str, passed: &Passed, result: Option<&Site>) -> String {
    let why = reason(passed.varies.between_invocations.as_deref(), result);
    let text = &passed.text;
    format!(
        "`{name}` needs this argument to be the same in every invocation of the workgroup, and `{text}` is not: {why}"
    )
}

/// A plain function whose result differs between invocations without an argument that does.
pub(super) fn intrinsic(call: &str) -> String {
    format!(
        "`{call}()` differs between invocations, and the callers of a function take its result to depend on its \
         arguments alone: pass the value as an argument"
    )
}

/// Work on cooperative matrices in a function whose callers are not checked.
pub(super) fn plain_cooperation(name: &str) -> String {
    format!(
        "`{name}` must be reached by every invocation of the workgroup or by none, and only calls of an `async fn` are \
         checked for that: make the function `async` and `.await` it"
    )
}

fn reason(source: Option<&Source>, result: Option<&Site>) -> String {
    match (source, result) {
        (Some(source), _) => source.to_string(),
        (None, Some(site)) => {
            let call = if site.control.is_some() { "(..).await" } else { "()" };
            format!("`{}{call}` on {} differs between invocations", site.name, line(site.span))
        }
        (None, None) => "it differs between invocations".to_owned(),
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Builtin(name, ty) => write!(f, "`{name}` is the `{ty}`"),
            Self::Storage(name) => write!(
                f,
                "`{name}` is storage that the kernel writes, so invocations may read different values (what all must \
                 agree on comes from `&Storage`, the params, or `workgroup_uniform_load`)"
            ),
            Self::Workgroup(name) => write!(
                f,
                "`{name}` is workgroup memory, so invocations may read different values (`workgroup_uniform_load` reads \
                 one for all)"
            ),
            Self::Argument(name) => write!(
                f,
                "callers know an associated function by its trait only, so `{name}` may differ between invocations (a \
                 const generic, or an argument of a free function, can be uniform)"
            ),
            Self::Awaited(text) => write!(f, "the result of `{text} may differ between invocations"),
            Self::Assigned { name, line, cause } => {
                let under = &cause.text;
                write!(f, "`{name}` is set on line {line} only by some of them, under `{under}`")?;
                match cause.varies.between_invocations.as_deref() {
                    Some(source) => write!(f, ", and {source}"),
                    None => Ok(()),
                }
            }
            Self::Unknown(text) => write!(f, "`{text}` may differ between invocations"),
        }
    }
}

pub(super) fn line(span: Span) -> String {
    format!("line {}", span.start().line)
}

/// The most characters of the author's that a message repeats.
const LONGEST: usize = 60;

/// Tokens as an author writes them, on one line.
pub fn text(tokens: &impl ToTokens) -> String {
    let spaced = tokens.to_token_stream().to_string();
    let mut text = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    for (wide, narrow) in [
        (" . ", "."),
        (" :: ", "::"),
        (":: <", "::<"),
        (" [", "["),
        ("[ ", "["),
        (" ]", "]"),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (" ;", ";"),
        (" .. ", ".."),
        ("& mut ", "&mut "),
        ("(& ", "(&"),
        (", & ", ", &"),
    ] {
        text = text.replace(wide, narrow);
    }
    let text = calls_closed_up(&text);
    let text = match text.split_once(' ') {
        Some((sign @ ("*" | "-" | "!" | "&"), rest)) => format!("{sign}{rest}"),
        _ => text,
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

/// `f (x)` as `f(x)`, and `if (x)` as it is.
fn calls_closed_up(text: &str) -> String {
    let mut closed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(" (") {
        closed.push_str(before);
        let is_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>' || c == ']');
        let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let is_keyword = matches!(word, "if" | "in" | "match" | "return" | "else");
        closed.push_str(if is_name && !is_keyword && !before.ends_with(" >") { "(" } else { " (" });
        rest = after;
    }
    closed.push_str(rest);
    closed
}
