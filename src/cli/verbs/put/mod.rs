pub mod csv;
mod part;

use std::path::{Path, PathBuf};

use calcstore::{AnyArray, DataType, ErrorKind, Object, Selection, Value};
use clap::{ValueEnum, ValueHint};
use serde_json::Value as Json;

use crate::cli::elements::{Order, from_bytes, shaped};
use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::units::counted;
use crate::cli::{files, npy};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A value that is there already is replaced; a group never.

Examples:
  calcstore put /sites sites.csv                   a table
  calcstore put /matrix matrix.csv --no-header     an array of two axes
  calcstore put /levels - -f json <<< '[0.01, 0.1, 1]'
  calcstore put /wave wave.raw --dtype float32 --shape 2,1000
  calcstore put /matrix row.json -s 0              one row of it
  calcstore put /sites more.csv --append           rows at the end")]
pub struct Arguments {
    /// The key
    #[arg(value_name = "KEY")]
    key: String,

    /// The file; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The format [default: by the suffix of FILE]
    #[arg(short, long, value_name = "FORMAT")]
    format: Option<Format>,

    /// Leave a value that is there already as it is, and fail
    #[arg(short, long)]
    no_clobber: bool,

    /// Write the elements that are selected of an array that is there, such as 0, ':10, 3', -1
    #[arg(short, long, value_name = "SEL", allow_hyphen_values = true, conflicts_with = "no_clobber")]
    select: Option<Selection>,

    /// Append the rows to an array or table that is there
    #[arg(short, long, conflicts_with_all = ["no_clobber", "select"])]
    append: bool,

    /// Of csv: there are no names; all cells are one array of two axes
    #[arg(long)]
    no_header: bool,

    /// Of csv: what stands between the cells; \t is a tab [default: ,]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    delimiter: Option<u8>,

    /// Of raw: the type of the elements, such as float64
    #[arg(long, value_name = "TYPE", value_parser = parse_data_type)]
    dtype: Option<DataType>,

    /// Of raw: the length of each axis, such as 2,1000; [] for a scalar
    #[arg(long, value_name = "LENGTHS")]
    shape: Option<Shape>,
}

/// What a value can be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The file of one array that numpy.save makes
    Npy,
    /// A table: a line of names, then columns of int64, float64 (empty cells are NaN) or text
    Csv,
    /// Even lists of one type become an array, anything else an object
    Json,
    /// The elements alone, little-endian; needs --dtype and --shape
    #[value(alias = "bin")]
    Raw,
    /// The whole file is one text
    #[value(alias = "txt")]
    Text,
    /// The whole file as it is, whatever it holds
    Bytes,
}

/// The length of each axis.
#[derive(Clone, Debug)]
struct Shape(Vec<usize>);

impl std::str::FromStr for Shape {
    type Err = String;

    /// Reads `2,1000`, or `[2, 1000]` as it is printed.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if bare.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let lengths = bare.split(',').map(|length| length.trim().parse());
        lengths
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|_| "lengths with commas between them, please".to_owned())
    }
}

fn parse_data_type(name: &str) -> Result<DataType, String> {
    let fixed = || DataType::ALL.into_iter().filter(|data_type| data_type.size().is_some());
    fixed().find(|data_type| data_type.name() == name).ok_or_else(|| {
        let names: Vec<&str> = fixed().map(DataType::name).collect();
        format!("one of {}", names.join(", "))
    })
}

pub fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
        _ => Err("one character, such as ; or \\t".to_owned()),
    }
}

/// Stores a value from a file.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let format = format(asked)?;
    // A wrong calculation should be known before a long file is read.
    let store = session.write()?;
    let value = read(asked, format).map_err(|failure| failure.with_file(&asked.file))?;
    if let Some(selection) = &asked.select {
        part::write(&store, &asked.key, selection, value)?;
    } else if asked.append {
        let rows = part::append(&store, &asked.key, value)?;
        session.output.detail(&format!("{} has now {}", asked.key, counted(rows, "row")));
    } else if asked.no_clobber {
        store.insert_new(&asked.key, &value)?;
    } else {
        store.insert(&asked.key, &value)?;
    }
    store.close()?;
    Ok(Exit::Done)
}

fn format(asked: &Arguments) -> Result<Format, Failure> {
    let refuse = |message: &str| Err(Failure::invalid(message).with_file(&asked.file));
    let format = match asked.format.or_else(|| files::format_of(&asked.file)) {
        Some(format) => format,
        None if asked.file == Path::new(files::STANDARD) => {
            return refuse(
                "standard input has no suffix: say with -f npy, csv, json, raw, text or bytes what it is",
            );
        }
        None if asked.dtype.is_some() => Format::Raw,
        None => {
            return refuse(
                "the suffix does not tell the format: say it with -f npy, csv, json, raw, text or bytes",
            );
        }
    };
    if format == Format::Raw && (asked.dtype.is_none() || asked.shape.is_none()) {
        return refuse("raw says nothing of type and shape: say them with --dtype and --shape");
    }
    if format != Format::Raw && (asked.dtype.is_some() || asked.shape.is_some()) {
        return refuse("--dtype and --shape are for raw alone");
    }
    if format != Format::Csv && (asked.no_header || asked.delimiter.is_some()) {
        return refuse("--no-header and --delimiter are for csv alone");
    }
    Ok(format)
}

fn read(asked: &Arguments, format: Format) -> Result<Value, Failure> {
    let bytes = files::read(&asked.file)?;
    Ok(match (format, asked.dtype, &asked.shape) {
        (Format::Raw, Some(data_type), Some(shape)) => {
            Value::Array(from_bytes(data_type, &shape.0, Order::C, &bytes)?)
        }
        (Format::Raw, ..) => return Err(Failure::invalid("raw needs --dtype and --shape")),
        (Format::Npy, ..) => Value::Array(npy::read(&bytes)?),
        (Format::Csv, ..) if asked.no_header => Value::Array(csv::array(&bytes, asked.delimiter)?),
        (Format::Csv, ..) => Value::Table(csv::table(&bytes, asked.delimiter)?),
        (Format::Json, ..) => json(&bytes)?,
        (Format::Text, ..) => Value::Array(text(bytes)?),
        (Format::Bytes, ..) => Value::Bytes(bytes),
    })
}

fn json(bytes: &[u8]) -> Result<Value, Failure> {
    let json: Json =
        serde_json::from_slice(bytes).map_err(|error| Failure::invalid(format!("not JSON: {error}")))?;
    Ok(match AnyArray::from_json(&json) {
        Some(array) => Value::Array(array),
        None => Value::Object(Object { type_name: String::new(), json }),
    })
}

fn text(bytes: Vec<u8>) -> Result<AnyArray, Failure> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::new(ErrorKind::WrongType, format!("not text: byte {place} is no UTF-8; use -f bytes"))
    })?;
    shaped(&[], Order::C, vec![text])
}
