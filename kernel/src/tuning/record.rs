//! What is kept of a tuning, as JSON with its provenance: where and with what it was found.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::time::Duration;

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};

use super::Tuning;
use super::eligibility::{Ineligible, WrongResult};
use crate::gpu::{Gpu, GpuInfo};

/// The format of the record; another number is not read.
const FORMAT: u32 = 1;

/// Where a tuning holds: nothing measured with one driver is believed with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The adapter's name.
    pub adapter: String,
    /// The graphics API.
    pub backend: String,
    /// The driver's name and version.
    pub driver: String,
}

impl Provenance {
    pub(super) fn of(info: &GpuInfo) -> Self {
        Self { adapter: info.name.clone(), backend: format!("{:?}", info.backend), driver: info.driver.clone() }
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.adapter, self.backend, self.driver)
    }
}

/// Why a kept tuning is not used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Stale {
    /// It was made elsewhere, or before the driver changed.
    #[error("it was made on {kept}, and this is {here}")]
    Elsewhere {
        /// Where it was made.
        kept: Box<Provenance>,
        /// This device.
        here: Box<Provenance>,
    },
    /// It is not a tuning, or one of another version of the program.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// What is known of a variant's results.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    /// Of its WGSL.
    pub(super) hash: u64,
    pub(super) outcome: Result<(), Ineligible>,
}

/// A family's fastest candidate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Winner {
    pub(super) candidate: String,
    /// Of the WGSL of all candidates.
    pub(super) hash: u64,
    /// Nanoseconds of each candidate.
    times: BTreeMap<String, u64>,
}

impl Winner {
    pub(super) fn new(candidate: String, hash: u64, times: &[(String, Duration)]) -> Self {
        let nanoseconds = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self { candidate, hash, times: times.iter().map(|(name, time)| (name.clone(), nanoseconds(time))).collect() }
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    provenance: Provenance,
    variants: BTreeMap<String, Checked>,
    winners: BTreeMap<String, Winner>,
}

#[derive(Serialize, Deserialize)]
struct Checked {
    hash: u64,
    /// Absent where the variant is right.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    wrong: Option<Wrong>,
}

#[derive(Serialize, Deserialize)]
struct Wrong {
    output: String,
    index: usize,
    actual: f64,
    expected: f64,
}

impl Tuning {
    /// What was kept of this device.
    ///
    /// # Errors
    /// [`Stale`], with the reason why nothing of it is used.
    pub fn from_json(text: &str, gpu: &Gpu) -> Result<Self, Stale> {
        let record: Record = serde_json::from_str(text).map_err(|error| Stale::Unreadable(error.to_string()))?;
        if record.format != FORMAT {
            return Err(Stale::Unreadable(format!("its format is {}, and this program's is {FORMAT}", record.format)));
        }
        let mut tuning = Self::new(gpu);
        if record.provenance != tuning.provenance {
            let (kept, here) = (Box::new(record.provenance), Box::new(tuning.provenance));
            return Err(Stale::Elsewhere { kept, here });
        }
        let device = gpu.info().to_string();
        for (key, checked) in record.variants {
            let outcome = match checked.wrong {
                None => Ok(()),
                Some(Wrong { output, index, actual, expected }) => Err(Ineligible::Wrong(WrongResult {
                    key: key.clone(),
                    device: device.clone(),
                    output,
                    index,
                    actual,
                    expected,
                })),
            };
            tuning.verdicts.insert(key, Verdict { hash: checked.hash, outcome });
        }
        tuning.winners = record.winners;
        Ok(tuning)
    }

    /// What is worth keeping, for [`from_json`](Self::from_json).
    pub fn to_json(&self) -> String {
        let variants = self.verdicts.iter().map(|(key, verdict)| {
            let wrong = match &verdict.outcome {
                Err(Ineligible::Wrong(wrong)) => Some(Wrong {
                    output: wrong.output.clone(),
                    index: wrong.index,
                    actual: wrong.actual,
                    expected: wrong.expected,
                }),
                _ => None,
            };
            (key.clone(), Checked { hash: verdict.hash, wrong })
        });
        let record = Record {
            format: FORMAT,
            provenance: self.provenance.clone(),
            variants: variants.collect(),
            winners: self.winners.clone(),
        };
        // Maps with text as keys and plain numbers always have a JSON form.
        serde_json::to_string_pretty(&record).unwrap_or_default()
    }
}

/// FNV-1a of the texts: the same on every machine and with every version of Rust.
pub(super) fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut hasher = FnvHasher::default();
    for text in texts {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}
