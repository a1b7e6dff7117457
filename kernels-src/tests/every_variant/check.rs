//! Every kernel under shadow memory: no races, no reads of what nobody wrote, nothing out of bounds, the same outputs
//! whatever the order of turns and the size of a subgroup.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernel::check::Check;
use kernels_src::cases::{Scale, all};
use kernels_src::gemm_cooperative::SUBGROUP;

#[test]
fn every_variant_passes_the_check() {
    let cases = all(Scale::Small);
    let table = kernel::emit::table(kernels_src::variants());
    let variants = kernels_src::variants().len();
    assert_eq!(cases.len(), variants, "each variant has one case");
    let (next, mistakes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let check = Check::new().schedules(3);
                    // Matrix units are written for one size of subgroups.
                    let variant = table.get(&case.key);
                    let on_matrix_units = variant.is_some_and(|variant| variant.cooperative_matrix.is_some());
                    let check = if on_matrix_units { check.subgroup_sizes([SUBGROUP]) } else { check };
                    if let Err(error) = check.run(|trial| case.describe(trial)) {
                        mistakes.lock().expect("no thread panics").push(error.to_string());
                    }
                }
            });
        }
    });
    let mistakes = mistakes.into_inner().expect("no thread panicked");
    assert!(mistakes.is_empty(), "{} of {variants} variants:\n{}", mistakes.len(), mistakes.join("\n"));
}
