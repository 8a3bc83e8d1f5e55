use crate::fault::*;

pub(crate) fn over_tls() -> Vec<Fault> {
    let thrice = |name, bytes| fault(name, Script::Tls(bytes), &["no response: connect"], 0, 3);
    vec![
        thrice("close inside the handshake", b""),
        thrice("no TLS", b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"),
        // A fatal alert: handshake_failure, and unrecognized_name.
        thrice("handshake_failure", b"\x15\x03\x03\x00\x02\x02\x28"),
        thrice("unrecognized_name", b"\x15\x03\x03\x00\x02\x02\x70"),
    ]
}
