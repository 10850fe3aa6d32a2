//! Who may see what.

use super::answer::Answer;
use super::random::random_text;
use super::request::Request;
use super::server::{Client, Permits};
use super::sources::Sources;
use super::{api, start};
use crate::cli::failure::Failure;

// Made by `viewer/build`.
const PAGE: &[u8] = include_bytes!("../../../viewer/built/index.html.gz");
const SCRIPT: &[u8] = include_bytes!("../../../viewer/built/app.js.gz");
const STYLE: &[u8] = include_bytes!("../../../viewer/built/app.css.gz");
const LICENCES: &[u8] = include_bytes!("../../../viewer/built/licences.txt.gz");

/// How many answers with values there may be at a time; each takes some tens of megabytes at most.
const MOST_VALUES: usize = 4;

/// All that is served, to whoever has the address.
#[derive(Debug)]
pub struct Site<'a> {
    sources: Sources<'a>,
    /// Who does not know it gets nothing.
    token: String,
    /// What browsers may call this server.
    hosts: [String; 2],
    permits: Permits,
    /// For values of which it takes more memory to read a part.
    large: Permits,
}

impl<'a> Site<'a> {
    pub fn new(sources: Sources<'a>, port: u16) -> Result<Self, Failure> {
        Ok(Self {
            sources,
            token: random_text()?,
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            permits: Permits::new(MOST_VALUES),
            large: Permits::new(1),
        })
    }

    /// The address of the list of all calculations.
    pub fn address(&self) -> String {
        format!("http://{}/{}/", self.hosts[0], self.token)
    }

    /// The address of one source.
    pub fn address_of(&self, name: &str) -> String {
        format!("{}{}", self.address(), start::link(name))
    }

    pub fn answer(&self, request: &Request, client: &Client<'_>) -> Answer {
        let is_known = |host: &str| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(is_known);
        if !request.host.as_deref().is_some_and(is_known) || !request.origin.as_deref().is_none_or(is_own) {
            return Answer::forbidden();
        }
        let path = request.path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match path {
            Some((token, page)) if is_same(token, &self.token) => self.page(page, request, client),
            _ => Answer::nothing(),
        }
    }

    fn page(&self, page: &str, request: &Request, client: &Client<'_>) -> Answer {
        match page {
            "" => start::page(&self.sources).unwrap_or_else(|failure| Answer::failure(&failure)),
            "start.js" => Answer::ok("text/javascript", start::SCRIPT.as_bytes()),
            "start.css" => Answer::ok("text/css", start::STYLE.as_bytes()),
            "view" => Answer::packed("text/html; charset=utf-8", PAGE),
            "app.js" => Answer::packed("text/javascript", SCRIPT),
            "app.css" => Answer::packed("text/css", STYLE),
            "licences.txt" => Answer::packed("text/plain; charset=utf-8", LICENCES),
            page => {
                let Some(permit) = self.permits.take(client) else { return Answer::nothing() };
                let answer = page
                    .strip_prefix("api/")
                    .and_then(|what| api::answer(&self.sources, what, request, client, &self.large));
                answer.map_or_else(Answer::nothing, |answer| answer.holding(permit))
            }
        }
    }
}

/// Compares in a time that does not tell how much is right.
fn is_same(given: &str, token: &str) -> bool {
    let differing = given.bytes().zip(token.bytes()).fold(0, |differing, (a, b)| differing | (a ^ b));
    given.len() == token.len() && differing == 0
}
