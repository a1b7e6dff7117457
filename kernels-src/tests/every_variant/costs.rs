//! The cost cards' formulas against counts made by hand, on the small cases' shapes.

use std::sync::LazyLock;

use crate::common::cpu;
use kernel::cost::Cost;
use kernel::trial::Trial;
use kernel::variant::KernelTable;
use kernels_src::activation::GeluTanh;
use kernels_src::adamw::{adamw, sum_of_squares};
use kernels_src::attention::decode::{attend_combine, attend_decode};
use kernels_src::attention::kv::KvF32;
use kernels_src::cases::{NamedCase, Tried};
use kernels_src::elementwise::{AddScaled, Scale as ScaleMap, map, zip};
use kernels_src::embedding::embed;
use kernels_src::geglu::{geglu, geglu_backward};
use kernels_src::gemm::gemm;
use kernels_src::matvec::{Identity, matvec};
use kernels_src::norm::rms_norm;
use kernels_src::quant::{F32, Q4_K, Q8_0};
use kernels_src::reduce::Tree;
use kernels_src::sampling::sample;

static TABLE: LazyLock<KernelTable> = LazyLock::new(|| kernel::emit::table(kernels_src::variants()));

fn cost_of(case: &NamedCase) -> Option<Cost> {
    let trial = Trial::describe(&cpu(), |trial| case.describe(trial)).expect("it is described");
    let launched = &trial.launched()[0];
    let variant = TABLE.get(&case.key).expect("it is in the table");
    launched.cost(&cpu(), variant, 32).expect("the card holds formulas")
}

fn cost<K: Tried>() -> Cost {
    cost_of(&NamedCase::of::<K>()).unwrap_or_else(|| panic!("{} depends on data", K::key()))
}

/// Bytes read and written, of numbers of 4 bytes.
fn words<K: Tried>() -> (f64, f64) {
    let cost = cost::<K>();
    (cost.bytes_read / 4.0, cost.bytes_written / 4.0)
}

#[test]
fn a_cost_that_depends_on_elements_of_a_buffer_is_the_same_where_one_may_not_wait() {
    for case in [
        NamedCase::of::<embed::Kernel<Q8_0, 64>>(),
        NamedCase::of::<attend_decode::Kernel<KvF32, Tree<128>, 32, 2, false>>(),
    ] {
        let trial = Trial::describe(&cpu(), |trial| case.describe(trial)).expect("it is described");
        let variant = TABLE.get(&case.key).expect("it is in the table");
        let later = pollster::block_on(trial.launched()[0].cost_later(&cpu(), variant, 32)).expect("the CPU reads");
        assert_eq!(later.expect("the card holds formulas"), cost_of(&case), "{}", case.key);
    }
}

#[test]
fn a_norm_reads_each_row_twice_and_its_weights_once_a_row() {
    assert_eq!(words::<rms_norm::Kernel<Tree<256>, true>>(), (2.0 * 3.0 * 300.0, 2.0 * 300.0));
    assert_eq!(words::<rms_norm::Kernel<Tree<256>, false>>(), (2.0 * 2.0 * 300.0, 2.0 * 300.0));
}

#[test]
fn an_elementwise_map_counts_the_elements_and_not_the_workgroup() {
    assert_eq!(words::<map::Kernel<ScaleMap, 256>>(), (300.0, 300.0));
    assert_eq!(cost::<map::Kernel<ScaleMap, 256>>().operations, 300.0);
    assert_eq!(words::<zip::Kernel<AddScaled, 256>>(), (600.0, 300.0));
    assert_eq!(cost::<zip::Kernel<AddScaled, 256>>().operations, 600.0);
}

#[test]
fn a_gated_activation_reads_two_numbers_for_each_that_it_writes() {
    assert_eq!(words::<geglu::Kernel<GeluTanh, 256>>(), (2.0 * 350.0, 350.0));
    // The gradient of the output, which both gradients share, is the third.
    assert_eq!(words::<geglu_backward::Kernel<GeluTanh, 256>>(), (3.0 * 350.0, 2.0 * 350.0));
}

#[test]
fn adamw_reads_four_numbers_and_the_clip_factor_for_each_parameter() {
    assert_eq!(words::<adamw::Kernel<256>>(), (5.0 * 300.0, 3.0 * 300.0));
    // 1 for g, 3 for m, 4 for v, 5 for the step, 4 for the parameter.
    assert_eq!(cost::<adamw::Kernel<256>>().operations, 17.0 * 300.0);
}

#[test]
fn a_reduction_adds_what_the_tree_adds() {
    type Sum = sum_of_squares::Kernel<Tree<256>>;
    // `x[i] · x[i]` reads twice; two blocks, a sum each.
    assert_eq!(words::<Sum>(), (2.0 * 4396.0, 2.0));
    // 255 additions in each block's tree, and a multiply-add for each element.
    assert_eq!(cost::<Sum>().operations, 2.0 * 4396.0 + 2.0 * 255.0);
}

#[test]
fn a_matvec_of_q4_k_reads_its_input_once_for_all_rows_of_a_workgroup() {
    // 768 weights a row are 24 spans of 4 chunks: 32 inputs, and for each of 4 rows 4 words of codes and 4 of scales.
    let workgroup = 24.0 * (32.0 + 4.0 * (4.0 + 4.0));
    assert_eq!(words::<matvec::Kernel<Q4_K, Tree<64>, Identity, 4>>(), (2.0 * workgroup, 7.0));
}

#[test]
fn a_gemm_stages_whole_tiles_and_writes_what_lies_inside() {
    // Two tiles of 64 each way, two steps of 32 values of both operands.
    let workgroup = 2.0 * 2.0 * 64.0 * 32.0;
    assert_eq!(words::<gemm::Kernel<F32, 16, 4, 4>>(), (4.0 * workgroup, 65.0 * 67.0));
    // A tile multiplies all of its 64 · 64 outputs, inside or not.
    assert_eq!(cost::<gemm::Kernel<F32, 16, 4, 4>>().operations, 4.0 * 2.0 * 64.0 * 64.0 * 64.0);
}

#[test]
fn attention_of_one_token_counts_the_window_at_the_position_in_its_state() {
    // Per split: the position for 128 invocations, the query twice, its norm and rotation, 35 keys of 32 values; values
    // are fetched four at a time for each of 32 turns.
    let query = 32.0 + 2.0 * (16.0 + 16.0 + 8.0 * 4.0);
    let workgroup = 128.0 + query + 35.0 * 32.0 + 32.0 * 4.0 * 32.0;
    let written = 4.0 * (32.0 + 4.0);
    assert_eq!(words::<attend_decode::Kernel<KvF32, Tree<128>, 32, 2, false>>(), (4.0 * workgroup, written));
}

#[test]
fn merging_splits_reads_every_partial_and_twice_their_statistics() {
    // 3 heads of 12 vectors, 5 splits, three vectors for each.
    assert_eq!(words::<attend_combine::Kernel<64>>(), (36.0 * 5.0 * 3.0 * 4.0, 36.0 * 4.0));
}

#[test]
fn an_embedding_counts_the_tokens_whose_rows_are_in_the_part() {
    // Every invocation reads its token's id; two tokens of four have a row, of 12 chunks of 5 words.
    assert_eq!(words::<embed::Kernel<Q8_0, 64>>(), (4.0 * 64.0 + 2.0 * 12.0 * 5.0, 2.0 * 96.0));
}

#[test]
fn what_depends_on_data_has_no_number() {
    assert_eq!(cost_of(&NamedCase::of::<sample::Kernel<Tree<256>>>()), None);
}
