//! Which variants of the kernels a device runs for a model: only those that are right on its driver, and among them the
//! ones that were measured fastest there. Needs the feature `tuning`.

mod training;

use std::collections::{BTreeMap, BTreeSet};

use kernel::trial::{Case, Trial};
use kernel::tuning::{Candidate, Variant};
pub use kernel::tuning::{Choice, Ineligible, Measured, Preference, Refusal, Stale, Tuning, TuningError};
use kernels_src::cases::{NamedCase, Scale, all};

use crate::config::{Config, names};
use crate::device::Device;
use crate::error::Error;
use crate::gguf::{GgmlType, Gguf};
use crate::kernels::{Batches, Choices, Family, Lanes};
pub use training::check_training;

/// Lanes of a GPU in the engine's order of preference.
const PREFERENCE: [Lanes; 2] = [Lanes::Subgroups, Lanes::Tree];

/// Products with many vectors, in the engine's order of preference where a device has matrix units.
const BATCHES: [Batches; 2] = [Batches::MatrixUnits, Batches::Single];

/// Kernels of inference for which there is no second variant: they are checked, not chosen.
const ONLY: [&str; 8] =
    ["advance", "attend_combine", "attend_prefill", "embed", "geglu", "gemm", "map", "repeat_penalty"];

/// Where formats of the head are kept, which a product of its own computes.
const HEAD: &str = "matvec with softcap";

/// Where they are kept for the head's products with many vectors, which training has.
const BATCHED_HEAD: &str = "gemm of the head";

/// Kernels with a variant for each head dimension, of which a model has some.
const OF_HEADS: [&str; 7] = [
    "attend_backward_kv",
    "attend_backward_q",
    "attend_decode",
    "attend_prefill",
    "attend_training",
    "qk_norm_rope",
    "qk_norm_rope_backward",
];

/// What no model of the engine runs by default: the other form of GELU, sums into what is there, and a cache of f32.
const NEVER: [&str; 3] = ["GeluErf", "Accumulate", "KvF32"];

/// The kernels of a family.
fn kernels(family: Family) -> &'static [&'static str] {
    match family {
        Family::Norms => &["rms_norm", "add_rms_norm", "ple_mix"],
        Family::Products => &["gate_up", "low_rank_down", "low_rank_fused", "low_rank_up", "matvec", "ple_gate", "qkv"],
        Family::Attention => &["qk_norm_rope", "attend_decode"],
        Family::Sampling => &["chunk_peaks", "argmax", "sample"],
    }
}

/// What a model asks of the kernels: the weight formats that each meets, and the heads' dimensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    formats: BTreeMap<&'static str, BTreeSet<GgmlType>>,
    head_dims: BTreeSet<u32>,
}

impl Needs {
    /// Of a file's tensors and its model's shape.
    pub fn of(gguf: &Gguf, config: &Config) -> Self {
        let mut needs =
            Self { formats: BTreeMap::new(), head_dims: config.layers.iter().map(|layer| layer.head_dim).collect() };
        let mut meet = |name: &str, kernels: &[&'static str]| {
            if let Some(tensor) = gguf.find(name) {
                for kernel in kernels {
                    needs.formats.entry(kernel).or_default().insert(tensor.ty);
                }
            }
        };
        meet(names::TOKEN_EMBD, &["embed"]);
        meet(names::PER_LAYER_TOKEN_EMBD, &["embed"]);
        meet(names::PER_LAYER_MODEL_PROJ, &["matvec", "gemm"]);
        let head = if gguf.find(names::OUTPUT).is_some() { names::OUTPUT } else { names::TOKEN_EMBD };
        meet(head, &[if config.softcap.is_some() { HEAD } else { "matvec" }, BATCHED_HEAD]);
        for layer in 0..config.layers.len() {
            for name in [names::attn_q(layer), names::attn_k(layer), names::attn_v(layer)] {
                meet(&name, &["qkv", "gemm"]);
            }
            for name in [names::attn_output(layer), names::ffn_down(layer), names::proj(layer)] {
                meet(&name, &["matvec", "gemm"]);
            }
            meet(&names::ffn_gate(layer), &["gate_up", "gemm"]);
            meet(&names::ffn_up(layer), &["gate_up", "gemm"]);
            meet(&names::inp_gate(layer), &["ple_gate", "gemm"]);
        }
        needs
    }

    /// What tells this model's family of variants from another's: its formats, or its heads.
    fn label(&self, family: Family) -> String {
        let list = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>().join(" ");
        match family {
            Family::Products => {
                let met = kernels(family).iter().filter_map(|kernel| self.formats.get(kernel)).flatten();
                list(met.map(|format| format.name().to_owned()).collect())
            }
            Family::Attention => list(self.head_dims.iter().map(u32::to_string).collect()),
            Family::Norms | Family::Sampling => String::new(),
        }
    }

