//! What there is in a file, in the words of `tests/oracles/hdf5_listing.py`.

use std::collections::HashMap;

use crate::error::Result;
use crate::hdf5::read::{
    Attribute, ByteOrder, DatasetHeader, Dataspace, File, Layout, Object, ObjectKind, Padding, ReferenceKind,
    Source, Target, Type,
};

/// A line for each object, attribute and link, and the errors that were met.
#[derive(Debug, Default)]
pub struct Listing {
    pub lines: Vec<String>,
    pub errors: Vec<String>,
    /// The objects that were met, by their addresses, with the first path to each.
    seen: HashMap<u64, String>,
}

/// Looks at everything in a file.
pub fn list(source: Box<dyn Source>) -> Result<Listing> {
    let file = File::open(source)?;
    let mut listing = Listing::default();
    listing.walk(&file, "", file.root()?.address());
    Ok(listing)
}

impl Listing {
    fn fail(&mut self, path: &str, error: &crate::Error) {
        self.errors.push(format!("{path}: {error}"));
    }

    fn walk(&mut self, file: &File, path: &str, address: u64) {
        let shown = if path.is_empty() { "/" } else { path };
        if let Some(first) = self.seen.get(&address) {
            self.lines.push(format!("{shown} is {first}"));
            return;
        }
        self.seen.insert(address, shown.to_owned());
        let object = match file.object(address) {
            Ok(object) => object,
            Err(error) => return self.fail(shown, &error),
        };
        match described(&object) {
            Ok(described) => self.lines.push(format!("{shown} {described}")),
            Err(error) => self.fail(shown, &error),
        }
        let attributes = object.attributes();
        attributes.errors.iter().for_each(|error| self.fail(shown, error));
        self.lines.extend(attributes.items.iter().map(|attribute| format!("{shown}@{}", value(attribute))));
        let links = object.links();
        links.errors.iter().for_each(|error| self.fail(shown, error));
        for link in links.items {
            let below = format!("{path}/{}", link.name);
            match link.target {
                Target::Hard(address) => self.walk(file, &below, address),
                Target::Soft(target) => self.lines.push(format!("{below} -> {target}")),
                Target::External { file, object } => self.lines.push(format!("{below} -> {file}:{object}")),
                Target::UserDefined(kind) => self.lines.push(format!("{below} -> type {kind}")),
            }
        }
    }
}

fn described(object: &Object<'_>) -> Result<String> {
    Ok(match object.kind() {
        ObjectKind::Group => "group".to_owned(),
        ObjectKind::Dataset => format!("dataset {}", dataset(&object.dataset()?)),
        ObjectKind::Datatype => format!("datatype {}", text(&object.data_type()?)),
        ObjectKind::Unknown => "unknown".to_owned(),
    })
}

fn dataset(header: &DatasetHeader) -> String {
    let layout = match &header.layout {
        Layout::Compact(bytes) => format!("compact:{}", bytes.len()),
        Layout::Contiguous { .. } => "contiguous".to_owned(),
        Layout::Chunked { chunk, .. } => format!("chunked:{}", axes(chunk.iter().copied().map(Some))),
        Layout::External(files) => {
            let file = |file: &crate::hdf5::read::ExternalFile| {
                let size = file.size.map_or("*".to_owned(), |size| size.to_string());
                format!("{}+{}+{size}", file.name, file.offset)
            };
            format!("external:{}", files.iter().map(file).collect::<Vec<_>>().join(","))
        }
        Layout::Virtual { mappings } => {
            let mut files: Vec<&str> = Vec::new();
            for mapping in mappings {
                if !files.contains(&&*mapping.file) {
                    files.push(&mapping.file);
                }
            }
            format!("virtual:{}", files.join(","))
        }
    };
    let filter = |filter: &crate::hdf5::read::Filter| {
        let optional = if filter.is_optional { "?" } else { "" };
        let parameters: Vec<String> = filter.parameters.iter().map(u32::to_string).collect();
        format!("{}{optional}({})", filter.id, parameters.join(","))
    };
    let filters: Vec<String> = header.filters.iter().map(filter).collect();
    let filters = if filters.is_empty() { "unfiltered".to_owned() } else { filters.join("|") };
    let fill = if header.fill.is_some() { "filled" } else { "unfilled" };
    format!("{} {} {layout} {filters} {fill}", text(&header.data_type), space(&header.dataspace))
}

