//! What the documents name is there.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// The texts of all files of Rust code below a folder.
fn code_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.map(|path| match path.extension() {
        _ if path.is_dir() => code_below(&path),
        Some(extension) if extension == "rs" => vec![fs::read_to_string(path).unwrap()],
        _ => Vec::new(),
    });
    texts.flatten().collect()
}

/// The names of all functions.
fn functions(root: &Path) -> HashSet<String> {
    let code = ["src", "tests"].map(|folder| code_below(&root.join(folder))).concat();
    let names = code.iter().flat_map(|text| text.split("fn ").skip(1));
    names.map(|rest| rest.split(['(', '<']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_tests_and_files_that_the_security_documents_name_exist() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let functions = functions(&root);
    for document in ["SECURITY.md", "docs/threats.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        let quoted: Vec<_> = text.split('`').skip(1).step_by(2).collect();
        assert!(quoted.len() > 10, "{document}");
        for name in quoted {
            let is_test = name.matches('_').count() > 2
                && !name.contains(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            let is_path =
                ["src/", "tests/", "benches/", "fuzz/", ".ci/"].iter().any(|folder| name.starts_with(folder));
            assert!(!is_test || functions.contains(name), "{document}: no test {name}");
            assert!(!is_path || root.join(name).exists(), "{document}: no file {name}");
        }
    }
}
