//! Which GPU of the machine is used: listing adapters, and choosing one by kind or by name.
use super::error::GpuError;
use crate::layout::Scalar;
use crate::variant::CooperativeProduct;

/// Which adapter [`Gpu::request`](super::Gpu::request) takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AdapterSelection {
    /// The best kind there is: discrete, then integrated, then virtual, then software. In a browser, the adapter that
    /// the browser calls the high-performance one.
    #[default]
    Default,
    /// As [`Default`](Self::Default), but never a software adapter.
    HardwareOnly,
    /// The best adapter whose name contains this text, upper and lower case alike.
    Named(String),
}

impl std::fmt::Display for AdapterSelection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AdapterSelection::Default => f.write_str("the default choice"),
            AdapterSelection::HardwareOnly => f.write_str("the choice of hardware only"),
            AdapterSelection::Named(name) => write!(f, "the name \"{name}\""),
        }
    }
}

/// What an adapter says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInfo {
    /// The adapter's name; browsers may leave it empty.
    pub name: String,
    /// The graphics API behind it.
    pub backend: wgpu::Backend,
    /// The driver's name and version; empty in browsers.
    pub driver: String,
    /// Discrete, integrated, virtual, software or, in browsers, unknown.
    pub kind: wgpu::DeviceType,
    /// Whether a CPU does the work (lavapipe, SwiftShader, WARP).
    pub is_software: bool,
    /// Smallest and largest number of invocations in a subgroup.
    pub subgroup_sizes: (u32, u32),
}

impl GpuInfo {
    pub(super) fn of(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        GpuInfo {
            name: info.name,
            backend: info.backend,
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            kind: info.device_type,
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            subgroup_sizes: (info.subgroup_min_size, info.subgroup_max_size),
        }
    }
}

impl std::fmt::Display for GpuInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.name.is_empty() { "unnamed adapter" } else { &self.name };
        write!(f, "{name} ({:?}, {:?}", self.backend, self.kind)?;
        if !self.driver.is_empty() {
            write!(f, ", {}", self.driver)?;
        }
        f.write_str(")")
    }
}

/// The products of square cooperative matrices that the adapter lists and the device was made for.
pub(super) fn cooperative_products(adapter: &wgpu::Adapter, device: &wgpu::Device) -> Vec<CooperativeProduct> {
    if !device.features().contains(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
        return Vec::new();
    }
    let scalar = |ty| match ty {
        wgpu::CooperativeScalarType::F32 => Scalar::F32,
        wgpu::CooperativeScalarType::F16 => Scalar::F16,
        wgpu::CooperativeScalarType::I32 => Scalar::I32,
        wgpu::CooperativeScalarType::U32 => Scalar::U32,
    };
    let listed = adapter.cooperative_matrix_properties();
    let square = listed.iter().filter(|one| one.m_size == one.n_size && one.n_size == one.k_size);
    square
        .map(|one| CooperativeProduct {
            size: one.m_size,
            factors: scalar(one.ab_type),
            accumulator: scalar(one.cr_type),
        })
        .collect()
}

/// An instance of the backends that compute needs. Vulkan's validation layers are off unless `WGPU_VALIDATION` asks
/// for them: wgpu checks every call itself.
fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        flags: wgpu::InstanceFlags::empty().with_env(),
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

/// Every adapter of the machine, the best first; in a browser the one adapter that it gives, if any.
async fn ranked() -> Vec<(GpuInfo, wgpu::Adapter)> {
    let instance = instance();
    #[cfg(target_arch = "wasm32")]
    let adapters: Vec<wgpu::Adapter> = {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        instance.request_adapter(&options).await.into_iter().collect()
    };
    #[cfg(not(target_arch = "wasm32"))]
    let adapters = instance.enumerate_adapters(wgpu::Backends::PRIMARY).await;

    let mut ranked: Vec<_> = adapters.into_iter().map(|adapter| (GpuInfo::of(&adapter), adapter)).collect();
    ranked.sort_by_key(|(info, _)| rank(info));
    ranked
}

/// Order of preference: by kind; one GPU that several APIs show is taken through Vulkan or Metal.
fn rank(info: &GpuInfo) -> (u8, u8) {
    let kind = match info.kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    let backend = match info.backend {
        wgpu::Backend::Vulkan | wgpu::Backend::Metal | wgpu::Backend::BrowserWebGpu => 0,
        _ => 1,
    };
    (kind, backend)
}

/// Every adapter of the machine, the best first.
pub(super) async fn list() -> Vec<GpuInfo> {
    ranked().await.into_iter().map(|(info, _)| info).collect()
}

/// The adapter that `selection` means.
pub(super) async fn choose(selection: &AdapterSelection) -> Result<wgpu::Adapter, GpuError> {
    let adapters = ranked().await;
    let found = adapters.iter().map(|(info, _)| info.to_string()).collect::<Vec<_>>().join("; ");
    let fits = |info: &GpuInfo| match selection {
        AdapterSelection::Default => true,
        AdapterSelection::HardwareOnly => !info.is_software,
        AdapterSelection::Named(name) => info.name.to_lowercase().contains(&name.to_lowercase()),
    };
    adapters.into_iter().find(|(info, _)| fits(info)).map(|(_, adapter)| adapter).ok_or_else(|| GpuError::NoAdapter {
        wanted: selection.to_string(),
        found: if found.is_empty() { "none".to_owned() } else { found },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(kind: wgpu::DeviceType, backend: wgpu::Backend) -> GpuInfo {
        GpuInfo {
            name: "a GPU".into(),
            backend,
            driver: String::new(),
            kind,
            is_software: kind == wgpu::DeviceType::Cpu,
            subgroup_sizes: (32, 32),
        }
    }

    #[test]
    fn a_discrete_gpu_comes_before_an_integrated_one_and_software_comes_last() {
        use wgpu::{Backend::Vulkan, DeviceType::*};
        let mut kinds = vec![Cpu, VirtualGpu, IntegratedGpu, DiscreteGpu];
        kinds.sort_by_key(|kind| rank(&info(*kind, Vulkan)));
        assert_eq!(kinds, [DiscreteGpu, IntegratedGpu, VirtualGpu, Cpu]);
    }

    #[test]
    fn one_gpu_that_two_apis_show_is_taken_through_vulkan() {
        use wgpu::{Backend, DeviceType::DiscreteGpu};
        assert!(rank(&info(DiscreteGpu, Backend::Vulkan)) < rank(&info(DiscreteGpu, Backend::Dx12)));
    }
}
