//! What a benchmark writes into a document, between two comments that name it.

use std::path::Path;

use crate::Outcome;

/// Puts new text in the place of that between `<!-- NAME: … -->` and `<!-- /NAME -->`.
pub fn replace(file: &Path, name: &str, text: &str) -> Outcome<()> {
    let document = std::fs::read_to_string(file)?;
    let lacks = |what: &str| format!("{} has no line {what}", file.display());
    let (begin, end) = (format!("<!-- {name}: "), format!("<!-- /{name} -->"));
    let start = document.find(&begin).ok_or_else(|| lacks(&begin))?;
    let start = start + document[start..].find('\n').ok_or_else(|| lacks(&end))?;
    let rest = start + document[start..].find(&end).ok_or_else(|| lacks(&end))?;
    let document = format!("{}\n\n{}\n\n{}", &document[..start], text.trim(), &document[rest..]);
    Ok(std::fs::write(file, document)?)
}
