//! The expressions of a function as integers, truths and places; here indices and divisors are checked.

use std::rc::Rc;

use naga::{
    AddressSpace, ArraySize, BinaryOperator, Expression, GlobalVariable, Handle, Literal, LocalVariable, MathFunction,
    ScalarKind, StorageAccess, TypeInner, UnaryOperator,
};

use super::arithmetic::Origin;
use super::polynomial::{Monomial, Polynomial};
use super::walk::Walk;

/// A variable: of one call of a function, or of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Root {
    Local(u32, Handle<LocalVariable>),
    Global(Handle<GlobalVariable>),
}

/// Where a pointer leads: into a variable, through members where the step is a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) path: Vec<Option<u32>>,
}

/// What follows from a condition.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Truth {
    /// Not negative where it is true.
    pub(super) yes: Vec<Polynomial>,
    /// Not negative where it is false.
    pub(super) no: Vec<Polynomial>,
    known: Option<bool>,
    /// It says that this number is not 0.
    nonzero: Option<Polynomial>,
}

/// What is known of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A `u32`, modulo 2³².
    Int(Polynomial),
    Bool(Truth),
    Parts(Rc<[Value]>),
    Pointer(Place),
    /// Nothing.
    Opaque,
}

impl Walk<'_> {
    /// A value that was emitted before, or that needs no emission.
    pub(super) fn value(&mut self, handle: Handle<Expression>) -> Value {
        if let Some(value) = self.frames.last().and_then(|frame| frame.values.get(&handle)) {
            return value.clone();
        }
        let value = self.evaluated(handle);
        self.remember(handle, value.clone());
        value
    }

    pub(super) fn remember(&mut self, handle: Handle<Expression>, value: Value) {
        if let Some(frame) = self.frames.last_mut() {
            frame.values.insert(handle, value);
        }
    }

    /// An integer, some `u32` where it is not known.
    pub(super) fn int(&mut self, handle: Handle<Expression>) -> Polynomial {
        match self.value(handle) {
            Value::Int(value) => value,
            _ => self.integers.unknown(),
        }
    }

    /// The machine's number; from now on the expression is that number.
    fn settled(&mut self, handle: Handle<Expression>) -> Polynomial {
        let value = self.int(handle);
        let settled = self.integers.settled(&value);
        if settled != value {
            self.remember(handle, Value::Int(settled.clone()));
        }
        settled
    }

    fn inner(&self, handle: Handle<Expression>) -> Option<TypeInner> {
        let frame = self.frames.last()?;
        Some(frame.info[handle].ty.inner_with(&self.module.types).clone())
    }

    /// Some value of an expression's type.
    pub(super) fn unknown_of(&mut self, handle: Handle<Expression>) -> Value {
        match self.inner(handle) {
            Some(inner) => self.unknown_inner(&inner),
            None => Value::Opaque,
        }
    }

    fn is_uint(&self, handle: Handle<Expression>) -> bool {
        matches!(self.inner(handle), Some(TypeInner::Scalar(naga::Scalar { kind: ScalarKind::Uint, width: 4 })))
    }

    fn span(&self, handle: Handle<Expression>) -> naga::Span {
        self.frames.last().map_or(naga::Span::UNDEFINED, |frame| frame.function.expressions.get_span(handle))
    }

    /// Works an expression out, with the facts of this point.
    pub(super) fn evaluated(&mut self, handle: Handle<Expression>) -> Value {
        let Some(frame) = self.frames.last() else { return Value::Opaque };
        let function = frame.function;
        let number = frame.number;
        let expression = &function.expressions[handle];
        match *expression {
            Expression::Literal(literal) => self.literal(literal),
            Expression::Constant(constant) => {
                let init = self.module.constants[constant].init;
                match self.module.global_expressions[init] {
                    Expression::Literal(literal) => self.literal(literal),
                    _ => self.unknown_of(handle),
                }
            }
            Expression::ZeroValue(_) if self.is_uint(handle) => Value::Int(Polynomial::constant(0)),
            Expression::FunctionArgument(index) => {
                frame.arguments.get(index as usize).cloned().unwrap_or(Value::Opaque)
            }
            Expression::GlobalVariable(variable) => {
                Value::Pointer(Place { root: Root::Global(variable), path: Vec::new() })
            }
            Expression::LocalVariable(variable) => {
                Value::Pointer(Place { root: Root::Local(number, variable), path: Vec::new() })
            }
            Expression::Compose { ref components, .. } => {
                let parts: Vec<Value> = components.iter().map(|component| self.value(*component)).collect();
                // A vector of vectors has other components than parts.
                match self.inner(handle) {
                    Some(TypeInner::Vector { size, .. }) if size as usize != parts.len() => Value::Opaque,
                    _ => Value::Parts(parts.into()),
                }
            }
            Expression::Access { base, index } => self.access(handle, base, index),
            Expression::AccessIndex { base, index } => self.access_index(handle, base, index),
            Expression::Load { pointer } => match self.value(pointer) {
                Value::Pointer(place) => self.load(&place, handle),
                _ => self.unknown_of(handle),
            },
            Expression::Unary { op: UnaryOperator::LogicalNot, expr } => match self.value(expr) {
                Value::Bool(truth) => Value::Bool(Truth {
                    yes: truth.no,
                    no: truth.yes,
                    known: truth.known.map(|known| !known),
                    nonzero: None,
                }),
                _ => self.unknown_of(handle),
            },
            Expression::Binary { op, left, right } => self.binary(handle, op, left, right),
            Expression::Select { condition, accept, reject } => {
                let truth = match self.value(condition) {
                    Value::Bool(truth) => truth,
                    _ => Truth::default(),
                };
                let (accept, reject) = (self.value(accept), self.value(reject));
                match (&accept, &reject) {
                    (Value::Int(_) | Value::Bool(_), _) => self.either((&accept, &truth.yes), (&reject, &truth.no)),
                    _ => self.unknown_of(handle),
                }
            }
            Expression::Math { fun, arg, arg1, arg2, .. } => self.math(handle, fun, arg, arg1, arg2),
            Expression::As { expr, kind, convert } => self.converted(handle, expr, kind, convert),
            Expression::Swizzle { .. }
            | Expression::Splat { .. }
            | Expression::ZeroValue(_)
            | Expression::Unary { .. }
            | Expression::Relational { .. }
            | Expression::Override(_)
            | Expression::ArrayLength(_)
            | Expression::CallResult(_)
            | Expression::AtomicResult { .. }
            | Expression::WorkGroupUniformLoadResult { .. }
            | Expression::SubgroupBallotResult
            | Expression::SubgroupOperationResult { .. } => self.unknown_of(handle),
            _ => {
                self.leave_open(
                    |_| "an expression that the proof does not know".into(),
                    function.expressions.get_span(handle),
                );
                self.unknown_of(handle)
            }
        }
    }

    fn literal(&mut self, literal: Literal) -> Value {
        match literal {
            Literal::U32(value) => Value::Int(Polynomial::constant(i128::from(value))),
            Literal::Bool(value) => Value::Bool(Truth { known: Some(value), ..Truth::default() }),
            _ => Value::Opaque,
        }
    }

    /// What a load gives.
    fn load(&mut self, place: &Place, handle: Handle<Expression>) -> Value {
        if let Root::Global(variable) = place.root {
            let global = &self.module.global_variables[variable];
            if global.space == AddressSpace::Uniform && self.is_uint(handle) {
                return Value::Int(self.uniform(global.ty, &place.path));
            }
        }
        let mut held = self.state.get(&place.root).cloned();
        for step in &place.path {
            held = match (held, step) {
                (Some(Value::Parts(parts)), Some(step)) => parts.get(*step as usize).cloned(),
                _ => None,
            };
        }
        match (held, place.root) {
            (Some(Value::Opaque) | None, Root::Global(variable)) if self.is_uint(handle) => {
                Value::Int(self.integers.held(variable.index() as u32))
            }
            (Some(Value::Opaque) | None, _) => self.unknown_of(handle),
            (Some(value), _) => value,
        }
    }

    /// A word of the uniform block: the workgroups, or a param.
    fn uniform(&mut self, ty: Handle<naga::Type>, path: &[Option<u32>]) -> Polynomial {
        let member = |ty: Handle<naga::Type>, index: u32| match &self.module.types[ty].inner {
            TypeInner::Struct { members, .. } => members.get(index as usize),
            _ => None,
        };
        match *path {
            [Some(0)] => match &self.groups {
                Some(groups) => groups.clone(),
                None => self.integers.atom(Origin::Groups),
            },
            [Some(block), Some(field)] => {
                let params = member(ty, block).filter(|params| params.offset as usize == crate::layout::HEADER_BYTES);
                match params.and_then(|params| member(params.ty, field)) {
                    Some(field) => self.params.field(field.offset as usize, &mut self.integers),
                    None => self.integers.unknown(),
                }
            }
            _ => self.integers.unknown(),
        }
    }

    /// How many elements a type has that can be indexed; of a buffer, as many as its contract's length says.
    fn length(&mut self, base: Handle<Expression>) -> Option<Polynomial> {
        let inner = self.inner(base)?;
        let (indexed, pointed) = match inner {
            TypeInner::Pointer { base, .. } => (self.module.types[base].inner.clone(), true),
            TypeInner::ValuePointer { size: Some(size), .. } => return Some(Polynomial::constant(size as i128)),
            inner => (inner, false),
        };
        match indexed {
            TypeInner::Array { size: ArraySize::Constant(count), .. } => {
                Some(Polynomial::constant(i128::from(count.get())))
            }
            TypeInner::Array { base: element, size: ArraySize::Dynamic, .. } if pointed => {
                let Value::Pointer(Place { root: Root::Global(variable), path }) = self.value(base) else {
                    return None;
                };
                let global = &self.module.global_variables[variable];
                let binding = global.binding.as_ref().filter(|_| path.is_empty())?.binding.checked_sub(1)?;
                let length = self.integers.atom(Origin::Length(binding));
                // A buffer of words ends with one more, which may be read.
                let read_only =
                    matches!(global.space, AddressSpace::Storage { access } if !access.contains(StorageAccess::STORE));
                let words = matches!(
                    self.module.types[element].inner,
                    TypeInner::Scalar(naga::Scalar { kind: ScalarKind::Uint, width: 4 })
                );
                if read_only && words { length.plus_constant(1) } else { Some(length) }
            }
            TypeInner::Vector { size, .. } => Some(Polynomial::constant(size as i128)),
            TypeInner::Matrix { columns, .. } => Some(Polynomial::constant(columns as i128)),
            _ => None,
        }
    }

    /// Whether an index is inside; notes it where that is not shown.
    fn check(&mut self, handle: Handle<Expression>, base: Handle<Expression>, index: &Polynomial) {
        let length = self.length(base);
        let inside = length.as_ref().and_then(|length| length.plus_constant(-1)).is_some_and(|last| {
            // Within the array, so within 2³²: then the polynomial is the machine's number.
            self.integers.facts.show(index) && self.integers.facts.at_most(index, &last)
        });
        if inside {
            return;
        }
        // What wrapped may have been compared as it is.
        let machine = self.integers.settled(index);
        if machine != *index
            && length
                .as_ref()
                .and_then(|length| length.plus_constant(-1))
                .is_some_and(|last| self.integers.facts.at_most(&machine, &last))
        {
            return;
        }
        let span = self.span(handle);
        self.leave_open(
            |walk| {
                let name = walk.name(base);
                format!("index {} of `{name}`{}", walk.shown(index), walk.resting_on(index))
            },
            span,
        );
    }

    fn access(&mut self, handle: Handle<Expression>, base: Handle<Expression>, index: Handle<Expression>) -> Value {
        if self.is_uint(index) {
            let index = self.int(index);
            self.check(handle, base, &index);
        } else {
            let known = self.frames.last().and_then(|frame| match frame.function.expressions[index] {
                Expression::Literal(Literal::I32(value)) => Some(value),
                _ => None,
            });
            match known {
                Some(index) => self.check(handle, base, &Polynomial::constant(i128::from(index))),
                None => {
                    let span = self.span(handle);
                    self.leave_open(|walk| format!("index of `{}`, which is signed", walk.name(base)), span);
                }
            }
        }
        match self.value(base) {
            Value::Pointer(Place { root, mut path }) => {
                path.push(None);
                Value::Pointer(Place { root, path })
            }
            _ => self.unknown_of(handle),
        }
    }

    fn access_index(&mut self, handle: Handle<Expression>, base: Handle<Expression>, index: u32) -> Value {
        let pointee = match self.inner(base) {
            Some(TypeInner::Pointer { base, .. }) => Some(self.module.types[base].inner.clone()),
            _ => None,
        };
        // The validator checks constant indices of everything whose length it knows.
        if matches!(pointee, Some(TypeInner::Array { size: ArraySize::Dynamic | ArraySize::Pending(_), .. })) {
            self.check(handle, base, &Polynomial::constant(i128::from(index)));
        }
        match self.value(base) {
            Value::Pointer(Place { root, mut path }) => {
                path.push(Some(index));
                Value::Pointer(Place { root, path })
            }
            Value::Parts(parts) => match parts.get(index as usize) {
                Some(Value::Opaque) | None => self.unknown_of(handle),
                Some(part) => part.clone(),
            },
            _ => self.unknown_of(handle),
        }
    }

    fn binary(
        &mut self,
        handle: Handle<Expression>,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
    ) -> Value {
        use BinaryOperator as Op;
        if matches!(op, Op::Divide | Op::Modulo) && !self.is_uint(handle) {
            self.check_other_divisor(handle, right);
            return self.unknown_of(handle);
        }
        if !(self.is_uint(left) && self.is_uint(right)) {
            return self.unknown_of(handle);
        }
        let result = match op {
            Op::Add | Op::Subtract | Op::Multiply => {
                let (a, b) = (self.int(left), self.int(right));
                match op {
                    Op::Add => a.plus(&b),
                    Op::Subtract => a.minus(&b),
                    _ => a.times(&b),
                }
            }
            Op::Divide | Op::Modulo => {
                let (a, b) = (self.settled(left), self.settled(right));
                if b.plus_constant(-1).is_some_and(|room| self.integers.facts.show(&room)) {
                    self.integers
                        .divided(&a, &b)
                        .map(|(quotient, remainder)| if op == Op::Divide { quotient } else { remainder })
                } else {
                    let span = self.span(handle);
                    let of =
                        |walk: &mut Self| format!("divisor {}, which may be 0{}", walk.shown(&b), walk.resting_on(&b));
                    self.leave_open(of, span);
                    None
                }
            }
            Op::ShiftLeft => {
                let shift = self.int(right).as_constant().and_then(|shift| u32::try_from(shift).ok());
                let a = self.int(left);
                shift.filter(|shift| *shift < 32).and_then(|shift| a.scaled(&Monomial::one(), 1 << shift))
            }
            Op::ShiftRight => {
                let shift = self.int(right).as_constant().and_then(|shift| u32::try_from(shift).ok());
                let a = self.settled(left);
                match shift.filter(|shift| *shift < 32) {
                    Some(shift) => self.integers.divided(&a, &Polynomial::constant(1 << shift)).map(|(part, _)| part),
                    None => {
                        let part = self.integers.unknown();
                        self.integers.assume_at_most(&part, &a);
                        Some(part)
                    }
                }
            }
            Op::And => {
                let (a, b) = (self.settled(left), self.settled(right));
                Some(self.bitwise_and(&a, &b))
            }
            Op::InclusiveOr | Op::ExclusiveOr => {
                let (a, b) = (self.settled(left), self.settled(right));
                let bits = self.integers.bits(&a).max(self.integers.bits(&b));
                let mixed = self.integers.unknown();
                if bits < 32 {
                    self.integers.assume_at_most(&mixed, &Polynomial::constant((1 << bits) - 1));
                }
                Some(mixed)
            }
            Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => {
                let (a, b) = (self.settled(left), self.settled(right));
                return Value::Bool(compared(op, &a, &b));
            }
            Op::LogicalAnd | Op::LogicalOr => None,
        };
        match result {
            Some(result) => Value::Int(result),
            None => self.unknown_of(handle),
        }
    }

    fn bitwise_and(&mut self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        for (value, mask) in [(a, b), (b, a)] {
            // A mask of the low bits is a remainder.
            if let Some(mask) = mask.as_constant()
                && (mask + 1).count_ones() == 1
                && let Some((_, rest)) = self.integers.divided(value, &Polynomial::constant(mask + 1))
            {
                return rest;
            }
        }
        let common = self.integers.unknown();
        self.integers.assume_at_most(&common, a);
        self.integers.assume_at_most(&common, b);
        common
    }

    /// Division of signed numbers and of vectors: by a constant that is neither 0 nor -1.
    fn check_other_divisor(&mut self, handle: Handle<Expression>, divisor: Handle<Expression>) {
        let scalar = match self.inner(handle) {
            Some(TypeInner::Scalar(scalar) | TypeInner::Vector { scalar, .. }) => Some(scalar),
            _ => None,
        };
        if scalar.is_some_and(|scalar| scalar.kind == ScalarKind::Float) {
            return;
        }
        let Some(frame) = self.frames.last() else { return };
        let right = match frame.function.expressions[divisor] {
            Expression::Splat { value, .. } => value,
            _ => divisor,
        };
        let safe = match frame.function.expressions[right] {
            Expression::Literal(Literal::I32(value)) => !matches!(value, 0 | -1),
            Expression::Literal(Literal::U32(value)) => value != 0,
            _ => false,
        };
        if !safe {
            let span = self.span(handle);
            self.leave_open(|_| "division of signed numbers or vectors".into(), span);
        }
    }

    fn math(
        &mut self,
        handle: Handle<Expression>,
        fun: MathFunction,
        arg: Handle<Expression>,
        arg1: Option<Handle<Expression>>,
        arg2: Option<Handle<Expression>>,
    ) -> Value {
        if !self.is_uint(handle) || !self.is_uint(arg) {
            return self.unknown_of(handle);
        }
        match (fun, arg1, arg2) {
            (MathFunction::Min | MathFunction::Max, Some(other), _) => {
                let (a, b) = (self.settled(arg), self.settled(other));
                let result =
                    if fun == MathFunction::Min { self.integers.min(&a, &b) } else { self.integers.max(&a, &b) };
                Value::Int(result)
            }
            (MathFunction::Clamp, Some(low), Some(high)) => {
                let (value, low, high) = (self.settled(arg), self.settled(low), self.settled(high));
                let value = self.integers.max(&value, &low);
                Value::Int(self.integers.min(&value, &high))
            }
            _ => self.unknown_of(handle),
        }
    }

    fn converted(
        &mut self,
        handle: Handle<Expression>,
        expr: Handle<Expression>,
        kind: ScalarKind,
        convert: Option<u8>,
    ) -> Value {
        if kind != ScalarKind::Uint || convert != Some(4) {
            return self.unknown_of(handle);
        }
        match self.value(expr) {
            Value::Int(value) if self.is_uint(expr) => Value::Int(value),
            Value::Bool(truth) => Value::Int(self.one_if(&truth)),
            _ => self.unknown_of(handle),
        }
    }

    /// 1 where a condition is true, and else 0.
    fn one_if(&mut self, truth: &Truth) -> Polynomial {
        if let Some(known) = truth.known {
            return Polynomial::constant(i128::from(known));
        }
        // Where a remainder is not 0, rounding up gives one more than rounding down.
        let remainder = truth.nonzero.as_ref().and_then(Polynomial::as_atom);
        if let Some(Origin::Remainder(a, b)) = remainder.and_then(|atom| self.integers.origin(atom)).cloned()
            && let Some(up) = a.plus(&b).and_then(|sum| sum.plus_constant(-1))
            && let (Some((up, _)), Some((down, _))) = (self.integers.divided(&up, &b), self.integers.divided(&a, &b))
            && let Some(difference) = up.minus(&down)
        {
            return difference;
        }
        let one = self.integers.unknown();
        self.integers.assume_at_most(&one, &Polynomial::constant(1));
        one
    }

    /// One of two values, each with the facts of its way.
    pub(super) fn either(&mut self, a: (&Value, &[Polynomial]), b: (&Value, &[Polynomial])) -> Value {
        match (a.0, b.0) {
            (mine, other) if mine == other => mine.clone(),
            (Value::Int(mine), Value::Int(other)) => Value::Int(self.integers.either((mine, a.1), (other, b.1))),
            (Value::Bool(mine), Value::Bool(other)) => {
                let mut joined = Truth::default();
                for ((truth, facts), constant) in [((mine, a.1), other.known), ((other, b.1), mine.known)] {
                    // The other way's constant is not the value: it came this way.
                    match constant {
                        Some(false) => joined.yes = [facts, &truth.yes].concat(),
                        Some(true) => joined.no = [facts, &truth.no].concat(),
                        None => {}
                    }
                }
                Value::Bool(joined)
            }
            (Value::Parts(mine), Value::Parts(other)) if mine.len() == other.len() => {
                let parts: Vec<Value> =
                    mine.iter().zip(other.iter()).map(|(mine, other)| self.either((mine, a.1), (other, b.1))).collect();
                Value::Parts(parts.into())
            }
            _ => Value::Opaque,
        }
    }

    /// The name of the variable that is indexed.
    fn name(&self, base: Handle<Expression>) -> String {
        let Some(frame) = self.frames.last() else { return "?".to_owned() };
        let mut at = base;
        let name = loop {
            match frame.function.expressions[at] {
                Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => at = base,
                Expression::Load { pointer } => at = pointer,
                Expression::GlobalVariable(variable) => break self.module.global_variables[variable].name.clone(),
                Expression::LocalVariable(variable) => break frame.function.local_variables[variable].name.clone(),
                Expression::FunctionArgument(index) => {
                    break frame.function.arguments.get(index as usize).and_then(|argument| argument.name.clone());
                }
                _ => break None,
            }
        };
        name.unwrap_or_else(|| "a value".to_owned())
    }

    /// Why no contract can cover a number: it comes from what buffers hold.
    fn resting_on(&self, value: &Polynomial) -> String {
        let sources = self.integers.sources(value).into_iter();
        let names: Vec<String> =
            sources.filter_map(|number| Some(format!("`{}`", global_name(self.module, number)?))).collect();
        if names.is_empty() { String::new() } else { format!(", which rests on what {} holds", names.join(" and ")) }
    }

    fn shown(&self, value: &Polynomial) -> String {
        let module = self.module;
        let text = self.integers.show(value, &|origin| {
            Some(match origin {
                Origin::Param(offset) => param_name(module, *offset)?,
                Origin::Length(binding) => {
                    let mut globals = module.global_variables.iter();
                    let (_, global) = globals
                        .find(|(_, global)| global.binding.as_ref().is_some_and(|at| at.binding == binding + 1))?;
                    format!("{}.len()", global.name.as_deref()?)
                }
                Origin::Lane => "lane".to_owned(),
                Origin::SubgroupSize => "subgroup_size".to_owned(),
                Origin::SubgroupLane => "subgroup_invocation_id".to_owned(),
                Origin::Groups => "groups".to_owned(),
                Origin::Held(number, _) => format!("{}[..]", global_name(module, *number)?),
                _ => return None,
            })
        });
        if text.chars().count() > 60 { "?".to_owned() } else { format!("`{text}`") }
    }
}

