//! `#[storage]` structs in storage buffers and workgroup memory.

use kernel::prelude::*;

use super::{assert_wgsl, body, functions, validated};

#[storage]
pub struct Orbit {
    pub axis: Vec3<f32>,
    pub radii: [f32; 2],
}

#[storage]
pub struct Particle {
    pub mass: f32,
    pub position: Vec3<f32>,
    pub orbit: Orbit,
    pub bins: [u32; 4],
}

#[device]
fn heavier(particle: Particle, by: f32) -> Particle {
    let mut result = particle;
    result.mass += by;
    result
}

#[kernel(workgroup = 4, groups = 1)]
fn fields(lane: LocalIndex, x: &Storage<Particle>, y: &mut Storage<Particle>) {
    y[lane].mass = x[lane].mass * 2.0;
    y[lane].position.z = x[lane].orbit.radii[lane % 2];
    y[lane].orbit.axis = x[lane].position;
    y[lane].bins[lane] += 1;
    y[lane + 4] = heavier(x[lane], 1.0);
}

#[test]
fn a_field_of_an_element_is_read_and_assigned() {
    let wgsl = validated(fields::emit());
    let declared = wgsl.split_once("struct Uniforms").map(|(before, _)| before).unwrap_or_default();
    assert_wgsl(
        declared,
        "
        struct Orbit {
            axis: vec3<f32>,
            radii: array<f32, 2>,
        }

        struct Particle {
            mass: f32,
            position: vec3<f32>,
            orbit: Orbit,
            bins: array<u32, 4>,
        }
        ",
    );
    assert!(wgsl.contains("var<storage, read> x: array<Particle>;"), "{wgsl}");
    assert!(wgsl.contains("var<storage, read_write> y: array<Particle>;"), "{wgsl}");
    assert_wgsl(
        &body(fields::emit()),
        "
        y[local_invocation_index].mass = (x[local_invocation_index].mass * 2.0f);
        y[local_invocation_index].position.z = x[local_invocation_index].orbit.radii[(local_invocation_index % 2u)];
        y[local_invocation_index].orbit.axis = x[local_invocation_index].position;
        y[local_invocation_index].bins[local_invocation_index] += 1u;
        y[(local_invocation_index + 4u)] = heavier(x[local_invocation_index], 1.0f);
        ",
    );
    assert_wgsl(
        &functions(fields::emit()),
        "
        fn heavier(particle: Particle, by: f32) -> Particle {
            var result: Particle = particle;
            result.mass += by;
            return result;
        }
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn made(y: &mut Storage<Orbit>) {
    y[0] = Orbit { radii: [1.0f32; 2], axis: vec3(1.0, 2.0, 3.0) };
    y[1] = Orbit::new(vec3(4.0, 5.0, 6.0), y[0].radii);
}

#[test]
fn a_literal_and_new_give_the_fields_in_their_order() {
    assert_wgsl(
        &body(made::emit()),
        "
        y[0i] = Orbit(vec3(1.0f, 2.0f, 3.0f), array<f32, 2>(1.0f, 1.0f));
        y[1i] = Orbit(vec3(4.0f, 5.0f, 6.0f), y[0i].radii);
        ",
    );
}

#[kernel(workgroup = 4, groups = 1)]
async fn shared(lane: LocalIndex, y: &mut Storage<f32>, #[len = 4] tile: &mut Workgroup<Particle>) {
    tile[lane].mass = f32(lane);
    workgroup_barrier().await;
    y[lane] = tile[3 - lane].mass;
}

#[test]
fn workgroup_memory_holds_structs() {
    let variant = shared::emit();
    assert_eq!(variant.workgroup_bytes, 4 * 80);
    assert!(variant.wgsl.contains("var<workgroup> tile: array<Particle, 4>;"), "{}", variant.wgsl);
    assert_wgsl(
        &body(variant),
        "
        tile[local_invocation_index].mass = f32(local_invocation_index);
        workgroupBarrier();
        y[local_invocation_index] = tile[(3u - local_invocation_index)].mass;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn costs(x: &Storage<Particle>, y: &mut Storage<Particle>) {
    y[0].mass = x[0].orbit.radii[1];
    y[1] = x[1];
}

#[test]
fn a_field_costs_its_own_bytes() {
    let variant = costs::emit();
    assert_eq!((variant.bytes_read.as_str(), variant.bytes_written.as_str()), ("84", "84"));
}
