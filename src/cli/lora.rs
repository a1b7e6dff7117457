//! `--lora`: adapters that a command computes with.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use engine::config::Config;
use engine::lora::Adapter;
use engine::model::Model;
use engine::session::{ResidentAdapter, Session};

use super::error::CliError;

/// Adapters beside the model.
#[derive(Args, Clone, Debug)]
pub struct LoraArgs {
    /// A LoRA adapter: a folder of PEFT's or a GGUF, with a factor for its update where it should not be 1. May be given
    /// several times.
    #[arg(long = "lora", value_name = "DIR|FILE[:SCALE]")]
    adapters: Vec<Scaled>,
}

/// An adapter's place and the factor of its update.
#[derive(Clone, Debug, PartialEq)]
struct Scaled {
    path: PathBuf,
    factor: f32,
}

impl FromStr for Scaled {
    type Err = String;

    /// A path that is there is taken as it is, whatever colons it has.
    fn from_str(text: &str) -> Result<Self, String> {
        let whole = Scaled { path: text.into(), factor: 1.0 };
        match text.rsplit_once(':') {
            Some((path, factor)) if !Path::new(text).exists() => match factor.parse::<f32>() {
                Ok(factor) if factor.is_finite() => Ok(Scaled { path: path.into(), factor }),
                Ok(factor) => Err(format!("the scale is {factor}, but must be a number")),
                Err(_) => Ok(whole),
            },
            _ => Ok(whole),
        }
    }
}

impl LoraArgs {
    /// Them as one adapter, each with its factor; `None` where none is given.
    pub fn sum(&self, config: &Config) -> Result<Option<Adapter>, CliError> {
        if self.adapters.is_empty() {
            return Ok(None);
        }
        let opened = |scaled: &Scaled| -> Result<(Adapter, f32), CliError> {
            Ok((Adapter::open(&scaled.path, config)?, scaled.factor))
        };
        let adapters = self.adapters.iter().map(opened).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Adapter::sum(config, &adapters).map_err(engine::Error::from)?))
    }

    /// Lets a session compute with them.
    pub fn apply(&self, model: &Model, session: &mut Session) -> Result<(), CliError> {
        if self.adapters.is_empty() {
            return Ok(());
        }
        let resident = |scaled: &Scaled| -> Result<(ResidentAdapter, f32), CliError> {
            let adapter = Adapter::open(&scaled.path, model.config())?;
            Ok((ResidentAdapter::new(model, &adapter)?, scaled.factor))
        };
        let adapters = self.adapters.iter().map(resident).collect::<Result<Vec<_>, _>>()?;
        Ok(session.set_adapters(adapters)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_follows_the_last_colon() {
        let scaled: Scaled = "no/such/folder:0.5".parse().unwrap();
        assert_eq!(scaled, Scaled { path: "no/such/folder".into(), factor: 0.5 });
        let plain: Scaled = "C:adapter".parse().unwrap();
        assert_eq!(plain, Scaled { path: "C:adapter".into(), factor: 1.0 });
        assert!("adapter:inf".parse::<Scaled>().is_err());
    }
}
