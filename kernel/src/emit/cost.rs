//! Counting what an invocation costs while its kernel is emitted: bytes through storage buffers and
//! floating-point operations, in the loops and branches that they stand in.

use std::cell::RefCell;
use std::collections::HashMap;

use super::module;
use crate::cost::{Expression, Formula, Operator};

/// What a piece of code costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Cost {
    pub(super) read: Formula,
    pub(super) written: Formula,
    pub(super) operations: Formula,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.read.add(other.read);
        self.written.add(other.written);
        self.operations.add(other.operations);
    }

    fn zip(self, other: Cost, f: impl Fn(Formula, Formula) -> Formula) -> Cost {
        Cost {
            read: f(self.read, other.read),
            written: f(self.written, other.written),
            operations: f(self.operations, other.operations),
        }
    }

    fn replace(&mut self, with: &mut dyn FnMut(&Expression) -> Option<Expression>) {
        self.read.replace(with);
        self.written.replace(with);
        self.operations.replace(with);
    }
}

/// A scope that is open.
enum Scope {
    Function,
    Block,
    /// With the condition that one of its cases so far was taken.
    Switch(Expression),
    Loop {
        counter: u32,
        start: Expression,
        end: Expression,
        step: Expression,
        assigned: Vec<u32>,
    },
    Then(Expression),
    Else {
        condition: Expression,
        then: Cost,
        then_leaves: bool,
    },
    /// The rest of a scope after a branch that leaves it.
    Guard(Expression),
}

struct Frame {
    scope: Scope,
    cost: Cost,
    /// It ends with `return`, `break` or `continue`.
    leaves: bool,
}

/// A name of the function being written.
struct Local {
    value: Expression,
    /// Scopes open where it was declared.
    depth: usize,
    /// The number of a `var`.
    variable: Option<u32>,
}

#[derive(Default)]
struct Counting {
    frames: Vec<Frame>,
    locals: Vec<HashMap<String, Local>>,
    numbers: u32,
}

thread_local! {
    static COUNTING: RefCell<Counting> = RefCell::default();
}

fn with<R>(f: impl FnOnce(&mut Counting) -> R) -> R {
    COUNTING.with_borrow_mut(f)
}

impl Counting {
    fn push(&mut self, scope: Scope) {
        self.frames.push(Frame { scope, cost: Cost::default(), leaves: false });
    }

    /// Ends the innermost scope that the author wrote, with the guards in it.
    fn pop(&mut self) -> Option<Frame> {
        let mut frame = self.frames.pop()?;
        while let Scope::Guard(condition) = frame.scope {
            let outer = self.frames.pop()?;
            let guarded =
                frame.cost.zip(Cost::default(), |inner, none| Formula::either(condition.clone(), inner, none));
            let leaves = frame.leaves;
            frame = outer;
            frame.cost.add(guarded);
            frame.leaves |= leaves;
        }
        Some(frame)
    }

    fn add(&mut self, cost: Cost) {
        if let Some(frame) = self.frames.last_mut() {
            frame.cost.add(cost);
        }
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers - 1
    }

    fn is_loop(frame: &Frame) -> bool {
        matches!(frame.scope, Scope::Loop { .. })
    }

    fn expression(&self, text: &str) -> Expression {
        let resolve = |name: &str| match name {
            "group" => Expression::Group,
            "subgroup_size" => Expression::SubgroupSize,
            _ => self.locals.last().and_then(|locals| locals.get(name)).map_or_else(
                || enumerated(name),
                |local| {
                    let in_a_loop = self.frames.get(local.depth..).is_some_and(|inner| inner.iter().any(Self::is_loop));
                    match local.variable {
                        Some(variable) if in_a_loop => Expression::Variable(variable),
                        _ => local.value.clone(),
                    }
                },
            ),
        };
        Expression::of_wgsl(text, &resolve, &module::is_only_read)
    }

    fn declare(&mut self, name: &str, value: Expression, variable: Option<u32>) {
        let depth = self.frames.len();
        if let Some(locals) = self.locals.last_mut() {
            locals.insert(name.to_owned(), Local { value, depth, variable });
        }
    }

