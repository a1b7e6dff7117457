//! A run's losses as a picture: one SVG without references to anything, for browsers and documents.
use super::metrics::Record;
use std::fmt::Write;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 400.0;
/// Left, top, right, bottom.
const MARGINS: [f64; 4] = [64.0, 40.0, 24.0, 48.0];
/// Ticks of an axis, about.
const TICKS: f64 = 6.0;

const STYLE: &str = "text{font:12px sans-serif;fill:#333}.title{font-size:14px}.grid{stroke:#ddd}\
    .train{fill:none;stroke:#4269d0;stroke-width:1.5}.validation{fill:none;stroke:#ff725c;stroke-width:1.5}\
    circle{fill:#ff725c}.key{stroke-width:2}";

/// The losses over the steps: training as a line, validation as a line with points. Losses that are no numbers leave
/// gaps.
pub fn loss_chart(title: &str, records: &[Record]) -> String {
    let train: Vec<(f64, f64)> = records.iter().map(|record| (record.step as f64, record.loss)).collect();
    let validation: Vec<(f64, f64)> =
        records.iter().filter_map(|record| Some((record.step as f64, record.validation_loss?))).collect();
    let drawn = || train.iter().chain(&validation).copied().filter(|(_, loss)| loss.is_finite());
    let steps = Axis::over(drawn().map(|(step, _)| step), MARGINS[0], WIDTH - MARGINS[2]);
    let losses = Axis::over(drawn().map(|(_, loss)| loss), HEIGHT - MARGINS[3], MARGINS[1]);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text class=\"title\" x=\"{}\" y=\"24\">{title}</text>\n",
        MARGINS[0],
        title = escaped(title),
    );
    let (left, right) = (MARGINS[0], WIDTH - MARGINS[2]);
    let (top, bottom) = (MARGINS[1], HEIGHT - MARGINS[3]);
    for (value, label) in losses.ticks() {
        let y = losses.place(value);
        line(&mut svg, "grid", [left, y, right, y]);
        text(&mut svg, "end", left - 8.0, y + 4.0, &label);
    }
    for (value, label) in steps.ticks() {
        let x = steps.place(value);
        line(&mut svg, "grid", [x, top, x, bottom]);
        text(&mut svg, "middle", x, bottom + 18.0, &label);
    }
    text(&mut svg, "middle", (left + right) / 2.0, HEIGHT - 10.0, "step");
    for (at, (class, name, points)) in
        [("train", "training loss", &train), ("validation", "validation loss", &validation)].into_iter().enumerate()
    {
        if points.is_empty() {
            continue;
        }
        for part in points.split(|(_, loss)| !loss.is_finite()).filter(|part| !part.is_empty()) {
            let places: Vec<String> = part
                .iter()
                .map(|(step, loss)| format!("{:.1},{:.1}", steps.place(*step), losses.place(*loss)))
                .collect();
            put(&mut svg, format_args!("<polyline class=\"{class}\" points=\"{}\"/>", places.join(" ")));
            for (step, loss) in part.iter().filter(|_| class == "validation") {
                let (x, y) = (steps.place(*step), losses.place(*loss));
                put(&mut svg, format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"));
            }
        }
        let (x, y) = (right - 150.0, 20.0 + 16.0 * at as f64);
        line(&mut svg, &format!("{class} key"), [x, y - 4.0, x + 24.0, y - 4.0]);
        text(&mut svg, "start", x + 32.0, y, name);
    }
    svg.push_str("</svg>\n");
    svg
}

/// Values to places along a line of the picture.
struct Axis {
    values: [f64; 2],
    places: [f64; 2],
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Axis {
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let values = match low.is_finite() && high.is_finite() {
            true if low < high => [low, high],
            // One value, in the middle.
            true => [low - 0.5, low + 0.5],
            false => [0.0, 1.0],
        };
        Axis { values, places: [from, to] }
    }

    fn place(&self, value: f64) -> f64 {
        let [low, high] = self.values;
        self.places[0] + (value - low) / (high - low) * (self.places[1] - self.places[0])
    }

    /// Multiples of 1, 2 or 5 times a power of ten inside the range, with labels.
    fn ticks(&self) -> Vec<(f64, String)> {
        let [low, high] = self.values;
        let rough = (high - low) / TICKS;
        let power = 10f64.powf(rough.log10().floor());
        let unit = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|unit| *unit >= rough);
        let unit = unit.unwrap_or(10.0 * power);
        let decimals = (-unit.log10().floor()).clamp(0.0, 12.0) as usize;
        let first = (low / unit).ceil();
        let inside = (0..32).map(|at| (first + f64::from(at)) * unit).take_while(|value| *value <= high);
        // Adding zero turns -0 into 0.
        inside.map(|value| (value, format!("{:.decimals$}", value + 0.0))).collect()
    }
}

fn put(svg: &mut String, element: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(svg, "{element}");
}

fn line(svg: &mut String, class: &str, [x1, y1, x2, y2]: [f64; 4]) {
    put(svg, format_args!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"));
}

fn text(svg: &mut String, anchor: &str, x: f64, y: f64, text: &str) {
    put(svg, format_args!("<text text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text)));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(losses: &[(f64, Option<f64>)]) -> Vec<Record> {
        let record = |(at, (loss, validation_loss)): (usize, &(f64, Option<f64>))| Record {
            step: at as u64 + 1,
            loss: *loss,
            rate: 0.0,
            gradient_norm: 0.0,
            tokens_per_second: 0.0,
            memory_bytes: 0,
            validation_loss: *validation_loss,
        };
        losses.iter().enumerate().map(record).collect()
    }

    #[test]
    fn points_lie_where_their_losses_are() {
        let svg = loss_chart("run", &records(&[(4.0, None), (3.0, Some(2.0)), (0.0, None)]));
        // Steps 1 to 3 over x 64 to 776, losses 0 to 4 over y 352 up to 40.
        assert!(svg.contains(r#"<polyline class="train" points="64.0,40.0 420.0,118.0 776.0,352.0"/>"#), "{svg}");
        assert!(svg.contains(r#"<circle cx="420.0" cy="196.0" r="3"/>"#), "{svg}");
    }

    #[test]
    fn ticks_are_round_numbers() {
        let axis = Axis { values: [0.13, 0.92], places: [0.0, 1.0] };
        let labels: Vec<String> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.2", "0.4", "0.6", "0.8"]);
    }

    #[test]
    fn a_loss_that_is_no_number_leaves_a_gap() {
        let svg = loss_chart("run", &records(&[(2.0, None), (1.0, None), (f64::NAN, None), (1.5, None), (1.0, None)]));
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn a_run_of_no_step_or_one_can_be_drawn() {
        assert!(loss_chart("empty", &[]).ends_with("</svg>\n"));
        let svg = loss_chart("one", &records(&[(2.0, None)]));
        assert!(svg.contains(r#"points="420.0,196.0""#), "{svg}");
    }

    #[test]
    fn a_title_is_text() {
        let svg = loss_chart("a<b & \"c\"", &[]);
        assert!(svg.contains("<title>a&lt;b &amp; &quot;c&quot;</title>"), "{svg}");
    }
}
