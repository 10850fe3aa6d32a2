//! The topmost group of a store: with it the store begins to exist.
//!
//! Making it flushes nothing under [`Durability::Process`](super::Durability::Process), and leaves no marker: there is
//! nothing yet that could be lost. A power cut leaves its `zarr.json` whole, blank, cut off, or nothing of it; and where it
//! is not whole and alone, while there is no marker, no store was made.

use std::io;

use serde::de::IgnoredAny;

use super::files::AsFd;
use super::lock::Mode;
use super::store::{HIERARCHY, Store, TREE};
use crate::error::Result;
use crate::key::Key;
use crate::zarr::{GroupMetadata, Kind, METADATA_FILE, Marker, NodeMetadata, Status};

impl Store {
    /// Makes the root group appear, unless somebody else was quicker.
    pub(super) fn create_root(&self) -> Result<()> {
        let mut group = GroupMetadata::default();
        let date = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default();
        group.attributes.insert("date".to_owned(), date.to_string().into());
        group.attributes.insert("calcstore_version".to_owned(), env!("CARGO_PKG_VERSION").into());
        let kind = Kind::Root { status: Status::Created, parent: None, ended: None };
        Marker::of_kind(kind).write(&mut group.attributes)?;
        let name = self.stage_group(&NodeMetadata::Group(group))?;
        if self.root_appears(&name)? {
            if !self.is_power() {
                return Ok(());
            }
        } else {
            let replaced = self.replace_blank_root(&name);
            self.discard(&name);
            replaced?;
        }
        // Under `Power` this flushes the group and the directories above it.
        self.group(&Key::root()).map(|_| ())
    }

    /// Lets the staged group become the root. Gives false where there is one.
    fn root_appears(&self, name: &str) -> Result<bool> {
        let writer = self.writer()?;
        let renamed =
            writer.renames.to_new(&*self.files, (writer.stage.handle(), name), (self.root(), HIERARCHY));
        match renamed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => {
                self.discard(name);
                Err(self.failed("cannot make the store", HIERARCHY)(error))
            }
        }
    }

    /// Puts the staged group in the place of what a power cut has left of the root.
    fn replace_blank_root(&self, name: &str) -> Result<()> {
        if !self.is_root_blank()? {
            return Ok(());
        }
        let writer = self.writer()?;
        let _tree = self.lock(TREE, Mode::Exclusive, writer.patience)?;
        if !self.is_root_blank()? {
            return Ok(());
        }
        let old = writer.stage.next_name();
        let to = (writer.stage.handle(), old.as_str());
        let moved = writer.renames.to_new(&*self.files, (self.root(), HIERARCHY), to);
        moved.map_err(self.failed("cannot make the store", HIERARCHY))?;
        self.root_appears(name)?;
        self.discard(&old);
        Ok(())
    }

    /// Whether the power was cut before the root was on the disk: nothing was stored in it then. What cannot be read is
    /// not blank, nor is a root with anything in it, whatever has become of its `zarr.json`.
    pub(super) fn is_root_blank(&self) -> Result<bool> {
        let place = format!("{HIERARCHY}/{METADATA_FILE}");
        let Ok(file) = self.files.open_file(self.root(), &place) else { return Ok(false) };
        let is_blank = |(bytes, _): (Vec<u8>, _)| {
            let is_cut_off = serde_json::from_slice::<IgnoredAny>(&bytes).is_err_and(|error| error.is_eof());
            is_cut_off || bytes.iter().all(|byte| *byte == 0)
        };
        if !self.read_small(&file, &place).is_ok_and(is_blank) || !self.markers()?.is_empty() {
            return Ok(false);
        }
        let failed = self.failed("cannot look into", HIERARCHY);
        let root = self.files.open_directory(self.root(), HIERARCHY).map_err(&failed)?;
        Ok(self.files.list(root.as_fd()).map_err(&failed)?.iter().all(|entry| entry.name == METADATA_FILE))
    }
}
