//! What is known at a point of a kernel, polynomials that are not negative, and the search that shows another one from
//! them.
//!
//! To show `goal ≥ 0` from facts `f ≥ 0`, a negative term of the goal is cancelled with a fact: `goal - m·f ≥ 0` for a
//! product `m` of atoms and a positive number is enough, since `m·f ≥ 0`. Where the goal has to be multiplied by `s ≥ 1`
//! first, `s·goal + (s - 1) ≥ 0` is enough, since the goal is an integer. A goal without negative terms holds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::polynomial::{Atom, Missing, Monomial, Polynomial};

/// Steps of all searches of one variant, of one search, and how deep it goes.
const ALL_STEPS: usize = 3_000;
const STEPS: usize = 300;
const DEPTH: usize = 14;

/// Facts of a point in a kernel; those of a block are dropped at its end.
#[derive(Default)]
pub(super) struct Facts {
    /// Steps that searches have taken.
    spent: usize,
    known: Vec<Polynomial>,
    present: FxHashSet<Polynomial>,
    /// Goals shown, with the number of facts then known.
    shown: FxHashMap<Polynomial, usize>,
    /// Goals not shown with the facts now known.
    failed: FxHashSet<Polynomial>,
}

impl Facts {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The facts learnt since there were `len`.
    pub(super) fn since(&self, len: usize) -> Vec<Polynomial> {
        self.known.get(len..).unwrap_or_default().to_vec()
    }

    /// Forgets what was learnt since there were `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        for fact in self.known.drain(len.min(self.known.len())..) {
            self.present.remove(&fact);
        }
        self.shown.retain(|_, known| *known <= len);
        self.failed.clear();
    }

    /// Learns that `fact ≥ 0`.
    pub(super) fn assume(&mut self, fact: &Polynomial) {
        let fact = fact.clone().tightened();
        if fact.terms().iter().all(|(_, value)| *value >= 0) || self.present.contains(&fact) {
            return;
        }
        self.failed.clear();
        self.present.insert(fact.clone());
        self.known.push(fact.clone());
        // A product that is positive has positive factors.
        let mut positive = fact.terms().iter().filter(|(_, value)| *value > 0);
        if let (Some((product, _)), None) = (positive.next(), positive.next())
            && fact.constant_term() < 0
            && (product.atoms().len() > 1 || fact.terms().len() > 2)
        {
            for atom in product.atoms() {
                self.positive(*atom);
            }
        }
    }

    fn positive(&mut self, atom: Atom) {
        if let Some(fact) = Polynomial::atom(atom).plus_constant(-1) {
            self.assume(&fact);
        }
    }

    pub(super) fn assume_all(&mut self, facts: &[Polynomial]) {
        facts.iter().for_each(|fact| self.assume(fact));
    }

    /// The greatest number that an atom is known to be no less than.
    pub(super) fn least(&self, atom: Atom) -> i128 {
        let bounds = self.known.iter().filter_map(|fact| match fact.terms() {
            [(one, least), (monomial, 1)] if one.is_one() && monomial.atoms() == [atom] => Some(-least),
            _ => None,
        });
        bounds.max().unwrap_or(0).max(0)
    }

    /// What a number is known to be at most, by single facts.
    pub(super) fn bounds(&self, value: &Polynomial) -> Vec<Polynomial> {
        let simpler = |fact: &&Polynomial| fact.terms().len() > 1;
        let bound = |fact: &Polynomial| fact.plus(value).filter(|bound| bound.terms().len() <= fact.terms().len());
        self.known.iter().filter(simpler).filter_map(bound).collect()
    }

    /// The facts that mention an atom.
    pub(super) fn about(&self, atom: Atom) -> impl Iterator<Item = &Polynomial> {
        self.known.iter().filter(move |fact| fact.atoms().any(|other| other == atom))
    }

    /// Whether `goal ≥ 0` follows.
    pub(super) fn show(&mut self, goal: &Polynomial) -> bool {
        let goal = goal.clone().tightened();
        if goal.terms().iter().all(|(_, value)| *value >= 0) || self.shown.contains_key(&goal) {
            return true;
        }
        if self.failed.contains(&goal) {
            return false;
        }
        let steps = STEPS.min(ALL_STEPS.saturating_sub(self.spent));
        let mut search = Search {
            steps,
            facts: &self.known,
            seen: FxHashSet::default(),
            open: BinaryHeap::new(),
            goals: Vec::new(),
        };
        let shown = search.follows(goal.clone());
        self.spent += steps - search.steps;
        if shown {
            self.shown.insert(goal, self.known.len());
        } else {
            self.failed.insert(goal);
        }
        shown
    }

    /// Whether `goal ≥ 0` follows with these facts as well.
    pub(super) fn show_with(&mut self, more: &[Polynomial], goal: &Polynomial) -> bool {
        let len = self.len();
        self.assume_all(more);
        let shown = self.show(goal);
        self.truncate(len);
        shown
    }

    /// Whether `a ≤ b` follows.
    pub(super) fn at_most(&mut self, a: &Polynomial, b: &Polynomial) -> bool {
        b.minus(a).is_some_and(|goal| self.show(&goal))
    }
}

