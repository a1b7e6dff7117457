//! Statements: what the twins call in the order of the author's statements.

use std::any::TypeId;

use super::cost;
use super::expr::{Expr, StorageRef, WorkgroupRef};
use super::module::{self, with_body};
use super::operators::lt_text;
use super::types::WgslType;

fn push(text: String) {
    with_body(|body| body.push(text));
}

/// `let name = value;`
pub fn let_<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let name = with_body(|body| body.fresh(name));
    if is_followed::<T>() {
        cost::declare_let(&name, &value.text());
    }
    push(format!("let {name} = {};", value.text()));
    Expr::new(name)
}

/// `var name = value;`
pub fn var_<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let name = with_body(|body| body.fresh_variable(name));
    if is_followed::<T>() {
        cost::declare_var(&name, &value.text());
    }
    let ty = T::wgsl();
    let ty = if ty.is_empty() { ty } else { format!(": {ty}") };
    push(format!("var {name}{ty} = {};", value.text()));
    Expr::new(name)
}

/// Whether loops and branches may depend on values of the type in a way that a cost's formula can say.
fn is_followed<T: WgslType>() -> bool {
    [TypeId::of::<u32>(), TypeId::of::<bool>()].contains(&TypeId::of::<T>())
}

/// `var name: T;` for the value of an `if` or a block, assigned in its branches.
pub fn branch_value<T: WgslType>() -> Expr<T> {
    let name = with_body(|body| body.fresh_variable("branch"));
    if is_followed::<T>() {
        cost::declare_var(&name, "?");
    }
    push(format!("var {name}: {};", T::wgsl()));
    Expr::new(name)
}

/// An operand that later statements may not change: named with a `let` where one could.
pub trait Keep {
    /// The operand as it is now.
    #[must_use]
    fn keep(self) -> Self;
}

impl<T: WgslType> Keep for Expr<T> {
    fn keep(self) -> Self {
        if T::IS_UNIT || module::is_settled(&self.text()) { self } else { let_("kept", self) }
    }
}

impl<T> Keep for StorageRef<T> {
    fn keep(self) -> Self {
        self
    }
}

impl<T> Keep for WorkgroupRef<T> {
    fn keep(self) -> Self {
        self
    }
}

/// An operand before others that write statements of their own.
pub fn keep<K: Keep>(operand: K) -> K {
    operand.keep()
}

/// The value of a block that never ends: it returns, or leaves its loop.
pub fn never<T>() -> Expr<T> {
    Expr::new(String::new())
}

/// `branch = value;` at the end of a branch, unless that never ends.
pub fn assign_branch<T: WgslType>(branch: Expr<T>, value: Expr<T>) {
    if !value.text().is_empty() {
        cost::assign(&branch.text(), Some(&value.text()));
        push(format!("{} = {};", branch.text(), value.text()));
    }
}

/// `place = value;`. Rust evaluates the value first and WGSL the place: where the value's calls could change what the
/// place's index reads, the value gets a name.
pub fn assign<T: WgslType>(place: Expr<T>, value: Expr<T>) {
    let text = place.text();
    let index = text.split_once('[').map_or("", |(_, index)| index);
    let value =
        if module::has_effects(&value.text()) && !module::is_settled(index) { let_("value", value) } else { value };
    count_write::<T>(&text, false);
    cost::assign(&text, Some(&value.text()));
    push(format!("{text} = {};", value.text()));
}

/// `place sign= value;`. WGSL reads the place first and Rust last: a value that could change it gets a name.
pub fn assign_with<L: WgslType, R: WgslType>(sign: &str, place: Expr<L>, value: Expr<R>) {
    let value = if module::has_effects(&value.text()) { let_("value", value) } else { value };
    count_write::<L>(&place.text(), true);
    cost::operations(cost::floats::<L>());
    cost::assign(&place.text(), Some(&format!("({} {sign} {})", place.text(), value.text())));
    push(format!("{} {sign}= {};", place.text(), value.text()));
}

/// An element that a function reads and writes in one step.
pub fn count_atomic<T>(place: &Expr<T>) {
    module::note_effects();
    count_write::<T>(&place.text(), true);
}

/// Of a tile, an invocation reads `bytes`; one element at `place` was counted already.
pub fn count_tile_read<T>(place: &Expr<T>, bytes: usize) {
    if is_storage_place(&place.text()) {
        cost::storage_access(bytes.saturating_sub(size_of::<T>()));
    }
}

/// Of a tile, an invocation writes `bytes`; one element at `place` was counted as read.
pub fn count_tile_write<T>(place: &Expr<T>, bytes: usize) {
    count_write::<T>(&place.text(), false);
    if is_storage_place(&place.text()) {
        cost::storage_write(bytes.saturating_sub(size_of::<T>()), true);
    }
}

