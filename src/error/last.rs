use super::OssError;

/// The last error that OSS answered a request with before it was repeated: a request extension.
///
/// Who repeats a request puts it in, so that a layer below which gives the request up can say why it was being
/// repeated at all.
#[derive(Clone, Debug)]
pub(crate) struct LastError(pub(crate) OssError);
