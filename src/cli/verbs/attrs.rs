use calcstore::Attributes;
use serde_json::Value as Json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::keys;
use crate::cli::keys::OneKey;
use crate::cli::session::Session;
use crate::cli::source::Source;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore attrs /0/Sadigh              all of them
  calcstore attrs /0/Sadigh units        one
  calcstore attrs /0/Sadigh units=g      sets text
  calcstore attrs /0/Sadigh 'levels=[1, 2.5]'
  calcstore attrs /                      those of the calculation")]
pub struct Arguments {
    #[command(flatten)]
    key: OneKey,

    /// Print the attribute NAME; with =VALUE, set it: to JSON, or else to text
    #[arg(value_name = "NAME[=VALUE]")]
    attribute: Option<String>,

    /// Remove the attribute NAME
    #[arg(long, value_name = "NAME", conflicts_with = "attribute")]
    remove: Option<String>,
}

/// Lists, prints, sets or removes attributes.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    if let Some(name) = &asked.remove {
        return change(session, &asked.key.key, |attributes| attributes.remove(name));
    }
    match &asked.attribute {
        Some(text) => match text.split_once('=') {
            Some((name, value)) => {
                let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
                change(session, &asked.key.key, |attributes| attributes.insert_json(name, value))
            }
            None => print_one(session, &asked.key.key, text),
        },
        None => print_all(session, &asked.key.key),
    }
}

fn change(
    session: &Session<'_>,
    key: &str,
    change: impl FnOnce(&Attributes<'_>) -> calcstore::Result<()>,
) -> Result<Exit, Failure> {
    let store = session.write()?;
    let node = keys::node(&Source::from(&store), key)?;
    change(&store.attributes(&node.key)?)?;
    store.close()?;
    Ok(Exit::Done)
}

fn print_all(session: &Session<'_>, key: &str) -> Result<Exit, Failure> {
    let source = session.read()?;
    let attributes = keys::node(&source, key)?.attributes;
    if session.output.is_json() {
        session.output.json(&Json::Object(attributes))?;
    } else {
        let lines = attributes.iter().map(|(name, value)| format!("{name} = {value}"));
        session.output.lines(lines)?;
    }
    Ok(Exit::Done)
}

fn print_one(session: &Session<'_>, key: &str, name: &str) -> Result<Exit, Failure> {
    let source = session.read()?;
    let node = keys::node(&source, key)?;
    let Some(value) = node.attributes.get(name) else {
        let missing = Failure::new(calcstore::ErrorKind::NotFound, format!("attribute {name:?}: not found"));
        return Err(missing.with_key(&node.key));
    };
    match value {
        Json::String(text) if !session.output.is_json() => session.output.line(text)?,
        value => session.output.json(value)?,
    }
    Ok(Exit::Done)
}
