use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

/// Prints the directory of a calculation, or the file that stands for it.
pub fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let source = session.read()?;
    let directory = source.path().to_path_buf();
    if session.output.is_json() {
        session
            .output
            .json(&json!({"calc_id": source.calc_id(), "calc_dir": directory.to_string_lossy()}))?;
    } else {
        session.output.path(&directory)?;
    }
    Ok(Exit::Done)
}
