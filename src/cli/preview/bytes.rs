//! Bytes as text where they are text, else in hexadecimal.

use std::fmt::Write;

use super::first_lines;

const HEX_LINES: usize = 8;

/// Draws the first bytes of a value.
pub fn draw(bytes: &[u8], width: usize) -> String {
    match text_of(bytes) {
        Some(text) => first_lines(text, width),
        None => hexadecimal(bytes, width),
    }
}

/// The bytes as text, but for a character that was cut at the end.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let binary = |character: char| character.is_control() && !['\n', '\r', '\t'].contains(&character);
    (!text.contains(binary)).then_some(text)
}

fn hexadecimal(bytes: &[u8], width: usize) -> String {
    // The place takes ten columns, a byte three, its character one, and there are two between.
    let per_line = [16, 8, 4].into_iter().find(|bytes| 11 + 4 * bytes <= width).unwrap_or(4);
    let column = 3 * per_line - 1;
    let mut text = String::new();
    for (at, line) in bytes.chunks(per_line).take(HEX_LINES).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown =
            |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
        let characters: String = line.iter().map(shown).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:08x}  {:<column$}  {characters}", at * per_line, hex.join(" "));
    }
    if bytes.len() > per_line * HEX_LINES {
        text.push('…');
    }
    text.trim_end().to_owned()
}
