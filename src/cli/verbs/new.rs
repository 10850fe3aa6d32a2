use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

/// Makes the next calculation.
pub fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let store = session.options().create()?;
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
