//! Integers of a kernel as polynomials over atoms. Sums, differences and products are kept as they are, whatever wraps:
//! modulo 2³² a polynomial and the machine's number are the same, so they are the same number as soon as the
//! polynomial is shown to lie in 0..2³². Every other operation asks for that first.

use std::collections::HashMap;

use super::facts::Facts;
use super::polynomial::{Atom, Monomial, Polynomial};

/// The greatest `u32`.
pub(super) const GREATEST: i128 = u32::MAX as i128;

/// What an atom stands for; the same origin is the same atom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// A `u32` of the params, by its offset; or that many times a divisor that a contract names.
    Param(usize),
    /// Elements of a storage buffer, by its binding from 0.
    Length(u32),
    /// `local_invocation_index`.
    Lane,
    /// `subgroup_size`.
    SubgroupSize,
    /// `subgroup_invocation_id`.
    SubgroupLane,
    /// `groups` in the uniform block.
    Groups,
    /// `⌊a / b⌋`
    Quotient(Polynomial, Polynomial),
    /// `a mod b`
    Remainder(Polynomial, Polynomial),
    /// The smaller one.
    Min(Polynomial, Polynomial),
    /// The greater one.
    Max(Polynomial, Polynomial),
    /// A polynomial modulo 2³².
    Wrapped(Polynomial),
    /// What a load gave of memory that invocations share: the variable's number, and the load's.
    Held(u32, u32),
    /// Some `u32`.
    Unknown(u32),
}

/// Atoms with what is known of them here.
#[derive(Default)]
pub(super) struct Integers {
    pub(super) facts: Facts,
    atoms: HashMap<Origin, Atom>,
    origins: Vec<Origin>,
    unknown: u32,
}

impl Integers {
    pub(super) fn atom(&mut self, origin: Origin) -> Polynomial {
        let next = self.origins.len() as Atom;
        let atom = *self.atoms.entry(origin).or_insert_with_key(|origin| {
            self.origins.push(origin.clone());
            next
        });
        Polynomial::atom(atom)
    }

    /// Some `u32` of which nothing is known.
    pub(super) fn unknown(&mut self) -> Polynomial {
        self.unknown += 1;
        self.atom(Origin::Unknown(self.unknown))
    }

    /// Some `u32` that the variable of this number held.
    pub(super) fn held(&mut self, variable: u32) -> Polynomial {
        self.unknown += 1;
        self.atom(Origin::Held(variable, self.unknown))
    }

