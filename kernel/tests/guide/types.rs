//! Structs in memory, masks, enums.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::prelude::*;

use crate::{Shown, excerpt};

/// What a buffer holds for each particle.
#[storage]
pub struct Particle {
    pub mass: f32,
    pub position: Vec3<f32>,
    pub hits: [u32; 2],
}

/// What becomes of a particle that leaves the box.
#[device]
pub enum Edge {
    Wrap,
    Clamp,
    Bounce,
}

#[params]
pub struct DriftParams {
    pub n: u32,
    pub edge: Edge,
    pub step: Vec3<f32>,
}

/// Where a particle is that left the box of side 1.
#[device]
pub fn inside(edge: Edge, at: Vec3<f32>) -> Vec3<f32> {
    let zero = vec3(0.0f32, 0.0, 0.0);
    let one = vec3(1.0f32, 1.0, 1.0);
    match edge {
        Edge::Wrap => fract(at),
        Edge::Clamp => clamp(at, zero, one),
        Edge::Bounce => select(select(at, -at, at < zero), one * 2.0 - at, at > one),
    }
}

/// Moves each particle, and counts where it meets the box.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn drift(id: GlobalId, params: &DriftParams, particles: &mut Storage<Particle>) {
    if id >= params.n {
        return;
    }
    let at = particles[id].position + params.step;
    if any(at < vec3(0.0, 0.0, 0.0)) {
        particles[id].hits[0] += 1;
    }
    if any(at > vec3(1.0, 1.0, 1.0)) {
        particles[id].hits[1] += 1;
    }
    particles[id].position = inside(params.edge, at);
}

/// Moves two particles.
fn moved(device: &Device, edge: Edge) -> Result<Vec<Particle>, DispatchError> {
    let first = Particle::new(1.0, vec3(0.5, 0.75, 0.25), [0; 2]);
    let second = Particle::new(2.0, vec3(0.25, 0.5, 0.5), [0; 2]);
    let mut particles = device.upload(&[first, second], "particles")?;
    let mut recorder = Recorder::new(device, "drift");
    let params = DriftParams { n: 2, edge, step: vec3(0.0, 0.5, -0.5) };
    drift::Kernel::dispatch(&mut recorder, params, drift::Args { particles: &mut particles })?;
    recorder.run()?;
    pollster::block_on(device.read(&particles, 0..2))
}

/// What the page shows.
pub fn shown() -> Shown {
    let wgsl = drift::emit().wgsl;
    let device = Device::Cpu(CpuOptions::default());
    let wrapped = moved(&device, Edge::Wrap).expect("the kernel runs");
    vec![
        ("declarations", excerpt(&wgsl, "struct DriftParams", "const Edge_Bounce: u32 = 2u;")),
        ("inside", excerpt(&wgsl, "fn inside(", "return branch;") + "\n}"),
        ("moved", wrapped.iter().map(|particle| format!("{particle:?}")).collect::<Vec<_>>().join("\n")),
    ]
}

#[test]
fn an_enum_chooses_what_becomes_of_a_particle() {
    let device = Device::Cpu(CpuOptions::default());
    let at = |edge| -> Vec<_> {
        moved(&device, edge).expect("the kernel runs").iter().map(|particle| particle.position).collect()
    };
    assert_eq!(at(Edge::Wrap), [vec3(0.5, 0.25, 0.75), vec3(0.25, 0.0, 0.0)]);
    assert_eq!(at(Edge::Clamp), [vec3(0.5, 1.0, 0.0), vec3(0.25, 1.0, 0.0)]);
    assert_eq!(at(Edge::Bounce), [vec3(0.5, 0.75, 0.25), vec3(0.25, 1.0, 0.0)]);
}
