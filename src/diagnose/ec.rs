//! The listed fine-grained codes (EC), with cause and remedy.

/// One line per EC, sorted: EC, cause and remedy, separated by tabs. `-` if the remedy of the code
/// is better.
static TABLE: &str = include_str!("ec.tsv");

/// The cause and the remedy of a listed EC.
pub(super) fn listed(ec: &str) -> Option<(&'static str, Option<&'static str>)> {
    TABLE.lines().find_map(|line| {
        let mut columns = line.split('\t');
        (columns.next()? == ec).then_some((columns.next()?, columns.next().filter(|remedy| *remedy != "-")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{area::area_of, link::is_well_formed};

    #[test]
    fn every_ec_is_listed_once_with_cause_and_remedy() {
        let mut last = "";
        for line in TABLE.lines() {
            let columns: Vec<_> = line.split('\t').collect();
            assert_eq!(columns.len(), 3, "{line}");
            assert!(last < columns[0], "{line}");
            assert!(columns.iter().all(|text| !text.trim().is_empty() && *text == text.trim()), "{line}");
            assert!(is_well_formed(columns[0]), "{line}");
            assert!(area_of(columns[0]).is_some(), "{line}");
            let remedy = Some(columns[2]).filter(|remedy| *remedy != "-");
            assert_eq!(listed(columns[0]), Some((columns[1], remedy)));
            last = columns[0];
        }
        assert_eq!(TABLE.lines().count(), 422, "change this number with the table");
    }

    #[test]
    fn no_remedy_promises_that_a_retry_helps() {
        for line in TABLE.lines() {
            let remedy = line.rsplit('\t').next().unwrap_or_default().to_lowercase();
            assert!(!remedy.contains("retry") && !remedy.contains("try again"), "{line}");
        }
    }

    #[test]
    fn an_ec_that_is_not_listed_is_not_found() {
        for ec in ["9999-99999999", "", "0026", "0026-00000001 "] {
            assert_eq!(listed(ec), None, "{ec}");
        }
    }
}
