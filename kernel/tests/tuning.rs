//! Choosing among variants: what is not eligible is passed over with a reason, what was measured is preferred, and what
//! is kept holds only for the driver and the kernels that it was found with.

use kernel::dispatch::DispatchError;
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::prelude::*;
use kernel::trial::{Case, Trial};
use kernel::tuning::{Candidate, Choice, Family, Preference, Tuning, TuningError, Variant};
use kernel::variant::{KernelTable, WgslVariant};

#[params]
pub struct TwiceParams {
    pub n: u32,
}

/// `y = 2x`, by addition or by multiplication.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn twice<const BY_ADDING: bool>(id: GlobalId, params: &TwiceParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        if BY_ADDING {
            y[id] = x[id] + x[id];
        } else {
            y[id] = 2.0 * x[id];
        }
    }
}

fn case<const BY_ADDING: bool>(n: usize) -> Box<Case<'static>> {
    Box::new(move |trial: &mut Trial| -> Result<(), DispatchError> {
        let x = trial.random("x", n)?;
        let mut y = trial.output("y", n)?;
        let args = twice::Args { x: &x, y: &mut y };
        twice::Kernel::<BY_ADDING>::dispatch(trial, TwiceParams { n: n as u32 }, args)?;
        Ok(())
    })
}

fn candidate<const BY_ADDING: bool>(name: &str) -> Candidate {
    let variant = Variant {
        key: format!("twice<{BY_ADDING}>"),
        small: case::<BY_ADDING>(100),
        typical: Some(case::<BY_ADDING>(10_000)),
    };
    Candidate { name: name.to_owned(), variants: vec![variant] }
}

/// Adding is preferred.
fn family() -> Family {
    Family { name: "twice".into(), candidates: vec![candidate::<true>("adding"), candidate::<false>("multiplying")] }
}

fn table() -> KernelTable {
    kernel::emit::table(vec![twice::emit::<true>(), twice::emit::<false>()])
}

/// The table with a part of one variant's WGSL altered, as a driver's compiler might get it wrong.
fn altered(key: &str, from: &str, to: &str) -> KernelTable {
    let change = |variant: &WgslVariant| {
        if variant.key != key {
            return *variant;
        }
        assert!(variant.wgsl.contains(from), "the test alters text that is there: {}", variant.wgsl);
        WgslVariant { wgsl: variant.wgsl.replace(from, to).leak(), ..*variant }
    };
    KernelTable(table().0.iter().map(change).collect::<Vec<_>>().leak())
}

fn gpu(table: KernelTable) -> Gpu {
    pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default()))
        .expect("these tests need a Vulkan, Metal or Direct3D adapter; lavapipe (mesa-vulkan-drivers) will do")
}

fn choose(tuning: &mut Tuning) -> Result<Choice, TuningError> {
    pollster::block_on(tuning.choose(&family()))
}

/// A record in which multiplying has won on this device.
fn record(gpu: &Gpu) -> String {
    let mut tuning = Tuning::new(gpu);
    pollster::block_on(tuning.measure(&family())).expect("both are eligible");
    tuning.to_json().replace("\"candidate\": \"adding\"", "\"candidate\": \"multiplying\"")
}

#[test]
fn without_a_measurement_the_first_eligible_candidate_is_chosen() {
    let choice = choose(&mut Tuning::new(&gpu(table()))).expect("both are eligible");
    assert_eq!((choice.candidate, choice.preference), (0, Preference::BuiltIn));
    assert!(choice.refused.is_empty());
}

#[test]
fn a_measured_winner_is_preferred() {
    let gpu = gpu(table());
    let mut tuning = Tuning::from_json(&record(&gpu), &gpu).expect("it was made here");
    let choice = choose(&mut tuning).expect("both are eligible");
    assert_eq!((choice.candidate, choice.preference), (1, Preference::Measured));
}

