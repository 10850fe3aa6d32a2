//! Reads `.ini` files as Python's `configparser` does, which `OpenQuake` uses, and remembers the lines.
//!
//! `[section]`, `name = value` or `name: value`; lines that are indented deeper than the name continue the
//! value; lines that begin with `#` or `;` are comments. Names are case-insensitive. The sections of a
//! job.ini only group the parameters for the reader, so a name may be there once in the whole file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{InputError, Result};

/// A value, with the line that its name is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text, its lines separated by line ends; comments within are empty lines, so that lines can be
    /// counted.
    pub value: String,
    /// The line of the name, counted from 1.
    pub line: usize,
}

/// All parameters of a file.
#[derive(Debug)]
pub struct Ini {
    /// The parameters by lower-case name.
    pub entries: BTreeMap<String, Entry>,
}

impl Ini {
    /// Takes `text`, the content of `file`, apart.
    ///
    /// # Errors
    /// A line that is none of those above, a parameter outside a section, or a name that is there twice.
    pub fn parse(file: &Path, text: &str) -> Result<Self> {
        let mut parser = Parser { file, entries: BTreeMap::new(), in_section: false, open: None };
        for (index, line) in text.lines().enumerate() {
            parser.line(index + 1, line)?;
        }
        let mut entries = parser.entries;
        for entry in entries.values_mut() {
            entry.value.truncate(entry.value.trim_end().len());
        }
        Ok(Self { entries })
    }
}

struct Parser<'a> {
    file: &'a Path,
    entries: BTreeMap<String, Entry>,
    in_section: bool,
    /// The parameter that a deeper line would continue, and how deep it is itself.
    open: Option<(String, usize)>,
}

impl Parser<'_> {
    fn line(&mut self, number: usize, line: &str) -> Result<()> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            self.continue_value("");
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if self.open.as_ref().is_some_and(|(_, depth)| indent > *depth) {
            self.continue_value(text);
            return Ok(());
        }
        if text.starts_with('[') {
            return self.section(number, text);
        }
        self.parameter(number, text, indent)
    }

    fn continue_value(&mut self, text: &str) {
        if let Some(entry) = self.open.as_ref().and_then(|(name, _)| self.entries.get_mut(name)) {
            entry.value.push('\n');
            entry.value.push_str(text);
        }
    }

    fn section(&mut self, number: usize, text: &str) -> Result<()> {
        let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if name.is_none_or(|name| name.trim().is_empty()) {
            let message = format!("'{text}' is not a section: it should read [name]");
            return Err(InputError::at(self.file, number, message));
        }
        self.in_section = true;
        self.open = None;
        Ok(())
    }

    fn parameter(&mut self, number: usize, text: &str, indent: usize) -> Result<()> {
        let wrong = |message: String| Err(InputError::at(self.file, number, message));
        let Some((name, value)) = text.split_once(['=', ':']).filter(|(name, _)| !name.trim().is_empty())
        else {
            return wrong(format!("'{text}' is neither '[section]' nor 'name = value'"));
        };
        let name = name.trim().to_lowercase();
        if !self.in_section {
            return wrong(format!("'{name}' stands before the first [section]"));
        }
        if let Some(earlier) = self.entries.get(&name) {
            return wrong(format!("'{name}' is given twice, first in line {}", earlier.line));
        }
        self.entries.insert(name.clone(), Entry { value: value.trim().into(), line: number });
        self.open = Some((name, indent));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Ini> {
        Ini::parse(Path::new("job.ini"), text)
    }

    #[test]
    fn values_go_on_in_deeper_lines_and_keep_their_line_numbers() {
        let ini = parse("# c\n[a]\nSites = 1 2,\n  # not this\n  3 4\n\nb: x=y\n; c\n[c]\n  d =\n").unwrap();
        let entry = |name: &str| ini.entries[name].clone();
        assert_eq!(entry("sites"), Entry { value: "1 2,\n\n3 4".into(), line: 3 });
        assert_eq!(entry("b"), Entry { value: "x=y".into(), line: 7 });
        assert_eq!(entry("d"), Entry { value: String::new(), line: 10 });
    }

    #[test]
    fn every_malformed_line_is_named() {
        for (text, message) in [
            ("[a\n", "job.ini:1: '[a' is not a section: it should read [name]"),
            ("[]\n", "job.ini:1: '[]' is not a section: it should read [name]"),
            ("[a]\nwhat\n", "job.ini:2: 'what' is neither '[section]' nor 'name = value'"),
            ("[a]\n= 3\n", "job.ini:2: '= 3' is neither '[section]' nor 'name = value'"),
            ("a = 1\n", "job.ini:1: 'a' stands before the first [section]"),
            ("[a]\nx = 1\n[b]\nX = 2\n", "job.ini:4: 'x' is given twice, first in line 2"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message);
        }
    }
}
