use calcstore::ErrorKind;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

/// Prints the ID of a calculation.
pub fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let source = session.read()?;
    if session.output.is_json() {
        let directory = source.path().to_string_lossy();
        session.output.json(&json!({"calc_id": source.calc_id(), "calc_dir": directory}))?;
        return Ok(Exit::Done);
    }
    let Some(id) = source.calc_id() else {
        let message = "has no ID: it was named by its path";
        return Err(Failure::new(ErrorKind::NotFound, message).with_file(source.path()));
    };
    session.output.line(&id.to_string())?;
    Ok(Exit::Done)
}
