//! Pictures of values.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::Desk;
use crate::oracle;

/// A desk with curves that have labels and units, and with a grid.
fn with_curves() -> Desk {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    let levels: Vec<f64> = (0..10).map(|n| 0.001 * 2f64.powi(n)).collect();
    let curves = ndarray::Array2::from_shape_fn((2, 10), |(site, level)| {
        0.5f64.powi((site * 3 + level * 2).try_into().unwrap())
    });
    let new =
        store.new_dataset("/h/poes").coordinate("site", ["Pavia <1>", "Zürich"]).coordinate("level", &levels);
    new.long_name("probability").units("1/a").insert(&curves).unwrap();
    store.attributes("/h/level").unwrap().insert("units", "g").unwrap();
    let grid = ndarray::Array2::from_shape_fn((30, 40), |(i, j)| i as f64 * 40.0 + j as f64);
    store.insert("/map", &grid).unwrap();
    desk
}

fn svg(desk: &Desk, arguments: &[&str]) -> String {
    let output = [&["plot"], arguments, &["-o", "-", "-f", "svg"]].concat();
    desk.done(&output)
}

#[test]
fn curves_are_drawn_against_their_labels_with_names_and_units() {
    let desk = with_curves();
    let drawn = desk.json(&["plot", "/h/poes"]);
    assert_eq!(drawn["x"], json!({"label": "level (g)", "scale": "log"}));
    assert_eq!(drawn["y"], json!({"label": "probability (1/a)", "scale": "log"}));
    assert_eq!((&drawn["form"], &drawn["curves"][1]["name"]), (&json!("curves"), &json!("Zürich")));
    assert_eq!(drawn["curves"][1]["points"][1], json!([0.002, 0.03125]));

    let picture = svg(&desk, &["/h/poes"]);
    let document = roxmltree::Document::parse(&picture).unwrap();
    let texts: Vec<&str> = document
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .filter_map(|node| node.text())
        .collect();
    for text in ["/h/poes", "level (g)", "probability (1/a)", "Pavia <1>", "Zürich", "0.001", "0.1"] {
        assert!(texts.contains(&text), "{text}: {texts:?}");
    }
    let lines = document.descendants().filter(|node| node.attribute("stroke-width") == Some("2"));
    let lines: Vec<usize> = lines.map(|line| line.attribute("points").unwrap().split(' ').count()).collect();
    assert_eq!(lines, [10, 10]);
}

#[test]
fn a_selection_and_another_axis_are_respected() {
    let desk = with_curves();
    let drawn = desk.json(&["plot", "/h/poes", "-s", "1, 2:8:3", "--log", "none"]);
    assert_eq!(drawn["curves"][0]["points"], json!([[0.004, 0.007_812_5], [0.032, 0.000_122_070_312_5]]));
    assert_eq!((&drawn["x"]["scale"], &drawn["y"]["scale"]), (&json!("linear"), &json!("linear")));
    desk.write("x.json", "[10, 20, 30]");
    desk.done(&["put", "/x", "x.json"]);
    let drawn = desk.json(&["plot", "/map", "-s", "-1, :3", "--x", "/x"]);
    assert_eq!(drawn["curves"][0]["points"], json!([[10.0, 1160.0], [20.0, 1161.0], [30.0, 1162.0]]));
    let ran = desk.run(&["plot", "/map", "--x", "/x"]);
    let message = "calcstore: /x: has the shape [3], and there are 40 elements to a curve\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, message));
}

#[test]
fn scales_come_from_what_viewers_are_told() {
    let desk = with_curves();
    let style = r#"{"axes_scale_type":["linear","linear"],"signal_scale_type":"linear"}"#;
    desk.store().attributes("/h").unwrap().insert("SILX_style", style).unwrap();
    let drawn = desk.json(&["plot", "/h/poes"]);
    assert_eq!((&drawn["x"]["scale"], &drawn["y"]["scale"]), (&json!("linear"), &json!("linear")));
}

#[test]
fn grids_are_drawn_as_cells_and_large_ones_in_part() {
    let desk = with_curves();
    let drawn = desk.json(&["plot", "/map"]);
    assert_eq!((&drawn["form"], &drawn["grid"][29][39]), (&json!("grid"), &json!(1199.0)));
    let picture = svg(&desk, &["/map"]);
    let cells = roxmltree::Document::parse(&picture)
        .unwrap()
        .descendants()
        .filter(|node| node.has_tag_name("rect"))
        .count();
    assert_eq!(cells, 1 + 30 * 40 + 64);
    desk.store().insert("/large", ndarray::Array2::<u8>::ones((1000, 10))).unwrap();
    let drawn = desk.json(&["plot", "/large"]);
    assert_eq!((drawn["grid"].as_array().unwrap().len(), drawn["note"].is_string()), (250, true));
    let drawn = desk.json(&["plot", "/large", "--as", "curves"]);
    assert_eq!(
        (drawn["curves"].as_array().unwrap().len(), &drawn["note"]),
        (8, &json!("8 of 1000 curves; -s selects others"))
    );
}

