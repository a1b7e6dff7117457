//! Products with a tensor's transpose against f64.

mod common;

use common::formats::{expected, rows, weights, words};
use common::{assert_close, cpu, devices, gpu, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Buffer, Device, Recorder};
use kernel::types::Vec4;
use kernels_src::quant::{BF16, F16, F32, Q4_0, Q4_K, Q5_0, Q5_K, Q6_K, Q8_0, Quant};
use kernels_src::transposed::{
    GemmTransposedParams, SumPartialsParams, TransposedParams, gemm_transposed, matvec_transposed, sum_partials,
};

const SCALE: f32 = 0.6;

/// Both dispatches into `dx`.
fn run<Q: Quant, const W: u32, const CHUNKS: usize, const TOKENS: usize, const ACCUMULATE: bool>(
    device: &Device,
    params: TransposedParams,
    dy: &Buffer<f32>,
    w: &Buffer<u32>,
    dx: &mut Buffer<Vec4<f32>>,
) {
    let values = params.n * params.k;
    let poison = vec![f32::NAN; (params.splits * values) as usize];
    let mut partials = upload(device, &poison).cast::<Vec4<f32>>();
    let splits = params.splits;
    let mut recorder = Recorder::new(device, "transposed");
    let args = matvec_transposed::Args { dy, w, partials: &mut partials };
    matvec_transposed::Kernel::<Q, W, CHUNKS, TOKENS>::dispatch(&mut recorder, params, args).unwrap();
    let params = SumPartialsParams { n: values, splits, scale: SCALE };
    let args = sum_partials::Args { partials: &partials, y: dx };
    // One invocation a workgroup on the CPU, as the engine runs it.
    if W == 1 {
        sum_partials::Kernel::<1, ACCUMULATE>::dispatch(&mut recorder, params, args).unwrap();
    } else {
        sum_partials::Kernel::<64, ACCUMULATE>::dispatch(&mut recorder, params, args).unwrap();
    }
    recorder.run().unwrap();
}

/// A tensor's transpose times `n` vectors, rows `first..first + count` of `total`.
#[derive(Clone, Copy)]
struct Case {
    n: u32,
    total: u32,
    first: u32,
    count: u32,
    k: u32,
    splits: u32,
}

impl Case {
    /// `scale` times the product with gradients in rows of `count + 3`, from the third value on.
    fn expected(self, format: &str, dy: &[f32], scale: f64) -> Vec<f64> {
        let Self { n, total, first, count, k, .. } = self;
        let tensor = weights(format, total, k);
        (0..n * k)
            .map(|at| {
                let (t, i) = (at / k, at % k);
                let terms = (0..count).map(|j| {
                    f64::from(dy[(t * (count + 3) + 2 + j) as usize])
                        * f64::from(tensor[((first + j) * k + i) as usize])
                });
                scale * terms.sum::<f64>()
            })
            .collect()
    }
}

fn is_the_product<Q: Quant, const W: u32, const CHUNKS: usize, const TOKENS: usize>(device: &Device, case: Case) {
    let Case { n, total, first, count, k, splits } = case;
    let (dy_stride, dy_at) = (count + 3, 2);
    let dy = random(5, (n * dy_stride) as usize);
    let expected = case.expected(Q::NAME, &dy, f64::from(SCALE));
    let w = upload(device, &words(&rows(Q::NAME, total, k)));
    let dy = upload(device, &dy);
    let params = TransposedParams { n, first_row: first, rows: count, k, splits, dy_stride, dy_at };
    let mut dx = upload(device, &vec![f32::NAN; (n * k) as usize]).cast();
    run::<Q, W, CHUNKS, TOKENS, false>(device, params, &dy, &w, &mut dx);
    let what = format!("{} {count}×{k} in {splits} splits, {n} vectors, on {device:?}", Q::NAME);
    assert_close(&what, &read(device, &dx.cast::<f32>()), &expected, 2e-6);
}

