//! Extended attributes, where the system has them.

use std::io;

use super::descriptor::BorrowedFd;

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(super) fn get(file: BorrowedFd<'_>, name: &str) -> io::Result<Vec<u8>> {
    use rustix::io::Errno;
    let mut value = [0; 64];
    match rustix::fs::fgetxattr(file, name, &mut value) {
        Ok(length) => Ok(value[..length].to_vec()),
        #[cfg(not(target_vendor = "apple"))]
        Err(Errno::NODATA) => Ok(Vec::new()),
        #[cfg(target_vendor = "apple")]
        Err(Errno::NOATTR) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(super) fn set(file: BorrowedFd<'_>, name: &str, value: &[u8]) -> io::Result<()> {
    Ok(rustix::fs::fsetxattr(file, name, value, rustix::fs::XattrFlags::empty())?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn get(_: BorrowedFd<'_>, _: &str) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(super) fn set(_: BorrowedFd<'_>, _: &str, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
