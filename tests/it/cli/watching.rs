//! Following what a calculation does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value as Json, json};

use super::Desk;

/// A run of `watch`, whose lines are read one by one.
struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watching {
    fn start(desk: &Desk, arguments: &[&str]) -> Self {
        let mut command = desk.command(&[&["watch", "--interval", "0.01s"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    fn json(&mut self) -> Json {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// The exit code, and what was printed last.
    fn end(mut self) -> (Option<i32>, Vec<String>) {
        let rest = self.lines.by_ref().map(Result::unwrap).collect();
        (self.child.wait().unwrap().code(), rest)
    }
}

#[test]
fn rows_are_printed_as_they_are_appended_until_the_calculation_is_complete() {
    let desk = Desk::with_values();
    let store = desk.store();
    let growing = store.new_dataset("/growing").create::<i64>(&[0, 2]).unwrap();
    growing.append(ndarray::arr2(&[[1i64, 2], [3, 4], [5, 6]])).unwrap();
    let mut watching =
        Watching::start(&desk, &["/growing", "-n", "1", "--until-complete", "--timeout", "60s"]);
    assert_eq!(watching.line(), "5\t6");
    growing.append([7i64, 8]).unwrap();
    assert_eq!(watching.line(), "7\t8");
    growing.append([9i64, 10]).unwrap();
    store.set_status(calcstore::Status::Complete).unwrap();
    assert_eq!(watching.end(), (Some(0), vec!["9\t10".to_owned()]));

    store.set_status(calcstore::Status::Failed).unwrap();
    let watching = Watching::start(&desk, &["/growing", "-n", "0", "--until-complete"]);
    assert_eq!(watching.end(), (Some(1), Vec::new()));
}

#[test]
fn rows_of_tables_are_printed_under_their_names() {
    let desk = Desk::with_values();
    let mut watching = Watching::start(&desk, &["/0/Sadigh", "-n", "1", "--timeout", "60s"]);
    assert_eq!(
        (watching.line(), watching.line()),
        ("PGA[0]\tPGA[1]\tid".to_owned(), "0.125\t0.0625\t8".to_owned())
    );
    let mut table = calcstore::Table::new();
    table.push("PGA", ndarray::arr2(&[[1.5, 2.5]])).unwrap();
    table.push("id", [9i32]).unwrap();
    desk.store().table("/0/Sadigh").unwrap().append(&table).unwrap();
    assert_eq!(watching.line(), "1.5\t2.5\t9");
    interrupt(&watching);
    assert_eq!(watching.end().0, Some(130));
}

fn interrupt(watching: &Watching) {
    let id = watching.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

#[test]
fn a_key_is_waited_for_and_keys_of_a_group_come_and_go() {
    let desk = Desk::with_values();
    let store = desk.store();
    let mut value = Watching::start(&desk, &["/later", "--json", "--timeout", "60s"]);
    let mut group = Watching::start(&desk, &["/0", "--json", "--timeout", "60s"]);
    for key in ["/0/Sadigh", "/0/curves", "/0/name"] {
        assert_eq!(group.json()["key"], key);
    }
    store.insert("/later", 1.5).unwrap();
    assert_eq!(value.json(), json!({"event": "value", "key": "/later", "value": 1.5}));
    store.insert("/later", [1, 2]).unwrap();
    assert_eq!(value.json()["event"], "changed");
    assert_eq!(value.json(), json!({"event": "rows", "key": "/later", "start": 0, "rows": [1, 2]}));
    store.remove("/later").unwrap();
    assert_eq!(value.json(), json!({"event": "gone", "key": "/later", "what": null}));
    store.insert("/0/new", [1.0]).unwrap();
    assert_eq!(group.json(), json!({"event": "appeared", "key": "/0/new", "what": "float64  [1]"}));
    store.remove("/0/name").unwrap();
    assert_eq!(group.json(), json!({"event": "gone", "key": "/0/name", "what": null}));
    for mut watching in [value, group] {
        watching.child.kill().unwrap();
        watching.child.wait().unwrap();
    }
}

#[test]
fn what_does_not_come_in_time_is_not_found() {
    let desk = Desk::with_values();
    let ran = desk.run(&["watch", "/never", "--timeout", "0.05s"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (3, "calcstore: /never: did not appear in time\n"));
    assert_eq!(desk.run(&["watch", "/job", "--timeout", "0.05s"]).code, 0);
}
