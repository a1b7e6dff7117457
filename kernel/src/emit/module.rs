//! The module under construction: declared structs, finished functions, and the stack of functions being written.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::cost::Cost;
use super::names;
use crate::variant::CooperativeProduct;

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
    names: HashSet<String>,
    /// Variables and pointers: what a later statement may change.
    variables: HashSet<String>,
    pub(super) indent: usize,
    loc: Option<Loc>,
    /// It writes to memory that others see, or waits for them.
    pub(super) has_effects: bool,
}

impl Body {
    /// An empty body; the names of the module's bindings and functions are taken.
    pub(super) fn new() -> Self {
        let names = with(|module| module.names.clone());
        Self { lines: Vec::new(), names, variables: HashSet::new(), indent: 1, loc: None, has_effects: false }
    }

    pub(super) fn push(&mut self, text: String) {
        let text = format!("{:width$}{text}", "", width = self.indent * 4);
        self.lines.push(Line { text, loc: self.loc });
    }

    /// A name that nothing else in this function has: WGSL forbids two declarations of one name in a scope.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let name = unused(&names::declarable(name), |name| self.names.contains(name));
        self.names.insert(name.clone());
        name
    }

    /// As [`fresh`](Self::fresh), for what later statements may assign.
    pub(super) fn fresh_variable(&mut self, name: &str) -> String {
        let name = self.fresh(name);
        self.variables.insert(name.clone());
        name
    }
}

/// `name`, or the first of `name_1`, `name_2`, … that is not taken.
fn unused(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (1_u32..).map(|count| format!("{name}_{count}")).find(|name| !taken(name)).unwrap_or_default()
}

/// A function that is finished.
pub(super) struct Finished {
    pub(super) signature: String,
    /// It writes to memory that others see, or waits for them.
    pub(super) has_effects: bool,
    /// It may write to a variable of its caller.
    pub(super) has_pointer: bool,
    pub(super) lines: Vec<Line>,
    pub(super) cost: Cost,
}

#[derive(Default)]
pub(super) struct Module {
    /// Rust type, WGSL name and declaration.
    pub(super) structs: Vec<(&'static str, String, String)>,
    /// Rust type and variant, WGSL name and number.
    pub(super) enumerators: Vec<(&'static str, &'static str, String, u32)>,
    pub(super) functions: Vec<(String, Finished)>,
    /// The WGSL name of each instance of a device function, by its key.
    pub(super) instances: HashMap<String, String>,
    pub(super) globals: Vec<String>,
    /// Every name at module scope.
    names: HashSet<String>,
    /// Bindings that invocations write: `read_write` storage and workgroup memory.
    pub(super) written: HashSet<String>,
    pub(super) stack: Vec<Body>,
    pub(super) subgroups: bool,
    pub(super) subgroup_builtins: bool,
    pub(super) nonfinite: bool,
    pub(super) f16: bool,
    pub(super) cooperative_matrix: Option<Vec<CooperativeProduct>>,
}

impl Module {
    /// Takes a name at module scope: one that no function being written has, and that none will have.
    pub(super) fn declare(&mut self, name: &str) -> String {
        let name = names::declarable(name);
        let taken = |name: &str| self.names.contains(name) || self.stack.iter().any(|body| body.names.contains(name));
        let name = unused(&name, taken);
        self.names.insert(name.clone());
        for body in &mut self.stack {
            body.names.insert(name.clone());
        }
        name
    }

    fn function(&self, name: &str) -> Option<&Finished> {
        self.functions.iter().find(|(known, _)| known == name).map(|(_, finished)| finished)
    }
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
    with(|module| module.declare(name))
}

/// Declares the struct of the Rust type `T` once, as `name` where that is free; `fields` are lines like `n: u32`.
pub fn declare_struct<T: 'static>(name: &str, fields: &[String]) -> String {
    let ty = std::any::type_name::<T>();
    with(|module| {
        if let Some((_, name, _)) = module.structs.iter().find(|(known, ..)| *known == ty) {
            return name.clone();
        }
        let name = module.declare(name);
        let mut text = format!("struct {name} {{\n");
        for field in fields {
            let _ = writeln!(text, "    {field},");
        }
        text.push_str("}\n");
        module.structs.push((ty, name.clone(), text));
        name
    })
}

/// The constant of a variant of the enum `T`, declared once; its number is `value`.
pub fn enumerator<T: 'static>(name: &str, variant: &'static str, value: u32) -> String {
    let ty = std::any::type_name::<T>();
    with(|module| {
        let known = module.enumerators.iter().find(|(known, other, ..)| (*known, *other) == (ty, variant));
        if let Some((.., name, _)) = known {
            return name.clone();
        }
        let name = module.declare(&names::identifier(&format!("{name}_{variant}")));
        module.enumerators.push((ty, variant, name.clone(), value));
        name
    })
}

/// The number of an enum's variant, by the name of its constant.
pub(super) fn enumerated(name: &str) -> Option<u32> {
    with(|module| module.enumerators.iter().find(|(.., known, _)| known == name).map(|(.., value)| *value))
}

/// Whether an expression means the same after further statements: it reads no variable and no memory that is written,
/// and calls no function of the module.
pub(super) fn is_settled(text: &str) -> bool {
    with(|module| {
        names::identifiers(text).all(|(name, called)| {
            let variable = module.stack.last().is_some_and(|body| body.variables.contains(name));
            let function = called && (module.function(name).is_some() || is_collective(name));
            !variable && !function && !module.written.contains(name)
        })
    })
}

/// Whether an expression calls a function that changes something that others see.
pub(super) fn has_effects(text: &str) -> bool {
    with(|module| {
        names::identifiers(text).any(|(name, called)| {
            let function = module.function(name);
            called
                && (is_collective(name)
                    || function.is_some_and(|function| function.has_effects || function.has_pointer))
        })
    })
}

/// Whether a name is a storage buffer that no invocation writes.
pub(super) fn is_only_read(name: &str) -> bool {
    super::kernel::is_storage(name) && !with(|module| module.written.contains(name))
}

/// Notes that the current function does what others see.
pub fn note_effects() {
    with_body(|body| body.has_effects = true);
}

/// Whether a place is in a binding that invocations write.
pub(super) fn is_shared_place(place: &str) -> bool {
    let root = names::identifiers(place).next();
    root.is_some_and(|(name, _)| with(|module| module.written.contains(name)))
}

fn is_collective(name: &str) -> bool {
    name.ends_with("Barrier")
        || name == "workgroupUniformLoad"
        || name.starts_with("subgroup")
        || name.starts_with("atomic")
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

/// The kernel uses the type `f16`.
pub(super) fn use_f16() {
    with(|module| module.f16 = true);
}

/// The kernel uses cooperative matrices.
pub fn use_cooperative_matrix() {
    with(|module| {
        module.cooperative_matrix.get_or_insert_default();
    });
}

/// The kernel multiplies cooperative matrices so.
pub fn use_cooperative_product(product: CooperativeProduct) {
    with(|module| {
        let products = module.cooperative_matrix.get_or_insert_default();
        if !products.contains(&product) {
            products.push(product);
        }
    });
}

/// The kernel has a literal that is infinite or NaN.
pub(super) fn use_nonfinite() {
    with(|module| module.nonfinite = true);
}

/// Counts `each` operations for every component of a result of type `T`, if they are floating-point numbers.
pub fn count_each<T>(each: u64) {
    super::cost::operations(super::cost::floats::<T>() * each);
}

/// Counts floating-point operations of a builtin.
pub fn count_operations(count: u64) {
    super::cost::operations(count);
}
