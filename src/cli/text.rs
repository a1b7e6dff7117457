//! Numbers and tables as people read them.

use std::io::{self, Write};

/// A size in binary units, such as `1.35 GiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.2} {}", UNITS[unit])
}

/// A number with three digits or four, such as `12.6 M`.
pub fn count(number: f64) -> String {
    let units = ["", " k", " M", " G", " T", " P"];
    let (mut value, mut unit) = (number, 0);
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 100.0 { 0 } else { 2 };
    format!("{value:.digits$}{}", units[unit])
}

/// A table with aligned columns; the columns whose flag is true are aligned to the right.
pub struct Table<const COLUMNS: usize> {
    right: [bool; COLUMNS],
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// A table with this heading.
    pub fn new(heading: [&str; COLUMNS], right: [bool; COLUMNS]) -> Self {
        Table { right, rows: vec![heading.map(String::from)] }
    }

    /// Adds a line.
    pub fn row(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row);
    }

    /// Writes the table, two spaces between the columns and none at the ends of lines.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), right) in row.iter().zip(widths).zip(self.right) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                let padding = " ".repeat(width - cell.chars().count());
                line.push_str(&if right { padding + cell } else { format!("{cell}{padding}") });
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Text on one line and at most `limit` characters: control characters are escaped, the rest is cut off.
pub fn shortened(text: &str, limit: usize) -> String {
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == limit {
            short.push('…');
            break;
        }
        if character.is_control() { short.extend(character.escape_default()) } else { short.push(character) }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(bytes(7 << 30), "7.00 GiB");
        assert_eq!(bytes(3 << 50), "3072.00 TiB");
    }

    #[test]
    fn numbers_are_shown_in_the_unit_that_fits() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(999.0), "999");
        assert_eq!(count(12_600_000.0), "12.60 M");
        assert_eq!(count(512e9), "512 G");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["name", "n"], [false, true]);
        table.row(["a".into(), "100".into()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "name    n\na     100\n");
    }

    #[test]
    fn long_text_is_cut_and_line_breaks_are_escaped() {
        assert_eq!(shortened("a\nb", 10), "a\\nb");
        assert_eq!(shortened("abcdef", 3), "abc…");
    }
}