    /// The numbers of the variables on whose content a number rests: directly, or through what bounds it.
    pub(super) fn sources(&self, value: &Polynomial) -> Vec<u32> {
        let (mut found, mut seen) = (Vec::new(), Vec::new());
        let mut left: Vec<Atom> = value.atoms().collect();
        while let Some(atom) = left.pop() {
            if seen.contains(&atom) {
                continue;
            }
            seen.push(atom);
            match self.origin(atom) {
                Some(Origin::Held(variable, _)) if !found.contains(variable) => found.push(*variable),
                Some(Origin::Quotient(a, b) | Origin::Remainder(a, b) | Origin::Min(a, b) | Origin::Max(a, b)) => {
                    left.extend(a.atoms().chain(b.atoms()));
                }
                Some(Origin::Wrapped(of)) => left.extend(of.atoms()),
                Some(Origin::Unknown(_)) => {
                    let is_held = |other: &Atom| matches!(self.origin(*other), Some(Origin::Held(..)));
                    left.extend(self.facts.about(atom).flat_map(Polynomial::atoms).filter(is_held));
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn origin(&self, atom: Atom) -> Option<&Origin> {
        self.origins.get(atom as usize)
    }

    /// An atom that is at most `greatest`.
    pub(super) fn bounded(&mut self, origin: Origin, greatest: i128) -> Polynomial {
        let atom = self.atom(origin);
        self.assume_at_most(&atom, &Polynomial::constant(greatest));
        atom
    }

    pub(super) fn assume_at_most(&mut self, a: &Polynomial, b: &Polynomial) {
        if let Some(fact) = b.minus(a) {
            self.facts.assume(&fact);
        }
    }

    pub(super) fn assume_equal(&mut self, a: &Polynomial, b: &Polynomial) {
        self.assume_at_most(a, b);
        self.assume_at_most(b, a);
    }

    /// Whether the machine's number is the polynomial itself.
    pub(super) fn is_exact(&mut self, value: &Polynomial) -> bool {
        if let Some(constant) = value.as_constant() {
            return (0..=GREATEST).contains(&constant);
        }
        match value.as_atom().and_then(|atom| self.origin(atom)) {
            // What else is an atom may come from a contract, where nothing wraps.
            Some(
                Origin::Param(_)
                | Origin::Length(_)
                | Origin::Lane
                | Origin::SubgroupSize
                | Origin::SubgroupLane
                | Origin::Groups
                | Origin::Wrapped(_)
                | Origin::Held(..)
                | Origin::Unknown(_),
            ) => true,
            _ => self.facts.show(value) && self.facts.at_most(value, &Polynomial::constant(GREATEST)),
        }
    }

    /// The machine's number as a polynomial that is exact.
    pub(super) fn settled(&mut self, value: &Polynomial) -> Polynomial {
        if self.is_exact(value) {
            return value.clone();
        }
        match value.as_constant() {
            Some(constant) => Polynomial::constant(constant.rem_euclid(GREATEST + 1)),
            None => self.atom(Origin::Wrapped(value.clone())),
        }
    }

    /// `(⌊a / b⌋, a mod b)` of integers with `a ≥ 0` and `b ≥ 1`, which the caller has shown.
    pub(super) fn divided(&mut self, a: &Polynomial, b: &Polynomial) -> Option<(Polynomial, Polynomial)> {
        if let (Some(a), Some(b)) = (a.as_constant(), b.as_constant()) {
            return Some((
                Polynomial::constant(a.checked_div_euclid(b)?),
                Polynomial::constant(a.checked_rem_euclid(b)?),
            ));
        }
        let last = b.plus_constant(-1)?;
        // a = b·whole + rest with 0 ≤ rest: only the rest is left to divide.
        let (whole, rest) = match a.split(b) {
            Some((whole, rest)) if whole.as_constant() != Some(0) && self.facts.show(&rest) => (whole, rest),
            _ => (Polynomial::constant(0), a.clone()),
        };
        if self.facts.at_most(&rest, &last) {
            return Some((whole, rest));
        }
        let quotient = self.atom(Origin::Quotient(rest.clone(), b.clone()));
        let remainder = self.atom(Origin::Remainder(rest.clone(), b.clone()));
        let again = b.times(&quotient)?.plus(&remainder)?;
        self.assume_equal(&again, &rest);
        self.assume_at_most(&remainder, &last);
        if b.as_constant().is_none() {
            // a ≤ b·y - 1 leaves ⌊a / b⌋ ≤ y - 1.
            for bound in self.facts.bounds(&rest) {
                if let Some((most, nothing)) = bound.plus_constant(1).and_then(|bound| bound.split(b))
                    && nothing.as_constant() == Some(0)
                    && let Some(most) = most.plus_constant(-1)
                {
                    self.assume_at_most(&quotient, &most);
                }
            }
        }
        if let Some(atom) = b.as_atom() {
            // A divisor that is no less than 4 leaves no more than a quarter.
            let least = self.facts.least(atom);
            if least > 1 {
                let part = quotient.scaled(&Monomial::one(), least)?;
                self.assume_at_most(&part, &rest);
            }
        }
        Some((whole.plus(&quotient)?, remainder))
    }

    /// The smaller of two exact numbers.
    pub(super) fn min(&mut self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        if self.facts.at_most(a, b) {
            return a.clone();
        }
        if self.facts.at_most(b, a) {
            return b.clone();
        }
        let smaller = self.atom(Origin::Min(a.clone(), b.clone()));
        self.assume_at_most(&smaller, a);
        self.assume_at_most(&smaller, b);
        smaller
    }

    /// The greater of two exact numbers.
    pub(super) fn max(&mut self, a: &Polynomial, b: &Polynomial) -> Polynomial {
        if self.facts.at_most(a, b) {
            return b.clone();
        }
        if self.facts.at_most(b, a) {
            return a.clone();
        }
        let greater = self.atom(Origin::Max(a.clone(), b.clone()));
        self.assume_at_most(a, &greater);
        self.assume_at_most(b, &greater);
        if let Some(sum) = a.plus(b) {
            self.assume_at_most(&greater, &sum);
        }
        greater
    }

    /// Some number that is one of two, each with the facts of its branch: bounded by what bounds both.
    pub(super) fn either(&mut self, a: (&Polynomial, &[Polynomial]), b: (&Polynomial, &[Polynomial])) -> Polynomial {
        if a.0 == b.0 {
            return a.0.clone();
        }
        let one = self.unknown();
        let branches = [a, b];
        // Each is the machine's number only where its own branch shows so.
        for (value, facts) in branches {
            let exact = Polynomial::constant(GREATEST).minus(value);
            if !(self.facts.show_with(facts, value) && exact.is_some_and(|room| self.facts.show_with(facts, &room))) {
                return one;
            }
        }
        let bounds = [a.0.clone(), b.0.clone(), a.0.positive_part(), b.0.positive_part()];
        for bound in &bounds {
            let above = |value: &Polynomial| bound.minus(value);
            if branches.iter().all(|(value, facts)| above(value).is_some_and(|room| self.facts.show_with(facts, &room)))
            {
                self.assume_at_most(&one, bound);
            }
        }
        one
    }

    /// The smallest number of bits that hold an exact number.
    pub(super) fn bits(&mut self, value: &Polynomial) -> u32 {
        (0..32).find(|bits| self.facts.at_most(value, &Polynomial::constant((1 << bits) - 1))).unwrap_or(32)
    }

    /// A number as an author reads it, such as `256·? + lane`.
    pub(super) fn show(&self, value: &Polynomial, name: &dyn Fn(&Origin) -> Option<String>) -> String {
        let atom = |atom: &Atom| self.origin(*atom).and_then(name).unwrap_or_else(|| "?".to_owned());
        let mut text = String::new();
        for (monomial, factor) in value.terms().iter().rev() {
            let mut names: Vec<String> = monomial.atoms().iter().map(atom).collect();
            let size = factor.unsigned_abs();
            if size != 1 || names.is_empty() {
                names.insert(0, size.to_string());
            }
            let sign = match (text.is_empty(), *factor < 0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            text.push_str(sign);
            text.push_str(&names.join("·"));
        }
        if text.is_empty() { "0".to_owned() } else { text }
    }
}
