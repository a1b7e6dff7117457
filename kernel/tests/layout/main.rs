//! Layouts of params and storage structs, against two other implementations of WGSL's rules: `encase` and naga's layouter.

mod storage;

use std::fmt::Debug;

use encase::{ShaderSize, UniformBuffer};
use kernel::emit::EmittedVariant;
use kernel::layout::Scalar;
use kernel::params::{Field, Params};
use naga::proc::Layouter;

macro_rules! encase_vector {
    ($name:ident $count:literal) => {
        #[derive(Clone, Copy)]
        pub struct $name<T>([T; $count]);
        impl<T> AsRef<[T; $count]> for $name<T> {
            fn as_ref(&self) -> &[T; $count] {
                &self.0
            }
        }
        impl<T> AsMut<[T; $count]> for $name<T> {
            fn as_mut(&mut self) -> &mut [T; $count] {
                &mut self.0
            }
        }
        impl<T> From<[T; $count]> for $name<T> {
            fn from(components: [T; $count]) -> Self {
                Self(components)
            }
        }
        encase::impl_vector!($count, $name<T>; using AsRef AsMut From);
    };
}

encase_vector!(Two 2);
encase_vector!(Three 3);
encase_vector!(Four 4);

/// One struct in both libraries, and a kernel that takes it.
macro_rules! case {
    ($name:ident: $($field:ident [$($ours:tt)*] [$($theirs:tt)*] $value:expr;)*) => {
        pub mod $name {
            use kernel::prelude::*;
            use super::*;

            #[params]
            pub struct Fields {
                $(pub $field: $($ours)*,)*
            }

            #[derive(encase::ShaderType)]
            pub struct Reference {
                $(pub $field: $($theirs)*,)*
            }

            #[kernel(workgroup = 1, groups = 1)]
            pub fn takes(params: &Fields, y: &mut Storage<u32>) {
                $(let _ = params.$field;)*
                y[0] = 1;
            }

            pub fn check() {
                let ours = Fields { $($field: <$($ours)*>::from($value),)* };
                let theirs = Reference { $($field: <$($theirs)*>::from($value),)* };
                assert_like_encase(&ours, &theirs);
                assert_like_naga::<Fields>(takes::emit());
            }
        }
    };
}

/// The bytes are encase's, and the offsets and the size follow from its metadata.
fn assert_like_encase<P: Params + Debug + PartialEq>(
    ours: &P,
    theirs: &(impl ShaderSize + encase::internal::WriteInto),
) {
    let mut buffer = UniformBuffer::new(Vec::<u8>::new());
    buffer.write(theirs).expect("writing to a vector");
    let (bytes, expected) = (ours.to_bytes(), buffer.into_inner());
    assert_eq!(bytes[..expected.len()], expected, "{ours:?}");
    assert_eq!(bytes.len(), expected.len().next_multiple_of(16), "{ours:?}");
    assert_eq!(P::from_bytes(&bytes), *ours);
}

/// The offsets are those of naga's layouter for the WGSL that the kernel declares, and the struct fits its place.
fn assert_like_naga<P: Params>(variant: EmittedVariant) {
    let module = naga::front::wgsl::parse_str(&variant.wgsl).expect("the kernel's WGSL is valid");
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).expect("the kernel's types have layouts");
    let (handle, fields) = module
        .types
        .iter()
        .find_map(|(handle, ty)| match (&ty.inner, ty.name.as_deref()) {
            (naga::TypeInner::Struct { members, .. }, Some("Fields")) => Some((handle, members)),
            _ => None,
        })
        .expect("the kernel declares its params");
    let theirs = fields.iter().map(|member| {
        let size = layouter[member.ty].size;
        (member.name.as_deref().unwrap_or_default(), member.offset as usize, size as usize)
    });
    for (ours, theirs) in P::FIELDS.iter().zip(theirs) {
        assert_eq!((ours.name, ours.offset, ours.size), theirs, "name, offset and size of a field");
    }
    assert_eq!(P::FIELDS.len(), fields.len());
    assert_eq!(P::BYTES, (layouter[handle].size as usize).next_multiple_of(16));
    let uniforms = module.global_variables.iter().find(|(_, global)| global.name.as_deref() == Some("uniforms"));
    let (_, uniforms) = uniforms.expect("the kernel has a uniform block");
    assert_eq!(variant.uniform_bytes, layouter[uniforms.ty].size.next_multiple_of(16));
    let naga::TypeInner::Struct { members, .. } = &module.types[uniforms.ty].inner else {
        panic!("a block is a struct")
    };
    let params = members.iter().find(|member| member.name.as_deref() == Some("params"));
    assert_eq!(params.expect("the block holds the params").offset as usize, kernel::layout::HEADER_BYTES);
}

