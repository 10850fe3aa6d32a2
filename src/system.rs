//! What operating systems do each in their own way and the standard library leaves to them, but for files below a store.

use std::fs::File;
use std::io;
use std::path::Path;

/// The ID of this process; zero where there are no processes.
pub(crate) fn process_id() -> u32 {
    // There the standard library panics.
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}

/// Whether a process of this machine lives; nothing where that cannot be told.
pub(crate) fn is_alive(process: &str) -> Option<bool> {
    Path::new("/proc/self").exists().then(|| Path::new("/proc").join(process).exists())
}

/// Less memory is not worth asking.
#[cfg(target_os = "linux")]
const MUCH: usize = 4 << 20;
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Asks for huge pages below memory that nobody has touched: one fault for 2 MiB of it instead of 512. Where the system has
/// none to give, nothing changes.
#[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "the advice of the system has no safe name"))]
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "only Linux wants to be asked"))]
pub(crate) fn ask_for_huge_pages<T>(memory: &mut [T]) {
    #[cfg(target_os = "linux")]
    if size_of_val(memory) >= MUCH {
        use rustix::mm::{Advice, madvise};

        let bytes = size_of_val(memory);
        let start = memory.as_mut_ptr().cast::<u8>();
        let skipped = start.align_offset(HUGE_PAGE).min(bytes);
        let length = (bytes - skipped) / HUGE_PAGE * HUGE_PAGE;
        // SAFETY: these bytes are part of `memory`, which is borrowed by nobody else, and keep what they hold.
        let _ = unsafe { madvise(start.add(skipped).cast(), length, Advice::LinuxHugepage) };
    }
}

/// What this machine is called, for people.
pub(crate) fn host_name() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    return std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this-machine".to_owned());
}

/// Reads from this byte of a file on, whatever else reads it.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, bytes, start);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, bytes, start);
    #[cfg(not(any(unix, windows)))]
    return alone_at(file, start, |mut file| io::Read::read(&mut file, bytes));
}

/// Fills the whole buffer from this byte of a file on.
pub(crate) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match read_at(file, bytes, start) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes = bytes.get_mut(count..).unwrap_or_default();
                start = start.saturating_add(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes from this byte of a file on; gives how much was written.
pub(crate) fn write_at(file: &File, bytes: &[u8], start: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_at(file, bytes, start);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_write(file, bytes, start);
    #[cfg(not(any(unix, windows)))]
    return alone_at(file, start, |mut file| io::Write::write(&mut file, bytes));
}

/// Does something at a place in a file where that takes two steps, with nobody in between.
#[cfg(not(any(unix, windows)))]
fn alone_at<T>(file: &File, start: u64, act: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    io::Seek::seek(&mut &*file, io::SeekFrom::Start(start))?;
    act(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_at_a_place_is_what_was_written_there() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(write_at(&file, b"0123456789", 5).unwrap(), 10);
        let mut bytes = [1; 8];
        read_exact_at(&file, &mut bytes, 3).unwrap();
        assert_eq!(&bytes, b"\0\x00012345");
        assert_eq!(read_at(&file, &mut bytes, 13).unwrap(), 2);
        assert_eq!(read_exact_at(&file, &mut bytes, 13).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        read_exact_at(&file, &mut [], 99).unwrap();
    }

    #[test]
    fn this_process_lives_and_no_process_has_an_impossible_id() {
        if Path::new("/proc/self").exists() {
            assert_eq!(is_alive(&process_id().to_string()), Some(true));
            assert_eq!(is_alive(&u32::MAX.to_string()), Some(false));
        }
        assert!(!host_name().is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_keeps_what_is_in_it_when_huge_pages_are_asked_for() {
        for bytes in [0, 1, HUGE_PAGE, 3 * HUGE_PAGE + 4097] {
            let mut memory: Vec<u8> = (0..bytes).map(|n| u8::try_from(n % 251).unwrap()).collect();
            let before = memory.clone();
            ask_for_huge_pages(&mut memory);
            assert!(memory == before, "{bytes}");
        }
    }
}