    /// Whether inference may run the variant: not one for formats, a head dimension or a number type that the model has
    /// not.
    fn include(&self, key: &Key<'_>) -> bool {
        // Both compute the same products.
        let kernel = if key.kernel == "gemm_cooperative" { "gemm" } else { key.kernel };
        let is_head = key.kernel == "matvec" && key.generics.contains(&"Softcap");
        self.fit(key, &[if is_head { HEAD } else { kernel }]) && !NEVER.iter().any(|never| key.generics.contains(never))
    }

    /// Whether the variant is for formats that the tensors of `kernels` have, and for one of the model's head dimensions.
    fn fit(&self, key: &Key<'_>, kernels: &[&str]) -> bool {
        let is_for_heads = OF_HEADS.contains(&key.kernel);
        let head_dim = key.generics.iter().find_map(|generic| generic.parse().ok()).filter(|_| is_for_heads);
        let met = |format| kernels.iter().filter_map(|kernel| self.formats.get(kernel)).any(|met| met.contains(format));
        let mut formats =
            key.generics.iter().filter_map(|generic| GgmlType::ALL.iter().find(|format| format.name() == *generic));
        head_dim.is_none_or(|head_dim| self.head_dims.contains(&head_dim)) && formats.all(met)
    }
}

/// A variant's name taken apart: `matvec<Q4_K, Tree<64>, Identity, 4>`.
struct Key<'k> {
    kernel: &'k str,
    generics: Vec<&'k str>,
}

impl<'k> Key<'k> {
    fn parse(key: &'k str) -> Self {
        let (kernel, generics) = key.split_once('<').unwrap_or((key, ""));
        let generics = generics.strip_suffix('>').unwrap_or(generics);
        Self { kernel, generics: generics.split(", ").collect() }
    }

    fn lanes(&self) -> Option<Lanes> {
        self.generics.iter().find_map(|generic| match generic.split_once('<')?.0 {
            "Tree" => Some(Lanes::Tree),
            "Subgroups" => Some(Lanes::Subgroups),
            _ => None,
        })
    }
}

