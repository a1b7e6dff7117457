//! Filling, copying and reading buffers of any length.
use super::*;

#[test]
fn a_range_of_any_bytes_is_read() {
    let gpu = gpu();
    let buffer = gpu.create(11, "eleven bytes").unwrap();
    let data: Vec<u8> = (1..=11).collect();
    gpu.write(&buffer, 0, &data).unwrap();
    for range in [0..1, 3..5, 5..8, 6..11, 0..11, 4..4] {
        let bytes = pollster::block_on(gpu.read(&buffer, range.start..range.end)).unwrap();
        assert_eq!(bytes, data[range.start as usize..range.end as usize], "{range:?}");
    }
}

#[test]
fn a_buffer_starts_as_zeros() {
    let gpu = gpu();
    let buffer = gpu.create(64, "fresh").unwrap();
    assert_eq!(read_words(&gpu, &buffer), [0; 16]);
}

#[test]
fn an_odd_length_is_written_only_where_the_buffer_ends() {
    let gpu = gpu();
    let buffer = gpu.create(7, "seven bytes").unwrap();
    gpu.write(&buffer, 4, &[1, 2, 3]).unwrap();
    assert_eq!(pollster::block_on(gpu.read(&buffer, 0..7)).unwrap(), [0, 0, 0, 0, 1, 2, 3]);

    let unaligned = |offset, bytes| GpuError::Unaligned { label: "seven bytes".into(), offset, bytes };
    assert_eq!(gpu.write(&buffer, 0, &[1, 2, 3]), Err(unaligned(0, 3)));
    assert_eq!(gpu.write(&buffer, 3, &[1, 2, 3, 4]), Err(unaligned(3, 4)));
}

#[test]
fn a_range_past_the_end_is_refused_and_named() {
    let gpu = gpu();
    let buffer = gpu.create(8, "eight bytes").unwrap();
    let error = gpu.write(&buffer, 4, &[0; 8]).unwrap_err();
    assert_eq!(error.to_string(), "bytes 4..12 do not fit buffer eight bytes of 8 bytes");
    assert!(matches!(gpu.read_later(&buffer, 7..9), Err(GpuError::OutOfRange { offset: 7, bytes: 2, len: 8, .. })));
}

#[test]
fn an_upload_of_several_pieces_arrives_whole() {
    let gpu = gpu();
    let data: Vec<u32> = (0..18 << 20).map(|index: u32| index.wrapping_mul(2_654_435_761)).collect();
    let buffer = words(&gpu, &data);
    assert!(read_words(&gpu, &buffer) == data, "72 MiB came back different");
}

#[test]
fn a_range_is_cleared() {
    let gpu = gpu();
    let buffer = words(&gpu, &[1, 2, 3, 4]);
    gpu.clear(&buffer, 4..12).unwrap();
    assert_eq!(read_words(&gpu, &buffer), [1, 0, 0, 4]);
}

#[test]
fn a_copy_moves_words_between_buffers_but_not_within_one() {
    let gpu = gpu();
    let (source, target) = (words(&gpu, &[1, 2, 3]), words(&gpu, &[7, 8, 9]));
    gpu.copy(&source, 4, &target, 0, 8).unwrap();
    assert_eq!(read_words(&gpu, &target), [2, 3, 9]);
    assert_eq!(gpu.copy(&source, 0, &source, 4, 4), Err(GpuError::SameBuffer { label: "words".into() }));
}

#[test]
fn readbacks_in_flight_keep_the_values_of_their_time() {
    let gpu = gpu();
    let counter = words(&gpu, &[0]);
    let mut builder = PlanBuilder::new(&gpu, "count");
    builder.record(&desc(&ADD), &amount(1), &[&counter], 1).unwrap();
    let plan = builder.finish().unwrap();

    let readbacks: Vec<_> = (0..4).map(|_| gpu.run_then_read(&[&plan], &counter, 0..4).unwrap()).collect();
    let values: Vec<_> = readbacks.into_iter().map(|readback| pollster::block_on(readback).unwrap()[0]).collect();
    assert_eq!(values, [1, 2, 3, 4]);
}

#[test]
fn a_readback_asked_now_hands_its_bytes_out_once() {
    let gpu = gpu();
    let buffer = words(&gpu, &[5]);
    let mut readback = gpu.read_later(&buffer, 0..2).unwrap();
    pollster::block_on(gpu.idle()).unwrap();
    assert_eq!(readback.try_now(), Some(Ok(vec![5, 0])));
    assert_eq!(readback.try_now(), None);
    assert_eq!(gpu.read_later(&buffer, 1..1).unwrap().try_now(), Some(Ok(Vec::new())));
}

#[test]
fn handles_go_between_threads() {
    fn sendable<T: Send + Sync>() {}
    sendable::<Gpu>();
    sendable::<GpuBuffer>();
    sendable::<GpuPlan>();
    sendable::<Readback>();
}
