//! Barriers, subgroups, workgroup memory and bounds: what the CPU executor checks, and what it shares with a GPU.

use kernel::cpu::{CpuError, CpuOptions};
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::emit::EmittedVariant;
use kernel::prelude::*;

use super::{cpu, devices, name, read, upload};

pub fn variants() -> Vec<EmittedVariant> {
    vec![
        reverse::emit::<64>(),
        reverse::emit::<1>(),
        subgroup_sums::emit::<64>(),
        subgroup_sums::emit::<256>(),
        many_groups::emit(),
    ]
}

#[kernel(workgroup = W, groups = 3)]
async fn reverse<const W: u32>(
    group: WorkgroupId,
    lane: LocalIndex,
    x: &Storage<u32>,
    y: &mut Storage<u32>,
    #[len = W] shared: &mut Workgroup<u32>,
) {
    for round in 0..2u32 {
        shared[lane] = x[group * W + lane] + round;
        workgroup_barrier().await;
        y[group * W + lane] = shared[W - 1 - lane];
        workgroup_barrier().await;
    }
}

fn reversed<const W: u32>(device: &Device) -> Vec<u32> {
    let x: Vec<u32> = (0..3 * W).collect();
    let (x, mut y) = (upload(device, &x), upload(device, &vec![0; 3 * W as usize]));
    let mut recorder = Recorder::new(device, "reverse");
    reverse::Kernel::<W>::dispatch(&mut recorder, (), reverse::Args { x: &x, y: &mut y }).unwrap();
    recorder.run().unwrap();
    read(device, &y)
}

#[test]
fn a_barrier_brings_all_invocations_together() {
    for device in devices() {
        let expected: Vec<u32> = (0..3 * 64).map(|i| i / 64 * 64 + 63 - i % 64 + 1).collect();
        assert_eq!(reversed::<64>(&device), expected, "{}", name(&device));
    }
}

#[test]
fn a_workgroup_of_one_invocation_passes_its_barriers_alone() {
    for device in devices() {
        assert_eq!(reversed::<1>(&device), [1, 2, 3], "{}", name(&device));
    }
}

#[kernel(workgroup = W, groups = 1)]
async fn subgroup_sums<const W: u32>(
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    sizes: &mut Storage<u32>,
) {
    let sum = subgroup_add(x[lane]).await;
    let greatest = subgroup_max(x[lane]).await;
    let least = subgroup_min(x[lane]).await;
    y[lane * 3] = sum;
    y[lane * 3 + 1] = greatest;
    y[lane * 3 + 2] = least;
    sizes[lane * 2] = subgroup_size();
    sizes[lane * 2 + 1] = subgroup_invocation_id();
}

fn check_subgroups<const W: u32>(device: &Device) -> u32 {
    let x: Vec<f32> = (0..W).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
    let input = upload(device, &x);
    let mut y = upload(device, &vec![0.0f32; W as usize * 3]);
    let mut sizes = upload(device, &vec![0u32; W as usize * 2]);
    let mut recorder = Recorder::new(device, "subgroups");
    let args = subgroup_sums::Args { x: &input, y: &mut y, sizes: &mut sizes };
    subgroup_sums::Kernel::<W>::dispatch(&mut recorder, (), args).unwrap();
    recorder.run().unwrap();
    let (y, sizes) = (read(device, &y), read(device, &sizes));
    let size = sizes[0] as usize;
    for (lane, result) in y.chunks(3).enumerate() {
        assert_eq!(sizes[lane * 2] as usize, size);
        assert_eq!(sizes[lane * 2 + 1] as usize, lane % size);
        let own = &x[lane / size * size..(lane / size * size + size).min(x.len())];
        let greatest = own.iter().copied().fold(f32::MIN, f32::max);
        let least = own.iter().copied().fold(f32::MAX, f32::min);
        assert_eq!(result, [own.iter().sum(), greatest, least], "lane {lane} of {}", name(device));
    }
    sizes[0]
}

#[test]
fn a_subgroup_operation_combines_the_values_of_its_subgroup() {
    for size in [4, 8, 16, 32, 64, 128] {
        let device = Device::Cpu(CpuOptions::with_subgroups_of(size));
        assert_eq!(check_subgroups::<256>(&device), size);
        assert_eq!(check_subgroups::<64>(&device), size.min(64));
    }
    for device in devices().iter().filter(|device| device.has_subgroups()) {
        check_subgroups::<256>(device);
        check_subgroups::<64>(device);
    }
}

#[params]
struct Groups {
    groups: u32,
}

#[kernel(workgroup = 1, groups = params.groups)]
fn many_groups(group: WorkgroupId, id: GlobalId, params: &Groups, y: &mut Storage<u32>) {
    if group + 1 == params.groups {
        y[0] = id;
    }
    if group == params.groups {
        y[1] = 1;
    }
}

#[test]
fn a_grid_past_65535_workgroups_has_each_once() {
    for device in devices() {
        let mut y = upload(&device, &[0, 0]);
        let mut recorder = Recorder::new(&device, "groups");
        many_groups::Kernel::dispatch(&mut recorder, Groups { groups: 70_001 }, many_groups::Args { y: &mut y })
            .unwrap();
        recorder.run().unwrap();
        assert_eq!(read(&device, &y), [70_000, 0], "{}", name(&device));
    }
}