/// Goals each of which is enough, the most promising one first.
struct Search<'f> {
    /// Steps left.
    steps: usize,
    facts: &'f [Polynomial],
    seen: FxHashSet<Polynomial>,
    open: BinaryHeap<Reverse<(usize, usize)>>,
    goals: Vec<(Polynomial, usize)>,
}

impl Search<'_> {
    /// Whether a goal follows.
    fn follows(&mut self, goal: Polynomial) -> bool {
        if self.add(goal, 0) {
            return true;
        }
        while self.steps > 0 {
            self.steps -= 1;
            let Some(Reverse((_, index))) = self.open.pop() else { return false };
            let (goal, depth) = self.goals[index].clone();
            if self.expand(&goal, depth) {
                return true;
            }
        }
        false
    }

    /// Adds a goal that is worth a try; whether it holds by itself.
    fn add(&mut self, goal: Polynomial, depth: usize) -> bool {
        let negative = goal.terms().iter().filter(|(_, value)| *value < 0).count();
        if negative == 0 {
            return true;
        }
        if depth < DEPTH && negative < goal.terms().len() && self.seen.insert(goal.clone()) {
            let degree = goal.terms().last().map_or(0, |(monomial, _)| monomial.atoms().len());
            self.open.push(Reverse((2 * negative + 2 * depth + degree + goal.terms().len(), self.goals.len())));
            self.goals.push((goal, depth));
        }
        false
    }

    /// Cancels the goal's negative term of the highest degree in every way that the facts allow; whether that shows it.
    fn expand(&mut self, goal: &Polynomial, depth: usize) -> bool {
        // The terms are sorted: the last one has the highest degree.
        let Some((monomial, value)) = goal.terms().iter().rev().find(|(_, value)| *value < 0) else { return true };
        for fact in self.facts {
            for (theirs, coefficient) in fact.terms().iter().filter(|(_, coefficient)| *coefficient < 0) {
                // A number is cancelled by numbers alone: elsewhere they would only raise the degree.
                if theirs.is_one() != monomial.is_one() && theirs.is_one() {
                    continue;
                }
                // The goal may be multiplied by one atom that is 1 or more.
                let factor = match theirs.missing(monomial) {
                    Missing::Nothing => Monomial::one(),
                    Missing::One(atom) if self.is_positive(atom) => Monomial::of(atom),
                    Missing::One(_) | Missing::More => continue,
                };
                let next = cancelled(goal, (monomial, *value), fact, (theirs, *coefficient), &factor);
                if next.is_some_and(|next| self.add(next.tightened(), depth + 1)) {
                    return true;
                }
            }
        }
        false
    }

    fn is_positive(&self, atom: Atom) -> bool {
        self.facts.iter().any(|fact| match fact.terms() {
            [(one, least), (monomial, 1)] => one.is_one() && *least < 0 && monomial.atoms() == [atom],
            _ => false,
        })
    }
}

