//! Literals, operators, conversions, arrays, vectors, structs, constants.

use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
fn literals(x: &Storage<u32>, y: &mut Storage<f32>) {
    let a = 0.5;
    let b = 0xffu32;
    let minus = -1;
    let yes = true;
    y[0] = a * 2.0;
    y[1] = f32(b + x[0]);
    y[2] = f32(minus * i32(x[0]));
    y[3] = f32(yes && x[0] < 3);
}

#[kernel(workgroup = 1, groups = 1)]
fn variables(x: &Storage<u32>, y: &mut Storage<u32>) {
    let a = x[0];
    let mut b = a;
    b += a;
    b <<= 2;
    let a = b + 1;
    y[0] = a;
}

#[kernel(workgroup = 1, groups = 1)]
fn unsigned_arithmetic(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = x[0] - x[1];
    y[1] = x[0] * x[1];
    y[2] = x[0] / x[2];
    y[3] = x[0] % x[2];
    y[4] = !x[0] ^ (x[1] | 1) & 7;
}

#[kernel(workgroup = 1, groups = 1)]
fn signed_arithmetic(x: &Storage<i32>, y: &mut Storage<i32>) {
    y[0] = -x[0];
    y[1] = x[0] / x[1];
    y[2] = x[2] % x[3];
    y[3] = x[2] / x[3];
    y[4] = x[0] % x[1];
}

#[kernel(workgroup = 1, groups = 1)]
fn shifts(x: &Storage<i32>, y: &mut Storage<i32>) {
    let by = u32(x[1]);
    y[0] = x[0] >> by;
    y[1] = x[0] << by;
    y[2] = i32(bitcast::<u32, _>(x[0]) >> 28);
}

#[kernel(workgroup = 1, groups = 1)]
fn float_arithmetic(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = x[0] + x[1] * x[0];
    y[1] = x[0] / x[1] - x[1];
    y[2] = -x[0] % x[1];
}

#[kernel(workgroup = 1, groups = 1)]
fn conditions(x: &Storage<u32>, y: &mut Storage<u32>) {
    let low = x[0] < 3 && x[1] >= 4 || x[0] == x[1];
    y[0] = u32(low);
    y[1] = u32(!low);
    y[2] = u32(low & (x[0] != x[1]));
}

#[kernel(workgroup = 1, groups = 1)]
fn conversions(x: &Storage<f32>, y: &mut Storage<i32>) {
    y[0] = i32(x[0]);
    y[1] = x[1] as u32 as i32;
    y[2] = i32(f32(u32(x[2])) + 0.5);
}

#[kernel(workgroup = 1, groups = 1)]
fn local_array(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut ring = [1u32; 4];
    for i in 0..6u32 {
        ring[i % 4] += x[i];
    }
    y[0] = ring[0];
    y[1] = ring[x[0]];
}

#[kernel(workgroup = 1, groups = 1)]
fn vectors(x: &Storage<Vec4<f32>>, y: &mut Storage<Vec4<f32>>) {
    let mut v = x[0] * 2.0 + vec4(1.0, 2.0, 3.0, 4.0);
    v.x = v.y + splat4(1.0f32).w;
    v[3] = -1.0;
    v.z += 0.5;
    y[0] = v;
    y[1] = max(v, x[0]);
}

#[kernel(workgroup = 1, groups = 1)]
fn masks(x: &Storage<Vec4<f32>>, y: &mut Storage<Vec4<f32>>) {
    let low = x[0] < x[1];
    y[0] = select(x[0], x[1], low);
    y[1] = select(splat4(0.0f32), splat4(1.0f32), !low & (x[0] != x[1]) | (x[0] == splat4(3.0f32)));
    y[2] = vec4(f32(any(low)), f32(all(low)), f32(low.w), f32(all(x[0] == x[0])));
}

#[device]
struct Block {
    scale: f32,
    quants: Vec2<u32>,
}

#[device]
fn halved(block: Block) -> Block {
    Block { scale: block.scale * 0.5, quants: block.quants }
}

#[kernel(workgroup = 1, groups = 1)]
fn structs(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut block = Block { quants: vec2(1, 2), scale: x[0] };
    block.quants.y += 1;
    let block = halved(block);
    y[0] = block.scale * f32(block.quants.x + block.quants.y);
}

#[storage]
pub struct Particle {
    pub mass: f32,
    pub position: Vec3<f32>,
    pub bins: [u32; 3],
}

