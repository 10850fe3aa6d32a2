use calcstore::DataStore;
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::json;

use super::cp::{dry_run, into, is_same};
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::place::{self, Move, Place, Rules};
use crate::cli::progress::Progress;
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A place is a KEY of the calculation that -c names, or CALC:KEY. What is moved goes \
into TO where that is a group or ends with /. Within a calculation that is one \
rename, whatever the size. To another calculation, or in the place of a value, it \
is copied first and removed then, unless it has changed meanwhile.

Examples:
  calcstore mv /0/Sadigh /0/SadighEtAl1997
  calcstore mv /0/Sadigh /1/                 into a group
  calcstore mv '/0/*' /old/                  all that is in a group
  calcstore mv --dry-run /0/Sadigh 12:/0/    what would go where")]
pub struct Arguments {
    /// What is moved, and last where to: KEY or CALC:KEY; patterns name several
    #[arg(value_names = ["FROM", "TO"], num_args = 2.., required = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Place::parse))]
    places: Vec<Place>,

    /// Leave what is there already as it is, and fail
    #[arg(short, long, conflicts_with = "force")]
    no_clobber: bool,

    /// Let a group take the place of what is there already
    #[arg(short, long)]
    force: bool,

    /// Print what would be moved, and move nothing
    #[arg(long)]
    dry_run: bool,
}

/// Moves values and groups, also from one calculation to another.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let Some((to, from)) = asked.places.split_last() else { return Ok(Exit::Done) };
    let open = |place: &Place| {
        let calc = place.calc.as_ref().unwrap_or(session.calc());
        if asked.dry_run { session.store_of(calc) } else { session.write_to(calc) }
    };
    let target = open(to)?;
    let rules = Rules { recursive: true, no_clobber: asked.no_clobber, force: asked.force };
    let mut moves = Vec::new();
    for place in from {
        let source = if place.calc == to.calc { target.clone() } else { open(place)? };
        let planned = place::plan(&source, &[&place.key], (&target, &into(to, from)), rules)?;
        moves.extend(planned.into_iter().map(|one| (source.clone(), one)));
    }
    place::check_apart(moves.iter().map(|(_, one)| one))?;
    if asked.dry_run {
        return dry_run(session, moves.iter().map(|(_, one)| one));
    }
    let interrupt = Interrupt::watch();
    for (source, one) in &moves {
        moved((session, &interrupt), source, &target, one)?;
        session.output.detail(&format!("moved {} to {}", one.node.key, one.to));
    }
    for (source, _) in &moves {
        source.flush()?;
    }
    target.close()?;
    if session.output.is_json() {
        let moved = moves.iter().map(|(_, one)| json!({"from": one.node.key, "to": one.to}));
        session.output.json(&json!({"moved": moved.collect::<serde_json::Value>()}))?;
    }
    Ok(Exit::Done)
}

fn moved(
    (session, interrupt): (&Session<'_>, &Interrupt),
    source: &DataStore,
    target: &DataStore,
    one: &Move,
) -> Result<(), Failure> {
    let from = &one.node.key;
    if is_same(source, target) && !one.replaces {
        return Ok(source.rename(from, &one.to)?);
    }
    let progress = Progress::bytes(session.output, "moving");
    let copy = target.copy_from(source, from, &one.to).replace(one.replaces).remove_source(true);
    let copy = copy.on_progress(|copied| {
        progress.set(copied.bytes);
        interrupt.answer()
    });
    copy.run()?;
    Ok(())
}
