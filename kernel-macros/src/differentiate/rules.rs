//! What each operator and builtin passes back: one row a function, one expression an argument.

use syn::{BinOp, Expr, UnOp};

/// The derivatives of one operator or builtin.
///
/// In the expressions `a`, `b`, `c` are its arguments, `y` its value, `d` the gradient by its value, and `q` the shared
/// expression. A vector stands on the left of a scalar, as the language has it.
pub struct Rule {
    /// The operator's sign or the builtin's name.
    pub name: &'static str,
    /// What several of the expressions need: `q`.
    pub shared: Option<&'static str>,
    /// The gradient by each argument.
    pub partials: &'static [&'static str],
    /// Whether it compares, which WGSL's vectors cannot do for a condition.
    pub scalar: bool,
}

const fn rule(name: &'static str, partials: &'static [&'static str]) -> Rule {
    Rule { name, shared: None, partials, scalar: false }
}

const fn comparing(name: &'static str, partials: &'static [&'static str]) -> Rule {
    Rule { name, shared: None, partials, scalar: true }
}

/// Where a function has no derivative, the table takes one of its one-sided ones: `abs` has 0 at 0; of equal arguments
/// `max` and `min` pass everything to the first; `clamp` passes at its bounds; `pow` has 0 by its exponent at base 0.
static RULES: &[Rule] = &[
    rule("+", &["d", "d"]),
    rule("-", &["d", "-d"]),
    rule("*", &["d * b", "d * a"]),
    Rule { name: "/", shared: Some("d / b"), partials: &["q", "-(q * y)"], scalar: false },
    rule("neg", &["-d"]),
    rule("fma", &["d * b", "d * a", "d"]),
    rule("sqrt", &["d * 0.5f32 / y"]),
    rule("inverse_sqrt", &["d * -0.5f32 * (y * y * y)"]),
    rule("exp", &["d * y"]),
    rule("exp2", &["d * y * 0.693_147_2f32"]),
    rule("log", &["d / a"]),
    rule("log2", &["d * 1.442_695_1f32 / a"]),
    rule("sin", &["d * cos(a)"]),
    rule("cos", &["-(d * sin(a))"]),
    rule("tan", &["d + d * (y * y)"]),
    comparing("asin", &["d * inverse_sqrt(1.0f32 - a * a)"]),
    comparing("acos", &["-(d * inverse_sqrt(1.0f32 - a * a))"]),
    rule("atan", &["d / (a * a + 1.0f32)"]),
    Rule { name: "atan2", shared: Some("d / (a * a + b * b)"), partials: &["q * b", "-(q * a)"], scalar: false },
    rule("sinh", &["d * cosh(a)"]),
    rule("cosh", &["d * sinh(a)"]),
    rule("tanh", &["d - d * (y * y)"]),
    rule("fract", &["d"]),
    rule("degrees", &["d * 57.295_78f32"]),
    rule("radians", &["d * 0.017_453_293f32"]),
    comparing("pow", &["d * b * pow(a, b - 1.0f32)", "select(0.0f32, d * y * log(a), a > 0.0f32)"]),
    rule("abs", &["d * sign(a)"]),
    comparing("max", &["select(0.0f32, d, a >= b)", "select(d, 0.0f32, a >= b)"]),
    comparing("min", &["select(0.0f32, d, a <= b)", "select(d, 0.0f32, a <= b)"]),
    comparing(
        "clamp",
        &[
            "select(0.0f32, d, a >= b && a <= c)",
            "select(0.0f32, d, a < b && b <= c)",
            "select(0.0f32, d, a > c || b > c)",
        ],
    ),
    comparing("saturate", &["select(0.0f32, d, a >= 0.0f32 && a <= 1.0f32)"]),
    comparing("mix", &["d - d * c", "d * c", "d * (b - a)"]),
    rule("dot", &["b * d", "a * d"]),
    // Its condition is no argument to differentiate by; `c` stands for it.
    comparing("select", &["select(d, 0.0f32, c)", "select(0.0f32, d, c)", ""]),
];

/// The rule of a builtin.
pub fn builtin(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name && rule.name.starts_with(|first: char| first.is_ascii_alphabetic()))
}

/// The rule of an operator.
pub fn operator(op: &BinOp) -> Option<&'static Rule> {
    let sign = match op {
        BinOp::Add(_) | BinOp::AddAssign(_) => "+",
        BinOp::Sub(_) | BinOp::SubAssign(_) => "-",
        BinOp::Mul(_) | BinOp::MulAssign(_) => "*",
        BinOp::Div(_) | BinOp::DivAssign(_) => "/",
        _ => return None,
    };
    RULES.iter().find(|rule| rule.name == sign)
}

/// The rule of a negation.
pub fn negation(op: &UnOp) -> Option<&'static Rule> {
    matches!(op, UnOp::Neg(_)).then(|| builtin("neg")).flatten()
}

/// Whether a builtin's derivative is 0 wherever it has one.
pub fn is_flat(name: &str) -> bool {
    matches!(name, "floor" | "ceil" | "round" | "trunc" | "sign" | "step" | "u32" | "i32")
}

/// Builtins that the table lacks, whose argument carries a gradient that would be lost.
pub fn lacks(name: &str) -> bool {
    const NAMES: [&str; 20] = [
        "asinh",
        "acosh",
        "atanh",
        "ldexp",
        "quantize_to_f16",
        "length",
        "distance",
        "normalize",
        "cross",
        "reflect",
        "face_forward",
        "bitcast",
        "pack2x16float",
        "pack2x16snorm",
        "pack2x16unorm",
        "pack4x8snorm",
        "pack4x8unorm",
        "modf",
        "frexp",
        "f16",
    ];
    NAMES.contains(&name) || name.starts_with("subgroup_")
}

/// An expression of the table.
///
/// # Errors
/// Those of the table itself, which a test excludes.
pub fn parsed(text: &str) -> syn::Result<Expr> {
    syn::parse_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_an_expression_of_its_arguments() {
        for rule in RULES {
            for text in rule.partials.iter().chain(&rule.shared).filter(|text| !text.is_empty()) {
                assert!(parsed(text).is_ok(), "{}: {text}", rule.name);
            }
        }
    }
}
