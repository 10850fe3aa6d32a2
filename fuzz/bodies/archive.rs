//! A directory tree as an input.
//!
//! Entries follow each other: a byte for what it is, the length of the path in a byte, the path, and the length of the
//! content in two bytes, little-endian, and the content.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::inputs::Input;

/// Makes the entries of an archive below `root`, but none whose path `spared` names or that leads out of it. What cannot
/// be made, such as a file below a file, is left out.
pub fn unpack(archive: &[u8], root: &Path, spared: &[&str]) {
    let mut input = Input::new(archive);
    while !input.is_empty() {
        let what = input.byte() % 4;
        let length = usize::from(input.byte());
        let path = input.take(length);
        let (low, high) = (input.byte(), input.byte());
        let content = input.take(usize::from(u16::from_le_bytes([low, high])));
        let Ok(path) = std::str::from_utf8(path) else { continue };
        let inside = path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\0'));
        if !inside || spared.iter().any(|spared| Path::new(path).starts_with(spared)) {
            continue;
        }
        let place = root.join(path);
        let above = place.parent().filter(|above| !leads_through_a_link(root, above));
        if above.is_some_and(|above| fs::create_dir_all(above).is_ok()) {
            make(what, &place, content);
        }
    }
}

fn make(what: u8, place: &Path, content: &[u8]) {
    let is_link = fs::symlink_metadata(place).is_ok_and(|found| found.is_symlink());
    let made = match what {
        _ if is_link => Ok(()),
        0 => fs::write(place, content),
        // With the checksum that most chunks end with: nobody would guess it.
        1 => fs::write(place, [content, &crc32c::crc32c(content).to_le_bytes()].concat()),
        2 => fs::create_dir(place),
        _ => match std::str::from_utf8(content) {
            Ok(target) if !target.starts_with('/') && !target.contains('\0') => symlink(target, place),
            _ => Ok(()),
        },
    };
    drop(made);
}

fn leads_through_a_link(root: &Path, place: &Path) -> bool {
    let is_link = |place: &Path| fs::symlink_metadata(place).is_ok_and(|found| found.is_symlink());
    place.ancestors().take_while(|above| *above != root).any(is_link)
}
