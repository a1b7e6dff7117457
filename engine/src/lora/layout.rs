//! Where an adapter's matrices lie in one flat vector of parameters: the same for the host, the device, the optimiser's
//! moments and checkpoints.
use super::{LoraError, LoraOptions, Target};
use crate::config::{Config, Kv};
use std::ops::Range;

/// Parameters at most: 32-bit indices of four-byte numbers in kernels.
const MAX_PARAMETERS: u64 = u32::MAX as u64 / 4;

/// Every matrix starts at a multiple of this many parameters, so that 16-byte vectors may be read.
const ALIGNMENT: u64 = 4;

/// A matrix of the model with its two factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Which layer.
    pub layer: usize,
    /// Which of its matrices.
    pub target: Target,
    /// Inputs of the matrix: columns of A.
    pub k: u32,
    /// Outputs of the matrix: rows of B.
    pub n: u32,
    /// Rows of A and columns of B.
    pub rank: u32,
    /// What `B A` is multiplied by.
    pub scale: f32,
    /// Where A lies, `[rank, k]`, row after row.
    pub a: Range<usize>,
    /// Where B lies, `[n, rank]`, row after row.
    pub b: Range<usize>,
}

impl Site {
    /// Its path in transformers' text model, such as `layers.3.self_attn.q_proj`.
    pub fn module(&self) -> String {
        module(self.layer, self.target)
    }

    /// The GGUF tensor that it changes, such as `blk.3.attn_q.weight`.
    pub fn tensor(&self) -> String {
        self.target.tensor(self.layer)
    }
}

/// All sites of an adapter, ordered by layer and target, and their places in the parameter vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    sites: Vec<Site>,
    len: usize,
}

/// A site before it has a place.
pub(super) struct Unplaced {
    pub layer: usize,
    pub target: Target,
    pub rank: u32,
    pub scale: f32,
}

impl Layout {
    /// The sites that a model has for these options.
    ///
    /// Layers that share keys and values have none for them, layers whose values are their keys none for values, and
    /// models without per-layer embeddings none for those.
    ///
    /// # Errors
    /// Options that cannot be; a target that matches nothing.
    pub fn new(config: &Config, options: &LoraOptions) -> Result<Layout, LoraError> {
        options.check()?;
        let pattern = options.pattern()?;
        let mut sites = Vec::new();
        for &target in &options.targets {
            let before = sites.len();
            let layers = 0..config.layers.len();
            let there: Vec<usize> = layers.filter(|&layer| shape(config, layer, target).is_some()).collect();
            let wanted = |layer: usize| pattern.as_ref().is_none_or(|p| p.is_match(&module(layer, target)));
            sites.extend(there.iter().filter(|&&layer| wanted(layer)).map(|&layer| Unplaced {
                layer,
                target,
                rank: options.rank,
                scale: options.scale(),
            }));
            if sites.len() == before {
                let why = match there.is_empty() {
                    true => "the model has no such matrix",
                    false => "the pattern of layers excludes every one",
                };
                return Err(LoraError::NoSite { target, why });
            }
        }
        Layout::place(config, sites)
    }

    /// Gives sites their places; those that the model does not have are left out.
    pub(super) fn place(config: &Config, mut sites: Vec<Unplaced>) -> Result<Layout, LoraError> {
        sites.sort_by_key(|site| (site.layer, site.target));
        let mut placed = Vec::with_capacity(sites.len());
        let mut end = 0u64;
        let mut take = |rows: u32, columns: u32| {
            let start = end;
            let len = u64::from(rows) * u64::from(columns);
            end = start.saturating_add(len).next_multiple_of(ALIGNMENT);
            (start, len)
        };
        for Unplaced { layer, target, rank, scale } in sites {
            let Some((k, n)) = shape(config, layer, target) else { continue };
            let ((a, a_len), (b, b_len)) = (take(rank, k), take(n, rank));
            let range = |start: u64, len: u64| start as usize..start.saturating_add(len) as usize;
            placed.push(Site { layer, target, k, n, rank, scale, a: range(a, a_len), b: range(b, b_len) });
        }
        match end <= MAX_PARAMETERS {
            true => Ok(Layout { sites: placed, len: end as usize }),
            false => Err(LoraError::TooLarge { parameters: end, limit: MAX_PARAMETERS }),
        }
    }

    /// All sites, ordered by layer and target.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The site of a matrix, where the adapter changes it.
    pub fn site(&self, layer: usize, target: Target) -> Option<&Site> {
        let at = self.sites.binary_search_by_key(&(layer, target), |site| (site.layer, site.target));
        at.ok().map(|at| &self.sites[at])
    }

    /// Length of the parameter vector, the gaps of alignment included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no site.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Parameters that are trained: the vector without its gaps.
    pub fn trainable(&self) -> usize {
        self.sites.iter().map(|site| site.a.len() + site.b.len()).sum()
    }

    /// The highest rank of any site.
    pub fn max_rank(&self) -> u32 {
        self.sites.iter().map(|site| site.rank).max().unwrap_or(0)
    }

    /// The targets that there are, in their order.
    pub(super) fn targets(&self) -> Vec<Target> {
        Target::ALL.into_iter().filter(|&target| self.sites.iter().any(|site| site.target == target)).collect()
    }

    /// A regular expression over [`Site::module`] that matches these sites and no others, or `None` where they are all
    /// that the model has for their targets.
    pub(super) fn pattern(&self, config: &Config) -> Option<String> {
        let targets = self.targets();
        let possible =
            |layer: &usize| targets.iter().filter(|&&target| shape(config, *layer, target).is_some()).count();
        if self.sites.len() == (0..config.layers.len()).map(|layer| possible(&layer)).sum::<usize>() {
            return None;
        }
        // Layers with the same targets share an alternative.
        let mut groups: Vec<(Vec<Target>, Vec<String>)> = Vec::new();
        for layer in self.sites.chunk_by(|one, next| one.layer == next.layer) {
            let targets: Vec<Target> = layer.iter().map(|site| site.target).collect();
            let number = layer[0].layer.to_string();
            match groups.iter_mut().find(|(known, _)| *known == targets) {
                Some((_, layers)) => layers.push(number),
                None => groups.push((targets, vec![number])),
            }
        }
        let alternatives = groups.into_iter().map(|(targets, layers)| {
            let modules: Vec<String> = targets.iter().map(|target| regex::escape(target.module())).collect();
            format!(r"layers\.(?:{})\.(?:{})", layers.join("|"), modules.join("|"))
        });
        Some(alternatives.collect::<Vec<_>>().join("|"))
    }
}

fn module(layer: usize, target: Target) -> String {
    format!("layers.{layer}.{}", target.module())
}

/// Inputs and outputs of a matrix, or `None` where the model does not have it.
pub(super) fn shape(config: &Config, layer: usize, target: Target) -> Option<(u32, u32)> {
    let (hidden, of) = (config.hidden, config.layers.get(layer)?);
    let (queries, keys) = (of.head_dim.saturating_mul(of.heads), of.head_dim.saturating_mul(of.kv_heads));
    match target {
        Target::Q => Some((hidden, queries)),
        Target::K => (of.kv == Kv::Owned).then_some((hidden, keys)),
        Target::V => of.has_v.then_some((hidden, keys)),
        Target::O => Some((queries, hidden)),
        Target::Gate | Target::Up => Some((hidden, of.ffn)),
        Target::Down => Some((of.ffn, hidden)),
        Target::InpGate => config.ple.map(|width| (hidden, width)),
        Target::Proj => config.ple.map(|width| (width, hidden)),
    }
}
