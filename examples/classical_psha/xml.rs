//! NRML, the XML of `OpenQuake`, with every complaint pointing at a line.

use std::path::Path;

use roxmltree::{Document, Node};

use crate::error::{InputError, Result};

/// The namespace of the one version that is read.
const NRML: &str = "http://openquake.org/xmlns/nrml/0.5";

/// An NRML file.
pub struct NrmlFile<'a> {
    file: &'a Path,
    document: Document<'a>,
}

impl<'a> NrmlFile<'a> {
    /// Takes `text`, the content of `file`, apart.
    ///
    /// # Errors
    /// When it is no well-formed XML, or no NRML 0.5.
    pub fn parse(file: &'a Path, text: &'a str) -> Result<Self> {
        let document = Document::parse(text)
            .map_err(|error| InputError::at(file, row(error.pos()), format!("malformed XML: {error}")))?;
        let root = document.root_element();
        let name = root.tag_name();
        if name.name() != "nrml" || name.namespace() != Some(NRML) {
            let found = format!("{{{}}}{}", name.namespace().unwrap_or_default(), name.name());
            let line = row(document.text_pos_at(root.range().start));
            return Err(InputError::at(
                file,
                line,
                format!("{found} is not the root of NRML 0.5, {{{NRML}}}nrml"),
            ));
        }
        Ok(Self { file, document })
    }

    /// Gives the root.
    pub fn root(&self) -> Element<'_> {
        Element { node: self.document.root_element(), file: self.file }
    }
}

fn row(position: roxmltree::TextPos) -> usize {
    usize::try_from(position.row).unwrap_or(usize::MAX)
}

/// An element that knows its file.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    node: Node<'a, 'a>,
    file: &'a Path,
}

impl<'a> Element<'a> {
    /// Gives its name, without the namespace.
    pub fn name(self) -> &'a str {
        self.node.tag_name().name()
    }

    /// Gives the file it is in.
    pub fn file(self) -> &'a Path {
        self.file
    }

    /// Gives the line it begins in.
    pub fn line(self) -> usize {
        row(self.node.document().text_pos_at(self.node.range().start))
    }

    /// Makes an error of what is wrong with it.
    pub fn error(self, what: impl std::fmt::Display) -> InputError {
        InputError::at(self.file, self.line(), format!("{}: {what}", self.name()))
    }

    /// Gives the elements in it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        self.node.children().filter(Node::is_element).map(move |node| Self { node, file: self.file })
    }

    /// Gives the elements in it, all of which must be called `name`, and of which there must be one at least.
    ///
    /// # Errors
    /// When one is called otherwise, or there is none.
    pub fn all(self, name: &str) -> Result<Vec<Self>> {
        let children: Vec<_> = self.children().collect();
        match children.iter().find(|child| child.name() != name) {
            Some(other) => Err(other.error(format!("not supported in {}, only {name} is", self.name()))),
            None if children.is_empty() => Err(self.error(format!("there is no {name} in it"))),
            None => Ok(children),
        }
    }

    /// Gives the one element in it called `name`.
    ///
    /// # Errors
    /// When there is none or more than one.
    pub fn child(self, name: &str) -> Result<Self> {
        let mut found = self.children().filter(|child| child.name() == name);
        match (found.next(), found.next()) {
            (Some(child), None) => Ok(child),
            (None, _) => Err(self.error(format!("there is no {name} in it"))),
            (_, Some(second)) => Err(second.error(format!("there is a second one in {}", self.name()))),
        }
    }

    /// Gives the value of an attribute, if it is there.
    pub fn optional(self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// Gives the value of an attribute.
    ///
    /// # Errors
    /// When it is not there.
    pub fn attribute(self, name: &str) -> Result<&'a str> {
        self.optional(name).ok_or_else(|| self.error(format!("the attribute {name} is missing")))
    }

    /// Gives the value of an attribute that is a finite number.
    ///
    /// # Errors
    /// When it is not there or no number.
    pub fn number(self, name: &str) -> Result<f64> {
        let value = self.attribute(name)?;
        parse(value).ok_or_else(|| self.error(format!("{name}: '{value}' is not a number")))
    }

    /// Gives the value of an attribute that is a number within `range`, of which `meaning` speaks.
    ///
    /// # Errors
    /// When it is not there, no number or out of range.
    pub fn number_where(self, name: &str, meaning: &str, allowed: impl Fn(f64) -> bool) -> Result<f64> {
        let number = self.number(name)?;
        if allowed(number) {
            Ok(number)
        } else {
            Err(self.error(format!("{name}: {number} is not {meaning}")))
        }
    }

    /// Gives the text in it, without the white space around.
    pub fn text(self) -> &'a str {
        self.node.text().unwrap_or_default().trim()
    }

    /// Gives the finite numbers in it.
    ///
    /// # Errors
    /// When something else is in it.
    pub fn numbers(self) -> Result<Vec<f64>> {
        let number = |word| parse(word).ok_or_else(|| self.error(format!("'{word}' is not a number")));
        // Comments cut the text into parts.
        let parts = self.node.children().filter(roxmltree::Node::is_text).filter_map(|part| part.text());
        parts.flat_map(str::split_whitespace).map(number).collect()
    }

    /// Gives the one number in it.
    ///
    /// # Errors
    /// When it holds none, several, or something else.
    pub fn single_number(self) -> Result<f64> {
        match self.numbers()?[..] {
            [number] => Ok(number),
            _ => Err(self.error(format!("'{}' is not one number", self.text()))),
        }
    }

    /// Gives the one number in it, which must be within a range, of which `meaning` speaks.
    ///
    /// # Errors
    /// When it holds no number, several, or one out of range.
    pub fn single_number_where(self, meaning: &str, allowed: impl Fn(f64) -> bool) -> Result<f64> {
        let number = self.single_number()?;
        if allowed(number) { Ok(number) } else { Err(self.error(format!("{number} is not {meaning}"))) }
    }
}

fn parse(word: &str) -> Option<f64> {
    word.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// How far from one the sum of probabilities may be, for rounding: as far as in `OpenQuake`.
const SLACK: f64 = 1e-7;

/// Refuses probabilities that are negative or do not add up to one.
///
/// # Errors
/// One that points at `parent`.
pub fn check_probabilities(parent: Element<'_>, probabilities: impl Iterator<Item = f64>) -> Result<()> {
    let mut sum = 0.0;
    for probability in probabilities {
        if probability < 0.0 {
            return Err(parent.error(format!("the probability {probability} is negative")));
        }
        sum += probability;
    }
    if (sum - 1.0).abs() > SLACK {
        return Err(parent.error(format!("the probabilities add up to {sum}, not to 1")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_behind_a_comment() {
        let text = "<nrml xmlns='http://openquake.org/xmlns/nrml/0.5'><a>1 2 <!-- and --> 3</a></nrml>";
        let nrml = NrmlFile::parse(Path::new("a.xml"), text).unwrap();
        let numbers = nrml.root().child("a").unwrap().numbers().unwrap();
        assert_eq!(format!("{numbers:?}"), "[1.0, 2.0, 3.0]");
    }
}
