//! The kernels of training: before the first step they are compared with the CPU executor on the device that runs them, in
//! the variants that inference's choices call for. A wrong gradient shows in nothing that a user would see.

use super::{BATCHED_HEAD, Candidate, Key, Needs, Tuning, variants_of};
use crate::error::Error;
use crate::kernels::{Batches, Choices, Family};
use crate::model::Model;

/// Kernels for which there is no second variant.
const ONLY: [&str; 11] = [
    "adamw",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "gather_rows",
    "geglu_backward",
    "gemm",
    "gemm_transposed",
    "product",
    "product_sum",
    "scale_rows",
];

/// Kernels whose workgroups are made up as a family's are.
fn kernels(family: Family) -> &'static [&'static str] {
    match family {
        Family::Norms => &["clip_factor", "cross_entropy_piece", "row_wise_backward", "sum_of_squares"],
        Family::Attention => &["attend_delta", "attend_sum_heads", "qk_norm_rope", "qk_norm_rope_backward"],
        Family::Products | Family::Sampling => &[],
    }
}

/// Attention where products with many vectors are in f32, and on matrix units.
fn attention(batches: Batches) -> &'static [&'static str] {
    match batches {
        Batches::Single => &["attend_backward_kv", "attend_backward_q", "attend_training"],
        Batches::MatrixUnits => &["attend_mix", "attend_score_gradients", "attend_scores"],
    }
}

/// What attention on matrix units has of the norms' lanes.
const SOFTMAX: [&str; 3] = ["attend_softmax", "greatest", "halve"];

/// What no step runs: a softmax by itself, the other form of GELU, and the cache's other type.
fn never(batches: Batches) -> [&'static str; 3] {
    let other_cache = match batches {
        Batches::Single => "KvF16",
        Batches::MatrixUnits => "KvF32",
    };
    ["Softmax", "GeluErf", other_cache]
}

impl Needs {
    /// Whether a step of the model's training runs the variant on a device with these choices.
    fn include_in_training(&self, key: &Key<'_>, choices: Choices) -> bool {
        let batches = choices.batches();
        let in_lanes = |family| key.lanes() == Some(choices.lanes(family));
        let on_matrix_units = batches == Batches::MatrixUnits;
        let runs = ONLY.contains(&key.kernel)
            || attention(batches).contains(&key.kernel)
            || Family::ALL.into_iter().any(|family| kernels(family).contains(&key.kernel) && in_lanes(family))
            || on_matrix_units && SOFTMAX.contains(&key.kernel) && in_lanes(Family::Norms)
            || on_matrix_units && key.kernel == "gemm_cooperative";
        // A head's products go in batches here, and back.
        runs && self.fit(key, &["gemm", BATCHED_HEAD])
            && !never(batches).iter().any(|never| key.generics.contains(never))
    }
}

fn family(needs: &Needs, choices: Choices) -> kernel::tuning::Family {
    let variants = variants_of(|key| needs.include_in_training(key, choices));
    kernel::tuning::Family {
        name: "kernels of training".to_owned(),
        candidates: vec![Candidate { name: "only".to_owned(), variants }],
    }
}

/// Compares the kernels that training runs on the model's device with the CPU executor, where `tuning` does not know
/// them yet. On the CPU there is nothing to compare.
///
/// # Errors
/// [`Error::Tuning`] where one gives wrong results on this driver, by name.
pub async fn check_training(tuning: &mut Tuning, model: &Model) -> Result<(), Error> {
    let device = model.device();
    if !device.is_cpu() {
        tuning.choose(&family(model.needs(), device.choices())).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernels_src::cases::{Scale, all};

    use super::super::tests::needs;
    use super::*;
    use crate::kernels::Lanes;

    fn keys(choices: Choices) -> Vec<String> {
        family(&needs(), choices).candidates.remove(0).variants.into_iter().map(|variant| variant.key).collect()
    }

    #[test]
    fn in_f32_the_kernels_that_a_step_runs_are_checked() {
        let keys = keys(Choices::all(Lanes::Tree));
        for (key, checked) in [
            ("adamw<256>", true),
            ("attend_backward_q<KvF32, 256, 128, 8>", true),
            ("attend_backward_q<KvF32, 512, 256, 8>", false),
            ("attend_scores", false),
            ("gemm_transposed<Q4_K, 16, 4, 1, true>", true),
            ("gemm_transposed<Q6_K, 16, 4, 1, true>", false),
            ("product<16, 4, 1, false, true, false>", true),
            ("qk_norm_rope<KvF32, Tree<64>, 256>", true),
            ("qk_norm_rope_backward<Tree<64>, 256>", true),
            ("row_wise_backward<RmsNorm, Tree<256>, true, true>", true),
            ("row_wise_backward<RmsNorm, Subgroups<256>, true, true>", false),
        ] {
            assert_eq!(keys.iter().any(|one| one == key), checked, "{key} in {keys:?}");
        }
    }

    #[test]
    fn on_matrix_units_attention_and_products_have_other_kernels() {
        let keys = keys(Choices::all(Lanes::Subgroups).with_batches(Batches::MatrixUnits));
        for (key, checked) in [
            ("attend_scores", true),
            ("attend_mix<true>", true),
            ("attend_softmax<Subgroups<256>>", true),
            ("attend_backward_q<KvF32, 256, 128, 8>", false),
            ("gemm_cooperative<Q4_K, true, 2, 2, 4, 4, 8, 4>", true),
            ("qk_norm_rope<KvF16, Subgroups<64>, 256>", true),
        ] {
            assert_eq!(keys.iter().any(|one| one == key), checked, "{key} in {keys:?}");
        }
    }

    #[test]
    fn the_heads_format_is_checked_in_batches_too() {
        let mut needs = needs();
        needs.formats.insert(BATCHED_HEAD, [crate::gguf::GgmlType::Q6_K].into());
        let family = family(&needs, Choices::all(Lanes::Tree));
        let keys: Vec<&str> = family.candidates[0].variants.iter().map(|variant| variant.key.as_str()).collect();
        assert!(keys.contains(&"gemm_transposed<Q6_K, 16, 4, 1, true>"), "{keys:?}");
    }

    #[test]
    fn every_kernel_with_cases_is_checked_or_known_to_be_run_by_no_engine() {
        // Those of the roofline, and of programs that have other models.
        const UNUSED: [&str; 9] = [
            "dequantise",
            "map_backward",
            "matvec_transposed",
            "multiply_adds",
            "rope",
            "row_wise",
            "row_wise_weight_backward",
            "sum_partials",
            "zip",
        ];
        let checked: BTreeSet<&str> = Family::ALL
            .into_iter()
            .flat_map(|family| kernels(family).iter().chain(super::super::kernels(family)))
            .chain([Batches::Single, Batches::MatrixUnits].into_iter().flat_map(attention))
            .chain(ONLY.iter().chain(&super::super::ONLY).chain(&SOFTMAX))
            .chain(&["gemm_cooperative", "halve_rows"])
            .copied()
            .collect();
        let cases = all(Scale::Small);
        let known: BTreeSet<&str> = cases.iter().map(|case| Key::parse(&case.key).kernel).collect();
        let missing: Vec<&&str> = known.difference(&checked).filter(|kernel| !UNUSED.contains(kernel)).collect();
        assert!(missing.is_empty(), "neither checked nor unused: {missing:?}");
        let without_cases: Vec<&&str> = checked.difference(&known).collect();
        assert!(without_cases.is_empty(), "no cases: {without_cases:?}");
    }
}
