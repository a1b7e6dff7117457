//! Every variant's module, layouts and pipeline on wgpu's `noop` backend, which validates as a real device does and needs
//! no GPU: with WebGPU's default limits, and with those of older devices.

use std::collections::BTreeSet;

use kernel::gpu::{Gpu, GpuError, GpuOptions};
use kernel::variant::{Access, Binding, CostCard, KernelTable, Proof, VariantDesc, WgslVariant};

/// A variant of a kernel that reads one buffer.
const REAL: WgslVariant = WgslVariant {
    key: "real",
    wgsl: "",
    subgroups: false,
    f16: false,
    cooperative_matrix: None,
    workgroup_size: 1,
    workgroup_bytes: 0,
    uniform_bytes: 16,
    bindings: &[Binding { name: "y", access: Access::Read, element: "u32", stride: 4, is_read: true }],
    cost: CostCard { bytes_read: "0", bytes_written: "0", operations: "0" },
    tolerance: None,
    requires: &[],
    proof: Proof::Unproven(&[]),
};

/// A device that has every feature and these limits, and does nothing.
fn noop(limits: wgpu::Limits, table: KernelTable) -> Gpu {
    let noop = wgpu::NoopBackendOptions { limits: Some(limits.clone()), ..wgpu::NoopBackendOptions::enabled() };
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::NOOP,
        backend_options: wgpu::BackendOptions { noop, ..Default::default() },
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))
        .expect("the noop adapter is always there");
    let descriptor = wgpu::DeviceDescriptor {
        // wgpu gives what is experimental to those alone who say that they know.
        required_features: (GpuOptions::FEATURES & adapter.features()) - wgpu::Features::all_experimental_mask(),
        required_limits: limits,
        ..Default::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("it has what it lists");
    Gpu::from_wgpu(&adapter, device, queue, table)
}

fn desc(variant: &WgslVariant) -> VariantDesc {
    let bindings: Vec<Access> = variant.bindings.iter().map(|binding| binding.access).collect();
    VariantDesc {
        key: variant.key.to_owned(),
        bindings: bindings.leak(),
        uniform_bytes: variant.uniform_bytes,
        workgroup_size: variant.workgroup_size,
    }
}

/// Makes every variant's pipeline; kernels that exceed a limit come back with its name.
fn beyond(limits: wgpu::Limits) -> BTreeSet<(String, &'static str)> {
    let table = kernel::emit::table(kernels_src::variants());
    let gpu = noop(limits, table);
    let mut beyond = BTreeSet::new();
    let mut made = 0;
    for variant in table.0 {
        match gpu.prepare(&desc(variant)) {
            Ok(()) => made += 1,
            Err(GpuError::OverLimit { key, name, .. }) => {
                beyond.insert((key.split('<').next().unwrap_or_default().to_owned(), name));
            }
            // Native alone has them; wgpu counts them as experimental.
            Err(GpuError::MissingFeature { feature, .. }) if feature.contains("cooperative") => {
                eprintln!("SKIPPED {}: {feature}", variant.key);
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(made > 0, "no pipeline was made");
    beyond
}

#[test]
fn every_variant_is_valid_with_webgpus_default_limits() {
    assert_eq!(beyond(wgpu::Limits::default()), BTreeSet::new());
}

#[test]
fn the_kernels_that_exceed_older_devices_are_these() {
    let (buffers, memory) = ("maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize");
    let expected = [
        ("adamw", buffers),
        ("add_rms_norm", buffers),
        ("attend_backward_kv", buffers),
        ("attend_backward_q", buffers),
        ("attend_decode", buffers),
        ("attend_prefill", buffers),
        ("attend_training", buffers),
        ("cross_entropy_backward", buffers),
        ("cross_entropy_piece", buffers),
        ("gate_up", buffers),
        ("geglu_backward", buffers),
        // 16 KiB, of which those devices have 16,352 bytes.
        ("gemm", memory),
        ("gemm_transposed", memory),
        ("low_rank_fused", buffers),
        ("ple_gate", buffers),
        ("qk_norm_rope", buffers),
        ("qk_norm_rope_backward", buffers),
        ("qkv", buffers),
        ("row_wise_backward", buffers),
        ("row_wise_weight_backward", buffers),
        ("sample", buffers),
    ]
    .map(|(kernel, limit)| (kernel.to_owned(), limit));
    assert_eq!(beyond(wgpu::Limits::downlevel_defaults()), BTreeSet::from(expected));
}

#[test]
fn the_noop_device_refuses_what_a_device_refuses() {
    let wrong = WgslVariant { wgsl: "@compute @workgroup_size(1) fn main() { let x = 1u << 40u; }", ..REAL };
    let gpu = noop(wgpu::Limits::default(), KernelTable(vec![wrong].leak()));
    let error = gpu.prepare(&desc(&wrong)).expect_err("a shift by 40 is no WGSL");
    assert!(matches!(error, GpuError::Compile { .. }), "{error}");
    // The layout says `read`, the shader writes.
    let writes = WgslVariant {
        wgsl: "@group(0) @binding(1) var<storage, read_write> y: array<u32>;
               @compute @workgroup_size(1) fn main() { y[0] = 1u; }",
        ..REAL
    };
    let gpu = noop(wgpu::Limits::default(), KernelTable(vec![writes].leak()));
    let error = gpu.prepare(&desc(&writes)).expect_err("the layout binds it for reading");
    assert!(matches!(error, GpuError::Compile { .. }), "{error}");
    // Pads that a shader has and its layout has not: the uniform block is longer than what is bound.
    let longer = WgslVariant {
        wgsl: "struct Block { groups: vec4<u32>, a: vec4<f32>, b: f32 }
               @group(0) @binding(0) var<uniform> block: Block;
               @group(0) @binding(1) var<storage, read> y: array<u32>;
               @compute @workgroup_size(1) fn main() { let x = block.b + f32(y[0]); }",
        uniform_bytes: 32,
        ..REAL
    };
    let gpu = noop(wgpu::Limits::default(), KernelTable(vec![longer].leak()));
    let error = gpu.prepare(&desc(&longer)).expect_err("32 bytes are bound, 48 are read");
    assert!(matches!(error, GpuError::Compile { .. }), "{error}");
}
