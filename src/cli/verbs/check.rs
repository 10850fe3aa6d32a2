use calcstore::{CheckReport, DataStore, Finding, Remedy, RepairReport};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{FAULT, Output};
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{counted, iec};
use crate::cli::{elements, keys};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every chunk is read and its checksum verified. Exit code 1 says that there are \
faults, or were before they were repaired. What is left over and harms nobody is \
only counted; -v lists it.

A repair mends what needs no guessing, and moves damaged values and what does not \
belong to .calcstore/lost/ID of the calculation. From there they can be moved back; \
nothing is deleted. Without --repair nothing is changed.

Examples:
  calcstore check
  calcstore -v check /0          also what is left over
  calcstore -c 12 check --repair")]
pub struct Arguments {
    /// A group or a value
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,

    /// Mend what can be mended, and set the rest aside
    #[arg(long)]
    repair: bool,
}

/// Reads everything and looks for damage.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let store = if asked.repair { session.write()? } else { session.store()? };
    // What is damaged cannot always be described: the key may have to be taken as it is.
    let key =
        keys::node(&Source::from(&store), &asked.key).map_or_else(|_| asked.key.clone(), |node| node.key);
    if !store.contains_key(&key).unwrap_or(true) {
        keys::node(&Source::from(&store), &key)?;
    }
    if asked.repair { repair(session.output, &store, &key) } else { check(session.output, &store, &key) }
}

fn check(output: &Output, store: &DataStore, key: &str) -> Result<Exit, Failure> {
    let interrupt = Interrupt::watch();
    let progress = Progress::of_nodes(output, "checking");
    let report = store.check(key, |nodes| {
        progress.set(nodes);
        interrupt.answer()
    });
    drop(progress);
    let CheckReport { checked, bytes, faults, leftovers, .. } = report?;
    let ok = faults.is_empty();
    if output.is_json() {
        let list = |found: &[Finding]| found.iter().map(to_json).collect::<Json>();
        let (faults, leftovers) = (list(&faults), list(&leftovers));
        output.json(&json!({
            "ok": ok, "checked": checked, "bytes": bytes, "faults": faults, "leftovers": leftovers,
        }))?;
    } else {
        output.lines(faults.iter().map(|fault| line(fault, fault.kind.way_out())))?;
        for leftover in &leftovers {
            output.detail(&line(leftover, leftover.kind.way_out()));
        }
        let found = match faults.len() {
            0 => "no faults".to_owned(),
            count => counted(count as u64, "fault"),
        };
        let left = match leftovers.len() {
            0 => String::new(),
            count => format!(", {}", counted(count as u64, "leftover")),
        };
        output.note(&format!("{}: {found}{left}", read(checked, bytes)));
    }
    Ok(if ok { Exit::Done } else { Exit::Faults })
}

fn repair(output: &Output, store: &DataStore, key: &str) -> Result<Exit, Failure> {
    let interrupt = Interrupt::watch();
    let progress = Progress::of_nodes(output, "repairing");
    let report = store.repair(key, |nodes| {
        progress.set(nodes);
        interrupt.answer()
    });
    drop(progress);
    let RepairReport { checked, bytes, repaired, .. } = report?;
    let ok = !repaired.iter().any(|repaired| repaired.finding.kind.is_fault());
    if output.is_json() {
        let repaired = repaired.iter().map(|repaired| {
            let mut json = to_json(&repaired.finding);
            let (remedy, detail) = match &repaired.remedy {
                Remedy::SetAside(to) => ("set_aside", json!(to.display().to_string())),
                Remedy::LeftAlone(why) => ("left_alone", json!(why)),
                _ => ("mended", Json::Null),
            };
            json["remedy"] = json!({"kind": remedy, "detail": detail});
            json
        });
        let repaired = repaired.collect::<Json>();
        output.json(&json!({"ok": ok, "checked": checked, "bytes": bytes, "repaired": repaired}))?;
    } else {
        output
            .lines(repaired.iter().map(|repaired| line(&repaired.finding, &repaired.remedy.to_string())))?;
        let count = |is: fn(&Remedy) -> bool| repaired.iter().filter(|repaired| is(&repaired.remedy)).count();
        let counts = [
            (count(|remedy| matches!(remedy, Remedy::Mended)), "mended"),
            (count(|remedy| matches!(remedy, Remedy::SetAside(_))), "set aside"),
            (count(|remedy| matches!(remedy, Remedy::LeftAlone(_))), "left alone"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        let done = if counts.is_empty() { "nothing to repair".to_owned() } else { counts.join(", ") };
        output.note(&format!("{}: {done}", read(checked, bytes)));
    }
    Ok(if ok { Exit::Done } else { Exit::Faults })
}

/// How much was read.
fn read(nodes: u64, bytes: u64) -> String {
    format!("{} and {} checked", counted(nodes, "node"), iec(bytes))
}

fn line(finding: &Finding, then: &str) -> String {
    let Finding { key, what, file, .. } = finding;
    let text = elements::printable(&format!("{what} ({}); {then}", file.display()));
    format!("{FAULT}{}{FAULT:#}: {text}", elements::printable(key))
}

fn to_json(finding: &Finding) -> Json {
    let Finding { kind, key, file, what, .. } = finding;
    json!({
        "kind": kind.name(), "key": key, "file": file.display().to_string(), "what": what,
        "way_out": kind.way_out(),
    })
}
