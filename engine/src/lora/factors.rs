//! From the named halves that a file holds to an adapter: every half has its partner, and both fit the model.
use super::{
    Adapter, Layout, LoraError, LoraOptions, Target,
    layout::{Unplaced, shape},
};
use crate::{
    config::{Config, Kv},
    gguf::GgmlType,
};
use std::collections::BTreeMap;

/// Which factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Factor {
    A,
    B,
}

/// One factor of a matrix, as a file has it.
pub(super) struct Half {
    /// The tensor's name in the file, for errors.
    pub tensor: String,
    pub layer: usize,
    pub target: Target,
    pub factor: Factor,
    /// Rows and columns: `[rank, inputs]` or `[outputs, rank]`.
    pub shape: Vec<u64>,
    pub values: Vec<f32>,
}

/// Both halves of a matrix.
#[derive(Default)]
struct Pair {
    a: Option<Half>,
    b: Option<Half>,
}

/// What a file says about a site's rank and scale, given the rank that its tensors have.
pub(super) struct Announced {
    pub rank: u32,
    /// Where the rank is announced, for errors.
    pub by: &'static str,
    pub scale: f32,
}

/// Puts halves together. `announced` says which rank and scale a site should have, from its layer, target and the rank
/// of its tensors; `options` is completed with the targets and layers that there are.
pub(super) fn assemble(
    config: &Config,
    halves: Vec<Half>,
    mut options: LoraOptions,
    announced: impl Fn(usize, Target, u32) -> Result<Announced, LoraError>,
) -> Result<Adapter, LoraError> {
    let pairs = pair(halves)?;
    let mut sites = Vec::with_capacity(pairs.len());
    for (&(layer, target), (a, b)) in &pairs {
        let rank = check(config, layer, target, a, b)?;
        let announced = announced(layer, target, rank)?;
        if announced.rank != rank {
            return Err(LoraError::RankMismatch {
                tensor: a.tensor.clone(),
                found: rank.into(),
                announced: announced.by,
                expected: announced.rank.into(),
            });
        }
        sites.push(Unplaced { layer, target, rank, scale: announced.scale });
    }
    let layout = Layout::place(config, sites)?;
    options.targets = layout.targets();
    options.layers = layout.pattern(config);
    options.check()?;
    let mut parameters = vec![0.0; layout.len()];
    for site in layout.sites() {
        let Some((a, b)) = pairs.get(&(site.layer, site.target)) else { continue };
        parameters[site.a.clone()].copy_from_slice(&a.values);
        parameters[site.b.clone()].copy_from_slice(&b.values);
    }
    Ok(Adapter { options, layout, parameters, base: None })
}

type Pairs = BTreeMap<(usize, Target), (Half, Half)>;

/// Every half with its partner.
fn pair(halves: Vec<Half>) -> Result<Pairs, LoraError> {
    let mut pairs: BTreeMap<(usize, Target), Pair> = BTreeMap::new();
    for half in halves {
        let pair = pairs.entry((half.layer, half.target)).or_default();
        let place = match half.factor {
            Factor::A => &mut pair.a,
            Factor::B => &mut pair.b,
        };
        if let Some(other) = place {
            return Err(LoraError::Duplicate { tensor: half.tensor, other: other.tensor.clone() });
        }
        *place = Some(half);
    }
    if pairs.is_empty() {
        return Err(LoraError::Empty);
    }
    let whole = pairs.into_iter().map(|(key, pair)| match pair {
        Pair { a: Some(a), b: Some(b) } => Ok((key, (a, b))),
        Pair { a: Some(half), .. } => Err(LoraError::MissingHalf { tensor: half.tensor, missing: "B" }),
        Pair { b: Some(half), .. } => Err(LoraError::MissingHalf { tensor: half.tensor, missing: "A" }),
        Pair { a: None, b: None } => Err(LoraError::Empty),
    });
    whole.collect()
}

/// The rank of two halves that fit the model and each other.
fn check(config: &Config, layer: usize, target: Target, a: &Half, b: &Half) -> Result<u32, LoraError> {
    let Some((k, n)) = shape(config, layer, target) else {
        return Err(LoraError::NoSuchMatrix { tensor: a.tensor.clone(), why: absent(config, layer, target) });
    };
    let wrong = |half: &Half, expected: String, meaning| {
        let (tensor, found) = (half.tensor.clone(), half.shape.clone());
        Err(LoraError::WrongShape { tensor, expected, meaning, found })
    };
    let rank = match *a.shape {
        [rank, inputs] if inputs == u64::from(k) && rank > 0 => rank,
        _ => return wrong(a, format!("[rank, {k}]"), "rank, inputs"),
    };
    match *b.shape {
        [outputs, columns] if outputs == u64::from(n) && columns == rank => {}
        _ => return wrong(b, format!("[{n}, {rank}]"), "outputs, rank"),
    }
    for half in [a, b] {
        if let Some(&value) = half.values.iter().find(|value| !value.is_finite()) {
            return Err(LoraError::NotFinite { tensor: half.tensor.clone(), value });
        }
    }
    u32::try_from(rank).map_err(|_| LoraError::TooLarge { parameters: rank, limit: u32::MAX.into() })
}

/// Why a model does not have a matrix.
fn absent(config: &Config, layer: usize, target: Target) -> String {
    match (config.layers.get(layer), target) {
        (None, _) => format!("it has only {} layers", config.layers.len()),
        (Some(of), Target::K | Target::V) if of.kv != Kv::Owned => {
            format!("layer {layer} has no keys and values of its own")
        }
        (Some(_), Target::V) => format!("layer {layer} has no value projection, its values are its keys"),
        (Some(_), target) => format!("it has no per-layer embeddings, so no {}", target.module()),
    }
}

/// Stored numbers as f32; `None` for a type that adapters are not stored in.
pub(super) fn numbers(ty: GgmlType, bytes: &[u8]) -> Option<Vec<f32>> {
    let bits = || bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair));
    Some(match ty {
        GgmlType::F32 => bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect(),
        GgmlType::F16 => bits().map(|bits| half::f16::from_bits(bits).to_f32()).collect(),
        GgmlType::BF16 => bits().map(|bits| half::bf16::from_bits(bits).to_f32()).collect(),
        _ => return None,
    })
}

/// Numbers as they are stored.
pub(super) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}