/// Of the `T` at `place`, counted as read, only a `P` is.
pub(super) fn count_part<T, P>(place: &str) {
    if place.contains('[') && is_storage_place(place) {
        cost::storage_part(size_of::<T>(), size_of::<P>());
    }
}

fn is_storage_place(place: &str) -> bool {
    super::kernel::is_storage(place.split('[').next().unwrap_or_default())
}

fn count_write<T>(place: &str, also_read: bool) {
    // A place in a storage buffer was counted as a read when its index was made. Locals and workgroup variables are
    // not declared in the module's storage bindings.
    if module::is_shared_place(place) {
        module::note_effects();
    }
    if place.contains('[') && is_storage_place(place) {
        cost::storage_write(size_of::<T>(), also_read);
        if !also_read {
            super::kernel::note_only_written(place);
        }
    }
}

/// `if condition {`
pub fn begin_if(condition: Expr<bool>) {
    cost::begin_if(&condition.text());
    open(format!("if {} {{", condition.text()));
}

/// `} else {`
pub fn begin_else() {
    cost::begin_else();
    with_body(|body| body.indent -= 1);
    open("} else {".to_owned());
}

/// `}` of an `if` or a block.
pub fn end() {
    cost::end();
    close();
}

fn close() {
    with_body(|body| body.indent -= 1);
    push("}".to_owned());
}

/// `switch value {`
pub fn begin_switch<T: WgslType + crate::ops::Selector>(value: Expr<T>) -> Expr<T> {
    cost::begin_switch();
    open(format!("switch {} {{", value.text()));
    value
}

/// `case a, b: {`, with `default` where the case takes all other values.
pub fn begin_case<T: WgslType + crate::ops::Selector>(value: Expr<T>, values: &[Expr<T>], others: bool) {
    let mut texts: Vec<String> = values.iter().map(|value| value.text()).collect();
    cost::begin_case(&value.text(), &texts, others);
    if others {
        texts.push("default".to_owned());
    }
    let only_default = texts.len() == 1 && others;
    open(if only_default { "default: {".to_owned() } else { format!("case {}: {{", texts.join(", ")) });
}

/// `{`
pub fn begin_block() {
    cost::begin_block();
    open("{".to_owned());
}

fn open(text: String) {
    push(text);
    with_body(|body| body.indent += 1);
}

/// `for (var name = start; name < end; name += step) {`. End and step are evaluated once, as Rust does: a text that
/// could change gets a name.
pub fn begin_for<T: WgslType>(name: &str, start: Expr<T>, end: Expr<T>, step: Option<Expr<T>>) -> Loop<T> {
    let effects = |value: Expr<T>| module::has_effects(&value.text());
    let start = if effects(end) || step.is_some_and(effects) { let_("start", start) } else { start };
    let end = once("end", end);
    let step = step.map(|step| once("stride", step));
    let name = with_body(|body| body.fresh(name));
    let next = step.map_or(format!("{name}++"), |step| format!("{name} += {}", step.text()));
    let condition = lt_text(&name, &end.text());
    open(format!("for (var {name}: {} = {}; {condition}; {next}) {{", T::wgsl(), start.text()));
    cost::begin_for(&name, &start.text(), &end.text(), step.map(Expr::text).as_deref());
    Loop { counter: Expr::new(name) }
}

fn once<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let text = value.text();
    let simple = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || text.starts_with("uniforms.");
    if simple && module::is_settled(&text) { value } else { let_(name, value) }
}

/// A counted loop that is open.
pub struct Loop<T> {
    /// The counter.
    pub counter: Expr<T>,
}

/// `}` of a loop.
pub fn end_for<T>(_: Loop<T>) {
    cost::end_for();
    close();
}

/// `break;`
pub fn break_() {
    cost::leave();
    push("break;".to_owned());
}

/// `continue;`
pub fn continue_() {
    cost::leave();
    push("continue;".to_owned());
}

/// `return;` or `return value;`
pub fn return_<T: WgslType>(value: Expr<T>) {
    if T::IS_UNIT {
        stmt(value);
        push("return;".to_owned());
    } else {
        push(format!("return {};", value.text()));
    }
    cost::leave();
}

/// The value `()`.
pub fn unit() -> Expr<()> {
    Expr::new(String::new())
}

/// An expression as a statement: a call; a value is dropped.
pub fn stmt<T: WgslType>(value: Expr<T>) {
    let text = value.text();
    match (T::IS_UNIT, text.is_empty()) {
        (_, true) => {}
        (unit, false) => {
            if text.contains("Barrier()") {
                module::note_effects();
            }
            let bare = unit || text.starts_with("atomic");
            push(if bare { format!("{text};") } else { format!("_ = {text};") });
        }
    }
}

/// The value at the end of a function.
pub(super) fn finish<T: WgslType>(value: Expr<T>) {
    if T::IS_UNIT {
        stmt(value);
    } else {
        push(format!("return {};", value.text()));
    }
}
