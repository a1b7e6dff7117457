//! Matrix product in tiles: what a workgroup reads from storage once, its invocations reuse from workgroup memory.

use kernel::prelude::*;

/// Shape of [`fn@matmul`].
#[params]
pub struct MatmulParams {
    /// Rows of `a` and `c`.
    pub m: u32,
    /// Columns of `b` and `c`.
    pub n: u32,
    /// Columns of `a`, rows of `b`.
    pub k: u32,
}

/// Rows of tiles whose workgroups run one after the other, so that they find each other's columns in the cache.
const BAND: u32 = 8;

/// The row of tiles that workgroup `group` computes, of a grid of `rows × columns` tiles: down a band, then to the right.
#[device]
pub fn tile_row(group: u32, rows: u32, columns: u32) -> u32 {
    let first = group / (BAND * columns) * BAND;
    first + group % (BAND * columns) % min(rows - first, BAND)
}

/// The column of tiles that goes with [`tile_row`].
#[device]
pub fn tile_column(group: u32, rows: u32, columns: u32) -> u32 {
    let first = group / (BAND * columns) * BAND;
    group % (BAND * columns) / min(rows - first, BAND)
}

/// `c = a·b`. `a` `[m, k]`, `b` `[k, n]`, `c` `[m, n]`, all in rows, 4 values an element.
///
/// A workgroup has `ROWS × COLUMNS` invocations; each computes `TM` rows of `TN` quads of `c`. It goes along `k` in steps
/// of `BK`: while it computes on a step's tiles, which lie in workgroup memory, the next ones are on their way into
/// registers. With two `STAGES` of tiles a step needs one barrier, with one it needs two and half of the memory.
///
/// `m` is a multiple of `ROWS·TM`, `n` of `COLUMNS·4·TN`, `k` of `BK`. An invocation fetches `LA = TM·BK / (4·COLUMNS)`
/// quads of `a` and `LB = TN·BK / ROWS` of `b` each step.
#[kernel(
    workgroup = ROWS * COLUMNS,
    workgroup_memory = (STAGES * BK * 4 * (ROWS * TM as u32 + COLUMNS * 4 * TN as u32)) as usize,
    groups = params.m / (ROWS * TM as u32) * (params.n / (COLUMNS * 4 * TN as u32))
)]
pub async fn matmul<
    const ROWS: u32,
    const COLUMNS: u32,
    const TM: usize,
    const TN: usize,
    const BK: u32,
    const STAGES: u32,
    const LA: usize,
    const LB: usize,
>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &MatmulParams,
    a: &Storage<Vec4<f32>>,
    b: &Storage<Vec4<f32>>,
    c: &mut Storage<Vec4<f32>>,
    #[len = STAGES * ROWS * TM as u32 * (BK / 4)] a_tile: &mut Workgroup<Vec4<f32>>,
    #[len = STAGES * BK * COLUMNS * TN as u32] b_tile: &mut Workgroup<Vec4<f32>>,
) {
    let tile_rows = params.m / (ROWS * TM as u32);
    let tile_columns = params.n / (COLUMNS * 4 * TN as u32);
    let first_row = tile_row(group, tile_rows, tile_columns) * (ROWS * TM as u32);
    let first_quad = tile_column(group, tile_rows, tile_columns) * (COLUMNS * TN as u32);
    let a_quads = params.k / 4;
    let b_quads = params.n / 4;
    let row = lane / COLUMNS;
    let column = lane % COLUMNS;

    // Quad `lane + l·invocations` of a tile is fetched by invocation `lane`.
    let a_from = (first_row + lane / (BK / 4)) * a_quads + lane % (BK / 4);
    let b_from = lane / (COLUMNS * TN as u32) * b_quads + first_quad + lane % (COLUMNS * TN as u32);
    let mut a_next = [splat4(0.0f32); LA];
    let mut b_next = [splat4(0.0f32); LB];
    #[unroll]
    for l in 0..LA {
        a_next[l] = a[a_from + l as u32 * (ROWS * COLUMNS / (BK / 4)) * a_quads];
    }
    #[unroll]
    for l in 0..LB {
        b_next[l] = b[b_from + l as u32 * (ROWS / TN as u32) * b_quads];
    }

    let mut sums = [[splat4(0.0f32); TN]; TM];
    for step in 0..params.k / BK {
        let a_stage = step % STAGES * (ROWS * TM as u32 * (BK / 4));
        let b_stage = step % STAGES * (BK * COLUMNS * TN as u32);
        #[unroll]
        for l in 0..LA {
            a_tile[a_stage + lane + l as u32 * (ROWS * COLUMNS)] = a_next[l];
        }
        #[unroll]
        for l in 0..LB {
            b_tile[b_stage + lane + l as u32 * (ROWS * COLUMNS)] = b_next[l];
        }
        workgroup_barrier().await;
        if (step + 1) * BK < params.k {
            #[unroll]
            for l in 0..LA {
                a_next[l] = a[a_from + (step + 1) * (BK / 4) + l as u32 * (ROWS * COLUMNS / (BK / 4)) * a_quads];
            }
            #[unroll]
            for l in 0..LB {
                b_next[l] = b[b_from + ((step + 1) * BK + l as u32 * (ROWS / TN as u32)) * b_quads];
            }
        }
        #[unroll]
        for quad in 0..BK / 4 {
            let mut a_own = [splat4(0.0f32); TM];
            #[unroll]
            for i in 0..TM {
                a_own[i] = a_tile[a_stage + (row + ROWS * i as u32) * (BK / 4) + quad];
            }
            #[unroll]
            for s in 0..4 {
                #[unroll]
                for j in 0..TN {
                    let b_own = b_tile[b_stage + (4 * quad + s) * (COLUMNS * TN as u32) + column + COLUMNS * j as u32];
                    #[unroll]
                    for i in 0..TM {
                        sums[i][j] = fma(splat4(a_own[i][s]), b_own, sums[i][j]);
                    }
                }
            }
        }
        if STAGES == 1 {
            workgroup_barrier().await;
        }
    }
    #[unroll]
    for i in 0..TM {
        #[unroll]
        for j in 0..TN {
            let at = (first_row + row + ROWS * i as u32) * b_quads + first_quad + column + COLUMNS * j as u32;
            c[at] = sums[i][j];
        }
    }
}
