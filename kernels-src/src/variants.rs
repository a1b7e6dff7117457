//! The one list of variants that the build script emits.

#[allow(unused_imports)]
use crate::{norm::*, reduce::*};

kernel::variants! {
    /// Every kernel variant of the engine.
    pub fn variants;
    for R in [Tree<256>, Subgroups<256>] {
        rms_norm::<R>;
    }
}
