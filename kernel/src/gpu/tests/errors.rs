//! What a caller is told when something cannot work.
use super::*;

/// The error of recording one dispatch of `desc` on a buffer of one word.
fn refusal(gpu: &Gpu, desc: &VariantDesc) -> GpuError {
    let y = words(gpu, &[0]);
    PlanBuilder::new(gpu, "refused").record(desc, &amount(0), &[&y], 1).unwrap_err()
}

#[test]
fn an_adapter_that_is_not_there_is_answered_with_those_that_are() {
    let selection = AdapterSelection::Named("no such adapter".into());
    let error = pollster::block_on(Gpu::request(&selection, TABLE, GpuOptions::default())).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("no GPU adapter fits the name \"no such adapter\"; found: "), "{message}");
    for adapter in pollster::block_on(Gpu::adapters()) {
        assert!(message.contains(&adapter.to_string()), "{message}");
    }
}

#[test]
fn an_adapter_is_found_by_a_part_of_its_name_in_any_case() {
    let name = gpu().info().name.clone();
    let part = name[..name.len() / 2].to_uppercase();
    let selection = AdapterSelection::Named(part);
    let found = pollster::block_on(Gpu::request(&selection, TABLE, GpuOptions::default())).unwrap();
    assert_eq!(found.info().name, name);
}

#[test]
fn limits_that_the_adapter_lacks_are_named() {
    let limits = wgpu::Limits { max_compute_workgroup_storage_size: u32::MAX, ..Default::default() };
    let options = GpuOptions { limits: LimitChoice::Custom(Box::new(limits)), ..Default::default() };
    let error = pollster::block_on(Gpu::request(&AdapterSelection::Default, TABLE, options)).unwrap_err();
    assert!(error.to_string().contains("max_compute_workgroup_storage_size"), "{error}");
}

#[test]
fn a_buffer_over_the_limits_is_refused_with_both_limits() {
    let gpu = gpu_with(GpuOptions { limits: LimitChoice::WebGpuDefaults, ..Default::default() });
    assert_eq!(gpu.max_buffer_bytes(), (128 << 20) - 4);
    let error = gpu.create(128 << 20, "huge").unwrap_err();
    assert_eq!(
        error.to_string(),
        "buffer huge of 134217728 bytes is too large: this device allows buffers of 268435456 bytes, bound as storage \
         up to 134217728 bytes (4 bytes of each are kept as slack)"
    );
}

#[test]
fn the_largest_buffer_can_be_bound() {
    let gpu = gpu_with(GpuOptions { limits: LimitChoice::WebGpuDefaults, ..Default::default() });
    let buffer = gpu.create(gpu.max_buffer_bytes(), "largest").unwrap();
    let mut builder = PlanBuilder::new(&gpu, "largest");
    builder.record(&desc(&ADD), &amount(3), &[&buffer], 1).unwrap();
    gpu.submit(&builder.finish().unwrap()).unwrap();
    assert_eq!(pollster::block_on(gpu.read(&buffer, 0..1)).unwrap(), [3]);
}

#[test]
fn an_unlisted_variant_is_named() {
    let unlisted = VariantDesc { key: "add<f64>".into(), ..desc(&ADD) };
    let error = refusal(&gpu(), &unlisted);
    assert_eq!(error.to_string(), "kernel variant `add<f64>` is not in the `variants!` list");
}

#[test]
fn a_table_older_than_its_kernel_is_noticed() {
    let gpu = gpu();
    let stale = |what| GpuError::StaleTable { key: "add".into(), what };
    let read = VariantDesc { bindings: &[Access::Read], ..desc(&ADD) };
    assert_eq!(refusal(&gpu, &read), stale("bindings"));
    let longer = VariantDesc { uniform_bytes: 36, ..desc(&ADD) };
    assert_eq!(refusal(&gpu, &longer), stale("params"));
    let wider = VariantDesc { workgroup_size: 2, ..desc(&ADD) };
    assert_eq!(refusal(&gpu, &wider), stale("workgroup size"));
}

