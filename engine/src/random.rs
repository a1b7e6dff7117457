//! Random numbers that the same seed gives on every platform: ChaCha8 (whose output `rand_chacha` guarantees), and the
//! few distributions that training needs, spelled out because those of `rand` may change between versions.
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(ChaCha8Rng);

impl Random {
    /// The stream of this number under a seed. Streams of one seed do not repeat each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Random(rng)
    }

    /// 32 bits.
    pub fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number from 0 (inclusive) to 1 (exclusive), a multiple of 2⁻²⁴.
    pub fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0
    }

    /// A number from `-bound` to `bound`.
    pub fn symmetric(&mut self, bound: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * bound
    }

    /// An index below `len`, each as likely as the others; 0 where `len` is 0.
    pub fn below(&mut self, len: usize) -> usize {
        let len = len as u64;
        if len < 2 {
            return 0;
        }
        // What remains of 2⁶⁴ after whole multiples of `len` would make small indices likelier.
        let biased = (u64::MAX % len + 1) % len;
        loop {
            let number = self.0.next_u64();
            if number <= u64::MAX - biased {
                return (number % len) as usize;
            }
        }
    }

    /// Puts elements into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_stream_repeat_themselves_and_no_others() {
        let numbers = |seed, stream| {
            let mut random = Random::new(seed, stream);
            [random.unit(), random.unit(), random.unit()]
        };
        assert_eq!(numbers(3, 1), numbers(3, 1));
        assert_ne!(numbers(3, 1), numbers(3, 2));
        assert_ne!(numbers(3, 1), numbers(4, 1));
    }

    #[test]
    fn a_uniform_number_has_the_mean_and_variance_of_one() {
        let mut random = Random::new(1, 0);
        let numbers: Vec<f64> = (0..40_000).map(|_| f64::from(random.symmetric(3.0))).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len() as f64;
        assert!(mean.abs() < 0.04, "{mean}");
        assert!((variance - 3.0).abs() < 0.06, "{variance}");
        assert!(numbers.iter().all(|number| number.abs() <= 3.0));
    }

    #[test]
    fn every_order_of_three_is_as_likely_as_the_others() {
        let mut random = Random::new(7, 0);
        let mut counts = std::collections::BTreeMap::<[u8; 3], u32>::new();
        for _ in 0..6_000 {
            let mut order = [0, 1, 2];
            random.shuffle(&mut order);
            *counts.entry(order).or_default() += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|&count| (850..1150).contains(&count)), "{counts:?}");
    }
}
