// map_backward<Activated<GeluErf>, 256> | features:
struct ElementwiseParams {
    n: u32,
    factor: f32,
}

struct MapValueGradient {
    x: f32,
}

struct ActivationValueGradient {
    u: f32,
}

struct NormalCdfGradient {
    u: f32,
}

struct Uniforms {
    groups: u32,
    row: u32,
    unused0: u32,
    unused1: u32,
    params: ElementwiseParams,
}

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

fn normal_cdf(u: f32) -> f32 {
    let x_1 = (abs(u) * 0.70710677f);
    let t = (1.0f / (1.0f + (0.3275911f * x_1)));
    let polynomial = (t * (0.2548296f + (t * ((-0.28449672f) + (t * (1.4214138f + (t * ((-1.4531521f) + (t * 1.0614054f)))))))));
    let bounded = min(x_1, 9.0f);
    let tail = ((0.5f * polynomial) * exp((-(bounded * bounded))));
    return select(tail, (1.0f - tail), (u >= 0.0f));
}

fn normal_density(u: f32) -> f32 {
    let bounded = clamp(u, (-14.0f), 14.0f);
    return (0.3989423f * exp((((-0.5f) * bounded) * bounded)));
}

fn normal_cdf_gradient(u: f32, dy: f32) -> NormalCdfGradient {
    return NormalCdfGradient((dy * normal_density(u)));
}

fn GeluErf_value_gradient(u: f32, dy: f32) -> ActivationValueGradient {
    let v = normal_cdf(u);
    let g = normal_cdf_gradient(u, (dy * u));
    return ActivationValueGradient(((dy * v) + g.u));
}

fn Activated_GeluErf_value_gradient(x_1: f32, factor: f32, dy: f32) -> MapValueGradient {
    let g = GeluErf_value_gradient(x_1, dy);
    return MapValueGradient(g.u);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>, @builtin(local_invocation_index) local_invocation_index: u32) {
    let group = workgroup_id.y * uniforms.row + workgroup_id.x;
    if group >= uniforms.groups {
        return;
    }
    if ((group * 256u + local_invocation_index) >= uniforms.params.n) {
        return;
    }
    d[(group * 256u + local_invocation_index)] = Activated_GeluErf_value_gradient(x[(group * 256u + local_invocation_index)], uniforms.params.factor, d[(group * 256u + local_invocation_index)]).x;
}
