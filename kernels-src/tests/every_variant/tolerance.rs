//! Every kernel beside itself in f64: each case on the CPU executor and on a GPU, within the kernel's tolerance.

use std::collections::BTreeMap;

use crate::common::{gpu, has_features};
use kernel::compare::{CompareError, compare};
use kernel::dispatch::DispatchError;
use kernels_src::cases::{Scale, all};

/// Kernels without a reference, each with the reason.
const WITHOUT: [(&str, &str); 4] = [
    ("attend_mix", ON_MATRIX_UNITS),
    ("attend_score_gradients", ON_MATRIX_UNITS),
    ("attend_scores", ON_MATRIX_UNITS),
    ("gemm_cooperative", ON_MATRIX_UNITS),
];

const ON_MATRIX_UNITS: &str = "cooperative matrices are of f16 and f32 only";

#[test]
fn every_case_is_within_its_kernels_tolerance_of_the_f64_reference() {
    let table = kernel::emit::table(kernels_src::variants());
    let gpu = gpu();
    let mut used: BTreeMap<String, f64> = BTreeMap::new();
    let mut without: BTreeMap<String, String> = BTreeMap::new();
    let mut failures = Vec::new();
    for case in all(Scale::Small) {
        // The kernel of `rms_norm<Tree<256>, true>`.
        let kernel = case.key.split('<').next().unwrap_or_default().to_owned();
        let gpu = gpu.as_ref().filter(|gpu| table.get(&case.key).is_some_and(|variant| has_features(gpu, variant)));
        match compare(&|trial| case.describe(trial), gpu) {
            Ok(comparison) => {
                let worst = comparison.worst().map_or(0.0, |worst| worst.worst.used);
                let most = used.entry(kernel).or_default();
                *most = most.max(worst);
            }
            Err(CompareError::Dispatch(DispatchError::NoReference { reason, .. })) => {
                without.insert(kernel, reason.to_string());
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    for (kernel, used) in used {
        println!("{kernel}: {:.1} % of its tolerance", used * 100.0);
    }
    assert!(failures.is_empty(), "{} cases are not within their tolerance:\n{}", failures.len(), failures.join("\n"));
    let without: Vec<(&str, &str)> =
        without.iter().map(|(kernel, reason)| (kernel.as_str(), reason.as_str())).collect();
    assert_eq!(without, WITHOUT);
}
