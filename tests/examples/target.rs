//! Which bucket the examples use, by the settings in the environment.

use crate::signer::Target;

/// Region and address of the bucket `b`.
fn target(endpoint: Option<&str>, bucket: Option<&str>, region: Option<&str>) -> Option<(String, String)> {
    let get = |name: &str| match name {
        "OSS_ENDPOINT" => endpoint.map(str::to_owned),
        "OSS_BUCKET" => bucket.map(str::to_owned),
        "OSS_REGION" => region.map(str::to_owned),
        name => panic!("{name} is not documented"),
    };
    Target::from_settings(get).map(|(target, url)| {
        assert_eq!(target.bucket, "b");
        (target.region, url)
    })
}

#[test]
fn the_endpoint_names_the_region_and_the_bucket_its_host() {
    for (endpoint, region, expected) in [
        (
            "https://oss-cn-hangzhou.aliyuncs.com",
            None,
            ("cn-hangzhou", "https://b.oss-cn-hangzhou.aliyuncs.com"),
        ),
        ("oss-cn-hangzhou.aliyuncs.com", None, ("cn-hangzhou", "https://b.oss-cn-hangzhou.aliyuncs.com")),
        (
            "http://oss-eu-central-1.aliyuncs.com/",
            None,
            ("eu-central-1", "http://b.oss-eu-central-1.aliyuncs.com"),
        ),
        (
            "oss-cn-beijing-internal.aliyuncs.com",
            None,
            ("cn-beijing", "https://b.oss-cn-beijing-internal.aliyuncs.com"),
        ),
        (
            "https://oss-accelerate.aliyuncs.com",
            Some("cn-hangzhou"),
            ("cn-hangzhou", "https://b.oss-accelerate.aliyuncs.com"),
        ),
    ] {
        let (named, url) = target(Some(endpoint), Some("b"), region).unwrap();
        assert_eq!((&*named, &*url), expected, "{endpoint}");
    }
}

#[test]
fn without_endpoint_or_bucket_the_stand_in_is_used() {
    assert_eq!(target(None, Some("b"), Some("cn-hangzhou")), None);
    assert_eq!(target(Some("oss-cn-hangzhou.aliyuncs.com"), None, None), None);
}
