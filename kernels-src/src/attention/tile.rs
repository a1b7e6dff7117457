//! What attention over tiles shares, forward and backward: the products of 16 vectors with 32, by blocks of 4 × 4 over
//! staged slices of the head's dimensions, and sums of vectors weighted by such a tile.

use kernel::prelude::*;

use super::kv::{KvFormat, Octet};

/// Rows of a tile.
pub const ROWS: u32 = 16;
/// Columns of a tile.
pub const COLUMNS: u32 = 32;
/// Blocks of 4 × 4 products: block `b` has rows `b / 8 + 4i` and columns `b % 8 + 8j`. Interleaved rows, padded by one
/// word, fall into different banks of workgroup memory.
const BLOCKS: u32 = 32;
/// Products of a block.
const PRODUCTS: usize = 16;
/// Units of 4 products: unit `u` has row `u / 8` and columns `u % 8 + 8j`.
pub const UNITS: u32 = 128;
/// Planes of partial products that fit where the slices were.
const PLANES: u32 = 4;

/// How a tile's work falls onto `W` invocations.
pub struct Tile<const HD: u32, const W: u32>;

impl<const HD: u32, const W: u32> Tile<HD, W> {
    /// Dimensions staged at a time; all of them where there are fewer invocations than blocks (the CPU).
    const SLICE: u32 = if W < BLOCKS {
        HD
    } else if HD.is_multiple_of(64) {
        64
    } else {
        32
    };
    const SLICES: u32 = HD / Self::SLICE;
    /// Invocations that share a block, each with its dimensions of a slice.
    const SHARES: u32 = if W < BLOCKS { 1 } else { W / BLOCKS };
    /// Words of a slice's row, and of one share of it.
    const WORDS: u32 = Self::SLICE / 4;
    const SHARE_WORDS: u32 = Self::WORDS / Self::SHARES;
    const ROW: u32 = Self::WORDS + 1;
    const SLICE_WORDS: u32 = (ROWS + COLUMNS) * Self::ROW;
    const SUMMED: u32 = if Self::SHARES < PLANES { Self::SHARES } else { PLANES };
    /// Where the planes lie: over the slices, but where one invocation goes from block to block.
    const PLANES_AT: u32 = if W < BLOCKS { Self::SLICE_WORDS } else { 0 };
    /// Vectors of workgroup memory that [`fn@products`] needs.
    pub const STAGE: u32 = {
        let planes = Self::PLANES_AT + Self::SUMMED * UNITS;
        if Self::SLICE_WORDS > planes { Self::SLICE_WORDS } else { planes }
    };
    /// Groups of eight dimensions.
    pub const OCTETS: u32 = HD / 8;
    /// Results of 4 rows × 8 dimensions.
    pub const ITEMS: u32 = ROWS / 4 * Self::OCTETS;
    /// The CPU has no 16,384 bytes to keep to.
    pub const MEMORY: usize = if W < BLOCKS { 1 << 20 } else { 16_384 };
}

/// Which head, and where its vectors lie.
#[device]
pub struct Heads {
    /// The query head.
    pub head: u32,
    /// Query heads of a row.
    pub heads: u32,
    /// The key and value head that it reads.
    pub kv_head: u32,
    /// Key and value heads of a slot.
    pub kv_heads: u32,
    /// Slots of the caches.
    pub ring: u32,
}

/// Query head `head` of `heads`, on `kv_heads` key and value heads in caches of `ring` slots.
#[device]
pub fn heads_of(head: u32, heads: u32, kv_heads: u32, ring: u32) -> Heads {
    Heads { head, heads, kv_head: head / (heads / kv_heads), kv_heads, ring }
}

/// Values `8·octet..` of a head: of position `row` in `cache` `[ring, kv_heads, HD]` where `CACHED`, else of row `row` of
/// `vectors` `[rows, heads, HD]`.
#[device]
fn eight<K: KvFormat, const HD: u32, const CACHED: bool>(
    cache: &Storage<Vec4<u32>>,
    vectors: &Storage<Vec4<f32>>,
    at: Heads,
    row: u32,
    octet: u32,
) -> Octet {
    if CACHED {
        K::load8(cache, (row % at.ring * at.kv_heads + at.kv_head) * HD + 8 * octet)
    } else {
        let first = (row * at.heads + at.head) * (HD / 4) + 2 * octet;
        Octet { low: vectors[first], high: vectors[first + 1] }
    }
}

