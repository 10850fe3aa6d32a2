//! A disk that remembers in which order it was written to and flushed.
//!
//! It is one file, served by a thread of ours over FUSE, and lies under a loop device. The part of the protocol that a
//! file needs is small: see `include/uapi/linux/fuse.h`.

use std::fs::File;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::JoinHandle;

use super::image::Image;
use super::machine::succeed;

/// What the kernel asked of the disk.
pub enum Request {
    Write { offset: u64, bytes: Vec<u8> },
    Flush,
}

/// A request, and how much had been acknowledged when it came.
pub struct Logged {
    pub acknowledged: u64,
    pub request: Request,
}

impl Logged {
    /// How many bytes it writes.
    pub fn size(&self) -> usize {
        match &self.request {
            Request::Write { bytes, .. } => bytes.len(),
            Request::Flush => 0,
        }
    }
}

/// A disk that is in use.
pub struct Disk {
    pub path: PathBuf,
    server: JoinHandle<Vec<Logged>>,
}

const LARGEST_WRITE: u32 = 1 << 20;
const ENOSYS: i32 = 38;

impl Disk {
    /// Makes `path` a disk that holds `image`. What is acknowledged is in the file `acknowledgements`.
    pub fn insert(image: Image, path: &Path, acknowledgements: &Path) -> Self {
        File::create(path).unwrap();
        let device = File::options().read(true).write(true).open("/dev/fuse").unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=100600,user_id=0,group_id=0", "disk"]).arg(path);
        succeed(mount.stdin(device.try_clone().unwrap()));
        let mut server =
            Server { device, image, log: Vec::new(), acknowledgements: acknowledgements.to_owned() };
        let server = std::thread::spawn(move || {
            server.serve();
            server.log
        });
        Self { path: path.to_owned(), server }
    }

    /// Takes the disk out, which nothing may use any more; gives all that was asked of it.
    pub fn eject(self) -> Vec<Logged> {
        succeed(Command::new("umount").arg(&self.path));
        self.server.join().unwrap()
    }
}

struct Server {
    device: File,
    image: Image,
    log: Vec<Logged>,
    acknowledgements: PathBuf,
}

impl Server {
    fn serve(&mut self) {
        let mut buffer = vec![0; LARGEST_WRITE as usize + 65536];
        loop {
            match self.device.read(&mut buffer) {
                Ok(length) => self.answer(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Unmounted.
                Err(_) => return,
            }
        }
    }

    fn answer(&mut self, request: &[u8]) {
        let (opcode, unique) = (number(request, 4), long(request, 8));
        let body = &request[40..];
        let answer = match opcode {
            // FORGET, INTERRUPT and BATCH_FORGET want no answer.
            2 | 36 | 42 => return,
            26 => Ok(initialization(number(body, 8))),
            3 | 4 => Ok(self.attributes()),
            14 => Ok(vec![0; 16]),
            15 => Ok(self.image.read(long(body, 8), number(body, 16) as usize)),
            16 => {
                let (offset, bytes) = (long(body, 8), &body[40..40 + number(body, 16) as usize]);
                self.image.write(offset, bytes);
                self.log(Request::Write { offset, bytes: bytes.to_vec() });
                Ok([number(body, 16).to_le_bytes(), [0; 4]].concat())
            }
            20 => {
                self.log(Request::Flush);
                Ok(Vec::new())
            }
            // FLUSH is a file that is closed, RELEASE the last time; DESTROY the end.
            18 | 25 | 38 => Ok(Vec::new()),
            _ => Err(ENOSYS),
        };
        let error = answer.as_ref().map_or_else(|error| -error, |_| 0);
        let answer = answer.unwrap_or_default();
        let mut header = (answer.len() as u32 + 16).to_le_bytes().to_vec();
        header.extend(error.to_le_bytes());
        header.extend(unique.to_le_bytes());
        // A request that was interrupted has nobody who waits for an answer.
        let _ = self.device.write_vectored(&[IoSlice::new(&header), IoSlice::new(&answer)]);
    }

    fn log(&mut self, request: Request) {
        let acknowledged = std::fs::metadata(&self.acknowledgements).map_or(0, |metadata| metadata.len());
        self.log.push(Logged { acknowledged, request });
    }

    /// `struct fuse_attr_out`: valid for an hour, then the file's number, size, blocks and three times; nanoseconds, mode,
    /// links, owner, group, device and the size of a block.
    fn attributes(&self) -> Vec<u8> {
        let long = [3600, 0, 1, self.image.size, self.image.size / 512, 0, 0, 0];
        let short = [0, 0, 0, 0o100_600, 1, 0, 0, 0, 4096, 0];
        let mut bytes: Vec<u8> = long.iter().flat_map(|value: &u64| value.to_le_bytes()).collect();
        bytes.extend(short.iter().flat_map(|value: &u32| value.to_le_bytes()));
        bytes
    }
}

/// `struct fuse_init_out`: version 7.31; as many requests at once as the kernel likes, large writes, times in
/// nanoseconds, so many pages.
fn initialization(readahead: u32) -> Vec<u8> {
    const BIG_WRITES: u32 = 1 << 5;
    const MAX_PAGES: u32 = 1 << 22;
    let values = [7, 31, readahead, BIG_WRITES | MAX_PAGES, 0, LARGEST_WRITE, 1, LARGEST_WRITE / 4096];
    let mut bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    bytes.resize(64, 0);
    bytes
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}
