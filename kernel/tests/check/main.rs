//! Planted mistakes, each caught by a checked run that says what is wrong, where, and who does it.

mod bounds;
mod divergence;
mod races;
mod schedules;
mod structs;
mod values;

use kernel::dispatch::DispatchError;
use kernel::trial::Trial;

/// What the check says of a trial that is wrong, without the circumstances.
fn mistake(case: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> String {
    let message = kernel::check(case).expect_err("the kernel is wrong").to_string();
    message.split(" [").next().map(str::to_owned).unwrap_or_default()
}

/// `file:line:column` of a text that stands once in a source.
fn place(file: &str, source: &str, text: &str) -> String {
    let lines = source.lines().zip(1..).filter(|(line, _)| !line.contains("at!("));
    let mut found = lines.filter_map(|(line, number)| Some((number, line.find(text)? + 1)));
    let (line, column) = found.next().expect("the source has this text");
    assert_eq!(found.next(), None, "`{text}` stands in {file} once");
    format!("{file}:{line}:{column}")
}

/// The place of a text in the file that this stands in.
#[macro_export]
macro_rules! at {
    ($text:literal) => {
        $crate::place(file!(), include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../", file!())), $text)
    };
}
