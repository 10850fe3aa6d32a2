use calcstore::{CalculationEntry, Status};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{DETAIL, FAULT};
use crate::cli::session::Session;

/// Lists the calculations of the data directory.
pub fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let calculations = session.options().calculations()?;
    if session.output.is_json() {
        session.output.json(&calculations.iter().map(to_json).collect())?;
        return Ok(Exit::Done);
    }
    if calculations.is_empty() {
        let directory = session.options().data_dir_path()?;
        session.output.note(&format!("no calculations in {} yet; new makes one", directory.display()));
    }
    let ids = calculations.iter().map(|calculation| calculation.calc_id.to_string().len()).max().unwrap_or(0);
    let lines = calculations.iter().map(|calculation| line(calculation, ids));
    session.output.lines(lines)?;
    Ok(Exit::Done)
}

fn to_json(calculation: &CalculationEntry) -> Json {
    json!({
        "calc_id": calculation.calc_id,
        "calc_dir": calculation.calc_dir.display().to_string(),
        "status": calculation.status.map(|status| status.to_string()),
        "date": calculation.date,
    })
}

fn line(calculation: &CalculationEntry, ids: usize) -> String {
    let id = calculation.calc_id;
    // Down to the second; the fraction is for programs.
    let date = calculation.date.as_deref().unwrap_or("unknown");
    let date =
        date.split_once('.').map_or(date.trim_end_matches('Z'), |(second, _)| second).replace('T', " ");
    let status = match calculation.status {
        Some(Status::Failed) => format!("{FAULT}{:<8}{FAULT:#}", "failed"),
        Some(status) => format!("{status:<8}"),
        None => format!("{FAULT}{:<8}{FAULT:#}", "damaged"),
    };
    format!("{id:>ids$}  {status}  {DETAIL}{date} UTC{DETAIL:#}")
}
