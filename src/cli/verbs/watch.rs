use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::{Duration, Instant};

use calcstore::{Continue, ErrorKind, Node, NodeKind, Selection, Status, Value};
use serde_json::{Value as Json, json};

use super::cat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::files::Sink;
use crate::cli::interrupt::Interrupt;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::summary;
use crate::cli::units::parse_age;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Of an array or a table the last rows are printed, and then each new row. Of a group \
each key that appears or goes. A KEY that is not there yet is waited for. It ends on \
Ctrl-C, or as the options say. With --json each line is an event.

Exit codes: 0 at the time that --timeout says and for a complete calculation, 1 for one \
that failed, 3 if KEY was never there.

Examples:
  calcstore watch                               keys as they appear
  calcstore watch /residuals -n 3 --timeout 10s
  calcstore watch /events --until-complete --timeout 1h")]
pub struct Arguments {
    /// An array or table that grows, or a group
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,

    /// Print so many of the rows that are there already
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: u64,

    /// How often to look, such as 0.1s
    #[arg(long, value_name = "TIME", default_value = "0.5s", value_parser = parse_age)]
    interval: Duration,

    /// End after this time, such as 90s or 1h
    #[arg(long, value_name = "TIME", value_parser = parse_age)]
    timeout: Option<Duration>,

    /// End when the calculation is complete or has failed
    #[arg(long)]
    until_complete: bool,
}

/// The longest sleep before Ctrl-C is noticed.
const NAP: Duration = Duration::from_millis(50);

/// The shortest time from one look to the next.
const SHORTEST: Duration = Duration::from_millis(10);

/// What was seen the last time.
#[derive(Debug, PartialEq)]
enum Seen {
    Nothing,
    /// The type of the rows, and how many there were.
    Rows(String, u64),
    /// A value that has no rows.
    Value(Json),
    /// What is in a group.
    Keys(BTreeMap<String, String>),
}

/// Follows what happens under a key.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let interrupt = Interrupt::watch();
    let started = Instant::now();
    let mut watch = Watch { session, asked, source: &source, seen: Seen::Nothing, was_there: false };
    loop {
        // Before the look: what is there at the end is printed.
        let status = if asked.until_complete { status(&source)? } else { Status::Created };
        watch.look()?;
        match status {
            Status::Complete => return Ok(Exit::Done),
            Status::Failed => return Ok(Exit::Faults),
            _ => {}
        }
        let looked = Instant::now();
        let interval = asked.interval.max(SHORTEST);
        while looked.elapsed() < interval {
            if interrupt.answer() == Continue::No {
                return Ok(Exit::Interrupted);
            }
            if asked.timeout.is_some_and(|timeout| started.elapsed() >= timeout) {
                return watch.timed_out();
            }
            sleep(NAP.min(interval.saturating_sub(looked.elapsed())));
        }
    }
}

fn status(source: &Source) -> Result<Status, Failure> {
    if let Source::Store(store) = source {
        return Ok(store.status()?);
    }
    Err(Failure::invalid("only a calculation has a status; --timeout ends without one"))
}

struct Watch<'a> {
    session: &'a Session<'a>,
    asked: &'a Arguments,
    source: &'a Source,
    seen: Seen,
    was_there: bool,
}

