//! Tests of the module `mime`.

mod bodies;
mod framing;
mod headers;
mod hostile;
mod limits;
mod round_trip;

use postacert::Limits;
use postacert::mime::{Entity, Tree};

fn tree(raw: &[u8]) -> Tree<'_> {
    Tree::parse(raw, &Limits::default()).unwrap()
}

/// Each finding as `section code`, the section of the message itself being `-`.
fn codes(tree: &Tree<'_>) -> Vec<String> {
    let name = |entity: &Entity<'_, '_>| if entity.section().is_empty() { "-".to_owned() } else { entity.section() };
    tree.findings().map(|(entity, finding)| format!("{} {}", name(&entity), finding.code())).collect()
}

/// The entity with this section number.
fn part<'t, 'a>(tree: &'t Tree<'a>, section: &str) -> Entity<'t, 'a> {
    tree.entities().find(|e| e.section() == section).unwrap()
}

/// The tree as indented lines of section, type and exact bytes.
fn outline(tree: &Tree<'_>) -> String {
    let line = |e: Entity<'_, '_>| format!("{} {} {:?}\n", e.section(), e.content_type(), String::from_utf8_lossy(e.body()));
    tree.entities().map(line).collect()
}
