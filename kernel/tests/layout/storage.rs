//! `#[storage]` structs: the bytes of an array of them are encase's, the offsets, the size and the stride naga's.
#![allow(dead_code, reason = "the kernels are emitted, not called")]

use encase::StorageBuffer;
use kernel::bytemuck;
use kernel::emit::EmittedVariant;
use kernel::layout::{Element, Layout};
use kernel::prelude::*;
use naga::proc::Layouter;

use super::{Four, Three, Two};

/// One struct in both libraries, and a kernel that holds it.
macro_rules! case {
    ($name:ident: $($field:ident [$($ours:tt)*] [$($theirs:tt)*] $value:expr;)*) => {
        mod $name {
            use super::*;

            #[storage]
            pub struct Fields {
                $(pub $field: $($ours)*,)*
            }

            #[derive(Clone, Copy, encase::ShaderType)]
            pub struct Reference {
                $(pub $field: $($theirs)*,)*
            }

            #[kernel(workgroup = 1, groups = 1)]
            fn holds(x: &Storage<Fields>, y: &mut Storage<Fields>) {
                y[0] = x[0];
            }

            pub fn ours() -> Fields {
                Fields::new($(<$($ours)*>::from($value)),*)
            }

            pub fn theirs() -> Reference {
                Reference { $($field: <$($theirs)*>::from($value),)* }
            }

            #[test]
            fn the_bytes_of_two_are_those_of_encase() {
                let mut buffer = StorageBuffer::new(Vec::<u8>::new());
                buffer.write(&vec![theirs(); 2]).expect("writing to a vector");
                assert_eq!(bytemuck::cast_slice::<_, u8>(&[ours(); 2]), buffer.into_inner());
            }

            #[test]
            fn the_fields_lie_where_naga_has_them() {
                let offsets = [$((stringify!($field), std::mem::offset_of!(Fields, $field))),*];
                assert_like_naga::<Fields>(holds::emit(), &offsets);
            }
        }
    };
}

fn assert_like_naga<T: Element>(variant: EmittedVariant, offsets: &[(&str, usize)]) {
    let enabled = if variant.f16 { "enable f16;\n" } else { "" };
    let wgsl = format!("{enabled}{}", variant.wgsl);
    let module = naga::front::wgsl::parse_str(&wgsl).expect("the kernel's WGSL is valid");
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).expect("the kernel's types have layouts");
    let (handle, members) = module
        .types
        .iter()
        .find_map(|(handle, ty)| match (&ty.inner, ty.name.as_deref()) {
            (naga::TypeInner::Struct { members, .. }, Some("Fields")) => Some((handle, members)),
            _ => None,
        })
        .expect("the kernel declares the struct");
    let theirs: Vec<_> =
        members.iter().map(|member| (member.name.as_deref().unwrap_or_default(), member.offset as usize)).collect();
    assert_eq!(offsets, theirs, "names and offsets");
    assert_eq!((T::SIZE, size_of::<T>()), (layouter[handle].size as usize, layouter[handle].size as usize));
    assert_eq!(T::ALIGN, layouter[handle].alignment.round_up(1) as usize);
    let stride = module.types.iter().find_map(|(_, ty)| match ty.inner {
        naga::TypeInner::Array { base, stride, .. } if base == handle => Some(stride),
        _ => None,
    });
    assert_eq!(stride, Some(variant.bindings[0].stride));
}

#[storage]
pub struct Inner {
    pub direction: Vec3<f32>,
    pub weights: [f32; 3],
}

#[derive(Clone, Copy, encase::ShaderType)]
pub struct InnerReference {
    pub direction: Three<f32>,
    pub weights: [f32; 3],
}

fn inner() -> Inner {
    Inner::new([1.0, 2.0, 3.0].into(), [4.0, 5.0, 6.0])
}

fn inner_reference() -> InnerReference {
    InnerReference { direction: [1.0, 2.0, 3.0].into(), weights: [4.0, 5.0, 6.0] }
}

case! { particle: position [Vec3<f32>] [Three<f32>] [1.0, 2.0, 3.0]; mass [f32] [f32] 4.0; }
case! { scalar_before_a_vector: mass [f32] [f32] 4.0; position [Vec3<f32>] [Three<f32>] [1.0, 2.0, 3.0]; }
case! { one_scalar: n [i32] [i32] -1; }
case! { one_vector: v [Vec3<u32>] [Three<u32>] [1, 2, 3]; }
case! { scalars_and_pairs: a [u32] [u32] 1u32; b [Vec2<f32>] [Two<f32>] [2.0, 3.0]; c [i32] [i32] 4; d [Vec2<i32>] [Two<i32>] [5, 6]; e [u32] [u32] 7u32; }
case! { arrays: a [[u32; 3]] [[u32; 3]] [1, 2, 3]; b [Vec4<f32>] [Four<f32>] [4.0, 5.0, 6.0, 7.0]; c [[f32; 1]] [[f32; 1]] [8.0]; }
case! { array_of_vectors: a [f32] [f32] 1.0; b [[Vec2<f32>; 3]] [[Two<f32>; 3]] [[2.0, 3.0].into(), [4.0, 5.0].into(), [6.0, 7.0].into()]; }
case! { nested: a [u32] [u32] 1u32; b [Inner] [InnerReference] Convert; c [f32] [f32] 7.0; }
case! { array_of_structs: a [f32] [f32] 1.0; b [[Inner; 2]] [[InnerReference; 2]] Convert; }

/// Stands for the nested struct of both libraries.
struct Convert;

macro_rules! convert {
    ($($ty:ty: $value:expr;)*) => {$(
        impl From<Convert> for $ty {
            fn from(_: Convert) -> Self {
                $value
            }
        }
    )*};
}

convert! {
    Inner: inner();
    InnerReference: inner_reference();
    [Inner; 2]: [inner(); 2];
    [InnerReference; 2]: [inner_reference(); 2];
}

mod halves {
    use super::*;

    #[storage]
    pub struct Fields {
        pub scale: f16,
        pub quants: Vec4<f16>,
        pub rest: f16,
        pub zero: f16,
        pub n: u32,
    }

    #[kernel(workgroup = 1, groups = 1)]
    fn holds(x: &Storage<Fields>, y: &mut Storage<Fields>) {
        y[0] = x[0];
    }

    #[test]
    fn halves_lie_where_naga_has_them() {
        let offsets = [("scale", 0), ("quants", 8), ("rest", 16), ("zero", 18), ("n", 20)];
        assert_like_naga::<Fields>(holds::emit(), &offsets);
        assert_eq!(std::mem::offset_of!(Fields, rest), 16);
        assert_eq!(<Fields as Layout>::GRAIN, 2);
    }
}

#[test]
fn two_are_equal_and_shown_by_their_fields_alone() {
    let made = scalar_before_a_vector::ours();
    let mut bytes = bytemuck::bytes_of(&made).to_vec();
    bytes[5] = 0xff;
    let read: scalar_before_a_vector::Fields = bytemuck::pod_read_unaligned(&bytes);
    assert_eq!(read, made);
    assert_eq!(format!("{read:?}"), "Fields { mass: 4.0, position: Vec3 { x: 1.0, y: 2.0, z: 3.0 } }");
}
