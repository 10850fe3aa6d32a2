//! The power is cut: on file systems that lose their device, and on disks that kept only part of what was written.
//!
//! Each test needs to mount, and has a machine of its own ([`machine`]). Of a writer with `Durability::Power` all that
//! was acknowledged has to be there, of one with `Durability::Process` all that was flushed. While it works, others
//! flush files of theirs, so that the file system writes part of what the writer did not flush.

mod disk;
mod file_system;
mod image;
mod machine;
mod replay;

use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::scale::scaled;
use crate::writer::verifier::Verdict;
use crate::writer::{Plan, Verifier};

use disk::{Disk, Logged};
use file_system::FileSystem;
use image::Image;
use machine::{Machine, succeed};
use replay::{Reached, Replay};

/// A store sees so many cuts, one after the other, before the next one begins with an empty file system.
const CUTS_OF_A_STORE: u64 = 10;
/// So many places of the log of a disk are looked at, each in three ways.
const PLACES_OF_A_LOG: u64 = 16;
/// And so many operations are in it.
const OPERATIONS_OF_A_LOG: u64 = 80;

/// A writer that is slow is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found after all cuts.
#[derive(Default)]
struct Findings {
    /// What was looked at: cuts, or states of a disk.
    looks: u64,
    acknowledged: u64,
    /// How often something was found torn, and mended.
    mended: u64,
    /// How often the file system could not be mounted: where half of its own last write had reached the disk, which is
    /// no fault of the store.
    refused: u64,
    lost: Vec<String>,
    torn: Vec<String>,
    wrong: Vec<String>,
}

impl Findings {
    fn add(&mut self, verdict: Verdict) {
        self.looks += 1;
        self.mended += u64::from(!verdict.recovered.is_empty());
        self.lost.extend(verdict.lost);
        self.torn.extend(verdict.torn);
        self.wrong.extend(verdict.wrong);
    }

    #[track_caller]
    fn assert_clean(&self, what: &str) {
        eprintln!("{what}: {self}");
        let faults: Vec<_> = [&self.lost, &self.torn, &self.wrong].into_iter().flatten().collect();
        assert!(faults.is_empty(), "{what}: {self}: {:#?}", &faults[..faults.len().min(5)]);
        assert!(self.looks > 4 * self.refused, "{what}: {self}");
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { looks, acknowledged, mended, refused, lost, torn, wrong } = self;
        let (lost, torn, wrong) = (lost.len(), torn.len(), wrong.len());
        write!(
            f,
            "{looks} looks, {acknowledged} acknowledged, {lost} lost, {torn} torn, {wrong} wrong, \
             {mended} mended, {refused} not mounted"
        )
    }
}

/// Lets a writer work until it `is_over`. Unless the writer is to see to all that it needs by itself, others commit
/// meanwhile what they did: then the file system also writes part of what the writer did not flush.
fn wait(
    (file_system, mount): (FileSystem, &Path),
    writer: &Plan,
    random: &mut Random,
    mut is_over: impl FnMut() -> bool,
) {
    while !is_over() {
        std::thread::sleep(Duration::from_millis(1 + random.below(12)));
        if !writer.is_power {
            file_system.commit(mount);
        }
    }
}

/// A writer of a store in what is mounted, with its log outside.
fn plan(machine: &Machine, is_power: bool) -> Plan {
    Plan { is_power, log: machine.path("log"), ..Plan::new(&machine.path("mount"), 0, 0) }
}

/// Lets a writer work and cuts the power at some time, again and again.
fn cut(machine: &mut Machine, file_system: FileSystem, is_power: bool, cuts: u64) -> Findings {
    let (image, mut random) = (machine.path("image"), Random::new(7));
    let mut findings = Findings::default();
    let (mut plan, mut verifier) = (plan(machine, is_power), None);
    for seed in 0..cuts {
        if seed % CUTS_OF_A_STORE == 0 {
            file_system.make(&image);
            File::create(&plan.log).unwrap();
            verifier = None;
        }
        plan.seed = seed;
        let verifier = verifier.get_or_insert_with(|| Verifier::of([&plan]));
        let mount = FileSystem::mount(&image, &machine.path("mount")).unwrap();
        let at = (file_system, mount.at.as_path());
        let logged = fs::metadata(&plan.log).unwrap().len();
        let mut writer =
            plan.command().stderr(File::create(machine.path("complaints")).unwrap()).spawn().unwrap();
        // Sometimes it has just begun to open the store, or to repair it; else it has done some operations.
        let more = if random.once_in(4) { 0 } else { 1 + random.below(6000) };
        let start = Instant::now();
        let has_grown = || fs::metadata(&plan.log).unwrap().len() >= logged + more;
        wait(at, &plan, &mut random, || has_grown() || start.elapsed() > PATIENCE);
        std::thread::sleep(Duration::from_millis(random.below(40)));
        match writer.try_wait().unwrap() {
            None => stop(&writer),
            Some(status) => {
                let complaints = fs::read_to_string(machine.path("complaints")).unwrap();
                findings.wrong.push(format!("the writer has ended by itself: {status}: {complaints}"));
            }
        }
        mount.cut();
        writer.kill().unwrap();
        writer.wait().unwrap();
        mount.unmount();
        machine.restart();
        let mount = FileSystem::mount(&image, &machine.path("mount")).unwrap();
        let verdict = verify(verifier, &plan);
        if seed % CUTS_OF_A_STORE + 1 == CUTS_OF_A_STORE || seed + 1 == cuts {
            findings.acknowledged += verdict.acknowledged;
        }
        findings.add(verdict);
        mount.unmount();
    }
    findings
}

fn verify(verifier: &mut Verifier, plan: &Plan) -> Verdict {
    if plan.is_power { verifier.after_a_kill(&plan.store) } else { verifier.after_a_power_cut(&plan.store) }
}

