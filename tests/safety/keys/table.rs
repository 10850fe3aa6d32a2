//! Names that somebody may come up with, and what the specification (section 3) says of each.
//!
//! The names are made class by class, and each class says what must become of it: this is no second validator.

use Verdict::{Accepted, Everywhere, WhenCreating};

/// What must become of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// A value can be stored under it.
    Accepted,
    /// It is refused wherever a key is taken, with these words.
    Everywhere(&'static str),
    /// It is refused where something is to be created; nothing is there for those who look.
    WhenCreating(&'static str),
}

const CHARACTER: Verdict = Everywhere("may not stand in a key");
const DOTS: Verdict = Everywhere("dots alone");
const RESERVED: Verdict = Everywhere("reserved by Zarr");
const LONG: Verdict = Everywhere("longer than 255 bytes");
const ENDING: Verdict = WhenCreating("may not end with a dot or a space");
const FORM: Verdict = WhenCreating("normal form NFC");
const DEVICE: Verdict = WhenCreating("the name of a Windows device");

/// Single components; none is empty or holds a `/`.
pub fn components() -> Vec<(String, Verdict)> {
    let mut all = Vec::new();
    let mut add = |verdict: Verdict, names: &[&str]| {
        all.extend(names.iter().map(|name| ((*name).to_owned(), verdict)));
    };
    add(DOTS, &[".", "..", "...", "....", "........"]);
    add(
        CHARACTER,
        &["..\\", "..\\x", "\\\\host\\share", "C:", "C:\\x", "c:x", "a:b", "x:$DATA", "\\", ":", "::"],
    );
    add(CHARACTER, &["\\\\?\\C:", "file:", "http:", "a\\b", "\u{0}..", "..\u{0}", "zarr.json\u{0}"]);
    add(
        ENDING,
        &[". .", ".. ", " ..", ". ", " .", "a.", "a..", "a ", "a. ", "a .", " ", "  ", "nul.", "CON "],
    );
    add(ENDING, &["zarr.json.", "..%2f..", "zarr.json ", "日.", "é ", "\u{200b}.", "a\u{a0} ", "a_."]);
    add(RESERVED, &["__", "__a", "___", "__init__", "__zarr__", "__pycache__", "__..", "__a ", "__nul"]);
    add(Everywhere("Zarr's own metadata"), &["zarr.json"]);
    all.extend(ORDINARY.map(|name| (name.to_owned(), Accepted)));
    windows(&mut all);
    controls(&mut all);
    unicode(&mut all);
    lengths(&mut all);
    all
}

/// What looks like something of Zarr's, of ours, of the system's or of a shell's is a name as any other.
#[rustfmt::skip]
const ORDINARY: [&str; 101] = [
    "c", "c.0", "c.0.0", "c0", "0", "00", "-1", "1e9", ".zgroup", ".zarray", ".zattrs", ".zmetadata", ".calcstore",
    "output.zarr", "output.hdf5", "calc_1", "..%2f..x", "stage", "trash", "owner", "tree", "dirty", "format.json",
    "moved.0", "a.removed", "a.changes", ".a", "..a", "a.b", "a..b", "_", "_a", "a__", "_ _", "zarr.jsonx",
    "xzarr.json", ".zarr.json", "ZARR.JSON", "Zarr.json", "zarr_json", "zarr%2Ejson", "%", "%%", "%41", "%2F",
    "%2e%2e", "%00", "%zz", "100%", "%5F_meta", "%6Eul", "&#46;&#46;", "*", "**", "?", "[a]", "[", "]", "{a,b}", "{",
    "!x", "[!a]", "a*b", "~", "~root", "$HOME", "$(x)", "`x`", "-", "--", "-rf", "--help", "'", "\"", ";", "|", "&", "<",
    ">", "a>b", "#", "=", "a=b", "@", "+", ",", "(x)", " a", "  a", "a b", "a  b", "[Campbell2003] region = \"CA\"",
    "null", "NaN", "true", "lost+found", "con_", "\u{a0}", "a\u{a0}", "\u{3000}", "x\u{3000}",
];

fn windows(all: &mut Vec<(String, Verdict)>) {
    for (n, name) in devices().into_iter().enumerate() {
        for suffix in ["", ".txt", ".tar.gz", " .x", ".a b"] {
            for written in [name.clone(), name.to_lowercase(), mixed(&name)] {
                all.push((format!("{written}{suffix}"), DEVICE));
            }
        }
        for (before, after) in [("x", ""), ("", "x"), (".", ""), (" ", ""), ("", "-1"), ("_", ""), ("", "4x")]
        {
            // Every fifth, for there are many.
            if n % 5 == 0 {
                all.push((format!("{before}{name}{after}"), Accepted));
            }
        }
    }
    let others = [
        "CO", "COM", "LPT", "COM10", "LPT00", "com⁴", "COMa", "CONSOLE", "NULL", "AUXI", "CON$", "CLOCK",
        "PR",
    ];
    all.extend(others.map(|name| (name.to_owned(), Accepted)));
}

fn controls(all: &mut Vec<(String, Verdict)>) {
    for control in (0..0x20).chain(0x7f..0xa0).map(|code| char::from_u32(code).unwrap()) {
        for name in
            [format!("{control}"), format!("{control}a"), format!("a{control}b"), format!("a{control}")]
        {
            all.push((name, CHARACTER));
        }
    }
}

fn devices() -> Vec<String> {
    let numbered = ["COM", "LPT"]
        .into_iter()
        .flat_map(|port| "0123456789¹²³".chars().map(move |n| format!("{port}{n}")));
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].into_iter().map(str::to_owned).chain(numbered).collect()
}

