//! `gemmule kernels --costs` and `--roofline`: cost cards as numbers, and beside what the device does.

mod program;

use program::{refusal, scratch, stdout, texts};

/// A norm over 512 rows of 1,536 values, one workgroup of 256 a row.
const NORM: &str = "rms_norm<Tree<256>, true>";

#[test]
fn costs_are_numbers_for_a_dispatch_of_e2bs_shapes() {
    let shown = stdout(&["kernels", NORM, "--costs"]);
    let line = |start: &str| shown.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or(&shown);
    // Each row twice and the weights once a row are read, a row is written: 3 and 1 times 512 · 1536 · 4 bytes.
    assert!(line("bytes read").contains(" 9.00 MiB, "), "{shown}");
    assert!(line("bytes written").contains(" 3.00 MiB, "), "{shown}");
    // From memory come the rows and one row of weights, and the result goes there.
    assert!(line("traffic").contains(" 6.01 MiB, "), "{shown}");
    assert!(line("workgroup").ends_with(" 1.00 KiB"), "{shown}");
    assert!(shown.contains("rows=512 n=1536: 512 workgroups of 256"), "{shown}");
}

/// The table's cells of the one kernel whose name starts so.
fn cells<'t>(table: &'t str, kernel: &str) -> Vec<&'t str> {
    let line = table.lines().find(|line| line.starts_with(kernel)).unwrap_or_else(|| panic!("{kernel} in\n{table}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn a_roofline_sets_costs_beside_what_the_cpu_does() {
    let shown = stdout(&["kernels", "map<S", "--roofline", "--device", "cpu"]);
    let cells = cells(&shown, "map<Scale, 256>");
    assert_eq!(cells.len(), 11, "{shown}");
    assert!(cells[4].ends_with(" µs") && cells[10].ends_with(" %"), "{shown}");
    assert!(shown.contains("wall-clock time of the CPU executor"), "{shown}");
    assert!(shown.contains("again: gemmule kernels 'map<S' --roofline --device 'cpu'"), "{shown}");
}

#[test]
fn the_plot_has_a_point_for_every_row_and_the_rows_farthest_from_the_roof_come_first() {
    let plot = scratch("roofline.svg");
    let arguments = ["kernels", "rms_norm<Tree", "--roofline", "--device", "gpu", "--svg"];
    let arguments = [&arguments[..], &[plot.to_str().expect("paths are UTF-8")]].concat();
    let output = program::output(&arguments);
    if program::no_gpu(&output) {
        return;
    }
    let (shown, _) = texts(&arguments, output);
    let rows: Vec<&str> = shown.lines().skip(1).take_while(|line| line.contains("_norm<Tree")).collect();
    let shares: Vec<f64> = rows
        .iter()
        .map(|row| row.trim_end_matches(" %").rsplit(' ').next().and_then(|share| share.parse().ok()).expect("a share"))
        .collect();
    assert!(shares.is_sorted() && shares[0] > 0.0, "{shown}");
    let text = std::fs::read_to_string(&plot).expect("the plot was written");
    let document = roxmltree::Document::parse(&text).expect("SVG is XML");
    let titles = document.descendants().filter(|node| node.has_tag_name("title"));
    let points: Vec<&str> = titles.filter_map(|title| title.text()).collect();
    assert_eq!(points.len(), rows.len(), "{shown}");
    for row in rows {
        let key = row.split("  ").next().expect("a line has a start");
        assert!(points.iter().any(|point| point.starts_with(&format!("{key}\n"))), "{key} in {points:?}");
    }
}

#[test]
fn an_unknown_device_or_kernel_and_a_plot_of_nothing_are_refused() {
    let message = refusal(&["kernels", NORM, "--roofline", "--device", "nonesuch"]);
    assert!(message.contains("nonesuch") && message.contains("found: "), "{message}");
    assert!(refusal(&["kernels", "nonesuch", "--roofline"]).contains("nonesuch"));
    assert!(refusal(&["kernels", NORM, "--svg", "plot.svg"]).contains("--roofline"));
}
