//! Terms of contracts: integers made of buffers' lengths, params and constants.

use std::fmt::{self, Display, Formatter};
use std::ops::{Add, Div, Mul, Rem, Sub};

use crate::params::Params;

/// An operation of two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `a + b`
    Add,
    /// `a - b`
    Subtract,
    /// `a * b`
    Multiply,
    /// `a / b`, rounded towards minus infinity.
    Divide,
    /// `a.div_ceil(b)`
    DivideUp,
    /// `a % b`
    Remainder,
    /// `a.min(b)`
    Min,
    /// `a.max(b)`
    Max,
}

/// An integer without a bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A number, or a constant of the variant.
    Constant(i128),
    /// Elements of a storage buffer.
    Length {
        /// The binding, from 0.
        binding: usize,
        /// The kernel's name for it.
        name: &'static str,
    },
    /// A `u32` of the params.
    Param {
        /// Its offset in the params, bytes.
        offset: usize,
        /// Its name.
        name: &'static str,
    },
    /// An operation.
    Operation(Operator, Box<(Term, Term)>),
}

impl Term {
    /// The length of a buffer; `#[kernel]` writes this for `x.len()`.
    pub fn length(binding: usize, name: &'static str) -> Self {
        Self::Length { binding, name }
    }

    /// A field of the params; `#[kernel]` writes this for `params.n`. The function has rustc check the field and its
    /// type.
    pub fn param<P: Params>(name: &'static str, _field: fn(&P) -> u32) -> Self {
        let offset = P::FIELDS.iter().find(|field| field.name == name).map_or(usize::MAX, |field| field.offset);
        Self::Param { offset, name }
    }

    /// `self` divided by `other`, rounded up.
    #[must_use]
    pub fn div_ceil(self, other: impl Into<Term>) -> Self {
        self.with(Operator::DivideUp, other)
    }

    /// The smaller of two.
    #[must_use]
    pub fn min(self, other: impl Into<Term>) -> Self {
        self.with(Operator::Min, other)
    }

    /// The greater of two.
    #[must_use]
    pub fn max(self, other: impl Into<Term>) -> Self {
        self.with(Operator::Max, other)
    }

    fn with(self, operator: Operator, other: impl Into<Term>) -> Self {
        Self::Operation(operator, Box::new((self, other.into())))
    }

    fn leaves<'t>(&'t self, found: &mut Vec<&'t Term>) {
        match self {
            Self::Constant(_) => {}
            Self::Length { .. } | Self::Param { .. } => {
                if !found.contains(&self) {
                    found.push(self);
                }
            }
            Self::Operation(_, operands) => {
                operands.0.leaves(found);
                operands.1.leaves(found);
            }
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Self::Operation(Operator::Add | Operator::Subtract, _) => 1,
            Self::Operation(Operator::Multiply | Operator::Divide | Operator::Remainder, _) => 2,
            _ => 3,
        }
    }
}

macro_rules! from_integer {
    ($($ty:ty)*) => {$(
        impl From<$ty> for Term {
            fn from(value: $ty) -> Self {
                Self::Constant(value as i128)
            }
        }
    )*};
}
from_integer!(u32 i32 u64 usize);