#[kernel(workgroup = 1, groups = 1)]
fn storage_structs(x: &Storage<Particle>, y: &mut Storage<Particle>) {
    let mut particle = x[0];
    particle.position += vec3(1.0, 2.0, 3.0);
    y[0] = particle;
    y[0].mass = x[1].mass * 2.0;
    y[0].bins[x[0].bins[0]] += 5;
    y[1] = Particle { bins: x[1].bins, mass: 0.5, position: x[0].position };
}

impl crate::Close for Particle {
    fn close(self, other: Self, _: i32) -> bool {
        self == other
    }
}

fn particle(mass: f32, bins: [u32; 3]) -> Particle {
    Particle::new(mass, vec3(0.0, 1.0, 2.0), bins)
}

const OFFSETS: [u32; 3] = [1, 2, 4];
const HALF: Vec2<f32> = Vec2::new(0.5, -0.5);

#[kernel(workgroup = 1, groups = 1)]
fn constants(x: &Storage<f32>, y: &mut Storage<f32>) {
    let offsets = OFFSETS;
    y[0] = x[0] + f32(offsets[u32(x[1])]);
    y[1] = dot(HALF, vec2(x[0], x[1]));
}

crate::rows! { "values.rs":
    literals "literals", [2u32] => [1.0f32, 257.0, -2.0, 1.0],
        "As in Rust: a literal has the type that its use infers, and WGSL gets it with its suffix.";
    variables "`let`, `let mut`, assignment", [3u32] => [25u32], "As in Rust; a name that is hidden gets a number.";
    unsigned_arithmetic "arithmetic of `u32`", [3u32, 5, 0]
            => [u32::MAX - 1, 15, 3, 0, !3 ^ 5],
        "Wraps. `a / 0` is `a`, `a % 0` is 0 (WGSL §8.7).";
    signed_arithmetic "arithmetic of `i32`", [i32::MIN, -1, 7, 0] => [i32::MIN, i32::MIN, 0, 7, 0],
        "Wraps. `i32::MIN / -1` is `i32::MIN`, with remainder 0.";
    shifts "shifts", [-256i32, 33] => [-128i32, -512, 15], "By the amount modulo 32; of `i32` to the right with the sign.";
    float_arithmetic "arithmetic of `f32`", [5.5f32, 2.0] => [16.5f32, 0.75, -1.5],
        "Rounded after every operation; a GPU may fuse `a * b + c`. `%` has the sign of the dividend.";
    conditions "`bool`", [2u32, 4] => [1u32, 0, 1], "`&&` and `||` evaluate the right side only where it matters.";
    conversions "conversions", [-2.9f32, 3e9, -1.0] => [-2i32, 3_000_000_000u32 as i32, 0],
        "Toward zero, and clamped to the type's range (WGSL §15.7.6).";
    local_array "local array", [1u32, 2, 3, 4, 5, 6] => [7u32, 9],
        "An index out of bounds stops the kernel with its line; a GPU reads or writes some other element.";
    vectors "vectors", [vec4(1.0f32, 2.0, 3.0, 4.0)]
            => [vec4(7.0f32, 6.0, 9.5, -1.0), vec4(7.0f32, 6.0, 9.5, 4.0)],
        "Componentwise, with a vector or with one number.";
    masks "vectors of `bool`", [vec4(1.0f32, 2.0, 3.0, f32::MAX), vec4(2.0f32, 1.0, 3.0, f32::MAX)]
            => [vec4(2.0f32, 2.0, 3.0, f32::MAX), vec4(0.0f32, 1.0, 1.0, 0.0), vec4(1.0f32, 0.0, 0.0, 1.0)],
        "Vectors are compared component by component; `if` wants `any(..)` or `all(..)` of them.";
    structs "structs", [3.0f32] => [6.0f32], "A value, copied as in Rust.";
    storage_structs "structs in memory", [particle(1.0, [2, 3, 4]), particle(2.0, [5, 6, 7])]
            => [Particle::new(4.0, vec3(1.0, 3.0, 5.0), [2, 3, 9]), particle(0.5, [5, 6, 7])],
        "`#[storage]` gives the struct WGSL's layout (§14.4.1); host code makes one with `Particle::new(..)`.";
    constants "constants", [1.0f32, 2.0] => [5.0f32, -0.5], "Evaluated by rustc; WGSL gets the value.";
}
