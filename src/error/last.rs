use super::OssError;

/// The error of the attempt before, in the extensions of a request that is repeated: what a layer below that gives up
/// on the request can name as the reason.
#[derive(Clone, Debug)]
pub(crate) struct LastError(#[expect(dead_code, reason = "for a throttle below")] pub(crate) OssError);
