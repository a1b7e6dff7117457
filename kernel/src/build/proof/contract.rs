//! A contract's clauses as facts. They hold wherever an invocation runs: a dispatch checks them with integers that do not
//! wrap, as here, unless it has no workgroups.

use std::collections::HashMap;

use super::arithmetic::{GREATEST, Integers, Origin};
use super::polynomial::Polynomial;
use crate::contract::{Clause, Contract, Operator, Relation, Term};
use crate::variant::MAX_BINDING_BYTES;

/// What the params are, in terms of atoms.
#[derive(Default)]
pub(super) struct Params {
    /// Params that a contract says are multiples: `k` is 32 times an atom.
    multiples: HashMap<usize, i128>,
}

impl Params {
    /// The facts of a contract; also its number of workgroups, if that is a term.
    pub(super) fn of(contract: &Contract, integers: &mut Integers) -> (Self, Option<Polynomial>) {
        let mut params = Self::default();
        for clause in &contract.clauses {
            params.note_multiple(clause);
        }
        for (binding, stride) in contract.strides.iter().enumerate() {
            let greatest = MAX_BINDING_BYTES / stride.max(&1);
            integers.bounded(Origin::Length(binding as u32), i128::from(greatest));
        }
        for clause in &contract.clauses {
            params.assume(clause, integers);
        }
        let groups = contract.groups.as_ref().and_then(|groups| params.term(groups, integers));
        if let Some(groups) = &groups {
            // A dispatch whose number of workgroups is no `u32` is refused; and some invocation runs.
            integers.assume_at_most(groups, &Polynomial::constant(GREATEST));
            integers.assume_at_most(&Polynomial::constant(1), groups);
            if let [(product, _)] = groups.terms() {
                for atom in product.atoms() {
                    integers.assume_at_most(&Polynomial::constant(1), &Polynomial::atom(*atom));
                }
            }
        }
        (params, groups)
    }

    /// `n % 4 == 0`: n is 4 times an atom.
    fn note_multiple(&mut self, clause: &Clause) {
        let Clause { left: Term::Operation(Operator::Remainder, operands), relation: Relation::Equal, right } = clause
        else {
            return;
        };
        let (Term::Param { offset, .. }, Term::Constant(divisor), Term::Constant(0)) =
            (&operands.0, &operands.1, right)
        else {
            return;
        };
        if !(1..=GREATEST).contains(divisor) {
            return;
        }
        let multiple = self.multiples.entry(*offset).or_insert(1);
        let (mut a, mut b) = (*multiple, *divisor);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        *multiple *= divisor / a;
    }

    /// A field of the params.
    pub(super) fn field(&self, offset: usize, integers: &mut Integers) -> Polynomial {
        let multiple = self.multiples.get(&offset).copied().unwrap_or(1);
        let atom = integers.bounded(Origin::Param(offset), GREATEST / multiple);
        atom.scaled(&super::polynomial::Monomial::one(), multiple).unwrap_or(atom)
    }

    fn assume(&self, clause: &Clause, integers: &mut Integers) {
        let (Some(left), Some(right)) = (self.term(&clause.left, integers), self.term(&clause.right, integers)) else {
            return;
        };
        match clause.relation {
            Relation::Equal => integers.assume_equal(&left, &right),
            Relation::LessEqual => integers.assume_at_most(&left, &right),
            Relation::GreaterEqual => integers.assume_at_most(&right, &left),
            Relation::Less => left.plus_constant(1).iter().for_each(|left| integers.assume_at_most(left, &right)),
            Relation::Greater => right.plus_constant(1).iter().for_each(|right| integers.assume_at_most(right, &left)),
            Relation::NotEqual => {
                if right.as_constant() == Some(0) && integers.facts.show(&left) {
                    integers.assume_at_most(&Polynomial::constant(1), &left);
                }
            }
        }
    }

    /// A term; none where it may be negative and something else than a sum or a product is made of it.
    fn term(&self, term: &Term, integers: &mut Integers) -> Option<Polynomial> {
        match term {
            Term::Constant(value) => Some(Polynomial::constant(*value)),
            Term::Length { binding, .. } => Some(integers.atom(Origin::Length(u32::try_from(*binding).ok()?))),
            Term::Param { offset, .. } => Some(self.field(*offset, integers)),
            Term::Operation(operator, operands) => {
                let (left, right) = (self.term(&operands.0, integers)?, self.term(&operands.1, integers)?);
                match operator {
                    Operator::Add => return left.plus(&right),
                    Operator::Subtract => return left.minus(&right),
                    Operator::Multiply => return left.times(&right),
                    _ => {}
                }
                if !(integers.facts.show(&left) && integers.facts.show(&right)) {
                    return None;
                }
                if matches!(operator, Operator::Divide | Operator::DivideUp | Operator::Remainder) {
                    // A term that divides by zero has no value, and its dispatch is refused.
                    integers.assume_at_most(&Polynomial::constant(1), &right);
                }
                match operator {
                    Operator::Divide => integers.divided(&left, &right).map(|(quotient, _)| quotient),
                    Operator::Remainder => integers.divided(&left, &right).map(|(_, remainder)| remainder),
                    Operator::DivideUp => {
                        let up = left.plus(&right)?.plus_constant(-1)?;
                        integers.divided(&up, &right).map(|(quotient, _)| quotient)
                    }
                    Operator::Min => Some(integers.min(&left, &right)),
                    Operator::Max => Some(integers.max(&left, &right)),
                    Operator::Add | Operator::Subtract | Operator::Multiply => None,
                }
            }
        }
    }
}