/// Holds a writer between two system calls: it must not hear of the power cut, nor from a file system that has lost its
/// device, whose answers then mean nothing. (xfs says that a directory is flushed.)
fn stop(writer: &Child) {
    succeed(Command::new("kill").args(["-STOP", &writer.id().to_string()]));
    let tasks = format!("/proc/{}/task", writer.id());
    let is_stopped = |task: fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 'Z']))
    };
    while !fs::read_dir(&tasks).unwrap().all(|task| is_stopped(task.unwrap())) {
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Lets a writer work on a disk that logs, and looks at what a power cut could have left of it, again and again.
fn replay(machine: &mut Machine, file_system: FileSystem, is_power: bool, looks: u64) -> Findings {
    let mut random = Random::new(11);
    let mut findings = Findings::default();
    for seed in 0.. {
        if findings.looks + findings.refused >= looks {
            break;
        }
        let operations = Some(OPERATIONS_OF_A_LOG);
        let plan = Plan { seed, operations, ..plan(machine, is_power) };
        File::create(&plan.log).unwrap();
        let (image, log) = write(machine, file_system, &plan, &mut random);
        machine.restart();
        let acknowledgements = fs::read(&plan.log).unwrap();
        let first = log.iter().position(|logged| logged.acknowledged > 0).unwrap();
        let places = PLACES_OF_A_LOG.min((looks - findings.looks - findings.refused).div_ceil(3));
        let mut replay = Replay::new(image, &log);
        for place in 0..places {
            let apart = (log.len() - first) as u64;
            let at = first as u64 + (place * apart + random.below(apart)) / places;
            let acknowledged = replay.go_on(at as usize);
            for reached in [Reached::All, Reached::Some, Reached::LastInPart] {
                // A new file each time: a loop device that is not gone yet would still hold parts of the last one.
                let state = machine.path(&format!("state-{seed}-{place}-{reached:?}"));
                replay.image(reached, &mut random).save(&state);
                let plan = Plan { log: machine.path("acknowledged"), ..plan.clone() };
                fs::write(&plan.log, &acknowledgements[..acknowledged as usize]).unwrap();
                match FileSystem::mount(&state, &machine.path("mount")) {
                    Ok(mount) => {
                        let verdict = verify(&mut Verifier::of([&plan]), &plan);
                        findings.acknowledged += verdict.acknowledged;
                        findings.add(verdict);
                        mount.unmount();
                    }
                    Err(why) => {
                        eprintln!("not mounted, {reached:?} having reached the disk: {why}");
                        findings.refused += 1;
                    }
                }
                fs::remove_file(&state).unwrap();
            }
        }
    }
    findings
}

/// Runs a writer to its end on a disk that logs; gives what was on the disk before, and the log.
fn write(
    machine: &Machine,
    file_system: FileSystem,
    plan: &Plan,
    random: &mut Random,
) -> (Image, Vec<Logged>) {
    let made = machine.path("image");
    file_system.make(&made);
    let image = Image::load(&made);
    let disk = Disk::insert(image.clone(), &machine.path("disk"), &plan.log);
    let mount = FileSystem::mount(&disk.path, &machine.path("mount")).unwrap();
    let mut writer = plan.command().spawn().unwrap();
    wait((file_system, &mount.at), plan, random, || writer.try_wait().unwrap().is_some());
    assert!(writer.wait().unwrap().success());
    mount.unmount();
    (image, disk.eject())
}

/// Half of the tries are with each durability. How often something was torn is printed, not asserted: it is the file
/// system's luck, and may be never in fifty tries.
fn both(test: &str, full: u64, look: impl Fn(&mut Machine, bool, u64) -> Findings) {
    machine::run(test, |machine| {
        let tries = scaled(full).div_ceil(2);
        look(machine, false, tries).assert_clean(&format!("{test}, Process"));
        look(machine, true, tries).assert_clean(&format!("{test}, Power"));
    });
}

#[test]
fn on_ext4_nothing_that_was_promised_is_lost_by_a_power_cut() {
    both("cuts::on_ext4_nothing_that_was_promised_is_lost_by_a_power_cut", 100, |machine, is_power, cuts| {
        cut(machine, FileSystem::Ext4, is_power, cuts)
    });
}

#[test]
fn on_xfs_nothing_that_was_promised_is_lost_by_a_power_cut() {
    both("cuts::on_xfs_nothing_that_was_promised_is_lost_by_a_power_cut", 100, |machine, is_power, cuts| {
        cut(machine, FileSystem::Xfs, is_power, cuts)
    });
}

#[test]
fn nothing_that_was_promised_is_lost_by_a_disk_with_ext4_that_wrote_only_in_part() {
    both(
        "cuts::nothing_that_was_promised_is_lost_by_a_disk_with_ext4_that_wrote_only_in_part",
        100,
        |machine, is_power, looks| replay(machine, FileSystem::Ext4, is_power, looks),
    );
}

#[test]
fn nothing_that_was_promised_is_lost_by_a_disk_with_xfs_that_wrote_only_in_part() {
    both(
        "cuts::nothing_that_was_promised_is_lost_by_a_disk_with_xfs_that_wrote_only_in_part",
        100,
        |machine, is_power, looks| replay(machine, FileSystem::Xfs, is_power, looks),
    );
}

#[test]
fn nothing_that_was_promised_is_lost_by_a_disk_with_btrfs_that_wrote_only_in_part() {
    both(
        "cuts::nothing_that_was_promised_is_lost_by_a_disk_with_btrfs_that_wrote_only_in_part",
        100,
        |machine, is_power, looks| replay(machine, FileSystem::Btrfs, is_power, looks),
    );
}
