use std::time::Duration;

use calcstore::{Leftover, LeftoverKind};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::FAULT;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec, parse_age};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What nobody needs any more: values that were replaced or removed more than a minute \
ago, what writers that were killed had not yet stored, and calculations whose \
deletion was interrupted. Every verb that writes removes it as well. Without --force \
it is only counted.

Examples:
  calcstore gc                           what would be removed
  calcstore gc --force --older-than 0s   frees all of it, now")]
pub struct Arguments {
    /// Remove it
    #[arg(short, long)]
    force: bool,

    /// Leave alone what was replaced or removed within this time [default: 1m]
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    older_than: Option<Duration>,
}

/// Removes what nobody needs any more.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    // Opening for writing would remove some of it already, whatever its age.
    let store = if asked.force { session.write_unswept()? } else { session.store()? };
    let mut plan = store.gc().dry_run(!asked.force);
    if let Some(age) = asked.older_than {
        plan = plan.older_than(age);
    }
    let report = plan.run()?;
    store.close()?;
    let output = session.output;
    if output.is_json() {
        let failed = report.failed.iter().map(|(leftover, why)| {
            let mut json = to_json(leftover);
            json["why"] = json!(why.message());
            json
        });
        output.json(&json!({
            "removed": asked.force, "bytes": report.bytes(), "files": report.files(),
            "leftovers": report.leftovers.iter().map(to_json).collect::<Json>(),
            "failed": failed.collect::<Json>(),
        }))?;
    } else {
        for leftover in &report.leftovers {
            output.detail(&format!("{} ({})", leftover.path.display(), iec(leftover.bytes)));
        }
        let found = format!("{} in {}", iec(report.bytes()), counted(report.files(), "file"));
        let said = match (report.files(), asked.force) {
            (0, _) => "nothing to remove".to_owned(),
            (_, true) => format!("removed {found}"),
            (_, false) => format!("would remove {found}; --force does"),
        };
        output.line(&said)?;
        for (leftover, why) in &report.failed {
            output.warning(&format!(
                "{FAULT}not removed{FAULT:#}: {} ({})",
                why.message(),
                leftover.path.display()
            ));
        }
    }
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::Faults })
}

fn to_json(leftover: &Leftover) -> Json {
    let kind = match leftover.kind {
        LeftoverKind::Stage => "stage",
        LeftoverKind::Trash => "trash",
        LeftoverKind::Calculation => "calculation",
        LeftoverKind::Export => "export",
        _ => "other",
    };
    json!({
        "kind": kind, "path": leftover.path.display().to_string(), "bytes": leftover.bytes, "files": leftover.files,
    })
}
