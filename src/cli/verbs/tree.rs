use std::collections::BTreeMap;

use calcstore::{Node, NodeKind};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{DETAIL, GROUP};
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::{elements, keys, summary};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore tree        everything
  calcstore tree /0     everything below /0
  calcstore tree -L 1   one level
  calcstore tree -a     with attributes")]
pub struct Arguments {
    /// A group, or a pattern: * within a component, ** across
    #[arg(value_name = "KEY", default_value = "/")]
    key: String,

    /// Draw so many levels
    #[arg(short = 'L', long, value_name = "LEVELS")]
    level: Option<usize>,

    /// Draw attributes, too
    #[arg(short, long)]
    attributes: bool,

    /// Draw with the characters of ASCII
    #[arg(long)]
    ascii: bool,
}

/// Draws everything below a group.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let roots = keys::own_nodes(&source, &asked.key)?;
    let mut lines = Vec::new();
    let mut listed = Vec::new();
    for root in roots {
        let mut below = if root.kind == NodeKind::Group { source.walk_nodes(&root.key)? } else { Vec::new() };
        let levels = |key: &str| key.matches('/').count();
        let above = if root.key == "/" { 0 } else { levels(&root.key) };
        below.retain(|node| asked.level.is_none_or(|level| levels(&node.key) - above <= level));
        session.output.problems(std::slice::from_ref(&root));
        session.output.problems(&below);
        if session.output.is_json() {
            listed.extend((root.kind != NodeKind::Group).then_some(root).into_iter().chain(below));
            continue;
        }
        let (children, width) = (children(below), session.output.list_width());
        let mut tree = Tree { source: &source, asked, children, width, lines };
        tree.node(&root, &root.key, "", "")?;
        lines = tree.lines;
    }
    if session.output.is_json() {
        session.output.json(&summary::list_to_json(&source, &listed)?)?;
    } else {
        session.output.lines(lines)?;
    }
    Ok(Exit::Done)
}

/// The nodes by the key of the group that they are in.
fn children(nodes: Vec<Node>) -> BTreeMap<String, Vec<Node>> {
    let mut children: BTreeMap<String, Vec<Node>> = BTreeMap::new();
    for node in nodes {
        let parent = node.key.rsplit_once('/').map_or("", |(parent, _)| parent);
        let parent = if parent.is_empty() { "/" } else { parent };
        children.entry(parent.to_owned()).or_default().push(node);
    }
    children
}

struct Tree<'a> {
    source: &'a Source,
    asked: &'a Arguments,
    children: BTreeMap<String, Vec<Node>>,
    width: usize,
    lines: Vec<String>,
}

impl Tree<'_> {
    /// Draws a node and what is below it; `first` stands before its own line, `rest` before the others.
    fn node(&mut self, node: &Node, name: &str, first: &str, rest: &str) -> Result<(), Failure> {
        let line = summary::line(self.source, node)?;
        let used = first.chars().count() + name.chars().count() + 2;
        let line = elements::shortened(&line, self.width.saturating_sub(used));
        let name =
            if node.kind == NodeKind::Group { format!("{GROUP}{name}{GROUP:#}") } else { name.to_owned() };
        let detail = if line.is_empty() { String::new() } else { format!("  {DETAIL}{line}{DETAIL:#}") };
        self.lines.push(format!("{first}{name}{detail}"));
        let mut below = self.children.remove(&node.key).unwrap_or_default().into_iter().peekable();
        let (tee, last, bar) =
            if self.asked.ascii { ("|-- ", "`-- ", "|   ") } else { ("├── ", "└── ", "│   ") };
        if self.asked.attributes {
            let bar = if below.peek().is_some() { bar } else { "    " };
            for (name, value) in &node.attributes {
                let line = elements::printable(&format!("{name} = {value}"));
                let used = rest.chars().count() + bar.chars().count() + 1;
                let line = elements::shortened(&line, self.width.saturating_sub(used));
                self.lines.push(format!("{rest}{bar}{DETAIL}@{line}{DETAIL:#}"));
            }
        }
        while let Some(child) = below.next() {
            let (branch, bar) = if below.peek().is_some() { (tee, bar) } else { (last, "    ") };
            let name = child.key.rsplit('/').next().unwrap_or_default().to_owned();
            self.node(&child, &name, &format!("{rest}{branch}"), &format!("{rest}{bar}"))?;
        }
        Ok(())
    }
}
