//! What a value varies with between the invocations of a workgroup, and the variables that hold it.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::branch::Cause;

/// What a value varies with; a uniform value varies with nothing.
#[derive(Clone, Default, Debug)]
pub(super) struct Varies {
    /// It differs between invocations, for this reason.
    pub(super) between_invocations: Option<Rc<Source>>,
    /// It differs where one of these arguments of the function does.
    pub(super) with_arguments: u64,
    /// It differs where the results of these calls do.
    pub(super) with_results: BTreeSet<usize>,
}

/// Why a value differs between invocations.
#[derive(Debug)]
pub(super) enum Source {
    /// A builtin value of this name and type.
    Builtin(String, &'static str),
    /// Storage that the kernel writes to, by its name.
    Storage(String),
    /// Workgroup memory, by its name.
    Workgroup(String),
    /// An argument of an associated function.
    Argument(String),
    /// The result of an associated function that waits.
    Awaited(String),
    /// It was assigned where not every invocation comes, by name and line.
    Assigned { name: String, line: usize, cause: Rc<Cause> },
    /// What the analysis does not know.
    Unknown(String),
}

impl Varies {
    pub(super) fn with(source: Source) -> Self {
        Self { between_invocations: Some(Rc::new(source)), ..Self::default() }
    }

    pub(super) fn with_argument(index: u32) -> Self {
        Self { with_arguments: 1 << index, ..Self::default() }
    }

    pub(super) fn with_result(call: usize) -> Self {
        Self { with_results: BTreeSet::from([call]), ..Self::default() }
    }

    pub(super) fn is_uniform(&self) -> bool {
        self.between_invocations.is_none() && self.with_arguments == 0 && self.with_results.is_empty()
    }

    /// Adds what another value varies with.
    pub(super) fn join(&mut self, other: &Self) {
        if self.between_invocations.is_none() {
            self.between_invocations.clone_from(&other.between_invocations);
        }
        self.with_arguments |= other.with_arguments;
        self.with_results.extend(&other.with_results);
    }

    pub(super) fn joined(mut self, other: &Self) -> Self {
        self.join(other);
        self
    }

    /// Whether this varies with all that the other does.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.between_invocations.is_some() || other.between_invocations.is_none())
            && self.with_arguments & other.with_arguments == other.with_arguments
            && self.with_results.is_superset(&other.with_results)
    }
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Entry {
    /// A storage buffer or workgroup memory; what is read from it varies so.
    Memory(Varies),
    /// A variable.
    Variable(usize),
    /// A variable of the caller's, behind a `&mut` argument.
    Pointer(usize),
}

/// What the variables hold at one place of the body.
pub(super) type State = Vec<Varies>;

/// The variables in sight.
#[derive(Default)]
pub(super) struct Variables {
    pub(super) state: State,
    names: HashMap<String, Entry>,
}

/// What a block restores when it ends.
pub(super) struct Scope {
    names: HashMap<String, Entry>,
    len: usize,
}

impl Variables {
    /// A new variable.
    pub(super) fn add(&mut self, varies: Varies) -> usize {
        self.state.push(varies);
        self.state.len() - 1
    }

    /// Gives a name to an entry, hiding what had it.
    pub(super) fn name(&mut self, name: String, entry: Entry) {
        self.names.insert(name, entry);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)
    }

    pub(super) fn enter(&self) -> Scope {
        Scope { names: self.names.clone(), len: self.state.len() }
    }

    pub(super) fn leave(&mut self, scope: Scope) {
        self.names = scope.names;
        self.state.truncate(scope.len);
    }
}

/// Adds to the variables of a state what they hold in another, which may know more of them.
pub(super) fn join_states(state: &mut State, other: &[Varies]) {
    for (varies, other) in state.iter_mut().zip(other) {
        varies.join(other);
    }
}

/// Whether a state varies with all that another does.
pub(super) fn covers(state: &[Varies], other: &[Varies]) -> bool {
    state.iter().zip(other).all(|(varies, other)| varies.covers(other))
}