fn value(attribute: &Attribute) -> String {
    let hex: String = if refers(&attribute.data_type, true) {
        "-".to_owned()
    } else {
        attribute.value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    };
    format!("{} {} {} {hex}", attribute.name, text(&attribute.data_type), space(&attribute.dataspace))
}

fn axes(lengths: impl Iterator<Item = Option<u64>>) -> String {
    let axes: Vec<String> =
        lengths.map(|length| length.map_or("*".to_owned(), |length| length.to_string())).collect();
    if axes.is_empty() { "scalar".to_owned() } else { axes.join("x") }
}

fn space(space: &Dataspace) -> String {
    let Dataspace::Simple { shape, maximum } = space else { return "null".to_owned() };
    let (shape, maximum) = (axes(shape.iter().copied().map(Some)), axes(maximum.iter().copied()));
    if shape == maximum { shape } else { format!("{shape}/{maximum}") }
}

/// Whether elements have references, of which only those to objects and regions are in memory as large as in files.
fn refers(data_type: &Type, with_objects: bool) -> bool {
    match data_type {
        Type::String { .. } | Type::List(_) => true,
        Type::Reference { kind, .. } => with_objects || *kind == ReferenceKind::Standard,
        Type::Compound { members, .. } => {
            members.iter().any(|member| refers(&member.data_type, with_objects))
        }
        Type::Array { base, .. } => refers(base, with_objects),
        _ => false,
    }
}

/// The type in one word; sizes and offsets are left out where other programs have others in memory.
fn text(data_type: &Type) -> String {
    word(data_type, !refers(data_type, false))
}

fn word(data_type: &Type, with_sizes: bool) -> String {
    let order = |order: &ByteOrder| if *order == ByteOrder::Little { '<' } else { '>' };
    let encoding = |is_utf8: &bool| if *is_utf8 { "utf8" } else { "ascii" };
    let padded = |padding: &Padding, is_utf8| format!("({padding:?},{})", encoding(is_utf8));
    match data_type {
        Type::Integer { size, is_signed, order: first, offset, precision } => {
            let kind = if *is_signed { "Int" } else { "Uint" };
            format!("{kind}{size}{}{offset}+{precision}", order(first))
        }
        Type::Float(float) => {
            let crate::hdf5::read::Float { offset, precision, sign, exponent, mantissa, bias, .. } = float;
            let (e, m) = (exponent, mantissa);
            let bits = format!("{offset}+{precision},{sign},{}+{},{}+{}", e.0, e.1, m.0, m.1);
            format!("Float{}{}{bits},{bias},{}", float.size, order(&float.order), float.is_normalized)
        }
        Type::FixedString { size, padding, is_utf8 } => format!("Fixed{size}{}", padded(padding, is_utf8)),
        Type::String { padding, is_utf8 } => format!("String{}", padded(padding, is_utf8)),
        Type::Bits { size, order: first, .. } => format!("Bits{size}{}", order(first)),
        Type::Opaque { size, tag } => format!("Opaque{size}({tag})"),
        Type::Compound { size, members } => {
            let member = |member: &crate::hdf5::read::MemberType| {
                let offset = if with_sizes { format!("@{}", member.offset) } else { String::new() };
                format!("{}{offset}:{}", member.name, word(&member.data_type, with_sizes))
            };
            let size = if with_sizes { size.to_string() } else { String::new() };
            format!("Compound{size}({})", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        Type::Reference { kind, .. } => format!("{kind:?}"),
        Type::Enum { base, names } => {
            let name = |(name, value): &(String, Vec<u8>)| format!("{name}={}", number(base, value));
            let names: Vec<String> = names.iter().map(name).collect();
            format!("Enum({},{})", word(base, with_sizes), names.join(","))
        }
        Type::List(base) => format!("List({})", word(base, with_sizes)),
        Type::Array { shape, base } => {
            format!("Array({},{})", axes(shape.iter().copied().map(Some)), word(base, with_sizes))
        }
        Type::Complex(base) => format!("Complex({})", word(base, with_sizes)),
        Type::Time { size } => format!("Time{size}"),
    }
}

/// The number that the bytes of an integer are.
fn number(base: &Type, bytes: &[u8]) -> i128 {
    let Type::Integer { order, is_signed, .. } = base else { panic!("{base:?} is no integer") };
    let mut bytes = bytes.to_vec();
    if *order == ByteOrder::Little {
        bytes.reverse();
    }
    let is_negative = *is_signed && bytes[0] >= 0x80;
    bytes.iter().fold(if is_negative { -1 } else { 0 }, |number, byte| number << 8 | i128::from(*byte))
}
