//! Looking into a kernel that runs.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::prelude::*;
use kernel::trace::{Traced, collect};

use crate::Shown;

#[params]
pub struct SmoothParams {
    /// Values in `x` and `y`.
    pub n: u32,
}

/// Each value's mean with its neighbours; the first and the last are their own.
#[kernel(workgroup = 4, groups = params.n.div_ceil(4))]
pub fn smooth(id: GlobalId, params: &SmoothParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        let before = x[max(id, 1) - 1];
        let after = x[min(id + 1, params.n - 1)];
        y[id] = (before + x[id] + after) / 3.0;
        if id == 0 || id == params.n - 1 {
            trace!(id, vec2(before, after), y[id]);
        }
    }
}

fn traces_of_smooth() -> Result<Vec<Traced>, DispatchError> {
    let device = Device::Cpu(CpuOptions::default());
    let x = device.upload(&[3.0f32, 6.0, 9.0, 0.0, 3.0], "x")?;
    let mut y = device.create(5, "y")?;
    let mut recorder = Recorder::new(&device, "smooth");
    smooth::Kernel::dispatch(&mut recorder, SmoothParams { n: 5 }, smooth::Args { x: &x, y: &mut y })?;
    let (outcome, traced) = collect(|| recorder.run());
    outcome?;
    for line in &traced {
        println!("{line}");
    }
    Ok(traced)
}

#[test]
fn the_ends_are_their_own_neighbours() -> Result<(), DispatchError> {
    let traced = traces_of_smooth()?;
    assert_eq!(traced[0].value("y[id]"), Some("4.0"));
    assert_eq!((traced[1].workgroup, traced[1].value("y[id]")), (1, Some("2.0")));
    Ok(())
}

/// What the page shows.
pub fn shown() -> Shown {
    let traced = traces_of_smooth().expect("the kernel runs");
    let lines: Vec<String> = traced.iter().map(ToString::to_string).collect();
    let wgsl = smooth::emit().wgsl;
    let main = wgsl.find("    if ((group").expect("the kernel's own `if`");
    vec![("trace", lines.join("\n")), ("body", wgsl[main..].trim_end().trim_end_matches("\n}").to_owned())]
}
