//! A roofline plot as SVG: operations a second over operations a byte, both logarithmic, under what the device can do.

use std::fmt::{self, Write};

/// What the device can do: the two ceilings.
#[derive(Clone, Copy)]
pub struct Roof {
    /// Bytes a second.
    pub bandwidth: f64,
    /// Operations a second.
    pub arithmetic: f64,
}

/// A kernel in the plot.
pub struct Point {
    /// Its name.
    pub name: String,
    /// Points of one group have one colour.
    pub group: String,
    /// Operations a byte; 0 stands at the left edge.
    pub intensity: f64,
    /// Bytes a second.
    pub bandwidth: f64,
    /// What is shown while the mouse is over it.
    pub details: String,
}

/// Room for the axis's heading and its numbers, of which the longest is `100 TFLOP/s`.
const LEFT: f64 = 120.0;
const TOP: f64 = 70.0;
const PLOT: (f64, f64) = (860.0, 720.0);
const BOTTOM: f64 = 60.0;
const LEGEND: f64 = 240.0;
const LINE: f64 = 15.5;
const RADIUS: f64 = 4.5;
const SLOPE: u32 = 100;
/// An estimate of a letter's width in labels.
const LETTER: f64 = 5.6;
/// Up to so many points are labelled with their whole names; beyond that each group once with its name.
const FULL_NAMES: usize = 24;

/// Powers of ten that an axis begins and ends with.
#[derive(Clone, Copy)]
struct Decades {
    first: i32,
    last: i32,
}

impl Decades {
    /// All of these numbers, which are positive; one decade at least.
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| *value > 0.0 && value.is_finite()) {
            (least, greatest) = (least.min(value.log10()), greatest.max(value.log10()));
        }
        if least > greatest {
            return Self { first: 0, last: 1 };
        }
        let first = least.floor() as i32;
        Self { first, last: (greatest.ceil() as i32).max(first + 1) }
    }

    /// Where a number lies, 0 at the axis's beginning and 1 at its end.
    fn place(self, value: f64) -> f64 {
        (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first)
    }

    fn least(self) -> f64 {
        10f64.powi(self.first)
    }

    fn greatest(self) -> f64 {
        10f64.powi(self.last)
    }

    fn powers(self) -> impl Iterator<Item = i32> {
        self.first..=self.last
    }
}

struct Axes {
    x: Decades,
    y: Decades,
}

impl Axes {
    fn at(&self, intensity: f64, rate: f64) -> (f64, f64) {
        let (width, height) = PLOT;
        (LEFT + self.x.place(intensity) * width, TOP + (1.0 - self.y.place(rate)) * height)
    }
}

/// A rectangle that a label takes: left, top, right and bottom.
type Taken = (f64, f64, f64, f64);

/// The plot as an SVG document, under two lines of heading.
pub fn svg(heading: [&str; 2], roof: Roof, points: &[Point]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_svg(&mut out, heading, roof, points);
    out
}

fn write_svg(out: &mut String, heading: [&str; 2], roof: Roof, points: &[Point]) -> fmt::Result {
    let ridge = roof.arithmetic / roof.bandwidth;
    let x = Decades::around(points.iter().map(|point| point.intensity).chain([ridge / 3.0, ridge * 3.0]));
    let rate = |point: &Point| point.bandwidth * point.intensity.max(x.least());
    let y = Decades::around(points.iter().map(rate).chain([roof.arithmetic * 1.2]));
    let axes = Axes { x, y };
    let mut groups: Vec<&str> = points.iter().map(|point| point.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();

    let width = LEFT + PLOT.0 + 30.0 + LEGEND;
    let height = (TOP + PLOT.1 + BOTTOM).max(TOP + LINE * (groups.len() + 2) as f64);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">"
    )?;
    writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>")?;
    writeln!(out, "<text x=\"{LEFT}\" y=\"28\" font-size=\"18\">{}</text>", escaped(heading[0]))?;
    writeln!(out, "<text x=\"{LEFT}\" y=\"48\" fill=\"#555\">{}</text>", escaped(heading[1]))?;
    write_grid(out, &axes)?;
    write_roof(out, &axes, roof)?;
    write_points(out, &axes, &groups, points, rate, roof)?;
    let at = LEFT + PLOT.0 + 40.0;
    for (index, group) in groups.iter().enumerate() {
        let y = TOP + LINE * index as f64 + 10.0;
        let count = points.iter().filter(|point| point.group == *group).count();
        writeln!(out, "<rect x=\"{at}\" y=\"{}\" width=\"9\" height=\"9\" fill=\"{}\"/>", y - 8.0, colour(index))?;
        writeln!(out, "<text x=\"{}\" y=\"{y}\">{} ({count})</text>", at + 15.0, escaped(group))?;
    }
    writeln!(out, "</svg>")
}

