//! What is open: a file or directory of the system, or a member of a zip file.

use std::fs::File;
use std::io;
use std::os::fd::{self, AsRawFd, OwnedFd, RawFd};

/// An open file or directory. The descriptor of a member is that of the zip file that it lies in.
#[derive(Debug)]
pub(crate) struct Handle {
    fd: OwnedFd,
    member: Option<u32>,
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BorrowedFd<'a> {
    fd: fd::BorrowedFd<'a>,
    member: Option<u32>,
}

/// What gives its handle away for a while. The names are those that the standard library has for descriptors.
pub(crate) trait AsFd {
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl Handle {
    /// Opens a member of a zip file.
    pub(crate) fn of_member(zip: &File, member: u32) -> io::Result<Self> {
        Ok(Self { fd: zip.try_clone()?.into(), member: Some(member) })
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        #[cfg(not(target_os = "wasi"))]
        let fd = self.fd.try_clone()?;
        // No descriptor is doubled there. What is asked for are directories, and those can be opened anew.
        #[cfg(target_os = "wasi")]
        let fd = {
            use rustix::fs::{Mode, OFlags, openat};
            openat(&self.fd, ".", OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty())?
        };
        Ok(Self { fd, member: self.member })
    }
}

impl From<OwnedFd> for Handle {
    fn from(fd: OwnedFd) -> Self {
        Self { fd, member: None }
    }
}

impl From<Handle> for File {
    fn from(handle: Handle) -> Self {
        handle.fd.into()
    }
}

impl BorrowedFd<'_> {
    /// Which member of a zip file it is.
    pub(crate) fn member(self) -> Option<u32> {
        self.member
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd { fd: fd::AsFd::as_fd(&self.fd), member: self.member }
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd { fd: fd::AsFd::as_fd(self), member: None }
    }
}

impl AsFd for OwnedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd { fd: fd::AsFd::as_fd(self), member: None }
    }
}

impl AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

/// For the calls of the system.
impl fd::AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> fd::BorrowedFd<'_> {
        self.fd
    }
}

impl AsRawFd for BorrowedFd<'_> {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
