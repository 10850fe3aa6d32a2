//! Bytes taken for choices: whatever they are, something comes of them.

/// What is left of an input. At its end there are only zeros.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// The next bytes, as many as there are.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Eight bytes as they are.
    pub fn bits(&mut self) -> u64 {
        let mut bits = [0; 8];
        let taken = self.take(8);
        bits[..taken.len()].copy_from_slice(taken);
        u64::from_le_bytes(bits)
    }

    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// Less than `end`, or 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Mostly near zero, sometimes anything.
    pub fn number(&mut self) -> i64 {
        match self.byte() {
            255 => self.bits().cast_signed(),
            254 => i64::MIN,
            253 => i64::MAX,
            small => i64::from(small.cast_signed() / 8),
        }
    }

    /// Text of at most `most` bytes, without NUL.
    pub fn text(&mut self, most: usize) -> String {
        let length = self.below(most + 1);
        String::from_utf8_lossy(self.take(length)).replace('\0', "0")
    }
}
