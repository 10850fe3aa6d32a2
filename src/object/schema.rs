//! The structure of an object: which fields and elements of which types its bytes hold.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;

/// The recorded structure of a value. It cannot be changed, and its references are valid.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema {
    pub(super) root: Node,
    /// The types that [`Node::Ref`] counts into; none of them is a reference itself.
    pub(super) types: Vec<Node>,
}

/// One value within the structure.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A type of which no value was met, as the elements of an empty list.
    Unknown,
    Primitive(Primitive),
    Option(Box<Node>),
    Seq(Box<Node>),
    /// Keys and values.
    Map(Box<(Node, Node)>),
    Tuple {
        name: Option<String>,
        items: Vec<Node>,
    },
    Newtype {
        name: Option<String>,
        inner: Box<Node>,
    },
    Struct {
        name: Option<String>,
        fields: Vec<Field>,
    },
    /// The variants that were met, by ascending index.
    Enum {
        name: Option<String>,
        variants: Vec<Variant>,
    },
    /// One of the [types](Schema::types).
    Ref(usize),
}

/// A named field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) node: Node,
}

/// A variant of an enum; one without data has no payload.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variant {
    pub(super) index: u32,
    pub(super) name: String,
    pub(super) payload: Option<Node>,
}

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primitive {
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Str,
    Bytes,
    Unit,
}

impl Schema {
    /// Follows a reference, which leads to something that is none.
    pub(super) fn resolve<'a>(&'a self, node: &'a Node) -> &'a Node {
        match node {
            Node::Ref(index) => self.types.get(*index).unwrap_or(node),
            _ => node,
        }
    }

    /// The variant with this index.
    pub(super) fn variant(variants: &[Variant], index: u32) -> Option<&Variant> {
        variants.binary_search_by_key(&index, |variant| variant.index).ok().and_then(|at| variants.get(at))
    }
}

impl Primitive {
    const ALL: [Self; 17] = [
        Self::Bool,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::I128,
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::U128,
        Self::F32,
        Self::F64,
        Self::Char,
        Self::Str,
        Self::Bytes,
        Self::Unit,
    ];

    /// Names it as the schema does.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::Unit => "unit",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|primitive| primitive.name() == name)
    }
}

/// Says in a few words what is stored, for error messages.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown | Self::Ref(_) => f.write_str("a value of unknown type"),
            Self::Primitive(primitive) => f.write_str(primitive.name()),
            Self::Option(_) => f.write_str("option"),
            Self::Seq(_) => f.write_str("sequence"),
            Self::Map(_) => f.write_str("map"),
            Self::Tuple { items, .. } => write!(f, "tuple of {}", items.len()),
            Self::Newtype { name, .. } => describe(f, "newtype", name.as_deref(), &[]),
            Self::Struct { name, fields } => {
                let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
                describe(f, "struct", name.as_deref(), &names)
            }
            Self::Enum { name, variants } => {
                let names: Vec<_> = variants.iter().map(|variant| variant.name.as_str()).collect();
                describe(f, "enum", name.as_deref(), &names)
            }
        }
    }
}

/// A name from a file, which may hold anything, as a part of a message: escaped and of bounded length.
pub(super) fn clip(name: &str) -> String {
    name.chars().take(40).collect::<String>().escape_debug().to_string()
}

/// Writes `struct Site {lon, lat}`, with the first few of many members.
fn describe(f: &mut fmt::Formatter<'_>, what: &str, name: Option<&str>, members: &[&str]) -> fmt::Result {
    const SHOWN: usize = 8;
    f.write_str(what)?;
    if let Some(name) = name {
        write!(f, " {}", clip(name))?;
    }
    if members.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = members.iter().take(SHOWN).map(|member| clip(member)).collect();
    let more = if members.len() > SHOWN { ", …" } else { "" };
    write!(f, " {{{}{more}}}", shown.join(", "))
}
