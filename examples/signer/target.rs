use std::env;

/// The bucket whose requests are signed, and its region.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) bucket: String,
    pub(crate) region: String,
}

impl Target {
    /// The bucket from `OSS_ENDPOINT` and `OSS_BUCKET`, if they are set, and its address.
    ///
    /// `OSS_REGION` is needed only if the endpoint does not name the region.
    pub(crate) fn from_env() -> Option<(Self, String)> {
        Self::from_settings(|name| env::var(name).ok())
    }

    /// The same, from any source of settings.
    pub(crate) fn from_settings(get: impl Fn(&str) -> Option<String>) -> Option<(Self, String)> {
        let (endpoint, bucket) = (get("OSS_ENDPOINT")?, get("OSS_BUCKET")?);
        let (scheme, host) = endpoint.split_once("://").unwrap_or(("https", &endpoint));
        let host = host.trim_end_matches('/');
        // `oss-cn-hangzhou.aliyuncs.com`, `oss-cn-hangzhou-internal.aliyuncs.com`
        let label = host.split('.').next().unwrap_or_default();
        let named = label.trim_start_matches("oss-").trim_end_matches("-internal").to_owned();
        let region = get("OSS_REGION").unwrap_or(named);
        let url = format!("{scheme}://{bucket}.{host}");
        Some((Self { bucket, region }, url))
    }
}
