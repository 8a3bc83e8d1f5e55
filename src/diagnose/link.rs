//! The link to OSS's page about an error.

use std::str::FromStr;

use http::{Uri, uri::Scheme};

use crate::redact::Shown;

/// Hosts of Alibaba Cloud that explain errors. A `RecommendDoc` with any other host is ignored,
/// because it came over the wire.
const HOSTS: [&str; 4] =
    ["api.aliyun.com", "api.alibabacloud.com", "help.aliyun.com", "www.alibabacloud.com"];

/// Maximum length of a link, in bytes. Real ones have about 60.
const MAX_LINK: usize = 512;

/// The page about an error: `RecommendDoc` if its host is one of Alibaba Cloud's, else the page
/// about the EC.
pub(super) fn guide_url(recommended: Option<&str>, ec: Option<&str>) -> Option<String> {
    let ec = || ec.filter(|ec| is_well_formed(ec));
    recommended
        .filter(|url| is_trusted(url))
        .map(str::to_owned)
        .or_else(|| Some(format!("https://api.alibabacloud.com/troubleshoot?q={}", ec()?)))
}

/// Whether an EC has its documented form: four digits, a hyphen and eight digits.
pub(super) fn is_well_formed(ec: &str) -> bool {
    ec.len() == 13
        && ec.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn is_trusted(url: &str) -> bool {
    let Ok(uri) = Uri::from_str(url) else { return false };
    url.len() <= MAX_LINK
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && uri.scheme() == Some(&Scheme::HTTPS)
        // Only the host, without a port or a user.
        && uri.authority().is_some_and(|authority| HOSTS.contains(&authority.as_str()))
        // The link is shown, so nothing in it may have to be hidden.
        && Shown::new(url).to_string() == url
}

#[cfg(test)]
mod tests {
    use super::*;

    const EC: Option<&str> = Some("0026-00000001");
    const PAGE: &str = "https://api.alibabacloud.com/troubleshoot?q=0026-00000001";

    #[test]
    fn only_links_to_hosts_of_alibaba_cloud_are_used() {
        for url in [
            "https://api.aliyun.com/troubleshoot?q=0026-00000001",
            "https://help.aliyun.com/zh/oss/support/0026-00000001",
            "https://www.alibabacloud.com/help/en/oss#x",
            "https://api.alibabacloud.com",
            "htTps://api.aliyun.com/", // a scheme may be written in any case
        ] {
            assert_eq!(guide_url(Some(url), EC).as_deref(), Some(url));
        }
        for url in [
            "http://api.aliyun.com/troubleshoot",
            "https://api.aliyun.com.example.com/",
            "https://example.com/api.aliyun.com",
            "https://api.aliyun.com@example.com/",
            "https://user@api.aliyun.com/",
            "https://api.aliyun.com:8443/",
            "https://api.aliyun.com\\@example.com/",
            "https://xapi.aliyun.com/",
            "https://aliyun.com/",
            "https://api.aliyun.com/a b",
            "https://api.aliyun.com/troubleshoot?q=0026-00000001&Signature=abc",
            "https://help.aliyun.com/LTAI5tAbCdEf12",
            "https://api.aliyun.com/\u{202e}",
            "javascript:alert(1)//api.aliyun.com",
            "//api.aliyun.com/",
            "api.aliyun.com",
            "",
        ] {
            assert_eq!(guide_url(Some(url), EC).as_deref(), Some(PAGE), "{url}");
            assert_eq!(guide_url(Some(url), None), None, "{url}");
        }
        let long = format!("https://api.aliyun.com/{}", "a".repeat(MAX_LINK));
        assert_eq!(guide_url(Some(&long), EC).as_deref(), Some(PAGE));
    }

    #[test]
    fn a_link_is_made_only_of_a_well_formed_ec() {
        assert_eq!(guide_url(None, EC).as_deref(), Some(PAGE));
        for ec in ["", "0026-0000001", "0026_00000001", "0026-0000000x", "0026-00000001&a=b", "００２６-0001"]
        {
            assert_eq!(guide_url(None, Some(ec)), None, "{ec}");
        }
    }
}
