#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use half::f16;
use ndarray::ArrayD;
use num_complex::Complex;

use super::content::{ArrayContent, Content, Source, Stored};
use super::data_type::DataType;
use super::get::{Get, typed};
use super::put::{Put, array_content};
use crate::error::Result;

/// Defines [`AnyArray`] from one table, so that no data type can be forgotten anywhere.
macro_rules! any_array {
    ($($variant:ident $rust:ty;)*) => {
        /// An array whose data type is known only when the program runs.
        ///
        /// ```
        /// use calcstore::{AnyArray, DataType};
        /// use ndarray::array;
        ///
        /// let levels = AnyArray::from(array![0.01, 0.1, 1.0].into_dyn());
        /// assert_eq!(levels.data_type(), DataType::Float64);
        /// assert_eq!(levels.shape(), [3]);
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyArray {
            $(#[doc = concat!("Elements of type `", stringify!($rust), "`.")] $variant(ArrayD<$rust>),)*
        }

        impl AnyArray {
            /// Gives the type of the elements.
            pub fn data_type(&self) -> DataType {
                match self { $(Self::$variant(_) => DataType::$variant,)* }
            }

            /// Gives the length of each axis.
            pub fn shape(&self) -> &[usize] {
                match self { $(Self::$variant(array) => array.shape(),)* }
            }

            /// Gives the number of elements.
            pub fn len(&self) -> usize {
                match self { $(Self::$variant(array) => array.len(),)* }
            }

            /// Tells whether the elements lie in C order, without gaps.
            pub(super) fn is_c_order(&self) -> bool {
                match self { $(Self::$variant(array) => array.is_standard_layout(),)* }
            }

            /// Views the array as what is stored.
            pub(crate) fn stored(&self) -> Result<ArrayContent<'_>> {
                match self { $(Self::$variant(array) => array_content(array),)* }
            }

            /// Reads an array of whichever type it has.
            pub(crate) fn read(source: &dyn Source) -> Result<Self> {
                match source.data_type() { $(DataType::$variant => typed(source).map(Self::$variant),)* }
            }
        }

        $(impl From<ArrayD<$rust>> for AnyArray {
            fn from(array: ArrayD<$rust>) -> Self {
                Self::$variant(array)
            }
        })*
    };
}

any_array! {
    Bool bool;
    Int8 i8;
    Int16 i16;
    Int32 i32;
    Int64 i64;
    UInt8 u8;
    UInt16 u16;
    UInt32 u32;
    UInt64 u64;
    Float16 f16;
    Float32 f32;
    Float64 f64;
    Complex64 Complex<f32>;
    Complex128 Complex<f64>;
    String String;
}

impl AnyArray {
    /// Tells whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Put for AnyArray {
    fn content(&self) -> Result<Content<'_>> {
        self.stored().map(Content::Array)
    }
}

impl Get for AnyArray {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        match stored {
            Stored::Array(source) | Stored::Bytes(source) => Self::read(*source),
            other => Err(other.mismatch("an array")),
        }
    }
}
