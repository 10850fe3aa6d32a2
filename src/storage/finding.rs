//! What looking for damage finds, and what became of it.

use std::fmt;
use std::path::{Path, PathBuf};

use super::recover::is_damage;
use crate::error::{Error, ErrorKind};

/// Something that was found by [`DataStore::check`](crate::DataStore::check).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Finding {
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// The key of the node; `/` for what belongs to the store as a whole.
    pub key: String,
    /// The file or directory, relative to the directory of the store.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What kind of thing was found, for programs to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// A value is damaged: a file of it is missing, has a wrong length or checksum, or makes no sense.
    Value,
    /// The `zarr.json` of a group is missing or damaged; what is in the group is there.
    Group,
    /// A file, directory, link or anything else that does not belong where it is.
    Foreign,
    /// A name that other systems refuse or take for another one.
    Name,
    /// A dimension has two lengths where it can have one only.
    Dimension,
    /// The automatic names of dimensions are those of another key.
    DimensionNames,
    /// The parent of the calculation cannot be opened.
    Parent,
    /// A writer died in the middle of a change that another one has to finish.
    Interrupted,
    /// Something in `.calcstore` is not what it must be.
    Internals,
    /// What only another version of calcstore can read.
    Unsupported,
    /// What the operating system does not let one read, or what never stood still.
    Unreadable,
    /// Chunks beyond the shape of an array, or rows beyond those of a table, which nobody reads. An append that was
    /// interrupted leaves them.
    Surplus,
    /// What dead writers have left, or values that were replaced or removed some time ago.
    Leftover,
    /// What a repair has set aside.
    Lost,
}

/// What a repair did about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// It is as it should be now.
    Mended,
    /// It was moved there, relative to the directory of the store; nothing of it was changed.
    SetAside(PathBuf),
    /// Nothing was done, for this reason.
    LeftAlone(String),
}

/// A finding, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// What was found.
    pub finding: Finding,
    /// What was done about it.
    pub remedy: Remedy,
}

impl FindingKind {
    /// Names the kind in `snake_case`, as `--json` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Group => "group",
            Self::Foreign => "foreign",
            Self::Name => "name",
            Self::Dimension => "dimension",
            Self::DimensionNames => "dimension_names",
            Self::Parent => "parent",
            Self::Interrupted => "interrupted",
            Self::Internals => "internals",
            Self::Unsupported => "unsupported",
            Self::Unreadable => "unreadable",
            Self::Surplus => "surplus",
            Self::Leftover => "leftover",
            Self::Lost => "lost",
        }
    }

    /// Tells whether it is a fault: [`Surplus`](Self::Surplus), [`Leftover`](Self::Leftover) and [`Lost`](Self::Lost)
    /// take space and harm nobody.
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Surplus | Self::Leftover | Self::Lost)
    }

    /// Gives the way out, in a few words.
    pub fn way_out(self) -> &'static str {
        match self {
            Self::Value => "store it again, or let a repair set it aside",
            Self::Group => "a repair gives the group new metadata, without attributes",
            Self::Foreign => "move it away, or let a repair set it aside",
            Self::Name => "give it another name",
            Self::Dimension => "give one of them another name, or store it anew",
            Self::DimensionNames => "a repair renews them",
            Self::Parent => "put it back, or name another one",
            Self::Interrupted => "opening the store for writing finishes it",
            Self::Internals => "move it away by hand",
            Self::Unsupported => "read it with the version that wrote it",
            Self::Unreadable => "see to the permissions or the disk, and check again",
            Self::Surplus => "nobody reads it; the next append replaces it, or a repair sets it aside",
            Self::Leftover => "gc removes it",
            Self::Lost => "it is yours to put back or to remove",
        }
    }
}

impl Finding {
    /// What an error says about a node, whose own file is meant where the error names none.
    pub(super) fn of(error: &Error, key: impl fmt::Display, (root, own): (&Path, PathBuf)) -> Self {
        let kind = match error.kind() {
            ErrorKind::Unsupported => FindingKind::Unsupported,
            kind if is_damage(kind) => FindingKind::Value,
            _ => FindingKind::Unreadable,
        };
        let file = error.file().and_then(|file| file.strip_prefix(root).ok()).map_or(own, Path::to_path_buf);
        Self { kind, key: key.to_string(), file, what: error.message().to_owned() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.what, self.file.display())
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mended => f.write_str("mended"),
            Self::SetAside(path) => write!(f, "set aside to {}", path.display()),
            Self::LeftAlone(why) => write!(f, "left alone: {why}"),
        }
    }
}
