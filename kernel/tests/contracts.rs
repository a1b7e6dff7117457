//! Contracts and declared limits: checked at every dispatch and every change of params, on every device, with the clause
//! and its values in the error.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder, Variant};
use kernel::gpu::{AdapterSelection, Gpu, GpuError, GpuOptions, LimitChoice};
use kernel::prelude::*;

#[params]
pub struct RowsParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
}

/// Doubles rows of values.
#[kernel(
    workgroup = W,
    groups = params.rows,
    requires(x.len() >= params.rows * params.n, y.len() >= x.len(), params.n % 4 == 0, !SCALED || s.len() >= params.n / 2)
)]
pub fn double<const W: u32, const SCALED: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RowsParams,
    x: &Storage<f32>,
    s: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    for i in strided(lane, params.n, W) {
        if SCALED {
            y[row * params.n + i] = x[row * params.n + i] * s[i / 2];
        } else {
            y[row * params.n + i] = x[row * params.n + i] * 2.0;
        }
    }
}

/// A kernel whose number of workgroups is a product.
#[kernel(workgroup = 1, groups = params.rows * params.n)]
pub fn product(group: WorkgroupId, params: &RowsParams, y: &mut Storage<u32>) {
    y[group] = params.n;
}

#[kernel(workgroup = 512, groups = 1, invocations = 512)]
pub fn wide(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = lane;
}

#[kernel(workgroup = 1, groups = 1, workgroup_memory = 32_768)]
pub fn roomy(lane: LocalIndex, y: &mut Storage<u32>, #[len = 8192] memory: &mut Workgroup<u32>) {
    memory[lane] = 3;
    y[lane] = memory[lane];
}

#[kernel(workgroup = 1, groups = 1, storage_buffers = 9)]
pub fn many(
    a: &Storage<u32>,
    b: &Storage<u32>,
    c: &Storage<u32>,
    d: &Storage<u32>,
    e: &Storage<u32>,
    f: &Storage<u32>,
    g: &Storage<u32>,
    h: &Storage<u32>,
    y: &mut Storage<u32>,
) {
    y[0] = a[0] + b[0] + c[0] + d[0] + e[0] + f[0] + g[0] + h[0];
}

kernel::variants! {
    /// The variants.
    pub fn variants;
    double::<64, false>;
    double::<64, true>;
    double::<1, false>;
    product;
    wide;
    roomy;
    many;
}

fn gpu(limits: LimitChoice) -> Option<Device> {
    let options = GpuOptions { limits, ..GpuOptions::default() };
    let table = kernel::emit::table(variants());
    match pollster::block_on(Gpu::request(&AdapterSelection::Default, table, options)) {
        Ok(gpu) => Some(Device::Gpu(gpu)),
        Err(error) => {
            let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
            assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
            eprintln!("SKIPPED on a GPU: {error}");
            None
        }
    }
}

fn devices() -> impl Iterator<Item = Device> {
    std::iter::once(Device::Cpu(CpuOptions::default())).chain(gpu(LimitChoice::Adapter))
}

/// Records `double` over buffers of these lengths.
fn recorded<const W: u32, const SCALED: bool>(
    device: &Device,
    params: RowsParams,
    [x, s, y]: [usize; 3],
) -> Result<(Recorder, kernel::dispatch::Step<double::Kernel<W, SCALED>>), DispatchError> {
    let (x, s) = (device.create(x, "x")?, device.create(s, "s")?);
    let mut y = device.create(y, "y")?;
    let mut recorder = Recorder::new(device, "test");
    let args = double::Args { x: &x, s: &s, y: &mut y };
    let step = double::Kernel::<W, SCALED>::dispatch(&mut recorder, params, args)?;
    Ok((recorder, step))
}

