//! How large a step is when: transformers' schedules, step by step (`transformers.optimization`).
use super::RunError;
use std::f64::consts::PI;

/// What follows the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decay {
    /// The peak until the end.
    Constant,
    /// Straight down to zero.
    Linear,
    /// Half a cosine down to zero.
    #[default]
    Cosine,
}

impl Decay {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Decay::Constant => "constant",
            Decay::Linear => "linear",
            Decay::Cosine => "cosine",
        }
    }
}

/// How long the rate rises from zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Warmup {
    /// So many steps.
    Steps(u64),
    /// This share of all steps, rounded up.
    Ratio(f64),
}

/// The learning rate of every step of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    peak: f64,
    decay: Decay,
    warmup: u64,
    steps: u64,
}

impl Schedule {
    /// A schedule over `steps` steps that rises to `peak` and then decays.
    ///
    /// # Errors
    /// A peak that is no positive number, no steps, a warm-up that is longer than the run.
    pub fn new(peak: f64, decay: Decay, warmup: Warmup, steps: u64) -> Result<Schedule, RunError> {
        let wrong = |option, value: String, rule: String| Err(RunError::Option { option, value, rule });
        if !(peak.is_finite() && peak > 0.0) {
            return wrong("the learning rate", peak.to_string(), "it must be a positive number".to_owned());
        }
        if steps == 0 {
            return wrong("the number of steps", steps.to_string(), "it must be at least 1".to_owned());
        }
        let warmup = match warmup {
            Warmup::Steps(warmup) => warmup,
            Warmup::Ratio(ratio) if (0.0..=1.0).contains(&ratio) => (steps as f64 * ratio).ceil() as u64,
            Warmup::Ratio(ratio) => {
                return wrong("the warm-up's share", ratio.to_string(), "it must be from 0 to 1".to_owned());
            }
        };
        match warmup <= steps {
            true => Ok(Schedule { peak, decay, warmup, steps }),
            false => wrong("the warm-up", warmup.to_string(), format!("there are only {steps} steps")),
        }
    }

    /// The rate of a step, counted from 0. With a warm-up the first step's is 0, as in transformers.
    pub fn rate(&self, step: u64) -> f64 {
        if step < self.warmup {
            return self.peak * step as f64 / self.warmup as f64;
        }
        let left = self.steps.saturating_sub(step) as f64 / (self.steps - self.warmup).max(1) as f64;
        match self.decay {
            Decay::Constant => self.peak,
            Decay::Linear => self.peak * left,
            Decay::Cosine => self.peak * 0.5 * (1.0 - (PI * left).cos()),
        }
    }

    /// Steps of the whole run.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(decay: Decay) -> Vec<f64> {
        let schedule = Schedule::new(2e-4, decay, Warmup::Steps(3), 10).unwrap();
        (0..12).map(|step| schedule.rate(step)).collect()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        for (step, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 1e-12, "step {step}: {found} instead of {expected}");
        }
    }

    // What transformers' `get_…_schedule_with_warmup(optimizer, 3, 10)` gives at a rate of 2e-4.
    const RISE: [f64; 3] = [0.0, 6.666666667e-05, 1.333333333e-04];

    #[test]
    fn a_constant_rate_stays_at_its_peak() {
        assert_close(&rates(Decay::Constant)[..3], &RISE);
        assert_close(&rates(Decay::Constant)[3..], &[2e-4; 9]);
    }

    #[test]
    fn a_linear_decay_is_transformers() {
        assert_close(&rates(Decay::Linear)[..3], &RISE);
        let fall = [
            2.0e-04,
            1.714285714e-04,
            1.428571429e-04,
            1.142857143e-04,
            8.571428571e-05,
            5.714285714e-05,
            2.857142857e-05,
            0.0,
            0.0,
        ];
        assert_close(&rates(Decay::Linear)[3..], &fall);
    }

    #[test]
    fn a_cosine_decay_is_transformers_and_stays_at_zero() {
        assert_close(&rates(Decay::Cosine)[..3], &RISE);
        let fall = [
            2.0e-04,
            1.900968868e-04,
            1.623489802e-04,
            1.222520934e-04,
            7.774790660e-05,
            3.765101981e-05,
            9.903113210e-06,
            0.0,
            0.0,
        ];
        assert_close(&rates(Decay::Cosine)[3..], &fall);
    }

    #[test]
    fn a_share_of_warm_up_is_rounded_up() {
        let of = |ratio| Schedule::new(1.0, Decay::Constant, Warmup::Ratio(ratio), 10).unwrap();
        assert_eq!(of(0.25), Schedule::new(1.0, Decay::Constant, Warmup::Steps(3), 10).unwrap());
        assert_eq!(of(0.0).rate(0), 1.0);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let refusal = |peak, warmup, steps| Schedule::new(peak, Decay::Linear, warmup, steps).unwrap_err().to_string();
        assert_eq!(refusal(-1.0, Warmup::Steps(0), 5), "the learning rate is -1, but it must be a positive number");
        assert_eq!(refusal(1.0, Warmup::Steps(0), 0), "the number of steps is 0, but it must be at least 1");
        assert_eq!(refusal(1.0, Warmup::Steps(6), 5), "the warm-up is 6, but there are only 5 steps");
        assert_eq!(refusal(1.0, Warmup::Ratio(1.5), 5), "the warm-up's share is 1.5, but it must be from 0 to 1");
    }
}
