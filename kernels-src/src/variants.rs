//! The one list of variants that the build script emits.

#[allow(unused_imports)]
use crate::{activation::*, elementwise::*, geglu::*, norm::*, ple::*, reduce::*};
use crate::{embedding::*, quant::*};
#[allow(unused_imports)]
use crate::{norm::*, reduce::*};

kernel::variants! {
    /// Every kernel variant of the engine.
    pub fn variants;
    // Norms.
    for R in [Tree<256>, Subgroups<256>] {
        rms_norm::<R, true>;
        rms_norm::<R, false>;
        add_rms_norm::<R, true>;
        add_rms_norm::<R, false>;
        ple_mix::<R>;
    }
    // Activations and elementwise maps.
    for A in [GeluTanh, GeluErf] {
        geglu::<A, 256>;
        geglu_backward::<A, 256>;
    }
    for M in [Scale, Softcap] {
        map::<M, 256>;
    }
    for Z in [AddThenScale, AddScaled] {
        zip::<Z, 256>;
    }
    for Q in [F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K] {
        dequantise::<Q, 64>;
        embed::<Q, 64>;
    }
}
