//! Prints where the time of a prefill and of a decode step goes, kernel by kernel, as the GPU's timestamps say.
//!
//! `cargo run --release -p gemmule-engine --example profile -- MODEL [POSITIONS]`

use std::error::Error;
use std::sync::Arc;

use engine::device::{Device, DeviceChoice};
use engine::model::{LoadOptions, Model};
use engine::session::{KernelTime, SessionOptions};
use engine::source::FileSource;
use engine::tokenizer::TokenId;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: profile MODEL [POSITIONS]")?;
    let positions: usize = arguments.next().map_or(Ok(512), |text| text.parse())?;
    let device = pollster::block_on(Device::open(&DeviceChoice::Gpu))?;
    let source = Arc::new(FileSource::open(path)?);
    let model = pollster::block_on(Model::load(source, LoadOptions::new(device)))?;
    let options = SessionOptions { context: Some(positions + 64), ..SessionOptions::default() };
    let mut session = model.session(options)?;
    show(&format!("prefill of {positions}"), &pollster::block_on(session.profile_chunk(positions))?);
    let prompt: Vec<TokenId> = (0..positions as u32).map(|id| TokenId(100 + id % 100)).collect();
    pollster::block_on(session.prefill(&prompt))?;
    show(&format!("decode at {positions}"), &pollster::block_on(session.profile_step())?);
    Ok(())
}

fn show(title: &str, kernels: &[KernelTime]) {
    let total: f64 = kernels.iter().map(|kernel| kernel.time.as_secs_f64()).sum();
    let dispatches: usize = kernels.iter().map(|kernel| kernel.dispatches).sum();
    println!("{title}: {:.3} ms in {dispatches} dispatches", total * 1e3);
    for kernel in kernels {
        let time = kernel.time.as_secs_f64();
        println!(
            "{:9.1} us {:5.1} % {:4} x {:7.1} us  {}",
            time * 1e6,
            100.0 * time / total,
            kernel.dispatches,
            time * 1e6 / kernel.dispatches as f64,
            kernel.key
        );
    }
}
