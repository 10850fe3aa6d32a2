//! Against what h5py reads.
