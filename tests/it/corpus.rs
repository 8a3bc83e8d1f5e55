//! Every sample of `tests/data`, with and without the layer.

use tower_oss::{OssError, error::CodeOrigin, test_util::Answer};

use crate::support::{Sample, samples};

/// An error in the form of the expectation files.
fn described(error: &OssError) -> Vec<(String, String)> {
    let origin = match error.code_origin() {
        CodeOrigin::Body => "body",
        CodeOrigin::Header => "header",
        CodeOrigin::Inferred => "inferred",
        other => unreachable!("{other:?}"),
    };
    let always = [("code", error.code().as_str()), ("origin", origin), ("class", error.class().as_str())];
    let basic = [
        ("message", error.message()),
        ("request_id", error.request_id()),
        ("host_id", error.host_id()),
        ("ec", error.ec()),
        ("recommend_doc", error.recommend_doc()),
    ];
    let mut lines: Vec<_> = always.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    lines.extend(basic.iter().filter_map(|(key, value)| Some(((*key).to_owned(), (*value)?.to_owned()))));
    lines.extend(error.fields().map(|(name, value)| (format!("field {name}"), value.to_owned())));
    lines.push(("state".to_owned(), format!("{:?}", error.body_state()).to_lowercase()));
    lines
}

fn check(sample: &Sample, error: &OssError, how: &str) -> Result<(), String> {
    let expected: Vec<_> =
        sample.expected.iter().filter(|(key, _)| !matches!(&**key, "method" | "callback")).cloned().collect();
    let got = described(error);
    if got == expected {
        return Ok(());
    }
    Err(format!("{} ({how})\n  expected {expected:?}\n  got      {got:?}", sample.name))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_sample_has_a_row_in_the_readme() {
    let (_, cases) = include_str!("../data/README.md").split_once("## Cases").unwrap();
    let names = cases.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    let samples: Vec<_> = samples().into_iter().map(|sample| sample.name).collect();
    assert_eq!(names, samples);
}

#[test]
fn every_sample_is_read_as_expected_without_the_layer() {
    let faults: Vec<_> = samples()
        .iter()
        .filter_map(|sample| {
            check(sample, &OssError::from_response(sample.response.clone()), "without the layer").err()
        })
        .collect();
    assert_none(&faults);
}

#[tokio::test]
async fn every_sample_is_read_as_expected_through_the_layer_in_frames_of_any_size() {
    let mut faults = Vec::new();
    for sample in samples() {
        for frame in [usize::MAX, 7, 1] {
            let answer = Answer::new(sample.response.clone()).in_frames_of(frame);
            let error = sample.through_layer(answer).await;
            faults.extend(check(&sample, &error, &format!("frames of {frame}")).err());
            assert_eq!(error.method(), Some(sample.request().method().clone()));
        }
    }
    assert_none(&faults);
}
