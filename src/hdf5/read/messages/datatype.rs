//! Datatype messages, versions 1 to 5 (IV.A.2.d).

use crate::error::Result;
use crate::hdf5::read::cursor::{Cursor, lossy, width_of};
use crate::hdf5::read::datatype::{ByteOrder, Float, MemberType, Padding, ReferenceKind, Type};

/// Types in types are not followed further.
const DEEPEST: u8 = 32;

/// Decodes a type, and how many bytes an element of it takes.
pub fn decode(mut fields: Cursor<'_>) -> Result<(Type, u32)> {
    Decoder { fields: &mut fields, depth: 0 }.decode()
}

/// Decodes a type, and those in it.
struct Decoder<'c, 'a> {
    fields: &'c mut Cursor<'a>,
    depth: u8,
}

/// What every type begins with.
#[derive(Clone, Copy)]
struct Head {
    version: u8,
    flags: u32,
    size: u32,
}

impl Head {
    fn bits(self, first: u32, count: u32) -> u32 {
        let mask = u32::MAX.checked_shr(32_u32.saturating_sub(count)).unwrap_or_default();
        self.flags.checked_shr(first).unwrap_or_default() & mask
    }

    fn order(self) -> ByteOrder {
        if self.bits(0, 1) == 0 { ByteOrder::Little } else { ByteOrder::Big }
    }

    fn padding(self, first: u32, fields: &Cursor<'_>) -> Result<Padding> {
        Ok(match self.bits(first, 4) {
            0 => Padding::NullTerminated,
            1 => Padding::Null,
            2 => Padding::Space,
            other => return Err(fields.corrupt(format!("text is padded in way {other}"))),
        })
    }

    /// Whether the texts within, of versions 1 and 2, are filled up to multiples of eight bytes.
    fn has_padded_names(self) -> bool {
        self.version < 3
    }
}

impl Decoder<'_, '_> {
    fn decode(&mut self) -> Result<(Type, u32)> {
        let fields = &mut *self.fields;
        if self.depth > DEEPEST {
            return Err(fields.corrupt("it has types in types without end"));
        }
        let class_and_version = fields.u8()?;
        let [a, b, c] = fields.array()?;
        let (version, class) = (class_and_version >> 4, class_and_version & 0xf);
        let head = Head { version, flags: u32::from_le_bytes([a, b, c, 0]), size: fields.u32()? };
        if !(1..=5).contains(&version) {
            return Err(fields.unsupported(format!("version {version}")));
        }
        if head.size == 0 {
            return Err(fields.corrupt("its elements have no bytes"));
        }
        let size = head.size;
        let data_type = match class {
            0 => self.integer(head)?,
            1 => Type::Float(self.float(head)?),
            2 => {
                fields.take(2)?;
                Type::Time { size }
            }
            3 => {
                let padding = head.padding(0, fields)?;
                Type::FixedString { size, padding, is_utf8: head.bits(4, 4) == 1 }
            }
            4 => {
                let (offset, precision) = self.bits(head)?;
                Type::Bits { size, order: head.order(), offset, precision }
            }
            5 => Type::Opaque { size, tag: lossy(fields.take(head.bits(0, 8) as usize)?) },
            6 => self.compound(head)?,
            7 => self.reference(head)?,
            8 => self.enumeration(head)?,
            9 => self.of_any_length(head)?,
            10 => self.array(head)?,
            11 => self.complex(head)?,
            _ => return Err(fields.unsupported(format!("class {class}"))),
        };
        Ok((data_type, size))
    }

    /// Decodes the type within, one level deeper.
    fn base(&mut self) -> Result<(Type, u32)> {
        Decoder { fields: &mut *self.fields, depth: self.depth.saturating_add(1) }.decode()
    }

    /// First bit and number of bits, which lie within the element.
    fn bits(&mut self, head: Head) -> Result<(u16, u16)> {
        let (offset, precision) = (self.fields.u16()?, self.fields.u16()?);
        let end = u64::from(offset).saturating_add(u64::from(precision));
        if precision == 0 || end > u64::from(head.size).saturating_mul(8) {
            let message = format!("{precision} bits from bit {offset} on, in {} bytes", head.size);
            return Err(self.fields.corrupt(message));
        }
        Ok((offset, precision))
    }

    fn integer(&mut self, head: Head) -> Result<Type> {
        let (offset, precision) = self.bits(head)?;
        Ok(Type::Integer {
            size: head.size,
            is_signed: head.bits(3, 1) == 1,
            order: head.order(),
            offset,
            precision,
        })
    }

    fn float(&mut self, head: Head) -> Result<Float> {
        if head.bits(6, 1) == 1 {
            return Err(self.fields.unsupported("its bytes are in the order of the VAX"));
        }
        let (offset, precision) = self.bits(head)?;
        let [exponent_at, exponent_bits, mantissa_at, mantissa_bits] = self.fields.array()?;
        let [_, sign, _, _] = head.flags.to_le_bytes();
        let bias = self.fields.u32()?;
        let end = offset.saturating_add(precision);
        for (at, count) in [(exponent_at, exponent_bits), (mantissa_at, mantissa_bits), (sign, 1)] {
            if u16::from(at).saturating_add(u16::from(count)) > end {
                return Err(self
                    .fields
                    .corrupt(format!("its sign, exponent or mantissa lie beyond bit {end}")));
            }
        }
        let is_normalized = match head.bits(4, 2) {
            0 | 1 => false,
            2 => true,
            other => return Err(self.fields.corrupt(format!("its mantissa is normalized in way {other}"))),
        };
        Ok(Float {
            size: head.size,
            order: head.order(),
            offset,
            precision,
            sign,
            exponent: (exponent_at, exponent_bits),
            mantissa: (mantissa_at, mantissa_bits),
            bias,
            is_normalized,
        })
    }

