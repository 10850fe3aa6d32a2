//! The list of all calculations.

use std::fmt::Write;

use calcstore::CalculationEntry;

use super::answer::Answer;
use super::sources::{Sources, of_calculation};
use crate::cli::failure::Failure;

pub const STYLE: &str = include_str!("../../../viewer/start.css");
pub const SCRIPT: &str = include_str!("../../../viewer/start.js");

/// Lists the calculations of the data directory, the latest first, after what was named by its path.
pub fn page(sources: &Sources<'_>) -> Result<Answer, Failure> {
    let options = sources.session().options();
    let directory = options.data_dir_path().map(|path| path.display().to_string()).unwrap_or_default();
    let calculations = match options.calculations() {
        // There may be no data directory where a path was named.
        Err(_) if sources.given().is_some() => Vec::new(),
        calculations => calculations?,
    };
    let mut rows = String::new();
    if let Some(given) = sources.given() {
        let shown = given.split_once('/').map_or(given, |(_, name)| name);
        row(&mut rows, given, shown, ["named by -c", ""]);
    }
    for calculation in calculations.iter().rev() {
        let (status, date) = (status(calculation), date(calculation));
        row(
            &mut rows,
            &of_calculation(calculation.calc_id),
            &calculation.calc_id.to_string(),
            [&status, &date],
        );
    }
    let body = if rows.is_empty() {
        "<p>There are no calculations yet; <code>calcstore new</code> makes one.</p>".to_owned()
    } else {
        format!(
            "<table><thead><tr><th>Calculation<th>Status<th>Made (UTC)<th>On disk</thead>\n<tbody>\n{rows}</tbody></table>"
        )
    };
    Ok(Answer::html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>calcstore</title><link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"start.css\"><script type=\"module\" src=\"start.js\"></script></head>\n\
         <body><h1>Calculations</h1><p><code>{}</code></p>\n{body}\n\
         <footer>calcstore {}, with H5Web of the ESRF. <a href=\"licences.txt\">Licences</a></footer></body></html>\n",
        escaped(&directory),
        env!("CARGO_PKG_VERSION"),
    )))
}

/// The address of a source, from that of the list.
pub fn link(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("view?file={encoded}")
}

fn row(rows: &mut String, name: &str, shown: &str, [status, date]: [&str; 2]) {
    let (link, name) = (escaped(&link(name)), escaped(name));
    let (shown, status, date) = (escaped(shown), escaped(status), escaped(date));
    let _ = writeln!(
        rows,
        "<tr><td><a href=\"{link}\">{shown}</a><td class=\"{status}\">{status}<td>{date}<td data-file=\"{name}\">"
    );
}

fn status(calculation: &CalculationEntry) -> String {
    calculation.status.map_or("damaged".to_owned(), |status| status.to_string())
}

/// Down to the second.
fn date(calculation: &CalculationEntry) -> String {
    let date = calculation.date.as_deref().unwrap_or("unknown");
    date.split(['.', 'Z']).next().unwrap_or_default().replace('T', " ")
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_page() {
        let mut rows = String::new();
        row(&mut rows, "path/a\"<b>&.h5", "<i>", ["\"", ""]);
        assert_eq!(
            rows,
            "<tr><td><a href=\"view?file=path/a%22%3Cb%3E%26.h5\">&lt;i&gt;</a><td class=\"&quot;\">&quot;\
             <td><td data-file=\"path/a&quot;&lt;b&gt;&amp;.h5\">\n"
        );
    }
}
