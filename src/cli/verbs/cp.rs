use calcstore::{Copied, DataStore};
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::place::{self, Move, Place, Rules};
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A place is a KEY of the calculation that -c names, or CALC:KEY. What is copied goes \
into TO where that is a group or ends with /. Chunks are copied as they are, with \
their checksums verified. Each copy appears as a whole.

Examples:
  calcstore cp /0/Sadigh /0/before
  calcstore cp -r /0 /backup/            a group, into a new one
  calcstore cp 12:/sites /sites          from another calculation
  calcstore cp -r '-2:/0/*' -1:/old/     all of a group, to the last one")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Arguments {
    /// What is copied, and last where to: KEY or CALC:KEY; patterns name several
    #[arg(value_names = ["FROM", "TO"], num_args = 2.., required = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Place::parse))]
    places: Vec<Place>,

    /// Copy groups with everything in them
    #[arg(short, long)]
    recursive: bool,

    /// Leave what is there already as it is, and fail
    #[arg(short, long, conflicts_with = "force")]
    no_clobber: bool,

    /// Let a group take the place of what is there already
    #[arg(short, long)]
    force: bool,

    /// Print what would be copied, and copy nothing
    #[arg(long)]
    dry_run: bool,
}

/// Copies values and groups, also from one calculation to another.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let Some((to, from)) = asked.places.split_last() else { return Ok(Exit::Done) };
    let calc = to.calc.as_ref().unwrap_or(session.calc());
    let target = if asked.dry_run { session.store_of(calc)? } else { session.write_to(calc)? };
    let rules = Rules { recursive: asked.recursive, no_clobber: asked.no_clobber, force: asked.force };
    let mut copies = Vec::new();
    for place in from {
        let source = session.store_of(place.calc.as_ref().unwrap_or(session.calc()))?;
        let planned = place::plan(&source, &[&place.key], (&target, &into(to, from)), rules)?;
        copies.extend(planned.into_iter().map(|one| (source.clone(), one)));
    }
    place::check_apart(copies.iter().map(|(_, one)| one))?;
    if asked.dry_run {
        return dry_run(session, copies.iter().map(|(_, one)| one));
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::bytes(session.output, "copying");
    let (mut all, mut report) = (Copied::default(), Vec::new());
    for (source, one) in &copies {
        let before = all.bytes;
        let copy = target.copy_from(source, &one.node.key, &one.to).replace(one.replaces);
        let copied = copy.on_progress(|copied| {
            progress.set(before + copied.bytes);
            interrupt.answer()
        });
        let copied = copied.run()?;
        all.nodes += copied.nodes;
        all.bytes += copied.bytes;
        session.output.detail(&format!("copied {} to {}", one.node.key, one.to));
        report
            .push(json!({"from": one.node.key, "to": one.to, "nodes": copied.nodes, "bytes": copied.bytes}));
    }
    drop(progress);
    target.close()?;
    if session.output.is_json() {
        session.output.json(&json!({"copied": report}))?;
    } else {
        session.output.detail(&format!("{} and {} copied", counted(all.nodes, "node"), iec(all.bytes)));
    }
    Ok(Exit::Done)
}

/// The key that things go to; with several of them it is one that they go into.
pub fn into(to: &Place, from: &[Place]) -> String {
    if from.len() > 1 && !to.key.ends_with('/') { format!("{}/", to.key) } else { to.key.clone() }
}

/// Says what would go where.
pub fn dry_run<'a>(session: &Session<'_>, moves: impl Iterator<Item = &'a Move>) -> Result<Exit, Failure> {
    if session.output.is_json() {
        let planned: Json = moves.map(|one| json!({"from": one.node.key, "to": one.to})).collect();
        session.output.json(&json!({"planned": planned}))?;
    } else {
        session.output.lines(moves.map(|one| format!("{} -> {}", one.node.key, one.to)))?;
    }
    Ok(Exit::Done)
}

/// Whether two handles are of one store.
pub fn is_same(one: &DataStore, other: &DataStore) -> bool {
    let real = |store: &DataStore| store.calc_dir().canonicalize().ok();
    real(one) == real(other)
}
