//! The areas of OSS, named by the first four digits of an EC.

/// Makes a row: the digits, the area, and the cause of an EC that is not listed.
macro_rules! area {
    ($group:literal, $area:literal) => {
        ($group, $area, concat!("Something about ", $area, ": the area that this EC belongs to"))
    };
}

/// Sorted by the digits. OSS's list has gaps: an EC of an unlisted area has no area. 0052 is not on
/// OSS's list, but OSS sends it.
static AREAS: &[(&str, &str, &str)] = &[
    area!("0001", "internal error"),
    area!("0002", "authentication and signatures"),
    area!("0003", "access control"),
    area!("0004", "rate and bandwidth limits (QoS)"),
    area!("0005", "encryption"),
    area!("0006", "POST form upload"),
    area!("0007", "upload callback"),
    area!("0010", "tags"),
    area!("0011", "user metadata"),
    area!("0012", "versioning"),
    area!("0013", "storage class"),
    area!("0014", "lifecycle rules"),
    area!("0015", "bucket"),
    area!("0016", "object operations"),
    area!("0017", "request headers and parameters"),
    area!("0018", "custom domain (CNAME)"),
    area!("0019", "static website"),
    area!("0020", "inventory"),
    area!("0021", "service"),
    area!("0024", "data lake"),
    area!("0025", "CloudBox"),
    area!("0026", "object storage layer (object state)"),
    area!("0027", "retention policy (WORM)"),
    area!("0028", "transfer acceleration"),
    area!("0030", "bucket policy"),
    area!("0031", "replication"),
    area!("0032", "logging"),
    area!("0033", "hotlink protection (Referer)"),
    area!("0034", "CORS rules"),
    area!("0035", "requester pays"),
    area!("0036", "access tracking"),
    area!("0037", "metadata query"),
    area!("0038", "anti-DDoS"),
    area!("0039", "resource group"),
    area!("0040", "image processing"),
    area!("0041", "mirroring (back-to-origin)"),
    area!("0042", "multipart upload"),
    area!("0043", "symbolic links"),
    area!("0044", "LiveChannel"),
    area!("0046", "user-defined log fields"),
    area!("0048", "forced download and default-domain limits"),
    area!("0052", "data redundancy transition"),
    area!("0053", "video processing"),
    area!("0056", "Intelligent Media Management (IMM)"),
    area!("0061", "security"),
];

/// The area of an EC, and the cause if the EC is not listed.
pub(super) fn area_of(ec: &str) -> Option<(&'static str, &'static str)> {
    let (group, _) = ec.split_once('-')?;
    let at = AREAS.binary_search_by_key(&group, |(group, ..)| *group).ok()?;
    Some((AREAS[at].1, AREAS[at].2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_sorted_and_listed_once() {
        assert!(AREAS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(AREAS.iter().all(|(group, area, _)| group.len() == 4 && !area.is_empty()));
    }

    #[test]
    fn an_area_is_found_by_its_four_digits() {
        assert_eq!(area_of("0040-99999999").map(|(area, _)| area), Some("image processing"));
        for unknown in ["9999-00000001", "40-00000001", "0040", "", "-", "00400-1"] {
            assert_eq!(area_of(unknown), None, "{unknown}");
        }
    }
}
