use super::OssError;

/// The OSS error of the last attempt before this one: a request extension.
///
/// The retry policy adds it, so that a layer below that does not send the request can say why it
/// was retried.
#[derive(Clone, Debug)]
pub(crate) struct LastError(pub(crate) OssError);
