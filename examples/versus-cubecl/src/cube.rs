//! CubeCL's side: the routines of `cubek-matmul` through its wgpu runtime with its own SPIR-V compiler, timed by the wall
//! clock over many launches.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use cubecl::client::Client;
use cubecl::future::block_on;
use cubecl::prelude::*;
use cubecl::std::tensor::TensorHandle;
use cubek_matmul::definition::{MatmulElems, MatmulGlobalElems};
use cubek_matmul::launch::launch_ref;
use cubek_matmul::multi_level::Strategy as MultiLevel;
use cubek_matmul::strategy::Strategy;
use cubek_matmul::tiled::Strategy as Tiled;
use cubek_std::InputBinding;
use half::f16;

use crate::problem::Problem;

const LAUNCHES: u32 = 30;
/// As our side's: a GPU that rested takes so much work to raise its clock.
const WARM_UP: Duration = Duration::from_millis(500);

pub fn run(problem: &Problem) -> Result<(), Box<dyn Error>> {
    let client = cubecl::Device::Wgpu(Default::default()).client();
    println!("CubeCL on {}", client.name());
    let as_f32: fn(&[u8], usize) -> f64 = |bytes, at| {
        f64::from(f32::from_le_bytes([bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]]))
    };
    let as_f16: fn(&[u8], usize) -> f64 = |bytes, at| f16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]).to_f64();
    let (a, b) = (&problem.a, &problem.b);
    let (half_a, half_b) = (Problem::halves(a), Problem::halves(b));
    let wide = Inputs { a: bytes_of(a), b: bytes_of(b), dtype: f32::elem_type_native() };
    let narrow = Inputs { a: bytes_of(&half_a), b: bytes_of(&half_b), dtype: f16::elem_type_native() };
    for (what, inputs, value) in [("f32", &wide, as_f32), ("f16", &narrow, as_f16)] {
        for (name, strategy) in strategies() {
            let what = format!("CubeCL, {what}, {name}");
            let timed = catch_unwind(AssertUnwindSafe(|| time(&client, problem.n, inputs, &strategy)));
            match timed {
                Ok(Ok((seconds, bytes))) => problem.report(&what, seconds, |at| value(&bytes, at)),
                Ok(Err(error)) => println!("{what}: {}", error.lines().next().unwrap_or_default()),
                Err(_) => println!("{what}: panicked"),
            }
        }
    }
    Ok(())
}

struct Inputs<'i> {
    a: &'i [u8],
    b: &'i [u8],
    dtype: ElemType,
}

fn bytes_of<T>(values: &[T]) -> &[u8]
where
    T: bytemuck::NoUninit,
{
    bytemuck::cast_slice(values)
}

fn strategies() -> Vec<(&'static str, Strategy)> {
    vec![
        ("simple unit", MultiLevel::SimpleUnit(Default::default()).into()),
        ("double unit", MultiLevel::DoubleUnit(Default::default()).into()),
        ("simple cyclic cmma", MultiLevel::SimpleCyclicCmma(Default::default()).into()),
        ("double cyclic cmma", MultiLevel::DoubleCyclicCmma(Default::default()).into()),
        ("double tilewise cmma", MultiLevel::DoubleTilewiseCmma(Default::default()).into()),
        ("ordered double cmma", MultiLevel::OrderedDoubleCmma(Default::default()).into()),
        ("specialized cyclic cmma", MultiLevel::SpecializedCyclicCmma(Default::default()).into()),
        ("simple cyclic mma", MultiLevel::SimpleCyclicMma(Default::default()).into()),
        ("double cyclic mma", MultiLevel::DoubleCyclicMma(Default::default()).into()),
        ("ordered double mma", MultiLevel::OrderedDoubleMma(Default::default()).into()),
        ("tiled cmma", Tiled::Cmma(Default::default()).into()),
    ]
}

/// Seconds a product, and the product.
fn time(client: &Client, n: usize, inputs: &Inputs<'_>, strategy: &Strategy) -> Result<(f64, Vec<u8>), String> {
    let tensor = |bytes| TensorHandle::new_contiguous([n, n], client.create_from_slice(bytes), inputs.dtype);
    let (a, b) = (tensor(inputs.a), tensor(inputs.b));
    let c = TensorHandle::empty(client, [n, n], inputs.dtype);
    let elements =
        MatmulElems::from_globals(&MatmulGlobalElems { lhs: inputs.dtype, rhs: inputs.dtype, out: inputs.dtype });
    let launch = || {
        launch_ref(
            strategy,
            client,
            InputBinding::Normal(a.clone().binding(), inputs.dtype),
            InputBinding::Normal(b.clone().binding(), inputs.dtype),
            c.clone().binding(),
            &mut elements.clone(),
        )
        .map_err(|error| format!("{error:?}"))
    };
    let wait = || block_on(client.sync()).map_err(|error| format!("{error:?}"));
    launch()?;
    wait()?;
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        (0..3).try_for_each(|_| launch())?;
        wait()?;
    }
    let start = Instant::now();
    for _ in 0..LAUNCHES {
        launch()?;
    }
    wait()?;
    let seconds = start.elapsed().as_secs_f64() / f64::from(LAUNCHES);
    let bytes = client.read_one(c.handle.clone()).map_err(|error| format!("{error:?}"))?;
    Ok((seconds, bytes.to_vec()))
}
