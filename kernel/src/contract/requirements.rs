//! What a variant requires of a dispatch, worked out at its first one and kept: a training step has thousands of
//! dispatches of some fifty variants, and to build and name their terms each time took longer than to compute them on a
//! GPU.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use super::Contract;
use crate::dispatch::Variant;
use crate::variant::VariantDesc;

/// The part of a dispatch that its variant alone decides.
#[derive(Debug)]
pub(crate) struct Requirements {
    /// What a device needs to know.
    pub(crate) desc: VariantDesc,
    /// What buffers and params have to be.
    pub(crate) contract: Contract,
    /// The contract's [texts](Contract::texts).
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    pub(crate) texts: Vec<String>,
}

impl Requirements {
    /// Those of `K`, the same ones at every call.
    pub(crate) fn of<K: Variant>() -> Arc<Self> {
        static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<Requirements>>>> = LazyLock::new(RwLock::default);
        let variant = TypeId::of::<K>();
        // A map that only grows by whole entries is sound after a panic too.
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&variant) {
            return Arc::clone(known);
        }
        let contract = K::contract();
        let requirements = Arc::new(Self { desc: K::desc(), texts: contract.texts(), contract });
        Arc::clone(KNOWN.write().unwrap_or_else(PoisonError::into_inner).entry(variant).or_insert(requirements))
    }
}
