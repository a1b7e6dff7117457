//! `gemmule kernels --costs` and `--roofline`: the cost cards at E2B's shapes, and beside what this device measures.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::device::Device;
use engine::roofline::{Bound, Ceilings, Costed, Outcome, Roofline, Timed, cases, costs};
use indicatif::{ProgressBar, ProgressStyle};

use super::error::CliError;
use super::options::DeviceArgs;
use super::plot::{Point, Roof, svg};
use super::text::{self, Table};

/// Shows what a typical dispatch of each variant costs.
pub fn show_costs(wanted: &str, out: &mut impl Write) -> Result<(), CliError> {
    for Costed { variant, shape, groups, work } in costs(wanted)? {
        writeln!(out, "\n{}", variant.key)?;
        writeln!(out, "    {}: {groups} workgroups of {}", shown(&shape), variant.workgroup_size)?;
        let bytes = |count: f64| text::bytes(count as u64);
        let line = |name, total: Option<String>, formula| {
            let total = total.unwrap_or_else(|| "depends on data".into());
            format!("    {name:14} {total:>15}, an invocation {formula}")
        };
        let cost = work.map(|work| work.cost);
        let (read, written) = (cost.map(|cost| bytes(cost.bytes_read)), cost.map(|cost| bytes(cost.bytes_written)));
        let operations = cost.map(|cost| text::count(cost.operations));
        writeln!(out, "{}", line("bytes read", read, variant.cost.bytes_read))?;
        writeln!(out, "{}", line("bytes written", written, variant.cost.bytes_written))?;
        writeln!(out, "{}", line("operations", operations, variant.cost.operations))?;
        if let Some(work) = work {
            let (traffic, intensity) = (bytes(work.traffic), work.intensity());
            writeln!(out, "    {:14} {traffic:>15}, {intensity:.2} operations a byte", "traffic")?;
        }
        writeln!(out, "    {:14} {:>15}", "workgroup", text::bytes(variant.workgroup_bytes.into()))?;
    }
    writeln!(out, "\ntraffic: what memory has to move with perfect caches, each byte of a buffer once")?;
    Ok(())
}