    fn assign(&mut self, name: &str, value: Expression) {
        let Some(local) = self.locals.last_mut().and_then(|locals| locals.get_mut(name)) else { return };
        let Some(variable) = local.variable else { return };
        let mut new = value;
        let old = local.value.clone();
        for frame in self.frames.iter_mut().skip(local.depth).rev() {
            new = match &mut frame.scope {
                Scope::Loop { assigned, .. } => {
                    assigned.push(variable);
                    Expression::Unknown
                }
                Scope::Then(condition) | Scope::Guard(condition) => {
                    Expression::select(old.clone(), new, condition.clone())
                }
                Scope::Else { condition, .. } => Expression::select(old.clone(), new, condition.clone().not()),
                Scope::Function | Scope::Block | Scope::Switch(_) => new,
            };
        }
        local.value = new;
    }
}

/// Starts a function whose parameters have these names.
pub(super) fn push_function<'a>(parameters: impl Iterator<Item = &'a str>) {
    with(|counting| {
        counting.push(Scope::Function);
        counting.locals.push(HashMap::new());
        for name in parameters {
            // Marked, so that no field of the params has the name.
            counting.declare(name, Expression::Name(parameter(name)), None);
        }
    });
}

/// What a name is that no variable has.
fn enumerated(name: &str) -> Expression {
    module::enumerated(name).map_or(Expression::Unknown, Expression::Number)
}

fn parameter(name: &str) -> String {
    format!("${name}")
}

/// Ends a function and gives its cost.
pub(super) fn pop_function() -> Cost {
    with(|counting| {
        let cost = counting.pop().map_or_else(Cost::default, |frame| frame.cost);
        counting.locals.pop();
        cost
    })
}

/// Counts a call of a function with these parameters and arguments.
pub(super) fn call(mut cost: Cost, arguments: &[(String, String)]) {
    with(|counting| {
        let values: Vec<(String, Expression)> =
            arguments.iter().map(|(name, text)| (parameter(name), counting.expression(text))).collect();
        cost.replace(&mut |leaf| match leaf {
            Expression::Name(name) if name.starts_with('$') => Some(
                values.iter().find(|(known, _)| known == name).map_or(Expression::Unknown, |(_, value)| value.clone()),
            ),
            _ => None,
        });
        counting.add(cost);
    });
}

/// `let name = value;` of an integer or a condition.
pub(super) fn declare_let(name: &str, value: &str) {
    with(|counting| {
        let value = counting.expression(value);
        counting.declare(name, value, None);
    });
}

/// `var name = value;` of an integer or a condition.
pub(super) fn declare_var(name: &str, value: &str) {
    with(|counting| {
        let (value, variable) = (counting.expression(value), counting.number());
        counting.declare(name, value, Some(variable));
    });
}

/// `place = value;`, or with `None` something that is not followed.
pub(super) fn assign(place: &str, value: Option<&str>) {
    with(|counting| {
        let value = value.map_or(Expression::Unknown, |value| counting.expression(value));
        counting.assign(place, value);
    });
}

/// `if condition {`
pub(super) fn begin_if(condition: &str) {
    with(|counting| {
        let condition = counting.expression(condition);
        counting.push(Scope::Then(condition));
    });
}

/// `} else {`
pub(super) fn begin_else() {
    with(|counting| {
        if let Some(Frame { scope: Scope::Then(condition), cost, leaves }) = counting.pop() {
            counting.push(Scope::Else { condition, then: cost, then_leaves: leaves });
        }
    });
}

/// `{`
pub(super) fn begin_block() {
    with(|counting| counting.push(Scope::Block));
}

/// `switch value {`
pub(super) fn begin_switch() {
    with(|counting| counting.push(Scope::Switch(Expression::Number(0))));
}

/// `case a, b: {`, where `others` with all values that no case before has.
pub(super) fn begin_case(value: &str, values: &[String], others: bool) {
    with(|counting| {
        let value = counting.expression(value);
        let equals = |text: &String| Expression::binary(Operator::Equal, value.clone(), counting.expression(text));
        let either = |a, b| Expression::binary(Operator::Or, a, b);
        let one = values.iter().map(equals).reduce(either);
        let mut condition = one.unwrap_or(Expression::Number(0));
        let switch = counting.frames.iter_mut().rev().find_map(|frame| match &mut frame.scope {
            Scope::Switch(taken) => Some(taken),
            _ => None,
        });
        if let Some(taken) = switch {
            if others {
                condition = taken.clone().not();
            }
            *taken = either(taken.clone(), condition.clone());
        }
        counting.push(Scope::Then(condition));
    });
}

