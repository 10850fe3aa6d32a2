use calcstore::{Compression, NodeKind};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::keys;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The elements stay what they are, and so do attributes, labels and names of axes. \
Whoever reads sees the old value or the new one. What is not said stays as it is.

Examples:
  calcstore repack /0 --codec blosc              all that is in a group
  calcstore repack /curves --chunks 1000,20
  calcstore repack /sites --chunks 100000        the rows of a table
  calcstore repack /curves --chunks 10,20 --shards 1000,20 --codec zstd:9")]
pub struct Arguments {
    /// Values, groups (what is in them), or patterns: * within a component, ** across
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// The length of a chunk along each axis; of a table the rows of a chunk
    #[arg(long, value_name = "LENGTHS", value_parser = parse_lengths)]
    chunks: Option<Lengths>,

    /// How many elements along each axis share a file; 0 makes each chunk a file
    #[arg(long, value_name = "LENGTHS", value_parser = parse_lengths)]
    shards: Option<Lengths>,

    /// none, zstd[:LEVEL], gzip[:LEVEL] or blosc[:LEVEL]
    #[arg(long, value_name = "CODEC")]
    codec: Option<Compression>,

    /// Print what would be stored anew, and store nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// A length for each axis.
#[derive(Clone, Debug)]
struct Lengths(Vec<u64>);

fn parse_lengths(text: &str) -> Result<Lengths, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let lengths = bare.split(',').map(|length| length.trim().parse());
    let lengths = lengths.collect::<Result<Vec<u64>, _>>();
    lengths.map(Lengths).map_err(|_| "not a list of lengths, such as 100,20".to_owned())
}

/// Stores values anew in other chunks or compressed in another way.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    if asked.chunks.is_none() && asked.shards.is_none() && asked.codec.is_none() {
        return Err(Failure::invalid("nothing is to change; --chunks, --shards and --codec say what"));
    }
    let store = if asked.dry_run { session.store()? } else { session.write()? };
    let source = Source::from(&store);
    let values = values(&source, asked)?;
    let interrupt = Interrupt::watch();
    let mut report = Vec::new();
    let (mut before, mut after) = (0, 0);
    for key in &values {
        let old = source.size(key)?.stored_bytes;
        if asked.dry_run {
            report.push(json!({"key": key, "stored_bytes_before": old}));
            continue;
        }
        let progress = Progress::bytes(session.output, "repacking");
        let mut repack = store.repack(key);
        if let Some(chunks) = &asked.chunks {
            repack = repack.chunks(&chunks.0);
        }
        if let Some(shards) = &asked.shards {
            repack = repack.shards(if shards.0 == [0] { &[] } else { &shards.0[..] });
        }
        if let Some(codec) = asked.codec {
            repack = repack.compression(codec);
        }
        let repack = repack.on_progress(|done| {
            progress.set(done.bytes);
            interrupt.answer()
        });
        repack.run()?;
        drop(progress);
        let new = source.size(key)?.stored_bytes;
        (before, after) = (before + old, after + new);
        session.output.detail(&format!("{key}: {} became {}", iec(old), iec(new)));
        report.push(json!({"key": key, "stored_bytes_before": old, "stored_bytes": new}));
    }
    store.close()?;
    if session.output.is_json() {
        session.output.json(&json!({"repacked": report, "dry_run": asked.dry_run}))?;
    } else if asked.dry_run {
        session.output.lines(values)?;
    } else {
        let count = counted(values.len() as u64, "value");
        session.output.note(&format!("{count} stored anew: {} became {}", iec(before), iec(after)));
    }
    Ok(Exit::Done)
}

/// The values that are named, and those in groups that are.
fn values(source: &Source, asked: &Arguments) -> Result<Vec<String>, Failure> {
    let mut values = Vec::new();
    for key in &asked.keys {
        for node in keys::own_nodes(source, key)? {
            match node.kind {
                NodeKind::Group => {
                    let below = source.walk_nodes(&node.key)?.into_iter();
                    // Objects and bytes are one piece, and have no axes.
                    let has_axes = |kind| matches!(kind, NodeKind::Dataset | NodeKind::Table);
                    let rank = |shape: &[u64]| {
                        asked.chunks.as_ref().is_none_or(|chunks| chunks.0.len() == shape.len())
                    };
                    values.extend(below.filter(|node| has_axes(node.kind)).filter_map(|node| {
                        let fits = node
                            .layout
                            .as_ref()
                            .is_none_or(|layout| !layout.shape.is_empty() && rank(&layout.shape));
                        fits.then_some(node.key)
                    }));
                }
                _ => values.push(node.key),
            }
        }
    }
    values.sort();
    values.dedup();
    Ok(values)
}
