//! `trace!` in kernels: what the CPU executor shows, who gets it, and that WGSL has nothing of it.
#![allow(dead_code, reason = "some kernels are emitted, not called")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::prelude::*;
use kernel::trace::{Traced, collect};
use kernel::trial::Trial;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The line of this file in which a text stands first.
fn line(text: &str) -> u32 {
    let at = include_str!("trace.rs").lines().position(|line| line.contains(text)).expect("the text is in this file");
    at as u32 + 1
}

/// What a kernel `fn name(.., x: &Storage<_>, y: &mut Storage<_>)` traces on the CPU with 1, 2, 3, … in `x`.
macro_rules! traced {
    ($kernel:ident, $len:literal) => {{
        let device = Device::Cpu(Default::default());
        let case = |trial: &mut Trial| {
            let x = trial.input("x", &(1..=$len).map(|i| i as f32).collect::<Vec<_>>())?;
            let mut y = trial.output::<f32>("y", $len)?;
            $kernel::Kernel::dispatch(trial, (), $kernel::Args { x: &x, y: &mut y })?;
            Ok::<(), DispatchError>(())
        };
        let (outcome, traced) = collect(|| Trial::describe(&device, case).and_then(Trial::run));
        outcome.expect("the kernel runs");
        traced
    }};
}

fn lines(traced: &[Traced]) -> Vec<String> {
    traced.iter().map(ToString::to_string).collect()
}

mod silent {
    use super::*;

    #[kernel(workgroup = 2, groups = 2)]
    pub fn halve(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
        let half = x[id] * 0.5;
        y[id] = half;
    }
}

#[kernel(workgroup = 2, groups = 2)]
fn halve(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
    let half = x[id] * 0.5;
    if id >= 2 {
        trace!(id, x[id], half + 1.0);
    }
    y[id] = half;
    if half > 1.75 {
        trace!();
    } else if half < 0.75 {
        kernel::trace!(y[id])
    }
}

#[test]
fn a_trace_names_kernel_invocation_line_and_values() {
    let traced = traced!(halve, 4);
    let [first, second, third, last] = &traced[..] else { panic!("{traced:?}") };
    assert_eq!((first.kernel.as_str(), first.workgroup, first.invocation), ("halve", 0, 0));
    assert_eq!((first.at.line(), first.value("y[id]")), (line("kernel::trace!(y[id])"), Some("0.5")));
    assert_eq!((second.workgroup, second.invocation), (1, 0));
    assert_eq!(second.values, [("id", "2".to_owned()), ("x[id]", "3.0".into()), ("half + 1.0", "2.5".into())]);
    assert_eq!((second.at.file(), second.at.line()), (file!(), line("trace!(id, x[id]")));
    assert_eq!((third.workgroup, third.invocation, third.at.line()), (1, 1, line("trace!(id, x[id]")));
    assert_eq!((last.values.len(), last.at.line()), (0, line("trace!();")));
    let at = line("trace!(id, x[id]");
    assert_eq!(
        second.to_string(),
        format!("`halve`, workgroup 1, invocation 0, at {}:{at}:9: id = 2, x[id] = 3.0, half + 1.0 = 2.5", file!())
    );
}

#[test]
fn a_traced_kernels_wgsl_and_cost_are_those_without_traces() {
    let (traced, silent) = (halve::emit(), silent::halve::emit());
    assert_eq!(traced.wgsl, silent.wgsl);
    assert_eq!((traced.bytes_read, traced.operations), (silent.bytes_read, silent.operations));
}

#[kernel(workgroup = 2, groups = 1)]
async fn neighbours(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>, #[len = 2] row: &mut Workgroup<f32>) {
    row[lane] = x[lane];
    trace!(row[lane]);
    workgroup_barrier().await;
    trace!(row[1 - lane]);
    y[lane] = row[1 - lane];
}

#[test]
fn traces_come_in_the_order_of_turns_from_barrier_to_barrier() {
    let traced = traced!(neighbours, 2);
    let shown: Vec<_> = traced.iter().map(|t| (t.invocation, t.values[0].0, t.values[0].1.as_str())).collect();
    assert_eq!(
        shown,
        [(0, "row[lane]", "1.0"), (1, "row[lane]", "2.0"), (0, "row[1 - lane]", "2.0"), (1, "row[1 - lane]", "1.0")]
    );
}

#[device]
struct Pair {
    low: f32,
    high: f32,
}

/// Generic, with a pointer and a struct.
#[device]
fn sorted<T: Float + Ordered>(a: T, b: T, total: &mut u32) -> T {
    let least = min(a, b);
    *total += 1;
    trace!(least, *total);
    least
}

#[kernel(workgroup = 1, groups = 1)]
fn calls(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut count = 0;
    let low = sorted(x[0], x[1], &mut count);
    let lows = sorted(vec2(x[0], 4.0), vec2(x[1], 3.0), &mut count);
    let pair = Pair { low, high: lows.y };
    trace!(pair, if count > 1 { pair.high } else { 0.0 }, f16(0.5));
    match count {
        2 => trace!(count),
        _ => y[0] = 1.0,
    }
    y[1] = low;
    y[0] = 1.0;
}

