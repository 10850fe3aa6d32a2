//! The JSON form of a schema.
//!
//! A primitive is its name (`"f64"`), everything else an object with one telling member: `{"option":S}`,
//! `{"seq":S}`, `{"map":[K,V]}`, `{"tuple":[S…]}`, `{"newtype":S}`, `{"struct":[["field",S]…]}`,
//! `{"enum":[[0,"Unit"],[3,"Other",S]…]}`, the last four with a `"name"`, or `{"ref":i}`. The whole is S, or
//! `{"root":S,"types":[S…]}`, where `ref` counts into `types`.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use serde_json::{Map, Value, json};

use super::limits::{MAX_DEPTH, MAX_SCHEMA_NODES};
use super::schema::{Field, Node, Primitive, Schema, Variant};
use crate::error::{Error, ErrorKind, Result};

impl Schema {
    /// Gives the form that is stored in the attributes of an object.
    pub(crate) fn to_json(&self) -> Value {
        if self.types.is_empty() {
            return node_to_json(&self.root);
        }
        let types: Vec<_> = self.types.iter().map(node_to_json).collect();
        json!({"root": node_to_json(&self.root), "types": types})
    }

    /// Reads the stored form. Unknown members of objects are ignored.
    ///
    /// # Errors
    /// `Corrupt` where it is none, is nested too deeply or is too large.
    pub(crate) fn from_json(value: &Value) -> Result<Self> {
        let none = Vec::new();
        let types = match value.get("types") {
            None => &none,
            Some(types) => array(types, "types")?,
        };
        let root = value.get("root").unwrap_or(value);
        let mut parser = Parser { nodes: MAX_SCHEMA_NODES, types: types.len() };
        let schema = Self {
            root: parser.node(root, MAX_DEPTH)?,
            types: types.iter().map(|node| parser.node(node, MAX_DEPTH)).collect::<Result<_>>()?,
        };
        if schema.types.iter().any(|node| matches!(node, Node::Ref(_))) {
            return Err(malformed("a type that is only a reference"));
        }
        Ok(schema)
    }
}

fn node_to_json(node: &Node) -> Value {
    match node {
        Node::Unknown => json!("unknown"),
        Node::Primitive(primitive) => json!(primitive.name()),
        Node::Option(inner) => json!({"option": node_to_json(inner)}),
        Node::Seq(item) => json!({"seq": node_to_json(item)}),
        Node::Map(entry) => json!({"map": [node_to_json(&entry.0), node_to_json(&entry.1)]}),
        Node::Tuple { name, items } => {
            named("tuple", items.iter().map(node_to_json).collect(), name.as_deref())
        }
        Node::Newtype { name, inner } => named("newtype", node_to_json(inner), name.as_deref()),
        Node::Struct { name, fields } => {
            let fields = fields.iter().map(|field| json!([field.name, node_to_json(&field.node)])).collect();
            named("struct", fields, name.as_deref())
        }
        Node::Enum { name, variants } => {
            let variants = variants.iter().map(|variant| match &variant.payload {
                None => json!([variant.index, variant.name]),
                Some(payload) => json!([variant.index, variant.name, node_to_json(payload)]),
            });
            named("enum", variants.collect(), name.as_deref())
        }
        Node::Ref(index) => json!({"ref": index}),
    }
}

fn named(tag: &str, value: Value, name: Option<&str>) -> Value {
    let mut object = Map::new();
    object.insert(tag.to_owned(), value);
    if let Some(name) = name {
        object.insert("name".to_owned(), json!(name));
    }
    Value::Object(object)
}

struct Parser {
    /// How many nodes there may still be.
    nodes: usize,
    /// Number of types, which references must stay below.
    types: usize,
}

