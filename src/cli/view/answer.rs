//! What a browser gets.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use calcstore::ErrorKind;
use serde_json::{Value as Json, json};

use super::request::Refusal;
use super::server::Permit;
use crate::cli::failure::Failure;

/// How long a client may take to receive an answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much is handed to the system at a time.
const BLOCK: usize = 1 << 16;

/// What every answer says: that nothing is to be kept, that no other page may have it, and that this one asks nobody
/// else for anything. The arrays of H5Web (the package ndarray) compile their loops, which is what `unsafe-eval` allows.
const FOR_ALL: &str = "\
Connection: close\r\n\
Cache-Control: no-store\r\n\
Content-Security-Policy: default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n\
Cross-Origin-Opener-Policy: same-origin\r\n\
Cross-Origin-Resource-Policy: same-origin\r\n\
Referrer-Policy: no-referrer\r\n\
X-Content-Type-Options: nosniff\r\n";

/// A status, header fields and a body.
#[derive(Debug)]
pub struct Answer {
    status: &'static str,
    fields: Vec<(&'static str, String)>,
    body: Cow<'static, [u8]>,
    /// Held until the body is gone.
    permit: Option<Permit>,
}

impl Answer {
    pub fn new(status: &'static str, content_type: &str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        let fields = vec![("Content-Type", content_type.to_owned())];
        Self { status, fields, body: body.into(), permit: None }
    }

    pub fn ok(content_type: &str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::new("200 OK", content_type, body)
    }

    /// What is packed already; every browser unpacks it.
    pub fn packed(content_type: &str, body: &'static [u8]) -> Self {
        Self::ok(content_type, body).with("Content-Encoding", "gzip")
    }

    pub fn html(text: String) -> Self {
        Self::ok("text/html; charset=utf-8", text.into_bytes())
    }

    pub fn json(json: &Json) -> Self {
        Self::ok("application/json", json.to_string().into_bytes())
    }

    /// That there is no such page, whatever was asked for.
    pub fn nothing() -> Self {
        Self::plain("404 Not Found", "there is nothing here; calcstore view prints the address\n")
    }

    pub fn forbidden() -> Self {
        Self::plain("403 Forbidden", "only the page of calcstore view may ask\n")
    }

    fn plain(status: &'static str, text: &'static str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.as_bytes())
    }

    /// Says why there is nothing, in the words by which H5Web knows what went wrong.
    pub fn failure(failure: &Failure) -> Self {
        let Failure::Fault(fault) = failure else { return Self::nothing() };
        let (status, prefix) = match fault.kind {
            ErrorKind::NotFound | ErrorKind::InvalidKey => ("404 Not Found", "not a valid path: "),
            ErrorKind::PermissionDenied => ("403 Forbidden", "Permission denied: "),
            ErrorKind::Busy | ErrorKind::Locked => ("503 Service Unavailable", ""),
            _ => ("422 Unprocessable Content", ""),
        };
        let message = json!({"message": format!("{prefix}{fault}")});
        Self::new(status, "application/json", message.to_string().into_bytes())
    }

    pub fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// Keeps a permit until the answer is sent.
    pub fn holding(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }

    /// Sends the answer, for a limited time.
    pub fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        let start = Instant::now();
        let mut head =
            format!("HTTP/1.1 {}\r\n{FOR_ALL}Content-Length: {}\r\n", self.status, self.body.len());
        for (field, value) in &self.fields {
            // Writing to a string cannot fail.
            let _ = write!(head, "{field}: {value}\r\n");
        }
        head.push_str("\r\n");
        for block in [head.as_bytes()].into_iter().chain(self.body.chunks(BLOCK)) {
            let left = PATIENCE.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
            stream.set_write_timeout(Some(left.ok_or(io::ErrorKind::TimedOut)?))?;
            stream.write_all(block)?;
        }
        stream.shutdown(Shutdown::Write)
    }
}

impl TryFrom<Refusal> for Answer {
    /// There is nobody to answer.
    type Error = ();

    fn try_from(refusal: Refusal) -> Result<Self, ()> {
        Ok(match refusal {
            Refusal::Gone => return Err(()),
            Refusal::Bad => Self::plain("400 Bad Request", "this is no request that is answered here\n"),
            Refusal::Method => {
                Self::plain("405 Method Not Allowed", "values are only read\n").with("Allow", "GET")
            }
            Refusal::Large => Self::plain("431 Request Header Fields Too Large", "the request is too long\n"),
        })
    }
}
