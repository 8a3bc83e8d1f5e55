//! A tower layer that signs requests for OSS. The crate does not sign, so this is part of the
//! examples.

mod credentials;
mod layer;
mod target;
pub(crate) mod v4;

#[allow(unused_imports, reason = "not every program needs all of them")]
pub(crate) use self::{
    credentials::{Credentials, Keys, refresh},
    layer::SignerLayer,
    target::Target,
};