fn write_grid(out: &mut String, axes: &Axes) -> fmt::Result {
    let ((left, bottom), (right, top)) =
        (axes.at(axes.x.least(), axes.y.least()), axes.at(axes.x.greatest(), axes.y.greatest()));
    for power in axes.x.powers() {
        let (x, _) = axes.at(10f64.powi(power), axes.y.least());
        writeln!(out, "<path d=\"M{x:.1} {top:.1}V{bottom:.1}\" stroke=\"#e4e4e4\"/>")?;
        writeln!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", bottom + 18.0, ten_to(power))?;
    }
    for power in axes.y.powers() {
        let (_, y) = axes.at(axes.x.least(), 10f64.powi(power));
        writeln!(out, "<path d=\"M{left:.1} {y:.1}H{right:.1}\" stroke=\"#e4e4e4\"/>")?;
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            left - 8.0,
            y + 4.0,
            rate_of(power)
        )?;
    }
    let (middle, low) = ((left + right) / 2.0, bottom + 42.0);
    writeln!(out, "<text x=\"{middle:.1}\" y=\"{low:.1}\" text-anchor=\"middle\">operations a byte of traffic</text>")?;
    let middle = (top + bottom) / 2.0;
    writeln!(
        out,
        "<text transform=\"translate(20 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">operations a second</text>"
    )
}

fn write_roof(out: &mut String, axes: &Axes, roof: Roof) -> fmt::Result {
    let ridge = roof.arithmetic / roof.bandwidth;
    // The slope leaves the plot at its left edge or at its bottom.
    let from = axes.x.least().max(axes.y.least() / roof.bandwidth);
    let (start, edge) = (axes.at(from, roof.bandwidth * from), axes.at(ridge, roof.arithmetic));
    let end = axes.at(axes.x.greatest(), roof.arithmetic);
    writeln!(
        out,
        "<path id=\"roof\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}\" fill=\"none\" stroke=\"#222\" stroke-width=\"2\"/>",
        start.0, start.1, edge.0, edge.1, end.0, end.1
    )?;
    writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}FLOP/s</text>",
        end.0 - 4.0,
        end.1 - 6.0,
        with_prefix(roof.arithmetic)
    )?;
    let angle = (edge.1 - start.1).atan2(edge.0 - start.0).to_degrees();
    writeln!(
        out,
        "<text transform=\"translate({:.1} {:.1}) rotate({angle:.1}) translate(0 -6)\">{}B/s</text>",
        start.0 + (edge.0 - start.0) * 0.2,
        start.1 + (edge.1 - start.1) * 0.2,
        with_prefix(roof.bandwidth)
    )
}

fn write_points(
    out: &mut String,
    axes: &Axes,
    groups: &[&str],
    points: &[Point],
    rate: impl Fn(&Point) -> f64,
    roof: Roof,
) -> fmt::Result {
    let places: Vec<(f64, f64)> =
        points.iter().map(|point| axes.at(point.intensity.max(axes.x.least()), rate(point))).collect();
    for (point, (x, y)) in points.iter().zip(&places) {
        let index = groups.iter().position(|group| *group == point.group).unwrap_or_default();
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{RADIUS}\" fill=\"{}\" fill-opacity=\"0.75\" stroke=\"white\"><title>{}</title></circle>",
            colour(index),
            escaped(&point.details)
        )?;
    }
    let circle = |(x, y): (f64, f64)| (x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS);
    // The slope and its number are taken too, in steps as long as a letter is high.
    let (start, ridge) = (axes.x.least(), roof.arithmetic / roof.bandwidth);
    let slope = (0..=SLOPE).map(|step| start * (ridge / start).powf(f64::from(step) / f64::from(SLOPE)));
    let slope = slope.map(|intensity| axes.at(intensity, roof.bandwidth * intensity)).map(|(x, y)| (x, y - 8.0));
    let mut taken: Vec<Taken> = places.iter().copied().chain(slope).map(circle).collect();
    let mut label = |text: &str, at: (f64, f64)| {
        let Some(place) = room_for(text, at, &taken) else { return Ok(false) };
        taken.push(place);
        let (start, base) = (place.0, place.3 - 2.5);
        writeln!(out, "<text x=\"{start:.1}\" y=\"{base:.1}\" font-size=\"10\">{}</text>", escaped(text)).map(|()| true)
    };
    if points.len() <= FULL_NAMES {
        for (point, at) in points.iter().zip(&places) {
            label(&point.name, *at)?;
        }
        return Ok(());
    }
    for group in groups {
        for (_, at) in points.iter().zip(&places).filter(|(point, _)| point.group == **group) {
            if label(group, *at)? {
                break;
            }
        }
    }
    Ok(())
}

/// Where a label beside, above or below its point covers nothing that is taken, and stays in the plot.
fn room_for(text: &str, (x, y): (f64, f64), taken: &[Taken]) -> Option<Taken> {
    let length = LETTER * text.chars().count() as f64;
    let (beside, height) = (RADIUS + 3.5, 6.0);
    let starts = [
        (x + beside, y),
        (x - beside - length, y),
        (x - length / 2.0, y - 2.0 * beside),
        (x - length / 2.0, y + 2.0 * beside),
    ];
    let places = starts.map(|(start, middle)| (start, middle - height, start + length, middle + height));
    places.into_iter().find(|place| {
        let inside = place.0 >= LEFT && place.2 <= LEFT + PLOT.0 && place.1 >= TOP && place.3 <= TOP + PLOT.1;
        inside && taken.iter().all(|other| is_apart(*place, *other))
    })
}

