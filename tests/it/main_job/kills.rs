//! Calculations that are stopped at any moment, and go on.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use calcstore::{AnyArray, DataStore, Status, Table};
use ndarray::Array2;

use super::processes::{assert_same_results, demo_on_a_grid, results, start, success};
use super::{copy_of_demo, program};

/// How often a calculation is stopped: many times with `CALCSTORE_SCALE=1`.
#[expect(clippy::cast_sign_loss, reason = "a scale is positive")]
fn tries() -> u64 {
    let scale = std::env::var("CALCSTORE_SCALE").map_or(0.02, |text| text.parse::<f64>().unwrap());
    (100.0 * scale).ceil() as u64
}

/// The sets of curves of the demo, and how many parts each has in the tests that kill at any moment.
const SETS: [&str; 4] = ["0/BooreAtkinson2008", "0/SadighEtAl1997", "1/Campbell2003", "1/ToroEtAl2002"];
const PARTS: usize = 13;

/// Counts the parts that are saved, without asking the program.
fn saved_parts(data: &Path, id: u64) -> usize {
    let store = DataStore::options().data_dir(data).read_only(true).open(id as i64).unwrap();
    let count = |set: &&str| {
        let is_there = |key: String| store.contains_key(&key).unwrap();
        let parts = (0..PARTS).filter(|part| is_there(format!("/parts/{set}/{part}"))).count();
        if is_there(format!("/{set}")) { PARTS } else { parts }
    };
    SETS.iter().map(count).sum()
}

/// Waits until the first part of a calculation is saved.
fn wait_for_parts(data: &Path, id: i64) -> DataStore {
    loop {
        match DataStore::options().data_dir(data).open(id) {
            Ok(store) if store.contains_key("/parts").unwrap_or_default() => return store,
            _ => sleep(Duration::from_millis(5)),
        }
    }
}

#[test]
fn a_calculation_killed_at_any_moment_goes_on_to_the_same_results() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    let (data, job_ini) = (data.path(), demo_on_a_grid(input.path(), 4));
    // Enough earthquakes that computing takes a good part of the time.
    let text = fs::read_to_string(&job_ini).unwrap();
    fs::write(&job_ini, text.replace("width_of_mfd_bin = 0.5", "width_of_mfd_bin = 0.02")).unwrap();
    let started = Instant::now();
    success(start(program(data).arg(&job_ini)));
    let whole = started.elapsed();
    let expected = results(data, 1);
    let (mut partly, all) = (0_u64, SETS.len() * PARTS);
    for attempt in 0..tries() {
        let id = attempt + 2;
        let said = success(start(program(data).arg("--prepare").arg(&job_ini)));
        assert!(said.starts_with(&format!("Calculation {id} has {all} parts")), "{said}");
        let resume = || start(program(data).args(["--resume", &id.to_string()]));
        // The first kill comes when something is saved, the others at moments spread over the time it takes.
        for kill in 0..3 {
            let mut process = resume();
            let moment = whole.mul_f64(((attempt * 3 + kill) as f64 * 0.618_033_988_749_894_9).fract() / 2.0);
            if kill == 0 {
                drop(wait_for_parts(data, id as i64));
            } else {
                sleep(moment);
            }
            process.kill().unwrap();
            process.wait().unwrap();
            partly += u64::from((1..all).contains(&saved_parts(data, id)));
        }
        let saved = saved_parts(data, id);
        let said = success(resume());
        let first = format!("Going on with calculation {id}: {saved} of {all} parts were saved");
        assert_eq!(said.lines().next(), Some(first.as_str()));
        assert_same_results(&expected, &results(data, id as usize));
    }
    println!("{partly} of {} kills came when some parts were saved, but not all", 3 * tries());
    assert!(partly >= tries(), "{partly}");
}

#[test]
fn a_calculation_killed_while_it_begins_is_resumed_or_says_that_it_cannot_be() {
    let input = tempfile::tempdir().unwrap();
    let job_ini = demo_on_a_grid(input.path(), 9);
    for delay in 0..10_u64 {
        let data = tempfile::tempdir().unwrap();
        let mut process = start(program(data.path()).arg(&job_ini));
        sleep(Duration::from_millis(delay * 4));
        process.kill().unwrap();
        process.wait().unwrap();
        let output = program(data.path()).args(["--resume", "-1"]).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        let refused = complaint.contains("there is no calculation")
            || complaint.contains("stopped before its input was saved; start it anew");
        assert!(output.status.success() || refused, "{complaint}");
        assert!(complaint.lines().count() <= 1, "{complaint}");
    }
}

#[test]
fn what_is_saved_is_not_computed_again_and_the_input_is_what_the_calculation_has_kept() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    let (data, job_ini) = (data.path(), demo_on_a_grid(input.path(), 9));
    let said = success(start(program(data).args(["--share", "1/2"]).arg(&job_ini)));
    assert_eq!(
        said.lines().last(),
        Some("6 of 12 parts are saved; who saves the last one combines them all")
    );
    fs::write(input.path().join("source_model.xml"), "no model any more").unwrap();
    // A part that nobody would compute like that.
    let store = DataStore::options().data_dir(data).open(1).unwrap();
    let mut table = Table::new();
    table.push("PGA", Array2::<f64>::from_elem((64, 10), 0.125)).unwrap();
    store.insert("/parts/1/Campbell2003/0", &table).unwrap();
    let said = success(start(program(data).args(["--resume", "1"])));
    assert_eq!(said.lines().next(), Some("Going on with calculation 1: 6 of 12 parts were saved"));
    let whole: Table = store.get("/1/Campbell2003").unwrap();
    let Some(AnyArray::Float64(curves)) = whole.column("PGA") else { panic!("no curves") };
    let is_kept = |site: usize| curves.index_axis(ndarray::Axis(0), site).iter().all(|poe| *poe == 0.125);
    assert!(is_kept(0) && is_kept(63) && !is_kept(64), "{curves}");
    assert!(!store.contains_key("/parts").unwrap());
    // A calculation that is complete is left as it is.
    let before = results(data, 1);
    let said = success(start(program(data).args(["--resume", "1"])));
    assert!(
        said.starts_with("Going on with calculation 1: 12 of 12 parts were saved\nSee the results"),
        "{said}"
    );
    assert_same_results(&before, &results(data, 1));
}

#[test]
fn ctrl_c_leaves_the_calculation_marked_and_it_can_be_resumed() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    // A grid that takes a while.
    let job_ini = copy_of_demo(input.path(), |text| {
        let grid = "region = 8 43, 12 43, 12 47, 8 47\nregion_grid_spacing = 4";
        text.replace("sites = 10.1 45.05, 10.4 45.2", grid)
            .replace("width_of_mfd_bin = 0.5", "width_of_mfd_bin = 0.01")
    });
    let process = start(program(data.path()).arg(&job_ini));
    let store = wait_for_parts(data.path(), 1);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.status.signal()), (Some(130), None), "{complaint}");
    assert_eq!(complaint, "classical_psha: interrupted; to go on: classical_psha --resume 1\n");
    assert_eq!(store.status().unwrap(), Status::Failed);
    assert!(!store.contains_key("/hazard").unwrap());
}
