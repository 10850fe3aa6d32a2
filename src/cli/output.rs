//! Printing: data on standard output, all else on standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use calcstore::{Node, NodeKind};
use clap::builder::styling::{AnsiColor, Style};
use serde_json::Value as Json;

use super::elements::printable;
use super::failure::{Exit, Failure};
use super::global::Global;

/// Groups in lists.
pub const GROUP: Style = AnsiColor::Blue.on_default().bold();
/// What says something about the thing before it.
pub const DETAIL: Style = Style::new().dimmed();
/// What is wrong.
pub const FAULT: Style = AnsiColor::Red.on_default().bold();

/// The width to fit where there is no terminal.
const DEFAULT_WIDTH: usize = 80;

/// How to print.
#[derive(Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
    verbose: bool,
}

#[expect(clippy::unused_self, reason = "one thing prints, whatever it must know for that")]
impl Output {
    pub fn new(global: &Global) -> Self {
        Self { json: global.json, quiet: global.quiet, verbose: global.verbose > 0 }
    }

    /// Whether JSON was asked for.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether `-v` asked for more.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether a person is watching who may want to see how far it has come.
    pub fn is_watched(&self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// The columns of the terminal; without one those that `COLUMNS` asks for.
    pub fn width(&self) -> usize {
        asked_width().unwrap_or(DEFAULT_WIDTH)
    }

    /// The same for lists: where nobody says how wide, each row is one line, for `grep` and `awk`.
    pub fn list_width(&self) -> usize {
        asked_width().unwrap_or(usize::MAX)
    }

    /// Whether colours will be seen.
    pub fn has_colours(&self) -> bool {
        anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
    }

    /// Prints what is for programs as it is.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| Failure::stdout(&error))
    }

    /// Prints text for people, with its styles where they are wanted.
    pub fn text(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stdout(&error))
    }

    /// Prints a line for people.
    pub fn line(&self, text: &str) -> Result<(), Failure> {
        self.text(&format!("{text}\n"))
    }

    /// Prints a path as it is, for other programs: its bytes may be no text.
    pub fn path(&self, path: &Path) -> Result<(), Failure> {
        self.bytes(&[path.as_os_str().as_encoded_bytes(), b"\n"].concat())
    }

    /// Prints lines for people.
    pub fn lines(&self, lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
        self.text(&lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect::<String>())
    }

    /// Prints JSON on one line.
    pub fn json(&self, json: &Json) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{json}").and_then(|()| stdout.flush()).map_err(|error| Failure::stdout(&error))
    }

    /// Says something beside the data.
    pub fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            // Nobody can be told that standard error is gone.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Says what is missing in what was made, also where little is to be said.
    pub fn warning(&self, text: &str) {
        let _ = writeln!(anstream::stderr(), "{text}");
    }

    /// Says what of nodes is left out that can be read otherwise; JSON says it beside each.
    pub fn problems(&self, nodes: &[Node]) {
        for node in nodes.iter().filter(|node| node.kind != NodeKind::Unreadable) {
            if let (Some(problem), false) = (&node.problem, self.json) {
                self.warning(&format!("{}: {}", printable(&node.key), printable(problem)));
            }
        }
    }

    /// Says something that only `-v` asks for.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Reports why a run ends early.
    pub fn failure(&self, failure: &Failure) -> Exit {
        let Failure::Fault(fault) = failure else { return Exit::Done };
        let _ = if self.json {
            writeln!(io::stderr(), "{}", fault.to_json())
        } else {
            writeln!(anstream::stderr(), "{FAULT}calcstore:{FAULT:#} {fault}")
        };
        fault.exit()
    }
}

fn asked_width() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let asked = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.filter(|columns| *columns > 0).or_else(asked).filter(|columns| *columns > 0)
}
