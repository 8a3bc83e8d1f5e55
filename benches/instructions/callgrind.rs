use std::{env, fs, path::Path, process::Command};

use crate::server;

/// The cost of one round of a case.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub instructions: u64,
    pub allocations: u64,
}

pub fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs this program again under callgrind, and counts only inside of `measured`.
pub fn cost_of(group: &str, case: &str) -> Cost {
    let counts = Path::new(env!("CARGO_TARGET_TMPDIR")).join("callgrind");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-strings=no"])
        // Counts from before are dropped, and those from after are in another file.
        .args(
            ["--zero-before", "--dump-after"]
                .map(|option| format!("{option}=instructions::measure::measured")),
        )
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(env::current_exe().unwrap())
        .args(["case", group, case])
        .env("SERVER", server::address().to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{group}, {case}: {}", String::from_utf8_lossy(&output.stderr));
    read(&fs::read_to_string(counts.with_extension("1")).unwrap())
}

/// Reads the total and the calls of the allocator from callgrind's output.
fn read(counts: &str) -> Cost {
    let (mut instructions, mut allocations, mut callee) = (0, 0, "");
    for line in counts.lines() {
        if let Some(total) = line.strip_prefix("totals: ") {
            instructions = total.trim().parse().unwrap();
        } else if let Some(name) = line.strip_prefix("cfn=") {
            callee = name;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if matches!(callee, "malloc" | "calloc" | "realloc" | "posix_memalign" | "aligned_alloc") {
                allocations += calls.split(' ').next().unwrap().parse::<u64>().unwrap();
            }
        }
    }
    Cost { instructions, allocations }
}
