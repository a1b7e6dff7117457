//! Counting what an invocation costs while its kernel is emitted: bytes through storage buffers and arithmetic
//! operations, as sums of constants and of loops' trip counts times what is inside.

use std::cell::RefCell;
use std::fmt::Write;

/// What a piece of code costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Cost {
    pub(super) read: Formula,
    pub(super) written: Formula,
    pub(super) operations: Formula,
}

/// `constant + Σ trips·formula`.
#[derive(Clone, Debug, Default)]
pub(super) struct Formula {
    constant: u64,
    loops: Vec<(String, Formula)>,
}

impl Formula {
    fn is_zero(&self) -> bool {
        self.constant == 0 && self.loops.is_empty()
    }

    fn add(&mut self, other: &Formula) {
        self.constant += other.constant;
        for (trips, inner) in &other.loops {
            match self.loops.iter_mut().find(|(mine, _)| mine == trips) {
                Some((_, mine)) => mine.add(inner),
                None => self.loops.push((trips.clone(), inner.clone())),
            }
        }
    }

    fn repeated(self, trips: &str) -> Formula {
        if self.is_zero() {
            return self;
        }
        match trips.parse::<u64>() {
            Ok(count) => self.times(count),
            Err(_) => Formula { constant: 0, loops: vec![(trips.to_owned(), self)] },
        }
    }

    fn times(mut self, count: u64) -> Formula {
        self.constant *= count;
        self.loops = self.loops.into_iter().map(|(trips, inner)| (trips, inner.times(count))).collect();
        self
    }

    /// The formula, `0` where nothing was counted.
    pub(super) fn show(&self) -> String {
        let mut text = String::new();
        if self.constant != 0 || self.loops.is_empty() {
            let _ = write!(text, "{}", self.constant);
        }
        for (trips, inner) in &self.loops {
            let plus = if text.is_empty() { "" } else { " + " };
            let inner = match inner.show() {
                sum if sum.contains(" + ") => format!("({sum})"),
                term => term,
            };
            let _ = write!(text, "{plus}{trips}·{inner}");
        }
        text
    }
}

impl Cost {
    fn add(&mut self, other: &Cost) {
        self.read.add(&other.read);
        self.written.add(&other.written);
        self.operations.add(&other.operations);
    }
}

thread_local! {
    static FRAMES: RefCell<Vec<Cost>> = const { RefCell::new(Vec::new()) };
}

/// Starts a scope: a function, a loop's body.
pub(super) fn push() {
    FRAMES.with_borrow_mut(|frames| frames.push(Cost::default()));
}

/// Ends a scope and gives its cost.
pub(super) fn pop() -> Cost {
    FRAMES.with_borrow_mut(|frames| frames.pop()).unwrap_or_default()
}

/// Adds the cost of a scope that runs `trips` times.
pub(super) fn add_repeated(cost: Cost, trips: &str) {
    add(&Cost {
        read: cost.read.repeated(trips),
        written: cost.written.repeated(trips),
        operations: cost.operations.repeated(trips),
    });
}

/// Adds a cost to the current scope.
pub(super) fn add(cost: &Cost) {
    FRAMES.with_borrow_mut(|frames| {
        if let Some(frame) = frames.last_mut() {
            frame.add(cost);
        }
    });
}

/// Counts a storage element as read; an assignment to it turns that into a write.
pub(super) fn storage_access(bytes: usize) {
    FRAMES.with_borrow_mut(|frames| {
        if let Some(frame) = frames.last_mut() {
            frame.read.constant += bytes as u64;
        }
    });
}

/// The element of `bytes` bytes that was counted as read is written instead.
pub(super) fn storage_write(bytes: usize, also_read: bool) {
    FRAMES.with_borrow_mut(|frames| {
        if let Some(frame) = frames.last_mut() {
            frame.written.constant += bytes as u64;
            if !also_read {
                frame.read.constant = frame.read.constant.saturating_sub(bytes as u64);
            }
        }
    });
}

/// Counts arithmetic.
pub(super) fn operations(count: u64) {
    FRAMES.with_borrow_mut(|frames| {
        if let Some(frame) = frames.last_mut() {
            frame.operations.constant += count;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_multiplies_what_is_inside() {
        push();
        push();
        storage_access(4);
        let body = pop();
        add_repeated(body, "n");
        storage_access(8);
        assert_eq!(pop().read.show(), "8 + n·4");
    }

    #[test]
    fn an_unrolled_count_is_multiplied_out() {
        push();
        push();
        operations(3);
        let body = pop();
        add_repeated(body, "4");
        assert_eq!(pop().operations.show(), "12");
    }
}
