//! File systems that survive a power cut by themselves, and how their power is cut.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, UNIX_EPOCH};

use super::machine::succeed;

/// How often a mount is tried, and how long after one another.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug)]
pub enum FileSystem {
    Ext4,
    Xfs,
    Btrfs,
}

impl FileSystem {
    /// Makes a file that holds an empty file system, about as small as they can be.
    pub fn make(self, image: &Path) {
        let (program, options, size): (_, &[_], _) = match self {
            // What would be written in the background goes into the image at once.
            Self::Ext4 => ("mkfs.ext4", &["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"], 64),
            Self::Xfs => ("mkfs.xfs", &["-q", "-f"], 300),
            Self::Btrfs => ("mkfs.btrfs", &["-q", "-f", "-m", "single", "-d", "single"], 114),
        };
        File::create(image).unwrap().set_len(size << 20).unwrap();
        succeed(Command::new(program).args(options).arg(image));
    }

    /// Does what brings to the disk the names of files that others have made, but not their content.
    pub fn commit(self, mount: &Path) {
        if let Self::Btrfs = self {
            // Flushing a file writes that file alone; a snapshot, also of what is empty, ends a transaction.
            let subvolume = |what: &str| {
                let mut command = Command::new("btrfs");
                command.args(["subvolume", what]);
                command
            };
            let empty = mount.join("empty");
            if !empty.exists() {
                succeed(subvolume("create").arg(&empty));
            }
            let name = UNIX_EPOCH.elapsed().unwrap().as_nanos().to_string();
            succeed(subvolume("snapshot").args([empty, mount.join(name)]));
            return;
        }
        let mut file = File::create(mount.join("other")).unwrap();
        file.write_all(b"other").and_then(|()| file.sync_all()).unwrap();
    }

    /// Mounts the file system in `image`, which repairs it; the reason where that is refused.
    ///
    /// It is tried more than once: the kernel gives back a loop device a moment after `umount`, and btrfs keeps in mind
    /// the newest disk of a name, until it is told to forget.
    pub fn mount(image: &Path, at: &Path) -> Result<Mount, String> {
        fs::create_dir_all(at).unwrap();
        let mut tries = 0;
        loop {
            let output = Command::new("mount").args(["-o", "loop"]).args([image, at]).output().unwrap();
            tries += 1;
            if output.status.success() {
                return Ok(Mount { at: at.to_owned() });
            }
            if tries == TRIES {
                return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
            }
            std::thread::sleep(PAUSE);
            let _ = Command::new("btrfs").args(["device", "scan", "--forget"]).output();
        }
    }
}

/// A mounted file system; the loop device goes with it.
pub struct Mount {
    pub at: PathBuf,
}

impl Mount {
    /// Cuts the power: nothing that is not on the disk yet gets there.
    pub fn cut(&self) {
        succeed(Command::new("xfs_io").args(["-x", "-c", "shutdown"]).arg(&self.at));
    }

    /// Waits until nobody uses the file system any more.
    pub fn unmount(self) {
        let start = Instant::now();
        while !Command::new("umount").arg(&self.at).stderr(Stdio::null()).status().unwrap().success() {
            assert!(start.elapsed() < Duration::from_secs(20), "{} stays busy", self.at.display());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
