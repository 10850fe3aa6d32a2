//! Writing into the stage.

use super::files::Handle;
use super::remove::remove_tree;
use super::store::{INTERNALS, Store};
use crate::error::Result;
use crate::zarr::{METADATA_FILE, NodeMetadata};

impl Store {
    /// Writes a group without members into the stage; gives its name there.
    pub(super) fn stage_group(&self, metadata: &NodeMetadata) -> Result<String> {
        let stage = &self.writer()?.stage;
        let name = stage.next_name();
        self.clean_up_after(&name, || {
            self.create_staged_directory(&name)?;
            self.create_staged(&format!("{name}/{METADATA_FILE}"), &[&metadata.to_bytes()?])?;
            self.sync_staged_directory(&name)
        })?;
        Ok(name)
    }

    /// Removes the staged `name` when `write` fails: a full disk is not to stay full because of us.
    pub(super) fn clean_up_after(&self, name: &str, write: impl FnOnce() -> Result<()>) -> Result<()> {
        write().inspect_err(|_| self.discard(name))
    }

    /// Removes something from the stage, as far as that is possible.
    pub(super) fn discard(&self, name: &str) {
        if let Ok(writer) = self.writer() {
            let _ = remove_tree(&*self.files, writer.stage.handle(), name);
        }
    }

    pub(super) fn create_staged_directory(&self, path: &str) -> Result<()> {
        let stage = &self.writer()?.stage;
        let made = self.files.create_directory(stage.handle(), path);
        made.map_err(self.failed("cannot write the value", INTERNALS))
    }

    /// Writes a file into the stage and, under `Power`, flushes it.
    pub(super) fn create_staged(&self, path: &str, parts: &[&[u8]]) -> Result<Handle> {
        let stage = &self.writer()?.stage;
        let failed = self.failed("cannot write the value", INTERNALS);
        let file = self.files.create_file(stage.handle(), path, parts).map_err(&failed)?;
        if self.is_power() {
            self.sync_staged(&file)?;
        }
        Ok(file)
    }

    /// Flushes a staged directory under `Power`.
    pub(super) fn sync_staged_directory(&self, path: &str) -> Result<()> {
        if !self.is_power() {
            return Ok(());
        }
        let stage = &self.writer()?.stage;
        let directory = self.files.open_directory(stage.handle(), path);
        let directory = directory.map_err(self.failed("cannot open", INTERNALS))?;
        self.sync_staged(&directory)
    }
}
