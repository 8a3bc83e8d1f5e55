//! Builds the examples once, and runs them.

use std::{
    env,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    thread,
};

/// The directory of the examples. Builds them first: this test may have been built without them.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // `target/debug/deps/examples-0123456789abcdef`
        let profile = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--examples", "--all-features"]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--target-dir").arg(profile.parent().unwrap());
        // The environment of this test would make build scripts of dependencies run again.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                cargo.env_remove(&name);
            }
        }
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the examples do not build");
        profile.join("examples")
    })
}

/// A run of an example in the root of the repository, without OSS's variables in the environment.
pub(crate) struct Run(Command);

impl Run {
    pub(crate) fn new(example: &str) -> Self {
        let mut command = Command::new(folder().join(example));
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OSS_")) {
            command.env_remove(name);
        }
        Self(command)
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.0.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs it with this input.
    pub(crate) fn output(mut self, input: &[u8]) -> Output {
        self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.0.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        // A program that does not read its input may close it.
        thread::spawn(move || drop(stdin.write_all(&input)));
        child.wait_with_output().unwrap()
    }

    /// Runs it without input. Returns its output. It has to succeed.
    pub(crate) fn page(self) -> String {
        let output = self.output(b"");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{stderr}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}