/// The name of a variable of the module by its number.
fn global_name(module: &naga::Module, number: u32) -> Option<&str> {
    let mut globals = module.global_variables.iter();
    globals.find(|(handle, _)| handle.index() as u32 == number).and_then(|(_, global)| global.name.as_deref())
}

/// The name of the params' field at an offset.
fn param_name(module: &naga::Module, offset: usize) -> Option<String> {
    let (_, uniforms) = module.global_variables.iter().find(|(_, global)| global.space == AddressSpace::Uniform)?;
    let TypeInner::Struct { members, .. } = &module.types[uniforms.ty].inner else { return None };
    let params = members.iter().find(|member| member.offset as usize == crate::layout::HEADER_BYTES)?;
    let TypeInner::Struct { members, .. } = &module.types[params.ty].inner else { return None };
    members.iter().find(|member| member.offset as usize == offset)?.name.clone()
}

/// What a comparison of two exact numbers says.
fn compared(op: BinaryOperator, a: &Polynomial, b: &Polynomial) -> Truth {
    use BinaryOperator as Op;
    // x ≤ y, and x < y, as polynomials that are not negative.
    let at_most = |x: &Polynomial, y: &Polynomial| y.minus(x);
    let less = |x: &Polynomial, y: &Polynomial| at_most(x, y).and_then(|room| room.plus_constant(-1));
    let facts = |facts: [Option<Polynomial>; 2]| facts.into_iter().flatten().collect::<Vec<_>>();
    let (yes, no) = match op {
        Op::Less => (facts([less(a, b), None]), facts([at_most(b, a), None])),
        Op::LessEqual => (facts([at_most(a, b), None]), facts([less(b, a), None])),
        Op::Greater => (facts([less(b, a), None]), facts([at_most(a, b), None])),
        Op::GreaterEqual => (facts([at_most(b, a), None]), facts([less(a, b), None])),
        Op::Equal | Op::NotEqual => {
            let equal = facts([at_most(a, b), at_most(b, a)]);
            // A number that is not 0 is at least 1.
            let positive = match (a.as_constant(), b.as_constant()) {
                (_, Some(0)) => facts([a.plus_constant(-1), None]),
                (Some(0), _) => facts([b.plus_constant(-1), None]),
                _ => Vec::new(),
            };
            if op == Op::Equal { (equal, positive) } else { (positive, equal) }
        }
        _ => (Vec::new(), Vec::new()),
    };
    let known = match (a.as_constant(), b.as_constant()) {
        (Some(a), Some(b)) => Some(match op {
            Op::Less => a < b,
            Op::LessEqual => a <= b,
            Op::Greater => a > b,
            Op::GreaterEqual => a >= b,
            Op::Equal => a == b,
            _ => a != b,
        }),
        _ => None,
    };
    let nonzero = (op == Op::NotEqual && b.as_constant() == Some(0)).then(|| a.clone());
    Truth { yes, no, known, nonzero }
}
