//! A disk that can fail at any call and lose its power, which stands on the calls of Unix.

mod barriers;
mod disk;
mod gate;
mod images;
mod operations;
mod point;
mod power;
mod power_in_place;
mod scale;
mod seen;
mod sweeps;
mod verdict;
