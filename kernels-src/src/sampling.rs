//! The next token from its logits, on the device: penalty, then greedy choice or exact top-k, top-p, min-p and
//! temperature in llama.cpp's order, then the state's step to the next token.
//!
//! A plan runs [`fn@repeat_penalty`] where asked for, [`fn@chunk_peaks`], [`fn@argmax`] or [`fn@sample`], then [`fn@advance`]. What
//! changes from token to token is read from `state`, so a recorded plan needs no new params:
//! `state[0]` is the position of the run's first token, `state[1]` the id that decode reads, `state[2]` the number of
//! tokens generated. A token at position `p` is recorded in `history[p % ring]`; the host writes a prompt's tokens there.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// Logits in a chunk of [`fn@chunk_peaks`].
pub const CHUNK: u32 = 256;

/// The lowest finite number: less than every logit that counts.
const LOWEST: f32 = f32::MIN;

/// Bits of a key, see [`fn@order_key`]: halvings after which a range of keys is one.
const KEY_BITS: u32 = 32;

/// Chunks of a vocabulary: elements of [`fn@chunk_peaks`]' output.
pub const fn chunks(vocab: u32) -> u32 {
    vocab.div_ceil(CHUNK)
}

/// Shape of [`fn@repeat_penalty`].
#[params]
pub struct RepeatPenaltyParams {
    /// Logits.
    pub vocab: u32,
    /// Tokens of this run; the last of them is `state[0] + run - 1`.
    pub run: u32,
    /// The last tokens that are looked at, at most `ring`.
    pub count: u32,
    /// Elements of `history`.
    pub ring: u32,
    /// Positive logits are divided by it, others multiplied.
    pub penalty: f32,
}

/// Makes the last `count` tokens less likely, llama.cpp's rule: a positive logit is divided by the penalty, another
/// multiplied; a token that occurs several times counts once. `logits` `[vocab]`, `history` `[ring]`.
#[kernel(workgroup = W, groups = params.count.div_ceil(W), tolerance(rel = 1e-6))]
pub fn repeat_penalty<const W: u32>(
    back: GlobalId,
    params: &RepeatPenaltyParams,
    state: &Storage<u32>,
    history: &Storage<u32>,
    logits: &mut Storage<f32>,
) {
    let end = state[0] + params.run;
    if back >= min(params.count, min(params.ring, end)) {
        return;
    }
    // Of equal tokens the latest applies the penalty.
    let token = history[(end - 1 - back) % params.ring];
    for later in 0..back {
        if history[(end - 1 - later) % params.ring] == token {
            return;
        }
    }
    if token >= params.vocab {
        return;
    }
    let logit = logits[token];
    logits[token] = select(logit * params.penalty, logit / params.penalty, logit > 0.0);
}

/// Shape of [`fn@chunk_peaks`].
#[params]
pub struct ChunkPeaksParams {
    /// Logits.
    pub vocab: u32,
}

/// Of every chunk of [`CHUNK`] logits the greatest, `x`, and `Σ exp(logit − x)`, `y`. One workgroup a chunk; `logits`
/// `[vocab]`, `peaks` [[`chunks`]`(vocab)`].
#[kernel(
    workgroup = R::WIDTH, groups = params.vocab.div_ceil(CHUNK), tolerance(rel = 1e-5),
    requires(
        logits.len() >= params.vocab,
        peaks.len() >= params.vocab.div_ceil(CHUNK),
    )
)]
pub async fn chunk_peaks<R: Reduce>(
    chunk: WorkgroupId,
    lane: LocalIndex,
    params: &ChunkPeaksParams,
    logits: &Storage<f32>,
    peaks: &mut Storage<Vec2<f32>>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = chunk * CHUNK;
    let end = min(first + CHUNK, params.vocab);
    let mut own = LOWEST;
    for i in strided(first + lane, end, R::WIDTH) {
        own = max(own, logits[i]);
    }
    let greatest = R::max(own, lane, scratch).await;
    let mut mass = 0.0;
    for i in strided(first + lane, end, R::WIDTH) {
        mass += exp(logits[i] - greatest);
    }
    let sum = R::sum(mass, lane, scratch).await;
    if lane == 0 {
        peaks[chunk] = vec2(greatest, sum);
    }
}

/// Shape of [`fn@argmax`].
#[params]
pub struct ArgmaxParams {
    /// Logits, at most 2²⁴.
    pub vocab: u32,
    /// Where the token is written in `sampled`.
    pub slot: u32,
}

