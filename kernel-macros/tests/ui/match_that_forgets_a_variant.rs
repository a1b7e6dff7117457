use kernel::prelude::*;

#[device]
pub enum Mode {
    Linear,
    Square,
    Cube,
}

#[params]
pub struct PowerParams {
    pub mode: Mode,
}

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(params: &PowerParams, y: &mut Storage<f32>) {
    match params.mode {
        Mode::Linear => {}
        Mode::Square => y[0] = y[0] * y[0],
    }
}

fn main() {}
