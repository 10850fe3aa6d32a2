use super::node::NodeKind;

/// What a node takes with everything in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Size {
    /// The bytes of all elements in memory: of numbers as their types say, of text its UTF-8, of objects and bytes
    /// those that are stored. `None` where text is compressed or something is unreadable: then only reading tells.
    pub bytes: Option<u64>,
    /// The bytes of all files, metadata too.
    pub stored_bytes: u64,
    /// The number of files.
    pub files: u64,
    nodes: [u64; NodeKind::ALL.len()],
}

impl Size {
    pub(crate) const NONE: Self =
        Self { bytes: Some(0), stored_bytes: 0, files: 0, nodes: [0; NodeKind::ALL.len()] };

    /// Counts the nodes of one kind, the measured one among them. The columns of a table are none.
    pub fn nodes(&self, kind: NodeKind) -> u64 {
        NodeKind::ALL.iter().zip(self.nodes).find(|(of, _)| **of == kind).map_or(0, |(_, count)| count)
    }

    /// Gives how many times smaller it is stored than it is in memory: above 1 where storing it saved space.
    pub fn ratio(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "nobody asks for the sixteenth digit of a ratio")]
        match self.bytes {
            None | Some(0) => None,
            Some(_) if self.stored_bytes == 0 => None,
            Some(bytes) => Some(bytes as f64 / self.stored_bytes as f64),
        }
    }

    /// Adds a node of a kind, or what is a part of one, with its bytes, those of its files and how many these are.
    pub(crate) fn add(&mut self, kind: Option<NodeKind>, bytes: Option<u64>, stored: (u64, u64)) {
        self.bytes = self.bytes.zip(bytes).and_then(|(sum, bytes)| sum.checked_add(bytes));
        self.stored_bytes = self.stored_bytes.saturating_add(stored.0);
        self.files = self.files.saturating_add(stored.1);
        for (_, count) in NodeKind::ALL.iter().zip(&mut self.nodes).filter(|(of, _)| Some(**of) == kind) {
            *count = count.saturating_add(1);
        }
    }
}
