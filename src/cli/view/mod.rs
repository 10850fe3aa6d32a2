//! What `calcstore view` serves: H5Web, and the four addresses by which it asks for values.
//!
//! `server` takes connections and bounds what they may cost, `request` and `answer` are HTTP, `site` says who may see
//! what. `api` is the interface of h5grove 4, which H5Web speaks: `meta`, `attributes`, `data` answer for one node each,
//! with `part` for what is too long to be drawn at once, `types` for the types as HDF5 calls them and `nexus` for what
//! makes H5Web draw curves. Nothing of it writes.

mod answer;
mod api;
mod attributes;
mod browser;
mod data;
mod meta;
mod nexus;
mod part;
mod random;
mod request;
mod server;
mod site;
mod sources;
mod start;
mod types;

pub use browser::Browser;
pub use server::serve;
pub use site::Site;
pub use sources::Sources;