fn is_the_tiled_product<Q: Quant, const SIDE: u32, const TM: usize, const TN: usize, const ACCUMULATE: bool>(
    device: &Device,
    case: Case,
) {
    let Case { n, total, first, count, k, .. } = case;
    let dy = random(5, (n * (count + 3)) as usize);
    let held = if ACCUMULATE { 0.5 } else { f32::NAN };
    let mut expected = case.expected(Q::NAME, &dy, 1.0);
    if ACCUMULATE {
        expected.iter_mut().for_each(|value| *value += 0.5);
    }
    let (dy, w) = (upload(device, &dy), upload(device, &words(&rows(Q::NAME, total, k))));
    let mut dx = upload(device, &vec![held; (n * k) as usize]).cast();
    let params = GemmTransposedParams { n, first_row: first, rows: count, k, dy_stride: count + 3, dy_at: 2 };
    let mut recorder = Recorder::new(device, "transposed");
    let args = gemm_transposed::Args { dy: &dy, w: &w, dx: &mut dx };
    gemm_transposed::Kernel::<Q, SIDE, TM, TN, ACCUMULATE>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let what = format!("{} {count}×{k}, {n} vectors in tiles of {SIDE}, on {device:?}", Q::NAME);
    assert_close(&what, &read(device, &dx.cast::<f32>()), &expected, 2e-6);
}

fn on_every_device<Q: Quant>(case: Case) {
    is_the_product::<Q, 1, 4, 1>(&cpu(), case);
    is_the_product::<Q, 1, 4, 8>(&cpu(), case);
    for device in devices() {
        is_the_product::<Q, 64, 1, 1>(&device, case);
        is_the_product::<Q, 64, 1, 8>(&device, case);
    }
    is_the_tiled_product::<Q, 1, 8, 8, false>(&cpu(), case);
    is_the_tiled_product::<Q, 1, 8, 8, true>(&cpu(), case);
    for device in devices() {
        is_the_tiled_product::<Q, 16, 4, 1, false>(&device, case);
        is_the_tiled_product::<Q, 16, 4, 1, true>(&device, case);
    }
}

macro_rules! each_format {
    ($($test:ident $format:ident $block:literal;)*) => {$(
        #[test]
        fn $test() {
            // One row; splits that do not divide the rows, and one left without any; more columns than lanes.
            on_every_device::<$format>(Case { n: 1, total: 1, first: 0, count: 1, k: $block, splits: 1 });
            on_every_device::<$format>(Case { n: 3, total: 17, first: 2, count: 13, k: 3 * $block, splits: 8 });
            on_every_device::<$format>(Case { n: 9, total: 20, first: 0, count: 20, k: 768, splits: 3 });
        }
    )*};
}

each_format! {
    f32_transposed F32 32;
    f16_transposed F16 32;
    bf16_transposed BF16 32;
    q4_0_transposed Q4_0 32;
    q5_0_transposed Q5_0 32;
    q8_0_transposed Q8_0 32;
    q4_k_transposed Q4_K 256;
    q5_k_transposed Q5_K 256;
    q6_k_transposed Q6_K 256;
}

#[test]
fn workgroups_past_the_grids_limit_are_computed_once() {
    if let Some(device) = gpu_with_grid_limit(16) {
        let case = Case { n: 3, total: 40, first: 0, count: 40, k: 768, splits: 20 };
        is_the_product::<Q4_K, 64, 1, 1>(&device, case);
        is_the_tiled_product::<Q4_K, 16, 4, 1, true>(&device, Case { n: 130, ..case });
    }
}

#[test]
fn tiles_of_vectors_and_steps_of_rows_need_not_be_whole() {
    for (n, count) in [(63, 31), (64, 32), (65, 33)] {
        let case = Case { n, total: count + 1, first: 1, count, k: 288, splits: 1 };
        is_the_tiled_product::<Q8_0, 1, 8, 8, false>(&cpu(), case);
        for device in devices() {
            is_the_tiled_product::<Q8_0, 16, 4, 1, false>(&device, case);
        }
    }
}