/// All orders of three fields of these types.
macro_rules! first {
    ([$($a:ident $A:tt $A2:tt $av:tt)*] $all:tt) => {$(
        pub mod $a {
            use super::*;
            second! { $all $all ($A $A2 $av) }
        }
    )*
        #[test]
        fn all_orders_of_three_fields_are_laid_out_alike() {
            $($a::check();)*
        }
    };
}
macro_rules! second {
    ([$($b:ident $B:tt $B2:tt $bv:tt)*] $all:tt $first:tt) => {
        $(pub mod $b {
            use super::*;
            third! { $all $first ($B $B2 $bv) }
        })*
        pub fn check() {
            $($b::check();)*
        }
    };
}
macro_rules! third {
    ([$($c:ident $C:tt $C2:tt $cv:tt)*] ($A:tt $A2:tt $av:tt) ($B:tt $B2:tt $bv:tt)) => {
        $(case! { $c: a $A $A2 $av; b $B $B2 $bv; c $C $C2 $cv; })*
        pub fn check() {
            $($c::check();)*
        }
    };
}

first! {
    [
        scalar [f32] [f32] (1.5)
        two [Vec2<u32>] [Two<u32>] ([1, 2])
        three [Vec3<f32>] [Three<f32>] ([1.0, -2.0, 3.0])
        four [Vec4<i32>] [Four<i32>] ([1, -2, 3, -4])
    ]
    [
        scalar [u32] [u32] (7u32)
        two [Vec2<f32>] [Two<f32>] ([0.5, 2.0])
        three [Vec3<i32>] [Three<i32>] ([1, -2, 3])
        four [Vec4<f32>] [Four<f32>] ([1.0, -2.0, 3.0, -4.0])
    ]
}

case! { one_scalar: n [i32] [i32] -1; }
case! { one_three: v [Vec3<f32>] [Three<f32>] [1.0, 2.0, 3.0]; }
case! { scalar_fills_three: v [Vec3<f32>] [Three<f32>] [1.0, 2.0, 3.0]; s [f32] [f32] 4.0; w [Vec3<u32>] [Three<u32>] [5, 6, 7]; t [u32] [u32] 8u32; }
case! { five_scalars: a [u32] [u32] 1u32; b [i32] [i32] -2; c [f32] [f32] 3.0; d [u32] [u32] 4u32; e [f32] [f32] 5.0; }
case! { two_between: a [f32] [f32] 1.0; b [Vec2<f32>] [Two<f32>] [2.0, 3.0]; c [f32] [f32] 4.0; d [Vec2<i32>] [Two<i32>] [5, 6]; }
case! { four_last: a [Vec2<f32>] [Two<f32>] [1.0, 2.0]; b [u32] [u32] 3u32; c [i32] [i32] 4; d [Vec4<u32>] [Four<u32>] [5, 6, 7, 8]; }

#[test]
fn other_numbers_of_fields_are_laid_out_alike() {
    one_scalar::check();
    one_three::check();
    scalar_fills_three::check();
    five_scalars::check();
    two_between::check();
    four_last::check();
}

/// As a struct padded by hand: the vector follows the scalar at once, where WGSL aligns it to 16.
#[derive(Clone, Copy)]
struct WronglyPadded;

impl Params for WronglyPadded {
    const BYTES: usize = 32;
    const FIELDS: &'static [Field] = &[
        Field { name: "n", offset: 0, size: 4, scalar: Scalar::U32 },
        Field { name: "v", offset: 4, size: 12, scalar: Scalar::F32 },
    ];
    fn to_bytes(&self) -> Vec<u8> {
        vec![0; Self::BYTES]
    }
    fn from_bytes(_: &[u8]) -> Self {
        Self
    }
}

case! { scalar_then_three: n [u32] [u32] 1u32; v [Vec3<f32>] [Three<f32>] [1.0, 2.0, 3.0]; }

#[test]
fn a_wrong_pad_is_caught() {
    scalar_then_three::check();
    let caught = std::panic::catch_unwind(|| assert_like_naga::<WronglyPadded>(scalar_then_three::takes::emit()));
    let message = caught.expect_err("the pad is wrong");
    let message = message.downcast_ref::<String>().expect("an assertion's message");
    assert!(message.contains("left: (\"v\", 4, 12)\n right: (\"v\", 16, 12)"), "{message}");
}

#[kernel::device]
enum Mode {
    Off,
    Low,
    High,
}

#[kernel::params]
struct Switched {
    scale: f32,
    mode: Mode,
    offset: kernel::types::Vec2<f32>,
}

#[test]
fn an_enum_is_laid_out_as_its_number() {
    for (mode, number) in [(Mode::Off, 0), (Mode::Low, 1), (Mode::High, 2)] {
        let params = Switched { scale: 0.5, mode, offset: [1.0, 2.0].into() };
        let bytes = params.to_bytes();
        assert_eq!(bytes[4..8], u32::to_le_bytes(number));
        assert_eq!(Switched::from_bytes(&bytes), params);
    }
    assert_eq!(Switched::FIELDS[1], Field { name: "mode", offset: 4, size: 4, scalar: Scalar::U32 });
}
