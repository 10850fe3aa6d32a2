//! Connections: one request each, a bounded number at a time, none that can hold up the others.
//!
//! `httparse` understands the requests. The servers that there are without an asynchronous runtime do less: `tiny_http`
//! bounds neither threads nor heads nor its patience, `oxhttp` lets idle clients keep all places and finds no free port.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use calcstore::Continue;

use super::answer::Answer;
use super::request::Request;

/// The most connections at a time. A browser has six.
const MOST: usize = 32;
/// How long a connection keeps its place in any case: so long it can take until its request is read.
const GRACE: Duration = Duration::from_millis(250);
/// How often it is looked whether to end.
const BEAT: Duration = Duration::from_millis(50);

/// Answers whoever connects, until `is_over` says so.
pub fn serve(
    listener: &TcpListener,
    answer: &(impl Fn(&Request, &Client<'_>) -> Answer + Sync),
    is_over: &(impl Fn() -> bool + Sync),
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let connections = Connections::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            for stream in listener.incoming() {
                if is_over() {
                    break;
                }
                let Some((place, stream)) = stream.ok().and_then(|stream| connections.enter(stream)) else {
                    // There is no room for one more open file, say.
                    thread::sleep(BEAT);
                    continue;
                };
                // Without a thread there is no answer, and the connection is closed.
                let _ = Builder::new().spawn_scoped(scope, || attend(place, stream, answer, is_over));
            }
        });
        while !is_over() {
            thread::sleep(BEAT);
        }
        // Whoever waits for a connection gets one, and sees that it is over.
        drop(TcpStream::connect(address));
        connections.close_all();
    });
    Ok(())
}

fn attend(
    mut place: Place<'_>,
    mut stream: TcpStream,
    answer: &impl Fn(&Request, &Client<'_>) -> Answer,
    is_over: &dyn Fn() -> bool,
) {
    let request = Request::read(&mut stream);
    place.is_understood();
    let answer = match request {
        Ok(request) => answer(&request, &Client { stream: &stream, is_over }),
        Err(refusal) => match refusal.try_into() {
            Ok(answer) => answer,
            Err(()) => return,
        },
    };
    // Who does not want the answer any more is free to go.
    if answer.send(&mut stream).is_ok() {
        settle(&mut stream);
    }
}

/// Waits a little for the client to go: where something that it sent is not read, its system drops the answer.
fn settle(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(BEAT));
    let mut rest = [0; 1 << 12];
    for _ in 0..16 {
        if !stream.read(&mut rest).is_ok_and(|count| count > 0) {
            break;
        }
    }
}

/// Who waits for an answer.
pub struct Client<'a> {
    stream: &'a TcpStream,
    is_over: &'a dyn Fn() -> bool,
}

impl Client<'_> {
    /// Whether nobody waits any more. Browsers close the connection when a page is left.
    pub fn is_gone(&self) -> bool {
        let has_closed = || -> io::Result<bool> {
            self.stream.set_nonblocking(true)?;
            let closed = match self.stream.peek(&mut [0]) {
                Ok(count) => count == 0,
                Err(error) => error.kind() != io::ErrorKind::WouldBlock,
            };
            self.stream.set_nonblocking(false)?;
            Ok(closed)
        };
        (self.is_over)() || has_closed().unwrap_or(true)
    }

    /// The answer to long work that asks whether to go on.
    pub fn goes_on(&self) -> Continue {
        if self.is_gone() { Continue::No } else { Continue::Yes }
    }
}

/// The connections that there are.
#[derive(Debug, Default)]
struct Connections {
    open: Mutex<Open>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    streams: BTreeMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    since: Instant,
    /// Whether its request is still to come.
    is_waiting: bool,
}

/// The place that a connection takes.
struct Place<'a> {
    connections: &'a Connections,
    id: u64,
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds a place for a connection. Where all are taken, the one that keeps its place longest without having said
    /// what it wants must go.
    fn enter(&self, stream: TcpStream) -> Option<(Place<'_>, TcpStream)> {
        let mut open = self.open();
        while open.streams.len() >= MOST {
            let idle = open.streams.values_mut().find(|connection| connection.is_waiting);
            if let Some(idle) = idle.filter(|idle| idle.since.elapsed() > GRACE) {
                idle.is_waiting = false;
                let _ = idle.stream.shutdown(Shutdown::Both);
            }
            open = self.left.wait_timeout(open, BEAT).unwrap_or_else(PoisonError::into_inner).0;
        }
        let connection =
            Connection { stream: stream.try_clone().ok()?, since: Instant::now(), is_waiting: true };
        let id = open.next;
        open.next += 1;
        open.streams.insert(id, connection);
        Some((Place { connections: self, id }, stream))
    }

    fn close_all(&self) {
        for connection in self.open().streams.values() {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
    }
}

impl Place<'_> {
    /// Notes that the request is there.
    fn is_understood(&mut self) {
        if let Some(connection) = self.connections.open().streams.get_mut(&self.id) {
            connection.is_waiting = false;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.connections.open().streams.remove(&self.id);
        self.connections.left.notify_one();
    }
}

/// How many answers that hold values there may be at a time.
#[derive(Clone, Debug)]
pub struct Permits(Arc<(Mutex<usize>, Condvar)>);

/// The right to hold values in memory.
#[derive(Debug)]
pub struct Permit(Permits);

impl Permits {
    pub fn new(count: usize) -> Self {
        Self(Arc::new((Mutex::new(count), Condvar::new())))
    }

    /// Waits until there is a permit; nothing where the client does not wait so long.
    pub fn take(&self, client: &Client<'_>) -> Option<Permit> {
        let (left, returned) = &*self.0;
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left == 0 {
            left = returned.wait_timeout(left, BEAT).unwrap_or_else(PoisonError::into_inner).0;
            if client.is_gone() {
                return None;
            }
        }
        *left -= 1;
        Some(Permit(self.clone()))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let (left, returned) = &*self.0.0;
        *left.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ends of a connection.
    fn connected(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn the_idlest_must_go_for_others_but_not_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connections = Connections::default();
        let start = Instant::now();
        let mut kept = Vec::new();
        for _ in 0..MOST {
            let (client, stream) = connected(&listener);
            kept.push((client, connections.enter(stream).unwrap()));
        }
        // This one has said what it wants, and stays.
        kept[0].1.0.is_understood();
        thread::scope(|scope| {
            let (idle, (place, mut stream)) = kept.remove(1);
            scope.spawn(move || {
                // It ends when the connection is shut down.
                assert_eq!(stream.read(&mut [0]).unwrap(), 0);
                assert!(start.elapsed() >= GRACE, "{:?}", start.elapsed());
                drop((place, idle));
            });
            let (_client, stream) = connected(&listener);
            assert!(connections.enter(stream).is_some());
        });
    }

    #[test]
    fn nothing_is_done_for_a_client_that_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (client, stream) = connected(&listener);
        let waiting = Client { stream: &stream, is_over: &|| false };
        assert!(!waiting.is_gone() && waiting.goes_on() == Continue::Yes);
        assert!(Client { stream: &stream, is_over: &|| true }.is_gone());
        let permits = Permits::new(1);
        let permit = permits.take(&waiting).unwrap();
        drop(client);
        assert!(permits.take(&waiting).is_none());
        drop(permit);
        assert!(permits.take(&waiting).is_some());
    }
}
