//! Several adapters as one, for what computes with a single adapter: their factors side by side.
use super::{Adapter, Layout, LoraError, LoraOptions, Target, layout::Unplaced};
use crate::config::Config;
use std::collections::BTreeMap;

impl Adapter {
    /// The adapter whose change of each matrix is the sum of others' changes, each times its factor: A's rows stand on top
    /// of each other, and B's columns, with scales and factors in them, side by side.
    ///
    /// # Errors
    /// [`LoraError::TooLarge`] where their parameters are too many for one vector.
    pub fn sum(config: &Config, adapters: &[(Adapter, f32)]) -> Result<Adapter, LoraError> {
        let mut ranks: BTreeMap<(usize, Target), u32> = BTreeMap::new();
        for site in adapters.iter().flat_map(|(adapter, _)| adapter.layout.sites()) {
            *ranks.entry((site.layer, site.target)).or_default() += site.rank;
        }
        let unplaced = ranks.iter().map(|(&(layer, target), &rank)| Unplaced { layer, target, rank, scale: 1.0 });
        let layout = Layout::place(config, unplaced.collect())?;
        let mut parameters = vec![0.0; layout.len()];
        for site in layout.sites() {
            let (mut first, k, rank) = (0, site.k as usize, site.rank as usize);
            for (adapter, factor) in adapters {
                let Some(own) = adapter.layout.site(site.layer, site.target) else { continue };
                let (a, b) = adapter.factors(own);
                let own_rank = own.rank as usize;
                parameters[site.a.clone()][first * k..][..a.len()].copy_from_slice(a);
                let rows = parameters[site.b.clone()].chunks_exact_mut(rank);
                for (row, values) in rows.zip(b.chunks_exact(own_rank)) {
                    let scaled = values.iter().map(|value| own.scale * factor * value);
                    row[first..][..own_rank].iter_mut().zip(scaled).for_each(|(to, value)| *to = value);
                }
                first += own_rank;
            }
        }
        let rank = layout.max_rank().max(1);
        let targets: Vec<Target> =
            Target::ALL.into_iter().filter(|&target| layout.sites().iter().any(|site| site.target == target)).collect();
        let options = LoraOptions { rank, alpha: rank as f32, targets, ..LoraOptions::default() };
        Ok(Adapter { options, layout, parameters, base: None })
    }
}
