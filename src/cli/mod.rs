//! The command line: a user of the library like any other.
//!
//! `arguments` is what may be typed, `verbs` has one module for each verb, `session` opens the store that is meant,
//! `output` prints. Every verb gives an [`Exit`] or a [`Failure`]; nothing else decides on the exit code.

mod arguments;
mod blocks;
mod columns;
mod complete;
mod elements;
mod failure;
mod files;
mod global;
mod interrupt;
mod keys;
mod npy;
mod operand;
mod output;
mod parquet;
mod place;
mod plot;
mod preview;
mod progress;
mod session;
mod source;
mod summary;
mod units;
mod verbs;
#[cfg(feature = "view")]
mod view;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Arguments, Verb};
use failure::{Exit, Failure};
use output::Output;
use session::Session;

/// Runs the program with the arguments that it was given.
pub fn main() -> ExitCode {
    if complete::answer(Arguments::command) {
        return ExitCode::SUCCESS;
    }
    let given = place::mark(std::env::args_os().collect());
    let arguments = match Arguments::try_parse_from(&given) {
        Ok(arguments) => arguments,
        Err(error) => return failure::usage(&error, asks_for_json(&given)).into(),
    };
    arguments.global.color.write_global();
    let output = Output::new(&arguments.global);
    let exit = match run(&arguments, &output) {
        Ok(exit) => exit,
        Err(failure) => output.failure(&failure),
    };
    exit.into()
}

fn run(arguments: &Arguments, output: &Output) -> Result<Exit, Failure> {
    let session = Session::new(&arguments.global, output);
    match &arguments.verb {
        Verb::New(asked) => verbs::new::run(&session, asked),
        Verb::Calcs(asked) => verbs::calcs::run(&session, asked),
        Verb::Path => verbs::path::run(&session),
        Verb::Id => verbs::id::run(&session),
        Verb::Status(asked) => verbs::status::run(&session, asked),
        Verb::Ls(asked) => verbs::ls::run(&session, asked),
        Verb::Tree(asked) => verbs::tree::run(&session, asked),
        Verb::Show(asked) => verbs::show::run(&session, asked),
        Verb::Cat(asked) => verbs::cat::run(&session, asked),
        Verb::Plot(asked) => verbs::plot::run(&session, asked),
        Verb::Watch(asked) => verbs::watch::run(&session, asked),
        Verb::Put(asked) => verbs::put::run(&session, asked),
        Verb::Attrs(asked) => verbs::attrs::run(&session, asked),
        Verb::Rm(asked) => verbs::rm::run(&session, asked),
        Verb::Mv(asked) => verbs::mv::run(&session, asked),
        Verb::Cp(asked) => verbs::cp::run(&session, asked),
        Verb::Diff(asked) => verbs::diff::run(&session, asked),
        Verb::Export(asked) => verbs::export::run(&session, asked),
        Verb::Import(asked) => verbs::import::run(&session, asked),
        Verb::Pack(asked) => verbs::pack::run(&session, asked),
        Verb::Unpack(asked) => verbs::unpack::run(&session, asked),
        Verb::Files(asked) => verbs::files::run(&session, asked),
        Verb::Stat(asked) => verbs::stat::run(&session, asked),
        Verb::Du(asked) => verbs::du::run(&session, asked),
        Verb::Repack(asked) => verbs::repack::run(&session, asked),
        Verb::Gc(asked) => verbs::gc::run(&session, asked),
        Verb::Purge(asked) => verbs::purge::run(&session, asked),
        Verb::Check(asked) => verbs::check::run(&session, asked),
        #[cfg(feature = "view")]
        Verb::View(asked) => verbs::view::run(&session, asked),
        Verb::Completions(asked) => verbs::completions::run(&session, asked, Arguments::command()),
        Verb::Man(asked) => verbs::man::run(&session, asked, Arguments::command()),
    }
}

/// Whether `--json` was given: what could not be parsed must be reported as JSON all the same.
fn asks_for_json(given: &[OsString]) -> bool {
    given.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}
