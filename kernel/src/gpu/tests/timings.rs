//! Times measured by the GPU, and by the wall clock.
use super::*;

fn slow_plan(gpu: &Gpu) -> GpuPlan {
    let y = words(gpu, &vec![0; 1 << 16]);
    let mut builder = PlanBuilder::new(gpu, "slow");
    builder.record(&desc(&ADD), &amount(1), &[&y], 1 << 16).unwrap();
    builder.record(&desc(&ADD), &amount(1), &[&y], 0).unwrap();
    builder.record(&desc(&ADD), &amount(2), &[&y], 7).unwrap();
    builder.finish().unwrap()
}

#[test]
fn every_repeat_of_a_plan_is_timed() {
    let gpu = gpu();
    if !gpu.has_timestamps() {
        let refused = pollster::block_on(gpu.time(&slow_plan(&gpu), 3));
        assert!(matches!(refused, Err(GpuError::NoTimestamps { .. })));
        return;
    }
    let times = pollster::block_on(gpu.time(&slow_plan(&gpu), 3)).unwrap();
    assert_eq!(times.len(), 3);
    assert!(times.iter().all(|time| !time.is_zero()), "{times:?}");
}

#[test]
fn a_profile_names_every_dispatch_that_has_groups() {
    let gpu = gpu();
    if !gpu.has_timestamps() {
        return;
    }
    let profile = pollster::block_on(slow_plan(&gpu).profile()).unwrap();
    let lines: Vec<_> = profile.iter().map(|line| (line.step, line.key.as_str(), line.groups)).collect();
    assert_eq!(lines, [(StepId(0), "add", 1 << 16), (StepId(2), "add", 7)]);
    assert!(profile[0].time > profile[1].time, "{profile:?}");
}

#[test]
fn a_device_without_timestamps_says_so() {
    let gpu = gpu_with(GpuOptions { features: wgpu::Features::empty(), ..Default::default() });
    let error = pollster::block_on(gpu.time(&slow_plan(&gpu), 1)).unwrap_err();
    assert_eq!(error, GpuError::NoTimestamps { adapter: gpu.info().to_string() });
}

#[test]
fn batches_run_the_plan_as_often_as_they_say_on_either_clock() {
    let without = gpu_with(GpuOptions { features: wgpu::Features::empty(), ..Default::default() });
    for gpu in [gpu(), without] {
        let y = words(&gpu, &[0; 7]);
        let mut builder = PlanBuilder::new(&gpu, "counted");
        builder.record(&desc(&ADD), &amount(1), &[&y], 7).unwrap();
        let batch = pollster::block_on(gpu.time_batches(&builder.finish().unwrap())).unwrap();
        assert_eq!(batch.clock, if gpu.has_timestamps() { Clock::Timestamps } else { Clock::Wall });
        assert!(!batch.time.is_zero() && batch.runs > 1 && batch.batches >= 3, "{batch:?}");
        let counted = pollster::block_on(gpu.read(&y, 0..4)).unwrap();
        // And those before that found out how many are enough.
        let (counted, told) = (u32::from_le_bytes(counted.try_into().unwrap()), batch.runs * batch.batches);
        assert!(counted > told, "{counted} runs, told {told}");
    }
}
