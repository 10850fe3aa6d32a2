//! Terminals of any width.

use std::process::Command;

use super::Desk;
use crate::oracle;

/// A desk with long names, wide tables and large arrays.
fn wide() -> Desk {
    let desk = Desk::with_values();
    let store = desk.store();
    let long = "a_name_that_is_rather_long";
    store.insert(&format!("/0/{long}"), ndarray::Array3::<f64>::zeros((50, 60, 70))).unwrap();
    store.attributes(&format!("/0/{long}")).unwrap().insert("note", "words ".repeat(60)).unwrap();
    let mut table = calcstore::Table::new();
    for column in 0..30 {
        table.push(&format!("column_{column}"), vec![f64::from(column) / 7.0; 100]).unwrap();
    }
    store.insert("/wide", &table).unwrap();
    let text = "Ein Satz, der länger ist als jede Zeile, die ein Mensch noch lesen mag, und noch länger.";
    store.insert("/texts", vec![text; 3]).unwrap();
    desk
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let desk = wide();
    let keys = desk.done(&["ls", "-r", "/"]);
    for width in [40, 41, 60, 80, 100, 132, 200] {
        let check = |arguments: &[&str]| {
            let output = desk.command(arguments).env("COLUMNS", width.to_string()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let text = String::from_utf8(output.stdout).unwrap();
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width} {arguments:?}: {line:?}");
            }
            text
        };
        let listed = check(&["ls", "-l", "/0"]);
        let header = listed.lines().next().unwrap();
        assert!(header.starts_with("NAME") && (width < 80 || header.ends_with("RATIO")), "{listed}");
        check(&["tree"]);
        check(&["du", "-d", "2"]);
        for key in keys.lines() {
            check(&["show", key.trim_end_matches('/')]);
        }
        check(&["show", "/"]);
    }
}

#[test]
fn a_terminal_has_its_width_and_colours_unless_they_are_not_wanted() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("Python"), Vec::<String>::new());
        return;
    };
    let desk = wide();
    let code = r"
import fcntl, os, pty, struct, sys, termios
width, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(width), 0, 0))
    os.execv(command[0], command)
shown = b''
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    shown += some
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";
    for (width, no_color) in [(50, false), (120, true)] {
        let mut command = Command::new(&python);
        command.args(["-c", code, &width.to_string(), env!("CARGO_BIN_EXE_calcstore"), "show", "/wide"]);
        command.env("OQ_DATADIR", desk.path().join("data")).env("TERM", "xterm").env_remove("NO_COLOR");
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("\u{1b}[1m"), !no_color, "{text}");
        let widest = text
            .lines()
            .map(|line| line.replace("\u{1b}[0m", "").chars().filter(|c| !c.is_control()).count());
        let widest = widest.max().unwrap();
        assert!(widest <= width + 8 && widest > width - 20, "{width}: {widest}\n{text}");
    }
}

#[test]
fn a_list_in_a_pipe_has_each_row_on_one_line_however_long_its_key_is() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let key = format!("/{}", ["a_group_of_a_long_name"; 9].join("/"));
    desk.store().insert(&key, [1.0, 2.0]).unwrap();
    for verb in [["ls", "-lr"], ["tree", "/"], ["du", "-d99"]] {
        let listed = desk.done(&verb);
        let last = listed.lines().last().unwrap();
        let name = if verb[0] == "tree" { "a_group_of_a_long_name" } else { &key };
        assert!(last.contains(name), "{listed}");
        // Nine groups and values below the root, and what stands above them.
        assert!((9..=11).contains(&listed.lines().count()), "{listed}");
    }
}
