use calcstore::{Node, NodeKind, Size};

use crate::cli::columns::{Columns, layout};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::GROUP;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{iec, ratio};
use crate::cli::{keys, summary};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore ls                  names in the root; groups end with /
  calcstore ls -l /0            with types, shapes and sizes
  calcstore ls -r '/*/Sadigh*'  each match with everything below it
  calcstore ls -lr --sort size  the largest first
  calcstore ls -r0 | xargs -0 -n 1 calcstore stat")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Arguments {
    /// A group, a value, or a pattern: * within a component, ** across
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,

    /// Print type, shape, chunks, size in memory and on disk, and the ratio of these
    #[arg(short, long)]
    long: bool,

    /// List everything below, too
    #[arg(short, long)]
    recursive: bool,

    /// What comes first: the names in their order, the largest in memory, or on disk
    #[arg(long, value_name = "HOW", default_value = "name")]
    sort: Sort,

    /// Print keys alone, and a zero byte after each: for xargs -0
    #[arg(short = '0', long = "null", conflicts_with = "long")]
    null: bool,

    /// One name on each line, which it is anyway
    #[arg(short = '1', hide = true)]
    one: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
enum Sort {
    Name,
    Size,
    Stored,
}

/// Lists what is in a group: one level, sorted.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let mut listed = listed(session, &source, asked)?;
    sort(&source, &mut listed, asked.sort)?;
    let nodes: Vec<Node> = listed.iter().map(|(_, node)| node.clone()).collect();
    if session.output.is_json() {
        session.output.json(&summary::list_to_json(&source, &nodes)?)?;
    } else if asked.null {
        let keys: String = nodes.iter().flat_map(|node| [&node.key, "\0"]).collect();
        session.output.bytes(keys.as_bytes())?;
    } else if asked.long {
        session.output.lines(long(&listed, &source.sizes_of(&nodes)?, session.output.list_width()))?;
    } else {
        session.output.lines(listed.iter().map(|(name, node)| short(name, node)))?;
    }
    Ok(Exit::Done)
}

/// Puts the largest first, where that is asked; they are in the order of their names already.
fn sort(source: &Source, listed: &mut Vec<(String, Node)>, by: Sort) -> Result<(), Failure> {
    if by == Sort::Name {
        return Ok(());
    }
    let mut sized = Vec::with_capacity(listed.len());
    for listed in listed.drain(..) {
        let size = source.size(&listed.1.key)?;
        sized.push((if by == Sort::Stored { size.stored_bytes } else { size.bytes.unwrap_or(0) }, listed));
    }
    sized.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    listed.extend(sized.into_iter().map(|(_, listed)| listed));
    Ok(())
}

/// The nodes with the names that they are listed under: relative to the group where it is one level of one group.
fn listed(session: &Session<'_>, source: &Source, asked: &Arguments) -> Result<Vec<(String, Node)>, Failure> {
    let matches = keys::own_nodes(source, &asked.key)?;
    session.output.problems(&matches);
    let mut listed = Vec::new();
    if let ([group], false) = (matches.as_slice(), asked.recursive)
        && group.kind == NodeKind::Group
        && source.node(&asked.key).is_ok()
    {
        let nodes = source.nodes(&group.key)?;
        session.output.problems(&nodes);
        for node in nodes {
            listed.push((node.key.rsplit('/').next().unwrap_or_default().to_owned(), node));
        }
        return Ok(listed);
    }
    let literal = matches.len() == 1 && source.node(&asked.key).is_ok();
    for node in matches {
        let below = if asked.recursive && node.kind == NodeKind::Group {
            source.walk_nodes(&node.key)?
        } else {
            Vec::new()
        };
        session.output.problems(&below);
        // Of a group that was named, what is in it; a match is listed itself.
        if !(literal && node.kind == NodeKind::Group) {
            listed.push((node.key.clone(), node));
        }
        listed.extend(below.into_iter().map(|node| (node.key.clone(), node)));
    }
    listed.sort_by(|(_, one), (_, other)| key_order(&one.key, &other.key));
    listed.dedup_by(|(_, one), (_, other)| one.key == other.key);
    Ok(listed)
}

/// Each group before what is in it, names by their bytes.
fn key_order(one: &str, other: &str) -> std::cmp::Ordering {
    one.split('/').cmp(other.split('/'))
}

fn short(name: &str, node: &Node) -> String {
    match node.kind {
        NodeKind::Group => format!("{GROUP}{name}{GROUP:#}/"),
        _ => name.to_owned(),
    }
}

fn long(listed: &[(String, Node)], sizes: &[Size], width: usize) -> Vec<String> {
    let names = ["NAME", "TYPE", "SHAPE", "CHUNKS", "SIZE", "STORED", "RATIO"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    for ((name, node), size) in listed.iter().zip(sizes) {
        let (bytes, stored) = (summary::shown_bytes(node, size), size.stored_bytes);
        let slash = if node.kind == NodeKind::Group { "/" } else { "" };
        let chunks = node.layout.as_ref().filter(|_| node.kind == NodeKind::Dataset);
        rows.push(vec![
            format!("{name}{slash}"),
            summary::type_of(node),
            summary::shape_of(node),
            chunks.map(|layout| format!("{:?}", layout.chunks)).unwrap_or_default(),
            bytes.map(iec).unwrap_or_default(),
            iec(stored),
            bytes.and_then(|bytes| ratio(bytes, stored)).unwrap_or_default(),
        ]);
    }
    // On a narrow terminal first the chunks go, then the ratio.
    let columns = Columns { right: 4, elastic: &[0, 2, 3], optional: &[3, 6, 5, 2] };
    layout(rows, columns, width)
}
