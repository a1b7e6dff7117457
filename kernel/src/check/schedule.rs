//! In which order invocations and workgroups take their turns: WGSL promises none, so a kernel must give the same
//! outputs in each.

use std::fmt;

/// An order of turns; the same one in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// From 0 upwards.
    Forward,
    /// From the last one downwards.
    Reverse,
    /// Shuffled anew in each phase, from this seed.
    Shuffled(u64),
}

impl Schedule {
    /// The first `count` schedules: forward, reverse, then shuffled ones.
    pub fn first(count: u32) -> impl Iterator<Item = Self> {
        (0..count).map(|nth| match nth {
            0 => Self::Forward,
            1 => Self::Reverse,
            seed => Self::Shuffled(u64::from(seed)),
        })
    }

    /// `0..count` in this order; `turn` tells one phase or workgroup from another.
    pub(crate) fn order(self, count: u32, turn: u64) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count).collect();
        match self {
            Self::Forward => {}
            Self::Reverse => order.reverse(),
            Self::Shuffled(seed) => {
                let mut state = (seed ^ turn.wrapping_mul(0xD134_2543_DE82_EF95)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                for last in (1..order.len()).rev() {
                    // splitmix64, then Fisher and Yates's shuffle.
                    state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                    order.swap(last, ((mixed ^ (mixed >> 31)) % (last as u64 + 1)) as usize);
                }
            }
        }
        order
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward => write!(f, "in order"),
            Self::Reverse => write!(f, "in reverse order"),
            Self::Shuffled(seed) => write!(f, "shuffled with seed {seed}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_is_a_permutation_and_shuffles_differ_by_turn() {
        for schedule in Schedule::first(5) {
            let mut order = schedule.order(64, 3);
            order.sort_unstable();
            assert_eq!(order, (0..64).collect::<Vec<_>>(), "{schedule}");
        }
        let shuffled = Schedule::Shuffled(7);
        assert_eq!(shuffled.order(64, 3), shuffled.order(64, 3));
        assert_ne!(shuffled.order(64, 3), shuffled.order(64, 4));
        assert_eq!(Schedule::Reverse.order(3, 0), [2, 1, 0]);
    }
}
