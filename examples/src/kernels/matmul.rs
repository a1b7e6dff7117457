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
/// registers. An invocation fetches `LA = TM·BK / (4·COLUMNS)` quads of `a` and `LB = TN·BK / ROWS` of `b` each step.
#[kernel(
    workgroup = ROWS * COLUMNS,
    groups = params.m.div_ceil(ROWS * TM as u32) * params.n.div_ceil(COLUMNS * 4 * TN as u32),
    requires(
        params.m % (ROWS * TM as u32) == 0,
        params.n % (COLUMNS * 4 * TN as u32) == 0,
        params.k % BK == 0,
        params.k >= BK,
        a.len() >= params.m * (params.k / 4),
        b.len() >= params.k * (params.n / 4),
        c.len() >= params.m * (params.n / 4)
    )
)]
pub async fn matmul<
    const ROWS: u32,
    const COLUMNS: u32,
    const TM: usize,
    const TN: usize,
    const BK: u32,
    const LA: usize,
    const LB: usize,
>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &MatmulParams,
    a: &Storage<Vec4<f32>>,
    b: &Storage<Vec4<f32>>,
    c: &mut Storage<Vec4<f32>>,
    #[len = ROWS * TM as u32 * (BK / 4)] a_tile: &mut Workgroup<Vec4<f32>>,
    #[len = BK * COLUMNS * TN as u32] b_tile: &mut Workgroup<Vec4<f32>>,
) {
    let tile_rows = params.m / (ROWS * TM as u32);
    let tile_columns = params.n / (COLUMNS * 4 * TN as u32);
    let first_row = tile_row(group, tile_rows, tile_columns) * (ROWS * TM as u32);
    let first_quad = tile_column(group, tile_rows, tile_columns) * (COLUMNS * TN as u32);
    let a_quads = params.k / 4;
    let b_quads = params.n / 4;
    let row = lane / COLUMNS;
    let column = lane % COLUMNS;

    // Quads `lane`, `lane + invocations`, … of a tile are fetched by invocation `lane`.
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
        #[unroll]
        for l in 0..LA {
            a_tile[lane + l as u32 * (ROWS * COLUMNS)] = a_next[l];
        }
        #[unroll]
        for l in 0..LB {
            b_tile[lane + l as u32 * (ROWS * COLUMNS)] = b_next[l];
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
                a_own[i] = a_tile[(row + ROWS * i as u32) * (BK / 4) + quad];
            }
            #[unroll]
            for s in 0..4 {
                #[unroll]
                for j in 0..TN {
                    let b_own = b_tile[(4 * quad + s) * (COLUMNS * TN as u32) + column + COLUMNS * j as u32];
                    #[unroll]
                    for i in 0..TM {
                        sums[i][j] = fma(splat4(a_own[i][s]), b_own, sums[i][j]);
                    }
                }
            }
        }
        workgroup_barrier().await;
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

/// Invocations of a subgroup that [`fn@matmul_f16`] counts on.
pub const SUBGROUP: u32 = 32;
/// Rows and columns of a matrix that a subgroup multiplies at once, and its quads of values.
const SIDE: u32 = 16;
const QUADS: u32 = SIDE / 4;
/// Unused quads behind a row of a tile: 16 bytes, which turn the rows against each other, so that the eight that a
/// matrix unit reads together lie in different banks.
const PAD: u32 = 2;

/// `c = a·b` on matrix units: `a`, `b` in f16, 4 values an element; sums and `c` in f32. Shapes as [`fn@matmul`]'s.
///
/// A workgroup has `ROWS × COLUMNS` subgroups of 32; each computes `TM × TN` matrices of 16 × 16. Of `a` an invocation
/// fetches `LA = TM·BK / (8·COLUMNS)` quads each step, of `b` `LB = TN·BK / (8·ROWS)`.
#[kernel(
    workgroup = ROWS * COLUMNS * SUBGROUP,
    workgroup_memory = 32_768,
    groups = params.m.div_ceil(ROWS * TM as u32 * SIDE) * params.n.div_ceil(COLUMNS * TN as u32 * SIDE),
    requires(
        params.m % (ROWS * TM as u32 * SIDE) == 0,
        params.n % (COLUMNS * TN as u32 * SIDE) == 0,
        params.k % BK == 0,
        params.k >= BK,
        a.len() >= params.m * (params.k / 4),
        b.len() >= params.k * (params.n / 4),
        c.len() >= params.m * params.n
    )
)]
pub async fn matmul_f16<
    const ROWS: u32,
    const COLUMNS: u32,
    const TM: usize,
    const TN: usize,
    const BK: u32,
    const LA: usize,
    const LB: usize,
