//! Products on matrix units against f64: every format, both orientations, edges of tiles, and values that f16 cannot hold.

mod common;

use common::formats::{rows, weights, words};
use common::{cpu, gpu, random, read, upload};
use kernel::dispatch::{Device, Recorder, Variant};
use kernel::trial::Trial;
use kernel::types::{Vec4, f16};
use kernels_src::gemm_cooperative::{
    DEPTH, GemmCooperativeParams, HalveParams, SUBGROUP, gemm_cooperative, halve_rows,
};
use kernels_src::quant::{BF16, F16, F32, Q4_0, Q4_K, Q5_0, Q5_K, Q6_K, Q8_0, Quant};
use kernels_src::reduce::Tree;

/// The CPU executor, and a GPU if it has matrix units that the kernel fits.
fn devices() -> Vec<Device> {
    let fits = |device: &Device| match device {
        Device::Gpu(gpu) => {
            let supported = gpu.supports(&gemm_cooperative::Kernel::<F32, false, 2, 2, 4, 4, 8, 4>::desc());
            if let Err(error) = &supported {
                eprintln!("SKIPPED on a GPU: {error}");
            }
            supported.is_ok() && gpu.subgroup_sizes() == (SUBGROUP, SUBGROUP)
        }
        Device::Cpu(_) => true,
    };
    std::iter::once(cpu()).chain(gpu()).filter(fits).collect()
}

/// A product of `n` vectors with rows `first..first + count` of a tensor of `k` weights a row.
#[derive(Clone, Copy, Debug)]
struct Case {
    n: u32,
    first: u32,
    count: u32,
    k: u32,
    accumulate: bool,
    /// Parts of the terms.
    splits: u32,
}

const Y_AT: u32 = 2;
const BEFORE: f32 = 0.5;

/// Halves the rows of `x` and multiplies them; what `y` holds then.
fn run<Q: Quant, const TRANSPOSED: bool, const TM: usize, const TN: usize, const LX: usize, const LW: usize>(
    device: &Device,
    case: Case,
    x: &[f32],
) -> Vec<f32> {
    let Case { n, first, count, k, accumulate, .. } = case;
    let (terms, outputs) = if TRANSPOSED { (count, k) } else { (k, count) };
    let width = terms.next_multiple_of(DEPTH);
    let (x_stride, x_at, y_stride) = (terms + 3, 1, outputs + 3);
    let mut strided = vec![1e30; (n * x_stride) as usize];
    for (t, row) in x.chunks_exact(terms as usize).enumerate() {
        let start = t * x_stride as usize + x_at as usize;
        strided[start..start + terms as usize].copy_from_slice(row);
    }
    let x = upload(device, &strided);
    let w = upload(device, &words(&rows(Q::NAME, first + count, k)));
    let mut halves = upload(device, &vec![f16::NAN; (n * width) as usize]).cast::<Vec4<f16>>();
    let mut scales = upload(device, &vec![f32::NAN; n as usize]);
    let mut y = upload(device, &vec![BEFORE; (case.splits * n * y_stride) as usize]);
    let mut recorder = Recorder::new(device, "product");
    let params = HalveParams { n, k: terms, x_stride, x_at, y_stride: width };
    let args = halve_rows::Args { x: &x, y: &mut halves, scales: &mut scales };
    halve_rows::Kernel::<Tree<256>>::dispatch(&mut recorder, params, args).unwrap();
    let params = GemmCooperativeParams {
        n,
        first_row: first,
        rows: count,
        k,
        y_stride,
        y_at: Y_AT,
        accumulate: u32::from(accumulate),
        splits: case.splits,
    };
    let args = gemm_cooperative::Args { x: &halves, scales: &scales, w: &w, y: &mut y };
    gemm_cooperative::Kernel::<Q, TRANSPOSED, 2, 2, TM, TN, LX, LW>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let parts = read(device, &y);
    let mut parts = parts.chunks_exact((n * y_stride) as usize);
    let mut sum = parts.next().unwrap().to_vec();
    for part in parts {
        // Beside the outputs each part is as it was.
        sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += if *value == BEFORE { 0.0 } else { *value });
    }
    sum
}

