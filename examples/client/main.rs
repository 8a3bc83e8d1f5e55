//! A signed client: put, get, head, list, multipart upload, delete.
//! `cargo run --example client [-- FILE]`
//!
//! It uses an embedded stand-in for OSS, and shows faults, too. With `OSS_ENDPOINT` (for example
//! `https://oss-cn-hangzhou.aliyuncs.com`), `OSS_BUCKET`, `OSS_REGION` (`cn-hangzhou`),
//! `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and, for temporary credentials,
//! `OSS_SESSION_TOKEN`, it uses that bucket: it creates two objects below `tower-oss-example/`, and
//! deletes them.

mod bad_day;
mod oss;
#[path = "../signer/mod.rs"]
mod signer;
mod stack;
#[path = "../stand_in/mod.rs"]
mod stand_in;
mod with_reqsign;

use std::{
    env,
    error::Error as StdError,
    fs::{self, File},
    future::ready,
    io::{self, Read},
    iter,
    path::PathBuf,
    process::{self, ExitCode},
};

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use tower_oss::{
    Error,
    error::{BoxError, NotSentError},
};

use crate::{
    oss::Bucket,
    signer::{Credentials, Keys, Target},
    stand_in::StandIn,
};

/// The minimum size of a part, to show several. OSS accepts 100 KiB to 5 GiB, and a smaller last
/// part.
const MIN_PART: u64 = 256 * 1024;

/// OSS accepts no more parts.
const MAX_PARTS: u64 = 10_000;

async fn a_good_day(bucket: &Bucket, file: PathBuf) -> Result<(), Error> {
    let (hello, large) = ("tower-oss-example/hello.txt", "tower-oss-example/large file.bin");
    println!("put      {hello}: ETag {}", bucket.put(hello, "Hello, OSS!").await?);
    println!("get      {hello}: {:?}", bucket.get(hello).await?);
    let (size, content_type) = bucket.head(hello).await?;
    println!("head     {hello}: {size} bytes, {content_type}");
    let (size, parts) = upload(bucket, large, file).await?;
    println!("upload   {large}: {size} bytes in {parts} parts");
    for object in bucket.list("tower-oss-example/").await? {
        println!("list     {}: {} bytes", object.key, object.size);
    }
    for key in [hello, large] {
        bucket.delete(key).await?;
        println!("delete   {key}");
    }
    Ok(())
}

/// Uploads a file with a progress bar. It goes to stderr, and is hidden if that is not a terminal.
async fn upload(bucket: &Bucket, key: &str, path: PathBuf) -> Result<(u64, u64), Error> {
    let io = |error: io::Error| NotSentError::prepare(format!("cannot read {path:?}: {error}"));
    let mut file = File::open(&path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let style = ProgressStyle::with_template("upload   [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec}");
    let bar = ProgressBar::new(size);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let part_size = MIN_PART.max(size.div_ceil(MAX_PARTS));
    let mut is_first = true; // an empty file has one part, too
    let parts = iter::from_fn(move || {
        let mut part = Vec::new();
        match file.by_ref().take(part_size).read_to_end(&mut part) {
            Ok(0) if !is_first => None,
            Ok(_) => {
                is_first = false;
                Some(Ok(Bytes::from(part)))
            }
            Err(error) => Some(Err(error)),
        }
    });
    // A part counts when it is stored, so a retry is not counted twice.
    bucket.upload(key, parts, |stored| bar.inc(stored)).await?;
    bar.finish_and_clear();
    Ok((size, size.div_ceil(part_size).max(1)))
}

/// Runs all operations, with the named file, or a generated one of a megabyte.
async fn a_good_day_with_file(bucket: &Bucket) -> Result<(), BoxError> {
    if let Some(path) = env::args_os().nth(1) {
        return Ok(a_good_day(bucket, path.into()).await?);
    }
    let path = env::temp_dir().join(format!("tower-oss-example-{}.bin", process::id()));
    fs::write(&path, vec![b'.'; 1024 * 1024])?;
    let result = a_good_day(bucket, path.clone()).await;
    fs::remove_file(path)?;
    Ok(result?)
}

#[tokio::main]
async fn main() -> ExitCode {
    let Err(error) = run().await else { return ExitCode::SUCCESS };
    // A transport error says what failed, and its sources say why.
    let causes = iter::successors(Some(&*error as &(dyn StdError + 'static)), |error| (*error).source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    eprintln!("client: {}", causes.join(": "));
    ExitCode::FAILURE
}

async fn run() -> Result<(), BoxError> {
    if let Some((target, url)) = Target::from_env() {
        println!("bucket   {url}");
        let client = stack::client(Credentials::new(|| ready(Keys::from_env())), target)?;
        return a_good_day_with_file(&Bucket::new(client, url)).await;
    }
    println!("bucket   embedded stand-in; set OSS_ENDPOINT and OSS_BUCKET for a real one");
    let target = Target { bucket: "examplebucket".to_owned(), region: "cn-hangzhou".to_owned() };
    let keys = || Keys::new("an-example-id", "an-example-secret", None);
    let (stand_in, address) = StandIn::start(target.clone(), keys()).await?;
    let url = format!("http://{address}/{}", target.bucket);
    let client = stack::client(Credentials::new(move || ready(Ok(keys()))), target.clone())?;
    a_good_day_with_file(&Bucket::new(client, &url)).await?;

    println!("\nsigned by reqsign");
    let client = with_reqsign::client(&target, "an-example-id", "an-example-secret");
    let bucket = Bucket::new(client, &url);
    println!("put      hello.txt: ETag {}", bucket.put("hello.txt", "Hello, OSS!").await?);
    println!("get      hello.txt: {:?}", bucket.get("hello.txt").await?);

    bad_day::show(&stand_in, &target, &url).await
}
