//! The module under construction: declared structs, finished functions, and the stack of functions being written.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;

use super::cost::Cost;

/// A place in the author's source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loc {
    /// The file, as rustc was given it.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

pub(super) struct Line {
    pub(super) text: String,
    pub(super) loc: Option<Loc>,
}

/// A function being written.
pub(super) struct Body {
    pub(super) lines: Vec<Line>,
    names: HashMap<String, u32>,
    pub(super) indent: usize,
    loc: Option<Loc>,
}

impl Body {
    /// An empty body; the names of bindings are taken.
    pub(super) fn new() -> Self {
        let names = with(|module| module.global_names.iter().map(|name| (name.clone(), 1)).collect());
        Self { lines: Vec::new(), names, indent: 1, loc: None }
    }

    pub(super) fn push(&mut self, text: String) {
        let text = format!("{:width$}{text}", "", width = self.indent * 4);
        self.lines.push(Line { text, loc: self.loc });
    }

    /// A name that nothing else in this function has: WGSL forbids two declarations of one name in a scope.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let name = name.trim_start_matches('_');
        let name = if name.is_empty() || is_reserved(name) { format!("v_{name}") } else { name.to_owned() };
        let count = self.names.entry(name.clone()).or_insert(0);
        *count += 1;
        if *count == 1 { name } else { format!("{name}_{}", *count - 1) }
    }
}

/// Names that a Rust local may have and a WGSL one may not (WGSL §15 and keywords), or that the module itself uses.
fn is_reserved(name: &str) -> bool {
    const RESERVED: &[&str] = &[
        "active", "array", "binding_array", "buffer", "common", "const_assert", "demote", "diagnostic", "discard",
        "enable", "filter", "final", "fn", "groups", "handle", "highp", "input", "main", "mat", "module", "new",
        "null", "nonfinite", "operator", "output", "override", "params", "partition", "pass", "precise", "private",
        "public", "register", "requires", "resource", "row_major", "sampler", "shared", "signed", "smooth", "std",
        "subgroup_invocation_id", "subgroup_size", "subroutine", "target", "template", "texture", "this", "typedef",
        "uniforms", "union", "unsigned", "using", "var", "varying", "vec2", "vec3", "vec4", "void", "volatile",
        "workgroup", "workgroup_id", "local_invocation_index", "set", "get", "from", "inline", "interface",
        "instance", "layout", "lowp", "mediump", "meta", "namespace", "noinline", "nointerpolation", "protected",
        "regardless", "throw", "unless", "wgsl", "writeonly", "readonly", "switch", "case", "default", "alias",
    ];
    RESERVED.contains(&name)
}

/// A function that is finished.
pub(super) struct Finished {
    pub(super) signature: String,
    pub(super) lines: Vec<Line>,
    pub(super) cost: Cost,
}

#[derive(Default)]
pub(super) struct Module {
    pub(super) structs: Vec<(String, String)>,
    pub(super) functions: Vec<(String, Finished)>,
    pub(super) globals: Vec<String>,
    global_names: Vec<String>,
    pub(super) stack: Vec<Body>,
    pub(super) subgroups: bool,
    pub(super) subgroup_builtins: bool,
    pub(super) nonfinite: bool,
    pub(super) f16: bool,
}

thread_local! {
    static MODULE: RefCell<Module> = RefCell::default();
}

pub(super) fn with<R>(f: impl FnOnce(&mut Module) -> R) -> R {
    MODULE.with_borrow_mut(f)
}

pub(super) fn with_body<R>(f: impl FnOnce(&mut Body) -> R) -> R {
    with(|module| match module.stack.last_mut() {
        Some(body) => f(body),
        None => panic!("a device function's twin was called outside of a kernel's twin"),
    })
}

/// Takes the finished module and leaves an empty one.
pub(super) fn take() -> Module {
    with(std::mem::take)
}

/// Declares something at module scope: from now on no local has its name.
pub(super) fn declare_global(name: &str) -> String {
    let name = if is_reserved(name) { format!("v_{name}") } else { name.to_owned() };
    with(|module| {
        module.global_names.push(name.clone());
        if let Some(body) = module.stack.last_mut() {
            body.names.insert(name.clone(), 1);
        }
    });
    name
}

/// Declares a struct once; `fields` are lines like `n: u32`.
pub fn declare_struct(name: &str, fields: &[String]) -> String {
    with(|module| {
        if !module.structs.iter().any(|(declared, _)| declared == name) {
            let mut text = format!("struct {name} {{\n");
            for field in fields {
                let _ = writeln!(text, "    {field},");
            }
            text.push_str("}\n");
            module.structs.push((name.to_owned(), text));
        }
    });
    name.to_owned()
}

/// The statements that follow come from this place.
pub fn at(file: &'static str, line: u32, column: u32) {
    with_body(|body| body.loc = Some(Loc { file, line, column }));
}

/// The kernel uses subgroup operations.
pub fn use_subgroups() {
    with(|module| module.subgroups = true);
}

/// The kernel reads `subgroup_size` or `subgroup_invocation_id`.
pub fn use_subgroup_builtins() {
    with(|module| {
        module.subgroups = true;
        module.subgroup_builtins = true;
    });
}

/// The kernel has a literal that is infinite or NaN.
pub(super) fn use_nonfinite() {
    with(|module| module.nonfinite = true);
}

/// Counts arithmetic of a builtin.
pub fn count_operations(count: u64) {
    super::cost::operations(count);
}
