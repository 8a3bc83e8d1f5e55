use std::{env, fs, path::Path};

/// Compares a text with the file of this name, or writes the file.
pub(crate) fn assert_snapshot(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/snapshots").join(name);
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, page).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != page {
        let same = expected.lines().zip(page.lines()).take_while(|(a, b)| a == b).count();
        let line =
            |text: &str| text.lines().nth(same).map_or("the end".to_owned(), |line| format!("{line:?}"));
        panic!(
            "{}, line {}: expected {}, got {}; the whole page:\n{page}",
            path.display(),
            same + 1,
            line(&expected),
            line(page)
        );
    }
}
