//! Arrays and tables as files that are made for them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use calcstore::zip::Writer;
use calcstore::{ErrorKind, Node, NodeKind};
use clap::ValueHint;
use serde_json::{Map, Value as Json, json};

use super::grid::Grid;
use super::{csv, npz};
use crate::cli::failure::{Exit, Failure};
use crate::cli::files::{Partial, STANDARD, Sink};
use crate::cli::keys;
use crate::cli::parquet;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
pub struct Values {
    /// Arrays, tables, and groups with all that is below; or patterns: * within a component, ** across
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// The file, or the directory of the files where there are several
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,

    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

/// What each value becomes a file of, unless all become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv { with_units: bool },
    Npy,
    Npz,
    Parquet,
}

impl Format {
    fn suffix(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
        }
    }
}

/// What is to be exported, and what cannot be.
#[derive(Default)]
struct Chosen {
    nodes: Vec<Node>,
    left_out: Vec<(String, String)>,
    seen: BTreeSet<String>,
}

/// Exports the values that are asked for.
pub fn run(session: &Session<'_>, asked: &Values, format: Format) -> Result<Exit, Failure> {
    let source = session.read()?;
    let mut chosen = Chosen::default();
    for key in &asked.keys {
        for node in keys::nodes(&source, key)? {
            chosen.add(&source, node)?;
        }
    }
    if chosen.nodes.is_empty() {
        let (key, why) = chosen.left_out.first().cloned().unwrap_or_default();
        let message =
            if why.is_empty() { "there is neither an array nor a table in it".to_owned() } else { why };
        return Err(Failure::new(ErrorKind::WrongType, message).with_key(if key.is_empty() {
            &asked.keys[0]
        } else {
            &key
        }));
    }
    let progress = Progress::bytes(session.output, "exporting");
    let mut bytes = 0;
    let mut done = |more| {
        bytes += more;
        progress.set(bytes);
    };
    let files = if format == Format::Npz {
        let mut zip = Writer::new(Partial::begin(&asked.output, asked.force)?);
        for node in &chosen.nodes {
            npz::add(&source, node, &mut zip, &mut done).map_err(|error| error.with_key(&node.key))?;
        }
        let failed = |failure: Failure| failure.with_file(&asked.output);
        zip.finish().map_err(|error| failed(error.into()))?.finish()?;
        vec![asked.output.clone()]
    } else {
        let targets = targets(&chosen.nodes, &asked.output, format)?;
        for (node, file) in chosen.nodes.iter().zip(&targets) {
            one(&source, node, (file, asked.force), format, &mut done)?;
        }
        targets
    };
    drop(progress);
    print(session, &chosen, &files, bytes)
}

impl Chosen {
    fn add(&mut self, source: &Source, node: Node) -> Result<(), Failure> {
        match node.kind {
            NodeKind::Group => {
                source.nodes(&node.key)?.into_iter().try_for_each(|node| self.add(source, node))
            }
            _ if !self.seen.insert(node.key.clone()) => Ok(()),
            NodeKind::Dataset | NodeKind::Table => {
                self.nodes.push(node);
                Ok(())
            }
            kind => {
                let why =
                    node.problem.unwrap_or_else(|| format!("is neither an array nor a table but {kind}"));
                self.left_out.push((node.key, why));
                Ok(())
            }
        }
    }
}

/// The file of each value.
fn targets(nodes: &[Node], output: &Path, format: Format) -> Result<Vec<PathBuf>, Failure> {
    if nodes.len() == 1 && !output.is_dir() {
        return Ok(vec![output.to_path_buf()]);
    }
    let has_suffix = output.extension().is_some_and(|suffix| suffix == format.suffix());
    if output == Path::new(STANDARD) || (has_suffix && !output.is_dir()) {
        let count = counted(nodes.len() as u64, "value");
        let message = format!("{count} do not fit into one file: -o names a directory, or export npz");
        return Err(Failure::invalid(message).with_file(output));
    }
    let file = |node: &Node| output.join(format!("{}.{}", node.key.trim_start_matches('/'), format.suffix()));
    Ok(nodes.iter().map(file).collect())
}

fn one(
    source: &Source,
    node: &Node,
    (file, force): (&Path, bool),
    format: Format,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let mut sink = if file == Path::new(STANDARD) {
        Sink::stdout()
    } else {
        if let Some(above) = file.parent().filter(|above| !above.as_os_str().is_empty()) {
            std::fs::create_dir_all(above)
                .map_err(|error| Failure::io("cannot make the directory", above, &error))?;
        }
        Sink::file(file, force)?
    };
    let written = match format {
        Format::Csv { with_units } => csv::write(source, node, with_units, &mut sink, done),
        Format::Npy | Format::Npz => npz::write_npy(source, node, &mut sink, done),
        Format::Parquet => write_parquet(source, node, &mut sink, done),
    };
    written.map_err(|failure| failure.with_key(&node.key))?;
    sink.finish()
}

fn write_parquet(
    source: &Source,
    node: &Node,
    sink: &mut Sink,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let grid = Grid::new(source, node)?;
    let columns = grid.columns.iter().map(|head| (head.name.clone(), head.data_type));
    let put = |bytes: &[u8]| {
        done(bytes.len() as u64);
        sink.write(bytes)
    };
    let mut writer = parquet::Writer::new(put, columns)?;
    grid.each(&mut |block| writer.add(block.rows, &block.parts))?;
    let units =
        grid.columns.iter().filter_map(|head| Some((head.name.clone(), Json::from(head.units.clone()?))));
    let units = Json::Object(units.collect::<Map<_, _>>()).to_string();
    let attributes = Json::Object(node.attributes.clone()).to_string();
    writer.finish(&[("units", units), ("attributes", attributes)])
}

fn print(session: &Session<'_>, chosen: &Chosen, files: &[PathBuf], bytes: u64) -> Result<Exit, Failure> {
    let to_stdout = files.iter().any(|file| file == Path::new(STANDARD));
    if session.output.is_json() && !to_stdout {
        let left_out = chosen.left_out.iter().map(|(key, why)| json!({"key": key, "why": why}));
        let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let left_out = left_out.collect::<Json>();
        session.output.json(&json!({"files": files, "values": chosen.nodes.len(), "left_out": left_out}))?;
        return Ok(Exit::Done);
    }
    for (key, why) in &chosen.left_out {
        session.output.note(&format!("left out: {key}: {why}"));
    }
    let values = counted(chosen.nodes.len() as u64, "value");
    session.output.note(&format!("exported {values}, {}", iec(bytes)));
    if to_stdout {
        return Ok(Exit::Done);
    }
    files.iter().try_for_each(|file| session.output.path(file))?;
    Ok(Exit::Done)
}
