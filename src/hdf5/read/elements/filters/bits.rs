//! Numbers of any number of bits, one after the other, the highest bit first.

use super::{Result, damaged};

/// Bits that were not taken yet.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The lowest `held` bits of it come next.
    buffer: u128,
    held: u32,
}

impl<'a> Bits<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, buffer: 0, held: 0 }
    }

    /// The next number, of at most 64 bits.
    pub fn take(&mut self, bits: u32) -> Result<u64> {
        if self.held < bits {
            self.refill();
        }
        let Some(held) = self.held.checked_sub(bits) else { return damaged("its packed bits end too early") };
        self.held = held;
        let mask = u128::MAX.checked_shr(128_u32.saturating_sub(bits)).unwrap_or_default();
        let number = self.buffer.checked_shr(held).unwrap_or_default() & mask;
        u64::try_from(number).or_else(|_| damaged("a packed number has more than 64 bits"))
    }

    fn refill(&mut self) {
        if let Some((word, rest)) = self.rest.split_first_chunk::<8>() {
            self.buffer = (self.buffer << 64) | u128::from(u64::from_be_bytes(*word));
            self.held = self.held.saturating_add(64);
            self.rest = rest;
            return;
        }
        for byte in std::mem::take(&mut self.rest) {
            self.buffer = (self.buffer << 8) | u128::from(*byte);
            self.held = self.held.saturating_add(8);
        }
    }
}
