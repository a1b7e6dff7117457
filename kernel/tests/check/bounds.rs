//! Indices outside of their memory.

use kernel::prelude::*;

use crate::{at, mistake};

#[params]
struct Shape {
    n: u32,
}

/// Adds each element's right neighbour; `n` is the length, so that the last one has none: an index too far.
#[kernel(workgroup = 4, groups = params.n.div_ceil(4))]
fn add_neighbour(id: GlobalId, params: &Shape, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = x[id] + x[id + 1];
    }
}

#[test]
fn an_index_one_too_far_names_the_buffer_its_length_and_the_line() {
    let message = mistake(|trial| {
        let (x, mut y) = (trial.random("x", 6)?, trial.output("y", 6)?);
        add_neighbour::Kernel::dispatch(trial, Shape { n: 6 }, add_neighbour::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let line = at!("x[id + 1]");
    assert_eq!(
        message,
        format!(
            "`add_neighbour`: index 6 is outside of `x`, which has 6 elements: invocation 1 of workgroup 1 reads it at \
             {line} (phase 0)"
        )
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn write_before(lane: LocalIndex, y: &mut Storage<u32>) {
    y[i32(lane) - 1] = 1;
}

#[test]
fn an_index_below_zero_is_out_of_bounds() {
    let message = mistake(|trial| {
        let mut y = trial.output("y", 2)?;
        write_before::Kernel::dispatch(trial, (), write_before::Args { y: &mut y })?;
        Ok(())
    });
    let line = at!("y[i32(lane) - 1]");
    assert_eq!(
        message,
        format!(
            "`write_before`: index below 0 is outside of `y`, which has 2 elements: invocation 0 of workgroup 0 writes it \
             at {line} (phase 0)"
        )
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn read_behind(params: &Shape, words: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = words[params.n];
}

#[test]
fn one_word_behind_a_buffer_of_words_may_be_read_and_no_more() {
    let read = |behind: u32| {
        kernel::check(move |trial| {
            let (words, mut y) = (trial.input("words", &[7, 8])?, trial.output("y", 1)?);
            let params = Shape { n: 2 + behind };
            read_behind::Kernel::dispatch(trial, params, read_behind::Args { words: &words, y: &mut y })?;
            Ok(())
        })
    };
    read(0).unwrap();
    let message = read(1).unwrap_err().to_string();
    assert!(message.contains("index 3 is outside of `words`, which has 2 elements"), "{message}");
}