fn is_apart(a: Taken, b: Taken) -> bool {
    a.2 < b.0 || b.2 < a.0 || a.3 < b.1 || b.3 < a.1
}

/// Neighbours in the list differ most: each hue is the golden angle from the last.
fn colour(index: usize) -> String {
    format!("hsl({:.0}, 65%, {}%)", (index as f64 * 137.508) % 360.0, [38, 50, 30][index % 3])
}

fn ten_to(power: i32) -> String {
    match power {
        -3..=4 => 10f64.powi(power).to_string(),
        _ => format!("1e{power}"),
    }
}

fn rate_of(power: i32) -> String {
    let (unit, of) = match power {
        ..0 => return format!("1e{power}"),
        0..3 => ("FLOP/s", 0),
        3..6 => ("kFLOP/s", 3),
        6..9 => ("MFLOP/s", 6),
        9..12 => ("GFLOP/s", 9),
        12..15 => ("TFLOP/s", 12),
        _ => ("PFLOP/s", 15),
    };
    format!("{} {unit}", 10f64.powi(power - of))
}

/// A rate with its unit's prefix, such as `4.30 T`.
fn with_prefix(rate: f64) -> String {
    if rate >= 1e12 { format!("{:.2} T", rate / 1e12) } else { format!("{:.1} G", rate / 1e9) }
}

/// Text in an XML element.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML 1.0 has no other control characters.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(intensity: f64, bandwidth: f64) -> Point {
        let (name, details) = ("f<A & B>".to_owned(), "f<A & B>\n1 µs".to_owned());
        Point { name, group: "f".into(), intensity, bandwidth, details }
    }

    /// Where a circle's centre is, `cx` or `cy`.
    fn centre(circle: roxmltree::Node<'_, '_>, attribute: &str) -> f64 {
        circle.attribute(attribute).and_then(|text| text.parse().ok()).expect("a circle has a centre")
    }

    const ROOF: Roof = Roof { bandwidth: 1e12, arithmetic: 1e13 };

    #[test]
    fn every_point_is_a_circle_that_names_itself() {
        let text = svg(["a < b", "c & d"], ROOF, &[point(1.0, 1e11), point(100.0, 1e9), point(0.0, 1e10)]);
        let document = roxmltree::Document::parse(&text).expect("it is XML");
        let circles: Vec<_> = document.descendants().filter(|node| node.has_tag_name("circle")).collect();
        assert_eq!(circles.len(), 3);
        assert!(
            circles
                .iter()
                .all(|circle| circle.first_element_child().and_then(|title| title.text()) == Some("f<A & B>\n1 µs"))
        );
    }

    #[test]
    fn a_group_of_many_points_is_named_once_where_nothing_is_covered() {
        let points: Vec<Point> = (0..40).map(|index| point(1.0 + f64::from(index) * 0.01, 1e11)).collect();
        let text = svg(["", ""], ROOF, &points);
        let document = roxmltree::Document::parse(&text).expect("it is XML");
        let labels: Vec<_> = document.descendants().filter(|node| node.attribute("font-size") == Some("10")).collect();
        assert_eq!(labels.iter().map(|label| label.text()).collect::<Vec<_>>(), [Some("f")]);
    }

    #[test]
    fn a_kernel_at_the_ceiling_touches_the_roof() {
        // At the ridge, 10 operations a byte, a kernel that reads at full speed computes at full speed.
        let text = svg(["", ""], ROOF, &[point(10.0, 1e12)]);
        let document = roxmltree::Document::parse(&text).expect("it is XML");
        let find = |name| document.descendants().find(|node| node.has_tag_name(name));
        let circle = find("circle").expect("there is one point");
        let roof = document.descendants().find(|node| node.attribute("id") == Some("roof")).expect("there is a roof");
        let ridge = format!("L{:.1} {:.1}L", centre(circle, "cx"), centre(circle, "cy"));
        assert!(roof.attribute("d").is_some_and(|path| path.contains(&ridge)), "{text}");
    }

    #[test]
    fn what_computes_nothing_stands_at_the_left_edge_as_far_below_the_roof_as_its_bandwidth() {
        let text = svg(["", ""], ROOF, &[point(0.0, 1e11), point(0.1, 1e11)]);
        let document = roxmltree::Document::parse(&text).expect("it is XML");
        let circles: Vec<_> = document.descendants().filter(|node| node.has_tag_name("circle")).collect();
        assert_eq!(centre(circles[0], "cx"), LEFT);
        assert_eq!(centre(circles[0], "cy"), centre(circles[1], "cy"));
    }
}