#[test]
fn an_accumulating_sum_is_added_to_the_gradient() {
    for device in devices() {
        let (rows_of_w, k) = (7, 256);
        let dy = upload(&device, &random(1, rows_of_w as usize));
        let w = upload(&device, &words(&rows("Q6_K", rows_of_w, k)));
        let params = TransposedParams { n: 1, first_row: 0, rows: rows_of_w, k, splits: 2, dy_stride: 0, dy_at: 0 };
        let mut dx = upload(&device, &vec![0.5f32; k as usize]).cast::<Vec4<f32>>();
        run::<Q6_K, 64, 1, 1, true>(&device, params, &dy, &w, &mut dx);
        run::<Q6_K, 64, 1, 1, true>(&device, params, &dy, &w, &mut dx);
        let (dy, w) = (random(1, rows_of_w as usize), weights("Q6_K", rows_of_w, k));
        let expected: Vec<f64> = (0..k)
            .map(|i| {
                let sum: f64 =
                    (0..rows_of_w).map(|j| f64::from(dy[j as usize]) * f64::from(w[(j * k + i) as usize])).sum();
                0.5 + 2.0 * f64::from(SCALE) * sum
            })
            .collect();
        assert_close("twice accumulated", &read(&device, &dx.cast::<f32>()), &expected, 2e-6);
    }
}

/// [`run`] with its generics chosen.
type Run<'r> = &'r dyn Fn(&Device, &Buffer<f32>, &Buffer<u32>, &mut Buffer<Vec4<f32>>);

/// The head of Gemma's vocabulary, one block wide, in one tile. Its rows are eight blocks in turn, so that the reference
/// is eight sums.
#[test]
fn a_whole_vocabulary_of_q6_k_fits_one_tile() {
    const ROWS: u32 = 262_144;
    let dy = random(11, ROWS as usize);
    let block_of = |row: usize| (row * 5 + row / 8) % 8;
    let mut sums = [0.0f64; 8];
    for (row, gradient) in dy.iter().enumerate() {
        sums[block_of(row)] += f64::from(*gradient);
    }
    let blocks = expected("Q6_K");
    let expected: Vec<f64> = (0..256)
        .map(|i| f64::from(SCALE) * (0..8).map(|block| sums[block] * f64::from(blocks[block * 256 + i])).sum::<f64>())
        .collect();
    let splits = TransposedParams::splits_for(1, ROWS, 256, 64, 1, 512);
    let params = TransposedParams { n: 1, first_row: 0, rows: ROWS, k: 256, splits, dy_stride: ROWS, dy_at: 0 };
    let words = words(&rows("Q6_K", ROWS, 256));
    let check = |device: &Device, run: Run<'_>| {
        let (dy, w) = (upload(device, &dy), upload(device, &words));
        let mut dx = upload(device, &vec![f32::NAN; 256]).cast();
        run(device, &dy, &w, &mut dx);
        assert_close(&format!("{device:?}"), &read(device, &dx.cast::<f32>()), &expected, 1e-5);
    };
    check(&cpu(), &|device, dy, w, dx| run::<Q6_K, 1, 4, 1, false>(device, params, dy, w, dx));
    if let Some(device) = gpu() {
        check(&device, &|device, dy, w, dx| run::<Q6_K, 64, 1, 1, false>(device, params, dy, w, dx));
    }
}

#[test]
fn splits_fill_a_device_and_leave_no_split_without_work() {
    assert_eq!(TransposedParams::splits_for(1, 262_144, 1536, 64, 1, 512), 171);
    assert_eq!(TransposedParams::splits_for(512, 6144, 1536, 64, 8, 512), 3);
    assert_eq!(TransposedParams::splits_for(1, 64, 256, 64, 1, 512), 2);
    assert_eq!(TransposedParams::splits_for(1, 1, 32, 1, 1, 16), 1);
}
