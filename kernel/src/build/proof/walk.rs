//! The statements of a module, followed from its entry point with every call in place. Variables hold integers as they
//! are at each point; what a loop changes is unknown at its head, and what a branch knows is forgotten at its end.

use std::collections::HashMap;

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{Block, Expression, Function, GlobalVariable, Handle, LocalVariable, Module, Statement, TypeInner};

use super::arithmetic::{GREATEST, Integers, Origin};
use super::contract::Params;
use super::expression::{Place, Root, Truth, Value};
use super::polynomial::Polynomial;
use super::{MOST, Open};
use crate::contract::Contract;
use crate::variant::SUBGROUP_SIZES;

/// Statements and expressions followed before the proof is given up.
const MAX_STEPS: usize = 400_000;

/// Whether what follows a block is reached from its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Falls,
    Stops,
}

/// What variables hold.
pub(super) type State = HashMap<Root, Value>;

/// A way out of a function: what variables then hold, the value, and what was learnt since the call.
struct Exit {
    state: State,
    value: Option<Value>,
    facts: Vec<Polynomial>,
}

/// A function being followed.
pub(super) struct Frame<'m> {
    pub(super) function: &'m Function,
    pub(super) info: &'m FunctionInfo,
    pub(super) number: u32,
    pub(super) arguments: Vec<Value>,
    pub(super) values: HashMap<Handle<Expression>, Value>,
    exits: Vec<Exit>,
    /// Facts at its call.
    facts: usize,
}

pub(super) struct Walk<'m> {
    pub(super) module: &'m Module,
    info: &'m ModuleInfo,
    pub(super) integers: Integers,
    pub(super) params: Params,
    pub(super) groups: Option<Polynomial>,
    pub(super) frames: Vec<Frame<'m>>,
    pub(super) state: State,
    open: Vec<Open>,
    /// Nothing is noted while a loop is looked at ahead of following it.
    quiet: bool,
    steps: usize,
    calls: u32,
}

/// What is not shown of a module under a contract.
pub(super) fn open(module: &Module, info: &ModuleInfo, contract: &Contract) -> Vec<Open> {
    let [entry] = &module.entry_points[..] else {
        return vec![Open { what: "a module without its one entry point".into(), offset: None }];
    };
    let mut integers = Integers::default();
    let (params, groups) = Params::of(contract, &mut integers);
    let invocations: u32 = entry.workgroup_size.iter().product();
    let arguments = entry.function.arguments.iter().map(|argument| {
        let Some(naga::Binding::BuiltIn(builtin)) = &argument.binding else { return Value::Opaque };
        let greatest = i128::from(*SUBGROUP_SIZES.end());
        match builtin {
            naga::BuiltIn::LocalInvocationIndex => {
                Value::Int(integers.bounded(Origin::Lane, i128::from(invocations) - 1))
            }
            naga::BuiltIn::SubgroupSize => {
                let size = integers.bounded(Origin::SubgroupSize, greatest);
                integers.assume_at_most(&Polynomial::constant(i128::from(*SUBGROUP_SIZES.start())), &size);
                Value::Int(size)
            }
            naga::BuiltIn::SubgroupInvocationId => Value::Int(integers.bounded(Origin::SubgroupLane, greatest - 1)),
            naga::BuiltIn::WorkGroupId => Value::Parts((0..3).map(|_| Value::Int(integers.unknown())).collect()),
            _ => Value::Opaque,
        }
    });
    let arguments = arguments.collect();
    let mut walk = Walk {
        module,
        info,
        integers,
        params,
        groups,
        frames: Vec::new(),
        state: State::new(),
        open: Vec::new(),
        quiet: false,
        steps: 0,
        calls: 0,
    };
    walk.call(&entry.function, info.get_entry_point(0), arguments);
    walk.open
}

impl<'m> Walk<'m> {
    /// Notes a place that was not shown to be right.
    pub(super) fn leave_open(&mut self, what: impl FnOnce(&mut Self) -> String, span: naga::Span) {
        if !self.quiet {
            let open = Open { what: what(self), offset: span.to_range().map(|range| range.start) };
            self.open.push(open);
        }
    }