/// `sampled[slot]` = the token of the greatest logit, of equals the lowest. One workgroup.
#[kernel(
    workgroup = R::WIDTH, groups = 1,
    requires(
        params.vocab > 0,
        params.vocab <= 1 << 24,
        logits.len() >= params.vocab,
        peaks.len() >= params.vocab.div_ceil(CHUNK),
        sampled.len() > params.slot,
    )
)]
pub async fn argmax<R: Reduce>(
    lane: LocalIndex,
    params: &ArgmaxParams,
    logits: &Storage<f32>,
    peaks: &Storage<Vec2<f32>>,
    sampled: &mut Storage<u32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let chunks = (params.vocab + CHUNK - 1) / CHUNK;
    let mut own = LOWEST;
    for chunk in strided(lane, chunks, R::WIDTH) {
        own = max(own, peaks[chunk].x);
    }
    let greatest = R::max(own, lane, scratch).await;
    // Positions below 2²⁴ are exact in f32, so that the least is a reduction by max of their negatives.
    let mut least = f32(chunks - 1);
    for chunk in strided(lane, chunks, R::WIDTH) {
        if peaks[chunk].x == greatest {
            least = min(least, f32(chunk));
        }
    }
    let first = u32(-R::max(-least, lane, scratch).await) * CHUNK;
    let end = min(first + CHUNK, params.vocab);
    let mut token = f32(end - 1);
    for i in strided(first + lane, end, R::WIDTH) {
        if logits[i] == greatest {
            token = min(token, f32(i));
        }
    }
    let lowest = u32(-R::max(-token, lane, scratch).await);
    if lane == 0 {
        sampled[params.slot] = lowest;
    }
}

/// What [`fn@sample`] needs; [`SampleParams::new`] works it out.
#[params]
pub struct SampleParams {
    /// Logits, at most 2²⁴.
    pub vocab: u32,
    /// Where the token is written in `sampled`.
    pub slot: u32,
    /// Tokens of this run: the token to come has position `state[0] + run`, which is the random number's counter.
    pub run: u32,
    /// Seed of the random numbers.
    pub seed: u32,
    /// Likeliest tokens that stay; 0 keeps all.
    pub top_k: u32,
    /// Probability that the tokens which stay reach together; 1 keeps all.
    pub top_p: f32,
    /// Without top-k, logits further below the greatest than this are outside of top-p whatever the others are.
    pub top_p_reach: f32,
    /// Logits further below the greatest than this are outside of min-p.
    pub min_p_reach: f32,
    /// `1 / temperature`.
    pub inverse_temperature: f32,
}

impl SampleParams {
    /// `top_k` 0, `top_p` 1 and `min_p` 0 keep all tokens. The temperature is above 0: at 0 the choice is [`fn@argmax`]'s.
    pub fn new(vocab: u32, top_k: u32, top_p: f32, min_p: f32, temperature: f32) -> Self {
        let top_k = if top_k >= vocab { 0 } else { top_k };
        // The tokens d below the greatest have together at most vocab·exp(-d) times its probability, which is less than
        // 1 - top_p for d = ln(vocab / (1 - top_p)); twice that bounds the sums' rounding.
        let outside = (1.0 - f64::from(top_p)).max(1e-9);
        let top_p_reach = (2.0 * f64::from(vocab) / outside).ln() as f32;
        let min_p_reach = if min_p > 0.0 { -f64::from(min_p).ln() as f32 } else { f32::MAX };
        let inverse_temperature = (1.0 / f64::from(temperature)).clamp(0.0, 1e30) as f32;
        Self { vocab, slot: 0, run: 1, seed: 0, top_k, top_p, top_p_reach, min_p_reach, inverse_temperature }
    }

    /// With the seed of the random numbers.
    pub fn with_seed(self, seed: u32) -> Self {
        Self { seed, ..self }
    }

    /// With the number of tokens in the run.
    pub fn with_run(self, run: u32) -> Self {
        Self { run, ..self }
    }

    /// With the place of the token in `sampled`.
    pub fn with_slot(self, slot: u32) -> Self {
        Self { slot, ..self }
    }
}

/// An integer that orders as the number does: a negative number's bits inverted, another's with the sign bit set.
#[device]
pub fn order_key(value: f32) -> u32 {
    let bits = bitcast::<u32, _>(value);
    select(bits | 0x8000_0000, !bits, (bits >> 31) == 1)
}

/// One round of PCG (RXS-M-XS 32/32; O'Neill 2014, as Jarzynski and Olano 2020 use it): a hash of 32 bits.
#[device]
pub fn pcg(input: u32) -> u32 {
    let state = input * 747_796_405 + 2_891_336_453;
    let word = ((state >> ((state >> 28) + 4)) ^ state) * 277_803_737;
    (word >> 22) ^ word
}

