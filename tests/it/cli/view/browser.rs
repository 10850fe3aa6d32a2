//! What a browser draws: `tests/oracles/view.mjs` opens each kind of node in Chromium and looks at it.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value as Json;

use super::{Viewer, damage, desk_with_everything};
use crate::oracle;

#[test]
fn chromium_draws_everything_and_follows_what_grows() {
    let (Some(node), Some(chromium)) = (oracle::variable("NODE"), oracle::variable("CHROMIUM")) else {
        assert!(oracle::skip("Chromium").is_empty());
        return;
    };
    let desk = desk_with_everything();
    damage(&desk);
    let growing = desk.store().new_dataset("/growing").create::<f64>(&[0]).unwrap();
    growing.append([1.0, 2.0]).unwrap();
    let viewer = Viewer::start(&desk, &[]);
    let screenshots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("view");
    let is_over = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                growing.append([5.0]).unwrap();
                thread::sleep(Duration::from_millis(500));
            }
        });
        let mut command = Command::new(node);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/view.mjs"));
        command.arg(&viewer.address).arg(&screenshots).env("CALCSTORE_ORACLE_CHROMIUM", chromium);
        let output = command.output();
        is_over.store(true, Ordering::Relaxed);
        output.unwrap()
    });
    let report: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["faults"], serde_json::json!([]), "screenshots are in {}", screenshots.display());
    assert_eq!(report["checked"], 34);
}
