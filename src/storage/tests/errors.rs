//! The numbers that systems give to what can fail.

#[cfg(unix)]
mod numbers {
    use rustix::io::Errno;

    pub const IO: i32 = Errno::IO.raw_os_error();
    pub const FULL: i32 = Errno::NOSPC.raw_os_error();
    pub const INVALID: i32 = Errno::INVAL.raw_os_error();
    pub const EXISTS: i32 = Errno::EXIST.raw_os_error();
    pub const BAD_HANDLE: i32 = Errno::BADF.raw_os_error();
    /// How file systems say that they have no locks.
    pub const NO_LOCKS: [i32; 5] = [
        Errno::NOLCK.raw_os_error(),
        Errno::NOSYS.raw_os_error(),
        Errno::OPNOTSUPP.raw_os_error(),
        INVALID,
        IO,
    ];
}

#[cfg(windows)]
mod numbers {
    pub const IO: i32 = 1117;
    pub const FULL: i32 = 112;
    pub const INVALID: i32 = 87;
    pub const EXISTS: i32 = 183;
    pub const BAD_HANDLE: i32 = 6;
    /// How file systems say that they have no locks.
    pub const NO_LOCKS: [i32; 2] = [1, 50];
}

pub(super) use numbers::*;