macro_rules! operator {
    ($($operator:ident $function:ident $name:ident;)*) => {$(
        impl<T: Into<Term>> $operator<T> for Term {
            type Output = Term;
            fn $function(self, other: T) -> Term {
                self.with(Operator::$name, other)
            }
        }
    )*};
}
operator! {
    Add add Add;
    Sub sub Subtract;
    Mul mul Multiply;
    Div div Divide;
    Rem rem Remainder;
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let operand = |f: &mut Formatter<'_>, term: &Term, least: u8| {
            if term.strength() < least { write!(f, "({term})") } else { write!(f, "{term}") }
        };
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Length { name, .. } => write!(f, "{name}.len()"),
            Self::Param { name, .. } => f.write_str(name),
            Self::Operation(operator, operands) => {
                let (left, right) = &**operands;
                let (sign, strength) = match operator {
                    Operator::Add => ("+", 1),
                    Operator::Subtract => ("-", 1),
                    Operator::Multiply => ("*", 2),
                    Operator::Divide => ("/", 2),
                    Operator::Remainder => ("%", 2),
                    Operator::DivideUp | Operator::Min | Operator::Max => {
                        let name = match operator {
                            Operator::Min => "min",
                            Operator::Max => "max",
                            _ => "div_ceil",
                        };
                        operand(f, left, 3)?;
                        return write!(f, ".{name}({right})");
                    }
                };
                operand(f, left, strength)?;
                write!(f, " {sign} ")?;
                operand(f, right, strength + 1)
            }
        }
    }
}

/// What the leaves of terms are worth in a dispatch.
pub(super) struct Values<'v> {
    /// Bytes of the params.
    pub(super) params: &'v [u8],
    /// Elements of each storage buffer.
    pub(super) lengths: &'v [u64],
}

impl Values<'_> {
    /// A term's value; none where it divides by zero or exceeds 127 bits.
    pub(super) fn of(&self, term: &Term) -> Option<i128> {
        match term {
            Term::Constant(value) => Some(*value),
            Term::Length { binding, .. } => self.lengths.get(*binding).map(|length| i128::from(*length)),
            Term::Param { offset, .. } => {
                let bytes = self.params.get(*offset..offset.checked_add(4)?)?;
                bytes.try_into().ok().map(|bytes| i128::from(u32::from_le_bytes(bytes)))
            }
            Term::Operation(operator, operands) => {
                let (left, right) = (self.of(&operands.0)?, self.of(&operands.1)?);
                match operator {
                    Operator::Add => left.checked_add(right),
                    Operator::Subtract => left.checked_sub(right),
                    Operator::Multiply => left.checked_mul(right),
                    Operator::Divide => left.checked_div_euclid(right),
                    Operator::DivideUp => left.checked_neg()?.checked_div_euclid(right)?.checked_neg(),
                    Operator::Remainder => left.checked_rem_euclid(right),
                    Operator::Min => Some(left.min(right)),
                    Operator::Max => Some(left.max(right)),
                }
            }
        }
    }

    /// The values of all leaves: `x.len() is 100, rows is 3`.
    pub(super) fn shown(&self, terms: &[&Term]) -> String {
        let mut leaves = Vec::new();
        terms.iter().for_each(|term| term.leaves(&mut leaves));
        let each = leaves.into_iter().map(|leaf| match self.of(leaf) {
            Some(value) => format!("{leaf} is {value}"),
            None => format!("{leaf} is missing"),
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_shown_with_the_parentheses_it_needs_and_no_others() {
        let n = || Term::Param { offset: 0, name: "n" };
        let x = || Term::length(0, "x");
        assert_eq!((x() - (n() - 1) * 4 % (n() * 2)).to_string(), "x.len() - (n - 1) * 4 % (n * 2)");
        assert_eq!((n() + 3).div_ceil(4).min(x()).to_string(), "(n + 3).div_ceil(4).min(x.len())");
        assert_eq!((x() - (n() - 2)).to_string(), "x.len() - (n - 2)");
    }

    #[test]
    fn terms_are_integers_without_a_bound() {
        let params = u32::MAX.to_le_bytes();
        let values = Values { params: &params, lengths: &[7] };
        let n = || Term::Param { offset: 0, name: "n" };
        assert_eq!(values.of(&(n() * n())), Some(i128::from(u32::MAX).pow(2)));
        assert_eq!(values.of(&(Term::length(0, "x") - 9)), Some(-2));
        assert_eq!(values.of(&Term::length(0, "x").div_ceil(2)), Some(4));
        assert_eq!(values.of(&(n() / 0)), None);
        assert_eq!(values.of(&(n() * n() * n() * n() * n())), None, "160 bits");
    }
}
