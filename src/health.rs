//! Asks a running server whether it can do its work: for health checks in images, which have no other client inside.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

/// How long the server may take to accept, and then again to answer. A server waits 5 seconds for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(8);
/// The longest status line that is read.
const STATUS_LINE: u64 = 256;

/// Asks the server under this address for `/readyz`; gives a sentence that says it is ready.
///
/// # Errors
/// With a sentence for the operator: the address is none, nobody answers there, or the server is not ready.
pub fn check(url: &str) -> Result<String, String> {
    let authority = url.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
    let Some(authority) = authority.filter(|authority| !authority.is_empty() && !authority.contains(['/', '?', '#', '@', '\r', '\n', ' ']))
    else {
        return Err(format!("{url} is no address of a server: give one such as http://127.0.0.1:8080"));
    };
    let line = status_line(authority).map_err(|error| format!("no answer from http://{authority}/readyz: {error}"))?;
    match line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)) {
        Some("200") => Ok(format!("http://{authority} is ready")),
        Some(status) => Err(format!("http://{authority} is not ready: /readyz answers {status}")),
        None => Err(format!("what answers under http://{authority} does not speak HTTP")),
    }
}

/// Sends the request and reads the first line of the answer.
fn status_line(authority: &str) -> io::Result<String> {
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let place = if has_port { authority.to_owned() } else { format!("{authority}:80") };
    let mut stream = Err(io::Error::other("the name has no address"));
    for address in place.to_socket_addrs()? {
        stream = TcpStream::connect_timeout(&address, PATIENCE);
        if stream.is_ok() {
            break;
        }
    }
    let mut stream = stream?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: rejoinder-health\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut line = Vec::new();
    BufReader::new(stream).take(STATUS_LINE).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}
