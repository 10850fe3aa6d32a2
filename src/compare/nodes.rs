//! Comparing two nodes under their keys.

use super::arrays::Arrays;
use super::attributes;
use super::elements::are_comparable;
use super::fields;
use super::report::Difference;
use super::rules::Rules;
use super::side::Opened;
use super::telling::Telling;
use super::tolerance::Tolerance;
use crate::error::Result;
use crate::nodes::{Layout, Node, NodeKind};
use crate::zarr::is_automatic_name;

/// Two nodes that are open.
pub(super) struct Nodes<'a, 't> {
    pub sides: (&'a dyn Opened, &'a dyn Opened),
    /// Whether they are columns of tables.
    pub are_columns: bool,
    pub rules: &'a Rules,
    pub telling: &'a Telling<'t>,
}

impl Nodes<'_, '_> {
    /// The bytes of the elements that there are to be read; what is not known counts nothing.
    pub fn bytes(&self) -> u64 {
        let bytes = |opened: &dyn Opened| opened.node().layout.as_ref().and_then(Layout::bytes).unwrap_or(0);
        bytes(self.sides.0).saturating_add(bytes(self.sides.1))
    }

    /// Finds how the two differ in themselves, without what is in them.
    pub fn compare(&self) -> Result<Vec<Difference>> {
        let mut found = Vec::new();
        let (left, right) = (self.sides.0.node(), self.sides.1.node());
        for node in [left, right] {
            if node.kind == NodeKind::Unreadable {
                let why = node.problem.clone().unwrap_or_default();
                return Ok(vec![Difference::NotCompared { why }]);
            }
        }
        if left.kind != right.kind {
            return Ok(vec![Difference::Kind { left: left.kind, right: right.kind }]);
        }
        match left.kind {
            NodeKind::Dataset | NodeKind::Bytes => self.arrays(left, right, &mut found)?,
            NodeKind::Object => self.objects(left, right, &mut found)?,
            NodeKind::Table if left.rows != right.rows => {
                let rows = |node: &Node| node.rows.unwrap_or_default();
                found.push(Difference::Rows { left: rows(left), right: rows(right) });
            }
            _ => {}
        }
        if !(left.attributes.is_empty() && right.attributes.is_empty()) {
            let both = (self.sides.0.attributes()?, self.sides.1.attributes()?);
            let are_roots = left.key == "/" && right.key == "/";
            attributes::compare(both, are_roots, self.rules, &mut found)?;
        }
        Ok(found)
    }

    fn arrays(&self, left: &Node, right: &Node, found: &mut Vec<Difference>) -> Result<()> {
        let (Some(left_layout), Some(right_layout)) = (&left.layout, &right.layout) else { return Ok(()) };
        let types = (left_layout.data_type, right_layout.data_type);
        let can_be = are_comparable(types.0, types.1);
        if types.0 != types.1 && !(self.rules.ignore_types && can_be) {
            let (left, right) = (types.0.name().to_owned(), types.1.name().to_owned());
            found.push(Difference::Type { left, right });
        }
        let names = (given_names(left_layout), given_names(right_layout));
        if !self.are_columns && left_layout.shape.len() == right_layout.shape.len() && names.0 != names.1 {
            found.push(Difference::DimensionNames { left: names.0, right: names.1 });
        }
        let mut shapes = (left_layout.shape.clone(), right_layout.shape.clone());
        if self.are_columns
            && let (Some(left), Some(right)) = (shapes.0.first_mut(), shapes.1.first_mut())
        {
            // That the number of rows differs is said of the table.
            (*left, *right) = (*(&*left).min(right), *(&*right).min(left));
        }
        if shapes.0 != shapes.1 {
            let (left, right) = shapes;
            found.push(Difference::Shape { left, right });
            return Ok(());
        }
        let is_enough = self.rules.brief && !found.is_empty();
        if !can_be || is_enough {
            return Ok(());
        }
        let mut tolerance = self.rules.tolerance;
        if left.kind == NodeKind::Bytes {
            tolerance = Tolerance { absolute: 0.0, relative: 0.0, ..tolerance };
        }
        let arrays = Arrays { sides: self.sides, types, shape: shapes.0, tolerance };
        found.extend(arrays.compare(self.rules, self.telling)?.map(Difference::Values));
        Ok(())
    }

    fn objects(&self, left: &Node, right: &Node, found: &mut Vec<Difference>) -> Result<()> {
        let names = [left, right].map(|node| node.type_name.clone().unwrap_or_default());
        if names[0] != names[1] && !self.rules.ignore_types {
            let [left, right] = names;
            found.push(Difference::Type { left, right });
        }
        let (left, right) = (self.sides.0.object()?, self.sides.1.object()?);
        let fields = fields::compare(&left, &right, &self.rules.tolerance, self.rules.most);
        found.extend(fields.map(Difference::Fields));
        Ok(())
    }
}

/// The names of the axes that somebody gave; the others come from the key.
fn given_names(layout: &Layout) -> Vec<Option<String>> {
    let names = layout.dimension_names.iter().enumerate();
    names.map(|(axis, name)| name.clone().filter(|name| !is_automatic_name(name, axis))).collect()
}