fn refusal(device: &Device, params: RowsParams, lengths: [usize; 3]) -> String {
    match recorded::<64, true>(device, params, lengths) {
        Ok(_) => panic!("{params:?} over {lengths:?} breaks the contract"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_broken_clause_is_named_with_the_values_of_its_terms() {
    for device in devices() {
        assert_eq!(
            refusal(&device, RowsParams { rows: 3, n: 64 }, [100, 64, 100]),
            "`double<64, true>` requires `x.len() >= rows * n`: x.len() is 100, rows is 3, n is 64 (192)"
        );
        assert_eq!(
            refusal(&device, RowsParams { rows: 1, n: 6 }, [100, 64, 100]),
            "`double<64, true>` requires `n % 4 == 0`: n is 6 (2)"
        );
        assert_eq!(
            refusal(&device, RowsParams { rows: 1, n: 8 }, [100, 64, 99]),
            "`double<64, true>` requires `y.len() >= x.len()`: y.len() is 99, x.len() is 100"
        );
    }
}

#[test]
fn a_clause_behind_a_constant_belongs_to_the_variants_that_have_it() {
    for device in devices() {
        let (params, lengths) = (RowsParams { rows: 2, n: 16 }, [32, 7, 32]);
        assert_eq!(
            refusal(&device, params, lengths),
            "`double<64, true>` requires `s.len() >= n / 2`: s.len() is 7, n is 16 (8)"
        );
        assert!(recorded::<64, false>(&device, params, lengths).is_ok());
    }
}

#[test]
fn products_of_params_do_not_wrap() {
    for device in devices() {
        // 65536 · 65536 is 0 in 32 bits.
        let text = refusal(&device, RowsParams { rows: 65_536, n: 65_536 }, [4, 4, 4]);
        assert!(text.ends_with("(4294967296)"), "{text}");
    }
}

#[test]
fn a_number_of_workgroups_that_does_not_fit_32_bits_is_refused() {
    for device in devices() {
        let mut y = device.create(4, "y").expect("16 bytes");
        let mut recorder = Recorder::new(&device, "test");
        let params = RowsParams { rows: 65_536, n: 65_537 };
        let error = product::Kernel::dispatch(&mut recorder, params, product::Args { y: &mut y }).err();
        assert_eq!(
            error.expect("2^32 and more workgroups").to_string(),
            "`product` would have `rows * n` workgroups, which a dispatch cannot: rows is 65536, n is 65537"
        );
    }
}

#[test]
fn a_dispatch_without_workgroups_requires_nothing() {
    for device in devices() {
        let (recorder, step) =
            recorded::<64, true>(&device, RowsParams { rows: 0, n: 6 }, [0, 0, 0]).expect("it touches nothing");
        let plan = recorder.finish().expect("a plan");
        plan.run().expect("it does nothing");
        let error = plan.set_params(step, &RowsParams { rows: 1, n: 4 }).expect_err("now it would");
        assert!(matches!(error, DispatchError::Contract(_)), "{error}");
    }
}

#[test]
fn new_params_keep_the_contract_or_change_nothing() {
    for device in devices() {
        let x = device.upload(&[1.0f32; 8], "x").expect("32 bytes");
        let s = device.create(8, "s").expect("32 bytes");
        let mut y = device.create::<f32>(8, "y").expect("32 bytes");
        let mut recorder = Recorder::new(&device, "test");
        let args = double::Args { x: &x, s: &s, y: &mut y };
        let width = RowsParams { rows: 1, n: 4 };
        let step = double::Kernel::<1, false>::dispatch(&mut recorder, width, args).expect("it fits");
        let plan = recorder.finish().expect("a plan");
        let error = plan.set_params(step, &RowsParams { rows: 3, n: 4 }).expect_err("12 values do not fit");
        assert_eq!(
            error.to_string(),
            "`double<1, false>` requires `x.len() >= rows * n`: x.len() is 8, rows is 3, n is 4 (12)"
        );
        plan.run().expect("with the params from before");
        let y = pollster::block_on(device.read(&y, 0..8)).expect("8 values");
        assert_eq!(y, [2.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    }
}

#[test]
fn more_workgroups_than_the_params_ask_for_are_refused() {
    let Some(device) = gpu(LimitChoice::Adapter) else { return };
    let (recorder, _) = recorded::<64, false>(&device, RowsParams { rows: 2, n: 4 }, [8, 0, 8]).expect("it fits");
    let plan = recorder.finish().expect("a plan");
    let on_gpu = plan.on_gpu().expect("recorded for a GPU");
    on_gpu.set_groups(kernel::gpu::StepId(0), 1).expect("fewer touch less");
    let error = on_gpu.set_groups(kernel::gpu::StepId(0), 3).expect_err("row 2 is behind the end");
    assert_eq!(error.to_string(), "`double<64, false>` has 2 workgroups with its params, 3 were asked for");
}

#[test]
fn a_table_with_another_contract_is_stale() {
    let mut emitted = variants();
    for variant in &mut emitted {
        variant.contract.clauses.clear();
    }
    let table = kernel::emit::table(emitted);
    let Ok(gpu) = pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default())) else {
        return eprintln!("SKIPPED: no GPU");
    };
    let error = recorded::<64, true>(&Device::Gpu(gpu), RowsParams { rows: 1, n: 4 }, [4, 4, 4]).err();
    let Some(DispatchError::Gpu(GpuError::StaleTable { what: "contract", .. })) = error else {
        panic!("{error:?}");
    };
}

#[test]
fn a_kernel_beyond_webgpus_defaults_is_refused_with_the_limits_name_where_the_device_has_no_more() {
    let Some(Device::Gpu(gpu)) = gpu(LimitChoice::WebGpuDefaults) else { return };
    for (desc, name) in [
        (wide::Kernel::desc(), "maxComputeInvocationsPerWorkgroup"),
        (roomy::Kernel::desc(), "maxComputeWorkgroupStorageSize"),
        (many::Kernel::desc(), "maxStorageBuffersPerShaderStage"),
    ] {
        let error = gpu.supports(&desc).expect_err(name);
        assert!(matches!(error, GpuError::OverLimit { name: found, .. } if found == name), "{error}");
        assert!(error.to_string().ends_with(&format!("({name})")), "{error}");
    }
}

#[test]
fn a_kernel_beyond_webgpus_defaults_runs_where_the_device_has_more() {
    let Some(device) = gpu(LimitChoice::Adapter) else { return };
    let mut y = device.create(512, "y").expect("2 KiB");
    let mut recorder = Recorder::new(&device, "test");
    match wide::Kernel::dispatch(&mut recorder, (), wide::Args { y: &mut y }) {
        Ok(_) => {}
        Err(DispatchError::Gpu(GpuError::OverLimit { limit, .. })) => {
            return eprintln!("SKIPPED: this adapter has {limit} invocations");
        }
        Err(error) => panic!("{error}"),
    }
    recorder.run().expect("it runs");
    let y = pollster::block_on(device.read(&y, 0..512)).expect("512 values");
    assert_eq!(y, (0..512).collect::<Vec<u32>>());
}

#[test]
fn a_golden_files_first_line_names_the_limits_to_raise() {
    let directory = tempfile::tempdir().expect("a folder");
    kernel::build::Builder::new(variants()).bless(directory.path()).table().expect("all are valid");
    let first_line = |name: &str| {
        let text = std::fs::read_to_string(directory.path().join(name)).expect("its golden file");
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first_line("wide.wgsl"), "// wide | features: | limits: maxComputeInvocationsPerWorkgroup=512");
    assert_eq!(first_line("roomy.wgsl"), "// roomy | features: | limits: maxComputeWorkgroupStorageSize=32768");
    assert_eq!(first_line("product.wgsl"), "// product | features:");
}
