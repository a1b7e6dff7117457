//! Sampling against an f64 reference: the tokens that stay, the token that a random number picks, and the state's steps.

mod common;

use common::{cpu, devices, random, read, upload};
use kernel::dispatch::{Buffer, Device, Recorder};
use kernel::types::{Vec2, vec2};
use kernels_src::reduce::{Reduce, Subgroups, Tree};
use kernels_src::sampling::*;

/// Runs the reductions that a device has: one lane and a small tree on the CPU, the engine's on all.
macro_rules! for_each_reduction {
    (|$device:ident, $R:ident| $body:block) => {
        for $device in &devices() {
            if $device.is_cpu() {
                {
                    type $R = Tree<1>;
                    $body
                }
                {
                    type $R = Tree<64>;
                    $body
                }
            }
            {
                type $R = Tree<256>;
                $body
            }
            if $device.has_subgroups() || $device.is_cpu() {
                type $R = Subgroups<256>;
                $body
            }
        }
    };
}

fn peaks_of<R: Reduce>(device: &Device, recorder: &mut Recorder, logits: &Buffer<f32>) -> Buffer<Vec2<f32>> {
    let vocab = logits.len() as u32;
    let mut peaks = device.create(chunks(vocab) as usize, "peaks").unwrap();
    let args = chunk_peaks::Args { logits, peaks: &mut peaks };
    chunk_peaks::Kernel::<R>::dispatch(recorder, ChunkPeaksParams { vocab }, args).unwrap();
    peaks
}

fn greatest<R: Reduce>(device: &Device, logits: &[f32]) -> u32 {
    let vocab = logits.len() as u32;
    let logits = upload(device, logits);
    let mut sampled = upload(device, &[u32::MAX; 3]);
    let mut recorder = Recorder::new(device, "argmax");
    let peaks = peaks_of::<R>(device, &mut recorder, &logits);
    let args = argmax::Args { logits: &logits, peaks: &peaks, sampled: &mut sampled };
    argmax::Kernel::<R>::dispatch(&mut recorder, ArgmaxParams { vocab, slot: 1 }, args).unwrap();
    recorder.run().unwrap();
    let sampled = read(device, &sampled);
    assert_eq!((sampled[0], sampled[2]), (u32::MAX, u32::MAX), "only the slot is written");
    sampled[1]
}

/// Draws one token for each seed.
fn draws<R: Reduce>(device: &Device, logits: &[f32], params: SampleParams, position: u32, seeds: u32) -> Vec<u32> {
    let logits = upload(device, logits);
    let state = upload(device, &[position, 0, 0, 0, 0, 0, 0, 0]);
    let mut sampled = upload(device, &vec![u32::MAX; seeds as usize]);
    let mut candidates = upload(device, &vec![vec2(u32::MAX, u32::MAX); logits.len()]);
    let mut recorder = Recorder::new(device, "sample");
    let peaks = peaks_of::<R>(device, &mut recorder, &logits);
    for seed in 0..seeds {
        let args = sample::Args {
            state: &state,
            logits: &logits,
            peaks: &peaks,
            candidates: &mut candidates,
            sampled: &mut sampled,
        };
        sample::Kernel::<R>::dispatch(&mut recorder, params.with_seed(seed).with_slot(seed), args).unwrap();
    }
    recorder.run().unwrap();
    read(device, &sampled)
}

/// What the host asks for.
#[derive(Clone, Copy, Debug)]
struct Options {
    top_k: usize,
    top_p: f32,
    min_p: f32,
    temperature: f32,
}

impl Options {
    fn params(self, logits: &[f32]) -> SampleParams {
        SampleParams::new(logits.len() as u32, self.top_k as u32, self.top_p, self.min_p, self.temperature)
    }

    /// The tokens that llama.cpp's chain leaves, in the order of their ids, with their probabilities.
    fn survivors(self, logits: &[f32]) -> Vec<(u32, f64)> {
        let mut order: Vec<u32> = (0..logits.len() as u32).collect();
        let logit = |token: u32| f64::from(logits[token as usize]);
        order.sort_by(|a, b| logit(*b).total_cmp(&logit(*a)).then(a.cmp(b)));
        let greatest = logit(order[0]);
        if self.top_k > 0 && self.top_k < order.len() {
            let least = logit(order[self.top_k - 1]);
            order.retain(|token| logit(*token) >= least);
        }
        if self.top_p < 1.0 {
            let total: f64 = order.iter().map(|token| (logit(*token) - greatest).exp()).sum();
            let mut sum = 0.0;
            let reached = order.iter().position(|token| {
                sum += (logit(*token) - greatest).exp() / total;
                sum >= f64::from(self.top_p)
            });
            order.truncate(reached.map_or(order.len(), |last| last + 1));
        }
        if self.min_p > 0.0 {
            order.retain(|token| logit(*token) >= greatest + f64::from(self.min_p).ln());
        }
        order.sort_unstable();
        let mass = |token: u32| ((logit(token) - greatest) / f64::from(self.temperature)).exp();
        let total: f64 = order.iter().map(|token| mass(*token)).sum();
        order.into_iter().map(|token| (token, mass(token) / total)).collect()
    }