/// The same in f64, and how far each value may lie off: both factors are rounded to 11 bits, so a sum is off by a part of
/// the sum of its terms' magnitudes.
fn expected<Q: Quant, const TRANSPOSED: bool>(case: Case, x: &[f32]) -> Vec<(f64, f64)> {
    let Case { n, first, count, k, accumulate, .. } = case;
    let tensor = weights(Q::NAME, first + count, k);
    let (terms, outputs) = if TRANSPOSED { (count, k) } else { (k, count) };
    let y_stride = outputs + 3;
    let mut y = vec![(f64::from(BEFORE), 0.0); (n * y_stride) as usize];
    for t in 0..n {
        for output in 0..outputs {
            let products = (0..terms).map(|term| {
                let (j, i) = if TRANSPOSED { (term, output) } else { (output, term) };
                f64::from(x[(t * terms + term) as usize]) * f64::from(tensor[((first + j) * k + i) as usize])
            });
            let (sum, magnitude) = products.fold((0.0, 0.0), |(sum, all), term: f64| (sum + term, all + term.abs()));
            let target = &mut y[(t * y_stride + Y_AT + output) as usize];
            let value = if accumulate { target.0 + sum } else { sum };
            // The last part is f32's, of a value that is added to another.
            *target = (value, 1.05 * magnitude / 1024.0 + value.abs() / f64::from(1 << 22));
        }
    }
    y
}

fn check<Q: Quant, const TRANSPOSED: bool, const TM: usize, const TN: usize, const LX: usize, const LW: usize>(
    case: Case,
) {
    let terms = if TRANSPOSED { case.count } else { case.k };
    check_values::<Q, TRANSPOSED, TM, TN, LX, LW>(case, &random(5, (case.n * terms) as usize));
}

fn check_values<
    Q: Quant,
    const TRANSPOSED: bool,
    const TM: usize,
    const TN: usize,
    const LX: usize,
    const LW: usize,
>(
    case: Case,
    x: &[f32],
) {
    let expected = expected::<Q, TRANSPOSED>(case, x);
    for device in devices() {
        let y = run::<Q, TRANSPOSED, TM, TN, LX, LW>(&device, case, x);
        assert_eq!(y.len(), expected.len());
        for (at, (actual, (value, bound))) in y.iter().zip(&expected).enumerate() {
            let error = (f64::from(*actual) - value).abs();
            assert!(
                error <= *bound,
                "{} {case:?} transposed={TRANSPOSED} tiles of {TM}×{TN} on {device:?}: y[{at}] is {actual} and not {value}",
                Q::NAME
            );
        }
    }
}

/// Large tiles, and small ones.
fn both<Q: Quant>() {
    let k = Q::BLOCK.max(32);
    check::<Q, false, 4, 4, 8, 4>(Case { n: 1, first: 0, count: 1, k, accumulate: false, splits: 1 });
    check::<Q, false, 4, 4, 8, 4>(Case { n: 17, first: 3, count: 129, k: 2 * k, accumulate: false, splits: 1 });
    check::<Q, false, 2, 2, 4, 2>(Case { n: 17, first: 3, count: 70, k: 2 * k, accumulate: false, splits: 1 });
    let k = if k > 128 { k } else { 5 * k };
    check::<Q, true, 4, 4, 8, 4>(Case { n: 1, first: 0, count: 1, k, accumulate: false, splits: 1 });
    check::<Q, true, 4, 4, 8, 4>(Case { n: 17, first: 3, count: 65, k, accumulate: true, splits: 1 });
    check::<Q, true, 2, 4, 4, 4>(Case { n: 70, first: 3, count: 33, k, accumulate: true, splits: 1 });
}

macro_rules! each_format {
    ($($test:ident $format:ident;)*) => {$(
        #[test]
        fn $test() {
            both::<$format>();
        }
    )*};
}

each_format! {
    products_with_f32_match_f64 F32;
    products_with_f16_match_f64 F16;
    products_with_bf16_match_f64 BF16;
    products_with_q4_0_match_f64 Q4_0;
    products_with_q5_0_match_f64 Q5_0;
    products_with_q8_0_match_f64 Q8_0;
    products_with_q4_k_match_f64 Q4_K;
    products_with_q5_k_match_f64 Q5_K;
    products_with_q6_k_match_f64 Q6_K;
}

