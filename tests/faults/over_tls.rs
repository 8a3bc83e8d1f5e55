//! Faults of the TLS handshake.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::fault::*;

pub(crate) fn over_tls() -> Vec<Fault> {
    let thrice = |name, script| fault(name, script, &["no response: connect"], 0, 3);
    vec![
        thrice("close inside the handshake", Script::Tls(b"")),
        thrice("no TLS", Script::Tls(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")),
        // A fatal alert: handshake_failure, and unrecognized_name.
        thrice("handshake_failure", Script::Tls(b"\x15\x03\x03\x00\x02\x02\x28")),
        thrice("unrecognized_name", Script::Tls(b"\x15\x03\x03\x00\x02\x02\x70")),
        thrice("an untrusted certificate", Script::Untrusted),
    ]
}

/// Performs a handshake with a certificate that the client rejects.
pub(crate) async fn reject(stream: TcpStream) {
    const PEM: &[u8] = include_bytes!("untrusted.pem");
    let certificate = CertificateDer::from_pem_slice(PEM).unwrap();
    let key = PrivateKeyDer::from_pem_slice(PEM).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate], key).unwrap();
    let rejected = TlsAcceptor::from(Arc::new(config)).accept(stream).await;
    assert!(rejected.is_err(), "the client trusts it");
}
