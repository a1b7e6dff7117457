//! What a dispatch costs, as formulas that the emitter makes of a kernel: bytes and operations of one invocation, with
//! the kernel's own loops and branches. A formula is text in the static table and is evaluated for one launch.

mod expression;
mod text;

pub use expression::{Expression, Operator};
pub use text::NotAFormula;

use self::expression::Invocation;

/// A count for one invocation: a constant, and what loops and branches add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formula {
    constant: u64,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Loop { counter: u32, start: Expression, end: Expression, step: Expression, body: Formula },
    Choice { condition: Expression, then: Formula, otherwise: Formula },
}

/// A dispatch whose cost is asked for.
pub struct Launch<'a> {
    /// Workgroups.
    pub groups: u32,
    /// Invocations in a workgroup.
    pub workgroup_size: u32,
    /// Invocations in a subgroup.
    pub subgroup_size: u32,
    /// The value of a `u32` of the params.
    pub param: &'a dyn Fn(&str) -> Option<u32>,
    /// Elements of a storage buffer.
    pub length: &'a dyn Fn(&str) -> Option<u32>,
    /// An element of a storage buffer of `u32` that the kernel only reads.
    pub element: &'a dyn Fn(&str, u32) -> Option<u32>,
}

/// What a launch costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Bytes that invocations read from storage buffers, each time that they do.
    pub bytes_read: f64,
    /// Bytes that they write to storage buffers.
    pub bytes_written: f64,
    /// Floating-point operations, a fused multiply-add counted as two.
    pub operations: f64,
}

/// Workgroups and rounds of a loop that are looked at where they differ; more of them are sampled.
const SAMPLES: u32 = 64;

impl Formula {
    /// A number.
    pub fn constant(constant: u64) -> Self {
        Self { constant, parts: Vec::new() }
    }

    /// Whether it is the number 0.
    pub fn is_zero(&self) -> bool {
        self.constant == 0 && self.parts.is_empty()
    }

    /// Adds to the number.
    pub fn count(&mut self, more: u64) {
        self.constant += more;
    }

    /// Takes from the number what was counted in error.
    pub fn uncount(&mut self, less: u64) {
        self.constant = self.constant.saturating_sub(less);
    }

    /// Adds another formula; equal loops and branches become one.
    pub fn add(&mut self, other: Formula) {
        self.constant += other.constant;
        for part in other.parts {
            self.add_part(part);
        }
    }

    fn add_part(&mut self, part: Part) {
        for mine in &mut self.parts {
            match (mine, &part) {
                (
                    Part::Choice { condition, then, otherwise },
                    Part::Choice { condition: same, then: more, otherwise: more_otherwise },
                ) if condition == same && *condition != Expression::Unknown => {
                    then.add(more.clone());
                    otherwise.add(more_otherwise.clone());
                    return;
                }
                (
                    Part::Loop { counter: mine, start, end, step, body },
                    Part::Loop { counter, start: first, end: last, step: stride, body: more },
                ) if (&*start, &*end, &*step) == (first, last, stride) && *end != Expression::Unknown => {
                    let mut more = more.clone();
                    more.replace(&mut |leaf| {
                        (*leaf == Expression::Counter(*counter)).then_some(Expression::Counter(*mine))
                    });
                    body.add(more);
                    return;
                }
                _ => {}
            }
        }
        self.parts.push(part);
    }

    /// `body` for each value of `counter` in `start..end` by `step`.
    pub fn repeated(counter: u32, start: Expression, end: Expression, step: Expression, body: Formula) -> Self {
        if body.is_zero() {
            return body;
        }
        if let (Expression::Number(start), Expression::Number(end), Expression::Number(step)) = (&start, &end, &step)
            && !body.mentions(&Expression::Counter(counter))
        {
            return body.times(u64::from(trips(*start, *end, *step)));
        }
        Self { constant: 0, parts: vec![Part::Loop { counter, start, end, step, body }] }
    }

    /// `then` where the condition holds, `otherwise` elsewhere.
    pub fn either(condition: Expression, then: Formula, otherwise: Formula) -> Self {
        match condition {
            Expression::Number(0) => otherwise,
            Expression::Number(_) => then,
            _ if then == otherwise => then,
            condition => Self { constant: 0, parts: vec![Part::Choice { condition, then, otherwise }] },
        }
    }

    fn times(mut self, count: u64) -> Self {
        self.constant *= count;
        for part in &mut self.parts {
            match part {
                Part::Loop { body, .. } => *body = std::mem::take(body).times(count),
                Part::Choice { then, otherwise, .. } => {
                    *then = std::mem::take(then).times(count);
                    *otherwise = std::mem::take(otherwise).times(count);
                }
            }
        }
        self
    }

    /// Replaces names, counters and variables by what `with` gives for them.
    pub fn replace(&mut self, with: &mut dyn FnMut(&Expression) -> Option<Expression>) {
        for part in std::mem::take(&mut self.parts) {
            let replaced = match part {
                Part::Loop { counter, start, end, step, mut body } => {
                    body.replace(with);
                    Self::repeated(counter, start.replaced(with), end.replaced(with), step.replaced(with), body)
                }
                Part::Choice { condition, mut then, mut otherwise } => {
                    then.replace(with);
                    otherwise.replace(with);
                    Self::either(condition.replaced(with), then, otherwise)
                }
            };
            self.add(replaced);
        }
    }