#[test]
fn device_functions_trace_vectors_structs_and_what_pointers_point_at() {
    let traced = traced!(calls, 2);
    let texts: Vec<String> = lines(&traced).iter().filter_map(|line| Some(line.split_once(": ")?.1.into())).collect();
    assert_eq!(
        texts,
        [
            "least = 1.0, *total = 1",
            "least = Vec2 { x: 1.0, y: 3.0 }, *total = 2",
            "pair = Pair { low: 1.0, high: 3.0 }, if count > 1 { pair.high } else { 0.0 } = 3.0, f16(0.5) = 0.5",
            "count = 2",
        ]
    );
    assert!(traced.iter().all(|traced| traced.kernel == "calls"));
}

#[test]
fn a_device_function_that_is_called_by_itself_traces_too() {
    let (least, traced) = collect(|| sorted(2.0f32, 1.0, &mut 0));
    assert_eq!((least, traced[0].value("least"), traced[0].kernel.as_str()), (1.0, Some("1.0"), ""));
}

#[differentiable]
#[device]
fn cube(x: f32) -> f32 {
    let square = x * x;
    trace!(square);
    square * x
}

#[kernel(workgroup = 1, groups = 1)]
fn slope(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = cube::gradient(x[0], 1.0).x;
}

#[test]
fn a_traced_function_has_its_derivative() {
    let mut recorder = Recorder::new(&Device::Cpu(Default::default()), "slope");
    let device = Device::Cpu(Default::default());
    let (x, mut y) = (device.upload(&[2.0f32], "x").unwrap(), device.create(1, "y").unwrap());
    slope::Kernel::dispatch(&mut recorder, (), slope::Args { x: &x, y: &mut y }).unwrap();
    recorder.run().unwrap();
    assert_eq!(pollster::block_on(device.read(&y, 0..1)).unwrap(), [12.0]);
}

#[kernel(workgroup = 1, groups = 1, tolerance(rel = 1e-5))]
fn third(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = x[0] / 3.0;
    trace!(y[0]);
}

#[test]
fn the_reference_traces_in_f64() {
    let case = |trial: &mut Trial| {
        let (x, mut y) = (trial.input("x", &[1.0])?, trial.output("y", 1)?);
        third::Kernel::dispatch(trial, (), third::Args { x: &x, y: &mut y })?;
        Ok(())
    };
    let (compared, traced) = collect(|| kernel::compare(&case, None));
    compared.unwrap();
    let lines = lines(&traced);
    assert!(lines.iter().any(|line| line.contains("`third` over f64,") && line.ends_with("y[0] = 0.3333333333333333")));
    assert!(lines.iter().any(|line| line.contains("`third`,") && line.ends_with("y[0] = 0.33333334")), "{lines:?}");
}

#[test]
fn checked_runs_trace_every_schedule() {
    let case = |trial: &mut Trial| {
        let (x, mut y) = (trial.input("x", &[1.0, 2.0, 3.0, 4.0])?, trial.output("y", 4)?);
        halve::Kernel::dispatch(trial, (), halve::Args { x: &x, y: &mut y })?;
        Ok(())
    };
    let (checked, traced) = collect(|| kernel::check(case));
    checked.unwrap();
    assert!(traced.len() >= 8 && traced.len() % 4 == 0, "{}", traced.len());
}

/// A subscriber of `tracing` that keeps events as text.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "kernel::trace" && *metadata.level() == Level::TRACE
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0 += &format!("{}={value:?};", field.name());
            }
        }
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[kernel(workgroup = 1, groups = 20)]
fn groups(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
    trace!(x[id]);
    y[id] = x[id];
}

#[test]
fn without_a_collector_traces_are_events_of_tracing_in_order() {
    let kept = Kept::default();
    let device = Device::Cpu(Default::default());
    tracing::subscriber::with_default(kept.clone(), || {
        let x = device.upload(&(0..20).map(|i| i as f32).collect::<Vec<_>>(), "x").unwrap();
        let mut y = device.create(20, "y").unwrap();
        let mut recorder = Recorder::new(&device, "groups");
        groups::Kernel::dispatch(&mut recorder, (), groups::Args { x: &x, y: &mut y }).unwrap();
        recorder.run().unwrap();
    });
    let events = kept.0.lock().unwrap();
    let at = format!("{}:{}:5", file!(), line("trace!(x[id]);"));
    let expected: Vec<String> = (0..20)
        .map(|i| format!("message=x[id] = {i}.0;kernel=\"groups\";workgroup={i};invocation=0;at={at};"))
        .collect();
    assert_eq!(*events, expected);
}

#[test]
fn where_nobody_follows_nothing_is_looked_at() {
    let ((), outer) = collect(|| {
        let ((), inner) = collect(|| {
            sorted(1.0f32, 2.0, &mut 0);
        });
        assert_eq!(inner.len(), 1);
        sorted(3.0f32, 4.0, &mut 0);
    });
    assert_eq!(outer.len(), 1);
    sorted(1.0f32, 2.0, &mut 0);
    assert!(!kernel::trace::is_wanted());
}
