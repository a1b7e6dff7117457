//! Polynomials with integer coefficients over *atoms*: integers that are not negative, such as a param or an
//! invocation's index. Arithmetic gives none where a coefficient would exceed 127 bits or a polynomial grows too large.

use std::cmp::Ordering;

/// A number that is 0 or more; what it stands for is kept elsewhere.
pub(super) type Atom = u32;

/// A product of atoms, sorted; the empty one is 1. Copied, never allocated: the search of a proof makes millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Monomial {
    degree: u8,
    /// Of these the first `degree`; the others are 0, so that equal products have equal bytes.
    atoms: [Atom; MAX_DEGREE],
}

impl Monomial {
    pub(super) fn one() -> Self {
        Self { degree: 0, atoms: [0; MAX_DEGREE] }
    }

    pub(super) fn of(atom: Atom) -> Self {
        let mut one = Self::one();
        one.push(atom);
        one
    }

    pub(super) fn atoms(&self) -> &[Atom] {
        &self.atoms[..usize::from(self.degree)]
    }

    pub(super) fn is_one(&self) -> bool {
        self.degree == 0
    }

    /// Appends an atom no less than the others; whether there was room.
    fn push(&mut self, atom: Atom) -> bool {
        let Some(place) = self.atoms.get_mut(usize::from(self.degree)) else { return false };
        *place = atom;
        self.degree += 1;
        true
    }

    /// `self * other`; none beyond [`MAX_DEGREE`].
    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        let (mut product, mut mine, mut theirs) = (Self::one(), self.atoms(), other.atoms());
        loop {
            let next = match (mine, theirs) {
                ([], []) => return Some(product),
                ([atom, rest @ ..], [other, ..]) if atom <= other => (mine = rest, atom).1,
                ([atom, rest @ ..], []) => (mine = rest, atom).1,
                (_, [atom, rest @ ..]) => (theirs = rest, atom).1,
            };
            if !product.push(*next) {
                return None;
            }
        }
    }

    /// `self / other`, where other divides it.
    pub(super) fn over(&self, other: &Self) -> Option<Self> {
        let (mut rest, mut theirs) = (Self::one(), other.atoms());
        for atom in self.atoms() {
            match theirs {
                [divided, others @ ..] if divided == atom => theirs = others,
                _ => {
                    rest.push(*atom);
                }
            }
        }
        theirs.is_empty().then_some(rest)
    }

    /// The atoms that `other` lacks to be divisible by `self`.
    pub(super) fn missing(&self, other: &Self) -> Missing {
        let mut theirs = other.atoms().iter().peekable();
        let mut missing = Missing::Nothing;
        for atom in self.atoms() {
            while theirs.next_if(|their| *their < atom).is_some() {}
            if theirs.next_if_eq(&atom).is_none() {
                missing = match missing {
                    Missing::Nothing => Missing::One(*atom),
                    Missing::One(_) | Missing::More => return Missing::More,
                };
            }
        }
        missing
    }
}

/// What one product lacks to be divisible by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Nothing,
    One(Atom),
    More,
}