/// `s·L·goal + (s·L - 1) - m·fact` in which the goal's term is gone, where `L` is the product `missing` of atoms that are 1
/// or more.
fn cancelled(
    goal: &Polynomial,
    (monomial, value): (&Monomial, i128),
    fact: &Polynomial,
    (theirs, coefficient): (&Monomial, i128),
    missing: &Monomial,
) -> Option<Polynomial> {
    let (mut a, mut b) = (value.checked_abs()?, coefficient.checked_abs()?);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let scale = coefficient.checked_abs()? / a;
    let factor = value.checked_abs()? / a;
    let product = Polynomial::constant(scale).scaled(missing, 1)?;
    let by = monomial.times(missing)?.over(theirs)?;
    goal.scaled(missing, scale)?.plus(&product)?.plus_constant(-1)?.plus_scaled(fact, &by, -factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(atom: Atom) -> Polynomial {
        Polynomial::atom(atom)
    }

    fn minus(a: &Polynomial, b: &Polynomial) -> Polynomial {
        a.minus(b).expect("small")
    }

    /// `a·n + b < rows·n` from `a ≤ rows - 1` and `b ≤ n - 1`, and not from `b ≤ n`.
    #[test]
    fn a_row_and_a_column_are_inside_of_a_matrix() {
        let (a, b, rows, n) = (atom(0), atom(1), atom(2), atom(3));
        let index = a.times(&n).and_then(|row| row.plus(&b)).expect("small");
        let last = rows.times(&n).and_then(|len| len.plus_constant(-1)).expect("small");
        let mut facts = Facts::default();
        facts.assume(&minus(&rows, &a).plus_constant(-1).expect("small"));
        facts.assume(&minus(&n, &b));
        assert!(!facts.at_most(&index, &last), "the column may be n");
        facts.assume(&minus(&n, &b).plus_constant(-1).expect("small"));
        assert!(facts.at_most(&index, &last));
        facts.truncate(2);
        assert!(!facts.at_most(&index, &last), "a fact that was dropped is not used");
    }

    /// From `4q ≤ x ≤ 63` follows `q ≤ 15`, and not `q ≤ 14`.
    #[test]
    fn integers_round() {
        let (q, x) = (atom(0), atom(1));
        let mut facts = Facts::default();
        facts.assume(&minus(&x, &q.scaled(&Monomial::one(), 4).expect("small")));
        facts.assume(&minus(&Polynomial::constant(63), &x));
        assert!(facts.at_most(&q, &Polynomial::constant(15)));
        assert!(!facts.at_most(&q, &Polynomial::constant(14)));
    }

    /// From `n·q ≤ rows·n - 1` follows `q ≤ rows - 1`, for then n is positive.
    #[test]
    fn a_common_factor_is_divided_out() {
        let (q, n, rows) = (atom(0), atom(1), atom(2));
        let mut facts = Facts::default();
        let room = rows.times(&n).and_then(|len| len.minus(&q.times(&n)?)?.plus_constant(-1)).expect("small");
        facts.assume(&room);
        assert!(facts.at_most(&q, &rows.plus_constant(-1).expect("small")));
        assert!(!facts.at_most(&q, &rows.plus_constant(-2).expect("small")));
    }

    /// Random facts over small naturals: whatever is shown holds in every assignment that satisfies them.
    #[test]
    fn what_is_shown_holds() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |bound: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % bound
        };
        let mut shown = 0;
        for _ in 0..6000 {
            let mut polynomial = || {
                let mut sum = Polynomial::constant(i128::from(next(9)) - 4);
                for _ in 0..1 + next(3) {
                    let mut term = Polynomial::constant(i128::from(next(9)) - 4);
                    for _ in 0..1 + next(2) {
                        term = term.times(&atom(next(3) as u32)).expect("small");
                    }
                    sum = sum.plus(&term).expect("small");
                }
                sum
            };
            let (facts, goal) = ([polynomial(), polynomial(), polynomial()], polynomial());
            let mut known = Facts::default();
            known.assume_all(&facts);
            if goal.terms().iter().all(|(_, value)| *value >= 0) || !known.show(&goal) {
                continue;
            }
            shown += 1;
            for assignment in 0..6_u32.pow(3) {
                let values = [assignment % 6, assignment / 6 % 6, assignment / 36].map(i128::from);
                let value = |polynomial: &Polynomial| -> i128 {
                    let product =
                        |monomial: &Monomial| monomial.atoms().iter().map(|a| values[*a as usize]).product::<i128>();
                    polynomial.terms().iter().map(|(monomial, factor)| factor * product(monomial)).sum()
                };
                if facts.iter().all(|fact| value(fact) >= 0) {
                    assert!(value(&goal) >= 0, "{goal:?} from {facts:?} at {values:?}");
                }
            }
        }
        assert!(shown > 100, "{shown} goals were shown");
    }
}