/// A number in 0..1 from 24 bits, the same for the same seed and counter everywhere.
#[device]
pub fn unit_random(seed: u32, counter: u32) -> f32 {
    f32(pcg(counter + pcg(seed)) >> 8) * 5.960_464_5e-8
}

/// A lane's place in the sums of all lanes.
#[device]
pub struct Prefix {
    /// The sum of the lanes before.
    pub before: f32,
    /// The sum of all.
    pub total: f32,
}

/// The sum of the lanes before, and of all. Every lane adds in the same order, so the places never overlap.
#[device]
async fn prefix<R: Reduce>(own: f32, lane: u32, sums: &mut Workgroup<f32>) -> Prefix {
    sums[lane] = own;
    workgroup_barrier().await;
    let mut before = 0.0;
    let mut total = 0.0;
    for other in 0..R::WIDTH {
        if other == lane {
            before = total;
        }
        total += sums[other];
    }
    workgroup_barrier().await;
    Prefix { before, total }
}

/// `sampled[slot]` = a token drawn from the softmax of `logits / temperature` over the tokens that top-k, then top-p,
/// then min-p leave (llama.cpp's order). One workgroup, after [`fn@chunk_peaks`].
///
/// - Top-k keeps the logits not less than the k-th greatest, equals of it included.
/// - Top-p keeps the fewest likeliest whose softmax (over what top-k left, before the temperature) reaches `top_p`.
/// - Min-p keeps those at least `min_p` times as likely as the likeliest.
///
/// Thresholds are found by bisection over [`fn@order_key`]s, exactly, among the candidates: logits that the chunks' peaks
/// do not rule out. The draw inverts the cumulative distribution in the order of the tokens' ids.
///
/// `logits` `[vocab]`; `peaks` [[`chunks`]`(vocab)`]; `candidates` `[vocab]`, scratch: id and logit's bits.
#[kernel(workgroup = R::WIDTH, groups = 1)]
pub async fn sample<R: Reduce>(
    lane: LocalIndex,
    params: &SampleParams,
    state: &Storage<u32>,
    logits: &Storage<f32>,
    peaks: &Storage<Vec2<f32>>,
    candidates: &mut Storage<Vec2<u32>>,
    sampled: &mut Storage<u32>,
    #[len = R::WIDTH] sums: &mut Workgroup<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let chunks = (params.vocab + CHUNK - 1) / CHUNK;
    let mut own_peak = LOWEST;
    for chunk in strided(lane, chunks, R::WIDTH) {
        own_peak = max(own_peak, peaks[chunk].x);
    }
    let greatest = R::max(own_peak, lane, scratch).await;

    let top = order_key(greatest);

    // Candidates are the logits from `floor` on. As many logits as chunks reach the k-th greatest peak, k of them, so
    // the k-th greatest logit is not below it.
    let mut floor = 0u32;
    if params.top_k > 0 && params.top_k <= chunks {
        let mut high = top;
        for _ in 0..KEY_BITS {
            let middle = high - (high - floor) / 2;
            let mut count = 0.0;
            if floor < high {
                for chunk in strided(lane, chunks, R::WIDTH) {
                    count += f32(order_key(peaks[chunk].x) >= middle);
                }
            }
            let reached = R::sum(count, lane, scratch).await;
            if floor < high {
                if reached >= f32(params.top_k) {
                    floor = middle;
                } else {
                    high = middle - 1;
                }
            }
        }
    }
    if params.top_k == 0 && params.top_p < 1.0 {
        floor = order_key(greatest - params.top_p_reach);
    }
    let min_p_floor = order_key(max(greatest - params.min_p_reach, LOWEST));
    if params.top_p >= 1.0 && params.top_k == 0 {
        floor = min_p_floor;
    }

    // Each lane lists the candidates of its run of chunks, so that the list is in the order of the ids.
    let chunks_a_lane = (chunks + R::WIDTH - 1) / R::WIDTH;
    let first_chunk = min(lane * chunks_a_lane, chunks);
    let last_chunk = min(first_chunk + chunks_a_lane, chunks);
    let mut found = 0u32;
    for chunk in first_chunk..last_chunk {
        if order_key(peaks[chunk].x) >= floor {
            for i in chunk * CHUNK..min(chunk * CHUNK + CHUNK, params.vocab) {
                found += u32(order_key(logits[i]) >= floor);
            }
        }
    }
    let place = prefix::<R>(f32(found), lane, sums).await;
    let mut next = u32(place.before);
    let count = u32(place.total);
    for chunk in first_chunk..last_chunk {
        if order_key(peaks[chunk].x) >= floor {
            for i in chunk * CHUNK..min(chunk * CHUNK + CHUNK, params.vocab) {
                let logit = logits[i];
                if order_key(logit) >= floor {
                    candidates[next] = vec2(i, bitcast::<u32, _>(logit));
                    next += 1;
                }
            }
        }
    }
    storage_barrier().await;

    // Top-k: the greatest key that k candidates reach, or any that just k reach.
    let mut threshold = floor;
    if params.top_k > 0 {
        let mut high = top;
        for _ in 0..KEY_BITS {
            let middle = high - (high - threshold) / 2;
            let mut reaching = 0.0;
            if threshold < high {
                for i in strided(lane, count, R::WIDTH) {
                    reaching += f32(order_key(bitcast::<f32, _>(candidates[i].y)) >= middle);
                }
            }
            let reached = R::sum(reaching, lane, scratch).await;
            if threshold < high {
                if reached >= f32(params.top_k) {
                    threshold = middle;
                    if reached == f32(params.top_k) {
                        high = middle;
                    }
                } else {
                    high = middle - 1;
                }
            }
        }
    }

    // Top-p: the greatest key that candidates with enough mass reach.
    if params.top_p < 1.0 {
        let mut own_mass = 0.0;
        if params.top_k > 0 {
            for i in strided(lane, count, R::WIDTH) {
                let logit = bitcast::<f32, _>(candidates[i].y);
                if order_key(logit) >= threshold {
                    own_mass += exp(logit - greatest);
                }
            }
        } else {
            for chunk in strided(lane, chunks, R::WIDTH) {
                own_mass += peaks[chunk].y * exp(peaks[chunk].x - greatest);
            }
        }
        let needed = R::sum(own_mass, lane, scratch).await * params.top_p;
        let mut high = top;
        for _ in 0..KEY_BITS {
            let middle = high - (high - threshold) / 2;
            let mut reaching = 0.0;
            if threshold < high {
                for i in strided(lane, count, R::WIDTH) {
                    let logit = bitcast::<f32, _>(candidates[i].y);
                    if order_key(logit) >= middle {
                        reaching += exp(logit - greatest);
                    }
                }
            }
            let reached = R::sum(reaching, lane, scratch).await;
            if threshold < high {
                if reached >= needed {
                    threshold = middle;
                } else {
                    high = middle - 1;
                }
            }
        }
    }
    threshold = max(threshold, min_p_floor);

    // The draw: each lane sums its run of the list; the lane in whose part the number falls walks through it.
    let a_lane = (count + R::WIDTH - 1) / R::WIDTH;
    let first = min(lane * a_lane, count);
    let last = min(first + a_lane, count);
    let mut own = 0.0;
    for i in first..last {
        let logit = bitcast::<f32, _>(candidates[i].y);
        if order_key(logit) >= threshold {
            own += exp((logit - greatest) * params.inverse_temperature);
        }
    }
    let drawn = prefix::<R>(own, lane, sums).await;
    let target = unit_random(params.seed, state[0] + params.run) * drawn.total;
    if drawn.before <= target && target < drawn.before + own {
        let mut token = 0u32;
        let mut sum = drawn.before;
        for i in first..last {
            let logit = bitcast::<f32, _>(candidates[i].y);
            if order_key(logit) >= threshold {
                let mass = exp((logit - greatest) * params.inverse_temperature);
                // A rounding error may leave the sum short of the target: then the last with any mass stands.
                if mass > 0.0 && sum <= target {
                    token = candidates[i].x;
                }
                sum += mass;
            }
        }
        sampled[params.slot] = token;
    }
}

/// Shape of [`fn@advance`].
#[params]
pub struct AdvanceParams {
    /// Tokens of the run that ends.
    pub run: u32,
    /// Where the token stands in `sampled`.
    pub slot: u32,
    /// Elements of `history`.
    pub ring: u32,
}

/// Ends a run: the position moves on by its tokens; with `TOKEN`, the sampled token is the next input and is recorded at
/// its position. `state` `[8]`, `history` `[ring]`.
#[kernel(
    workgroup = 1, groups = 1,
    requires(
        state.len() >= 3,
        !TOKEN || sampled.len() > params.slot,
        !TOKEN || params.ring > 0,
        !TOKEN || history.len() >= params.ring,
    )
)]
pub fn advance<const TOKEN: bool>(
    params: &AdvanceParams,
    sampled: &Storage<u32>,
    state: &mut Storage<u32>,
    history: &mut Storage<u32>,
) {
    let position = state[0] + params.run;
    state[0] = position;
    if TOKEN {
        let token = sampled[params.slot];
        state[1] = token;
        state[2] += 1;
        history[position % params.ring] = token;
    }
}
