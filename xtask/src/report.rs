//! Runs one step after the other, lets their output through, and sums up: time, outcome, and the test runners' counts.
//!
//! A failing step does not stop the next one: one run shows everything that is wrong.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything in it passed.
    Passed,
    /// It ran and something in it failed.
    Failed,
    /// It needs something that this machine lacks; counts as a failure, since not everything was tested.
    Lacking(String),
    /// It is an extra for those who have its tool; says how to get it.
    Optional(String),
}

/// Counts of the runner's own lines `test result: ok. 3 passed; 0 failed; ...`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were not run.
    pub ignored: u64,
}

impl Tally {
    /// Adds the counts of a runner's summary line; other lines change nothing.
    pub fn read_line(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

struct Line {
    name: String,
    outcome: Outcome,
    time: Duration,
    tally: Tally,
}

/// The steps that ran so far.
pub struct Report {
    root: PathBuf,
    begun: Instant,
    lines: Vec<Line>,
}

impl Report {
    /// An empty report of the workspace at `root`.
    pub fn new(root: PathBuf) -> Self {
        Report { root, begun: Instant::now(), lines: Vec::new() }
    }

    /// The workspace's folder, where every step runs.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs a command as a step; it passes when its exit status is 0.
    pub fn step(&mut self, name: &str, command: &mut Command) -> Outcome {
        self.measured(name, command, false)
    }

    /// Runs a command that runs tests; it passes when its exit status is 0 and at least one test ran, so that a filter
    /// that matches nothing cannot look like success.
    pub fn tests(&mut self, name: &str, command: &mut Command) -> Outcome {
        self.measured(name, command, true)
    }

    /// Writes down a step that was not run.
    pub fn not_run(&mut self, name: &str, outcome: Outcome) {
        if let Outcome::Lacking(why) | Outcome::Optional(why) = &outcome {
            println!("\n=== {name}: not run: {why}");
        }
        self.lines.push(Line { name: name.into(), outcome, time: Duration::ZERO, tally: Tally::default() });
    }

    fn measured(&mut self, name: &str, command: &mut Command, needs_tests: bool) -> Outcome {
        println!("\n=== {name}: {}", shown(command));
        let begun = Instant::now();
        let mut tally = Tally::default();
        if command.get_current_dir().is_none() {
            command.current_dir(&self.root);
        }
        let outcome = match streamed(command, &mut tally) {
            Ok(true) if needs_tests && tally.ran() == 0 => {
                println!("no test ran: the filter matches nothing");
                Outcome::Failed
            }
            Ok(true) => Outcome::Passed,
            Ok(false) => Outcome::Failed,
            Err(error) => {
                println!("{} could not be started: {error}", command.get_program().to_string_lossy());
                Outcome::Failed
            }
        };
        let time = begun.elapsed();
        println!(
            "=== {name}: {} in {:.1} s",
            if outcome == Outcome::Passed { "passed" } else { "FAILED" },
            time.as_secs_f64()
        );
        self.lines.push(Line { name: name.into(), outcome: outcome.clone(), time, tally });
        outcome
    }

    /// Prints the summary; success only when every step ran and passed.
    pub fn finish(self) -> ExitCode {
        println!("\n=== summary");
        let mut total = Tally::default();
        for line in &self.lines {
            let tests = if line.tally == Tally::default() {
                String::new()
            } else {
                format!("  {} passed, {} failed, {} ignored", line.tally.passed, line.tally.failed, line.tally.ignored)
            };
            let (word, why) = match &line.outcome {
                Outcome::Passed => ("passed", String::new()),
                Outcome::Failed => ("FAILED", String::new()),
                Outcome::Lacking(why) => ("LACKING", format!("  {why}")),
                Outcome::Optional(why) => ("skipped", format!("  {why}")),
            };
            println!("{word:>8}  {:>7.1} s  {}{tests}{why}", line.time.as_secs_f64(), line.name);
            total.passed += line.tally.passed;
            total.failed += line.tally.failed;
            total.ignored += line.tally.ignored;
        }
        let bad =
            self.lines.iter().filter(|line| matches!(line.outcome, Outcome::Failed | Outcome::Lacking(_))).count();
        println!(
            "{} steps, {bad} of them failed or not run; tests: {} passed, {} failed, {} ignored; {:.0} s in all",
            self.lines.len(),
            total.passed,
            total.failed,
            total.ignored,
            self.begun.elapsed().as_secs_f64()
        );
        if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs the command, passes its standard output on line by line and counts the runners' summaries in it.
fn streamed(command: &mut Command, tally: &mut Tally) -> std::io::Result<bool> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        let mut terminal = std::io::stdout();
        while reader.read_until(b'\n', &mut line)? > 0 {
            terminal.write_all(&line)?;
            tally.read_line(String::from_utf8_lossy(&line).trim_end());
            line.clear();
        }
    }
    Ok(child.wait()?.success())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let mut text = String::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            text.push_str(&format!("{}={} ", key.to_string_lossy(), value.to_string_lossy()));
        }
    }
    let program = Path::new(command.get_program());
    text.push_str(&program.file_name().unwrap_or_default().to_string_lossy());
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    if text.chars().count() > 200 {
        text = text.chars().take(197).collect::<String>() + "...";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_lines_of_the_runner_are_counted() {
        let mut tally = Tally::default();
        tally
            .read_line("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s");
        tally.read_line("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.read_line("test reads_a_header ... ok");
        assert_eq!(tally, Tally { passed: 7, failed: 2, ignored: 1 });
    }

    #[test]
    fn a_failing_command_is_a_failed_step() {
        let mut report = Report::new(std::env::temp_dir());
        assert_eq!(report.step("false", &mut Command::new("false")), Outcome::Failed);
        assert_eq!(report.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn a_test_step_in_which_no_test_ran_has_failed() {
        let mut report = Report::new(std::env::temp_dir());
        assert_eq!(report.tests("nothing", &mut Command::new("true")), Outcome::Failed);
        assert_eq!(report.step("nothing", &mut Command::new("true")), Outcome::Passed);
    }

    #[test]
    fn a_lacking_prerequisite_fails_the_run_and_an_optional_tool_does_not() {
        let mut report = Report::new(std::env::temp_dir());
        report.not_run("extra", Outcome::Optional("not installed".into()));
        assert_eq!(report.finish(), ExitCode::SUCCESS);
        let mut report = Report::new(std::env::temp_dir());
        report.not_run("GPU", Outcome::Lacking("no Vulkan driver".into()));
        assert_eq!(report.finish(), ExitCode::FAILURE);
    }
}