/// `}` of an `if`, a case, a `switch` or a block.
pub(super) fn end() {
    with(|counting| {
        let Some(Frame { scope, cost, leaves }) = counting.pop() else { return };
        let (condition, then, then_leaves, otherwise, otherwise_leaves) = match scope {
            Scope::Then(condition) => (condition, cost, leaves, Cost::default(), false),
            Scope::Else { condition, then, then_leaves } => (condition, then, then_leaves, cost, leaves),
            _ => {
                counting.add(cost);
                if let Some(frame) = counting.frames.last_mut() {
                    frame.leaves |= leaves;
                }
                return;
            }
        };
        counting.add(then.zip(otherwise, |then, otherwise| Formula::either(condition.clone(), then, otherwise)));
        match (then_leaves, otherwise_leaves) {
            (true, true) => leave_scope(counting),
            (true, false) => counting.push(Scope::Guard(condition.not())),
            (false, true) => counting.push(Scope::Guard(condition)),
            (false, false) => {}
        }
    });
}

/// `return`, `break` or `continue`.
pub(super) fn leave() {
    with(leave_scope);
}

fn leave_scope(counting: &mut Counting) {
    if let Some(frame) = counting.frames.last_mut() {
        frame.leaves = true;
    }
}

/// A loop's head. `break` and `return` in it end the round that they stand in; the others count all the same.
pub(super) fn begin_for(name: &str, start: &str, end: &str, step: Option<&str>) {
    with(|counting| {
        let (start, end) = (counting.expression(start), counting.expression(end));
        let step = step.map_or(Expression::Number(1), |step| counting.expression(step));
        let counter = counting.number();
        counting.push(Scope::Loop { counter, start, end, step, assigned: Vec::new() });
        counting.declare(name, Expression::Counter(counter), None);
    });
}

/// A loop's end.
pub(super) fn end_for() {
    with(|counting| {
        let Some(Frame { scope: Scope::Loop { counter, start, end, step, assigned }, mut cost, .. }) = counting.pop()
        else {
            return;
        };
        // What the loop assigned may be anything in it; what it did not is what it was, or what an outer loop makes of it.
        let depth = counting.frames.len();
        let mut values = HashMap::new();
        for local in counting.locals.last().into_iter().flat_map(HashMap::values) {
            let Some(variable) = local.variable else { continue };
            let outer =
                counting.frames.get(local.depth..depth).is_some_and(|outer| outer.iter().any(Counting::is_loop));
            if assigned.contains(&variable) {
                values.insert(variable, Expression::Unknown);
            } else if !outer {
                values.insert(variable, local.value.clone());
            }
        }
        cost.replace(&mut |leaf| match leaf {
            Expression::Variable(variable) => values.get(variable).cloned(),
            _ => None,
        });
        let repeated = |body: Formula, _| Formula::repeated(counter, start.clone(), end.clone(), step.clone(), body);
        counting.add(cost.zip(Cost::default(), repeated));
    });
}

fn count(f: impl FnOnce(&mut Cost)) {
    with(|counting| {
        if let Some(frame) = counting.frames.last_mut() {
            f(&mut frame.cost);
        }
    });
}

/// Counts a storage element as read; an assignment to it turns that into a write.
pub(super) fn storage_access(bytes: usize) {
    count(|cost| cost.read.count(bytes as u64));
}

/// Of `whole` bytes that were counted as read, only `part` are.
pub(super) fn storage_part(whole: usize, part: usize) {
    count(|cost| {
        cost.read.uncount(whole as u64);
        cost.read.count(part as u64);
    });
}

/// The element of `bytes` bytes that was counted as read is written instead.
pub(super) fn storage_write(bytes: usize, also_read: bool) {
    count(|cost| {
        cost.written.count(bytes as u64);
        if !also_read {
            cost.read.uncount(bytes as u64);
        }
    });
}

/// Floating-point numbers that a value of the type has.
pub(super) fn floats<T>() -> u64 {
    let name = std::any::type_name::<T>();
    let size = if name.contains("f32") { 4 } else { 2 };
    if name.contains("f32") || name.contains("f16") { (size_of::<T>() / size) as u64 } else { 0 }
}

/// Counts floating-point operations.
pub(super) fn operations(more: u64) {
    count(|cost| cost.operations.count(more));
}

/// Forgets what an emission that did not end has left.
pub(super) fn start() {
    with(|counting| *counting = Counting::default());
}
