//! One client on one connection, for what `wrk` cannot do: chains of tokens, and a fixed rate.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

/// Longer than any wait that the server allows.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    head: String,
    line: String,
    agent: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In seconds, from `Retry-After`.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), head: String::new(), line: String::new(), agent: None })
    }

    /// The same client, which says what it is from now on.
    pub(crate) fn called(self, agent: &str) -> Self {
        Self { agent: Some(format!("User-Agent: {agent}\r\n")), ..self }
    }

    pub(crate) fn get(&mut self, path: &str, token: Option<&str>) -> Result<Answer> {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n"))
    }

    pub(crate) fn post(&mut self, path: &str, json: &str) -> Result<Answer> {
        let length = json.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
        ))
    }

    pub(crate) fn post_form(&mut self, path: &str, form: &str) -> Result<Answer> {
        let length = form.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
    }

    /// With an access token.
    pub(crate) fn post_as(&mut self, token: &str, path: &str, json: &str) -> Result<Answer> {
        let length = json.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        ))
    }

    fn send(&mut self, request: &str) -> Result<Answer> {
        match &self.agent {
            Some(agent) => {
                let (line, rest) = request.split_once("\r\n").context("no request")?;
                self.stream.get_mut().write_all(format!("{line}\r\n{agent}{rest}").as_bytes())?;
            }
            None => self.stream.get_mut().write_all(request.as_bytes())?,
        }
        self.head.clear();
        while !self.head.ends_with("\r\n\r\n") {
            self.line.clear();
            ensure!(self.stream.read_line(&mut self.line)? > 0, "the server hung up");
            // The status line stays as it is; header names come in any case.
            self.head.push_str(&self.line);
        }
        let status = self.head.get(9..12).context("no status")?.parse()?;
        let length = self.header("content-length").map_or(Ok(0), |value| value.parse())?;
        let retry_after = self.header("retry-after").map(|value| value.parse()).transpose()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, retry_after, body: String::from_utf8(body)? })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}
