use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::LazyLock,
    thread,
};

use crate::shared::bodies::SIX;

/// The address of a server on the loopback interface that responds like OSS.
///
/// It runs in the process that starts the measured ones, and is not measured.
pub fn address() -> SocketAddr {
    static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(start);
    *ADDRESS
}

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(connection));
        }
    });
    address
}

/// A head and a body in one piece, for every request of a connection.
fn serve(mut connection: TcpStream) {
    let lines = BufReader::new(connection.try_clone().unwrap()).lines();
    let mut status = "200 OK";
    for line in lines.map_while(Result::ok) {
        if line.starts_with("GET /missing ") {
            status = "404 Not Found";
        } else if line.is_empty() {
            let response = format!(
                "HTTP/1.1 {status}\r\nServer: AliyunOSS\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
                 Content-Type: application/xml\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\
                 x-oss-request-id: 5C3D9175B6FC201293AD4C0D\r\nx-oss-server-time: 18\r\n\r\n{SIX}",
                SIX.len()
            );
            if connection.write_all(response.as_bytes()).is_err() {
                return;
            }
            status = "200 OK";
        }
    }
}