#[test]
fn text_fits_the_width_and_colours_are_seen_only_where_they_are_wanted() {
    let desk = with_curves();
    for width in [40, 80, 123, 200] {
        for key in ["/h/poes", "/map"] {
            let mut command = desk.command(&["plot", key]);
            let output = command.env("COLUMNS", width.to_string()).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
            assert!(!text.contains('\u{1b}') && text.lines().count() > 20, "{text}");
        }
    }
    let plain = desk.done(&["plot", "/map"]);
    assert!(
        plain.contains('█') && plain.contains('░') && plain.contains("0    ░░░▒▒▒▓▓▓███ 1199  map"),
        "{plain}"
    );
    assert!(desk.done(&["plot", "/map", "--color", "always"]).contains("\u{1b}[38;2;"));
    assert!(desk.done(&["plot", "/h/poes"]).contains("probability (1/a)\n"));
}

#[test]
fn a_png_is_what_other_programs_read() {
    let desk = with_curves();
    desk.done(&["plot", "/map", "-o", "map.png"]);
    desk.done(&["plot", "/h/poes", "-o", "poes.png"]);
    let ran = desk.run(&["plot", "/map", "-o", "map.png"]);
    assert_eq!((ran.code, ran.stderr.contains("--force replaces it")), (2, true));
    assert!(fs::read(desk.path().join("map.png")).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("Python"), Vec::<String>::new());
        return;
    };
    // By the specification: every checksum, and every pixel after the filter is undone.
    let code = r"
import struct, sys, zlib
for name, colours in (('map.png', 40), ('poes.png', 3)):
    data = open(name, 'rb').read()
    at, chunks = 8, {}
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert struct.unpack('>I', data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    assert list(chunks) == [b'IHDR', b'IDAT', b'IEND']
    width, height, *rest = struct.unpack('>IIBBBBB', chunks[b'IHDR'])
    assert (width, height, rest) == (1720, 1120, [8, 2, 0, 0, 0])
    lines = zlib.decompress(chunks[b'IDAT'])
    assert len(lines) == height * (1 + 3 * width)
    above, pixels = bytes(3 * width), set()
    for line in range(height):
        start = line * (1 + 3 * width)
        assert lines[start] == 2
        above = bytes((a + b) & 255 for a, b in zip(lines[start + 1:start + 1 + 3 * width], above))
        pixels |= {above[i:i + 3] for i in range(0, len(above), 3)}
    assert bytes([255] * 3) in pixels and bytes(3) in pixels and len(pixels) > colours, len(pixels)
    if name == 'map.png':
        assert bytes.fromhex('440154') in pixels and bytes.fromhex('fde725') in pixels
    else:
        assert bytes.fromhex('0072b2') in pixels and bytes.fromhex('d55e00') in pixels
";
    let output = Command::new(python).args(["-c", code]).current_dir(desk.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let desk = Desk::with_values();
    desk.store().insert("/cube", ndarray::Array3::<f64>::zeros((2, 2, 2))).unwrap();
    desk.store().insert("/none", Vec::<f64>::new()).unwrap();
    desk.store().insert("/nan", [f64::NAN, f64::NAN]).unwrap();
    for (arguments, message) in [
        (&["/cube"][..], "/cube: 3 axes cannot be drawn; -s selects one or two, such as -s '0,:,:'"),
        (&["/sites"], "/sites: is a table, and arrays can be drawn; name a column, such as /sites/lon"),
        (&["/sites/name"], "/sites/name: holds string, and numbers can be drawn"),
        (&["/0"], "/0: is a group, and arrays can be drawn"),
        (&["/none"], "/none: has no elements"),
        (&["/0/name"], "/0/name: is a single string, and axes can be drawn"),
        (
            &["/0/curves", "-o", "x.gif"],
            "the suffix does not tell the format: say it with -f svg or png (x.gif)",
        ),
    ] {
        let ran = desk.run(&[&["plot"], arguments].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (2, format!("calcstore: {message}\n").as_str()));
    }
    assert!(desk.done(&["plot", "/nan"]).lines().count() > 15);
    assert!(desk.done(&["plot", "/sites/lon"]).contains("lon"));
}
