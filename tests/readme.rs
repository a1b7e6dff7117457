//! What the README shows is real: its Rust is the code below and runs, its WGSL is what is emitted, its error is what
//! the compiler prints.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::prelude::*;

#[params]
pub struct ScaleParams {
    pub n: u32,
    pub factor: f32,
}

/// `y = factor · x`, one invocation a value.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn scale(id: GlobalId, params: &ScaleParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = params.factor * x[id];
    }
}

kernel::variants! {
    /// The README's only variant.
    pub fn variants;
    scale;
}

fn dispatch(device: Device) -> Result<(), DispatchError> {
    let x = device.upload(&[1.0f32, 2.0, 3.0], "x")?;
    let mut y = device.create::<f32>(3, "y")?;
    let mut recorder = Recorder::new(&device, "example");
    scale::Kernel::dispatch(&mut recorder, ScaleParams { n: 3, factor: 2.0 }, scale::Args { x: &x, y: &mut y })?;
    recorder.run()?;
    assert_eq!(pollster::block_on(device.read(&y, 0..3))?, [2.0, 4.0, 6.0]);
    Ok(())
}

async fn ask() -> Result<String, engine::Error> {
    use engine::chat::{ChatOptions, Message};
    use engine::device::{Device, DeviceChoice};
    use engine::model::{LoadOptions, Model};
    use engine::sampling::SamplingOptions;
    use engine::session::{GenerateOptions, SessionOptions};
    use engine::source::FileSource;
    use futures_util::{StreamExt, pin_mut};
    use std::sync::Arc;

    let device = Device::open(&DeviceChoice::Auto).await?;
    let file = Arc::new(FileSource::open("models/tiny/tiny.gguf")?);
    let model = Model::load(file, LoadOptions::new(device)).await?;
    let mut session = model.session(SessionOptions::default())?;

    let question = [Message::user("What is Tobin's pet?")];
    let prompt = model.chat_template().encode(model.tokenizer(), &question, &ChatOptions::default())?;
    let options = GenerateOptions { sampling: SamplingOptions::GREEDY, ..GenerateOptions::default() };
    let answer = session.generate(&prompt, options);
    pin_mut!(answer);
    let (mut decoder, mut text) = (model.tokenizer().decoder(), String::new());
    while let Some(token) = answer.next().await {
        text += &decoder.push(token?);
    }
    text += &decoder.finish();
    assert_eq!(text, "Tobin has a parrot.");
    Ok(text)
}

/// The README's code blocks in a language, without indentation.
fn blocks(language: &str) -> Vec<String> {
    let readme = include_str!("../README.md");
    let opening = format!("```{language}\n");
    readme.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).map(unindented).collect()
}

fn unindented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n").trim().into()
}

#[test]
fn the_kernel_and_its_dispatch_are_the_code_above() {
    let here = unindented(include_str!("readme.rs"));
    let rust = blocks("rust");
    assert!(here.contains(&rust[0]), "the README's kernel is not this file's:\n{}", rust[0]);
    assert!(here.contains(&rust[1]), "the README's dispatch is not this file's:\n{}", rust[1]);
}

#[test]
fn the_program_that_asks_a_model_is_the_code_above_and_gets_the_answer() {
    let here = unindented(include_str!("readme.rs"));
    let rust = blocks("rust");
    assert_eq!(rust.len(), 3);
    assert!(here.contains(&rust[2]), "the README's program is not this file's:\n{}", rust[2]);
    assert_eq!(pollster::block_on(ask()).unwrap(), "Tobin has a parrot.");
}

#[test]
fn the_error_is_what_the_compiler_prints() {
    let printed = unindented(include_str!("../kernel-macros/tests/ui/several_errors.stderr"));
    let shown = blocks("text");
    assert!(shown.contains(&printed), "printed:\n{printed}\nin the README:\n{shown:?}");
}

#[test]
fn the_demonstrations_answer_is_the_one_shown() {
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_gemmule")).args(["--device", "cpu"]).output().unwrap();
    let printed = String::from_utf8(program.stdout).unwrap();
    let conversation = |text: &str| {
        let lines: Vec<String> = text.lines().skip_while(|line| !line.starts_with("> ")).map(String::from).collect();
        lines[..2].join("\n")
    };
    let shown = blocks("console").remove(0);
    assert_eq!(conversation(&shown), conversation(&printed));
}

#[test]
fn the_wgsl_is_what_is_emitted() {
    let emitted = variants();
    assert_eq!(emitted.len(), 1);
    let shown = &blocks("wgsl")[0];
    assert!(unindented(&emitted[0].wgsl).contains(shown), "emitted:\n{}\nin the README:\n{shown}", emitted[0].wgsl);
}

#[test]
fn the_dispatch_runs() {
    dispatch(Device::Cpu(CpuOptions::default())).unwrap();
}
