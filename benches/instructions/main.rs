//! Instructions and allocations of every hot path, counted by callgrind: the same numbers on every
//! run.
//!
//! ```text
//! cargo bench --bench instructions               # prints the table
//! cargo bench --bench instructions -- --check    # fails if a figure differs from limits.tsv
//! cargo bench --bench instructions -- --write    # writes limits.tsv anew
//! ```
#![expect(clippy::unwrap_used, reason = "a bench that unwraps too much fails")]
#![expect(unreachable_pub, reason = "what the benches share is public to each of them")]

mod callgrind;
mod groups;
mod measure;
mod server;
#[path = "../shared/mod.rs"]
mod shared;
mod table;

use std::{env, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] if !env::args().any(|argument| argument == "--bench") => {} // cargo test runs benches, too
        ["case", group, name] => groups::run(group, name),
        _ if !callgrind::is_there() => {
            println!("NOT MEASURED: valgrind is missing (apt-get install valgrind)")
        }
        ["--check"] => return table::check(),
        ["--write"] => table::write(),
        ["--only", group] => table::print(group),
        _ => table::print(""),
    }
    ExitCode::SUCCESS
}
