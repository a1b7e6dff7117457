//! Statements: what the twins call in the order of the author's statements.

use super::cost;
use super::expr::Expr;
use super::module::with_body;
use super::types::WgslType;
use super::operators::lt_text;

fn push(text: String) {
    with_body(|body| body.push(text));
}

/// `let name = value;`
pub fn let_<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let name = with_body(|body| body.fresh(name));
    push(format!("let {name} = {};", value.text()));
    Expr::new(name)
}

/// `var name = value;`
pub fn var_<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let name = with_body(|body| body.fresh(name));
    push(format!("var {name}: {} = {};", T::wgsl(), value.text()));
    Expr::new(name)
}

/// `var name: T;` for the value of an `if` or a block, assigned in its branches.
pub fn branch_value<T: WgslType>() -> Expr<T> {
    let name = with_body(|body| body.fresh("branch"));
    push(format!("var {name}: {};", T::wgsl()));
    Expr::new(name)
}

/// `place = value;`
pub fn assign<T: WgslType>(place: Expr<T>, value: Expr<T>) {
    count_write::<T>(&place.text(), false);
    push(format!("{} = {};", place.text(), value.text()));
}

/// `place sign= value;`
pub fn assign_with<L: WgslType, R>(sign: &str, place: Expr<L>, value: Expr<R>) {
    count_write::<L>(&place.text(), true);
    cost::operations(1);
    push(format!("{} {sign}= {};", place.text(), value.text()));
}

fn count_write<T>(place: &str, also_read: bool) {
    // A place in a storage buffer was counted as a read when its index was made. Locals and workgroup variables are
    // not declared in the module's storage bindings.
    let name = place.split('[').next().unwrap_or_default();
    if place.contains('[') && super::kernel::is_storage(name) {
        cost::storage_write(size_of::<T>(), also_read);
    }
}

/// `if condition {`
pub fn begin_if(condition: Expr<bool>) {
    open(format!("if {} {{", condition.text()));
}

/// `} else {`
pub fn begin_else() {
    with_body(|body| body.indent -= 1);
    open("} else {".to_owned());
}

/// `}` of an `if` or a block.
pub fn end() {
    with_body(|body| body.indent -= 1);
    push("}".to_owned());
}

/// `{`
pub fn begin_block() {
    open("{".to_owned());
}

fn open(text: String) {
    push(text);
    with_body(|body| body.indent += 1);
}

/// `for (var name = start; name < end; name += step) {`. The end is evaluated once, as Rust does.
pub fn begin_for<T: WgslType>(name: &str, start: Expr<T>, end: Expr<T>, step: Option<Expr<T>>) -> Loop<T> {
    let end = once("end", end);
    let step = step.map(|step| once("step", step));
    let name = with_body(|body| body.fresh(name));
    let (first, last) = (start.text(), end.text());
    let trips = match (&step, first.as_str()) {
        (None, "0u" | "0i") => last.clone(),
        (None, _) => format!("({last} - {first})"),
        (Some(step), _) => format!("({last}/{})", step.text().trim_end_matches('u')),
    };
    let next = step.map_or(format!("{name}++"), |step| format!("{name} += {}", step.text()));
    open(format!("for (var {name}: {} = {first}; {}; {next}) {{", T::wgsl(), lt_text(&name, &last)));
    cost::push();
    Loop { counter: Expr::new(name), trips: trips.trim_end_matches('u').to_owned() + if trips.ends_with('u') { "u" } else { "" } }
}

fn once<T: WgslType>(name: &str, value: Expr<T>) -> Expr<T> {
    let text = value.text();
    let simple = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || text.starts_with("uniforms.");
    let mutable = !text.starts_with(|c: char| c.is_ascii_digit()) && !text.starts_with("uniforms.");
    if simple && !mutable { value } else { let_(name, value) }
}

/// A counted loop that is open.
pub struct Loop<T> {
    /// The counter.
    pub counter: Expr<T>,
    trips: String,
}

/// `}` of a loop.
pub fn end_for<T>(open: Loop<T>) {
    let body = cost::pop();
    cost::add_repeated(body, &open.trips);
    end();
}

/// `break;`
pub fn break_() {
    push("break;".to_owned());
}

/// `continue;`
pub fn continue_() {
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
        (true, false) => push(format!("{text};")),
        (false, false) => push(format!("_ = {text};")),
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
