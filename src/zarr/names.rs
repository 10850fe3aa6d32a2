//! Dimension names for arrays that were given none.
//!
//! xarray refuses a whole hierarchy for one array without names, and for one name that has two lengths in a
//! group and those above it. So every array gets names of its own: its key with `:` for `/`, and the axis.
//! `:` is what no key and no given name may hold. An array that gets another key gets new ones.

use super::metadata::ArrayMetadata;
use crate::key::Key;

/// What the automatic names of the array under `key` begin with.
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

/// Whether a name is the automatic one of this axis, of an array at whichever key.
pub(crate) fn is_automatic_name(name: &str, axis: usize) -> bool {
    name.rsplit_once(':').is_some_and(|(_, last)| last == axis.to_string() || (axis == 0 && last == "row"))
}

/// Whether an array has automatic names, and others than `new`, which are those of where it stands.
pub(crate) fn has_stale_names(array: &ArrayMetadata, new: &[String]) -> bool {
    let names = array.dimension_names.iter().flatten().zip(new).enumerate();
    let is_stale = |(axis, (name, new)): (usize, (&Option<String>, &String))| {
        name.as_ref().is_some_and(|name| is_automatic_name(name, axis) && name != new)
    };
    names.into_iter().any(is_stale)
}

/// Gives an array the automatic names `new` in place of those of another key and of none at all; names that were
/// given stay. Tells whether any is another one now.
pub(crate) fn renew_names(array: &mut ArrayMetadata, new: Vec<String>) -> bool {
    if new.len() != array.shape.len() || new.is_empty() {
        return false;
    }
    let mut changed = false;
    let names = array.dimension_names.get_or_insert_with(|| vec![None; new.len()]);
    for (axis, (name, new)) in names.iter_mut().zip(new).enumerate() {
        if name.as_ref().is_none_or(|name| is_automatic_name(name, axis) && *name != new) {
            *name = Some(new);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::DataType;

    #[test]
    fn only_automatic_names_and_none_at_all_follow_the_key() {
        let key = |text| Key::new(text).unwrap();
        let names = ["g:t:row", "site", "http://x:0", "g:t:3"].map(str::to_owned);
        let mut array = ArrayMetadata::new(DataType::Int8, vec![1; 4], vec![1; 4], names.to_vec());
        assert!(renew_names(&mut array, automatic_names(&key("/b"), 4)));
        let expected = ["b:0", "site", "http://x:0", "b:3"].map(|name| Some(name.to_owned()));
        assert_eq!(array.dimension_names.as_deref(), Some(&expected[..]));
        assert!(!renew_names(&mut array, automatic_names(&key("/b"), 4)));
        array.dimension_names = None;
        assert!(renew_names(&mut array, column_names(&key("/t"), "c", 4)));
        let expected = ["t:row", "t:c:1", "t:c:2", "t:c:3"].map(|name| Some(name.to_owned()));
        assert_eq!(array.dimension_names.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn names_say_where_the_array_stands() {
        let key = Key::new("/g/t").unwrap();
        assert_eq!(automatic_names(&key, 2), ["g:t:0", "g:t:1"]);
        assert_eq!(column_names(&key, "PGA", 2), ["g:t:row", "g:t:PGA:1"]);
        assert!(automatic_names(&key, 0).is_empty());
    }
}
