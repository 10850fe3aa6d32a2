use calcstore::key::Key;
use calcstore::{DataStore, ErrorKind, Node, NodeKind};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::keys;
use crate::cli::session::Session;
use crate::cli::source::Source;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is removed unless everything that was named can be. The space is free \
once a minute has passed and something is written: whoever is reading may finish.

Examples:
  calcstore rm /0/Sadigh
  calcstore rm -r /0                 a group with everything in it
  calcstore rm -n '/*/Sadigh*'       what would be removed")]
pub struct Arguments {
    /// Keys, or patterns: * within a component, ** across
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,

    /// Remove groups with everything in them
    #[arg(short, long)]
    recursive: bool,

    /// Print what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Do not mind keys that are not there
    #[arg(short, long)]
    force: bool,
}

/// Removes values and groups.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let store = if asked.dry_run { session.store()? } else { session.write()? };
    let keys = removable(&store, asked)?;
    if !asked.dry_run {
        for key in &keys {
            match store.remove(&key.to_string()) {
                Err(error) if asked.force && error.kind() == ErrorKind::NotFound => {}
                removed => removed?,
            }
        }
    }
    store.close()?;
    let removed: Vec<String> = keys.iter().map(Key::to_string).collect();
    if session.output.is_json() {
        session.output.json(&json!({"removed": removed}))?;
    } else if asked.dry_run {
        session.output.lines(removed)?;
    } else {
        for key in &removed {
            session.output.detail(&format!("removed {key}"));
        }
    }
    Ok(Exit::Done)
}

/// The keys to be removed, sorted, without those that go with a group.
fn removable(store: &DataStore, asked: &Arguments) -> Result<Vec<Key>, Failure> {
    let mut found: Vec<Key> = Vec::new();
    for key in &asked.keys {
        let nodes = match keys::own_nodes(&Source::from(store), key) {
            Err(Failure::Fault(fault)) if asked.force && fault.kind == ErrorKind::NotFound => continue,
            nodes => nodes?,
        };
        for node in nodes {
            check_removable(&node, asked.recursive)?;
            found.push(Key::new(&node.key)?);
        }
    }
    found.sort();
    found.dedup();
    let groups = found.clone();
    found.retain(|key| !groups.iter().any(|group| group != key && key.is_within(group)));
    Ok(found)
}

fn check_removable(node: &Node, recursive: bool) -> Result<(), Failure> {
    let refuse = |why: &str| Err(Failure::new(ErrorKind::Conflict, why).with_key(&node.key));
    if node.key == "/" {
        refuse("the root cannot be removed; '/*' is everything in it")
    } else if node.kind == NodeKind::Group && !recursive {
        refuse("is a group; -r removes it with everything in it")
    } else {
        Ok(())
    }
}
