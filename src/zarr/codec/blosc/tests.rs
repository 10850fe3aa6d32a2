//! Our frames in other people's programs, theirs in ours.

use std::fs;
use std::process::Command;

use super::*;
use crate::zarr::codec::tests::python;

/// Numbers that are smooth, or do not compress at all where `size` says so by being odd.
fn content(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 40
    };
    let smooth = |n: u64| if size.is_multiple_of(2) { n * n / 64 } else { noise() };
    let bytes: Vec<u8> = (0..size as u64).map(smooth).map(|number| number.to_le_bytes()[0]).collect();
    bytes
}

#[test]
fn every_frame_of_numcodecs_is_decoded() {
    const WRITER: &str = r#"
import pathlib, sys, numcodecs
there = pathlib.Path(sys.argv[1])
for size in (0, 1, 100, 1000, 3000, 40_000, 40_001, 1_200_000, 999_999):
    content = (there / str(size)).read_bytes()
    for cname in numcodecs.blosc.list_compressors():
        for shuffle in (0, 1, 2):
            for typesize in (1, 2, 3, 4, 8, 12, 16, 17, 255):
                if size > 1_000_000 and typesize not in (1, 8, 16):
                    continue
                blocks = (0, 1 << 10) if size == 40_000 else (0,)
                for block in blocks:
                    level = 9 if size < 100_000 else 3
                    codec = numcodecs.Blosc(cname, level, shuffle, block, typesize)
                    frame = codec.encode(content)
                    (there / f"{size}.{cname}.{shuffle}.{typesize}.{block}").write_bytes(frame)
"#;
    let Some(python) = python() else { return };
    let there = tempfile::tempdir().unwrap();
    for size in [0, 1, 100, 1000, 3000, 40_000, 40_001, 1_200_000, 999_999] {
        fs::write(there.path().join(size.to_string()), content(size)).unwrap();
    }
    let output = Command::new(python).args(["-c", WRITER]).arg(there.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut frames = 0;
    for entry in fs::read_dir(there.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some((size, _)) = name.split_once('.') else { continue };
        let content = content(size.parse().unwrap());
        let frame = fs::read(there.path().join(&name)).unwrap();
        let decoded = decode(&frame, content.len());
        assert!(
            decoded.as_ref().is_ok_and(|decoded| *decoded == content),
            "{name}: {:?}",
            decoded.map(|_| ())
        );
        assert!(
            content.is_empty() || decode(&frame, content.len() - 1).is_err(),
            "{name}: more than belongs there"
        );
        frames += 1;
    }
    assert!(frames > 1000, "{frames} frames");
}

#[test]
fn our_frames_are_decoded_by_numcodecs() {
    const READER: &str = r#"
import pathlib, sys, numcodecs
there = pathlib.Path(sys.argv[1])
for frame in there.glob("*.*"):
    encoded = frame.read_bytes()
    decoded = numcodecs.Blosc().decode(encoded)
    assert bytes(decoded) == (there / frame.name.split(".")[0]).read_bytes(), frame.name
    nbytes, cbytes, blocksize = numcodecs.blosc._cbuffer_sizes(encoded)
    assert (nbytes, cbytes) == (len(decoded), len(encoded)), frame.name
print(len(list(there.glob("*.*"))))
"#;
    let Some(python) = python() else { return };
    let there = tempfile::tempdir().unwrap();
    for size in [1, 7, 100, 1000, 40_000, 40_001, 5_000_004, 1_500_001] {
        let content = content(size);
        fs::write(there.path().join(size.to_string()), &content).unwrap();
        for type_size in [1, 2, 3, 4, 8, 12, 16, 300] {
            for level in if size > 100_000 { &[1][..] } else { &[1, 5] } {
                let frame = encode(&content, *level, type_size).unwrap();
                assert_eq!(decode(&frame, size).unwrap(), content, "{size} bytes of {type_size}");
                fs::write(there.path().join(format!("{size}.{type_size}.{level}")), frame).unwrap();
            }
        }
    }
    let output = Command::new(python).args(["-c", READER]).arg(there.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "112");
}

#[test]
fn what_does_not_shrink_is_stored_and_what_is_smooth_shrinks() {
    let noise = content(100_001);
    let stored = encode(&noise, 5, 8).unwrap();
    assert_eq!((stored.len(), stored[2] & STORED), (noise.len() + HEADER, STORED));
    assert_eq!(encode(&[], 5, 8).unwrap().len(), HEADER);
    let curve: Vec<u8> = (0..50_000).flat_map(|n| (1.0 + f64::from(n) * 1e-6).to_le_bytes()).collect();
    assert!(encode(&curve, 5, 8).unwrap().len() < encode(&curve, 5, 1).unwrap().len() * 3 / 4);
}

/// A frame of one block of one stream that is not split.
fn frame(compressor: u8, stream: &[u8], length: usize) -> Vec<u8> {
    let size = HEADER + 8 + stream.len();
    let numbers =
        [length, length, size, HEADER + 4, stream.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    [&[VERSION, 1, compressor << 5 | NOT_SPLIT, 1][..], &numbers.concat(), stream].concat()
}

#[test]
fn snappy_which_python_has_not_is_decoded_too() {
    let content = content(10_000);
    let stream = snap::raw::Encoder::new().compress_vec(&content).unwrap();
    assert_eq!(decode(&frame(2, &stream, content.len()), content.len()).unwrap(), content);
}

#[test]
fn headers_that_lie_and_damaged_frames_are_errors() {
    let content: Vec<u8> = (0..2000u32).map(|n| n.to_be_bytes()[2]).collect();
    let good = encode(&content, 5, 4).unwrap();
    assert!(good[2] & STORED == 0);
    for (at, value, kind) in [
        (0, 1, ErrorKind::Unsupported),
        (0, 5, ErrorKind::Unsupported),
        (2, 7 << 5 | NOT_SPLIT, ErrorKind::Unsupported),
        (3, 0, ErrorKind::Corrupt),
        (7, 0x7f, ErrorKind::Corrupt),
        (7, 0xff, ErrorKind::Corrupt),
        (8, 0xff, ErrorKind::Corrupt),
        (12, good[12] ^ 1, ErrorKind::Corrupt),
        (16, 0xff, ErrorKind::Corrupt),
        (19, 0xff, ErrorKind::Corrupt),
        (23, 0x7f, ErrorKind::Corrupt),
    ] {
        let mut bad = good.clone();
        bad[at] = value;
        assert_eq!(decode(&bad, 2000).unwrap_err().kind(), kind, "byte {at} is {value}");
    }
    let mut zero_block = good.clone();
    zero_block[8..12].fill(0);
    assert!(decode(&zero_block, 2000).is_err());
    for end in 0..good.len() {
        assert!(decode(&good[..end], 2000).is_err(), "cut at {end}");
    }
    let empty = [&[VERSION, 1, ZSTD << 5, 8][..], &[0; 8], &16u32.to_le_bytes()].concat();
    assert!(decode(&empty, 8).unwrap().is_empty());
    // Little that claims to be much.
    for compressor in 0..=4 {
        let error = decode(&frame(compressor, &[0; 8], 1 << 30), 1 << 30).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "compressor {compressor}");
    }
}

#[test]
fn any_bytes_as_a_stream_of_blosclz_end() {
    let mut state = 7u32;
    for length in 0..2000 {
        let stream: Vec<u8> = (0..length % 40)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        assert!(blosclz::decode(&stream, length).is_none_or(|decoded| decoded.len() == length));
    }
    // A literal `a`, then five more from one before.
    assert_eq!(blosclz::decode(&[0, b'a', 3 << 5, 0], 6).unwrap(), b"aaaaaa");
    assert_eq!(blosclz::decode(&[0, b'a', 3 << 5, 1], 6), None, "before the beginning");
}
