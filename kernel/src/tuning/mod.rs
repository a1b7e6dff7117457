//! Choosing among variants that compute the same. *Eligibility* comes first: can a variant run on this device, and is
//! it right on this driver? *Preference* comes second: which is the fastest here, or the program's own order where
//! nothing was measured.
//!
//! A program describes a [`Family`] by its candidates, each by [`Trial`](crate::trial::Trial)s of its variants. A
//! [`Tuning`] holds what is known of one device and driver; it can be kept in a file, and nothing of it outlives the
//! driver or the kernels that it was found with.

mod eligibility;
mod record;
mod timing;

use std::collections::BTreeMap;
use std::fmt;

use crate::dispatch::{Device, DispatchError};
use crate::gpu::Gpu;
use crate::trial::Case;

pub use eligibility::{Ineligible, WrongResult, lacks};
pub use record::{Provenance, Stale};
pub use timing::{Measured, median};

use record::{Verdict, Winner};

/// A variant and how to try it.
pub struct Variant {
    /// Its name in the table.
    pub key: String,
    /// A small trial, whose outputs are compared with the CPU executor's.
    pub small: Box<Case<'static>>,
    /// A trial of the size that matters, which is timed; `None` leaves the variant out of the measurement.
    pub typical: Option<Box<Case<'static>>>,
}

/// One way to compute a family: variants that are used together.
pub struct Candidate {
    /// Its name in the family.
    pub name: String,
    /// Its variants; with one that is not eligible, the candidate is not.
    pub variants: Vec<Variant>,
}

/// Candidates that compute the same, in the program's own order of preference.
pub struct Family {
    /// Its name among the program's families.
    pub name: String,
    /// The candidates, the preferred one first.
    pub candidates: Vec<Candidate>,
}

/// Why a candidate was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// It was the fastest when this device was measured.
    Measured,
    /// It stands first among the eligible ones.
    BuiltIn,
}

/// A candidate that was passed over because it is not eligible.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The candidate's name.
    pub candidate: String,
    /// Why it cannot be used here.
    pub why: Ineligible,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.candidate, self.why)
    }
}

/// What [`Tuning::choose`] decided.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Index of the candidate in its family.
    pub candidate: usize,
    /// Why this one.
    pub preference: Preference,
    /// What would have been preferred, and why it is not eligible.
    pub refused: Vec<Refusal>,
}

/// Why no candidate could be chosen or measured.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuningError {
    /// Every candidate was refused.
    #[error("no variant of `{family}` can be used on {device}: {}", list(.refused))]
    NoneEligible {
        /// The family.
        family: String,
        /// The adapter and its driver.
        device: String,
        /// Every candidate with its reason.
        refused: Vec<Refusal>,
    },
    /// A trial failed for another reason than its variant: the device was lost, or its memory is full.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
}

fn list(refused: &[Refusal]) -> String {
    refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What is known of one device with one driver: which variants are right, and which candidates win.
#[derive(Clone, Debug)]
pub struct Tuning {
    gpu: Gpu,
    provenance: Provenance,
    verdicts: BTreeMap<String, Verdict>,
    winners: BTreeMap<String, Winner>,
}

impl Tuning {
    /// Nothing known yet of this device.
    pub fn new(gpu: &Gpu) -> Self {
        Self {
            gpu: gpu.clone(),
            provenance: Provenance::of(gpu.info()),
            verdicts: BTreeMap::new(),
            winners: BTreeMap::new(),
        }
    }

    /// Chooses a candidate: the measured winner where it is known and eligible, else the first eligible one. Variants
    /// not seen before with this driver are tried and compared with the CPU executor.
    ///
    /// # Errors
    /// [`TuningError::NoneEligible`], or what the device reports.
    pub async fn choose(&mut self, family: &Family) -> Result<Choice, TuningError> {
        let winner = self.winner(family);
        let order = winner.into_iter().chain((0..family.candidates.len()).filter(|index| Some(*index) != winner));
        let mut refused = Vec::new();
        for index in order {
            let Some(candidate) = family.candidates.get(index) else { continue };
            match self.eligible(candidate).await? {
                Ok(()) => {
                    let preference = if winner == Some(index) { Preference::Measured } else { Preference::BuiltIn };
                    return Ok(Choice { candidate: index, preference, refused });
                }
                Err(why) => refused.push(Refusal { candidate: candidate.name.clone(), why }),
            }
        }
        let device = self.gpu.info().to_string();
        Err(TuningError::NoneEligible { family: family.name.clone(), device, refused })
    }

    /// Whether every variant of a candidate can be used here.
    async fn eligible(&mut self, candidate: &Candidate) -> Result<Result<(), Ineligible>, TuningError> {
        for variant in &candidate.variants {
            let hash = self.hash(&variant.key);
            let known = self.verdicts.get(&variant.key).filter(|verdict| Some(verdict.hash) == hash);
            let outcome = match known {
                Some(verdict) => verdict.outcome.clone(),
                None => {
                    let outcome = eligibility::check(&self.gpu, variant).await?;
                    if let (Some(hash), Ok(()) | Err(Ineligible::Wrong(_))) = (hash, &outcome) {
                        self.verdicts.insert(variant.key.clone(), Verdict { hash, outcome: outcome.clone() });
                    }
                    outcome
                }
            };
            if let Err(why) = outcome {
                return Ok(Err(why));
            }
        }
        Ok(Ok(()))
    }

    /// Times every eligible candidate of a family, and keeps the fastest as its winner.
    ///
    /// # Errors
    /// As [`choose`](Self::choose); a device without timestamps.
    pub async fn measure(&mut self, family: &Family) -> Result<Measured, TuningError> {
        let mut measured = Measured::default();
        for candidate in &family.candidates {
            match self.eligible(candidate).await? {
                Ok(()) => {
                    let time = timing::time(&self.gpu, candidate).await?;
                    measured.times.push((candidate.name.clone(), time));
                }
                Err(why) => measured.refused.push(Refusal { candidate: candidate.name.clone(), why }),
            }
        }
        let Some((name, _)) = measured.times.iter().min_by_key(|(_, time)| *time).cloned() else {
            let device = self.gpu.info().to_string();
            return Err(TuningError::NoneEligible { family: family.name.clone(), device, refused: measured.refused });
        };
        if let Some(hash) = self.family_hash(family) {
            self.winners.insert(family.name.clone(), Winner::new(name, hash, &measured.times));
        }
        Ok(measured)
    }

    /// The winner's index, if it was found with these very kernels.
    fn winner(&self, family: &Family) -> Option<usize> {
        let winner = self.winners.get(&family.name)?;
        if Some(winner.hash) != self.family_hash(family) {
            return None;
        }
        family.candidates.iter().position(|candidate| candidate.name == winner.candidate)
    }

    fn hash(&self, key: &str) -> Option<u64> {
        self.gpu.table().get(key).map(|variant| record::hash([variant.wgsl]))
    }

    /// Of the WGSL of all candidates: a winner among other rivals means nothing.
    fn family_hash(&self, family: &Family) -> Option<u64> {
        let table = self.gpu.table();
        let keys = family.candidates.iter().flat_map(|candidate| &candidate.variants).map(|variant| &variant.key);
        let texts: Option<Vec<&str>> = keys.map(|key| table.get(key).map(|variant| variant.wgsl)).collect();
        texts.map(record::hash)
    }

    /// The device.
    pub fn device(&self) -> Device {
        Device::Gpu(self.gpu.clone())
    }
}
