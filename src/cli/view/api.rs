//! The addresses by which H5Web asks for values, as h5grove 4 has them: `meta`, `attr`, `data` and `paths`. One more,
//! `size`, is for the list of calculations.

use serde_json::json;

use super::answer::Answer;
use super::data::{self, Form};
use super::meta::Seen;
use super::request::Request;
use super::server::{Client, Permits};
use super::sources::Sources;
use crate::cli::failure::Failure;
use crate::cli::source::Source;
use crate::cli::units::iec;

/// Answers a question; nothing where there is no such question.
pub fn answer(
    sources: &Sources<'_>,
    what: &str,
    request: &Request,
    client: &Client<'_>,
    large: &Permits,
) -> Option<Answer> {
    if !["meta", "attr", "data", "paths", "size"].contains(&what) {
        return None;
    }
    let source = match sources.open(request.parameter("file").unwrap_or_default()) {
        Ok(source) => source,
        Err(failure) => {
            let message = match &failure {
                Failure::Fault(fault) => format!("File not found: {fault}"),
                Failure::ClosedPipe => "File not found".to_owned(),
            };
            let message = json!({"message": message}).to_string().into_bytes();
            return Some(Answer::new("404 Not Found", "application/json", message));
        }
    };
    let path = request.parameter("path").unwrap_or("/");
    let from = request.parameter("from").and_then(|from| from.parse().ok()).unwrap_or_default();
    let answered = match what {
        "meta" => {
            Seen::find(&source, path).and_then(|seen| seen.describe(&source, from)).map(|j| Answer::json(&j))
        }
        "attr" => Seen::find(&source, path)
            .and_then(|seen| seen.attributes(&source, from))
            .map(|all| Answer::json(&all.into())),
        "paths" => paths(&source, path),
        "size" => source
            .measure("/", |_| client.goes_on())
            .map_err(Failure::from)
            .map(|size| Answer::json(&json!({"bytes": size.stored_bytes, "text": iec(size.stored_bytes)}))),
        _ => Seen::find(&source, path).and_then(|seen| {
            let alone = seen.is_large().then(|| large.take(client).ok_or(Failure::ClosedPipe));
            let _alone = alone.transpose()?;
            values(&source, &seen, request, from)
        }),
    };
    Some(answered.unwrap_or_else(|failure| Answer::failure(&failure)))
}

/// The paths of all that is below a group, and its own.
fn paths(source: &Source, path: &str) -> Result<Answer, Failure> {
    let below = source.walk_nodes(path)?.into_iter().map(|node| node.key);
    let mut paths: Vec<String> = [path.to_owned()].into_iter().chain(below).collect();
    paths.dedup();
    Ok(Answer::json(&json!(paths)))
}

fn values(source: &Source, seen: &Seen, request: &Request, from: u64) -> Result<Answer, Failure> {
    let (form, content_type) = match request.parameter("format") {
        None | Some("json") => (Form::Json, "application/json"),
        Some("bin") => (Form::Bytes, "application/octet-stream"),
        Some("npy") => (Form::Npy, "application/octet-stream"),
        Some(other) => {
            let shown: String = other.chars().take(20).collect();
            return Err(Failure::invalid(format!(
                "{shown} is not made here; calcstore cat and export know more"
            )));
        }
    };
    let bytes = data::read(source, seen, request.parameter("selection"), from, form)?;
    let answer = Answer::ok(content_type, bytes);
    if form != Form::Npy {
        return Ok(answer);
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String =
        seen.node().key.trim_matches('/').chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    Ok(answer.with("Content-Disposition", format!("attachment; filename=\"{name}.npy\"")))
}
