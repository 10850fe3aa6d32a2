//! From the recorded definitions to a schema: which of them are written in place, and which become named
//! types that are referred to.

use super::graph::{Definition, Graph, Head, Id};
use super::limits::{MAX_INLINE_HEIGHT, MAX_SCHEMA_NODES};
use super::schema::{Field, Node, Schema, Variant};

/// Definitions up to this many nodes are repeated rather than referred to: `{"seq":"f64"}` reads better.
const MAX_REPEATED_NODES: usize = 4;

/// Makes the schema of the type `root`, unless it is larger than a reader takes.
pub(super) fn schema_of(graph: &Graph, root: Id) -> Option<Schema> {
    let root = graph.representative(root);
    let mut plan = Plan { marks: vec![Mark::default(); graph.len()], named: Vec::new() };
    plan.count_uses(graph, root);
    plan.visit(graph, root);
    if plan.nodes(root) > MAX_SCHEMA_NODES {
        return None;
    }
    let types = plan.named.iter().map(|id| plan.node(graph, *id)).collect();
    Some(Schema { root: plan.node_or_ref(graph, root), types })
}

/// The state of one definition.
#[derive(Clone, Default)]
struct Mark {
    uses: usize,
    state: State,
    /// Nodes and levels if written in place.
    nodes: usize,
    height: usize,
    /// Position among the types of the schema.
    name: Option<usize>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    New,
    Active,
    Done,
}

struct Plan {
    marks: Vec<Mark>,
    named: Vec<Id>,
}

impl Plan {
    fn count_uses(&mut self, graph: &Graph, root: Id) {
        let mut pending = vec![root];
        let mut met = vec![false; self.marks.len()];
        while let Some(id) = pending.pop() {
            if !std::mem::replace(&mut met[id], true) {
                for part in parts(graph, id).into_iter().flatten() {
                    self.marks[part].uses += 1;
                    pending.push(part);
                }
            }
        }
    }

    /// Decides about a definition, after its parts. One that is met again on the way contains itself.
    fn visit(&mut self, graph: &Graph, id: Id) {
        self.marks[id].state = State::Active;
        let (mut nodes, mut height) = (1, 1);
        for part in parts(graph, id) {
            let Some(part) = part else {
                nodes += 1;
                continue;
            };
            match self.marks[part].state {
                State::New => self.visit(graph, part),
                State::Active => self.give_name(part),
                State::Done => {}
            }
            let mark = &self.marks[part];
            let (part_nodes, part_height) =
                if mark.name.is_some() { (1, 1) } else { (mark.nodes, mark.height) };
            nodes += part_nodes;
            height = height.max(1 + part_height);
        }
        let mark = &mut self.marks[id];
        (mark.state, mark.nodes, mark.height) = (State::Done, nodes, height);
        if (mark.uses > 1 && nodes > MAX_REPEATED_NODES) || height >= MAX_INLINE_HEIGHT {
            self.give_name(id);
        }
    }

    /// Nodes of the whole schema.
    fn nodes(&self, root: Id) -> usize {
        self.named.iter().chain([&root]).map(|id| self.marks[*id].nodes).sum()
    }

    fn give_name(&mut self, id: Id) {
        if self.marks[id].name.is_none() {
            self.marks[id].name = Some(self.named.len());
            self.named.push(id);
        }
    }

    fn node_or_ref(&self, graph: &Graph, id: Id) -> Node {
        let id = graph.representative(id);
        self.marks[id].name.map_or_else(|| self.node(graph, id), Node::Ref)
    }

    fn node(&self, graph: &Graph, id: Id) -> Node {
        let part = |id: &Id| self.node_or_ref(graph, *id);
        let part_or_unknown = |id: &Option<Id>| id.as_ref().map_or(Node::Unknown, part);
        match graph.definition(id) {
            Definition::Unknown | Definition::Same(_) => Node::Unknown,
            Definition::Primitive(primitive) => Node::Primitive(*primitive),
            Definition::Option(inner) => Node::Option(Box::new(part_or_unknown(inner))),
            Definition::Seq(item) => Node::Seq(Box::new(part_or_unknown(item))),
            Definition::Map(key, value) => {
                Node::Map(Box::new((part_or_unknown(key), part_or_unknown(value))))
            }
            Definition::Newtype(name, inner) => {
                Node::Newtype { name: Some((*name).to_owned()), inner: Box::new(part(inner)) }
            }
            Definition::Members(members) => match members.head {
                Head::Tuple(name) => Node::Tuple {
                    name: name.map(str::to_owned),
                    items: members.list.iter().map(|(_, id)| part(id)).collect(),
                },
                Head::Struct(name) => Node::Struct {
                    name: Some(name.to_owned()),
                    fields: (members.list.iter())
                        .map(|(name, id)| Field { name: (*name).to_owned(), node: part(id) })
                        .collect(),
                },
            },
            Definition::Enum(name, cases) => Node::Enum {
                name: Some((*name).to_owned()),
                variants: (cases.iter())
                    .map(|(index, case)| Variant {
                        index: *index,
                        name: case.name.to_owned(),
                        payload: case.payload.as_ref().map(part),
                    })
                    .collect(),
            },
        }
    }
}

/// The definitions that one is made of, once for each time it holds them; `None` where one is unknown.
fn parts(graph: &Graph, id: Id) -> Vec<Option<Id>> {
    let parts = match graph.definition(id) {
        Definition::Unknown | Definition::Same(_) | Definition::Primitive(_) => Vec::new(),
        Definition::Option(part) | Definition::Seq(part) => vec![*part],
        Definition::Map(key, value) => vec![*key, *value],
        Definition::Newtype(_, part) => vec![Some(*part)],
        Definition::Members(members) => members.list.iter().map(|member| Some(member.1)).collect(),
        Definition::Enum(_, cases) => cases.values().filter_map(|case| case.payload).map(Some).collect(),
    };
    parts.into_iter().map(|part| part.map(|id| graph.representative(id))).collect()
}