impl Ord for Monomial {
    /// By degree first, so that the last one is the highest.
    fn cmp(&self, other: &Self) -> Ordering {
        self.degree.cmp(&other.degree).then_with(|| self.atoms().cmp(other.atoms()))
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Terms, sorted by their monomials; no coefficient is 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Polynomial(Vec<(Monomial, i128)>);

/// Beyond this nothing is proven anyway.
const MAX_TERMS: usize = 48;
const MAX_DEGREE: usize = 8;

impl Polynomial {
    pub(super) fn constant(value: i128) -> Self {
        Self(if value == 0 { Vec::new() } else { vec![(Monomial::one(), value)] })
    }

    pub(super) fn atom(atom: Atom) -> Self {
        Self(vec![(Monomial::of(atom), 1)])
    }

    pub(super) fn terms(&self) -> &[(Monomial, i128)] {
        &self.0
    }

    /// The atoms of every term.
    pub(super) fn atoms(&self) -> impl Iterator<Item = Atom> {
        self.0.iter().flat_map(|(monomial, _)| monomial.atoms().iter().copied())
    }

    pub(super) fn as_constant(&self) -> Option<i128> {
        match &self.0[..] {
            [] => Some(0),
            [(monomial, value)] if monomial.is_one() => Some(*value),
            _ => None,
        }
    }

    /// The atom that this is, if it is one.
    pub(super) fn as_atom(&self) -> Option<Atom> {
        match &self.0[..] {
            [(monomial, 1)] if monomial.degree == 1 => Some(monomial.atoms[0]),
            _ => None,
        }
    }

    pub(super) fn constant_term(&self) -> i128 {
        self.0.first().filter(|(monomial, _)| monomial.is_one()).map_or(0, |(_, value)| *value)
    }

    /// `self + factor·monomial·other`.
    pub(super) fn plus_scaled(&self, other: &Self, monomial: &Monomial, factor: i128) -> Option<Self> {
        if factor == 0 {
            return Some(self.clone());
        }
        let mut terms = Vec::with_capacity(self.0.len() + other.0.len());
        let mut mine = self.0.iter().copied().peekable();
        // Products with one monomial keep the order of the terms, so that both lists are sorted.
        for (theirs, value) in &other.0 {
            let (theirs, mut value) = (theirs.times(monomial)?, value.checked_mul(factor)?);
            while let Some(term) = mine.next_if(|(mine, _)| *mine < theirs) {
                terms.push(term);
            }
            if let Some((_, same)) = mine.next_if(|(mine, _)| *mine == theirs) {
                value = value.checked_add(same)?;
            }
            if value != 0 {
                terms.push((theirs, value));
            }
        }
        terms.extend(mine);
        (terms.len() <= MAX_TERMS).then_some(Self(terms))
    }

    pub(super) fn plus(&self, other: &Self) -> Option<Self> {
        self.plus_scaled(other, &Monomial::one(), 1)
    }

    pub(super) fn minus(&self, other: &Self) -> Option<Self> {
        self.plus_scaled(other, &Monomial::one(), -1)
    }

    pub(super) fn plus_constant(&self, value: i128) -> Option<Self> {
        self.plus(&Self::constant(value))
    }

    pub(super) fn scaled(&self, monomial: &Monomial, factor: i128) -> Option<Self> {
        Self::constant(0).plus_scaled(self, monomial, factor)
    }

    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        other.0.iter().try_fold(Self::constant(0), |sum, (monomial, value)| sum.plus_scaled(self, monomial, *value))
    }

    /// `(quotient, rest)` with `self = quotient·divisor + rest`: the terms that a single term divides, and the others.
    pub(super) fn split(&self, divisor: &Self) -> Option<(Self, Self)> {
        let [(by, factor)] = &divisor.0[..] else { return None };
        let (mut quotient, mut rest) = (Self::constant(0), Self::constant(0));
        for (monomial, value) in &self.0 {
            match monomial.over(by) {
                Some(over) => {
                    // Of a number, the rest stays where it is not negative and less than the divisor.
                    let (whole, part) = (value.checked_div_euclid(*factor)?, value.checked_rem_euclid(*factor)?);
                    quotient = quotient.plus_scaled(&Self::constant(whole), &over, 1)?;
                    rest = rest.plus_scaled(&Self::constant(part), monomial, 1)?;
                }
                None => rest = rest.plus_scaled(&Self::constant(*value), monomial, 1)?,
            }
        }
        Some((quotient, rest))
    }

    /// The terms whose coefficients are positive.
    pub(super) fn positive_part(&self) -> Self {
        Self(self.0.iter().filter(|(_, value)| *value > 0).cloned().collect())
    }

    /// Divided by the greatest common divisor of all coefficients but the constant, which is rounded down: for integers,
    /// `self ≥ 0` says the same before and after.
    pub(super) fn tightened(mut self) -> Self {
        let divisor = self.0.iter().filter(|(monomial, _)| !monomial.is_one()).fold(0, |gcd, (_, value)| {
            let (mut a, mut b): (i128, i128) = (gcd, value.saturating_abs());
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        });
        if divisor > 1 {
            for (_, value) in &mut self.0 {
                *value = value.div_euclid(divisor);
            }
            self.0.retain(|(_, value)| *value != 0);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_splits_into_what_a_term_divides_and_the_rest() {
        let (a, b) = (Polynomial::atom(0), Polynomial::atom(1));
        let sum =
            a.times(&b).and_then(|ab| ab.scaled(&Monomial::one(), 6)?.plus(&b)?.plus_constant(-5)).expect("small");
        let four = Polynomial::constant(4);
        let (quotient, rest) = sum.split(&four).expect("one term");
        assert_eq!(quotient.times(&four).and_then(|whole| whole.plus(&rest)), Some(sum));
        assert_eq!(rest.constant_term(), 3);
    }

    #[test]
    fn tightening_rounds_the_constant_down() {
        // 4a - 5 ≥ 0 says a ≥ 2 for an integer a.
        let sum = Polynomial::atom(0).scaled(&Monomial::one(), 4).and_then(|sum| sum.plus_constant(-5)).expect("small");
        assert_eq!(sum.tightened(), Polynomial::atom(0).plus_constant(-2).expect("small"));
    }

    #[test]
    fn what_exceeds_127_bits_is_none() {
        let large = Polynomial::constant(i128::MAX);
        assert_eq!(large.plus_constant(1), None);
        assert_eq!(large.times(&Polynomial::constant(2)), None);
    }
}
