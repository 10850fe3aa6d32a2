#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// Lets [`insert`](crate::DataStore::insert) and [`get`](crate::DataStore::get) take and give types of one's own,
/// as `serde` objects.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
/// struct Site { lon: f64, lat: f64 }
/// calcstore::object!(Site);
///
/// store.insert("/site", Site { lon: 10.1, lat: 45.05 })?;
/// assert_eq!(store.get::<Site>("/site")?, Site { lon: 10.1, lat: 45.05 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! object {
    ($($type:ty),+ $(,)?) => { $(
        impl $crate::Put for $type {
            fn content(&self) -> $crate::Result<$crate::Content<'_>> {
                $crate::Content::object(self)
            }
        }

        impl $crate::Get for $type {
            fn get(stored: &$crate::Stored<'_>) -> $crate::Result<Self> {
                stored.object()
            }
        }
    )+ };
}
