//! The browser of whoever started the program.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::random::random_text;

/// A browser that was asked to show a page. The address is not on a command line, which every user of the machine can
/// read, but in a file that only this user can; the file is there as long as this is.
#[derive(Debug)]
pub struct Browser {
    file: PathBuf,
}

impl Browser {
    /// Opens an address, where there is a screen and a program that does it.
    pub fn open(address: &str) -> Option<Self> {
        let program = opener()?;
        let file = env::temp_dir().join(format!("calcstore-{}.html", random_text().ok()?));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let browser = Self { file };
        let page = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={address}\">\n"
        );
        options.open(&browser.file).and_then(|mut file| file.write_all(page.as_bytes())).ok()?;
        let mut command = Command::new(program);
        if cfg!(windows) {
            command.args(["/C", "start", ""]);
        }
        command.arg(&browser.file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        // Somebody must notice its end.
        thread::spawn(move || child.wait());
        Some(browser)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// The program that opens what is given to it as the user is used to.
fn opener() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    if cfg!(windows) {
        return Some("cmd");
    }
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    has_screen.then_some("xdg-open")
}
