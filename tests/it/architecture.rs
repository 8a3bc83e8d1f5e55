//! The code keeps to the tables of ARCHITECTURE.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

type Names = BTreeSet<String>;

/// The code below `src`, without comments and tests: by path, without the extension.
fn code() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    collect(&root, &root, &mut files);
    let tests: Vec<_> = files.iter().flat_map(|(path, code)| test_modules(path, code)).collect();
    files.retain(|path, _| !tests.contains(path));
    files.into_iter().map(|(path, code)| (path, without_tests(&code))).collect()
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let name = path.strip_prefix(root).unwrap().with_extension("");
            let name = name.to_str().unwrap().replace('\\', "/");
            let name = name.strip_suffix("/mod").unwrap_or(&name).to_owned();
            files.insert(name, code.map(|line| format!("{line}\n")).collect());
        }
    }
}

/// The paths of the files that are compiled for tests only.
fn test_modules(path: &str, code: &str) -> Vec<String> {
    let lines: Vec<_> = code.lines().collect();
    let for_tests = |line: &str| line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test,");
    let gated = lines.windows(2).filter(|pair| for_tests(pair[0]));
    let names = gated.filter_map(|pair| pair[1].strip_prefix("mod ")?.strip_suffix(';'));
    names.map(|name| format!("{path}/{name}")).collect()
}

fn without_tests(code: &str) -> String {
    code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// The modules of this crate that the code names: each `crate::a`, and each first name in a
/// `crate::{a::b, c::{d, e}}`.
fn imports(code: &str) -> Names {
    code.split("crate::").skip(1).flat_map(first_names).collect()
}

fn first_names(path: &str) -> Vec<String> {
    let name =
        |text: &str| text.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().map(String::from);
    let Some(group) = path.strip_prefix('{') else {
        return name(path).into_iter().collect();
    };
    let mut depth = 0_usize;
    let mut first = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            c if depth == 0 => first.push(c),
            _ => {}
        }
    }
    first.split(',').filter_map(name).filter(|name| !name.is_empty()).collect()
}

/// The names in the two cells of each row of the table with this heading.
fn table(heading: &str) -> Vec<(Vec<String>, Names)> {
    let page = include_str!("../../ARCHITECTURE.md");
    let (_, table) = page.split_once(heading).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    rows.map(|row| {
        let (left, right) = row[1..].split_once('|').unwrap();
        (quoted(left), quoted(right).into_iter().collect())
    })
    .collect()
}

#[test]
fn modules_import_what_the_table_says_and_only_from_below() {
    let mut found = BTreeMap::<String, Names>::new();
    for (path, code) in code() {
        let module = path.split('/').next().unwrap_or_default().to_owned();
        let names = imports(&code).into_iter().filter(|name| *name != module);
        found.entry(module.clone()).or_default().extend(names);
    }
    found.remove("lib"); // the public names
    let mut above = Names::new();
    for (modules, listed) in table("| module | imports |") {
        for module in modules {
            let upward: Vec<_> = listed.intersection(&above).collect();
            assert!(upward.is_empty(), "{module} imports what is above it: {upward:?}");
            let imported = found.remove(&module).unwrap_or_else(|| panic!("there is no module {module}"));
            assert_eq!(imported, listed, "ARCHITECTURE.md says otherwise of {module}");
            above.insert(module);
        }
    }
    assert!(found.is_empty(), "not in ARCHITECTURE.md: {found:?}");
}

#[test]
fn only_the_files_in_the_table_have_clocks_timers_locks_and_random_numbers() {
    let (code, rows) = (code(), table("| code | files |"));
    for (patterns, listed) in rows {
        let has = |code: &str| patterns.iter().any(|pattern| code.contains(pattern));
        let found: Names = code.iter().filter(|(_, code)| has(code)).map(|(path, _)| path.clone()).collect();
        assert_eq!(found, listed, "ARCHITECTURE.md says otherwise of {patterns:?}");
    }
}

#[test]
fn imports_are_read_from_paths_and_groups() {
    let code = "use crate::{a::{b, c::d}, e, f::G};\npub(crate) fn x() { crate::h::y(crate::i) }";
    assert_eq!(imports(code), Names::from(["a", "e", "f", "h", "i"].map(String::from)));
}
