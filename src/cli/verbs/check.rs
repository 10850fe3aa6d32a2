use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::output::FAULT;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::counted;
use crate::cli::{elements, keys};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every chunk is read and its checksum verified. Exit code 1 says that there are faults.")]
pub struct Arguments {
    /// A group or a value
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,
}

/// Reads everything and looks for damage.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let store = session.read()?;
    // What is damaged cannot always be described: the key may have to be taken as it is.
    let key = keys::node(&store, &asked.key).map_or_else(|_| asked.key.clone(), |node| node.key);
    if !store.contains_key(&key).unwrap_or(true) {
        keys::node(&store, &key)?;
    }
    let interrupt = Interrupt::watch();
    let progress = Progress::of_nodes(session.output, "checking");
    let report = store.check(&key, |nodes| {
        progress.set(nodes);
        interrupt.answer()
    });
    drop(progress);
    let report = report?;
    if session.output.is_json() {
        let faults = report.faults.iter().map(|fault| json!({"key": fault.key, "what": fault.what}));
        let (ok, faults) = (report.faults.is_empty(), faults.collect::<Json>());
        session.output.json(&json!({"ok": ok, "checked": report.checked, "faults": faults}))?;
    } else {
        let lines = report
            .faults
            .iter()
            .map(|fault| format!("{FAULT}{}{FAULT:#}: {}", fault.key, elements::printable(&fault.what)));
        session.output.lines(lines)?;
        let faults = match report.faults.len() {
            0 => "no faults".to_owned(),
            count => counted(count as u64, "fault"),
        };
        session.output.note(&format!("{} checked: {faults}", counted(report.checked, "node")));
    }
    Ok(if report.faults.is_empty() { Exit::Done } else { Exit::Faults })
}