/// The variants of inference among those that are wanted.
fn variants(needs: &Needs, wanted: impl Fn(&Key<'_>) -> bool) -> Vec<Variant> {
    variants_of(|key| needs.include(key) && wanted(key))
}

fn variants_of(wanted: impl Fn(&Key<'_>) -> bool) -> Vec<Variant> {
    let describe = |case: NamedCase| -> Box<Case<'static>> { Box::new(move |trial: &mut Trial| case.describe(trial)) };
    let cases = all(Scale::Small).into_iter().zip(all(Scale::Typical));
    cases
        .filter(|(small, _)| wanted(&Key::parse(&small.key)))
        .map(|(small, typical)| Variant {
            key: small.key.clone(),
            small: describe(small),
            typical: Some(describe(typical)),
        })
        .collect()
}

/// The candidates of a family for a model, in the engine's order of preference.
fn candidates(family: Family, needs: &Needs) -> kernel::tuning::Family {
    let candidate = |lanes: Lanes| Candidate {
        name: lanes.to_string(),
        variants: variants(needs, |key| kernels(family).contains(&key.kernel) && key.lanes() == Some(lanes)),
    };
    kernel::tuning::Family {
        name: format!("{family} {}", needs.label(family)),
        candidates: PREFERENCE.into_iter().map(candidate).collect(),
    }
}

/// The candidates for products with many vectors: halves are made by the lanes of the other products.
fn batches(needs: &Needs, lanes: Lanes) -> kernel::tuning::Family {
    let candidate = |batches: Batches| Candidate {
        name: batches.to_string(),
        variants: variants(needs, |key| match batches {
            Batches::Single => key.kernel == "gemm",
            Batches::MatrixUnits => {
                let halves = key.kernel == "halve_rows" && key.lanes() == Some(lanes);
                halves || ["gemm_cooperative", "product_sum"].contains(&key.kernel)
            }
        }),
    };
    kernel::tuning::Family {
        name: format!("batches {}", needs.label(Family::Products)),
        candidates: BATCHES.into_iter().map(candidate).collect(),
    }
}

/// What has no alternative.
fn only(needs: &Needs) -> kernel::tuning::Family {
    let variants = variants(needs, |key| ONLY.contains(&key.kernel));
    kernel::tuning::Family {
        name: "other kernels".to_owned(),
        candidates: vec![Candidate { name: "only".to_owned(), variants }],
    }
}

/// Chooses the variants that a device runs for a model; gives those that were preferred but refused.
///
/// # Errors
/// [`Error::Tuning`] where kernels that the model needs give wrong results on this driver, by name.
pub(crate) async fn choose(tuning: &mut Tuning, device: &mut Device, needs: &Needs) -> Result<Vec<Refusal>, Error> {
    let mut refused = Vec::new();
    if device.is_cpu() {
        return Ok(refused);
    }
    let mut choices = device.choices();
    for family in Family::ALL {
        let choice = tuning.choose(&candidates(family, needs)).await?;
        choices = chosen(choices, family, choice.candidate);
        refused.extend(choice.refused);
    }
    if choices.batches() == Batches::MatrixUnits {
        let choice = tuning.choose(&batches(needs, choices.lanes(Family::Products))).await?;
        choices = BATCHES.get(choice.candidate).map_or(choices, |batches| choices.with_batches(*batches));
        refused.extend(choice.refused);
    }
    tuning.choose(&only(needs)).await?;
    device.choose(choices);
    Ok(refused)
}

fn chosen(choices: Choices, family: Family, candidate: usize) -> Choices {
    PREFERENCE.get(candidate).map_or(choices, |lanes| choices.with(family, *lanes))
}

/// A family that was measured.
#[derive(Clone, Debug)]
pub struct FamilyTimes {
    /// The family.
    pub family: Family,
    /// Its candidates' times, and those that cannot be used here.
    pub measured: Measured,
}

/// Times the candidates of a family on the tuning's device at E2B's shapes, in the formats that a model needs.
///
/// # Errors
/// As [`Tuning::measure`].
pub async fn measure(tuning: &mut Tuning, needs: &Needs, family: Family) -> Result<FamilyTimes, Error> {
    Ok(FamilyTimes { family, measured: tuning.measure(&candidates(family, needs)).await? })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn needs() -> Needs {
        let formats =
            ["matvec", "gemm", "gate_up", "ple_gate", "qkv", "embed"].map(|kernel| (kernel, [GgmlType::Q4_K].into()));
        Needs { formats: formats.into(), head_dims: [256].into() }
    }

    #[test]
    fn a_key_is_taken_apart() {
        let key = Key::parse("matvec<Q4_K, Subgroups<64>, Identity, 4>");
        assert_eq!((key.kernel, key.lanes()), ("matvec", Some(Lanes::Subgroups)));
        assert_eq!(key.generics, ["Q4_K", "Subgroups<64>", "Identity", "4"]);
        assert_eq!(Key::parse("attend_combine<64>").lanes(), None);
    }

    #[test]
    fn a_model_needs_its_own_formats_and_head_dimensions() {
        for (key, needed) in [
            ("matvec<Q4_K, Tree<64>, Identity, 4>", true),
            ("matvec<Q6_K, Tree<64>, Identity, 4>", false),
            ("matvec<Q4_K, Tree<64>, Softcap, 4>", false),
            ("matvec<Q4_K, Tree<64>, Accumulate, 4>", false),
            ("qkv<Q4_K, Q6_K, Tree<64>, 4, true>", false),
            ("attend_decode<KvF16, Tree<128>, 256, 2, true>", true),
            ("attend_decode<KvF16, Tree<128>, 512, 2, true>", false),
            ("attend_prefill<KvF16, 256, 128, 8>", true),
            ("attend_combine<64>", true),
            ("geglu<GeluErf, 256>", false),
        ] {
            assert_eq!(needs().include(&Key::parse(key)), needed, "{key}");
        }
    }

    #[test]
    fn candidates_of_a_family_have_the_same_kernels() {
        for family in Family::ALL {
            let family = candidates(family, &needs());
            let count = |index: usize| family.candidates[index].variants.len();
            assert_eq!(count(0), count(1), "{}", family.name);
            assert!(count(0) > 0, "{}", family.name);
        }
    }

    #[test]
    fn batches_on_matrix_units_are_checked_in_both_orientations_and_with_the_halves_that_they_read() {
        let family = batches(&needs(), Lanes::Subgroups);
        let keys = |index: usize| {
            let variants = family.candidates[index].variants.iter();
            variants.map(|variant| variant.key.as_str()).collect::<Vec<_>>()
        };
        let on_matrix_units = [
            "halve_rows<Subgroups<256>>",
            "gemm_cooperative<Q4_K, false, 2, 2, 4, 4, 8, 4>",
            "gemm_cooperative<Q4_K, false, 2, 2, 2, 2, 4, 2>",
            "gemm_cooperative<Q4_K, true, 2, 2, 4, 4, 8, 4>",
            "gemm_cooperative<Q4_K, true, 2, 2, 2, 4, 4, 4>",
            "product_sum<256, true>",
            "product_sum<256, false>",
        ];
        assert_eq!(keys(0), on_matrix_units);
        assert_eq!(keys(1), ["gemm<Q4_K, 16, 4, 4>"]);
    }

    #[test]
    fn every_kernel_named_here_has_cases() {
        let cases: Vec<String> = all(Scale::Small).into_iter().map(|case| case.key).collect();
        for kernel in Family::ALL.into_iter().flat_map(kernels).chain(&ONLY) {
            assert!(cases.iter().any(|key| Key::parse(key).kernel == *kernel), "{kernel}");
        }
    }
}
