//! Dropout's rate, its scale, and its pattern.

mod common;

use common::{cpu, devices, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::dropout::{DropoutParams, dropout};
use kernels_src::sampling::pcg;

const N: usize = 20_000;

fn dropped<const ADD: bool>(device: &Device, seed: u32, probability: f32, y: f32) -> Vec<f32> {
    of_stream::<ADD>(device, (seed, 0x9e37_79b9), probability, y)
}

fn of_stream<const ADD: bool>(device: &Device, (seed, stream): (u32, u32), probability: f32, y: f32) -> Vec<f32> {
    let (x, mut y) = (upload(device, &[1.0f32; N]), upload(device, &vec![y; N]));
    let mut recorder = Recorder::new(device, "dropout");
    let params = DropoutParams { n: N as u32, seed, stream, probability };
    dropout::Kernel::<256, ADD>::dispatch(&mut recorder, params, dropout::Args { x: &x, y: &mut y }).unwrap();
    recorder.run().unwrap();
    read(device, &y)
}

#[test]
fn values_drop_out_at_the_rate_and_the_others_make_up_for_them() {
    for device in devices() {
        let y = dropped::<false>(&device, 3, 0.2, 0.0);
        assert!(y.iter().all(|value| *value == 0.0 || (value - 1.25).abs() < 1e-6));
        let rate = y.iter().filter(|value| **value == 0.0).count() as f64 / N as f64;
        // Four standard deviations of 20,000 draws.
        assert!((rate - 0.2).abs() < 4.0 * (0.2f64 * 0.8 / N as f64).sqrt(), "{rate}");
    }
}

#[test]
fn one_seed_gives_one_pattern_and_another_seed_another() {
    for device in devices() {
        let first = dropped::<false>(&device, 3, 0.5, 0.0);
        assert_eq!(first, dropped::<false>(&device, 3, 0.5, 0.0));
        let other = dropped::<false>(&device, 4, 0.5, 0.0);
        let same = first.iter().zip(&other).filter(|(a, b)| a == b).count() as f64 / N as f64;
        assert!((same - 0.5).abs() < 0.02, "{same} of the pattern is the same");
    }
}

/// Which values of a pattern stay, one in two.
fn pattern(seed: u32) -> Vec<bool> {
    dropped::<false>(&cpu(), seed, 0.5, 0.0).into_iter().map(|value| value != 0.0).collect()
}

/// The share of places at which two patterns are the same is one half, within five standard deviations.
fn independent(what: &str, a: &[bool], b: &[bool]) {
    let pairs = a.len().min(b.len()) as f64;
    let same = a.iter().zip(b).filter(|(a, b)| a == b).count() as f64 / pairs;
    assert!((same - 0.5).abs() < 5.0 * (0.25 / pairs).sqrt(), "{what}: {same} is the same");
}

#[test]
fn values_of_one_pattern_are_independent() {
    let pattern = pattern(77);
    for distance in [1, 2, 3, 4, 8, 16, 32, 64, 256, 1536] {
        independent(&format!("{distance} apart"), &pattern, &pattern[distance..]);
    }
}

#[test]
fn patterns_of_seeds_that_lie_close_are_independent_wherever_they_are_laid() {
    let patterns = [0, 1, 2, 3, 0x8000_0000, u32::MAX].map(|seed| (seed, pattern(seed)));
    for (i, (first, a)) in patterns.iter().enumerate() {
        for (second, b) in &patterns[i + 1..] {
            for distance in [0, 1, 2, 3] {
                independent(&format!("{first} and {second}, {distance} apart"), a, &b[distance..]);
            }
        }
    }
}

/// A pattern starts where its seed's hash says, so two seeds may start close to each other: their streams must tell them
/// apart there too.
#[test]
fn patterns_that_start_close_are_no_parts_of_each_other() {
    let mut starts: Vec<(u32, u32)> = (0..100_000u32).map(|seed| (pcg(seed), seed)).collect();
    starts.sort_unstable();
    let close = starts.windows(2).filter(|two| two[1].0 - two[0].0 < 1000).take(3);
    let streams = [(0, 1), (7, 0x8000_0007), (0x1234_5678, 0xfedc_ba98)];
    let mut compared = 0;
    for (two, (first, second)) in close.zip(streams) {
        let stays = |seed, stream| -> Vec<bool> {
            of_stream::<false>(&cpu(), (seed, stream), 0.5, 0.0).into_iter().map(|value| value != 0.0).collect()
        };
        let (a, b) = (stays(two[0].1, first), stays(two[1].1, second));
        independent(&format!("{two:?}"), &a[(two[1].0 - two[0].0) as usize..], &b);
        compared += 1;
    }
    assert_eq!(compared, 3, "seeds that start close were found");
}

#[test]
fn with_add_the_result_is_added() {
    for device in devices() {
        let plain = dropped::<false>(&device, 9, 0.5, 0.0);
        let added = dropped::<true>(&device, 9, 0.5, 10.0);
        assert!(plain.iter().zip(&added).all(|(plain, added)| (added - plain - 10.0).abs() < 1e-6));
    }
}
