use calcstore::Size;
use clap::ValueEnum;
use serde_json::{Value as Json, json};

use crate::cli::columns::{Columns, layout};
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::keys;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{iec, ratio};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A group takes what everything in it takes. Only metadata are read.

Examples:
  calcstore du                       what is in the root, the largest first
  calcstore du /0 -d 3 --sort name   three levels of one group
  calcstore du -d 99 --top 10        what takes most")]
pub struct Arguments {
    /// A group or a value
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,

    /// How many levels below KEY are listed
    #[arg(short, long, value_name = "LEVELS", default_value_t = 1)]
    depth: usize,

    /// What comes first: the largest, or the names in their order
    #[arg(long, value_name = "HOW", default_value = "size")]
    sort: Sort,

    /// List only so many
    #[arg(long, value_name = "N")]
    top: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Size,
    Name,
}

/// Tells what each group and value takes on disk and in memory.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let key = keys::node(&source, &asked.key)?.key;
    let interrupt = Interrupt::watch();
    let progress = Progress::of_nodes(session.output, "measuring");
    let sizes = source.sizes(&key, asked.depth, |nodes| {
        progress.set(nodes);
        interrupt.answer()
    });
    drop(progress);
    let mut sizes = sizes?;
    if asked.sort == Sort::Size {
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(size.stored_bytes));
    }
    sizes.truncate(asked.top.unwrap_or(usize::MAX));
    if session.output.is_json() {
        session.output.json(&sizes.iter().map(to_json).collect())?;
    } else {
        session.output.lines(lines(&sizes, session.output.list_width()))?;
    }
    Ok(Exit::Done)
}

fn to_json((key, size): &(String, Size)) -> Json {
    json!({
        "key": key, "bytes": size.bytes, "stored_bytes": size.stored_bytes, "ratio": size.ratio(), "files": size.files,
    })
}

fn lines(sizes: &[(String, Size)], width: usize) -> Vec<String> {
    let mut rows = vec![["KEY", "SIZE", "STORED", "RATIO", "FILES"].map(str::to_owned).to_vec()];
    rows.extend(sizes.iter().map(|(key, size)| {
        vec![
            key.clone(),
            size.bytes.map(iec).unwrap_or_default(),
            iec(size.stored_bytes),
            size.bytes.and_then(|bytes| ratio(bytes, size.stored_bytes)).unwrap_or_default(),
            size.files.to_string(),
        ]
    }));
    layout(rows, Columns { right: 1, elastic: &[0], optional: &[3, 4, 1] }, width)
}
