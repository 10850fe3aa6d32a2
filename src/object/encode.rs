//! A value as bytes.

use std::any::type_name;
use std::sync::Arc;

use serde::Serialize;

use super::encoded::Encoded;
use super::encoding::Encoding;
use super::inline::schema_of;
use super::record::{Recorder, Target};
use crate::error::{Error, ErrorKind, Result};

/// Writes a value and records its structure.
///
/// # Errors
/// `InvalidInput` if the value refuses to be serialized, is nested too deeply, or can only be stored as JSON
/// and holds what JSON cannot: a NaN or infinity, a map key that is no string or number.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Encoded> {
    let type_name = type_name::<T>().to_owned();
    let mut recorder = Recorder::new(Target::Postcard);
    let root = recorder.record(value).map_err(|error| refused(&error))?;
    if recorder.is_readable()
        && let Some(schema) = schema_of(recorder.graph(), root)
    {
        let (schema, bytes) = (Some(Arc::new(schema)), recorder.into_bytes());
        return Ok(Encoded { type_name, encoding: Encoding::Postcard, schema, bytes });
    }
    drop(recorder);
    Ok(Encoded { type_name, encoding: Encoding::Json, schema: None, bytes: json_text(value)? })
}

/// Writes JSON text, after a look at what JSON would lose without a word.
fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut recorder = Recorder::new(Target::Json);
    recorder.record(value).map_err(|error| refused(&error))?;
    if recorder.non_finite() {
        let message = "the value can only be stored as JSON, because one of its types shows different \
                       structures, and JSON has no NaN and no infinity: give the type one structure, \
                       or leave them out";
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    serde_json::to_vec(value).map_err(|error| refused(&error))
}

fn refused(error: &(impl std::error::Error + ?Sized)) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("the value cannot be stored: {error}"))
}
