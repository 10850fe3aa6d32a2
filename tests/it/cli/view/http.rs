//! Who gets what, and what hostile clients get.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Answer, Viewer, desk_with_everything};
use crate::cli::Desk;

#[test]
fn only_who_knows_the_address_gets_anything() {
    let desk = Desk::with_values();
    let viewer = Viewer::start(&desk, &[]);
    let (host, token) = (viewer.host().to_owned(), viewer.token().to_owned());
    assert_eq!(token.len(), 32);
    assert_ne!(token, Viewer::start(&desk, &[]).token());
    for page in ["", "view?file=calc_1", "app.js", "app.css", "start.js", "start.css", "licences.txt"] {
        assert_eq!(viewer.get(page).status, 200, "{page}");
    }
    assert_eq!(viewer.get("api/meta?file=calc_1&path=/").status, 200);
    let mut wrong = token.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    let asked =
        |target: &str, fields: &str| viewer.send(&format!("GET {target} HTTP/1.1\r\n{fields}\r\n")).status;
    let own = format!("Host: {host}\r\n");
    for target in [
        "/".to_owned(),
        "/favicon.ico".to_owned(),
        format!("/{token}"),
        format!("//{token}/"),
        format!("/{wrong}/"),
        format!("/{wrong}/api/meta?file=calc_1&path=/"),
        format!("/{}/", &token[..31]),
        format!("/{token}0/"),
        format!("/{token}/../{token}/"),
        format!("/{token}/api/../api/meta?file=calc_1&path=/"),
        format!("/{token}%2fapi%2fmeta?file=calc_1&path=/"),
        format!("/{token}/api%2fmeta?file=calc_1&path=/"),
        format!("/{token}/api/stats?file=calc_1&path=/"),
        format!("/{token}/%2e%2e/%2e%2e/etc/passwd"),
    ] {
        assert_eq!(asked(&target, &own), 404, "{target}");
    }
    let page = format!("/{token}/api/meta?file=calc_1&path=/");
    let origin = |origin: &str| asked(&page, &format!("{own}Origin: {origin}\r\n"));
    assert_eq!(origin(&format!("http://{host}")), 200);
    for other in ["null", "http://example.org", "http://127.0.0.1:1", "https://127.0.0.1", ""] {
        assert_eq!(origin(other), 403, "{other}");
    }
    // A name that somebody else lets point to this machine.
    let port = host.split(':').nth(1).unwrap();
    for other in [
        "example.org",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.:{port}",
        "a@{host}",
        "{host}.org",
        "[::1]:{port}",
    ] {
        let other = other.replace("{port}", port).replace("{host}", &host);
        assert_eq!(asked(&page, &format!("Host: {other}\r\n")), 403, "{other}");
    }
    assert_eq!(asked(&page, ""), 403);
    assert_eq!(asked(&page, &format!("{own}Host: example.org\r\n")), 400);
    assert_eq!(asked(&page, &format!("Host: localhost:{port}\r\n")), 200);
    let answer = viewer.send(&format!("POST {page} HTTP/1.1\r\n{own}Content-Length: 0\r\n\r\n"));
    assert_eq!((answer.status, answer.head.contains("Allow: GET")), (405, true));
}

