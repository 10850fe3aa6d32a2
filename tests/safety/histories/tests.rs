//! The checker itself: it explains what can be explained, and finds what is planted.

use super::checker::{Answer, Call, Event, check};
use super::one_key::{OnKey, ROWS, What};
use crate::random::Random;

fn event(what: What, begin: u64, end: u64, answer: Answer) -> Event<OnKey> {
    Event { call: OnKey { key: 0, what }, begin, end, answer: Some(answer) }
}

fn dead(what: What, begin: u64, end: u64) -> Event<OnKey> {
    Event { call: OnKey { key: 0, what }, begin, end, answer: None }
}

fn value(version: u64) -> Answer {
    Answer::Value(vec![version; ROWS])
}

#[test]
fn calls_at_the_same_time_may_have_any_order() {
    let inserts = [event(What::Insert(1), 0, 10, Answer::Done), event(What::Insert(2), 1, 9, Answer::Done)];
    for (first, second) in [(1, 2), (2, 1)] {
        let reads = [event(What::Get, 2, 3, value(first)), event(What::Get, 4, 5, value(second))];
        let history = [&inserts[..], &reads[..]].concat();
        check(&history).unwrap();
        let third = event(What::Get, 6, 7, value(first));
        check(&[&history[..], &[third]].concat()).unwrap_err();
    }
}

#[test]
fn a_stale_read_a_lost_write_and_a_mixture_are_found() {
    let insert = |version, at| event(What::Insert(version), at, at + 1, Answer::Done);
    let get = |answer, at| event(What::Get, at, at + 1, answer);
    check(&[insert(1, 0), insert(2, 2), get(value(2), 4)]).unwrap();
    check(&[insert(1, 0), insert(2, 2), get(value(1), 4)]).unwrap_err();
    check(&[insert(1, 0), get(Answer::NotFound, 4)]).unwrap_err();
    check(&[insert(1, 0), insert(2, 2), get(Answer::Value(vec![1, 2, 2]), 4)]).unwrap_err();
    check(&[insert(1, 0), get(value(3), 4)]).unwrap_err();
    check(&[insert(1, 0), get(Answer::Never("corrupt".to_owned()), 4)]).unwrap_err();

    let append = |version, at, rows| event(What::Append(version), at, at + 1, Answer::Rows(rows));
    let rows = |more: &[u64]| Answer::Value([&[1, 1, 1], more].concat());
    check(&[insert(1, 0), append(2, 2, 4), append(3, 4, 5), get(rows(&[2, 3]), 6)]).unwrap();
    check(&[insert(1, 0), append(2, 2, 4), append(3, 4, 5), get(rows(&[3]), 6)]).unwrap_err();
    check(&[insert(1, 0), append(2, 2, 4), append(3, 2, 4)]).unwrap_err();

    let take = |at| event(What::Take, at, at + 4, value(1));
    check(&[insert(1, 0), take(2)]).unwrap();
    check(&[insert(1, 0), take(2), take(3)]).unwrap_err();
    let changed = event(What::Append(2), 2, 3, Answer::Changed);
    check(&[insert(1, 0), changed.clone()]).unwrap_err();
    check(&[insert(1, 0), changed, event(What::Remove, 1, 5, Answer::Done)]).unwrap();
}

#[test]
fn what_the_dead_had_begun_has_happened_before_they_died_or_not() {
    let first = event(What::Insert(1), 0, 1, Answer::Done);
    let killed = dead(What::Insert(2), 2, 5);
    let get = |answer, at| event(What::Get, at, at + 1, answer);
    let with = |reads: &[Event<OnKey>]| check(&[&[first.clone(), killed.clone()], reads].concat());
    with(&[get(value(1), 3), get(value(2), 4), get(value(2), 8)]).unwrap();
    with(&[get(value(1), 3), get(value(1), 8)]).unwrap();
    with(&[get(value(2), 3), get(value(1), 8)]).unwrap_err();
    with(&[get(value(1), 8), get(value(2), 10)]).unwrap_err();
    // What changes nothing is not put before what the dead had begun, where that explains more.
    let insert = dead(What::Insert(1), 0, 2);
    let remove = event(What::Remove, 1, 9, Answer::Done);
    check(&[insert, remove, get(Answer::NotFound, 4)]).unwrap();
}

/// A history of `threads` that really was done in an order, one call at a random moment of each interval.
fn made(random: &mut Random, threads: u64) -> Vec<Event<OnKey>> {
    let mut calls: Vec<Event<OnKey>> = Vec::new();
    let mut moments = Vec::new();
    for thread in 0..threads {
        let mut time = random.below(20);
        for n in 0..40 {
            let (begin, end) = (time, time + 1 + random.below(60));
            time = end + 1 + random.below(20);
            moments.push((begin + random.below(end - begin + 1), calls.len()));
            let call = OnKey { key: 0, what: What::random(random, thread << 16 | n, true) };
            calls.push(Event { call, begin, end, answer: None });
        }
    }
    moments.sort_unstable();
    let mut state = None;
    for (_, at) in moments {
        let (answer, after) = calls[at].call.step(&state);
        (calls[at].answer, state) = (Some(answer), after);
    }
    calls
}

#[test]
fn a_history_that_was_done_in_an_order_is_explained_and_one_with_a_wrong_answer_is_not() {
    let mut random = Random::new(6);
    let mut found = 0;
    for _ in 0..100 {
        let mut history = made(&mut random, 8);
        check(&history).unwrap();
        let reads: Vec<usize> =
            (0..history.len()).filter(|at| matches!(history[*at].answer, Some(Answer::Value(_)))).collect();
        let (from, to) = (random.below(reads.len() as u64), random.below(reads.len() as u64));
        let (from, to) = (reads[from as usize], reads[to as usize]);
        if history[from].answer != history[to].answer {
            history[to].answer = history[from].answer.clone();
            assert!(check(&history).is_err() || history[from].begin.abs_diff(history[to].begin) < 200);
            found += usize::from(check(&history).is_err());
        }
    }
    assert!(found > 60, "{found} of 100 wrong answers are found");
}
