//! What a browser asks for.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The most bytes before what would be the body.
const MAX_HEAD: usize = 16 * 1024;
/// The most header fields.
const MAX_FIELDS: usize = 64;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request without a body: others are refused.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// The path, as it was sent.
    pub path: String,
    query: Vec<(String, String)>,
    pub host: Option<String>,
    pub origin: Option<String>,
}

/// Why there is no request to answer.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// The client is gone, or too slow.
    Gone,
    /// It is no HTTP, or none that is spoken here.
    Bad,
    /// It is another method than GET.
    Method,
    /// The head is too large.
    Large,
}

impl Request {
    /// Reads a request, for a limited time.
    pub fn read(stream: &mut TcpStream) -> Result<Self, Refusal> {
        let start = Instant::now();
        let (mut head, mut block) = (Vec::new(), [0; 4096]);
        loop {
            let left = PATIENCE.checked_sub(start.elapsed()).filter(|left| !left.is_zero());
            let left = left.ok_or(Refusal::Gone)?;
            stream.set_read_timeout(Some(left)).map_err(|_| Refusal::Gone)?;
            let count = match stream.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) | Err(_) => return Err(Refusal::Gone),
                Ok(count) => count,
            };
            head.extend_from_slice(block.get(..count).unwrap_or_default());
            if head.len() > MAX_HEAD {
                return Err(Refusal::Large);
            }
            if let Some(request) = Self::parse(&head)? {
                return Ok(request);
            }
        }
    }

    /// Understands the head of a request; nothing while more of it is to come.
    fn parse(head: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        if parsed.parse(head).map_err(|_| Refusal::Bad)?.is_partial() {
            return Ok(None);
        }
        if parsed.method != Some("GET") {
            return Err(Refusal::Method);
        }
        let field = |name: &str| {
            let mut values = parsed.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(field), None) => {
                    String::from_utf8(field.value.to_vec()).map(Some).map_err(|_| Refusal::Bad)
                }
                _ => Err(Refusal::Bad),
            }
        };
        let has_body = field("Content-Length")?.is_some_and(|length| length.trim() != "0");
        if has_body || field("Transfer-Encoding")?.is_some() {
            return Err(Refusal::Bad);
        }
        let target = parsed.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        let query = query.collect::<Option<_>>().ok_or(Refusal::Bad)?;
        Ok(Some(Self { path: path.to_owned(), query, host: field("Host")?, origin: field("Origin")? }))
    }

    /// A value of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Undoes the encoding of forms: a plus is a blank, `%2F` a slash. Nothing where that is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_path_query_host_and_origin() {
        let head =
            b"GET /t/api/meta?file=calc_1&path=%2F0%2Fa+b%C3%A9&x HTTP/1.1\r\nhost: h:1\r\nOrigin: o\r\n\r\n";
        let request = Request::parse(head).unwrap().unwrap();
        assert_eq!(request.path, "/t/api/meta");
        assert_eq!(request.parameter("path"), Some("/0/a bé"));
        assert_eq!((request.parameter("x"), request.parameter("y")), (Some(""), None));
        assert_eq!((request.host.as_deref(), request.origin.as_deref()), (Some("h:1"), Some("o")));
        assert_eq!(Request::parse(&head[..head.len() - 1]), Ok(None));
    }

    #[test]
    fn what_is_no_plain_get_is_refused() {
        for (head, refusal) in [
            ("POST / HTTP/1.1\r\n\r\n", Refusal::Method),
            ("HEAD / HTTP/1.1\r\n\r\n", Refusal::Method),
            ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", Refusal::Bad),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Refusal::Bad),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Refusal::Bad),
            ("GET /?a=%zz HTTP/1.1\r\n\r\n", Refusal::Bad),
            ("GET /?a=%ff HTTP/1.1\r\n\r\n", Refusal::Bad),
            ("GET /?a=% HTTP/1.1\r\n\r\n", Refusal::Bad),
            ("nonsense\r\n\r\n", Refusal::Bad),
        ] {
            assert_eq!(Request::parse(head.as_bytes()), Err(refusal), "{head}");
        }
        let many = "a: b\r\n".repeat(MAX_FIELDS + 1);
        assert_eq!(Request::parse(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()), Err(Refusal::Bad));
    }
}
