//! `gemmule kernels`: every kernel variant in this program, what it costs, and how near it comes to what a device can do.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use engine::kernels::TABLE;
use kernel::variant::{Access, Proof, WgslVariant};

use super::error::CliError;
use super::options::DeviceArgs;
use super::roofline::{show_costs, show_roofline};
use super::text::Table;

/// Shows every kernel variant: workgroup, bindings, memory, and bytes and operations as formulas of its params.
#[derive(Args, Debug)]
pub struct KernelsArgs {
    /// Only the variants whose name contains this.
    name: Option<String>,
    /// Print their WGSL as well.
    #[arg(long)]
    wgsl: bool,
    /// Print their contracts, and the indices and divisors that these do not cover.
    #[arg(long)]
    proof: bool,
    /// Print their costs as numbers, for a dispatch of E2B's shapes.
    #[arg(long)]
    costs: bool,
    /// Measure such dispatches on this device instead, and set them beside its bandwidth and its arithmetic; those
    /// farthest from what it can do come first.
    #[arg(long, conflicts_with_all = ["wgsl", "proof", "costs"])]
    roofline: bool,
    /// Plot what was measured into this file.
    #[arg(long, value_name = "FILE", requires = "roofline")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
}

/// Runs the command.
pub fn kernels(args: &KernelsArgs) -> Result<(), CliError> {
    let wanted = args.name.as_deref().unwrap_or_default();
    let variants: Vec<&WgslVariant> = TABLE.0.iter().filter(|variant| variant.key.contains(wanted)).collect();
    if variants.is_empty() {
        return Err(CliError::Input(format!("no kernel variant's name contains `{wanted}`")));
    }
    if args.roofline {
        return show_roofline(wanted, &args.device, args.svg.as_deref());
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut table = Table::new(
        [
            "kernel",
            "workgroup",
            "memory",
            "params",
            "needs",
            "checks",
            "bindings",
            "bytes read",
            "bytes written",
            "operations",
        ],
        [false, true, true, true, false, false, false, false, false, false],
    );
    for variant in &variants {
        table.row([
            variant.key.into(),
            variant.workgroup_size.to_string(),
            variant.workgroup_bytes.to_string(),
            variant.uniform_bytes.to_string(),
            needs(variant),
            checks(variant),
            bindings(variant),
            variant.cost.bytes_read.into(),
            variant.cost.bytes_written.into(),
            variant.cost.operations.into(),
        ]);
    }
    table.write(&mut out)?;
    let proven = variants.iter().filter(|variant| variant.proof == Proof::Proven).count();
    writeln!(out, "{} variants, {proven} without checks; memory and params in bytes", variants.len())?;
    if args.proof {
        variants.iter().try_for_each(|variant| proof(variant, &mut out))?;
    }
    if args.costs {
        show_costs(wanted, &mut out)?;
    }
    if args.wgsl {
        for variant in &variants {
            writeln!(out, "\n// {}\n{}", variant.key, variant.wgsl)?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Whether a native device adds checks of indices and divisors to it, and a place for which it does: one that no contract
/// can cover, since a buffer's values decide it, or else the first.
fn checks(variant: &WgslVariant) -> String {
    let Proof::Unproven(places) = variant.proof else { return "none, proven".into() };
    let Some(place) = places.iter().find(|place| place.what.contains("which rests on")).or(places.first()) else {
        return "injected".into();
    };
    let file = place.file.rsplit('/').next().unwrap_or_default();
    format!("injected: {}, {file}:{}", place.what, place.line)
}

/// What a variant requires, and what of it that does not cover.
fn proof(variant: &WgslVariant, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", variant.key)?;
    for clause in variant.requires {
        writeln!(out, "    requires {clause}")?;
    }
    match variant.proof {
        Proof::Proven => writeln!(out, "    proven: every index is inside, no divisor is 0"),
        Proof::Unproven(places) => places.iter().try_for_each(|place| {
            writeln!(out, "    not shown: {} at {}:{}:{}", place.what, place.file, place.line, place.column)
        }),
    }
}

/// Device features beyond WebGPU's core.
fn needs(variant: &WgslVariant) -> String {
    let features: Vec<&str> = [(variant.subgroups, "subgroups"), (variant.f16, "f16")]
        .iter()
        .filter(|(used, _)| *used)
        .map(|(_, name)| *name)
        .collect();
    if features.is_empty() { "-".into() } else { features.join("+") }
}

/// Such as `x: f32, mut y: f32`.
fn bindings(variant: &WgslVariant) -> String {
    let each: Vec<String> = variant
        .bindings
        .iter()
        .map(|binding| {
            let access = if binding.access == Access::ReadWrite { "mut " } else { "" };
            format!("{access}{}: {}", binding.name, binding.element)
        })
        .collect();
    each.join(", ")
}