    /// Every drawn token is the one in whose part of the cumulative distribution the seed's number falls.
    fn check<R: Reduce>(self, device: &Device, logits: &[f32], position: u32, seeds: u32) {
        let survivors = self.survivors(logits);
        let run = 3;
        let drawn = draws::<R>(device, logits, self.params(logits).with_run(run), position, seeds);
        for (seed, token) in (0..seeds).zip(drawn) {
            let number = f64::from(unit_random(seed, position + run));
            let mut sum = 0.0;
            let part = survivors.iter().find_map(|(id, probability)| {
                let start = sum;
                sum += probability;
                (*id == token).then_some(start..sum)
            });
            let part = part.unwrap_or_else(|| panic!("{self:?}, seed {seed}: {token} was to be left out"));
            assert!(
                part.start - 1e-5 <= number && number <= part.end + 1e-5,
                "{self:?} by {}, seed {seed}: {token} has {part:?}, the number is {number}",
                std::any::type_name::<R>()
            );
        }
    }
}

const NO_FILTER: Options = Options { top_k: 0, top_p: 1.0, min_p: 0.0, temperature: 1.0 };

fn combinations() -> Vec<Options> {
    let mut all = Vec::new();
    for top_k in [0, 1, 2, 40, 300] {
        for top_p in [1.0, 0.95, 0.3] {
            for min_p in [0.0, 0.05] {
                all.push(Options { top_k, top_p, min_p, temperature: 0.7 });
            }
        }
    }
    // A temperature this high makes the tokens that stay equally likely, so that each is drawn.
    all.push(Options { top_k: 20, top_p: 0.9, min_p: 0.01, temperature: 1e6 });
    all
}

fn spread(seed: u64, len: usize, width: f32) -> Vec<f32> {
    random(seed, len).iter().map(|v| v * width).collect()
}

#[test]
fn argmax_finds_the_greatest_logit_of_any_vocabulary() {
    for_each_reduction!(|device, R| {
        for len in [1, 2, 255, 256, 257, 5000] {
            let logits = spread(len as u64, len, 30.0);
            let expected = (0..len).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
            assert_eq!(greatest::<R>(device, &logits), expected as u32, "{len} logits");
        }
    });
}

#[test]
fn argmax_takes_the_lowest_of_equal_logits() {
    for_each_reduction!(|device, R| {
        let mut logits = vec![-3.5; 1000];
        assert_eq!(greatest::<R>(device, &logits), 0);
        for tie in [999, 700, 513, 512] {
            logits[tie] = -1.0;
            assert_eq!(greatest::<R>(device, &logits), tie as u32);
        }
    });
}

#[test]
fn argmax_of_a_full_vocabulary_reaches_its_last_token() {
    for_each_reduction!(|device, R| {
        let mut logits = spread(1, 262_144, 1.0);
        logits[262_143] = 2.0;
        assert_eq!(greatest::<R>(device, &logits), 262_143);
    });
}

#[test]
fn every_combination_of_filters_draws_what_f64_draws() {
    let logits = spread(11, 700, 9.0);
    for_each_reduction!(|device, R| {
        for options in combinations() {
            options.check::<R>(device, &logits, 41, 24);
        }
    });
}

#[test]
fn all_tokens_that_stay_are_drawn_and_no_others() {
    let logits = spread(12, 700, 9.0);
    for options in [
        Options { top_k: 17, temperature: 1e6, ..NO_FILTER },
        Options { top_p: 0.8, temperature: 1e6, ..NO_FILTER },
        Options { min_p: 0.1, temperature: 1e6, ..NO_FILTER },
        Options { top_k: 40, top_p: 0.9, min_p: 0.02, temperature: 1e6 },
    ] {
        let expected: Vec<u32> = options.survivors(&logits).iter().map(|(token, _)| *token).collect();
        let mut drawn = draws::<Tree<1>>(&cpu(), &logits, options.params(&logits), 0, 3000);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn, expected, "{options:?}");
    }
}

#[test]
fn draws_have_the_softmax_of_the_logits_as_frequencies() {
    let logits = spread(13, 40, 2.0);
    let options = Options { temperature: 0.8, ..NO_FILTER };
    for device in devices() {
        let seeds = if device.is_cpu() { 20_000 } else { 4_000 };
        let drawn = if device.is_cpu() {
            draws::<Tree<1>>(&device, &logits, options.params(&logits), 7, seeds)
        } else {
            draws::<Tree<256>>(&device, &logits, options.params(&logits), 7, seeds)
        };
        let chi_square: f64 = options
            .survivors(&logits)
            .iter()
            .map(|(token, probability)| {
                let expected = probability * f64::from(seeds);
                (drawn.iter().filter(|drawn| *drawn == token).count() as f64 - expected).powi(2) / expected
            })
            .sum();
        // 39 degrees of freedom: mean 39, standard deviation 8.8.
        assert!(chi_square < 39.0 + 4.0 * 8.8, "χ² = {chi_square}");
    }
}