/// Every second letter in lower case.
fn mixed(name: &str) -> String {
    let each = |(n, c): (usize, char)| if n % 2 == 0 { c } else { c.to_ascii_lowercase() };
    name.chars().enumerate().map(each).collect()
}

fn unicode(all: &mut Vec<(String, Verdict)>) {
    // Composed, and the same decomposed or in another order.
    for (composed, other) in [
        ("é", "e\u{301}"),
        ("Å", "A\u{30a}"),
        ("ö", "o\u{308}"),
        ("ạ\u{307}", "a\u{307}\u{323}"),
        ("q\u{323}\u{307}", "q\u{307}\u{323}"),
        ("ṩ", "s\u{323}\u{307}"),
        ("ǖ", "u\u{308}\u{304}"),
        ("가", "\u{1100}\u{1161}"),
        ("각", "\u{1100}\u{1161}\u{11a8}"),
        ("が", "か\u{3099}"),
        ("й", "и\u{306}"),
        ("ế", "e\u{302}\u{301}"),
        // Single characters that are the same as others, or that NFC takes apart.
        ("\u{c5}ngstrom", "\u{212b}ngstrom"),
        ("Ω", "\u{2126}"),
        ("K", "\u{212a}"),
        ("豈", "\u{f900}"),
        ("\u{2002}x", "\u{2000}x"),
        ("\u{915}\u{93c}", "\u{958}"),
        ("\u{5e9}\u{5c1}", "\u{fb2a}"),
        ("\u{3b9}x", "\u{1fbe}x"),
        (";a", "\u{37e}a"),
        ("\u{1d157}\u{1d165}", "\u{1d15e}"),
    ] {
        for (before, after) in [("", ""), ("x", ""), ("", "x"), ("日", "b")] {
            all.push((format!("{before}{composed}{after}"), Accepted));
            all.push((format!("{before}{other}{after}"), FORM));
        }
    }
    // Looks like something else, turns the direction, joins, is not seen, or is no character at all; all in form NFC.
    let odd = "ﬁ²①㎏Ａｱ．／＼：‥…⁄∕∖ːƼ\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
               \u{2060}\u{2066}\u{2069}\u{feff}\u{ad}\u{a0}\u{3000}\u{2028}\u{2029}\u{fffd}\u{fffe}\u{ffff}\u{d7ff}\
               \u{e000}\u{10ffff}\u{fdd0}\u{e0001}\u{1f30d}\u{1f469}\u{fe0f}\u{1f1e9}\u{301}\u{20d0}\u{1161}ßıİſςΣДשع日";
    for character in odd.chars() {
        for name in [
            format!("{character}"),
            format!("x{character}y"),
            format!("{character}z"),
            format!("9{character}"),
        ] {
            // Some of the marks compose with nothing here.
            all.push((name, Accepted));
        }
    }
    let names = [
        "👩‍👩‍👧‍👦",
        "🇩🇪",
        "👍🏽",
        "❤️",
        "مرحبا",
        "שלום",
        "日本語",
        "Größe",
        "größe",
        "GRÖSSE",
        "STRASSE",
        "straße",
        "\u{202e}txt.exe",
    ];
    all.extend(names.map(|name| (name.to_owned(), Accepted)));
    // Siblings that differ by case alone are two keys.
    for name in ["Sadigh", "SADIGH", "sadigh", "sAdIgH"] {
        all.push((name.to_owned(), Accepted));
    }
}