#[test]
fn a_feature_that_the_device_lacks_is_named() {
    let gpu = gpu_with(GpuOptions { features: wgpu::Features::empty(), ..Default::default() });
    for (variant, feature) in [(&SUBGROUP_SUM, "subgroups"), (&HALF, "f16")] {
        let expected = GpuError::MissingFeature { key: variant.key.into(), feature, adapter: gpu.info().to_string() };
        assert_eq!(refusal(&gpu, &desc(variant)), expected);
        assert_eq!(gpu.supports(&desc(variant)), Err(expected));
    }
}

#[test]
fn a_variant_over_the_devices_limits_says_by_how_much() {
    let gpu = gpu_with(GpuOptions { limits: LimitChoice::WebGpuDefaults, ..Default::default() });
    assert_eq!(
        refusal(&gpu, &desc(&LARGE)).to_string(),
        "kernel variant `large` uses 1073741824 bytes of workgroup memory, the device allows 16384 \
         (maxComputeWorkgroupStorageSize)"
    );
    assert_eq!(
        refusal(&gpu, &desc(&WIDE)).to_string(),
        "kernel variant `wide` uses 1048576 invocations in a workgroup, the device allows 256 \
         (maxComputeInvocationsPerWorkgroup)"
    );
}

#[test]
fn a_shader_that_does_not_compile_is_named_with_the_compilers_words() {
    let error = refusal(&gpu(), &desc(&BROKEN));
    let GpuError::Compile { key, message } = &error else { panic!("{error}") };
    assert_eq!(key, "broken");
    assert!(message.contains("no_such_function"), "{message}");
}

#[test]
fn buffers_and_params_must_be_those_of_the_kernel() {
    let gpu = gpu();
    let y = words(&gpu, &[0]);
    let mut builder = PlanBuilder::new(&gpu, "wrong");
    assert_eq!(
        builder.record(&desc(&ADD), &amount(0), &[&y, &y], 1),
        Err(GpuError::BufferCount { key: "add".into(), expected: 1, given: 2 })
    );
    assert_eq!(
        builder.record(&desc(&ADD), &[0; 20], &[&y], 1),
        Err(GpuError::ParamsSize { key: "add".into(), expected: 16, given: 20 })
    );
    let plan = builder.finish().unwrap();
    assert_eq!(plan.set_params(StepId(0), &amount(0)), Err(GpuError::UnknownStep { step: 0, steps: 0 }));
}

#[test]
fn a_written_buffer_is_bound_once() {
    let gpu = gpu();
    let y = words(&gpu, &[0]);
    let error = PlanBuilder::new(&gpu, "alias").record(&desc(&ADD_TO), &amount(0), &[&y, &y], 1);
    assert_eq!(error, Err(GpuError::Aliased { key: "add_to".into(), label: "words".into(), first: 1, second: 2 }));
}

#[test]
fn an_error_that_nobody_caught_is_returned_once_by_the_next_call() {
    let gpu = gpu();
    let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::STORAGE;
    let descriptor = wgpu::BufferDescriptor { label: Some("odd"), size: 4, usage, mapped_at_creation: false };
    drop(gpu.device().create_buffer(&descriptor));
    assert!(matches!(gpu.create(4, "next"), Err(GpuError::Validation { .. })));
    assert!(gpu.create(4, "after").is_ok());
}

#[test]
fn a_lost_device_is_reported_by_every_later_call() {
    let gpu = gpu();
    let buffer = words(&gpu, &[1]);
    gpu.device().destroy();
    let lost = |result: Result<Vec<u8>, GpuError>| matches!(result, Err(GpuError::DeviceLost { .. }));
    assert!(lost(pollster::block_on(gpu.read(&buffer, 0..4))));
    assert!(lost(gpu.write(&buffer, 0, &[0; 4]).map(|()| Vec::new())));
    assert!(lost(pollster::block_on(gpu.idle()).map(|()| Vec::new())));
}
