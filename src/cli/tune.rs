//! `gemmule tune`: which variants of the kernels are fastest on this GPU, kept for the commands that run a model.

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use clap::Args;
use engine::kernels::Family;
use engine::tuning::FamilyTimes;

use super::error::CliError;
use super::open::open_model;
use super::options::DeviceArgs;
use super::text::Table;
use super::tuning::Kept;

/// Measures which variants of the kernels are fastest on this GPU for a model's weight formats, and keeps the result.
///
/// Every variant is first compared with the CPU executor; one that is wrong on this driver is never used. What is kept
/// holds for this adapter, driver and version of the kernels, and is ignored when one of them has changed.
#[derive(Args, Debug)]
pub struct TuneArgs {
    /// A GGUF file, or a name in Ollama's store; the embedded model without one.
    model: Option<String>,
    /// Only these families.
    #[arg(long, value_name = "FAMILY", value_delimiter = ',')]
    only: Vec<String>,
    #[command(flatten)]
    device: DeviceArgs,
}

/// Runs the command.
pub fn tune(args: &TuneArgs) -> Result<(), CliError> {
    let families = families(&args.only)?;
    let opened = open_model(args.model.as_deref(), &args.device)?;
    eprintln!("{}", opened.introduction());
    let Some(mut kept) = Kept::of(opened.model.device()) else {
        return Err(CliError::Input("there is nothing to choose on the CPU: `--device gpu` takes a GPU".into()));
    };
    let mut table = Table::new(["family", "variants", "time", ""], [false, false, true, false]);
    for family in families {
        eprintln!("measuring {family}…");
        let measured = pollster::block_on(engine::tuning::measure(&mut kept.tuning, opened.model.needs(), family))?;
        rows(&measured, &mut table);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    table.write(&mut out)?;
    if let Some(path) = kept.keep()? {
        writeln!(out, "kept in {}", path.display())?;
    }
    out.flush()?;
    Ok(())
}

fn families(names: &[String]) -> Result<Vec<Family>, CliError> {
    if names.is_empty() {
        return Ok(Family::ALL.to_vec());
    }
    let all = Family::ALL.map(|family| family.to_string());
    names
        .iter()
        .map(|name| {
            let index = all.iter().position(|known| known == name);
            let unknown = || CliError::Input(format!("no family is called `{name}`: there are {}", all.join(", ")));
            index.map(|index| Family::ALL[index]).ok_or_else(unknown)
        })
        .collect()
}

fn rows(times: &FamilyTimes, table: &mut Table<4>) {
    let fastest = times.measured.times.iter().map(|(_, time)| *time).min();
    for (name, time) in &times.measured.times {
        let chosen = if Some(*time) == fastest { "chosen" } else { "" };
        table.row([times.family.to_string(), name.clone(), microseconds(*time), chosen.into()]);
    }
    for refusal in &times.measured.refused {
        table.row([times.family.to_string(), refusal.candidate.clone(), "-".into(), refusal.why.to_string()]);
    }
}

fn microseconds(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