#[test]
fn a_full_vocabulary_is_sampled_exactly() {
    // Like a model's: most logits low, some hundred of them high.
    let mut logits: Vec<f32> = spread(14, 262_144, 4.0);
    for (at, value) in spread(15, 500, 3.0).into_iter().enumerate() {
        logits[(at * 7919) % 262_144] = 16.0 + value;
    }
    for_each_reduction!(|device, R| {
        for options in [
            Options { top_k: 64, top_p: 0.95, ..NO_FILTER },
            Options { top_k: 0, top_p: 0.95, min_p: 0.001, temperature: 0.9 },
            Options { top_k: 5000, top_p: 0.999, ..NO_FILTER },
            Options { min_p: 0.05, ..NO_FILTER },
            NO_FILTER,
        ] {
            options.check::<R>(device, &logits, 1000, 2);
        }
    });
}

#[test]
fn equals_of_the_kth_logit_stay_and_masked_logits_do_not() {
    let mut logits = vec![1.0; 300];
    logits[10] = f32::NEG_INFINITY;
    for_each_reduction!(|device, R| {
        Options { top_k: 3, ..NO_FILTER }.check::<R>(device, &logits, 0, 20);
    });
}

#[test]
fn the_same_seed_draws_the_same_token_and_another_position_another() {
    let logits = vec![0.0; 10_000];
    let params = NO_FILTER.params(&logits);
    let first = draws::<Tree<1>>(&cpu(), &logits, params, 5, 50);
    assert_eq!(first, draws::<Tree<1>>(&cpu(), &logits, params, 5, 50));
    let other = draws::<Tree<1>>(&cpu(), &logits, params, 6, 50);
    let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
    assert!(same < 3, "{same} of 50 draws from 10,000 equal tokens agree");
}

#[test]
fn a_repeated_token_is_penalised_once() {
    let vocab = 9u32;
    let before = [2.0, -2.0, 3.0, 4.0, -5.0, 0.0, 7.0, 8.0, 9.0];
    for device in devices() {
        // A ring of 6: positions 6 and 7 have overwritten 0 and 1. The run's last token has position 7.
        let (ring, state) = (6, upload(&device, &[5, 0, 0, 0, 0, 0, 0, 0]));
        let history = upload(&device, &[1, 4, 3, 0, 1, 99]);
        for (count, penalised) in [(1, vec![4]), (3, vec![4, 1]), (4, vec![4, 1]), (100, vec![4, 1, 0, 3])] {
            let mut logits = upload(&device, &before);
            let params = RepeatPenaltyParams { vocab, run: 3, count, ring, penalty: 2.0 };
            let mut recorder = Recorder::new(&device, "repeat_penalty");
            let args = repeat_penalty::Args { state: &state, history: &history, logits: &mut logits };
            repeat_penalty::Kernel::<64>::dispatch(&mut recorder, params, args).unwrap();
            recorder.run().unwrap();
            let mut expected = before;
            for token in penalised {
                let logit: &mut f32 = &mut expected[token];
                *logit = if *logit > 0.0 { *logit / 2.0 } else { *logit * 2.0 };
            }
            assert_eq!(read(&device, &logits), expected, "the last {count}");
        }
    }
}

#[test]
fn a_short_history_is_not_read_beyond_its_start() {
    for device in devices() {
        let state = upload(&device, &[0, 0, 0, 0, 0, 0, 0, 0]);
        let history = upload(&device, &[2, 0, 0, 0]);
        let mut logits = upload(&device, &[8.0, 8.0, 8.0]);
        let params = RepeatPenaltyParams { vocab: 3, run: 1, count: 4, ring: 4, penalty: 4.0 };
        let mut recorder = Recorder::new(&device, "repeat_penalty");
        let args = repeat_penalty::Args { state: &state, history: &history, logits: &mut logits };
        repeat_penalty::Kernel::<64>::dispatch(&mut recorder, params, args).unwrap();
        recorder.run().unwrap();
        assert_eq!(read(&device, &logits), [8.0, 8.0, 2.0]);
    }
}

#[test]
fn advance_moves_the_position_and_makes_the_sampled_token_the_next_input() {
    for device in devices() {
        let mut state = upload(&device, &[10, 7, 4, 0, 0, 0, 0, 0]);
        let mut history = upload(&device, &[0; 8]);
        let sampled = upload(&device, &[1, 55]);
        let params = AdvanceParams { run: 5, slot: 1, ring: 8 };
        let mut recorder = Recorder::new(&device, "advance");
        let args = advance::Args { sampled: &sampled, state: &mut state, history: &mut history };
        advance::Kernel::<true>::dispatch(&mut recorder, params, args).unwrap();
        let args = advance::Args { sampled: &sampled, state: &mut state, history: &mut history };
        advance::Kernel::<false>::dispatch(&mut recorder, AdvanceParams { run: 2, ..params }, args).unwrap();
        recorder.run().unwrap();
        assert_eq!(read(&device, &state), [17, 55, 5, 0, 0, 0, 0, 0]);
        assert_eq!(read(&device, &history), [0, 0, 0, 0, 0, 0, 0, 55]);
    }
}
