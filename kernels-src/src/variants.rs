//! The one list of variants that the build script emits.

use crate::activation::*;
use crate::adamw::*;
use crate::attention::{backward::*, decode::*, kv::*, mix::*, prefill::*, scores::*};
use crate::cross_entropy::*;
use crate::dropout::*;
use crate::embedding::*;
use crate::gemm::*;
use crate::gemm_cooperative::*;
use crate::low_rank::*;
use crate::matvec::{Accumulate, Identity, gate_up, matvec, ple_gate, qkv};
use crate::peak::*;
use crate::product::*;
use crate::rope::*;
use crate::rope_backward::*;
use crate::row_wise::{RmsNorm, Softmax, row_wise, row_wise_backward, row_wise_weight_backward};
use crate::sampling::*;
use crate::transposed::*;
use crate::{elementwise::*, geglu::*, norm::*, ple::*, quant::*, reduce::*};

kernel::variants! {
    /// Every kernel variant of the engine.
    pub fn variants;

    /// A case for every kernel variant. Never inline: it compiles every kernel for the CPU, once, here.
    #[cfg(feature = "cases")]
    #[inline(never)]
    pub fn cases -> crate::cases::NamedCase = crate::cases::NamedCase::of;

    // Norms.
    for R in [Tree<256>, Subgroups<256>] {
        rms_norm::<R, true>;
        rms_norm::<R, false>;
        add_rms_norm::<R, true>;
        add_rms_norm::<R, false>;
        ple_mix::<R>;
    }
    // Activations and elementwise maps.
    for A in [GeluTanh, GeluErf, Silu] {
        geglu::<A, 256>;
        geglu_backward::<A, 256>;
    }
    for M in [Scale, Softcap] {
        map::<M, 256>;
    }
    for Z in [AddThenScale, AddScaled] {
        zip::<Z, 256>;
    }
    // Rotation and attention.
    for D in [Forward, Inverse] {
        rope::<D, 64>;
    }
    for K in [KvF16, KvF32] {
        for R in [Tree<64>, Subgroups<64>] {
            qk_norm_rope::<K, R, 32>;
            qk_norm_rope::<K, R, 64>;
            qk_norm_rope::<K, R, 128>;
            qk_norm_rope::<K, R, 256>;
            qk_norm_rope::<K, R, 512>;
        }
        attend_prefill::<K, 32, 32, 8>;
        attend_prefill::<K, 64, 32, 8>;
        attend_prefill::<K, 96, 64, 8>;
        attend_prefill::<K, 128, 64, 8>;
        attend_prefill::<K, 256, 128, 8>;
        attend_prefill::<K, 512, 256, 8>;
        for R in [Tree<128>, Subgroups<128>] {
            for O in [true, false] {
                attend_decode::<K, R, 32, 2, O>;
                attend_decode::<K, R, 64, 2, O>;
                attend_decode::<K, R, 128, 2, O>;
                attend_decode::<K, R, 256, 2, O>;
                attend_decode::<K, R, 512, 2, O>;
            }
        }
    }
    attend_combine::<64>;
    // Attention of a training step and its gradient.
    attend_training::<KvF32, 32, 32, 8>;
    attend_training::<KvF32, 64, 32, 8>;
    attend_training::<KvF32, 96, 64, 8>;
    attend_training::<KvF32, 128, 64, 8>;
    attend_training::<KvF32, 256, 128, 8>;
    attend_training::<KvF32, 512, 256, 8>;
    attend_backward_q::<KvF32, 32, 32, 8>;
    attend_backward_q::<KvF32, 64, 32, 8>;
    attend_backward_q::<KvF32, 96, 64, 8>;
    attend_backward_q::<KvF32, 128, 64, 8>;
    attend_backward_q::<KvF32, 256, 128, 8>;
    attend_backward_q::<KvF32, 512, 256, 8>;
    attend_backward_kv::<KvF32, 32, 32, 8>;
    attend_backward_kv::<KvF32, 64, 32, 8>;
    attend_backward_kv::<KvF32, 96, 64, 8>;
    attend_backward_kv::<KvF32, 128, 64, 8>;
    attend_backward_kv::<KvF32, 256, 128, 8>;
    attend_backward_kv::<KvF32, 512, 256, 8>;
    for R in [Tree<64>, Subgroups<64>] {
        attend_delta::<R>;
        attend_sum_heads::<R>;
    }
    // The same on matrix units.
    attend_scores;
    attend_score_gradients;
    for TURNED in [true, false] {
        attend_mix::<TURNED>;
    }
    for R in [Tree<256>, Subgroups<256>] {
        attend_softmax::<R>;
        greatest::<R>;
        halve::<R>;
    }
    for Q in [F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K] {
        dequantise::<Q, 64>;
        embed::<Q, 64>;
        gemm::<Q, 16, 4, 4>;
    }
    // Many vectors on matrix units.
    for R in [Tree<256>, Subgroups<256>] {
        halve_rows::<R>;
    }
    for Q in [F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K] {
        gemm_cooperative::<Q, false, 2, 2, 4, 4, 8, 4>;
        gemm_cooperative::<Q, false, 2, 2, 2, 2, 4, 2>;
        gemm_cooperative::<Q, true, 2, 2, 4, 4, 8, 4>;
        gemm_cooperative::<Q, true, 2, 2, 2, 4, 4, 4>;
    }
    // Sampling.
    repeat_penalty::<64>;
    for R in [Tree<256>, Subgroups<256>] {
        chunk_peaks::<R>;
        argmax::<R>;
        sample::<R>;
    }
    advance::<true>;
    advance::<false>;
    // Decode: one activation vector.
    for R in [Tree<64>, Subgroups<64>] {
        for Q in [F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K] {
            matvec::<Q, R, Identity, 2>;
            matvec::<Q, R, Identity, 4>;
            matvec::<Q, R, Accumulate, 4>;
            matvec::<Q, R, crate::matvec::Softcap, 4>;
            gate_up::<Q, R, GeluTanh, 8>;
            ple_gate::<Q, R, GeluTanh, 4>;
        }
        for ADD in [true, false] {
            qkv::<F32, F32, R, 4, ADD>;
            qkv::<F16, F16, R, 4, ADD>;
            qkv::<BF16, BF16, R, 4, ADD>;
            qkv::<Q4_0, Q4_0, R, 4, ADD>;
            qkv::<Q5_0, Q5_0, R, 4, ADD>;
            qkv::<Q8_0, Q8_0, R, 4, ADD>;
            qkv::<Q4_K, Q4_K, R, 4, ADD>;
            qkv::<Q4_K, Q6_K, R, 4, ADD>;
            qkv::<Q5_K, Q5_K, R, 4, ADD>;
            qkv::<Q5_K, Q6_K, R, 4, ADD>;
            qkv::<Q6_K, Q6_K, R, 4, ADD>;
        }
    }
    // Low-rank updates.
    for R in [Tree<128>, Subgroups<128>] {
        low_rank_down::<R>;
        low_rank_up::<R, true>;
        low_rank_up::<R, false>;
        low_rank_fused::<R, true>;
        low_rank_fused::<R, false>;
    }
    // Products of f32 matrices: factors of adapters and their gradients.
    for A_T in [true, false] {
        for B_T in [true, false] {
            for ADD in [true, false] {
                product::<16, 4, 4, A_T, B_T, ADD>;
                product::<16, 4, 1, A_T, B_T, ADD>;
                product::<16, 1, 4, A_T, B_T, ADD>;
            }
        }
    }
    for ADD in [true, false] {
        product_sum::<256, ADD>;
    }
    // Training's last step.
    adamw::<256>;
    for R in [Tree<256>, Subgroups<256>] {
        sum_of_squares::<R>;
        clip_factor::<R>;
    }
    // Gradients of functions of one element and of a row.
    for M in [Scale, Softcap, Activated<GeluTanh>, Activated<GeluErf>, Activated<Silu>] {
        map_backward::<M, 256>;
    }
    for R in [Tree<256>, Subgroups<256>] {
        row_wise::<Softmax, R, false>;
        row_wise_backward::<Softmax, R, false, false>;
        for ADD in [true, false] {
            row_wise_backward::<RmsNorm, R, true, ADD>;
            row_wise_backward::<RmsNorm, R, false, ADD>;
        }
    }
    row_wise_weight_backward::<RmsNorm, 256>;
    for R in [Tree<64>, Subgroups<64>] {
        qk_norm_rope_backward::<R, 32>;
        qk_norm_rope_backward::<R, 64>;
        qk_norm_rope_backward::<R, 128>;
        qk_norm_rope_backward::<R, 256>;
        qk_norm_rope_backward::<R, 512>;
    }
    // The loss; `Scale` by 1 is a head without a softcap.
    for M in [Scale, Softcap] {
        for R in [Tree<256>, Subgroups<256>] {
            cross_entropy_piece::<M, R, true>;
            cross_entropy_piece::<M, R, false>;
        }
        cross_entropy::<M, 256>;
        cross_entropy_backward::<M, 256>;
    }
    scale_rows::<256>;
    gather_rows::<64>;
    for ADD in [true, false] {
        dropout::<256, ADD>;
    }
    // Gradients of activations through matrices.
    for Q in [F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K, Q6_K] {
        matvec_transposed::<Q, 64, 1, 1>;
        matvec_transposed::<Q, 64, 1, 8>;
        for ACCUMULATE in [true, false] {
            gemm_transposed::<Q, 16, 4, 1, ACCUMULATE>;
        }
    }
    sum_partials::<64, true>;
    sum_partials::<64, false>;
    // The measure of a device's arithmetic.
    multiply_adds::<256>;
}