    fn mentions(&self, leaf: &Expression) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Loop { start, end, step, body, .. } => {
                [start, end, step].iter().any(|one| one.mentions(leaf)) || body.mentions(leaf)
            }
            Part::Choice { condition, then, otherwise } => {
                condition.mentions(leaf) || then.mentions(leaf) || otherwise.mentions(leaf)
            }
        })
    }

    /// The sum over a launch's invocations. `None` where a loop's length depends on data that the launch does not know; of
    /// a branch that does, the dearer side counts. Of more than 64 workgroups or rounds that differ, the first, the last
    /// and some between stand for all.
    pub fn evaluate(&self, launch: &Launch<'_>) -> Option<f64> {
        let groups = if self.mentions(&Expression::Group) {
            samples(launch.groups)
        } else {
            vec![(0, f64::from(launch.groups))]
        };
        let lanes = if self.mentions(&Expression::Lane) {
            (0..launch.workgroup_size).map(|lane| (lane, 1.0)).collect()
        } else {
            vec![(0, f64::from(launch.workgroup_size))]
        };
        let mut total = 0.0;
        for (group, many) in groups {
            for (lane, lanes) in &lanes {
                let mut invocation = Invocation { launch, group, lane: *lane, counters: Vec::new() };
                total += many * lanes * self.of(&mut invocation)?;
            }
        }
        Some(total)
    }

    fn of(&self, invocation: &mut Invocation<'_>) -> Option<f64> {
        let mut total = self.constant as f64;
        for part in &self.parts {
            total += match part {
                Part::Choice { condition, then, otherwise } => match condition.value(invocation) {
                    Some(0) => otherwise.of(invocation)?,
                    Some(_) => then.of(invocation)?,
                    None => then.of(invocation)?.max(otherwise.of(invocation)?),
                },
                Part::Loop { counter, start, end, step, body } => {
                    let (start, step) = (start.value(invocation)?, step.value(invocation)?);
                    let rounds = trips(start, end.value(invocation)?, step);
                    let mut sum = 0.0;
                    let looked_at = if body.mentions(&Expression::Counter(*counter)) {
                        samples(rounds)
                    } else {
                        vec![(0, f64::from(rounds))]
                    };
                    for (round, many) in looked_at {
                        if many > 0.0 {
                            invocation.counters.push((*counter, start.wrapping_add(round.wrapping_mul(step))));
                            let one = body.of(invocation);
                            invocation.counters.pop();
                            sum += many * one?;
                        }
                    }
                    sum
                }
            };
        }
        Some(total)
    }
}

fn trips(start: u32, end: u32, step: u32) -> u32 {
    if end > start { (end - start).div_ceil(step.max(1)) } else { 0 }
}

/// Indices below `count` and how many each stands for.
fn samples(count: u32) -> Vec<(u32, f64)> {
    if count <= SAMPLES {
        return (0..count).map(|index| (index, 1.0)).collect();
    }
    let (between, inner) = (SAMPLES - 2, count - 2);
    let middle = (0..between).map(|sample| {
        let index = 1 + (u64::from(sample) * 2 + 1) * u64::from(inner) / u64::from(2 * between);
        (index as u32, f64::from(inner) / f64::from(between))
    });
    [(0, 1.0)].into_iter().chain(middle).chain([(count - 1, 1.0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(text: &str, groups: u32, workgroup_size: u32, params: &[(&str, u32)]) -> Option<f64> {
        let param = |name: &str| params.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let element = |name: &str, index| (name == "state").then_some(10 + index);
        let launch = Launch {
            groups,
            workgroup_size,
            subgroup_size: 32,
            param: &param,
            length: &|_| Some(100),
            element: &element,
        };
        text.parse::<Formula>().expect("it is a formula").evaluate(&launch)
    }

    #[test]
    fn a_strided_loop_counts_every_element_once() {
        let text = "for i0 in local_invocation_index..n by 64 {4}";
        assert_eq!(total(text, 3, 64, &[("n", 100)]), Some(1200.0));
    }

    #[test]
    fn a_guard_counts_the_invocations_that_pass() {
        let text = "if ((workgroup_id * 64) + local_invocation_index) < n {8}";
        assert_eq!(total(text, 2, 64, &[("n", 100)]), Some(800.0));
    }

    #[test]
    fn a_loop_whose_rounds_differ_is_summed_round_by_round() {
        assert_eq!(total("for i0 in 0..5 {for i1 in 0..i0 {1}}", 1, 1, &[]), Some(10.0));
    }

    #[test]
    fn many_workgroups_that_differ_linearly_are_summed_from_samples() {
        let sum = total("for i0 in 0..workgroup_id {1}", 1000, 1, &[]).expect("everything is known");
        assert!((sum - 499_500.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn what_a_read_only_buffer_says_is_known_and_other_data_is_not() {
        assert_eq!(total("for i0 in 0..state[2] {1}", 1, 1, &[]), Some(12.0));
        assert_eq!(total("for i0 in 0..other[2] {1}", 1, 1, &[]), None);
        assert_eq!(total("for i0 in 0..? {1}", 1, 1, &[]), None);
    }

    #[test]
    fn of_a_branch_on_data_the_dearer_side_counts() {
        assert_eq!(total("if ? {4} else {12}", 1, 2, &[]), Some(24.0));
    }

    #[test]
    fn a_formula_and_its_text_are_the_same() {
        let text = "12 + for i0 in (start + 1)..min(end, 7) by 2 {4 + if (i0 == last) && ? {1} else {2}} + if x[3] {1}";
        assert_eq!(text.parse::<Formula>().expect("it is a formula").to_string(), text);
    }
}