/// Measures the variants whose name contains `wanted`, and shows them beside the device's ceilings.
pub fn show_roofline(wanted: &str, device: &DeviceArgs, file: Option<&Path>) -> Result<(), CliError> {
    let device = pollster::block_on(Device::open(&device.choice)).map_err(CliError::NoDevice)?;
    eprintln!("device  {}", device.description());
    let roofline = pollster::block_on(Roofline::new(&device))?;
    let (mut timed, lacking) = measure(&roofline, wanted)?;
    let ceilings = roofline.ceilings();
    // What depends on data has no place under the roof: it comes last.
    let share = |timed: &Timed| timed.share_of_the_roof(ceilings).unwrap_or(f64::INFINITY);
    timed.sort_by(|a, b| share(a).total_cmp(&share(b)));
    if let Some(path) = file {
        let plot = plot(&device, ceilings, &timed);
        std::fs::write(path, plot).map_err(|source| CliError::Write { path: PathBuf::from(path), source })?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    table(ceilings, &timed, &mut out)?;
    for (key, why) in &lacking {
        writeln!(out, "not run: {key}: {why}")?;
    }
    explain(&device, ceilings, &mut out)?;
    if let Some(path) = file {
        writeln!(out, "plotted in {}", path.display())?;
    }
    let filter = if wanted.is_empty() { String::new() } else { format!(" '{wanted}'") };
    let plotted = file.map(|path| format!(" --svg {}", path.display())).unwrap_or_default();
    writeln!(out, "again: gemmule kernels{filter} --roofline --device '{}'{plotted}", device_name(&device))?;
    out.flush()?;
    Ok(())
}

/// What was timed, and what the device cannot run, with the reason.
type Measured = (Vec<Timed>, Vec<(String, String)>);

fn measure(roofline: &Roofline, wanted: &str) -> Result<Measured, CliError> {
    let cases: Vec<_> = cases(wanted).collect();
    let style = ProgressStyle::with_template("{pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(cases.len() as u64).with_style(style);
    let (mut timed, mut lacking) = (Vec::new(), Vec::new());
    for (case, variant) in &cases {
        bar.set_message(case.key.clone());
        match pollster::block_on(roofline.time(case, variant))? {
            Outcome::Timed(one) => timed.push(one),
            Outcome::Lacks(why) => lacking.push((case.key.clone(), why)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((timed, lacking))
}

fn table(ceilings: Ceilings, timed: &[Timed], out: &mut impl Write) -> io::Result<()> {
    let heading =
        ["kernel", "shape", "traffic", "operations", "time", "GB/s", "%", "GFLOP/s", "%", "bound by", "of its roof"];
    let mut table = Table::new(heading, [false, false, true, true, true, true, true, true, true, false, true]);
    for one in timed {
        let none = || "-".to_owned();
        let work = one.costed.work;
        let rate = |rate: Option<f64>| rate.map_or_else(none, |rate| format!("{:.1}", rate / 1e9));
        let of = |rate: Option<f64>, ceiling: f64| rate.map_or_else(none, |rate| percent(rate / ceiling));
        table.row([
            one.costed.variant.key.into(),
            shown(&one.costed.shape),
            work.map_or_else(none, |work| text::bytes(work.traffic as u64)),
            work.map_or_else(none, |work| text::count(work.cost.operations)),
            microseconds(one.time),
            rate(one.bandwidth()),
            of(one.bandwidth(), ceilings.bandwidth),
            rate(one.arithmetic()),
            of(one.arithmetic(), ceilings.arithmetic),
            work.map_or_else(none, |work| bound(work.at_the_roof(ceilings).1).into()),
            one.share_of_the_roof(ceilings).map_or_else(none, percent),
        ]);
    }
    table.write(out)
}

fn explain(device: &Device, ceilings: Ceilings, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "measured here: {:.1} GB/s read from memory, {:.1} GFLOP/s of f32 multiply-adds; {}",
        ceilings.bandwidth / 1e9,
        ceilings.arithmetic / 1e9,
        device.description()
    )?;
    let clock = if device.is_cpu() { "wall-clock time of the CPU executor" } else { "the GPU's timestamps" };
    writeln!(out, "time: {clock}, medians, with nothing of the buffers in a cache that a sweep of memory can clear")?;
    writeln!(
        out,
        "traffic: each byte of a buffer once at most; operations: f32, integers not counted; -: depends on data"
    )
}

/// The name that opens the device again.
fn device_name(device: &Device) -> String {
    match device.dispatch() {
        kernel::dispatch::Device::Gpu(gpu) => gpu.info().name.clone(),
        kernel::dispatch::Device::Cpu(_) => "cpu".into(),
    }
}

fn plot(device: &Device, ceilings: Ceilings, timed: &[Timed]) -> String {
    let points: Vec<Point> = timed.iter().filter_map(|timed| point(ceilings, timed)).collect();
    let clock = if device.is_cpu() { ", wall-clock times" } else { "" };
    let subtitle = format!("E2B's shapes{clock}; {} kernel variants, point at one for its figures", points.len());
    let roof = Roof { bandwidth: ceilings.bandwidth, arithmetic: ceilings.arithmetic };
    svg([&device.description(), &subtitle], roof, &points)
}

fn point(ceilings: Ceilings, timed: &Timed) -> Option<Point> {
    let work = timed.costed.work?;
    let key = timed.costed.variant.key;
    let details = format!(
        "{key}\n{}\n{} of traffic, {} operations in {}\n{} of its roof, bound by {}",
        shown(&timed.costed.shape),
        text::bytes(work.traffic as u64),
        text::count(work.cost.operations),
        microseconds(timed.time),
        percent(timed.share_of_the_roof(ceilings)?),
        bound(work.at_the_roof(ceilings).1),
    );
    Some(Point {
        name: key.into(),
        group: key.split('<').next().unwrap_or(key).into(),
        intensity: work.intensity(),
        bandwidth: timed.bandwidth()?,
        details,
    })
}

fn bound(bound: Bound) -> &'static str {
    match bound {
        Bound::Memory => "memory",
        Bound::Arithmetic => "arithmetic",
    }
}

fn shown(shape: &[(&'static str, u32)]) -> String {
    shape.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn microseconds(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
