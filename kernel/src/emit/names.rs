//! Which names WGSL leaves to an author: keywords and reserved words (WGSL §16.1, §16.2) can name nothing, predeclared
//! ones (WGSL §17, §6, §16.3) no variable, because a variable would hide the function or type.

/// Keywords and reserved words of WGSL.
const RESERVED: &[&str] = &[
    "NULL",
    "Self",
    "abstract",
    "active",
    "alias",
    "alignas",
    "alignof",
    "as",
    "asm",
    "asm_fragment",
    "async",
    "attribute",
    "auto",
    "await",
    "become",
    "binding_array",
    "break",
    "case",
    "cast",
    "catch",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "coherent",
    "column_major",
    "common",
    "compile",
    "compile_fragment",
    "concept",
    "const",
    "const_assert",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "continuing",
    "crate",
    "debugger",
    "decltype",
    "default",
    "delete",
    "demote",
    "demote_to_helper",
    "diagnostic",
    "discard",
    "do",
    "dynamic_cast",
    "else",
    "enable",
    "enum",
    "explicit",
    "export",
    "extends",
    "extern",
    "external",
    "fallthrough",
    "false",
    "filter",
    "final",
    "finally",
    "fn",
    "for",
    "friend",
    "from",
    "fxgroup",
    "get",
    "goto",
    "groupshared",
    "highp",
    "if",
    "impl",
    "implements",
    "import",
    "inline",
    "instanceof",
    "interface",
    "layout",
    "let",
    "loop",
    "lowp",
    "macro",
    "macro_rules",
    "match",
    "mediump",
    "meta",
    "mod",
    "module",
    "move",
    "mut",
    "mutable",
    "namespace",
    "new",
    "nil",
    "noexcept",
    "noinline",
    "nointerpolation",
    "non_coherent",
    "noncoherent",
    "noperspective",
    "null",
    "nullptr",
    "of",
    "operator",
    "override",
    "package",
    "packoffset",
    "partition",
    "pass",
    "patch",
    "pixelfragment",
    "precise",
    "precision",
    "premerge",
    "priv",
    "protected",
    "pub",
    "public",
    "readonly",
    "ref",
    "regardless",
    "register",
    "reinterpret_cast",
    "require",
    "requires",
    "resource",
    "restrict",
    "return",
    "self",
    "set",
    "shared",
    "sizeof",
    "smooth",
    "snorm",
    "static",
    "static_assert",
    "static_cast",
    "std",
    "struct",
    "subroutine",
    "super",
    "switch",
    "target",
    "template",
    "this",
    "thread_local",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unless",
    "unorm",
    "unsafe",
    "unsized",
    "use",
    "using",
    "var",
    "varying",
    "virtual",
    "volatile",
    "wgsl",
    "where",
    "while",
    "with",
    "writeonly",
    "yield",
];

/// Predeclared functions, types and enumerants, and the names of the emitter's own module.
const PREDECLARED: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "all",
    "any",
    "array",
    "arrayLength",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "atomic",
    "bitcast",
    "bool",
    "ceil",
    "clamp",
    "cos",
    "cosh",
    "countLeadingZeros",
    "countOneBits",
    "countTrailingZeros",
    "cross",
    "degrees",
    "determinant",
    "distance",
    "dot",
    "dot4I8Packed",
    "dot4U8Packed",
    "exp",
    "exp2",
    "extractBits",
    "f16",
    "f32",
    "faceForward",
    "firstLeadingBit",
    "firstTrailingBit",
    "floor",
    "fma",
    "fract",
    "frexp",
    "function",
    "i32",
    "insertBits",
    "inverseSqrt",
    "ldexp",
    "length",
    "local_invocation_index",
    "log",
    "log2",
    "main",
    "max",
    "min",
    "mix",
    "modf",
    "nonfinite",
    "normalize",
    "pack2x16float",
    "pack4xI8",
    "pow",
    "private",
    "ptr",
    "quantizeToF16",
    "radians",
    "read",
    "read_write",
    "reflect",
    "refract",
    "reverseBits",
    "round",
    "sampler",
    "saturate",
    "select",
    "sign",
    "sin",
    "sinh",
    "smoothstep",
    "sqrt",
    "step",
    "storage",
    "storageBarrier",
    "subgroupAdd",
    "subgroupMax",
    "subgroupMin",
    "subgroup_invocation_id",
    "subgroup_invocation_id_in",
    "subgroup_size",
    "subgroup_size_in",
    "tan",
    "tanh",
    "transpose",
    "trunc",
    "u32",
    "uniform",
    "Uniforms",
    "uniforms",
    "unpack2x16float",
    "unpack4xI8",
    "unpack4xU8",
    "vec2",
    "vec3",
    "vec4",
    "workgroup",
    "workgroupBarrier",
    "workgroup_id",
    "write",
];

/// A Rust name as the name of a variable, a binding, a function or a struct.
pub(super) fn declarable(name: &str) -> String {
    let name = plain(name);
    if name.is_empty() || RESERVED.contains(&name) || PREDECLARED.contains(&name) {
        format!("v_{name}")
    } else {
        name.to_owned()
    }
}

/// A Rust field's name as a WGSL member's, which may be anything but a keyword.
pub fn member(name: &str) -> String {
    let name = plain(name);
    if name.is_empty() || RESERVED.contains(&name) { format!("v_{name}") } else { name.to_owned() }
}

/// Without Rust's `r#`, and without underscores at the start, which WGSL §3.7 reserves where there are two.
fn plain(name: &str) -> &str {
    name.trim_start_matches("r#").trim_start_matches('_')
}

/// A key as an identifier: letters, digits and single underscores.
pub(super) fn identifier(key: &str) -> String {
    let mut name = String::new();
    for c in key.chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '_' };
        if c != '_' || !name.ends_with('_') {
            name.push(c);
        }
    }
    name.trim_matches('_').to_owned()
}

/// The identifiers of an expression that name variables, bindings or functions, each with whether it is called:
/// neither members (`v.x`) nor suffixes of numbers (`1u`).
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    let mut after_dot = false;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            if !word(first) {
                after_dot = first == '.';
                rest = &rest[first.len_utf8()..];
                continue;
            }
            let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
            let (found, tail) = rest.split_at(end);
            let member = std::mem::replace(&mut after_dot, false);
            rest = tail;
            if !member && !first.is_ascii_digit() {
                return Some((found, tail.starts_with('(')));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_names_nothing_and_a_builtin_no_variable() {
        assert_eq!(declarable("target"), "v_target");
        assert_eq!(declarable("r#type"), "v_type");
        assert_eq!(declarable("max"), "v_max");
        assert_eq!(declarable("sum"), "sum");
        assert_eq!(declarable("__private"), "v_private");
    }

    #[test]
    fn a_member_may_be_called_like_a_builtin() {
        assert_eq!(member("length"), "length");
        assert_eq!(member("target"), "v_target");
    }

    #[test]
    fn a_functions_name_is_readable() {
        assert_eq!(identifier("Tree<256>_sum_scratch"), "Tree_256_sum_scratch");
    }

    #[test]
    fn members_and_suffixes_are_no_identifiers() {
        let found: Vec<_> = identifiers("(x[i_1].y + f(2u, 1.5e3f)) * uniforms.params.n").collect();
        assert_eq!(found, [("x", false), ("i_1", false), ("f", true), ("uniforms", false)]);
    }
}
