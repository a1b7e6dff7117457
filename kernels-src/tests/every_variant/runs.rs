//! Every variant's case: it is there, it runs, and the CPU executor and a GPU agree on it.

use std::collections::BTreeSet;

use crate::common::{cpu, gpu, has_features};
use kernel::dispatch::Device;
use kernel::tolerance::Tolerance;
use kernel::trial::{Output, Trial};
use kernels_src::cases::{NamedCase, Scale, all};

fn run(device: &Device, case: &NamedCase) -> Vec<Output> {
    let trial = Trial::describe(device, |trial| case.describe(trial));
    trial.and_then(Trial::run).unwrap_or_else(|error| panic!("{}: {error}", case.key))
}

/// How far halves in a cache, or sums of some hundred products, may differ.
const LOOSE: Tolerance = Tolerance::rel(5e-3);

#[test]
fn every_variant_has_one_case() {
    let keys = |keys: Vec<String>| {
        let unique: BTreeSet<String> = keys.iter().cloned().collect();
        assert_eq!(unique.len(), keys.len(), "a key occurs twice");
        unique
    };
    let variants = keys(kernels_src::variants().into_iter().map(|variant| variant.key).collect());
    assert_eq!(keys(all(Scale::Small).into_iter().map(|case| case.key).collect()), variants);
}

#[test]
fn a_small_case_gives_the_same_on_the_cpu_and_on_a_gpu() {
    let table = kernel::emit::table(kernels_src::variants());
    let gpu = gpu();
    for case in all(Scale::Small) {
        let on_cpu = run(&cpu(), &case);
        assert!(!on_cpu.is_empty(), "{}: no outputs", case.key);
        for output in &on_cpu {
            let finite = output.values().iter().all(|value| value.is_finite());
            assert!(finite, "{}: {} is not finite: {:?}", case.key, output.name, output.values());
        }
        let fits = |gpu: &&Device| table.get(&case.key).is_some_and(|variant| has_features(gpu, variant));
        let Some(gpu) = gpu.as_ref().filter(fits) else { continue };
        for (cpu, gpu) in on_cpu.iter().zip(run(gpu, &case)) {
            let worst = LOOSE.worst(&gpu.values(), &cpu.values()).expect("outputs have values");
            assert!(worst.used <= 1.0, "{}: {}: {worst:?}", case.key, cpu.name);
        }
    }
}

#[test]
fn what_a_small_case_costs_is_known_unless_it_depends_on_data() {
    let table = kernel::emit::table(kernels_src::variants());
    for case in all(Scale::Small) {
        let trial = Trial::describe(&cpu(), |trial| case.describe(trial)).expect("it is described");
        let launched = &trial.launched()[0];
        let variant = table.get(&case.key).expect("it is in the table");
        let cost = launched.cost(&cpu(), variant, 32).expect("the card holds formulas");
        // How many candidates a draw looks at, which chunk has the greatest logit and which keys a tile of rows sees, the
        // kernels find out themselves.
        let found_out =
            ["sample<", "argmax<", "attend_scores", "attend_score_gradients", "attend_mix<", "attend_softmax<"];
        let depends_on_data = found_out.iter().any(|family| case.key.starts_with(family));
        assert!(cost.is_some() || depends_on_data, "{}: {:?}", case.key, variant.cost);
    }
}
