//! What calcstore keeps for itself, of any bytes: opening such a store for writing repairs or refuses it. It loses no
//! value that was whole, and touches nothing outside.

use std::fs;
use std::time::Duration;

use calcstore::{Continue, DataStore};

use super::archive::unpack;
use super::scratch;

/// What the archive must leave alone: the value that was whole, and the group that holds it.
const SPARED: [&str; 2] = ["output.zarr/kept", "output.zarr/zarr.json"];

/// A marker of a power cut: the boot is none that there can be.
const CUT: &str = ".calcstore/dirty/11111111111111111111111111111111-22222222222222222222222222222222-33333333333333333333333333333333";

/// The input says in its first byte whether the power was cut; then comes an archive.
pub fn run(input: &[u8]) {
    let Some((first, archive)) = input.split_first() else { return };
    let directory = scratch::directory();
    let secret = directory.path().join("secret");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("zarr.json"), "outside").unwrap();
    let path = directory.path().join("store");
    let store = DataStore::at(&path).unwrap();
    store.insert("/kept", [1.5, 2.5]).unwrap();
    store.close().unwrap();
    unpack(archive, &path, &SPARED);
    if first % 2 == 1 {
        let marker = path.join(CUT);
        let _ = fs::create_dir_all(marker.parent().unwrap()).and_then(|()| fs::write(marker, ""));
    }
    let options = DataStore::options().lock_timeout(Duration::from_millis(20));
    if let Ok(store) = options.at(&path) {
        let _ = store.insert("/new", 1.0).map(|()| assert_eq!(store.get::<f64>("/new").unwrap(), 1.0));
        let _ = store.flush();
        let _ = store.gc().older_than(Duration::ZERO).run();
        let _ = store.check("/", |_| Continue::Yes).unwrap();
        assert_eq!(store.get::<Vec<f64>>("/kept").unwrap(), [1.5, 2.5]);
        drop(store);
        // What was repaired once needs no repair.
        if let Ok(store) = options.at(&path) {
            assert_eq!(store.recovered(), []);
        }
    }
    let store = DataStore::options().read_only(true).at(&path);
    let kept = store.and_then(|store| store.get::<Vec<f64>>("/kept"));
    // A later version may have written it.
    assert!(kept.is_err() || kept.is_ok_and(|kept| kept == [1.5, 2.5]));
    assert_eq!(fs::read_to_string(secret.join("zarr.json")).unwrap(), "outside");
    assert_eq!(fs::read_dir(&secret).unwrap().count(), 1);
}