fn lengths(all: &mut Vec<(String, Verdict)>) {
    for (unit, most) in
        [("x", 255), ("é", 127), ("日", 85), ("🌍", 63), ("Xy", 127), ("\u{200b}", 85), ("%", 255)]
    {
        all.push((unit.repeat(most), Accepted));
        all.push((unit.repeat(most - 1), Accepted));
        all.push((unit.repeat(most + 1), LONG));
        all.push((unit.repeat(most + 2), LONG));
        all.push((unit.repeat(most * 5), LONG));
    }
    all.push((format!("{}.", "x".repeat(254)), ENDING));
    all.push((format!("nul.{}", "x".repeat(251)), DEVICE));
    all.push((format!("{}e\u{301}", "x".repeat(252)), FORM));
}

/// Whole keys: each component where others are around it, and keys that are too long or too deep as a whole. Gives the
/// text, the key that it stands for, and the verdict.
pub fn keys() -> Vec<(String, String, Verdict)> {
    let frames: [(&str, &str); 5] =
        [("", ""), ("/f1/", "/x"), ("f2//", "/"), ("f3/a/b/", ""), ("//f4/", "//y/z//")];
    let mut all = Vec::new();
    for (name, verdict) in components() {
        for (before, after) in frames {
            let text = format!("{before}{name}{after}");
            let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
            let key = format!("/{}", parts.join("/"));
            all.push((text, key, verdict));
        }
    }
    for astray in
        ["../x", "a/../b", "a/..", "/../../etc/passwd", "./a", "a/./b", "a/.", "..//x", "/./", "a/.../b"]
    {
        all.push((astray.to_owned(), String::new(), DOTS));
    }
    let of = |bytes: usize, part: usize| {
        let name = "w".repeat(part);
        let mut key = vec![name.as_str(); bytes / (part + 1)].join("/");
        key.push('/');
        key.push_str(&"v".repeat(bytes - key.len()));
        key
    };
    for part in [20, 64, 100, 200, 254] {
        for (bytes, verdict) in
            [(1023, Accepted), (1024, Accepted), (1025, Everywhere("longer than 1024 bytes"))]
        {
            let key = of(bytes, part);
            assert_eq!(key.len(), bytes);
            all.push((format!("/{key}/"), format!("/{key}"), verdict));
        }
    }
    for (levels, verdict) in [
        (63, Accepted),
        (64, Accepted),
        (65, Everywhere("more than 64 levels")),
        (400, Everywhere("more than 64 levels")),
    ] {
        for name in ["d", "é"] {
            let key = format!("{levels}/{}", vec![name; levels - 1].join("/"));
            all.push((key.clone(), format!("/{key}"), verdict));
        }
    }
    let (mut seen, mut twice) = (std::collections::BTreeSet::new(), Vec::new());
    all.retain(|(text, _, verdict)| {
        let is_new = seen.insert(text.clone());
        if !is_new {
            twice.push((text.clone(), *verdict));
        }
        is_new
    });
    assert!(twice.len() * 20 < all.len(), "{twice:?}");
    all
}