#[test]
fn terms_in_parts_add_up_to_the_product() {
    // Parts of one step each and an empty one, and parts of which the last is shorter.
    check::<Q8_0, false, 4, 4, 8, 4>(Case { n: 17, first: 3, count: 129, k: 64, accumulate: false, splits: 3 });
    check::<Q4_K, false, 2, 2, 4, 2>(Case { n: 70, first: 0, count: 66, k: 256, accumulate: false, splits: 3 });
    check::<Q8_0, true, 4, 4, 8, 4>(Case { n: 17, first: 3, count: 70, k: 160, accumulate: false, splits: 2 });
    check::<Q4_K, true, 2, 4, 4, 4>(Case { n: 70, first: 3, count: 33, k: 256, accumulate: false, splits: 5 });
}

#[test]
fn several_tiles_of_vectors_are_multiplied() {
    check::<Q4_K, false, 4, 4, 8, 4>(Case { n: 130, first: 0, count: 140, k: 256, accumulate: true, splits: 1 });
    check::<Q8_0, true, 4, 4, 8, 4>(Case { n: 130, first: 0, count: 40, k: 160, accumulate: false, splits: 1 });
}

/// Rows of gradients as small as 1e-20 and of activations as large as 1e20 come out as exact as any other.
#[test]
fn rows_beyond_the_range_of_f16_keep_their_precision() {
    let case = Case { n: 4, first: 0, count: 20, k: 64, accumulate: false, splits: 1 };
    let factors = [1e-20, 1.0, 1e20, 0.0];
    let mut x = random(7, 4 * 64);
    for (row, factor) in x.chunks_exact_mut(64).zip(factors) {
        row.iter_mut().for_each(|value| *value *= factor);
    }
    check_values::<Q8_0, false, 4, 4, 8, 4>(case, &x);
}

#[test]
fn what_a_product_costs_is_known() {
    let table = kernel::emit::table(kernels_src::variants());
    let device = cpu();
    let operations = |trial: &Trial| {
        let launched = &trial.launched()[0];
        let variant = table.get(&launched.key).expect("it is in the table");
        launched
            .cost(&device, variant, SUBGROUP)
            .expect("the card holds formulas")
            .expect("nothing depends on data")
            .operations
    };
    let trial = Trial::describe(&device, |trial| {
        let (x, scales, w) =
            (trial.scratch("x", 100 * 64)?, trial.scratch("scales", 100)?, trial.scratch("w", 300 * 256)?);
        let params = GemmCooperativeParams {
            n: 100,
            first_row: 0,
            rows: 300,
            k: 256,
            y_stride: 300,
            y_at: 0,
            accumulate: 0,
            splits: 1,
        };
        let args = gemm_cooperative::Args { x: &x, scales: &scales, w: &w, y: &mut trial.scratch("y", 100 * 300)? };
        gemm_cooperative::Kernel::<F32, false, 2, 2, 4, 4, 8, 4>::dispatch(trial, params, args)?;
        Ok(())
    });
    // Three tiles of 128 × 128 outputs, and a multiplication for each output.
    let products = 2.0 * 3.0 * 128.0 * 128.0 * 256.0;
    let counted = operations(&trial.expect("it is described"));
    assert!((products..1.1 * products).contains(&counted), "{counted} and not {products}");
    let trial = Trial::describe(&device, |trial| {
        let (x, mut y) = (trial.scratch("x", 3 * 40)?, trial.scratch("y", 3 * 16)?);
        let mut scales = trial.scratch("scales", 3)?;
        let params = HalveParams { n: 3, k: 40, x_stride: 40, x_at: 0, y_stride: 64 };
        halve_rows::Kernel::<Tree<256>>::dispatch(
            trial,
            params,
            halve_rows::Args { x: &x, y: &mut y, scales: &mut scales },
        )?;
        Ok(())
    });
    assert!(operations(&trial.expect("it is described")) > 0.0);
}

#[test]
fn a_row_that_is_not_padded_to_whole_steps_is_refused() {
    let device = cpu();
    let x = upload(&device, &[1.0f32; 40]);
    let mut y = upload(&device, &[f16::ZERO; 40]).cast();
    let mut scales = upload(&device, &[0.0f32]);
    let params = HalveParams { n: 1, k: 40, x_stride: 40, x_at: 0, y_stride: 40 };
    let args = halve_rows::Args { x: &x, y: &mut y, scales: &mut scales };
    let refused = halve_rows::Kernel::<Tree<256>>::dispatch(&mut Recorder::new(&device, "halves"), params, args);
    let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("requires `y_stride % 32 == 0`: y_stride is 40"), "{message}");
}