    fn compound(&mut self, head: Head) -> Result<Type> {
        let mut members = Vec::new();
        for _ in 0..head.bits(0, 16) {
            let name = self.name(head)?;
            let offset = if head.version < 3 {
                self.fields.u32()?
            } else {
                u32::try_from(self.fields.uint(width_of(u64::from(head.size)))?).unwrap_or(u32::MAX)
            };
            let shape = if head.version == 1 { self.old_member_shape()? } else { Vec::new() };
            let (mut data_type, mut size) = self.base()?;
            if !shape.is_empty() {
                size = self.array_size(&shape, size)?;
                data_type = Type::Array { shape, base: Box::new(data_type) };
            }
            if offset.checked_add(size).is_none_or(|end| end > head.size) {
                return Err(self
                    .fields
                    .corrupt(format!("its member {name:?} lies beyond its {} bytes", head.size)));
            }
            members.push(MemberType { name, offset, data_type });
        }
        if members.is_empty() {
            return Err(self.fields.corrupt("it has no members"));
        }
        Ok(Type::Compound { size: head.size, members })
    }

    /// The axes that a member of version 1 has, before array types were thought of.
    fn old_member_shape(&mut self) -> Result<Vec<u64>> {
        let rank = self.fields.u8()?;
        // Reserved bytes, a permutation that nobody uses, reserved bytes.
        self.fields.take(11)?;
        let lengths = [self.fields.u32()?, self.fields.u32()?, self.fields.u32()?, self.fields.u32()?];
        match lengths.get(..usize::from(rank)) {
            Some(lengths) => Ok(lengths.iter().copied().map(u64::from).collect()),
            None => Err(self.fields.corrupt(format!("a member has {rank} axes"))),
        }
    }

    fn name(&mut self, head: Head) -> Result<String> {
        if head.has_padded_names() { self.fields.padded_text() } else { self.fields.text() }
    }

    fn reference(&mut self, head: Head) -> Result<Type> {
        let kind = match head.bits(0, 4) {
            0 => ReferenceKind::Object,
            1 => ReferenceKind::Region,
            2..=4 => ReferenceKind::Standard,
            other => return Err(self.fields.unsupported(format!("references of type {other}"))),
        };
        Ok(Type::Reference { size: head.size, kind })
    }

    fn enumeration(&mut self, head: Head) -> Result<Type> {
        let (base, size) = self.base()?;
        if !matches!(base, Type::Integer { .. }) || size != head.size {
            return Err(self.fields.corrupt("its names are not those of an integer"));
        }
        let count = head.bits(0, 16);
        let names = (0..count).map(|_| self.name(head)).collect::<Result<Vec<_>>>()?;
        let width = usize::try_from(size).unwrap_or(usize::MAX);
        let named = names.into_iter().map(|name| Ok((name, self.fields.take(width)?.to_vec())));
        Ok(Type::Enum { base: Box::new(base), names: named.collect::<Result<Vec<_>>>()? })
    }

    /// Texts and lists in the global heap: an element has a length, an address and a number.
    fn of_any_length(&mut self, head: Head) -> Result<Type> {
        let reference = u32::from(self.fields.sizes().offset).saturating_add(8);
        if head.size != reference {
            return Err(self
                .fields
                .corrupt(format!("its elements have {} bytes, not {reference}", head.size)));
        }
        let (base, _) = self.base()?;
        match head.bits(0, 4) {
            0 => Ok(Type::List(Box::new(base))),
            1 => {
                let padding = head.padding(4, self.fields)?;
                Ok(Type::String { padding, is_utf8: head.bits(8, 4) == 1 })
            }
            other => Err(self.fields.unsupported(format!("elements of any length of type {other}"))),
        }
    }

    fn array(&mut self, head: Head) -> Result<Type> {
        if head.version < 2 {
            return Err(self.fields.corrupt("version 1 has no arrays"));
        }
        let rank = self.fields.u8()?;
        if rank == 0 || rank > 32 {
            return Err(self.fields.corrupt(format!("it has {rank} axes")));
        }
        if head.version == 2 {
            self.fields.take(3)?;
        }
        let shape = (0..rank).map(|_| Ok(u64::from(self.fields.u32()?))).collect::<Result<Vec<_>>>()?;
        if head.version == 2 {
            // A permutation that nobody uses.
            self.fields.take(usize::from(rank).saturating_mul(4))?;
        }
        let (base, size) = self.base()?;
        if self.array_size(&shape, size)? != head.size {
            return Err(self.fields.corrupt(format!("{shape:?} times {size} bytes are not {}", head.size)));
        }
        Ok(Type::Array { shape, base: Box::new(base) })
    }

    fn array_size(&self, shape: &[u64], size: u32) -> Result<u32> {
        let whole = shape.iter().try_fold(u64::from(size), |size, length| size.checked_mul(*length));
        let whole = whole.and_then(|whole| u32::try_from(whole).ok()).filter(|whole| *whole > 0);
        whole.ok_or_else(|| self.fields.corrupt(format!("{shape:?} times {size} bytes is no size")))
    }

    fn complex(&mut self, head: Head) -> Result<Type> {
        // The two numbers have one type, and are real and imaginary part.
        if head.bits(0, 1) != 1 || head.bits(1, 7) != 0 {
            return Err(self.fields.unsupported("complex numbers in another form than two equal parts"));
        }
        let (base, size) = self.base()?;
        if size.checked_mul(2) != Some(head.size) {
            return Err(self.fields.corrupt(format!("two numbers of {size} bytes are not {}", head.size)));
        }
        Ok(Type::Complex(Box::new(base)))
    }
}