#[test]
fn no_key_and_no_name_leads_out_of_the_store() {
    let desk = Desk::with_values();
    desk.write("data/secret", "x");
    let viewer = Viewer::start(&desk, &[]);
    for path in
        ["/..", "/../../secret", "/0/../..", "/%252e%252e/x", "..%2f..%2fsecret", "/.calcstore", "%00"]
    {
        for what in ["meta", "attr", "data", "paths"] {
            let answer = viewer.get(&format!("api/{what}?file=calc_1&path={path}"));
            assert!([404, 422].contains(&answer.status), "{what} {path}: {answer:?}");
            assert!(answer.text().starts_with("{\"message\":"), "{answer:?}");
        }
    }
    for file in [
        "",
        "..",
        "calc_1/..",
        "calc_0",
        "calc_2",
        "calc_-1",
        "-1",
        "path/x",
        "%2fetc",
        "calc_99999999999999999999",
    ] {
        let answer = viewer.get(&format!("api/meta?file={file}&path=/"));
        assert_eq!(answer.status, 404, "{file}");
        assert!(answer.text().contains("File not found"), "{answer:?}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_in_a_store_is_followed() {
    let desk = Desk::with_values();
    let store = desk.store();
    store.insert("/secret", [1.0, 2.0]).unwrap();
    let zarr = store.calc_dir().join("output.zarr");
    std::fs::rename(zarr.join("secret"), desk.path().join("secret")).unwrap();
    std::os::unix::fs::symlink(desk.path().join("secret"), zarr.join("link")).unwrap();
    let viewer = Viewer::start(&desk, &[]);
    for what in ["meta", "attr", "data"] {
        let answer = viewer.get(&format!("api/{what}?file=calc_1&path=/link&format=bin"));
        assert!([404, 422].contains(&answer.status), "{what}: {answer:?}");
    }
    assert!(!viewer.json("paths", "/").as_array().unwrap().contains(&"/link".into()));
}

#[test]
fn answers_forbid_other_pages_and_caches_to_have_them() {
    let desk = Desk::with_values();
    let viewer = Viewer::start(&desk, &[]);
    for page in ["", "view?file=calc_1", "api/meta?file=calc_1&path=/"] {
        let head = viewer.get(page).head;
        for field in [
            "Cache-Control: no-store",
            "Content-Security-Policy: default-src 'none'; script-src 'self' 'unsafe-eval';",
            "Cross-Origin-Resource-Policy: same-origin",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
        ] {
            assert!(head.contains(field), "{field}: {head}");
        }
        assert!(!head.contains("Access-Control"), "{head}");
    }
}

/// What has no end, or none that comes soon, must be answered or cut off, and others served all the while.
#[test]
fn slow_and_endless_clients_hold_up_nobody() {
    let desk = Desk::with_values();
    let mut viewer = Viewer::start(&desk, &[]);
    let half = format!("GET /{}/ HTTP/1.1\r\nHost: ", viewer.token());
    let idle: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(viewer.host()).unwrap();
            stream.write_all(half.as_bytes()).unwrap();
            stream
        })
        .collect();
    let start = Instant::now();
    assert_eq!(viewer.get("api/meta?file=calc_1&path=/").status, 200);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // Those that kept a place longest were sent away.
    let mut first = &idle[0];
    first.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert!(matches!(first.read(&mut [0; 16]), Ok(0) | Err(_)));

    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(20_000));
    assert!([431, 400].contains(&viewer.send(&long).status));
    let endless = TcpStream::connect(viewer.host()).unwrap();
    let mut writer = endless.try_clone().unwrap();
    let (mut sent, block) = (0, vec![b'a'; 1 << 16]);
    while sent < 100 << 20 && writer.write_all(&block).is_ok() {
        sent += 1 << 16;
    }
    assert!(sent < 100 << 20, "all of it was taken");
    assert_eq!(viewer.get("").status, 200);
    assert_eq!(viewer.interrupt(), Some(0));
}

#[test]
fn who_does_not_read_the_answer_holds_up_nobody() {
    let desk = desk_with_everything();
    let mut viewer = Viewer::start(&desk, &[]);
    let asked = format!(
        "GET /{}/api/data?file=calc_1&path=/large/map&format=bin HTTP/1.1\r\nHost: {}\r\n\r\n",
        viewer.token(),
        viewer.host()
    );
    let mut deaf: Vec<TcpStream> = (0..3).map(|_| TcpStream::connect(viewer.host()).unwrap()).collect();
    for stream in &mut deaf {
        stream.write_all(asked.as_bytes()).unwrap();
    }
    assert_eq!(viewer.get("api/meta?file=calc_1&path=/").status, 200);
    let whole = Answer::read(deaf.pop().unwrap());
    assert_eq!((whole.status, whole.body.len()), (200, 32 << 20));
    assert_eq!(viewer.interrupt(), Some(0));
}

/// All of 1 GiB is asked for by many at once. Only Linux says how much memory the program took.
#[cfg(target_os = "linux")]
#[test]
fn large_arrays_take_little_memory() {
    let desk = desk_with_everything();
    let viewer = Viewer::start(&desk, &[]);
    std::thread::scope(|scope| {
        for path in ["/large/map", "/large/line", "/large/map", "/large/cube"].repeat(3) {
            let viewer = &viewer;
            scope.spawn(move || {
                let answer = viewer.get(&format!("api/data?file=calc_1&path={path}&format=bin"));
                let expected = if path == "/large/cube" { 422 } else { 200 };
                assert_eq!(answer.status, expected, "{path}");
                assert!(answer.body.len() <= 32 << 20, "{path}");
            });
        }
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", viewer.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: u64 = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(kibibytes < 400 << 10, "{peak}");
}

#[test]
fn ctrl_c_ends_it_and_a_taken_port_is_said() {
    let desk = Desk::with_values();
    let mut viewer = Viewer::start(&desk, &[]);
    let port = viewer.host().split(':').nth(1).unwrap().to_owned();
    let ran = desk.run(&["view", "--no-open", "--port", &port]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--port names another port"), "{}", ran.stderr);
    assert_eq!(viewer.interrupt(), Some(0));
    assert!(TcpStream::connect(viewer.host()).is_err());
    let ran = desk.run(&["-c", "7", "view", "--no-open"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
}
