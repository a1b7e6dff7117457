//! Contracts: what a kernel requires of its buffers' lengths and its params, `#[kernel(.., requires(x.len() >= params.n))]`.
//! They are kept as terms, so that a dispatch evaluates them, an error shows their values, and the build's proof of a
//! kernel's indices rests on the very same clauses.

mod requirements;
mod term;

use std::fmt::Write;
use std::sync::Arc;

use crate::params::Params;
pub(crate) use requirements::Requirements;
use term::Values;
pub use term::{Operator, Term};

/// How the two sides of a clause compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Relation {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }

    fn holds(self, left: i128, right: i128) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }
}

/// One requirement, such as `x.len() >= rows * n`: a relation between two integers without a bound, so that nothing
/// wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The left side.
    pub left: Term,
    /// How they compare.
    pub relation: Relation,
    /// The right side.
    pub right: Term,
}

impl Clause {
    /// The clause `left relation right`.
    pub fn new(left: impl Into<Term>, relation: Relation, right: impl Into<Term>) -> Self {
        Self { left: left.into(), relation, right: right.into() }
    }
}

impl std::fmt::Display for Clause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.left, self.relation.sign(), self.right)
    }
}

/// A kernel variant's clauses, and how many workgroups its params ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// What a dispatch of at least one workgroup requires.
    pub clauses: Vec<Clause>,
    /// The number of workgroups as a term, where the kernel's expression for it is one.
    pub groups: Option<Term>,
    /// Bytes of an element of each storage binding.
    pub strides: Vec<u64>,
}

impl Contract {
    /// Each clause as text; two contracts with the same texts require the same.
    pub fn texts(&self) -> Vec<String> {
        let groups = self.groups.iter().map(|groups| format!("groups == {groups}"));
        self.clauses.iter().map(ToString::to_string).chain(groups).collect()
    }
}

/// A dispatch breaks its kernel's contract; the text names the clause and the values of its terms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A clause does not hold.
    #[error("`{kernel}` requires `{clause}`: {values}")]
    Clause {
        /// The kernel's variant.
        kernel: String,
        /// The clause.
        clause: String,
        /// Such as `x.len() is 100, rows is 3, n is 64 (192)`.
        values: String,
    },
    /// A clause has no value: it divides by zero, or its terms exceed 127 bits.
    #[error("`{kernel}` requires `{clause}`, which has no value: {values}")]
    NoValue {
        /// The kernel's variant.
        kernel: String,
        /// The clause.
        clause: String,
        /// The values of its terms.
        values: String,
    },
    /// The params ask for a number of workgroups that is none.
    #[error("`{kernel}` would have `{groups}` workgroups, which a dispatch cannot: {values}")]
    Groups {
        /// The kernel's variant.
        kernel: String,
        /// The kernel's expression for its workgroups.
        groups: String,
        /// The values of its terms.
        values: String,
    },
    /// More workgroups are asked for than the params say.
    #[error("`{kernel}` has {allowed} workgroups with its params, {asked} were asked for")]
    TooManyGroups {
        /// The kernel's variant.
        kernel: String,
        /// The workgroups that the params ask for.
        allowed: u32,
        /// The workgroups asked for.
        asked: u32,
    },
}

/// A contract with the buffers of one dispatch: says for params whether it holds.
#[derive(Clone)]
pub(crate) struct Bound {
    requirements: Arc<Requirements>,
    lengths: Vec<u64>,
    groups: fn(&[u8]) -> u32,
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("kernel", &self.kernel()).field("lengths", &self.lengths).finish_non_exhaustive()
    }
}

impl Bound {
    /// The contract of `K` over buffers of these lengths, in bytes.
    pub(crate) fn new<K: crate::dispatch::Variant>(bytes: impl Iterator<Item = u64>) -> Self {
        let requirements = Requirements::of::<K>();
        let lengths = bytes.zip(&requirements.contract.strides).map(|(bytes, stride)| bytes / stride.max(&1)).collect();
        Self { requirements, lengths, groups: |bytes| K::groups(&K::Params::from_bytes(bytes)) }
    }

    pub(crate) fn requirements(&self) -> &Requirements {
        &self.requirements
    }

    fn kernel(&self) -> String {
        self.requirements.desc.key.clone()
    }

    /// The workgroups that these params ask for, if a dispatch with them keeps the contract. One without workgroups
    /// touches nothing and requires nothing.
    pub(crate) fn groups(&self, params: &[u8]) -> Result<u32, Violation> {
        let values = Values { params, lengths: &self.lengths };
        // The term first: it neither wraps nor panics, as the kernel's own expression may.
        let contract = &self.requirements.contract;
        let expected = contract.groups.as_ref().map(|term| (term, values.of(term)));
        if let Some((term, value)) = &expected
            && value.and_then(|value| u32::try_from(value).ok()).is_none()
        {
            return Err(self.wrong_groups(term, &values));
        }
        let groups = (self.groups)(params);
        if let Some((term, value)) = expected
            && value != Some(i128::from(groups))
        {
            return Err(self.wrong_groups(term, &values));
        }
        if groups == 0 {
            return Ok(0);
        }
        contract.clauses.iter().try_for_each(|clause| self.check(clause, &values))?;
        Ok(groups)
    }

    fn wrong_groups(&self, term: &Term, values: &Values<'_>) -> Violation {
        Violation::Groups { kernel: self.kernel(), groups: term.to_string(), values: values.shown(&[term]) }
    }

    fn check(&self, clause: &Clause, values: &Values<'_>) -> Result<(), Violation> {
        let (left, right) = (values.of(&clause.left), values.of(&clause.right));
        if let (Some(left), Some(right)) = (left, right)
            && clause.relation.holds(left, right)
        {
            return Ok(());
        }
        let (kernel, text) = (self.kernel(), clause.to_string());
        let mut values = values.shown(&[&clause.left, &clause.right]);
        let (Some(left), Some(right)) = (left, right) else {
            return Err(Violation::NoValue { kernel, clause: text, values });
        };
        let worked_out = [(&clause.left, left), (&clause.right, right)]
            .into_iter()
            .filter(|(term, _)| matches!(term, Term::Operation(..)))
            .map(|(_, value)| value.to_string())
            .collect::<Vec<_>>();
        if !worked_out.is_empty() {
            let _ = write!(values, " ({})", worked_out.join(&format!(" {} ", clause.relation.sign())));
        }
        Err(Violation::Clause { kernel, clause: text, values })
    }

    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    pub(crate) fn check_groups(&self, params: &[u8], asked: u32) -> Result<(), Violation> {
        let allowed = self.groups(params)?;
        if asked <= allowed {
            return Ok(());
        }
        Err(Violation::TooManyGroups { kernel: self.kernel(), allowed, asked })
    }
}
