//! What is measured: one file per subject. A new group goes into the `GROUPS` of its subject.

mod calls;
mod client;
mod documents;
mod held;
mod hostile;
mod shapes;

use crate::measure::Group;

/// All groups, in the order of the table. The first case of the first one is the unit of
/// `Measure::Added`.
pub fn all() -> impl Iterator<Item = &'static Group> {
    [documents::GROUPS, shapes::GROUPS, calls::GROUPS, held::GROUPS, client::GROUPS, hostile::GROUPS]
        .into_iter()
        .flatten()
}

pub fn run(group: &str, name: &str) {
    let group = all().find(|known| known.name == group).expect("a group of this name");
    let case = group.cases.iter().find(|(known, _)| *known == name);
    case.expect("a case of this name").1();
}
