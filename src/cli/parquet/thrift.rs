//! Thrift's compact protocol, as far as the metadata of Parquet need it.
//!
//! # Format
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

const I8: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct whose fields are written in the order of their numbers.
#[derive(Debug, Default)]
pub struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    pub fn new() -> Self {
        Self::default()
    }

    fn field(mut self, number: u8, kind: u8, value: impl FnOnce(&mut Vec<u8>)) -> Self {
        // Numbers never skip more than fourteen here.
        self.bytes.push((number - self.last) << 4 | kind);
        self.last = number;
        value(&mut self.bytes);
        self
    }

    pub fn bool(self, number: u8, value: bool) -> Self {
        self.field(number, if value { 1 } else { 2 }, |_| {})
    }

    pub fn i8(self, number: u8, value: u8) -> Self {
        self.field(number, I8, |bytes| bytes.push(value))
    }

    pub fn i32(self, number: u8, value: i32) -> Self {
        self.field(number, I32, |bytes| varint(bytes, zigzag(value.into())))
    }

    pub fn i64(self, number: u8, value: u64) -> Self {
        self.field(number, I64, |bytes| varint(bytes, zigzag(i64::try_from(value).unwrap_or(i64::MAX))))
    }

    pub fn text(self, number: u8, value: &str) -> Self {
        self.field(number, BINARY, |bytes| text(bytes, value))
    }

    pub fn inner(self, number: u8, value: Self) -> Self {
        self.field(number, STRUCT, |bytes| bytes.extend(value.end()))
    }

    pub fn structs(self, number: u8, values: Vec<Self>) -> Self {
        self.list(number, STRUCT, values, |bytes, value| bytes.extend(value.end()))
    }

    pub fn i32s(self, number: u8, values: Vec<i32>) -> Self {
        self.list(number, I32, values, |bytes, value| varint(bytes, zigzag(value.into())))
    }

    pub fn texts(self, number: u8, values: Vec<&str>) -> Self {
        self.list(number, BINARY, values, text)
    }

    fn list<T>(self, number: u8, kind: u8, values: Vec<T>, mut each: impl FnMut(&mut Vec<u8>, T)) -> Self {
        self.field(number, LIST, |bytes| {
            match u8::try_from(values.len()) {
                Ok(count @ 0..15) => bytes.push(count << 4 | kind),
                _ => {
                    bytes.push(0xf0 | kind);
                    varint(bytes, values.len() as u64);
                }
            }
            for value in values {
                each(bytes, value);
            }
        })
    }

    /// Ends the struct; gives its bytes.
    pub fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    bytes.push(value.to_le_bytes()[0]);
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    varint(bytes, text.len() as u64);
    bytes.extend(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_are_what_the_protocol_says() {
        let inner = Struct::new().i8(1, 8).bool(2, true).bool(3, false);
        let bytes = Struct::new().i32(1, -1).i64(3, 300).text(4, "é").inner(5, inner).end();
        let expected = [0x15, 1, 0x26, 0xd8, 4, 0x18, 2, 0xc3, 0xa9, 0x1c, 0x13, 8, 0x11, 0x12, 0, 0];
        assert_eq!(bytes, expected);
        let lists = Struct::new().i32s(1, vec![0, 3]).texts(2, vec!["a"; 15]).structs(3, Vec::new()).end();
        assert_eq!(lists[..6], [0x19, 0x25, 0, 6, 0x19, 0xf8]);
        assert_eq!(lists[6..8], [15, 1]);
    }
}
