//! Cooperative matrices, where the device has them.

use kernel::prelude::*;

#[kernel(workgroup = 32, groups = 1)]
fn tile_product(x: &Storage<f16>, y: &mut Storage<f32>) {
    let a: CoopMat16x16<f16, role::A> = coop_load_t(&x[0], 16);
    let b = coop_load_t::<CoopMat16x16<f16, role::B>>(&x[256], 16);
    let c = coop_multiply_add(a, b, coop_mat16x16::<f32, role::C>());
    coop_store_t(c, &y[0], 16);
}

#[kernel(workgroup = 32, groups = 1)]
fn half_accumulator(x: &Storage<f16>, y: &mut Storage<f16>) {
    let mut c = coop_mat16x16::<f16, role::C>();
    for k in 0..2u32 {
        let a: CoopMat16x16<f16, role::A> = coop_load_t(&x[k * 16], 32);
        let b: CoopMat16x16<f16, role::B> = coop_load_t(&x[k * 256], 16);
        c = coop_multiply_add(a, b, c);
    }
    coop_store_t(c, &y[0], 16);
}

const TILES: usize = 2;

#[device]
async fn products(
    accumulators: &mut [CoopMat8x8<f32, role::C>; TILES],
    a: &mut Workgroup<f32>,
    b: &mut Workgroup<f32>,
) {
    let left: CoopMat8x8<f32, role::A> = coop_load_t(&a[0], 8);
    #[unroll]
    for tile in 0..TILES {
        let right: CoopMat8x8<f32, role::B> = coop_load_t(&b[tile as u32 * 64], 8);
        accumulators[tile] = coop_multiply_add(left, right, accumulators[tile]);
    }
}

#[kernel(workgroup = 32, groups = 1)]
async fn staged_tiles(
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = 64] a: &mut Workgroup<f32>,
    #[len = 128] b: &mut Workgroup<f32>,
) {
    for i in strided(lane, 64, 32) {
        a[i] = x[i];
        b[i] = x[64 + i];
        b[64 + i] = x[128 + i];
    }
    workgroup_barrier().await;
    let mut accumulators = [coop_mat8x8::<f32, role::C>(); TILES];
    products(&mut accumulators, a, b).await;
    coop_store_t(accumulators[0], &y[0], 8);
    coop_store(accumulators[1], &y[64], 8);
}

fn numbers<T>(len: usize, of: fn(f32) -> T) -> Vec<T> {
    (0..len).map(|i| of(((i * 7) % 11) as f32 - 5.0)).collect()
}

/// `Σ a[row, k]·b[k, column]` of row-major matrices, `a` with `stride` elements a row.
fn product(a: &[f32], stride: usize, b: &[f32], depth: usize, size: usize) -> Vec<f32> {
    let element = |row: usize, column: usize| (0..depth).map(|k| a[row * stride + k] * b[k * size + column]).sum();
    (0..size * size).map(|i| element(i / size, i % size)).collect()
}

fn transposed(matrix: Vec<f32>, size: usize) -> Vec<f32> {
    (0..size * size).map(|i| matrix[i % size * size + i / size]).collect()
}

crate::rows! { "cooperative.rs":
    tile_product "cooperative matrices (native)", numbers(512, f16::from_f32)
            => product(&numbers(512, |v| v), 16, &numbers(512, |v| v)[256..], 16, 16),
        "Computed in `f32` and rounded once to the accumulator's type; the subgroup's first invocation does it.";
    half_accumulator "accumulating in `f16`", numbers(512, f16::from_f32)
            => product(&numbers(512, |v| v), 32, &numbers(512, |v| v), 32, 16).into_iter().map(f16::from_f32).collect::<Vec<_>>(),
        "Rounded to `f16` after every multiply-add of a tile.";
    staged_tiles "tiles from workgroup memory, in an array", numbers(192, |v| v)
            => [product(&numbers(192, |v| v), 8, &numbers(192, |v| v)[64..], 8, 8),
                transposed(product(&numbers(192, |v| v), 8, &numbers(192, |v| v)[128..], 8, 8), 8)].concat(),
        "`coop_load_t` and `coop_store_t` go row by row, those without `_t` column by column.";
}