#[kernel(workgroup = 8, groups = 1, report_uniformity)]
async fn diverges(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane != 5 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[allow(clippy::if_same_then_else, reason = "two barriers are two places")]
#[kernel(workgroup = 8, groups = 1, report_uniformity)]
async fn meets_elsewhere(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 3 {
        workgroup_barrier().await;
    } else {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

/// The error of a kernel with one buffer of `len` elements on the CPU.
macro_rules! error_of {
    ($kernel:ident, $len:expr) => {{
        let device = cpu();
        let mut y = upload(&device, &[0; $len]);
        let mut recorder = Recorder::new(&device, stringify!($kernel));
        $kernel::Kernel::dispatch(&mut recorder, (), $kernel::Args { y: &mut y }).unwrap();
        match recorder.run() {
            Err(DispatchError::Cpu(error)) => error,
            other => panic!("the kernel is wrong, but: {other:?}"),
        }
    }};
}

/// `cpu_semantics/workgroups.rs:LINE` of the line with this text, which is in the file once before.
fn line_of(text: &str, nth: usize) -> String {
    let source = include_str!("workgroups.rs");
    let line = source.lines().enumerate().filter(|(_, line)| line.contains(text)).nth(nth).map(|(line, _)| line + 1);
    format!("workgroups.rs:{}", line.expect("the test's own source has this line"))
}

#[test]
fn a_divergent_barrier_names_both_invocations_and_the_line() {
    let error = error_of!(diverges, 8);
    let CpuError::Divergence { waiting, at, other, elsewhere, .. } = &error else { panic!("{error}") };
    assert_eq!((*waiting, *other, elsewhere.as_str()), (0, 5, "has returned"));
    let line = line_of("workgroup_barrier().await;", 2);
    assert!(at.contains(&line), "{at} is not {line}");
    assert!(error.to_string().contains("invocation 0 waits at"), "{error}");
    assert!(error.to_string().contains("while invocation 5 has returned"), "{error}");
}

#[test]
fn invocations_at_two_barriers_have_not_met() {
    let error = error_of!(meets_elsewhere, 8).to_string();
    assert!(error.contains("invocation 0 waits at"), "{error}");
    let (first, second) = (line_of("workgroup_barrier().await;", 3), line_of("workgroup_barrier().await;", 4));
    assert!(
        error.contains(&first) && error.contains(&format!("invocation 3 waits at kernel/tests/cpu_semantics/{second}")),
        "{error}"
    );
}

#[kernel(workgroup = 4, groups = 1)]
fn writes_past_storage(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane * 2] = lane; // storage
}

#[kernel(workgroup = 4, groups = 1)]
fn reads_past_workgroup(lane: LocalIndex, y: &mut Storage<u32>, #[len = 4] shared: &mut Workgroup<u32>) {
    y[lane] = shared[lane + 3]; // shared
}

#[kernel(workgroup = 4, groups = 1)]
fn reads_past_array(lane: LocalIndex, y: &mut Storage<u32>) {
    let array = [0u32; 2];
    y[lane] = array[lane]; // array
}

#[kernel(workgroup = 4, groups = 1)]
fn reads_past_vector(lane: LocalIndex, y: &mut Storage<u32>) {
    let vector = vec3(1u32, 2, 3);
    y[lane] = vector[lane]; // vector
}

#[kernel(workgroup = 1, groups = 1)]
fn reads_before(lane: LocalIndex, y: &mut Storage<u32>) {
    y[0] = y[i32(lane) - 1]; // before
}

#[test]
fn an_index_out_of_bounds_names_the_invocation_and_the_line() {
    let cases = [
        (error_of!(writes_past_storage, 6), 3, "index 6 is outside of a Storage of 6 elements", "// storage"),
        (error_of!(reads_past_workgroup, 4), 1, "index 4 is outside of a Workgroup of 4 elements", "// shared"),
        (error_of!(reads_past_array, 4), 2, "index 2 is outside of a local array of 2 elements", "// array"),
        (error_of!(reads_past_vector, 4), 3, "index 3 is outside of a vec3 of 3 elements", "// vector"),
        (error_of!(reads_before, 4), 0, "is outside of a Storage", "// before"),
    ];
    for (error, lane, what, marker) in cases {
        let CpuError::Kernel { invocation, message, .. } = &error else { panic!("{error}") };
        assert_eq!(*invocation, lane, "{error}");
        assert!(message.contains(what), "{message} does not say {what}");
        let line = line_of(marker, 0);
        assert!(message.contains(&line), "{message} is not at {line}");
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn relies_on_zeros(y: &mut Storage<f32>, #[len = 4] shared: &mut Workgroup<f32>) {
    y[0] = shared[2] + 1.0;
}

#[test]
fn workgroup_memory_starts_as_nan() {
    let device = cpu();
    let mut y = upload(&device, &[0.0f32]);
    let mut recorder = Recorder::new(&device, "zeros");
    relies_on_zeros::Kernel::dispatch(&mut recorder, (), relies_on_zeros::Args { y: &mut y }).unwrap();
    recorder.run().unwrap();
    assert!(read(&device, &y)[0].is_nan());
}
