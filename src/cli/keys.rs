//! From what was typed as a KEY to the nodes that it means.

use calcstore::{ErrorKind, Node};

use super::failure::Failure;
use super::source::Source;

/// What is said of a key that is in a parent alone, where that does not count.
pub const ONLY_IN_PARENT: &str = "only a parent of this calculation has it; -c names another calculation";

/// The text of a KEY that means one node.
#[derive(Debug, clap::Args)]
pub struct OneKey {
    /// A key such as /0/Sadigh, or a pattern that matches one: * within a component, ** across
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Describes what a key means: the node of that very key, else those that match it as a pattern.
pub fn nodes(source: &Source, key: &str) -> Result<Vec<Node>, Failure> {
    let missing = match source.node(key) {
        Ok(node) => return Ok(vec![node]),
        Err(error)
            if is_pattern(key) && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidKey) =>
        {
            Failure::new(ErrorKind::NotFound, "nothing matches").with_key(key)
        }
        Err(error) => return Err(error.into()),
    };
    let mut nodes = Vec::new();
    for key in source.glob(key)? {
        match source.node(&key) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            node => nodes.push(node?),
        }
    }
    if nodes.is_empty() { Err(missing) } else { Ok(nodes) }
}

/// As [`nodes`], for verbs that are about one calculation and not about its parents.
pub fn own_nodes(source: &Source, key: &str) -> Result<Vec<Node>, Failure> {
    let nodes = nodes(source, key)?;
    match nodes.as_slice() {
        [node] if source.glob(&node.key)?.next().is_none() => {
            Err(Failure::new(ErrorKind::NotFound, ONLY_IN_PARENT).with_key(&node.key))
        }
        _ => Ok(nodes),
    }
}

/// Describes the one node that a key means.
pub fn node(source: &Source, key: &str) -> Result<Node, Failure> {
    let mut nodes = nodes(source, key)?;
    match (nodes.pop(), nodes.len()) {
        (Some(node), 0) => Ok(node),
        (_, others) => {
            let message = format!("{} keys match; name one of them (ls lists them)", others + 1);
            Err(Failure::invalid(message).with_key(key))
        }
    }
}

fn is_pattern(key: &str) -> bool {
    key.contains(['*', '?', '[', '{'])
}
