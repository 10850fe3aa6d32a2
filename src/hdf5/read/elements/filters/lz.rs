//! Filter 32000, LZF: literals, and copies of what came up to 8 KiB before.

use super::{Result, damaged};

pub(super) fn lzf(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut output = Vec::with_capacity(limit.min(bytes.len().saturating_mul(256)));
    let mut input = bytes.iter();
    while let Some(control) = input.next() {
        let control = usize::from(*control);
        let room = limit.saturating_sub(output.len());
        if control < 32 {
            let Some(literals) = input.as_slice().get(..=control) else { return broken() };
            if literals.len() > room {
                return too_long(limit);
            }
            output.extend_from_slice(literals);
            input.nth(control);
            continue;
        }
        // Three bits of length, of which seven say that a byte of it follows, and thirteen of distance.
        let more = if control >> 5 == 7 { input.next() } else { Some(&0) };
        let (Some(more), Some(low)) = (more, input.next()) else { return broken() };
        let length = (control >> 5).saturating_add(usize::from(*more)).saturating_add(2);
        let back = (((control & 31) << 8) | usize::from(*low)).saturating_add(1);
        let Some(start) = output.len().checked_sub(back) else { return broken() };
        if length > room {
            return too_long(limit);
        }
        copy(&mut output, start, length);
    }
    Ok(output)
}

/// Appends what begins at `start`, which may go on into what is appended.
fn copy(output: &mut Vec<u8>, start: usize, mut length: usize) {
    while length > 0 {
        let ready = output.len().saturating_sub(start).min(length);
        if ready == 0 {
            return;
        }
        output.extend_from_within(start..start.saturating_add(ready));
        length = length.saturating_sub(ready);
    }
}

fn broken<T>() -> Result<T> {
    damaged("its LZF stream is broken")
}

fn too_long<T>(limit: usize) -> Result<T> {
    damaged(format!("its LZF stream holds more than {limit} bytes"))
}
