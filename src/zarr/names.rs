//! Dimension names for arrays that were given none.
//!
//! xarray refuses a whole hierarchy for one array without names, and for one name that has two lengths in a
//! group and those above it. So every array gets names of its own: its key with `:` for `/`, and the axis.
//! `:` is what no key and no given name may hold.

use crate::key::Key;

/// What the automatic names of the array under `key`, and of all below it, begin with.
pub(crate) fn automatic_prefix(key: &Key) -> String {
    format!("{}:", key.as_str().replace('/', ":"))
}

/// The names of the axes of the array under `key`: `g:a:0`, `g:a:1` for `/g/a`.
pub(crate) fn automatic_names(key: &Key, rank: usize) -> Vec<String> {
    let prefix = automatic_prefix(key);
    (0..rank).map(|axis| format!("{prefix}{axis}")).collect()
}

/// The names of the axes of a column: all columns of a table share the rows, `g:t:row`; inner axes are their own,
/// `g:t:PGA:1`.
pub(crate) fn column_names(key: &Key, column: &str, rank: usize) -> Vec<String> {
    let prefix = automatic_prefix(key);
    let name = |axis| if axis == 0 { format!("{prefix}row") } else { format!("{prefix}{column}:{axis}") };
    (0..rank).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_where_the_array_stands() {
        let key = Key::new("/g/t").unwrap();
        assert_eq!(automatic_names(&key, 2), ["g:t:0", "g:t:1"]);
        assert_eq!(column_names(&key, "PGA", 2), ["g:t:row", "g:t:PGA:1"]);
        assert!(automatic_names(&key, 0).is_empty());
    }
}