    /// Whether to go on; notes once that the variant is too long.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        if self.steps == MAX_STEPS {
            self.quiet = false;
            self.leave_open(|_| "a kernel too long for the proof".into(), naga::Span::UNDEFINED);
        }
        // What is left open once keeps its checks, whatever follows.
        self.steps < MAX_STEPS && self.open.len() < MOST
    }

    fn frame(&self) -> Option<&Frame<'m>> {
        self.frames.last()
    }

    /// Follows a call, and gives its value.
    fn call(&mut self, function: &'m Function, info: &'m FunctionInfo, arguments: Vec<Value>) -> Option<Value> {
        self.calls += 1;
        let (number, facts) = (self.calls, self.integers.facts.len());
        self.frames.push(Frame { function, info, number, arguments, values: HashMap::new(), exits: Vec::new(), facts });
        for (handle, variable) in function.local_variables.iter() {
            let value = match variable.init {
                Some(init) => self.value(init),
                None => self.zero(variable.ty),
            };
            self.state.insert(Root::Local(number, handle), value);
        }
        let flow = self.block(&function.body);
        let last_returns = matches!(function.body.last(), Some(Statement::Return { .. }));
        let mut frame = self.frames.pop()?;
        if flow == Flow::Falls {
            frame.exits.push(Exit {
                state: std::mem::take(&mut self.state),
                value: None,
                facts: self.integers.facts.since(facts),
            });
        }
        let straight = frame.exits.len() == 1 && (flow == Flow::Falls || last_returns);
        if !straight {
            self.integers.facts.truncate(facts);
        }
        let mut exits = frame.exits.into_iter();
        let value = exits.next().and_then(|first| {
            self.state = first.state;
            let mut joined = (first.value, first.facts);
            for exit in exits {
                let state = std::mem::take(&mut self.state);
                self.state = self.joined((state, &joined.1), (exit.state, &exit.facts));
                joined.0 = match (joined.0, exit.value) {
                    (Some(a), Some(b)) => Some(self.either((&a, &joined.1), (&b, &exit.facts))),
                    _ => None,
                };
                // What is known of both is what was known before the call, and of the joined value.
                joined.1 = Vec::new();
            }
            joined.0
        });
        self.state.retain(|root, _| !matches!(root, Root::Local(owner, _) if *owner == number));
        value
    }

    /// Follows the statements of a block.
    pub(super) fn block(&mut self, block: &'m Block) -> Flow {
        for (statement, span) in block.span_iter() {
            if !self.step() || self.statement(statement, *span) == Flow::Stops {
                return Flow::Stops;
            }
        }
        Flow::Falls
    }

    fn statement(&mut self, statement: &'m Statement, span: naga::Span) -> Flow {
        match statement {
            Statement::Emit(range) => {
                for handle in range.clone() {
                    if !self.step() {
                        return Flow::Stops;
                    }
                    let value = self.evaluated(handle);
                    self.remember(handle, value);
                }
            }
            Statement::Block(block) => return self.block(block),
            Statement::If { condition, accept, reject } => return self.branches(*condition, accept, reject),
            Statement::Loop { body, continuing, break_if } => return self.repeats(body, continuing, *break_if),
            Statement::Switch { cases, .. } => {
                // Each case as if it were the only one; then what any of them changed is unknown.
                let (facts, state) = (self.integers.facts.len(), self.state.clone());
                for case in cases {
                    self.state = state.clone();
                    if case.fall_through {
                        self.forget(&cases.iter().flat_map(|case| self.changed(&case.body)).collect::<Vec<_>>());
                    }
                    self.block(&case.body);
                    self.integers.facts.truncate(facts);
                }
                self.state = state;
                let changed: Vec<Root> = cases.iter().flat_map(|case| self.changed(&case.body)).collect();
                self.forget(&changed);
            }
            Statement::Break | Statement::Continue | Statement::Kill => return Flow::Stops,
            Statement::Return { value } => {
                let value = value.map(|value| self.value(value));
                let state = self.state.clone();
                if let Some(since) = self.frame().map(|frame| frame.facts) {
                    let facts = self.integers.facts.since(since);
                    if let Some(frame) = self.frames.last_mut() {
                        frame.exits.push(Exit { state, value, facts });
                    }
                }
                return Flow::Stops;
            }
            Statement::Store { pointer, value } => {
                let value = self.value(*value);
                match self.value(*pointer) {
                    Value::Pointer(Place { root: root @ Root::Local(..), path }) if path.is_empty() => {
                        self.state.insert(root, value);
                    }
                    // Memory that invocations share is never followed; a private variable is where it is set once, before
                    // anything else.
                    Value::Pointer(Place { root: root @ Root::Global(variable), path })
                        if path.is_empty() && self.is_set_once(variable) =>
                    {
                        self.state.insert(root, value);
                    }
                    Value::Pointer(Place { root, .. }) => self.forget(&[root]),
                    _ => self.leave_open(|_| "a write through an unknown pointer".into(), span),
                }
            }
            Statement::Call { function, arguments, result } => {
                let arguments = arguments.iter().map(|argument| self.value(*argument)).collect();
                let (callee, info) = (&self.module.functions[*function], &self.info[*function]);
                let value = self.call(callee, info, arguments);
                if let Some(result) = result {
                    let value = value.unwrap_or_else(|| self.unknown_of(*result));
                    self.remember(*result, value);
                }
            }
            Statement::Atomic { pointer, result, .. } => {
                if let Value::Pointer(place) = self.value(*pointer) {
                    self.forget(&[place.root]);
                }
                result.iter().for_each(|result| self.forget_value(*result));
            }
            Statement::WorkGroupUniformLoad { result, .. }
            | Statement::SubgroupBallot { result, .. }
            | Statement::SubgroupGather { result, .. }
            | Statement::SubgroupCollectiveOperation { result, .. } => self.forget_value(*result),
            Statement::ControlBarrier(_) | Statement::MemoryBarrier(_) => {}
            _ => self.leave_open(|_| "a statement that the proof does not know".into(), span),
        }
        Flow::Falls
    }

    fn forget_value(&mut self, handle: Handle<Expression>) {
        let value = self.unknown_of(handle);
        self.remember(handle, value);
    }

    fn branches(&mut self, condition: Handle<Expression>, accept: &'m Block, reject: &'m Block) -> Flow {
        let truth = self.truth(condition);
        let (facts, before) = (self.integers.facts.len(), self.state.clone());
        let mut ends = Vec::new();
        for (block, known) in [(accept, &truth.yes), (reject, &truth.no)] {
            self.state = before.clone();
            self.integers.facts.assume_all(known);
            let flow = self.block(block);
            let learnt = self.integers.facts.since(facts);
            self.integers.facts.truncate(facts);
            ends.push((flow, std::mem::take(&mut self.state), learnt));
        }
        let (Some((no_flow, no_state, no_facts)), Some((yes_flow, yes_state, yes_facts))) = (ends.pop(), ends.pop())
        else {
            return Flow::Stops;
        };
        match (yes_flow, no_flow) {
            (Flow::Stops, Flow::Stops) => return Flow::Stops,
            // Only one way goes on, and what it knows stays known.
            (Flow::Falls, Flow::Stops) => {
                self.state = yes_state;
                self.integers.facts.assume_all(&yes_facts);
            }
            (Flow::Stops, Flow::Falls) => {
                self.state = no_state;
                self.integers.facts.assume_all(&no_facts);
            }
            (Flow::Falls, Flow::Falls) => self.state = self.joined((yes_state, &yes_facts), (no_state, &no_facts)),
        }
        Flow::Falls
    }

    /// What variables hold where two ways meet.
    fn joined(&mut self, a: (State, &[Polynomial]), b: (State, &[Polynomial])) -> State {
        let mut joined = State::new();
        for (root, mine) in a.0 {
            // A variable that only one way has belongs to a function that ended.
            if let Some(other) = b.0.get(&root) {
                let value = self.either((&mine, a.1), (other, b.1));
                joined.insert(root, value);
            }
        }
        joined
    }

    fn repeats(&mut self, body: &'m Block, continuing: &'m Block, break_if: Option<Handle<Expression>>) -> Flow {
        let mut changed = self.changed(body);
        changed.extend(self.changed(continuing));
        let counter = self.counter(body, continuing);
        let start = counter.as_ref().and_then(|(root, _)| self.state.get(root).cloned());
        self.forget(&changed);
        let (facts, head) = (self.integers.facts.len(), self.state.clone());
        if let (Some((root, step)), Some(Value::Int(start))) = (counter, start)
            && let Some(Value::Int(now)) = head.get(&root).cloned()
            && self.integers.is_exact(&start)
        {
            let never_wraps = self.never_wraps(body, continuing, &now, step);
            self.integers.facts.truncate(facts);
            if never_wraps {
                // A counter that never wraps is never less than where it started.
                self.integers.assume_at_most(&start, &now);
            }
        }
        self.state = head.clone();
        self.block(body);
        self.integers.facts.truncate(facts);
        self.state = head;
        self.forget(&changed);
        let after = self.state.clone();
        self.block(continuing);
        if let Some(condition) = break_if {
            self.truth(condition);
        }
        self.integers.facts.truncate(facts);
        self.state = after;
        self.forget(&changed);
        Flow::Falls
    }

    /// The variable that a loop counts: changed by one addition in `continuing` and nowhere else.
    fn counter(&self, body: &Block, continuing: &Block) -> Option<(Root, Handle<Expression>)> {
        let frame = self.frame()?;
        let mut stores = continuing.iter().filter_map(|statement| match statement {
            Statement::Store { pointer, value } => Some((*pointer, *value)),
            _ => None,
        });
        let ((pointer, value), None) = (stores.next()?, stores.next()) else { return None };
        let Expression::LocalVariable(variable) = frame.function.expressions[pointer] else { return None };
        let Expression::Binary { op: naga::BinaryOperator::Add, left, right } = frame.function.expressions[value]
        else {
            return None;
        };
        let Expression::Load { pointer: read } = frame.function.expressions[left] else { return None };
        let same = matches!(frame.function.expressions[read], Expression::LocalVariable(other) if other == variable);
        let root = Root::Local(frame.number, variable);
        (same && !self.changed(body).contains(&root)).then_some((root, right))
    }

    /// Whether a counter's addition stays below 2³² after every pass of a loop that its guard lets in. The guard is the
    /// body's first branch, and the counter is not changed behind it.
    fn never_wraps(
        &mut self,
        body: &'m Block,
        continuing: &'m Block,
        now: &Polynomial,
        step: Handle<Expression>,
    ) -> bool {
        let Some(guard) = body.iter().position(|statement| matches!(statement, Statement::If { .. })) else {
            return false;
        };
        let Statement::If { accept, reject, .. } = &body[guard] else { return false };
        let leaves = accept.is_empty() && matches!(reject.first(), Some(Statement::Break));
        if !leaves || !body.iter().take(guard).all(|statement| matches!(statement, Statement::Emit(_))) {
            return false;
        }
        let was_quiet = std::mem::replace(&mut self.quiet, true);
        for statement in body.iter().take(guard + 1) {
            self.statement(statement, naga::Span::UNDEFINED);
        }
        for statement in continuing.iter().filter(|statement| matches!(statement, Statement::Emit(_))) {
            self.statement(statement, naga::Span::UNDEFINED);
        }
        let step = self.int(step);
        self.quiet = was_quiet;
        let step = self.integers.settled(&step);
        now.plus(&step).is_some_and(|next| self.integers.facts.at_most(&next, &Polynomial::constant(GREATEST)))
    }

    /// The variables that statements may change.
    fn changed(&self, block: &Block) -> Vec<Root> {
        let mut roots = Vec::new();
        let mut blocks = vec![block];
        let Some(frame) = self.frame() else { return roots };
        while let Some(block) = blocks.pop() {
            for statement in block.iter() {
                match statement {
                    Statement::Block(inner) => blocks.push(inner),
                    Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                    Statement::Loop { body, continuing, .. } => blocks.extend([body, continuing]),
                    Statement::Switch { cases, .. } => blocks.extend(cases.iter().map(|case| &case.body)),
                    Statement::Store { pointer, .. } | Statement::Atomic { pointer, .. } => {
                        roots.extend(self.root_of(frame, *pointer));
                    }
                    Statement::Call { arguments, .. } => {
                        roots.extend(arguments.iter().filter_map(|argument| self.root_of(frame, *argument)));
                    }
                    _ => {}
                }
            }
        }
        roots
    }

    /// The variable behind a pointer, if it is one.
    fn root_of(&self, frame: &Frame<'m>, mut pointer: Handle<Expression>) -> Option<Root> {
        loop {
            match frame.function.expressions[pointer] {
                Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => pointer = base,
                Expression::LocalVariable(variable) => return Some(Root::Local(frame.number, variable)),
                Expression::GlobalVariable(variable) => return Some(Root::Global(variable)),
                Expression::FunctionArgument(index) => {
                    return match frame.arguments.get(index as usize) {
                        Some(Value::Pointer(place)) => Some(place.root),
                        _ => None,
                    };
                }
                _ => return None,
            }
        }
    }

    /// Whether a private variable is written by one statement of the whole module, at the top of the entry point.
    fn is_set_once(&self, variable: Handle<GlobalVariable>) -> bool {
        fn stores(function: &Function, block: &Block, variable: Handle<GlobalVariable>, deep: bool) -> usize {
            let targets = |pointer: Handle<Expression>| {
                let mut pointer = pointer;
                loop {
                    match function.expressions[pointer] {
                        Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => pointer = base,
                        Expression::GlobalVariable(other) => return other == variable,
                        _ => return false,
                    }
                }
            };
            let in_statement = |statement: &Statement| match statement {
                Statement::Store { pointer, .. } | Statement::Atomic { pointer, .. } => usize::from(targets(*pointer)),
                // A pointer that is passed on may be written through.
                Statement::Call { arguments, .. } => {
                    2 * arguments.iter().filter(|argument| targets(**argument)).count()
                }
                Statement::Block(inner) if deep => stores(function, inner, variable, deep),
                Statement::If { accept, reject, .. } if deep => {
                    stores(function, accept, variable, deep) + stores(function, reject, variable, deep)
                }
                Statement::Loop { body, continuing, .. } if deep => {
                    stores(function, body, variable, deep) + stores(function, continuing, variable, deep)
                }
                Statement::Switch { cases, .. } if deep => {
                    cases.iter().map(|case| stores(function, &case.body, variable, deep)).sum()
                }
                _ => 0,
            };
            block.iter().map(in_statement).sum()
        }
        let private = matches!(global(self.module, variable).space, naga::AddressSpace::Private);
        let entry = self.module.entry_points.iter().map(|entry| &entry.function);
        let all = self.module.functions.iter().map(|(_, function)| function).chain(entry.clone());
        private
            && all.map(|function| stores(function, &function.body, variable, true)).sum::<usize>() == 1
            && entry.map(|function| stores(function, &function.body, variable, false)).sum::<usize>() == 1
    }

    /// Makes variables unknown.
    fn forget(&mut self, roots: &[Root]) {
        for root in roots {
            if let Some(ty) = self.type_of(*root)
                && self.state.contains_key(root)
            {
                let value = self.unknown(ty);
                self.state.insert(*root, value);
            }
        }
    }

    fn type_of(&self, root: Root) -> Option<Handle<naga::Type>> {
        match root {
            Root::Local(number, variable) => {
                let frame = self.frames.iter().find(|frame| frame.number == number)?;
                Some(local(frame.function, variable).ty)
            }
            Root::Global(variable) => Some(global(self.module, variable).ty),
        }
    }

    /// The condition of a branch.
    fn truth(&mut self, condition: Handle<Expression>) -> Truth {
        match self.value(condition) {
            Value::Bool(truth) => truth,
            _ => Truth::default(),
        }
    }

    /// A value that nothing is known of.
    pub(super) fn unknown(&mut self, ty: Handle<naga::Type>) -> Value {
        self.unknown_inner(&self.module.types[ty].inner)
    }

    pub(super) fn unknown_inner(&mut self, inner: &TypeInner) -> Value {
        match inner {
            TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Uint, width: 4 }) => {
                Value::Int(self.integers.unknown())
            }
            TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Bool, .. }) => Value::Bool(Truth::default()),
            _ => Value::Opaque,
        }
    }

    fn zero(&mut self, ty: Handle<naga::Type>) -> Value {
        match &self.module.types[ty].inner {
            TypeInner::Scalar(naga::Scalar { kind: naga::ScalarKind::Uint, width: 4 }) => {
                Value::Int(Polynomial::constant(0))
            }
            inner => self.unknown_inner(inner),
        }
    }
}

fn local(function: &Function, variable: Handle<LocalVariable>) -> &LocalVariable {
    &function.local_variables[variable]
}

fn global(module: &Module, variable: Handle<GlobalVariable>) -> &GlobalVariable {
    &module.global_variables[variable]
}