#[test]
fn measuring_times_every_eligible_candidate_and_keeps_a_winner() {
    let gpu = gpu(table());
    let mut tuning = Tuning::new(&gpu);
    let measured = pollster::block_on(tuning.measure(&family())).expect("both are eligible");
    assert_eq!(measured.times.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["adding", "multiplying"]);
    let fastest = measured.times.iter().min_by_key(|(_, time)| *time).expect("two times");
    let mut kept = Tuning::from_json(&tuning.to_json(), &gpu).expect("it was made here");
    let choice = choose(&mut kept).expect("both are eligible");
    assert_eq!((&family().candidates[choice.candidate].name, choice.preference), (&fastest.0, Preference::Measured));
}

#[test]
fn a_variant_with_wrong_results_is_refused_by_name() {
    let gpu = gpu(altered("twice<true>", "x[(group * 64u + local_invocation_index)] +", "1.0f +"));
    let choice = choose(&mut Tuning::new(&gpu)).expect("multiplying is still right");
    assert_eq!(choice.candidate, 1);
    let refusal = choice.refused[0].to_string();
    assert!(refusal.starts_with("adding: `twice<true>` gives wrong results on "), "{refusal}");
    assert!(refusal.contains(&gpu.info().name) && refusal.contains("y["), "{refusal}");
}

#[test]
fn a_refusal_is_kept_with_the_record() {
    let gpu = gpu(altered("twice<true>", "x[(group * 64u + local_invocation_index)] +", "1.0f +"));
    let mut tuning = Tuning::new(&gpu);
    let first = choose(&mut tuning).expect("multiplying is still right");
    let mut kept = Tuning::from_json(&tuning.to_json(), &gpu).expect("it was made here");
    let second = choose(&mut kept).expect("multiplying is still right");
    assert_eq!(first.refused[0].to_string(), second.refused[0].to_string());
}

#[test]
fn a_family_without_an_eligible_candidate_is_an_error_that_says_why() {
    let wrong = altered("twice<true>", "x[(group * 64u + local_invocation_index)] +", "1.0f +");
    let neither = KernelTable(&wrong.0[1..]);
    assert_eq!(neither.0[0].key, "twice<true>");
    let error = choose(&mut Tuning::new(&gpu(neither))).expect_err("one is wrong, the other is missing");
    let text = error.to_string();
    assert!(text.contains("`twice`") && text.contains("wrong results") && text.contains("twice<false>"), "{text}");
}

#[test]
fn a_candidate_that_the_device_lacks_a_feature_for_is_passed_over() {
    let needs = |variant: &WgslVariant| WgslVariant { f16: variant.key == "twice<true>", ..*variant };
    let table = KernelTable(table().0.iter().map(needs).collect::<Vec<_>>().leak());
    let options = GpuOptions { features: wgpu::Features::empty(), ..GpuOptions::default() };
    let gpu = pollster::block_on(Gpu::request(&AdapterSelection::Default, table, options)).expect("an adapter");
    let choice = choose(&mut Tuning::new(&gpu)).expect("the other needs nothing");
    assert_eq!(choice.candidate, 1);
    assert!(choice.refused[0].to_string().contains("f16"), "{}", choice.refused[0]);
}

#[test]
fn a_record_of_another_driver_is_not_used() {
    let gpu = gpu(table());
    let other = record(&gpu).replace(&gpu.info().driver, "another driver 1.0");
    let stale = Tuning::from_json(&other, &gpu).expect_err("the driver has changed");
    assert!(stale.to_string().contains("another driver 1.0"), "{stale}");
}

#[test]
fn a_winner_among_other_kernels_is_not_used() {
    let kept = record(&gpu(table()));
    let changed = gpu(altered("twice<false>", "2.0f *", "2.0f  *"));
    let mut tuning = Tuning::from_json(&kept, &changed).expect("the device is the same");
    assert_eq!(choose(&mut tuning).expect("both are eligible").preference, Preference::BuiltIn);
}

#[test]
fn a_damaged_record_says_what_is_wrong() {
    let stale = Tuning::from_json("{\"format\": 1}", &gpu(table())).expect_err("fields are missing");
    assert!(stale.to_string().contains("provenance"), "{stale}");
}
