//! What may stand where the cursor is: the keys of the store that is meant, the calculations that there are.
//!
//! The shell runs the program itself with the words so far, of which `clap_complete` finds out what the last one is. What
//! cannot be found out completes to nothing: whoever presses a key wants no errors.

use std::ffi::{OsStr, OsString};

use calcstore::{DataStore, Node, NodeKind};
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};
use clap_complete::env::{CompleteEnv, Shells};

use super::global::{Calc, Color, Global};
use super::output::Output;
use super::session::Session;
use super::source::Source;
use super::summary;

/// The variable by which a shell asks for completions.
const VARIABLE: &str = "CALCSTORE_COMPLETE";
/// More would only fill the screen.
const MOST: usize = 1000;

/// Answers a shell that asks what may stand where the cursor is; tells whether one did.
pub fn answer(command: fn() -> Command) -> bool {
    let given = std::env::args_os();
    let place = std::env::current_dir().ok();
    let factory = || completed(command());
    let answered = CompleteEnv::with_factory(factory).var(VARIABLE).try_complete(given, place.as_deref());
    // Also where it could not be answered, this was no run of the program.
    answered.unwrap_or(true)
}

/// Says of each argument how it is completed: its name in the help tells what it is.
fn completed(command: Command) -> Command {
    let with_completer = |argument: Arg| {
        let name = argument.get_value_names().and_then(<[_]>::first).map(ToString::to_string);
        match name.as_deref() {
            Some("KEY") => argument.add(keys()),
            Some("GROUP") => argument.add(groups()),
            Some("CALC") => argument.add(calculations()),
            Some("FROM" | "A" | "B") => argument.add(places()),
            _ => argument,
        }
    };
    command.mut_args(with_completer).mut_subcommands(completed)
}

/// Writes what a shell is to run once, so that it asks.
pub fn registration(shell: &str) -> std::io::Result<String> {
    const NAME: &str = "calcstore";
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(shell) {
        shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    }
    let mut script = String::from_utf8_lossy(&script).trim().to_owned();
    if shell == "zsh" {
        // As a function that is loaded when it is first needed, it has to do what it defines.
        script.push_str("\n[[ $funcstack[1] = _calcstore ]] && _clap_dynamic_completer_calcstore \"$@\"");
    }
    script.push('\n');
    Ok(script)
}

/// Completes a KEY of the calculation that `-c` names.
fn keys() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        key_candidates(&chosen(), "", current.to_str().unwrap_or_default())
    })
}

/// Completes a group.
fn groups() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let mut found = key_candidates(&chosen(), "", current.to_str().unwrap_or_default());
        found.retain(|candidate| candidate.get_value().to_string_lossy().ends_with('/'));
        found
    })
}

/// Completes a calculation: its ID, or a path.
fn calculations() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| calc_candidates(current))
}

/// Completes `KEY` or `CALC:KEY`.
fn places() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let Some(text) = current.to_str() else { return Vec::new() };
        if let Some((calc, key)) = text.rsplit_once(':') {
            let Ok(calc) = Calc::parse(calc.into()) else { return Vec::new() };
            let global = Global { calc, ..chosen() };
            return key_candidates(&global, &text[..text.len() - key.len()], key);
        }
        let mut found = key_candidates(&chosen(), "", text);
        if !text.starts_with('/') {
            found.extend(calc_candidates(current));
        }
        found
    })
}

/// The options that say which calculation is meant, as far as they are typed.
fn chosen() -> Global {
    let (calc, color) = (Calc::Id(-1), Color::Never);
    let mut global =
        Global { calc, datadir: None, lock_timeout: None, json: false, quiet: true, verbose: 0, color };
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let text = |at: usize| words.get(at).and_then(|word: &OsString| word.to_str()).unwrap_or_default();
    for at in 1..words.len() {
        let value = || words.get(at + 1).cloned();
        let (name, value) = match text(at).split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(OsString::from(value))),
            _ => (text(at), value()),
        };
        match name {
            "-c" | "--calc" => {
                if let Some(Ok(calc)) = value.map(Calc::parse) {
                    global.calc = calc;
                }
            }
            "--datadir" => global.datadir = value.map(Into::into),
            _ => {}
        }
    }
    // bash divides words at colons, too.
    let cursor = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse::<usize>().ok());
    if let Some(before) =
        cursor.and_then(|cursor| if text(cursor) == ":" { Some(cursor) } else { cursor.checked_sub(1) })
        && text(before) == ":"
        && let Some(Ok(calc)) = before.checked_sub(1).and_then(|at| words.get(at).cloned()).map(Calc::parse)
    {
        global.calc = calc;
    }
    global
}

/// The keys that begin with what is typed, one level at a time; groups end with `/`.
fn key_candidates(global: &Global, prefix: &str, typed: &str) -> Vec<CompletionCandidate> {
    let output = Output::new(global);
    let Ok(source) = Session::new(global, &output).read() else { return Vec::new() };
    let (group, begun) = typed.rsplit_once('/').map_or(("", typed), |(group, begun)| (group, begun));
    let slash = if typed.contains('/') { format!("{group}/") } else { "/".to_owned() };
    let mut candidates = Vec::new();
    for node in nodes(&source, group).into_iter().take(MOST) {
        let name = node.key.rsplit('/').next().unwrap_or_default();
        if !name.starts_with(begun) {
            continue;
        }
        let end = if node.kind == NodeKind::Group { "/" } else { "" };
        let said = [summary::type_of(&node), summary::shape_of(&node)].join(" ");
        let candidate = CompletionCandidate::new(format!("{prefix}{slash}{name}{end}"));
        candidates.push(candidate.help(Some(said.trim_end().to_owned().into())));
    }
    candidates
}

/// What is in a group; of a table, its columns.
fn nodes(source: &Source, group: &str) -> Vec<Node> {
    let group = if group.is_empty() { "/" } else { group };
    match source.node(group) {
        Ok(node) if node.kind == NodeKind::Table => {
            let column = |name: &String| source.node(&format!("{}/{name}", node.key)).ok();
            node.columns.iter().filter_map(column).collect()
        }
        _ => source.nodes(group).unwrap_or_default(),
    }
}

fn calc_candidates(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = current.to_str().unwrap_or_default();
    let mut options = DataStore::options();
    if let Some(directory) = chosen().datadir {
        options = options.data_dir(directory);
    }
    let calculations = options.calculations().unwrap_or_default();
    let last = calculations.len();
    let mut candidates = Vec::new();
    for (place, entry) in calculations.iter().enumerate() {
        let status = entry.status.map(|status| status.to_string()).unwrap_or_default();
        let said = format!("{status} {}", entry.description.as_deref().unwrap_or_default());
        let back = format!("-{}", last - place);
        let name = if typed.starts_with('-') { back } else { entry.calc_id.to_string() };
        if name.starts_with(typed) {
            candidates.push(CompletionCandidate::new(name).help(Some(said.trim_end().to_owned().into())));
        }
    }
    candidates.truncate(MOST);
    candidates.extend(PathCompleter::any().complete(current));
    candidates
}
