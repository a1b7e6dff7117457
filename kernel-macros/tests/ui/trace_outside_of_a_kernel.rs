fn plain(x: f32) {
    kernel::trace!(x);
}

fn main() {}
