//! Control flow: what decided that a place is reached, and how branches and loops change it (WGSL §15.2.7).

use std::rc::Rc;

use super::Analysis;
use super::varies::{State, Varies, join_states};

/// A condition that decides who goes on.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) kind: CauseKind,
    /// The condition as written.
    pub(super) text: String,
    /// Where it is written.
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) varies: Varies,
    /// Where invocations left under this condition before the place in question.
    pub(super) left: Option<Leave>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CauseKind {
    If,
    Match,
    Loop,
    ShortCircuit,
}

/// A `return`, `break` or `continue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leave {
    pub(super) keyword: &'static str,
    pub(super) line: usize,
}

/// All conditions that decide whether a place is reached. Uniform ones are left out.
#[derive(Clone, Default, Debug)]
pub(super) struct Control {
    pub(super) causes: Vec<Rc<Cause>>,
}

impl Control {
    pub(super) fn add(&mut self, cause: &Rc<Cause>) {
        let known = |other: &&mut Rc<Cause>| {
            (other.line, other.column, other.kind, other.left) == (cause.line, cause.column, cause.kind, cause.left)
        };
        match self.causes.iter_mut().find(known) {
            Some(other) if other.varies.covers(&cause.varies) => {}
            Some(other) => Rc::make_mut(other).varies.join(&cause.varies),
            None => self.causes.push(cause.clone()),
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        for cause in &other.causes {
            self.add(cause);
        }
    }

    /// What it varies with whether an invocation comes here.
    pub(super) fn varies(&self) -> Varies {
        self.causes.iter().fold(Varies::default(), |all, cause| all.joined(&cause.varies))
    }

    fn covers(&self, other: &Self) -> bool {
        other.causes.iter().all(|cause| {
            self.causes.iter().any(|own| {
                (own.line, own.column, own.kind, own.left) == (cause.line, cause.column, cause.kind, cause.left)
                    && own.varies.covers(&cause.varies)
            })
        })
    }
}

/// How statements can leave the branch that they are in: the first of each.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Escapes {
    returns: Option<Leave>,
    leaves_loop: Option<Leave>,
}

impl Escapes {
    fn join(&mut self, other: Self) {
        self.returns = self.returns.or(other.returns);
        self.leaves_loop = self.leaves_loop.or(other.leaves_loop);
    }

    fn any(self) -> Option<Leave> {
        self.returns.or(self.leaves_loop)
    }
}

/// One side of a condition.
pub(super) type Branch<'b, T> = Box<dyn FnOnce(&mut Analysis) -> T + 'b>;

/// A loop that is open.
#[derive(Default)]
pub(super) struct Frame {
    /// What the variables held where a `break` or `continue` left the body.
    left: Vec<State>,
}

impl Analysis {
    /// Runs the branches of one condition and joins what they leave behind.
    pub(super) fn branches<T>(&mut self, cause: Option<Cause>, branches: Vec<Branch<'_, T>>) -> Vec<T> {
        let cause = cause.filter(|cause| !cause.varies.is_uniform()).map(Rc::new);
        let (outer, before) = (self.control.clone(), self.variables.state.clone());
        let mut state: Option<State> = None;
        let mut after = outer.clone();
        let mut values = Vec::new();
        for branch in branches {
            self.control = outer.clone();
            if let Some(cause) = &cause {
                self.control.add(cause);
            }
            self.variables.state.clone_from(&before);
            let outside = std::mem::take(&mut self.escapes);
            values.push(branch(self));
            let escapes = std::mem::replace(&mut self.escapes, outside);
            self.escapes.join(escapes);
            if let Some(leave) = escapes.any() {
                after.join(&left_behind(&self.control, &outer, leave));
            }
            match &mut state {
                Some(state) => join_states(state, &self.variables.state),
                None => state = Some(self.variables.state.clone()),
            }
        }
        self.control = after;
        self.variables.state = state.unwrap_or(before);
        values
    }

    /// A loop: its head, which gives the condition that it goes on under, and its body, until nothing changes any more.
    pub(super) fn turns(&mut self, mut head: impl FnMut(&mut Self) -> Cause, mut body: impl FnMut(&mut Self)) {
        let outer = self.control.clone();
        let mut start = self.variables.state.clone();
        let mut again = outer.clone();
        let outside = std::mem::take(&mut self.escapes);
        loop {
            self.variables.state.clone_from(&start);
            self.control = again.clone();
            let cause = head(self);
            if !cause.varies.is_uniform() {
                self.control.add(&Rc::new(cause));
            }
            let inside = self.control.clone();
            self.loops.push(Frame::default());
            body(self);
            let frame = self.loops.pop().unwrap_or_default();
            let mut end = std::mem::take(&mut self.variables.state);
            end.truncate(start.len());
            for left in frame.left {
                join_states(&mut end, &left);
            }
            let mut next = inside.clone();
            if let Some(leave) = self.escapes.any() {
                next.join(&left_behind(&self.control, &inside, leave));
            }
            let settled = super::varies::covers(&start, &end) && again.covers(&next);
            join_states(&mut start, &end);
            again = next;
            if settled {
                break;
            }
        }
        self.variables.state = start;
        let escapes = std::mem::replace(&mut self.escapes, outside);
        let returns = Escapes { returns: escapes.returns, leaves_loop: None };
        self.escapes.join(returns);
        self.control = outer.clone();
        if let Some(leave) = returns.any() {
            self.control.join(&left_behind(&again, &outer, leave));
        }
    }

    /// A `return`, with what the function gives back.
    pub(super) fn returned(&mut self, value: Varies) {
        self.result.join(&value);
        self.result.join(&self.control.varies());
        for pointer in &self.pointers {
            if let Some(varies) = self.variables.state.get(*pointer) {
                self.result.join(varies);
            }
        }
    }

    pub(super) fn leaves(&mut self, keyword: &'static str, line: usize) {
        let leave = Some(Leave { keyword, line });
        if keyword == "return" {
            self.escapes.join(Escapes { returns: leave, leaves_loop: None });
        } else {
            self.escapes.join(Escapes { returns: None, leaves_loop: leave });
            let state = self.variables.state.clone();
            if let Some(frame) = self.loops.last_mut() {
                frame.left.push(state);
            }
        }
    }
}

/// The conditions that a branch ended under and that did not hold before it, marked as left behind.
fn left_behind(end: &Control, before: &Control, leave: Leave) -> Control {
    let mut marked = before.clone();
    for cause in &end.causes {
        let known = before.causes.iter().any(|own| Rc::ptr_eq(own, cause));
        if !known {
            let left = cause.left.or(Some(leave));
            marked.add(&Rc::new(Cause { left, ..(**cause).clone() }));
        }
    }
    marked
}