impl Parser {
    /// Parses a node, which may have so many levels.
    fn node(&mut self, value: &Value, levels: usize) -> Result<Node> {
        let too_many = |what: &str, most: usize| malformed(format_args!("more than {most} {what}"));
        let nodes = self.nodes.checked_sub(1);
        self.nodes = nodes.ok_or_else(|| too_many("nodes", MAX_SCHEMA_NODES))?;
        let below = levels.checked_sub(1).ok_or_else(|| too_many("levels", MAX_DEPTH))?;
        match value {
            Value::String(name) if name == "unknown" => Ok(Node::Unknown),
            Value::String(name) => match Primitive::from_name(name) {
                Some(primitive) => Ok(Node::Primitive(primitive)),
                None => Err(malformed("a primitive of unknown name")),
            },
            Value::Object(object) => self.compound(object, below),
            _ => Err(malformed("neither a name nor an object where a type was expected")),
        }
    }

    fn compound(&mut self, object: &Map<String, Value>, levels: usize) -> Result<Node> {
        let name = || object.get("name").and_then(Value::as_str).map(str::to_owned);
        for (tag, value) in object {
            return Ok(match tag.as_str() {
                "option" => Node::Option(Box::new(self.node(value, levels)?)),
                "seq" => Node::Seq(Box::new(self.node(value, levels)?)),
                "map" => match array(value, "map")?.as_slice() {
                    [key, value] => Node::Map(Box::new((self.node(key, levels)?, self.node(value, levels)?))),
                    _ => return Err(malformed("a map without the types of key and value")),
                },
                "tuple" => {
                    Node::Tuple { name: name(), items: self.list(value, "tuple", levels, Self::node)? }
                }
                "newtype" => Node::Newtype { name: name(), inner: Box::new(self.node(value, levels)?) },
                "struct" => {
                    Node::Struct { name: name(), fields: self.list(value, "struct", levels, Self::field)? }
                }
                "enum" => Node::Enum { name: name(), variants: self.variants(value, levels)? },
                "ref" => self.reference(value)?,
                _ => continue,
            });
        }
        Err(malformed("an object that describes no type"))
    }

    fn list<T>(
        &mut self,
        value: &Value,
        tag: &str,
        levels: usize,
        parse: impl Fn(&mut Self, &Value, usize) -> Result<T>,
    ) -> Result<Vec<T>> {
        array(value, tag)?.iter().map(|item| parse(self, item, levels)).collect()
    }

    fn field(&mut self, value: &Value, levels: usize) -> Result<Field> {
        match value.as_array().map(Vec::as_slice) {
            Some([Value::String(name), node]) => {
                Ok(Field { name: name.clone(), node: self.node(node, levels)? })
            }
            _ => Err(malformed("a field that is no pair of name and type")),
        }
    }

    fn variants(&mut self, value: &Value, levels: usize) -> Result<Vec<Variant>> {
        let mut variants = self.list(value, "enum", levels, Self::variant)?;
        variants.sort_by_key(|variant| variant.index);
        if variants.windows(2).any(|pair| matches!(pair, [a, b] if a.index == b.index)) {
            return Err(malformed("two variants with one index"));
        }
        Ok(variants)
    }

    fn variant(&mut self, value: &Value, levels: usize) -> Result<Variant> {
        let (index, name, payload) = match value.as_array().map(Vec::as_slice) {
            Some([index, Value::String(name)]) => (index, name, None),
            Some([index, Value::String(name), payload]) => (index, name, Some(self.node(payload, levels)?)),
            _ => return Err(malformed("a variant that is not index, name and type")),
        };
        match index.as_u64().and_then(|index| u32::try_from(index).ok()) {
            Some(index) => Ok(Variant { index, name: name.clone(), payload }),
            None => Err(malformed("a variant whose index is no 32-bit integer")),
        }
    }

    fn reference(&self, value: &Value) -> Result<Node> {
        match value.as_u64().and_then(|index| usize::try_from(index).ok()) {
            Some(index) if index < self.types => Ok(Node::Ref(index)),
            _ => Err(malformed("a reference to no type")),
        }
    }
}

fn array<'a>(value: &'a Value, tag: &str) -> Result<&'a Vec<Value>> {
    value.as_array().ok_or_else(|| malformed(format_args!("\"{tag}\" that is no list")))
}

fn malformed(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the schema of an object makes no sense: {what}"))
}
