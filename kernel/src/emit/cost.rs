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
            Err(_) => Formula { constant: 0, loops: vec![(readable(trips), self)] },
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
            let _ = match inner.show() {
                sum if sum.contains(" + ") => write!(text, "{plus}{trips}·({sum})"),
                one if one == "1" => write!(text, "{plus}{trips}"),
                term => write!(text, "{plus}{trips}·{term}"),
            };
        }
        text
    }
}

/// A trip count without WGSL's spelling: `uniforms.params.n` is `n`, and `32u` is `32`.
fn readable(trips: &str) -> String {
    let trips = trips.replace("uniforms.params.", "");
    let mut text = String::with_capacity(trips.len());
    let mut in_number = false;
    for character in trips.chars() {
        if in_number && character == 'u' {
            in_number = false;
            continue;
        }
        let continues_a_name = !in_number && text.ends_with(|before: char| before.is_alphanumeric() || before == '_');
        in_number = character.is_ascii_digit() && !continues_a_name;
        text.push(character);
    }
    text
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

    #[test]
    fn a_trip_count_is_shown_without_uniforms_and_suffixes() {
        assert_eq!(readable("(uniforms.params.n/256u)"), "(n/256)");
        assert_eq!(readable("u32(x2u % 8u) + v10u"), "u32(x2u % 8) + v10u");
    }

    #[test]
    fn loops_over_the_same_count_are_one_term_however_it_was_spelt() {
        let twelve = Formula { constant: 12, loops: Vec::new() };
        let one = Formula { constant: 1, loops: Vec::new() };
        let mut sum = twelve.clone().repeated("uniforms.params.n");
        sum.add(&twelve.repeated("n"));
        sum.add(&one.repeated("rows"));
        assert_eq!(sum.show(), "n·24 + rows");
    }
}
