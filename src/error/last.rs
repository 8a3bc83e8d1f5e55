use super::OssError;

/// Request extension with the OSS error of the last attempt before this one.
///
/// Added by the retry policy. If a layer below does not send the request, its error includes this
/// one.
#[derive(Clone, Debug)]
pub(crate) struct LastError(pub(crate) OssError);