/// Stages slice `slice` of `count` vectors from `first` on, in the stage's rows from `to` on. `last` stands for the
/// vectors past it.
#[device]
fn stage_slice<K: KvFormat, const HD: u32, const W: u32, const CACHED: bool>(
    cache: &Storage<Vec4<u32>>,
    vectors: &Storage<Vec4<f32>>,
    at: Heads,
    first: u32,
    last: u32,
    slice: u32,
    lane: u32,
    to: u32,
    count: u32,
    stage: &mut Workgroup<Vec4<f32>>,
) {
    for item in strided(lane, count * (Tile::<HD, W>::WORDS / 2), W) {
        let row = item / (Tile::<HD, W>::WORDS / 2);
        let column = item % (Tile::<HD, W>::WORDS / 2);
        let octet = slice * (Tile::<HD, W>::WORDS / 2) + column;
        let values = eight::<K, HD, CACHED>(cache, vectors, at, min(first + row, last), octet);
        stage[(to + row) * Tile::<HD, W>::ROW + 2 * column] = values.low;
        stage[(to + row) * Tile::<HD, W>::ROW + 2 * column + 1] = values.high;
    }
}

/// Adds one share of a block's 16 dot products over the staged slice.
#[device]
fn add_products<const HD: u32, const W: u32>(
    stage: &mut Workgroup<Vec4<f32>>,
    block: u32,
    share: u32,
    sums: &mut [f32; PRODUCTS],
) {
    let row = (block / 8) * Tile::<HD, W>::ROW + share * Tile::<HD, W>::SHARE_WORDS;
    let column = (ROWS + block % 8) * Tile::<HD, W>::ROW + share * Tile::<HD, W>::SHARE_WORDS;
    for word in 0..Tile::<HD, W>::SHARE_WORDS {
        let k0 = stage[column + word];
        let k1 = stage[column + word + 8 * Tile::<HD, W>::ROW];
        let k2 = stage[column + word + 16 * Tile::<HD, W>::ROW];
        let k3 = stage[column + word + 24 * Tile::<HD, W>::ROW];
        #[unroll]
        for i in 0..4 {
            let q = stage[row + word + 4 * (i as u32) * Tile::<HD, W>::ROW];
            sums[4 * i] += dot(q, k0);
            sums[4 * i + 1] += dot(q, k1);
            sums[4 * i + 2] += dot(q, k2);
            sums[4 * i + 3] += dot(q, k3);
        }
    }
}

/// The dot products of 16 vectors with 32, for [`fn@products_of`] to read: rows of `vectors` with positions of `cache`, and
/// where `TURNED` positions of `cache` with rows of `vectors`. Vectors past `last_row` and `last_column` repeat these.
///
/// What it leaves in `stage` is there until the next barrier.
#[device]
pub async fn products<K: KvFormat, const HD: u32, const W: u32, const TURNED: bool>(
    cache: &Storage<Vec4<u32>>,
    vectors: &Storage<Vec4<f32>>,
    at: Heads,
    first_row: u32,
    last_row: u32,
    first_column: u32,
    last_column: u32,
    lane: u32,
    stage: &mut Workgroup<Vec4<f32>>,
) {
    // Every invocation sums its block over its share of the dimensions.
    let mut sums = [0.0f32; PRODUCTS];
    for slice in 0..Tile::<HD, W>::SLICES {
        if TURNED {
            stage_slice::<K, HD, W, true>(cache, vectors, at, first_row, last_row, slice, lane, 0, ROWS, stage);
            stage_slice::<K, HD, W, false>(
                cache,
                vectors,
                at,
                first_column,
                last_column,
                slice,
                lane,
                ROWS,
                COLUMNS,
                stage,
            );
        } else {
            stage_slice::<K, HD, W, false>(cache, vectors, at, first_row, last_row, slice, lane, 0, ROWS, stage);
            stage_slice::<K, HD, W, true>(
                cache,
                vectors,
                at,
                first_column,
                last_column,
                slice,
                lane,
                ROWS,
                COLUMNS,
                stage,
            );
        }
        workgroup_barrier().await;
        if W >= BLOCKS {
            add_products::<HD, W>(stage, lane % BLOCKS, lane / BLOCKS, &mut sums);
        } else {
            for block in strided(lane, BLOCKS, W) {
                let mut own = [0.0f32; PRODUCTS];
                add_products::<HD, W>(stage, block, 0, &mut own);
                #[unroll]
                for i in 0..4 {
                    stage[Tile::<HD, W>::PLANES_AT + block + 32 * (i as u32)] =
                        vec4(own[4 * i], own[4 * i + 1], own[4 * i + 2], own[4 * i + 3]);
                }
            }
        }
        workgroup_barrier().await;
    }
    // The shares meet where the slices were, in planes of one vector a unit.
    if W >= BLOCKS {
        let unit = lane % BLOCKS;
        let share = lane / BLOCKS;
        if Tile::<HD, W>::SHARES > PLANES {
            if share >= PLANES {
                #[unroll]
                for i in 0..4 {
                    stage[(share - PLANES) * UNITS + unit + 32 * (i as u32)] =
                        vec4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
                }
            }
            workgroup_barrier().await;
            if share < PLANES {
                #[unroll]
                for i in 0..4 {
                    let other = stage[share * UNITS + unit + 32 * (i as u32)];
                    sums[4 * i] += other.x;
                    sums[4 * i + 1] += other.y;
                    sums[4 * i + 2] += other.z;
                    sums[4 * i + 3] += other.w;
                }
            }
            workgroup_barrier().await;
        }
        if share < PLANES {
            #[unroll]
            for i in 0..4 {
                stage[share * UNITS + unit + 32 * (i as u32)] =
                    vec4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
            }
        }
        workgroup_barrier().await;
    }
}

