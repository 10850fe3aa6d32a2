use calcstore::{Options, Parent};
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::global::Calc;
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore new
  calcstore new --description 'hazard of Italy, 500 years'
  calcstore new --parent -1      keys that it lacks are read from the last one")]
pub struct Arguments {
    /// What the calculation is about, which calcs shows
    #[arg(short, long, value_name = "TEXT")]
    description: Option<String>,

    /// The calculation, or the directory of one, in which a key is looked for that is not in the new one
    #[arg(long, value_name = "CALC", allow_negative_numbers = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Calc::parse))]
    parent: Option<Calc>,
}

/// Makes the next calculation.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let options = match &asked.parent {
        None => session.options().clone(),
        Some(parent) => Options::parent(
            session.options().clone(),
            match parent {
                Calc::Id(id) => Parent::Id(*id),
                Calc::Path(path) => Parent::Path(path.clone()),
            },
        ),
    };
    let store = options.create()?;
    if let Some(description) = &asked.description {
        store.attributes("/")?.insert("description", description.as_str())?;
    }
    let directory = store.calc_dir().to_path_buf();
    let calc_id = store.calc_id();
    store.close()?;
    if session.output.is_json() {
        session.output.json(&json!({"calc_id": calc_id, "calc_dir": directory.to_string_lossy()}))?;
    } else {
        session.output.path(&directory)?;
    }
    Ok(Exit::Done)
}