>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &MatmulParams,
    a: &Storage<Vec4<f16>>,
    b: &Storage<Vec4<f16>>,
    c: &mut Storage<f32>,
    #[len = ROWS * TM as u32 * SIDE * (BK / 4 + PAD)] a_tile: &mut Workgroup<Vec4<f16>>,
    #[len = BK * (COLUMNS * TN as u32 * QUADS + PAD)] b_tile: &mut Workgroup<Vec4<f16>>,
) {
    let tile_rows = params.m / (ROWS * TM as u32 * SIDE);
    let tile_columns = params.n / (COLUMNS * TN as u32 * SIDE);
    let first_row = tile_row(group, tile_rows, tile_columns) * (ROWS * TM as u32 * SIDE);
    let first_column = tile_column(group, tile_rows, tile_columns) * (COLUMNS * TN as u32 * SIDE);
    let columns = params.n;
    let a_quads = params.k / 4;
    let b_quads = params.n / 4;
    // Where the subgroup's matrices start in the tiles.
    let row = lane / SUBGROUP / COLUMNS * (TM as u32 * SIDE);
    let column = lane / SUBGROUP % COLUMNS * (TN as u32 * SIDE);

    let a_from = (first_row + lane / (BK / 4)) * a_quads + lane % (BK / 4);
    let a_to = lane / (BK / 4) * (BK / 4 + PAD) + lane % (BK / 4);
    let b_line = lane / (COLUMNS * TN as u32 * QUADS);
    let b_from = b_line * b_quads + first_column / 4 + lane % (COLUMNS * TN as u32 * QUADS);
    let b_to = b_line * (COLUMNS * TN as u32 * QUADS + PAD) + lane % (COLUMNS * TN as u32 * QUADS);
    let mut a_next = [splat4(f16(0.0)); LA];
    let mut b_next = [splat4(f16(0.0)); LB];
    #[unroll]
    for l in 0..LA {
        a_next[l] = a[a_from + l as u32 * (ROWS * COLUMNS * SUBGROUP / (BK / 4)) * a_quads];
    }
    #[unroll]
    for l in 0..LB {
        b_next[l] = b[b_from + l as u32 * (ROWS * SUBGROUP / (TN as u32 * QUADS)) * b_quads];
    }

    let mut sums = [[coop_mat16x16::<f32, role::C>(); TN]; TM];
    for step in 0..params.k / BK {
        #[unroll]
        for l in 0..LA {
            let line = l as u32 * (ROWS * COLUMNS * SUBGROUP / (BK / 4));
            a_tile[line * (BK / 4 + PAD) + a_to] = a_next[l];
        }
        #[unroll]
        for l in 0..LB {
            let line = l as u32 * (ROWS * SUBGROUP / (TN as u32 * QUADS));
            b_tile[line * (COLUMNS * TN as u32 * QUADS + PAD) + b_to] = b_next[l];
        }
        workgroup_barrier().await;
        // After the last step its values are fetched again: a load under a condition would be waited for at once.
        let next = min(step + 1, params.k / BK - 1);
        #[unroll]
        for l in 0..LA {
            let line = l as u32 * (ROWS * COLUMNS * SUBGROUP / (BK / 4));
            a_next[l] = a[a_from + next * (BK / 4) + line * a_quads];
        }
        #[unroll]
        for l in 0..LB {
            let line = l as u32 * (ROWS * SUBGROUP / (TN as u32 * QUADS));
            b_next[l] = b[b_from + (next * BK + line) * b_quads];
        }
        #[unroll]
        for part in 0..BK / SIDE {
            let mut a_own = [coop_mat16x16::<f16, role::A>(); TM];
            #[unroll]
            for i in 0..TM {
                let line = row + i as u32 * SIDE;
                a_own[i] = coop_load_t(&a_tile[line * (BK / 4 + PAD) + part * QUADS], BK / 4 + PAD);
            }
            #[unroll]
            for j in 0..TN {
                let line = part * SIDE * (COLUMNS * TN as u32 * QUADS + PAD);
                let b_own = coop_load_t::<CoopMat16x16<f16, role::B>>(
                    &b_tile[line + column / 4 + j as u32 * QUADS],
                    COLUMNS * TN as u32 * QUADS + PAD,
                );
                #[unroll]
                for i in 0..TM {
                    sums[i][j] = coop_multiply_add(a_own[i], b_own, sums[i][j]);
                }
            }
        }
        workgroup_barrier().await;
    }
    #[unroll]
    for i in 0..TM {
        #[unroll]
        for j in 0..TN {
            let at = (first_row + row + i as u32 * SIDE) * columns + first_column + column + j as u32 * SIDE;
            coop_store_t(sums[i][j], &c[at], columns);
        }
    }
}
