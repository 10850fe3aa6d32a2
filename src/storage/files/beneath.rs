//! Paths below an open directory that neither leave it nor go through a symbolic link.
//!
//! A store may come from anybody, and a link in it may name anything. So no call of the system is given a path of
//! several components but `openat2`, which can be told to follow none; all others would follow those in the middle. Only
//! a look at what is there may.

use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, Result};

use super::descriptor::{AsFd, BorrowedFd};

/// Opens a directory only to go through it, which needs no permission to list it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const SEARCH: OFlags = OFlags::PATH.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::DIRECTORY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SEARCH: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::DIRECTORY);

/// How often something is looked for that is moved away in that very moment.
#[cfg(any(target_os = "linux", target_os = "android"))]
const TRIES: u32 = 100;

/// Opens what is at a path, or makes a file there if the flags say so.
pub(super) fn open_beneath(at: BorrowedFd<'_>, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        for tried in 1.. {
            match rustix::fs::openat2(at, path, flags, mode, resolve) {
                // What is found and moved away at once lies outside, says the kernel, or that it cannot tell.
                Err(Errno::XDEV | Errno::AGAIN) if tried < TRIES => {}
                // Kernels before 5.6 do not have it, and some sandboxes forbid it.
                Err(Errno::NOSYS | Errno::PERM) => break,
                opened => return opened,
            }
        }
    }
    open_by_component(at, path, flags, mode)
}

/// The same without `openat2`: one component after the other, none of them a link.
fn open_by_component(at: BorrowedFd<'_>, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    if path.starts_with('/') || path.split('/').any(|component| component == "..") {
        return Err(Errno::XDEV);
    }
    let mut components = path.split('/').filter(|component| !component.is_empty());
    let mut last = components.next().ok_or(Errno::NOENT)?;
    let mut directory: Option<OwnedFd> = None;
    for next in components {
        let from = directory.as_ref().map_or(at, AsFd::as_fd);
        directory = Some(rustix::fs::openat(from, last, SEARCH, Mode::empty())?);
        last = next;
    }
    let from = directory.as_ref().map_or(at, AsFd::as_fd);
    rustix::fs::openat(from, last, flags, mode)
}

/// Does something to the last component of a path, in the directory that the others lead to.
pub(super) fn in_directory<T>(
    at: BorrowedFd<'_>,
    path: &str,
    act: impl FnOnce(BorrowedFd<'_>, &str) -> Result<T>,
) -> Result<T> {
    match path.rsplit_once('/') {
        None => act(at, path),
        Some((above, name)) => act(open_beneath(at, above, SEARCH, Mode::empty())?.as_fd(), name),
    }
}

/// Does something to two paths, each in a directory of its own.
pub(super) fn in_directories<T>(
    from: (BorrowedFd<'_>, &str),
    to: (BorrowedFd<'_>, &str),
    act: impl FnOnce((BorrowedFd<'_>, &str), (BorrowedFd<'_>, &str)) -> Result<T>,
) -> Result<T> {
    in_directory(from.0, from.1, |at, name| in_directory(to.0, to.1, |to, new| act((at, name), (to, new))))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use rustix::fs::RenameFlags;

    use super::*;

    #[test]
    fn what_is_replaced_while_it_is_opened_is_there() {
        // The kernel says that a file lies outside if it is replaced between the lookup and the check of where it is.
        // Writers took that for an error; now whoever opens looks again.
        let directory = tempfile::tempdir().unwrap();
        let (live, stage) = (directory.path().join("live"), directory.path().join("stage"));
        for path in [&live, &stage] {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("file"), "").unwrap();
        }
        let at = std::fs::File::open(&live).unwrap();
        let other = std::fs::File::open(&stage).unwrap();
        let is_over = AtomicBool::new(false);
        let failed = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    rustix::fs::renameat_with(&at, "file", &other, "file", RenameFlags::EXCHANGE).unwrap();
                }
            });
            let open = || open_beneath(at.as_fd(), "file", OFlags::RDONLY, Mode::empty()).err();
            let failed: Vec<Errno> = (0..100_000).filter_map(|_| open()).collect();
            is_over.store(true, Relaxed);
            failed
        });
        assert_eq!(failed, []);
    }

    #[test]
    fn no_path_leads_out_of_the_directory_nor_through_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir_all(path.join("in/a/b")).unwrap();
        std::fs::create_dir(path.join("out")).unwrap();
        symlink(path.join("out"), path.join("in/a/link")).unwrap();
        let at = std::fs::File::open(path.join("in")).unwrap();
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW;
        for open in [open_beneath, open_by_component] {
            let make = |path: &str| open(at.as_fd(), path, flags, Mode::RWXU).map(drop);
            make("a/b/file").unwrap();
            std::fs::remove_file(path.join("in/a/b/file")).unwrap();
            for astray in
                ["a/link/file", "../file", "a/../../file", "a/b/..", "/tmp/../file", "", "a/b/c/file"]
            {
                let error = make(astray).unwrap_err();
                let known =
                    [Errno::LOOP, Errno::NOTDIR, Errno::XDEV, Errno::NOENT, Errno::EXIST, Errno::ISDIR];
                assert!(known.contains(&error), "{astray}: {error}");
            }
        }
        for astray in ["a/link/new", "../new", "a/../../new", "/new"] {
            let made = in_directory(at.as_fd(), astray, |at, name| rustix::fs::mkdirat(at, name, Mode::RWXU));
            assert!(made.is_err(), "{astray}");
        }
        in_directory(at.as_fd(), "a/b/new", |at, name| rustix::fs::mkdirat(at, name, Mode::RWXU)).unwrap();
        assert_eq!(std::fs::read_dir(path).unwrap().count(), 2);
        assert_eq!(std::fs::read_dir(path.join("out")).unwrap().count(), 0);
    }
}
