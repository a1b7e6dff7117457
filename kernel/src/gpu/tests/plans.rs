//! Recording and running plans.
use super::*;

#[test]
fn a_small_grid_stays_one_row() {
    assert_eq!(fold(7, 16), Ok((7, 1)));
    assert_eq!(fold(16, 16), Ok((16, 1)));
    assert_eq!(fold(0, 16), Ok((0, 0)));
}

#[test]
fn a_large_grid_folds_with_less_than_a_row_to_spare() {
    for groups in [65_536, 65_537, 1_000_003, u32::MAX - 131_072] {
        let (x, y) = fold(groups, 65_535).unwrap();
        assert!(x <= 65_535 && y <= 65_535);
        assert!((x - 1) * y < groups && groups <= x * y, "{groups} in {x} by {y}");
    }
}

#[test]
fn a_grid_that_no_folding_holds_is_refused() {
    assert_eq!(fold(257, 16), Err(GpuError::TooManyGroups { groups: 257, limit: 16 }));
    assert_eq!(fold(u32::MAX, 65_535), Err(GpuError::TooManyGroups { groups: u32::MAX, limit: 65_535 }));
    assert_eq!(fold(1, 0), Err(GpuError::TooManyGroups { groups: 1, limit: 0 }));
}

#[test]
fn groups_past_the_limit_of_one_dimension_all_run_once() {
    let limits = wgpu::Limits { max_compute_workgroups_per_dimension: 16, ..Default::default() };
    let gpu = gpu_with(GpuOptions { limits: LimitChoice::Custom(Box::new(limits)), ..Default::default() });
    // 200 groups fold to 16 by 13, 8 of which have nothing to do; the buffer has room to show if they did.
    let counts = words(&gpu, &[0; 256]);
    let mut builder = PlanBuilder::new(&gpu, "folded");
    builder.record(&desc(&ADD), &amount(1), &[&counts], 200).unwrap();
    gpu.submit(&builder.finish().unwrap()).unwrap();

    let counts = read_words(&gpu, &counts);
    assert_eq!(counts[..200], [1; 200]);
    assert_eq!(counts[200..], [0; 56]);
}

#[test]
fn dispatches_of_one_plan_have_their_own_params_and_see_earlier_results() {
    let gpu = gpu();
    let (x, y) = (words(&gpu, &[1, 2, 3]), words(&gpu, &[0; 3]));
    let mut builder = PlanBuilder::new(&gpu, "two params");
    builder.record(&desc(&ADD), &amount(10), &[&x], 3).unwrap();
    builder.record(&desc(&ADD_TO), &amount(100), &[&x, &y], 3).unwrap();
    builder.record(&desc(&ADD), &amount(1000), &[&x], 1).unwrap();
    let plan = builder.finish().unwrap();
    assert_eq!(plan.dispatches(), 3);

    gpu.submit(&plan).unwrap();
    assert_eq!(read_words(&gpu, &x), [1011, 12, 13]);
    assert_eq!(read_words(&gpu, &y), [111, 112, 113]);
}

#[test]
fn a_plan_runs_again_with_new_params_and_groups() {
    let gpu = gpu();
    let y = words(&gpu, &[0; 4]);
    let mut builder = PlanBuilder::new(&gpu, "rerun");
    let idle = builder.record(&desc(&ADD), &amount(5), &[&y], 0).unwrap();
    let first = builder.record(&desc(&ADD), &amount(1), &[&y], 2).unwrap();
    let plan = builder.finish().unwrap();
    assert_eq!(plan.dispatches(), 1);
    gpu.submit(&plan).unwrap();
    assert_eq!(read_words(&gpu, &y), [1, 1, 0, 0]);

    plan.set_params(first, &amount(20)).unwrap();
    gpu.submit(&plan).unwrap();
    plan.set_params(first, &amount(300)).unwrap();
    plan.set_groups(first, 4).unwrap();
    plan.set_groups(idle, 1).unwrap();
    gpu.submit(&plan).unwrap();
    assert_eq!(read_words(&gpu, &y), [326, 321, 300, 300]);
}

#[test]
fn a_copy_runs_between_the_dispatches_around_it() {
    let gpu = gpu();
    let (x, y) = (words(&gpu, &[1, 2]), words(&gpu, &[0, 0]));
    let mut builder = PlanBuilder::new(&gpu, "copy");
    builder.record(&desc(&ADD), &amount(10), &[&x], 2).unwrap();
    builder.record_copy(&x, 0, &y, 0, 8).unwrap();
    builder.record(&desc(&ADD), &amount(100), &[&x], 2).unwrap();
    gpu.submit(&builder.finish().unwrap()).unwrap();
    assert_eq!(read_words(&gpu, &y), [11, 12]);
    assert_eq!(read_words(&gpu, &x), [111, 112]);
}

#[test]
fn plans_of_one_submit_run_in_order() {
    let gpu = gpu();
    let (x, y) = (words(&gpu, &[1]), words(&gpu, &[0]));
    let mut builder = PlanBuilder::new(&gpu, "add");
    builder.record(&desc(&ADD), &amount(1), &[&x], 1).unwrap();
    let add = builder.finish().unwrap();
    let mut builder = PlanBuilder::new(&gpu, "keep");
    builder.record(&desc(&ADD_TO), &amount(0), &[&x, &y], 1).unwrap();
    let keep = builder.finish().unwrap();
    gpu.run(&[&add, &add, &keep, &add]).unwrap();
    assert_eq!((read_words(&gpu, &x), read_words(&gpu, &y)), (vec![4], vec![3]));
}

#[test]
fn an_empty_plan_runs() {
    let gpu = gpu();
    let plan = PlanBuilder::new(&gpu, "nothing").finish().unwrap();
    assert_eq!(gpu.submit(&plan), Ok(()));
}

#[test]
fn subgroup_and_f16_variants_run_where_the_device_has_them() {
    let gpu = gpu();
    let y = words(&gpu, &[0]);
    for (variant, offered, expected) in [(&SUBGROUP_SUM, gpu.has_subgroups(), 7), (&HALF, gpu.has_f16(), 0x3e00)] {
        let mut builder = PlanBuilder::new(&gpu, variant.key);
        let recorded = builder.record(&desc(variant), &amount(0), &[&y], 1);
        assert_eq!(recorded.is_ok(), offered, "{}: {recorded:?}", variant.key);
        if offered {
            gpu.clear(&y, 0..4).unwrap();
            gpu.submit(&builder.finish().unwrap()).unwrap();
            assert_eq!(read_words(&gpu, &y), [expected], "{}", variant.key);
        }
    }
}
