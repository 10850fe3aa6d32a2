use calcstore::{ErrorKind, NodeKind, Size};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::keys;
use crate::cli::output::{DETAIL, GROUP};
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec, ratio};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore stat              the whole calculation
  calcstore stat /0 --json    one group, for programs")]
pub struct Arguments {
    /// A group or a value
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,
}

/// Tells what there is below a key, and what it takes in memory and on disk.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let key = match keys::node(&source, &asked.key) {
        // What cannot be read takes its space all the same.
        Err(Failure::Fault(fault)) if matches!(fault.kind, ErrorKind::Corrupt | ErrorKind::Unsupported) => {
            asked.key.clone()
        }
        node => node?.key,
    };
    let interrupt = Interrupt::watch();
    let progress = Progress::of_nodes(session.output, "measuring");
    let size = source.measure(&key, |nodes| {
        progress.set(nodes);
        interrupt.answer()
    });
    drop(progress);
    let size = size?;
    if session.output.is_json() {
        session.output.json(&to_json(&key, &size))?;
    } else {
        session.output.lines(lines(&key, &size))?;
    }
    Ok(Exit::Done)
}

fn to_json(key: &str, size: &Size) -> Json {
    let nodes = NodeKind::ALL.iter().map(|kind| (kind.name().to_owned(), Json::from(size.nodes(*kind))));
    json!({
        "key": key,
        "bytes": size.bytes,
        "stored_bytes": size.stored_bytes,
        "ratio": size.ratio(),
        "files": size.files,
        "nodes": nodes.collect::<Json>(),
    })
}

fn lines(key: &str, size: &Size) -> Vec<String> {
    let counted_nodes = NodeKind::ALL.iter().map(|kind| (*kind, size.nodes(*kind)));
    let nodes = counted_nodes.filter(|(_, count)| *count > 0).map(|(kind, count)| match kind {
        NodeKind::Bytes => counted(count, "value") + " of bytes",
        NodeKind::Unreadable => format!("{count} unreadable"),
        kind => counted(count, kind.name()),
    });
    let nodes = nodes.collect::<Vec<_>>().join(", ");
    let stored = format!("{} in {}", iec(size.stored_bytes), counted(size.files, "file"));
    let ratio = size.bytes.and_then(|bytes| ratio(bytes, size.stored_bytes));
    let fields = [
        ("size", size.bytes.map_or("unknown".to_owned(), iec)),
        ("stored", stored),
        ("ratio", ratio.unwrap_or_default()),
        ("nodes", nodes),
    ];
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let fields = fields.map(|(name, value)| format!("{DETAIL}{name:<6}{DETAIL:#} {value}"));
    std::iter::once(format!("{GROUP}{key}{GROUP:#}")).chain(fields).collect()
}
