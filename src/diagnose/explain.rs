//! Explains an error by its code, its EC and the shape of the response.

use http::StatusCode;

use super::{
    area::area_of,
    ec::listed,
    link::{guide_url, is_well_formed},
    origin, remedy,
};
use crate::error::{
    CodeOrigin, Doubt, ErrorClass, ErrorCode, Explanation, FixedBy, Meaning, OssError, Outlook,
};

const CAUTION: &str = "It may have taken effect: check before you repeat it";

impl OssError {
    /// Explains what the error means, its likely cause, and what to do about it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let secrets = self.secrets();
        // The link contains these, and must not repeat a secret of the document.
        let is_public = |text: &&str| !secrets.are_in(text);
        let inferred = self.code_origin() == CodeOrigin::Inferred;
        let explanation = Explanation::of(&Evidence {
            code: Some(self.code()),
            // A code that was inferred from the status means no more than the status.
            meaning: self.code().meaning().filter(|_| !inferred),
            class: self.class(),
            outlook: self.outlook(),
            shape: origin::cause(self),
            is_from_oss: origin::is_from_oss(self),
            ec: self.ec().filter(is_public),
            recommended: self.recommend_doc().filter(is_public),
        });
        explanation.in_doubt(Doubt::of(self.notes()))
    }
}

/// What an explanation is derived from.
struct Evidence<'a> {
    code: Option<&'a ErrorCode>,
    meaning: Option<&'static str>,
    class: ErrorClass,
    outlook: Outlook,
    /// The cause that the shape of the response tells.
    shape: Option<&'static str>,
    is_from_oss: bool,
    ec: Option<&'a str>,
    recommended: Option<&'a str>,
}

impl Explanation {
    /// Explains a code, without an error.
    #[must_use]
    pub fn of_code(code: &ErrorCode) -> Self {
        let status = code.documented_status().unwrap_or(StatusCode::CONTINUE);
        let Meaning { class, outlook, .. } = Meaning::of(code, status, || false);
        Self::of(&Evidence {
            code: Some(code),
            meaning: code.meaning(),
            class,
            outlook,
            shape: None,
            is_from_oss: true,
            ec: None,
            recommended: None,
        })
    }

    /// Explains an EC, without an error.
    ///
    /// Returns `None` if the text does not have the form of an EC, which is four digits, a hyphen
    /// and eight digits.
    #[must_use]
    pub fn of_ec(ec: &str) -> Option<Self> {
        is_well_formed(ec).then(|| {
            let explanation = Self::of(&Evidence {
                code: None,
                meaning: None,
                class: ErrorClass::Unknown,
                outlook: Outlook::Permanent,
                shape: None,
                is_from_oss: true,
                ec: Some(ec),
                recommended: None,
            });
            Self { fixed_by: remedy::fixed_by_ec(ec), ..explanation }
        })
    }

    /// An explanation of an error without a response.
    pub(super) fn without_response(
        cause: &'static str,
        remedy: &'static str,
        fixed_by: FixedBy,
        retry_helps: bool,
    ) -> Self {
        let (cause, fixed_by) = (Some(cause), Some(fixed_by));
        Self {
            caution: None,
            meaning: None,
            cause,
            area: None,
            remedy,
            fixed_by,
            retry_helps,
            guide_url: None,
        }
    }

    /// Adds what to check first, if the request may have taken effect.
    pub(super) fn in_doubt(self, doubt: Option<Doubt>) -> Self {
        let remedy = match doubt {
            Some(Doubt::Outcome) if self.retry_helps => "If it did not take effect, try again after a wait",
            _ => self.remedy,
        };
        Self { caution: doubt.map(|_| CAUTION), remedy, ..self }
    }

    fn of(evidence: &Evidence<'_>) -> Self {
        let of_ec = evidence.ec.and_then(listed);
        let area = evidence.ec.and_then(area_of);
        // If the status overrides the class of the code, the remedy of the code does not apply.
        let of_code = evidence.code.filter(|code| code.class() == evidence.class).and_then(remedy::of_code);
        let (remedy, fixed_by) = of_code
            .unwrap_or_else(|| remedy::of_class(evidence.class, evidence.outlook, evidence.is_from_oss));
        Self {
            caution: None,
            meaning: evidence.meaning,
            cause: evidence.shape.or(of_ec.map(|(cause, _)| cause)).or(area.map(|(_, sentence)| sentence)),
            area: area.map(|(area, _)| area),
            remedy: of_ec.and_then(|(_, remedy)| remedy).unwrap_or(remedy),
            fixed_by: evidence.ec.and_then(remedy::fixed_by_ec).or(Some(fixed_by)),
            retry_helps: matches!(evidence.outlook, Outlook::Transient | Outlook::Throttled),
            guide_url: guide_url(evidence.recommended, evidence.ec),
        }
    }
}

#[cfg(test)]
mod tests;
