mod csv;
pub mod rows;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use calcstore::{AnyArray, ErrorKind, Node, NodeKind, Selection, Value};
use clap::{ValueEnum, ValueHint};
use serde_json::{Map, Value as Json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::{self, Sink};
use crate::cli::keys::OneKey;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::{elements, keys, npy};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without -f, the suffix of FILE decides; else objects are printed as JSON, bytes \
as they are, all else as text: one row a line, tabs between the elements.

Examples:
  calcstore cat /0/Sadigh
  calcstore cat /0/Sadigh/PGA -s '0, :10' -o pga.npy
  calcstore cat /sites -s -5:           the last five rows
  calcstore cat /job -f json | jq .description")]
pub struct Arguments {
    #[command(flatten)]
    key: OneKey,

    /// Print a part: of an array as numpy selects it, such as 0, ':10, 3', -1, '...,-1'; of a table rows
    #[arg(short, long, value_name = "SEL", allow_hyphen_values = true)]
    select: Option<Selection>,

    /// The format
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Save to a file, which appears whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Replace a file that is there already
    #[arg(long, requires = "output")]
    force: bool,
}

/// What a value can be printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: one row a line
    #[value(alias = "txt")]
    Text,
    /// JSON: nested lists, tables by column
    Json,
    /// One row a line, each JSON
    Jsonl,
    #[value(help = "One or two axes, or a table with its inner shapes spread out: PGA[0], PGA[1]")]
    Csv,
    /// The file of one array that numpy.save makes
    Npy,
    /// The elements alone, little-endian, the last axis varying fastest
    #[value(alias = "bin")]
    Raw,
}

/// Prints a value, or saves it.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let node = keys::node(&source, &asked.key.key)?;
    if node.kind == NodeKind::Group {
        let message = "is a group; name a value in it (ls lists them)";
        return Err(Failure::new(ErrorKind::WrongType, message).with_key(&node.key));
    }
    let file = asked.output.as_deref().filter(|file| *file != Path::new(files::STANDARD));
    let format = format(session, asked, file, &node)?;
    let is_terminal = file.is_none() && io::stdout().is_terminal();
    if is_terminal && matches!(format, Format::Npy | Format::Raw) {
        let message = "is nothing for a terminal; -o FILE saves it, show previews it";
        return Err(Failure::invalid(message).with_key(&node.key));
    }
    let mut sink = match file {
        Some(file) => Sink::file(file, asked.force)?,
        None => Sink::stdout(),
    };
    let value = read(&source, &node, asked.select.as_ref())?;
    let is_scalar = matches!(&value, Value::Array(array) if array.shape().is_empty());
    let pretty = !session.output.is_json();
    write(&value, &node.key, format, pretty, &mut sink).map_err(|failure| failure.with_key(&node.key))?;
    sink.finish()?;
    if is_terminal && format == Format::Text && is_scalar {
        session.output.line("")?;
    }
    Ok(Exit::Done)
}

fn format(
    session: &Session<'_>,
    asked: &Arguments,
    file: Option<&Path>,
    node: &Node,
) -> Result<Format, Failure> {
    let by_kind = || match node.kind {
        NodeKind::Object => Format::Json,
        NodeKind::Bytes => Format::Raw,
        _ if session.output.is_json() => Format::Json,
        _ => Format::Text,
    };
    let by_flag = || (session.output.is_json() && file.is_none()).then_some(Format::Json);
    let format = asked.format.or_else(|| files::format_of(file?));
    match file.filter(|file| format.is_none() && file.extension().is_some()) {
        Some(file) => {
            let message =
                "the suffix does not tell the format: say it with -f text, json, jsonl, csv, npy or raw";
            Err(Failure::invalid(message).with_file(file))
        }
        None => Ok(format.or_else(by_flag).unwrap_or_else(by_kind)),
    }
}

/// Reads a value, or no more of it than was asked for.
fn read(source: &Source, node: &Node, selection: Option<&Selection>) -> Result<Value, Failure> {
    match (selection, node.kind) {
        (None, _) => Ok(source.value(&node.key)?),
        (Some(_), NodeKind::Object) => {
            let message = "is an object; -s selects parts of arrays, tables and bytes";
            Err(Failure::new(ErrorKind::WrongType, message).with_key(&node.key))
        }
        (Some(selection), _) => Ok(source.selected(node, selection)?),
    }
}

fn write(value: &Value, key: &str, format: Format, pretty: bool, sink: &mut Sink) -> Result<(), Failure> {
    match (format, value) {
        (Format::Text, Value::Object(_)) | (Format::Json, _) => {
            let json = json(value)?;
            let text = if pretty && matches!(value, Value::Object(_)) {
                format!("{json:#}\n")
            } else {
                format!("{json}\n")
            };
            sink.write(text.as_bytes())
        }
        (Format::Text, Value::Array(AnyArray::String(text))) if text.ndim() == 0 => {
            sink.write(text.first().map_or("", String::as_str).as_bytes())
        }
        (Format::Text, Value::Array(array)) => rows::text(array, sink),
        (Format::Text, Value::Table(table)) => rows::table_text(table, sink),
        (Format::Text, Value::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => sink.write(text.as_bytes()),
            Err(_) => Err(Failure::new(ErrorKind::WrongType, "holds bytes that are no text; use -f raw")),
        },
        (Format::Jsonl, value) => rows::json_lines(&json(value)?, matches!(value, Value::Table(_)), sink),
        (Format::Csv, Value::Array(array)) => csv::array(array, sink),
        (Format::Csv, Value::Table(table)) => csv::table(table, sink),
        (Format::Npy, Value::Array(array)) => npy::write(array, |bytes| sink.write(bytes)),
        (Format::Npy, Value::Table(table)) => {
            let first = table.columns().next().map_or("", |(name, _)| name);
            let message = format!("npy holds one array: name a column, such as {key}/{first}");
            Err(Failure::new(ErrorKind::WrongType, message))
        }
        (Format::Raw, Value::Bytes(bytes)) => sink.write(bytes),
        (Format::Raw, Value::Array(array)) if array.data_type().size().is_some() => {
            elements::write_bytes(array, |bytes| sink.write(bytes))
        }
        _ => {
            let format =
                format.to_possible_value().map_or(String::new(), |format| format.get_name().to_owned());
            let message = format!("{format} cannot hold {}; json can", described(value));
            Err(Failure::new(ErrorKind::WrongType, message))
        }
    }
}

fn described(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "text",
        Value::Table(_) => "a table",
        Value::Bytes(_) => "bytes",
        _ => "an object",
    }
}

/// The value as JSON: nested lists, columns by name, bytes in base64.
pub fn json(value: &Value) -> Result<Json, Failure> {
    Ok(match value {
        Value::Array(array) => array.to_json(),
        Value::Table(table) => Json::Object(
            table.columns().map(|(name, column)| (name.to_owned(), column.to_json())).collect::<Map<_, _>>(),
        ),
        Value::Bytes(bytes) => Json::from(STANDARD.encode(bytes)),
        Value::Object(object) => object.json.clone(),
        _ => return Err(Failure::new(ErrorKind::WrongType, "is no value")),
    })
}
