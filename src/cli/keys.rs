//! From what was typed as a KEY to the nodes that it means.

use calcstore::{DataStore, ErrorKind, Node};

use super::failure::Failure;

/// The text of a KEY that means one node.
#[derive(Debug, clap::Args)]
pub struct OneKey {
    /// A key such as /0/Sadigh, or a pattern that matches one: * within a component, ** across
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// Describes what a key means: the node of that very key, else those that match it as a pattern.
pub fn nodes(store: &DataStore, key: &str) -> Result<Vec<Node>, Failure> {
    let missing = match store.node(key) {
        Ok(node) => return Ok(vec![node]),
        Err(error)
            if is_pattern(key) && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidKey) =>
        {
            Failure::new(ErrorKind::NotFound, "nothing matches").with_key(key)
        }
        Err(error) => return Err(error.into()),
    };
    let mut nodes = Vec::new();
    for key in store.glob(key)? {
        match store.node(&key) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            node => nodes.push(node?),
        }
    }
    if nodes.is_empty() { Err(missing) } else { Ok(nodes) }
}

/// Describes the one node that a key means.
pub fn node(store: &DataStore, key: &str) -> Result<Node, Failure> {
    let mut nodes = nodes(store, key)?;
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
