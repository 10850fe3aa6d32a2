//! Any bytes as a chunk: all of its elements, which encoded again give the same elements, or an error.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::inputs::chains::{self, CHAINS, ENCODE, WITH_CHECKSUM, document};
use crate::values::Elements;
use crate::zarr::{Codecs, NodeMetadata};

thread_local! {
    static CODECS: RefCell<HashMap<String, Rc<Codecs>>> = RefCell::default();
}

fn codecs(codecs: &str) -> Rc<Codecs> {
    CODECS.with_borrow_mut(|known| {
        let made = known.entry(codecs.to_owned()).or_insert_with(|| {
            let Ok(NodeMetadata::Array(array)) = NodeMetadata::parse(document(codecs).as_bytes()) else {
                panic!("{codecs}")
            };
            Codecs::new(&array).unwrap().into()
        });
        Rc::clone(made)
    })
}

/// The input is a blosc frame.
pub fn blosc(input: &[u8]) {
    decode(chains::BLOSC, input);
}

/// The input is a shard whose index has no checksum, which nobody would guess.
pub fn shard(input: &[u8]) {
    for codecs in chains::shards() {
        decode(&codecs, input);
    }
}

/// The input is a number, which chooses a chain, and a chunk or its elements.
pub fn chain(input: &[u8]) {
    let Some((which, chunk)) = input.split_first() else { return };
    let chain = CHAINS[usize::from(*which) % CHAINS.len()];
    if which & ENCODE != 0 {
        let elements = if chain.contains("utf8") {
            Elements::Strings(chains::texts(chunk).into_iter().map(Cow::Owned).collect())
        } else {
            Elements::Bytes(chains::numbers(chunk).iter().flat_map(|bits| bits.to_le_bytes()).collect())
        };
        return comes_back(&codecs(chain), &elements);
    }
    if which & WITH_CHECKSUM == 0 {
        return decode(chain, chunk);
    }
    decode(&chains::with_checksum(chain), &[chunk, &crc32c::crc32c(chunk).to_le_bytes()].concat());
}

fn decode(chain: &str, chunk: &[u8]) {
    let codecs = codecs(chain);
    if let Ok(elements) = codecs.decode(chunk.to_vec()) {
        comes_back(&codecs, &elements);
    }
}

fn comes_back(codecs: &Codecs, elements: &Elements<'_>) {
    let encoded = codecs.encode(elements.borrowed()).unwrap().concat();
    match (codecs.decode(encoded).unwrap(), elements) {
        (Elements::Bytes(found), Elements::Bytes(expected)) => {
            assert_eq!(found.len(), 8 * chains::ELEMENTS);
            assert_eq!(found, *expected);
        }
        (Elements::Strings(found), Elements::Strings(expected)) => {
            assert_eq!(found.len(), chains::ELEMENTS);
            assert_eq!(found, *expected);
        }
        other => panic!("{other:?}"),
    }
}
