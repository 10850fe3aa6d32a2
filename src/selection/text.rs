//! Selections as text, in numpy's notation.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::str::FromStr;

use super::along::{Kind, Position, Slice};
use super::select::{Selection, quoted};
use crate::error::{Error, ErrorKind, Result};

/// Parses numpy's notation: `0,:,10:20:2`, `...,-1`, `[0,3,5],:`, `[true,false]`.
impl FromStr for Selection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text).map_err(|why| {
            Error::new(ErrorKind::InvalidInput, format!("the selection {}: {why}", quoted(text)))
        })
    }
}

fn parse(text: &str) -> Result<Selection, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("it is empty; \"...\" selects all".to_owned());
    }
    let mut parts = Vec::new();
    // A comma may follow the last part, as in Python.
    while !rest.is_empty() {
        let (part, after) = split_part(rest)?;
        parts.push(parse_part(part.trim())?);
        rest = after.trim_start();
    }
    Ok(parts.into_iter().collect())
}

/// The text up to the comma that ends the first part, and the text after that comma.
fn split_part(text: &str) -> Result<(&str, &str), String> {
    let mut is_inside = false;
    let ends = |letter| {
        is_inside = letter != ']' && (is_inside || letter == '[');
        letter == ',' && !is_inside
    };
    let split = text.split_once(ends);
    if is_inside { Err("a list has no closing bracket".to_owned()) } else { Ok(split.unwrap_or((text, ""))) }
}

fn parse_part(text: &str) -> Result<Kind, String> {
    if let Some(list) = text.strip_prefix('[') {
        let list = list.strip_suffix(']').ok_or_else(|| format!("{} follows a list", after_list(text)))?;
        return parse_list(list);
    }
    match text {
        "" => Err("there is nothing between two commas".to_owned()),
        "..." => Ok(Kind::Ellipsis),
        "newaxis" | "None" => Ok(Kind::NewAxis),
        _ if text.contains(':') => parse_slice(text),
        _ => position(text).map(Kind::Index),
    }
}

fn after_list(text: &str) -> String {
    quoted(text.split_once(']').map_or(text, |(_, after)| after).trim())
}

fn parse_slice(text: &str) -> Result<Kind, String> {
    let mut bounds = text.split(':').map(str::trim);
    let mut bound = || bounds.next().filter(|bound| !bound.is_empty()).map(position).transpose();
    let (start, stop, step) = (bound()?, bound()?, bound()?.unwrap_or(1));
    if bounds.next().is_some() {
        return Err(format!("{} has more parts than start:stop:step", quoted(text)));
    }
    let step = i64::try_from(step).map_err(|_| format!("the step {step} is beyond 64 bits"))?;
    Ok(Kind::Slice(Slice { start, stop, step }))
}

fn parse_list(text: &str) -> Result<Kind, String> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text).trim_end();
    if text.is_empty() {
        return Ok(Kind::List(Vec::new()));
    }
    let items = text.split(',').map(str::trim);
    if boolean(items.clone().next().unwrap_or_default()).is_none() {
        return items.map(position).collect::<Result<_, _>>().map(Kind::List);
    }
    let flag = |item| {
        boolean(item)
            .ok_or_else(|| format!("{} is neither true nor false, as in the rest of the mask", quoted(item)))
    };
    items.map(flag).collect::<Result<_, _>>().map(Kind::Mask)
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    }
}

/// An integer between the least `i64` and the greatest `u64`.
fn position(text: &str) -> Result<Position, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let forms = "an index, a slice 0:10:2, an ellipsis ..., a list [0,3] or a mask [true,false]";
        return Err(format!("{} is not {forms}", quoted(text)));
    }
    let within = Position::from(i64::MIN)..=Position::from(u64::MAX);
    let parsed = text.parse().ok().filter(|position| within.contains(position));
    parsed.ok_or_else(|| format!("the number {} is beyond 64 bits", quoted(text)))
}
