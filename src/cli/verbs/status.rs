use calcstore::Status;
use clap::ValueEnum;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore status             created, complete or failed
  calcstore status complete    the calculation has come to its end")]
pub struct Arguments {
    /// Note this, and when it was
    #[arg(value_name = "STATUS")]
    status: Option<Named>,
}

/// How far a calculation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Named {
    /// It was made, and may be running
    Created,
    /// It came to its end
    Complete,
    /// It was given up
    Failed,
}

impl From<Named> for Status {
    fn from(named: Named) -> Self {
        match named {
            Named::Created => Self::Created,
            Named::Complete => Self::Complete,
            Named::Failed => Self::Failed,
        }
    }
}

/// Prints or notes how far the calculation has come.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    if let Some(status) = asked.status {
        let store = session.write()?;
        store.set_status(status.into())?;
        store.close()?;
        return Ok(Exit::Done);
    }
    let store = session.store()?;
    let status = store.status()?;
    if session.output.is_json() {
        session.output.json(&json!({"status": status.to_string(), "ended": store.ended()?}))?;
    } else {
        session.output.line(&status.to_string())?;
    }
    Ok(Exit::Done)
}