/// The products of a unit, after [`fn@products`].
#[device]
pub fn products_of<const HD: u32, const W: u32>(stage: &mut Workgroup<Vec4<f32>>, unit: u32) -> Vec4<f32> {
    let mut sum = splat4(0.0f32);
    #[unroll]
    for plane in 0..Tile::<HD, W>::SUMMED {
        sum = sum + stage[Tile::<HD, W>::PLANES_AT + plane * UNITS + unit];
    }
    sum
}

/// Adds `Σ weights[row, column] · vector[column]` to each row's sum, straight from `cache` where `CACHED`, else from
/// `vectors`: an item of `acc` has eight dimensions of four rows. Vectors past `last` must have the weight 0.
#[device]
pub fn accumulate<K: KvFormat, const HD: u32, const W: u32, const ACC: usize, const CACHED: bool>(
    weights: &mut Workgroup<Vec4<f32>>,
    cache: &Storage<Vec4<u32>>,
    vectors: &Storage<Vec4<f32>>,
    at: Heads,
    first: u32,
    last: u32,
    lane: u32,
    acc: &mut [Vec4<f32>; ACC],
) {
    #[unroll]
    for item in 0..(ACC / 8) {
        let index = lane + (item as u32) * W;
        if index < Tile::<HD, W>::ITEMS {
            let rows = index / Tile::<HD, W>::OCTETS * 4;
            let octet = index % Tile::<HD, W>::OCTETS;
            for column in 0..8 {
                let w0 = weights[rows * 8 + column];
                let w1 = weights[rows * 8 + 8 + column];
                let w2 = weights[rows * 8 + 16 + column];
                let w3 = weights[rows * 8 + 24 + column];
                #[unroll]
                for j in 0..4 {
                    let v =
                        eight::<K, HD, CACHED>(cache, vectors, at, min(first + column + 8 * (j as u32), last), octet);
                    acc[item * 8] = acc[item * 8] + v.low * w0[j];
                    acc[item * 8 + 1] = acc[item * 8 + 1] + v.high * w0[j];
                    acc[item * 8 + 2] = acc[item * 8 + 2] + v.low * w1[j];
                    acc[item * 8 + 3] = acc[item * 8 + 3] + v.high * w1[j];
                    acc[item * 8 + 4] = acc[item * 8 + 4] + v.low * w2[j];
                    acc[item * 8 + 5] = acc[item * 8 + 5] + v.high * w2[j];
                    acc[item * 8 + 6] = acc[item * 8 + 6] + v.low * w3[j];
                    acc[item * 8 + 7] = acc[item * 8 + 7] + v.high * w3[j];
                }
            }
        }
    }
}

/// Whether a query sees a key, both by their positions: not before `oldest`, and within the window unless that is 0.
#[device]
pub fn sees(query: u32, key: u32, window: u32, oldest: u32) -> bool {
    key <= query && key >= oldest && (window == 0 || key + window > query)
}
