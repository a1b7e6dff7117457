//! NumPy's `.npy` files of f32 matrices, written row by row.

use std::io::{self, Write};

/// Writes the header (format version 1.0) of a C-ordered little-endian f32 array [rows, columns].
///
/// The header's length is padded with spaces so that the values begin at a multiple of 64 bytes, as
/// `numpy.lib.format` says.
pub fn write_header(out: &mut dyn Write, rows: usize, columns: usize) -> io::Result<()> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    const MAGIC_AND_LENGTH: usize = 10;
    let unpadded = MAGIC_AND_LENGTH + header.len() + 1;
    header.push_str(&" ".repeat(unpadded.next_multiple_of(64) - unpadded));
    header.push('\n');
    out.write_all(b"\x93NUMPY\x01\x00")?;
    // Two numbers of at most twenty digits keep the header far below 65,536 bytes.
    out.write_all(&(header.len() as u16).to_le_bytes())?;
    out.write_all(header.as_bytes())
}

/// Writes values in the order of the array.
pub fn write_values(out: &mut dyn Write, values: &[f32]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(4 * values.len().min(65_536));
    for piece in values.chunks(65_536) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_laid_out_as_numpy_reads_it() {
        let mut file = Vec::new();
        write_header(&mut file, 2, 3).unwrap();
        let header = file.len();
        write_values(&mut file, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5]).unwrap();
        assert_eq!(header, 128);
        assert_eq!(&file[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert!(file[10..header].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   "));
        assert_eq!(file[header - 1], b'\n');
        assert_eq!(file[header..header + 4], 1.0f32.to_le_bytes());
        assert_eq!(file[file.len() - 4..], 6.5f32.to_le_bytes());
        assert_eq!(file.len(), header + 6 * 4);
    }
}
