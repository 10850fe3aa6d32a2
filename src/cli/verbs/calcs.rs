use calcstore::{CalculationEntry, Size, Status};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::cli::elements::printable;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{DETAIL, FAULT};
use crate::cli::session::Session;
use crate::cli::units::{elapsed, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A calculation is complete or failed once its program, or the verb status, has noted \
so; until then its time is not known.

Examples:
  calcstore calcs
  calcstore calcs -l        with the space that they take, which takes longer")]
pub struct Arguments {
    /// Print also what each takes on disk, and a line of names
    #[arg(short, long)]
    long: bool,
}

/// Lists the calculations of the data directory.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let calculations = session.options().calculations()?;
    let sizes: Vec<Option<Size>> =
        calculations.iter().map(|entry| if asked.long { size(session, entry) } else { None }).collect();
    if session.output.is_json() {
        let listed =
            calculations.iter().zip(&sizes).map(|(entry, size)| to_json(entry, size.as_ref(), asked.long));
        session.output.json(&listed.collect())?;
        return Ok(Exit::Done);
    }
    if calculations.is_empty() {
        let directory = session.options().data_dir_path()?;
        session.output.note(&format!("no calculations in {} yet; new makes one", directory.display()));
    }
    let rows = calculations.iter().zip(&sizes).map(|(entry, size)| row(entry, size.as_ref(), asked.long));
    session.output.lines(table(rows.collect(), asked.long, session.output.list_width()))?;
    Ok(Exit::Done)
}

/// What a calculation takes; unknown where it cannot be read.
pub fn size(session: &Session<'_>, entry: &CalculationEntry) -> Option<Size> {
    let options = session.options().clone().read_only(true);
    options.open(entry.calc_id.into()).ok()?.size("/").ok()
}

/// How many seconds there were from the beginning to the end.
fn duration(entry: &CalculationEntry) -> Option<u64> {
    let time = |text: &Option<String>| text.as_deref()?.parse::<Timestamp>().ok();
    let seconds = time(&entry.ended)?.as_second().checked_sub(time(&entry.date)?.as_second())?;
    u64::try_from(seconds).ok()
}

fn to_json(entry: &CalculationEntry, size: Option<&Size>, long: bool) -> Json {
    let mut json = json!({
        "calc_id": entry.calc_id,
        "calc_dir": entry.calc_dir.display().to_string(),
        "status": entry.status.map(|status| status.to_string()),
        "date": entry.date,
        "ended": entry.ended,
        "duration": duration(entry),
        "description": entry.description,
        "parent": entry.parent.as_ref().map(|parent| parent.display().to_string()),
    });
    if long {
        json["bytes"] = json!(size.map(|size| size.bytes));
        json["stored_bytes"] = json!(size.map(|size| size.stored_bytes));
    }
    json
}

/// A line of a list of calculations: ID, status, date, time, perhaps size, description.
pub fn row(entry: &CalculationEntry, size: Option<&Size>, long: bool) -> Vec<String> {
    // Down to the second; the fraction is for programs.
    let date = entry.date.as_deref().unwrap_or("unknown");
    let date = date.split_once('.').map_or(date.trim_end_matches('Z'), |(second, _)| second);
    let mut row = vec![
        entry.calc_id.to_string(),
        entry.status.map_or("damaged".to_owned(), |status| status.to_string()),
        format!("{} UTC", printable(date).replace('T', " ")),
        duration(entry).map(elapsed).unwrap_or_default(),
    ];
    if long {
        row.push(size.map(|size| iec(size.stored_bytes)).unwrap_or_default());
    }
    row.push(printable(entry.description.as_deref().unwrap_or_default()));
    row
}

/// Lays such lines out: numbers flush right, what failed in its colour, the end of long descriptions cut off.
pub fn table(rows: Vec<Vec<String>>, long: bool, width: usize) -> Vec<String> {
    let mut names = vec!["ID", "STATUS", "DATE", "TIME", "STORED", "DESCRIPTION"];
    if !long {
        names.remove(4);
    }
    let header = long.then(|| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = header.into_iter().chain(rows).collect();
    let last = names.len() - 1;
    let widths: Vec<usize> = (0..last)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (column, cell) in row.iter().take(last).enumerate() {
            let fill = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            let is_wrong = column == 1 && (*cell == Status::Failed.to_string() || cell == "damaged");
            let cell = match column {
                0 | 4 => format!("{fill}{cell}"),
                _ if is_wrong => format!("{FAULT}{cell}{FAULT:#}{fill}"),
                2 => format!("{DETAIL}{cell}{DETAIL:#}{fill}"),
                _ => format!("{cell}{fill}"),
            };
            if widths[column] > 0 {
                line.push_str(&cell);
                line.push_str("  ");
            }
        }
        let used: usize = widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum();
        let room = width.saturating_sub(used).max(8);
        let (description, fits) = (&row[last], row[last].chars().count() <= room);
        line.extend(description.chars().take(if fits { room } else { room - 1 }));
        line.push_str(if fits { "" } else { "…" });
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
