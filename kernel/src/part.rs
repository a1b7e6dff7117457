//! Which part of an element a kernel names: the `x[i].a.b[j]` of its source is `x[of(i, ..)].a.b[j]` on the CPU, so that
//! a checked run knows the bytes that are read or written.

use std::ops::{Index, IndexMut, Range};

use crate::ops::{IndexScalar, Position, position};
use crate::types::{Vec2, Vec3, Vec4, f16};

/// A step from a value into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A struct's field, or a vector's component.
    Member(&'static str),
    /// An array's element, or a vector's component.
    Element(usize),
}

/// Bytes of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The memory location that the access belongs to: a write to a component may touch the whole vector (WGSL §14.2).
    pub location: Range<usize>,
    /// What is read or gets a value.
    pub touched: Range<usize>,
}

impl Part {
    /// All of a `T`.
    pub const fn whole<T>() -> Self {
        Self { location: 0..size_of::<T>(), touched: 0..size_of::<T>() }
    }

    /// The same part of something that lies `bytes` further on.
    pub const fn moved(self, bytes: usize) -> Self {
        let Self { location, touched } = self;
        Self {
            location: location.start + bytes..location.end + bytes,
            touched: touched.start + bytes..touched.end + bytes,
        }
    }
}

/// A type of memory whose parts have a place in it.
#[diagnostic::on_unimplemented(message = "`{Self}` has no parts that a kernel could name")]
pub trait Parts: Sized {
    /// The part that the steps lead to; all of it where they lead nowhere, which the access itself then reports.
    fn part(steps: &[Step]) -> Part;
}

macro_rules! undivided {
    ($($ty:ty)*) => {$(
        impl Parts for $ty {
            fn part(_: &[Step]) -> Part {
                Part::whole::<Self>()
            }
        }
    )*};
}

undivided! { u32 i32 f32 f64 f16 }

macro_rules! vectors {
    ($($Vec:ident $count:literal)*) => {$(
        impl<T> Parts for $Vec<T> {
            fn part(steps: &[Step]) -> Part {
                let component = match steps.first() {
                    // WGSL §8.5: as `x` or as `r`.
                    Some(Step::Member(name)) => ["x", "y", "z", "w", "r", "g", "b", "a"]
                        .iter()
                        .position(|known| known == name)
                        .map(|index| index % 4),
                    Some(Step::Element(index)) => Some(*index),
                    None => None,
                };
                let mut part = Part::whole::<Self>();
                if let Some(component) = component.filter(|component| *component < $count) {
                    part.touched = component * size_of::<T>()..(component + 1) * size_of::<T>();
                }
                part
            }
        }
    )*};
}

vectors! { Vec2 2 Vec3 3 Vec4 4 }

impl<T: Parts, const N: usize> Parts for [T; N] {
    fn part(steps: &[Step]) -> Part {
        match steps.split_first() {
            Some((Step::Element(index), rest)) if *index < N => T::part(rest).moved(index * size_of::<T>()),
            _ => Part::whole::<Self>(),
        }
    }
}

/// A part of the element at a position.
#[derive(Clone, Copy, Debug)]
pub struct PartOf<'s> {
    /// The element.
    pub position: Position,
    /// The way into it.
    pub steps: &'s [Step],
}

/// A part of the element that an index names.
#[inline(always)]
pub fn of<I: IndexScalar>(index: I, steps: &[Step]) -> PartOf<'_> {
    PartOf { position: position(index), steps }
}

impl<T, const N: usize> Index<PartOf<'_>> for [T; N] {
    type Output = T;
    #[inline(always)]
    #[track_caller]
    fn index(&self, part: PartOf<'_>) -> &T {
        &self[part.position]
    }
}

impl<T, const N: usize> IndexMut<PartOf<'_>> for [T; N] {
    #[inline(always)]
    #[track_caller]
    fn index_mut(&mut self, part: PartOf<'_>) -> &mut T {
        &mut self[part.position]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_touched_and_its_vector_is_the_location() {
        let part = <[Vec4<f32>; 3]>::part(&[Step::Element(1), Step::Member("z")]);
        assert_eq!(part, Part { location: 16..32, touched: 24..28 });
        assert_eq!(Vec3::<f16>::part(&[Step::Element(2)]), Part { location: 0..6, touched: 4..6 });
    }

    #[test]
    fn steps_that_lead_nowhere_are_all_of_it() {
        assert_eq!(<[u32; 3]>::part(&[Step::Element(3)]), Part::whole::<[u32; 3]>());
        assert_eq!(Vec2::<u32>::part(&[Step::Element(2)]), Part::whole::<Vec2<u32>>());
        assert_eq!(f32::part(&[]), Part { location: 0..4, touched: 0..4 });
    }
}
