use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use calcstore::Continue;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::session::Session;
use crate::cli::view::{Browser, Site, Sources, serve};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The page is there until Ctrl-C, for this user on this machine: its address holds a random token, \
and nothing is ever written. Over ssh, forward the port: ssh -L 8080:127.0.0.1:8080 HOST \
calcstore view --port 8080.

Examples:
  calcstore view                   the last calculation, in the browser
  calcstore -c 12 view --no-open   print the address of calculation 12
  calcstore -c calc_42.hdf5 view   an HDF5 file, and so a zip file")]
pub struct Arguments {
    /// The port of 127.0.0.1 [default: one that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,

    /// Only print the address, and open no browser
    #[arg(long)]
    no_open: bool,
}

/// Serves the values to a browser, until Ctrl-C.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let sources = Sources::new(session);
    let first = sources.first()?;
    let failed = |error| {
        let place = format!("127.0.0.1:{}", asked.port);
        Failure::io("cannot listen; --port names another port", Path::new(&place), &error)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, asked.port)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let interrupt = Interrupt::watch();
    let site = Site::new(sources, port)?;
    let address = first.map_or_else(|| site.address(), |first| site.address_of(&first));
    if session.output.is_json() {
        session.output.json(&json!({"address": address}))?;
    } else {
        session.output.line(&address)?;
    }
    session.output.note("Ctrl-C ends it");
    let browser = if asked.no_open { None } else { Browser::open(&address) };
    let is_over = || matches!(interrupt.answer(), Continue::No);
    let served = serve(&listener, &|request, client| site.answer(request, client), &is_over);
    drop(browser);
    served.map_err(failed)?;
    Ok(Exit::Done)
}