impl Watch<'_> {
    fn timed_out(&self) -> Result<Exit, Failure> {
        if self.was_there {
            return Ok(Exit::Done);
        }
        Err(Failure::new(ErrorKind::NotFound, "did not appear in time").with_key(&self.asked.key))
    }

    /// Looks, and prints what has happened.
    fn look(&mut self) -> Result<(), Failure> {
        let node = match self.source.node(&self.asked.key) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if std::mem::replace(&mut self.seen, Seen::Nothing) != Seen::Nothing {
                    self.event("gone", &self.asked.key, None)?;
                }
                return Ok(());
            }
            node => node?,
        };
        self.was_there = true;
        match (node.kind, rows(&node)) {
            (NodeKind::Group, _) => self.keys(&node),
            (NodeKind::Unreadable, _) => Ok(()),
            (_, Some(rows)) => self.rows(&node, rows),
            _ => self.value(&node),
        }
    }

    fn keys(&mut self, group: &Node) -> Result<(), Failure> {
        let below = match self.source.walk_nodes(&group.key) {
            // Removed since.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            below => below?,
        };
        let described = |node: Node| {
            let shape = summary::shape_of(&node);
            let line = [summary::type_of(&node), shape].join("  ");
            (node.key, line.trim_end().to_owned())
        };
        let now: BTreeMap<String, String> = below.into_iter().map(described).collect();
        let empty = BTreeMap::new();
        let before = if let Seen::Keys(before) = &self.seen { before } else { &empty };
        for (key, what) in &now {
            match before.get(key) {
                None => self.event("appeared", key, Some(what))?,
                Some(old) if old != what => self.event("changed", key, Some(what))?,
                Some(_) => {}
            }
        }
        for key in before.keys().filter(|key| !now.contains_key(*key)) {
            self.event("gone", key, None)?;
        }
        self.seen = Seen::Keys(now);
        Ok(())
    }

    fn rows(&mut self, node: &Node, rows: u64) -> Result<(), Failure> {
        let of = rows_of(node);
        let (start, is_first) = match &self.seen {
            Seen::Rows(before, count) if *before == of && *count <= rows => (*count, false),
            Seen::Nothing => (rows.saturating_sub(self.asked.lines), true),
            _ => {
                let what = format!("{}  {}", summary::type_of(node), summary::shape_of(node));
                self.event("changed", &node.key, Some(&what))?;
                (rows.saturating_sub(self.asked.lines), true)
            }
        };
        if start < rows {
            let selection = Selection::all().along(0, start..rows);
            let value = match self.source.selected(node, &selection) {
                // It became shorter since, which the next look will see.
                Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(()),
                value => value?,
            };
            self.print_rows(node, start, &value, is_first)?;
        }
        self.seen = Seen::Rows(of, rows);
        Ok(())
    }

    fn print_rows(&self, node: &Node, start: u64, value: &Value, is_first: bool) -> Result<(), Failure> {
        if self.session.output.is_json() {
            let rows = cat::json(value)?;
            let event = json!({"event": "rows", "key": node.key, "start": start, "rows": rows});
            return self.session.output.json(&event);
        }
        let mut sink = Sink::stdout();
        match value {
            Value::Table(table) => {
                if is_first {
                    cat::rows::header(table, &mut sink)?;
                }
                cat::rows::body(table, &mut sink)?;
            }
            Value::Array(array) => cat::rows::text(array, &mut sink)?,
            _ => {}
        }
        sink.finish()
    }

    fn value(&mut self, node: &Node) -> Result<(), Failure> {
        let now = cat::json(&self.source.value(&node.key)?)?;
        if self.seen != Seen::Value(now.clone()) {
            if self.session.output.is_json() {
                self.session.output.json(&json!({"event": "value", "key": node.key, "value": now}))?;
            } else {
                self.session.output.line(&now.to_string())?;
            }
            self.seen = Seen::Value(now);
        }
        Ok(())
    }

    fn event(&self, event: &str, key: &str, what: Option<&str>) -> Result<(), Failure> {
        if self.session.output.is_json() {
            return self.session.output.json(&json!({"event": event, "key": key, "what": what}));
        }
        let what = what.map(|what| format!("  {what}")).unwrap_or_default();
        self.session.output.line(&format!("{event:<8}  {key}{what}"))
    }
}

/// The number of rows of what can grow.
fn rows(node: &Node) -> Option<u64> {
    match node.kind {
        NodeKind::Table => node.rows,
        NodeKind::Dataset => node.layout.as_ref()?.shape.first().copied(),
        _ => None,
    }
}

/// What makes rows those of the same value: their type.
fn rows_of(node: &Node) -> String {
    let inner = node.layout.as_ref().map(|layout| layout.shape.get(1..).unwrap_or_default().to_vec());
    format!("{} {inner:?} {:?}", summary::type_of(node), node.columns)
}
