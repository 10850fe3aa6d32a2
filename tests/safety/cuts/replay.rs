//! What a power cut could have left of what was written to a disk.

use super::disk::{Logged, Request};
use super::image::Image;
use crate::random::Random;

const SECTOR: usize = 512;

/// Which of the writes since the last flush have reached the disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reached {
    /// All of them.
    All,
    /// Some, in no order.
    Some,
    /// All, but the last one in part.
    LastInPart,
}

/// A disk as its log is played to it again.
pub struct Replay<'a> {
    log: &'a [Logged],
    /// How many requests have come.
    at: usize,
    /// What was on the disk at the last flush.
    flushed: Image,
    /// Where in the log the writes since then begin.
    since: usize,
}

impl<'a> Replay<'a> {
    pub fn new(disk: Image, log: &'a [Logged]) -> Self {
        Self { log, at: 0, flushed: disk, since: 0 }
    }

    /// Goes on to just before the request `to`; gives how much had been acknowledged then.
    pub fn go_on(&mut self, to: usize) -> u64 {
        while self.at < to {
            if matches!(self.log[self.at].request, Request::Flush) {
                for logged in &self.log[self.since..self.at] {
                    write(&mut self.flushed, logged, usize::MAX);
                }
                self.since = self.at;
            }
            self.at += 1;
        }
        self.log[to].acknowledged
    }

    /// What would be on the disk, were the power cut here.
    pub fn image(&self, reached: Reached, random: &mut Random) -> Image {
        let mut image = self.flushed.clone();
        let writes = &self.log[self.since..self.at];
        for (at, logged) in writes.iter().enumerate() {
            let is_last = at + 1 == writes.len();
            match reached {
                Reached::Some if random.once_in(2) => {}
                Reached::LastInPart if is_last => {
                    let sectors = logged.size() / SECTOR;
                    write(&mut image, logged, random.below(sectors as u64 + 1) as usize * SECTOR);
                }
                _ => write(&mut image, logged, usize::MAX),
            }
        }
        image
    }
}

fn write(image: &mut Image, logged: &Logged, most: usize) {
    if let Request::Write { offset, bytes } = &logged.request {
        image.write(*offset, &bytes[..bytes.len().min(most)]);
    }
}
