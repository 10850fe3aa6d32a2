//! The types that elements of foreign files have.

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    Little,
    Big,
}

/// How one element is stored (IV.A.2.d).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// An integer of `precision` bits, which begin at bit `offset` of its `size` bytes.
    Integer { size: u32, is_signed: bool, order: ByteOrder, offset: u16, precision: u16 },
    /// A number with sign, exponent and mantissa at these bits.
    Float(Float),
    /// Text of a fixed number of bytes.
    FixedString { size: u32, padding: Padding, is_utf8: bool },
    /// Text of any length, in the global heap.
    String { padding: Padding, is_utf8: bool },
    /// Bits without a sign.
    Bits { size: u32, order: ByteOrder, offset: u16, precision: u16 },
    /// Bytes that only their tag explains.
    Opaque { size: u32, tag: String },
    /// Named members.
    Compound { size: u32, members: Vec<MemberType> },
    /// An address of an object, or of a region of a dataset.
    Reference { size: u32, kind: ReferenceKind },
    /// An integer of which some values have names; the values are the bytes of the base.
    Enum { base: Box<Type>, names: Vec<(String, Vec<u8>)> },
    /// A list of any length, in the global heap.
    List(Box<Type>),
    /// So many of another type, in row-major order.
    Array { shape: Vec<u64>, base: Box<Type> },
    /// Two numbers, the real part first.
    Complex(Box<Type>),
    /// A time (class 2), which no library reads.
    Time { size: u32 },
}

impl Type {
    /// The number of elements of a list or of bytes of a text, which an element of the dataset begins with (IV.B).
    pub const COUNT: Self =
        Self::Integer { size: 4, is_signed: false, order: ByteOrder::Little, offset: 0, precision: 32 };

    /// The same number with its bytes in the other order; what is no number as it is.
    pub fn reversed(&self) -> Self {
        let mut reversed = self.clone();
        if let Self::Integer { order, .. } | Self::Bits { order, .. } | Self::Float(Float { order, .. }) =
            &mut reversed
        {
            *order = match order {
                ByteOrder::Little => ByteOrder::Big,
                ByteOrder::Big => ByteOrder::Little,
            };
        }
        reversed
    }
}

/// The parts of a floating-point number, by their first bit and number of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float {
    pub size: u32,
    pub order: ByteOrder,
    pub offset: u16,
    pub precision: u16,
    pub sign: u8,
    pub exponent: (u8, u8),
    pub mantissa: (u8, u8),
    pub bias: u32,
    /// Whether a leading one is left out of the mantissa.
    pub is_normalized: bool,
}

/// What fills a text of fixed length up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// One NUL ends the text.
    NullTerminated,
    /// NULs.
    Null,
    /// Spaces.
    Space,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberType {
    pub name: String,
    /// Its first byte in the element.
    pub offset: u32,
    pub data_type: Type,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    Object,
    Region,
    /// References of version 1.12: to objects, regions or attributes.
    Standard,
}
