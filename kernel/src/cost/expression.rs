//! Integers and conditions in formulas: what a kernel's loops and branches depend on, in `u32` arithmetic (WGSL §8.7).

use super::Launch;

/// An operation of two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "WGSL's operators by their names")]
pub enum Operator {
    Or,
    And,
    Equal,
    Differ,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    BitOr,
    BitXor,
    BitAnd,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Min,
    Max,
}

impl Operator {
    /// Infix operators with their signs and how tightly they bind.
    pub(super) const SIGNS: [(&'static str, Operator, u8); 18] = [
        ("||", Operator::Or, 1),
        ("&&", Operator::And, 2),
        ("==", Operator::Equal, 3),
        ("!=", Operator::Differ, 3),
        ("<=", Operator::LessOrEqual, 3),
        (">=", Operator::GreaterOrEqual, 3),
        ("<<", Operator::ShiftLeft, 7),
        (">>", Operator::ShiftRight, 7),
        ("<", Operator::Less, 3),
        (">", Operator::Greater, 3),
        ("|", Operator::BitOr, 4),
        ("^", Operator::BitXor, 5),
        ("&", Operator::BitAnd, 6),
        ("+", Operator::Add, 8),
        ("-", Operator::Subtract, 8),
        ("*", Operator::Multiply, 9),
        ("/", Operator::Divide, 9),
        ("%", Operator::Remainder, 9),
    ];

    fn apply(self, a: u32, b: u32) -> Option<u32> {
        Some(match self {
            Self::Or => u32::from(a != 0 || b != 0),
            Self::And => u32::from(a != 0 && b != 0),
            Self::Equal => u32::from(a == b),
            Self::Differ => u32::from(a != b),
            Self::Less => u32::from(a < b),
            Self::LessOrEqual => u32::from(a <= b),
            Self::Greater => u32::from(a > b),
            Self::GreaterOrEqual => u32::from(a >= b),
            Self::BitOr => a | b,
            Self::BitXor => a ^ b,
            Self::BitAnd => a & b,
            Self::ShiftLeft => a.wrapping_shl(b),
            Self::ShiftRight => a.wrapping_shr(b),
            Self::Add => a.wrapping_add(b),
            Self::Subtract => a.wrapping_sub(b),
            Self::Multiply => a.wrapping_mul(b),
            Self::Divide => a.checked_div(b)?,
            Self::Remainder => a.checked_rem(b)?,
            Self::Min => a.min(b),
            Self::Max => a.max(b),
        })
    }
}

/// An integer, or a condition as 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// A number.
    Number(u32),
    /// A `u32` of the params; while a function is emitted, its parameters too.
    Name(String),
    /// `workgroup_id`.
    Group,
    /// `local_invocation_index`.
    Lane,
    /// `subgroup_size`.
    SubgroupSize,
    /// The counter of a loop around.
    Counter(u32),
    /// While a loop is emitted: a variable from before it, of which the loop may still make something else.
    Variable(u32),
    /// The elements of a storage buffer.
    Length(String),
    /// An element of a storage buffer.
    Element(String, Box<Expression>),
    /// An operation.
    Binary(Operator, Box<(Expression, Expression)>),
    /// `!condition`.
    Not(Box<Expression>),
    /// `select(otherwise, then, condition)`.
    Select(Box<(Expression, Expression, Expression)>),
    /// What depends on data.
    Unknown,
}

impl Expression {
    /// An operation, worked out where both sides are numbers.
    pub fn binary(operator: Operator, a: Expression, b: Expression) -> Self {
        match (operator, &a, &b) {
            (_, Self::Number(a), Self::Number(b)) => operator.apply(*a, *b).map_or(Self::Unknown, Self::Number),
            (Operator::And, Self::Number(0), _) | (Operator::And, _, Self::Number(0)) => Self::Number(0),
            (Operator::And, Self::Number(_), _) => b,
            (Operator::And, _, Self::Number(_)) | (Operator::Or, _, Self::Number(0)) => a,
            (Operator::Or, Self::Number(0), _) => b,
            (Operator::And | Operator::Or, ..) => Self::Binary(operator, Box::new((a, b))),
            (_, Self::Unknown, _) | (_, _, Self::Unknown) => Self::Unknown,
            (Operator::Add | Operator::Subtract, _, Self::Number(0)) => a,
            (Operator::Add, Self::Number(0), _) => b,
            (Operator::Multiply | Operator::Divide, _, Self::Number(1)) => a,
            _ => Self::Binary(operator, Box::new((a, b))),
        }
    }

