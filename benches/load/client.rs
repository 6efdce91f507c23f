//! A lean HTTP client: one thread and one kept connection for each caller.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// A connection that is kept.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self(BufReader::with_capacity(64 * 1024, stream)))
    }

    /// Sends a request; gives the status and the body.
    pub(crate) fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
        self.0.get_mut().write_all(request)?;
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            match line.trim_end().split_once([':', ' ']) {
                Some(("HTTP/1.1", rest)) => status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().unwrap_or(0),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((status, body))
    }
}

/// A request as bytes.
pub(crate) fn request(method: &str, path: &str, token: &str, key: Option<u64>, body: &str) -> Vec<u8> {
    let key = key.map(|key| format!("Idempotency-Key: load-{key}\r\n")).unwrap_or_default();
    let token = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{token}{key}\r\n{body}"
    )
    .into_bytes()
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) rate: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) failed: usize,
}

/// Lets `clients` send one request after the other for this long, after a fifth of it to warm up.
pub(crate) fn measure(port: u16, clients: usize, length: Duration, next: impl Fn(usize) -> Vec<u8> + Sync) -> Measured {
    let begin = Instant::now() + length / 5;
    let run = |client: usize| {
        let (mut connection, mut times, mut failed) = (Client::connect(port).expect("a connection"), Vec::new(), 0);
        while begin.elapsed() < length {
            let request = next(client);
            let sent = Instant::now();
            let status = connection.exchange(&request).map_or(0, |(status, _)| status);
            if status == 0 {
                connection = Client::connect(port).expect("a connection");
            }
            if sent > begin {
                failed += usize::from(!(200..300).contains(&status));
                times.push(sent.elapsed());
            }
        }
        (times, failed)
    };
    let run = &run;
    let ended: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients).map(|client| scope.spawn(move || run(client))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a client")).collect()
    });
    let failed = ended.iter().map(|(_, failed)| failed).sum();
    let mut times: Vec<Duration> = ended.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Measured { rate: times.len() as f64 / length.as_secs_f64(), p50: at(50), p99: at(99), failed }
}
