//! `calcstore view`: what it serves, to whom, and what a browser draws of it.

mod browser;
mod http;
mod values;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use calcstore::{Bytes, DataStore, Table};
use half::f16;
use ndarray::{Array1, Array2, Array3, arr0, array};
use num_complex::Complex;
use serde_json::Value as Json;

use super::Desk;

/// A program that serves, until it is dropped.
struct Viewer {
    child: Child,
    /// The address that it printed.
    address: String,
}

/// What the server answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Viewer {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        let mut command = desk.command(&[arguments, &["view", "--no-open"]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim_end().to_owned() }
    }

    /// Host and port.
    fn host(&self) -> &str {
        self.address.strip_prefix("http://").unwrap().split('/').next().unwrap()
    }

    fn token(&self) -> &str {
        self.address.split('/').nth(3).unwrap()
    }

    /// Asks as a browser does.
    fn get(&self, path: &str) -> Answer {
        let (host, token) = (self.host(), self.token());
        self.send(&format!("GET /{token}/{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.host()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(stream)
    }

    /// Asks for something of the last calculation.
    fn json(&self, what: &str, path: &str) -> Json {
        let answer = self.get(&format!("api/{what}?file=calc_1&path={path}"));
        assert_eq!(answer.status, 200, "{what} {path}: {answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Presses Ctrl-C; gives the exit code.
    fn interrupt(&mut self) -> Option<i32> {
        assert!(
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap().success()
        );
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    fn read(mut stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer") + 4;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        assert_eq!(length.parse(), Ok(bytes.len() - end));
        Self { status, head, body: bytes[end..].to_vec() }
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A desk with calculation 1, which holds everything that a store can hold.
fn desk_with_everything() -> Desk {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    save_curves(&store);
    save_types(&store);
    save_large(&store);
    let map = Array2::from_shape_fn((60, 80), |(y, x)| {
        let (x, y) = (x as f32 - 50.0, y as f32 - 20.0);
        (-(x * x + y * y) / 300.0).exp()
    });
    store.insert("/maps/pga", &map).unwrap();
    let cube = Array3::from_shape_fn((4, 30, 40), |(z, y, x)| (z * 10_000 + y * 100 + x) as f64);
    store.insert("/maps/cube", &cube).unwrap();
    let mut sites = Table::new();
    sites.push("name", ["Pavia", "Zürich"]).unwrap();
    sites.push("depth", [f64::NAN, 3.5]).unwrap();
    sites.push("id", [9_007_199_254_740_993_i64, -1]).unwrap();
    sites.push("is_rock", [true, false]).unwrap();
    sites.push("PGA", array![[0.5, 0.25], [f64::INFINITY, 0.125]]).unwrap();
    store.insert("/sites", &sites).unwrap();
    desk.write("job.json", r#"{"description": "demo <b>", "levels": [1, 2.5], "n": 3}"#);
    desk.done(&["put", "/job", "job.json"]);
    store.insert("/job.ini", Bytes("[general]\ndescription = größer\n")).unwrap();
    store.insert("/blob", Bytes([0u8, 1, 2, 255])).unwrap();
    store.attributes("/").unwrap().insert("title", "a <i>demo</i>").unwrap();
    desk
}

/// Adds an array that cannot be read.
fn damage(desk: &Desk) {
    let store = desk.store();
    store.insert("/odd", 1.0).unwrap();
    std::fs::write(store.calc_dir().join("output.zarr/odd/zarr.json"), "{").unwrap();
}

/// Curves over levels that span orders of magnitude, in a group with the labels of both axes.
fn save_curves(store: &DataStore) {
    let levels = Array1::from_shape_fn(20, |i| 10_f64.powf(i as f64 * 0.15 - 3.0));
    let curves = Array2::from_shape_fn((3, 20), |(site, i)| 0.02 / (site + 1) as f64 * levels[i].powf(-1.2));
    let mean = curves.mapv(|poe| 1.0 - (-poe * 0.02_f64).exp());
    let dataset = store.new_dataset("/curves/mean").coordinate("level", &levels);
    let dataset = dataset.coordinate("site", [10i32, 20, 30]).dimension_names(["site", "level"]);
    dataset.units("1").long_name("probability of exceedance").insert(&mean).unwrap();
    for (name, factor) in [("quantile-0.15", 0.4), ("quantile-0.85", 1.2)] {
        let quantile = store.new_dataset(&format!("/curves/{name}")).dimension_names(["site", "level"]);
        quantile.insert(mean.mapv(|poe| poe * factor)).unwrap();
    }
    let level = store.attributes("/curves/level").unwrap();
    level.insert("units", "g").unwrap();
    level.insert("long_name", "PGA (g)").unwrap();
}

fn save_types(store: &DataStore) {
    let key = |name: &str| format!("/types/{name}");
    store.insert(&key("bool"), [true, false, true]).unwrap();
    store.insert(&key("int8"), [-128i8, 0, 127]).unwrap();
    store.insert(&key("int16"), [-32768i16, 0, 32767]).unwrap();
    store.insert(&key("int32"), [i32::MIN, 0, i32::MAX]).unwrap();
    store.insert(&key("int64"), [i64::MIN, 0, i64::MAX]).unwrap();
    store.insert(&key("uint8"), [0u8, 1, 255]).unwrap();
    store.insert(&key("uint16"), [0u16, 1, 65535]).unwrap();
    store.insert(&key("uint32"), [0u32, 1, u32::MAX]).unwrap();
    store.insert(&key("uint64"), [0u64, 1, u64::MAX]).unwrap();
    store.insert(&key("float16"), [f16::from_f32(0.5), f16::NAN, f16::from_f32(65504.0)]).unwrap();
    store.insert(&key("float32"), [0.5f32, f32::NAN, f32::INFINITY]).unwrap();
    store.insert(&key("float64"), [0.1, f64::NAN, f64::NEG_INFINITY]).unwrap();
    store.insert(&key("complex64"), [Complex::new(3.0f32, 4.0), Complex::new(f32::NAN, 0.0)]).unwrap();
    store.insert(&key("complex128"), [Complex::new(3.0, 4.0), Complex::new(0.0, -1.5)]).unwrap();
    store.insert(&key("string"), ["αβγ", "", "\"two\"\nlines"]).unwrap();
    store.insert(&key("scalar"), 2.5).unwrap();
    store.insert(&key("text"), "Größe").unwrap();
    store.insert(&key("big"), i64::MAX).unwrap();
    store.insert(&key("complex"), arr0(Complex::new(1.0, -2.0))).unwrap();
    store.insert(&key("empty"), Array2::<f64>::zeros((0, 3))).unwrap();
}

/// Arrays of 1 GiB, of which only a little is stored.
fn save_large(store: &DataStore) {
    let rows = 1u64 << 27;
    let line = store.new_dataset("/large/line").chunks([1 << 20]);
    let line = line.create::<f64>(&[rows]).unwrap();
    line.write(rows - 4..rows, [1.0, 2.0, 3.0, 4.0]).unwrap();
    let map = store.new_dataset("/large/map").chunks([256, 1024]);
    let map = map.create::<f32>(&[1 << 18, 1024]).unwrap();
    map.write((1 << 17..(1 << 17) + 1, 0..1024), Array2::<f32>::from_elem((1, 1024), 7.0)).unwrap();
    let cube = store.new_dataset("/large/cube").chunks([1, 256, 256]);
    let cube = cube.create::<f32>(&[1024, 512, 512]).unwrap();
    let slope = Array2::from_shape_fn((512, 512), |(y, x)| (x + y) as f32);
    cube.write("1023", &slope).unwrap();
}