    /// `!condition`.
    #[allow(clippy::should_implement_trait, reason = "a condition's opposite is not the type's")]
    pub fn not(self) -> Self {
        match self {
            Self::Number(value) => Self::Number(u32::from(value == 0)),
            Self::Not(inner) => *inner,
            Self::Unknown => Self::Unknown,
            other => Self::Not(Box::new(other)),
        }
    }

    /// `then` where the condition holds.
    pub fn select(otherwise: Expression, then: Expression, condition: Expression) -> Self {
        match condition {
            Self::Number(0) => otherwise,
            Self::Number(_) => then,
            _ if then == otherwise => then,
            Self::Unknown => Self::Unknown,
            Self::Not(opposite) => Self::select(then, otherwise, *opposite),
            condition => {
                // A choice in a choice on the same condition has been made.
                let otherwise = match otherwise {
                    Self::Select(all) if all.2 == condition => all.0,
                    other => other,
                };
                let then = match then {
                    Self::Select(all) if all.2 == condition => all.1,
                    other => other,
                };
                Self::Select(Box::new((otherwise, then, condition)))
            }
        }
    }

    pub(super) fn mentions(&self, leaf: &Expression) -> bool {
        self == leaf
            || match self {
                Self::Element(_, index) => index.mentions(leaf),
                Self::Not(inner) => inner.mentions(leaf),
                Self::Binary(_, both) => both.0.mentions(leaf) || both.1.mentions(leaf),
                Self::Select(all) => all.0.mentions(leaf) || all.1.mentions(leaf) || all.2.mentions(leaf),
                _ => false,
            }
    }

    /// With leaves replaced by what `with` gives for them.
    #[must_use]
    pub fn replaced(self, with: &mut dyn FnMut(&Expression) -> Option<Expression>) -> Self {
        match self {
            Self::Element(name, index) => match index.replaced(with) {
                Self::Unknown => Self::Unknown,
                index => Self::Element(name, Box::new(index)),
            },
            Self::Not(inner) => inner.replaced(with).not(),
            Self::Binary(operator, both) => Self::binary(operator, both.0.replaced(with), both.1.replaced(with)),
            Self::Select(all) => Self::select(all.0.replaced(with), all.1.replaced(with), all.2.replaced(with)),
            leaf => with(&leaf).unwrap_or(leaf),
        }
    }

    pub(super) fn value(&self, invocation: &Invocation<'_>) -> Option<u32> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Name(name) => (invocation.launch.param)(name),
            Self::Group => Some(invocation.group),
            Self::Lane => Some(invocation.lane),
            Self::SubgroupSize => Some(invocation.launch.subgroup_size),
            Self::Counter(counter) => {
                invocation.counters.iter().rev().find(|(known, _)| known == counter).map(|(_, value)| *value)
            }
            Self::Length(name) => (invocation.launch.length)(name),
            Self::Element(name, index) => (invocation.launch.element)(name, index.value(invocation)?),
            Self::Binary(operator, both) => match (operator, both.0.value(invocation), both.1.value(invocation)) {
                (Operator::And, Some(0), _) | (Operator::And, _, Some(0)) => Some(0),
                (Operator::Or, Some(1..), _) | (Operator::Or, _, Some(1..)) => Some(1),
                (_, a, b) => operator.apply(a?, b?),
            },
            Self::Not(inner) => inner.value(invocation).map(|value| u32::from(value == 0)),
            Self::Select(all) => if all.2.value(invocation)? == 0 { &all.0 } else { &all.1 }.value(invocation),
            Self::Variable(_) | Self::Unknown => None,
        }
    }
}

/// One invocation of a launch, inside of loops.
pub(super) struct Invocation<'a> {
    pub(super) launch: &'a Launch<'a>,
    pub(super) group: u32,
    pub(super) lane: u32,
    pub(super) counters: Vec<(u32, u32)>,
}
