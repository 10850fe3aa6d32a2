//! Datasets that h5py wrote: their elements against those that it reads, and what damage makes of them.

mod chunks;
mod damage;
mod layouts;
mod oracle;
mod typed;
