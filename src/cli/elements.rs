//! Elements as bytes and as text.

use std::borrow::Cow;
use std::fmt::Write;

use calcstore::{AnyArray, DataType, Elements, ErrorKind};
use half::f16;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use num_complex::Complex;

use super::failure::Failure;

/// Which axis varies fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The last.
    C,
    /// The first.
    Fortran,
}

/// How much of an element is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// As many as bring the same number back.
    All,
    /// Six, and of text the beginning.
    Few,
}

/// What all elements can do.
trait Cell: Sized {
    /// Reads elements, little-endian; the bytes are a whole number of them.
    fn read(bytes: &[u8]) -> Result<Vec<Self>, Failure>;
    /// Appends the little-endian bytes.
    fn write(&self, out: &mut Vec<u8>);
    /// Writes the element for people.
    fn text(&self, digits: Digits) -> String;
    /// Appends the element with all digits.
    fn write_text(&self, out: &mut String) {
        out.push_str(&self.text(Digits::All));
    }
}

macro_rules! cells {
    ($($rust:ty, |$x:ident, $digits:ident| $text:expr;)*) => { $(
        impl Cell for $rust {
            fn read(bytes: &[u8]) -> Result<Vec<Self>, Failure> {
                let numbers = bytes.as_chunks::<{ size_of::<$rust>() }>().0;
                Ok(numbers.iter().map(|number| Self::from_le_bytes(*number)).collect())
            }

            fn write(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn text(&self, $digits: Digits) -> String {
                let $x = *self;
                $text
            }

            fn write_text(&self, out: &mut String) {
                // Nothing is wrong with a string.
                let _ = write!(out, "{self:?}");
            }
        }

    )* };
}

cells! {
    i8, |x, _digits| x.to_string();
    i16, |x, _digits| x.to_string();
    i32, |x, _digits| x.to_string();
    i64, |x, _digits| x.to_string();
    u8, |x, _digits| x.to_string();
    u16, |x, _digits| x.to_string();
    u32, |x, _digits| x.to_string();
    u64, |x, _digits| x.to_string();
    f16, |x, digits| x.to_f32().text(digits);
    f32, |x, digits| if digits == Digits::All { format!("{x:?}") } else { few_digits(f64::from(x)) };
    f64, |x, digits| if digits == Digits::All { format!("{x:?}") } else { few_digits(x) };
}

impl<T: Cell> Cell for Complex<T> {
    fn read(bytes: &[u8]) -> Result<Vec<Self>, Failure> {
        let mut parts = T::read(bytes)?.into_iter();
        let mut numbers = Vec::with_capacity(parts.len() / 2);
        while let (Some(re), Some(im)) = (parts.next(), parts.next()) {
            numbers.push(Self { re, im });
        }
        Ok(numbers)
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.re.write(out);
        self.im.write(out);
    }

    fn text(&self, digits: Digits) -> String {
        let imaginary = self.im.text(digits);
        let sign = if imaginary.starts_with('-') { "" } else { "+" };
        format!("{}{sign}{imaginary}i", self.re.text(digits))
    }
}

impl Cell for bool {
    fn read(bytes: &[u8]) -> Result<Vec<Self>, Failure> {
        let checked = bytes.iter().map(|byte| match byte {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Failure::invalid(format!("a bool is 0 or 1, not {other}"))),
        });
        checked.collect()
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn text(&self, _digits: Digits) -> String {
        self.to_string()
    }
}

/// Chooses by data type; `$none` is for text, and for what a later version of the library may add.
macro_rules! by_array {
    ($array:expr, $elements:ident => $some:expr, _ => $none:expr) => {
        match $array {
            AnyArray::Bool($elements) => $some,
            AnyArray::Int8($elements) => $some,
            AnyArray::Int16($elements) => $some,
            AnyArray::Int32($elements) => $some,
            AnyArray::Int64($elements) => $some,
            AnyArray::UInt8($elements) => $some,
            AnyArray::UInt16($elements) => $some,
            AnyArray::UInt32($elements) => $some,
            AnyArray::UInt64($elements) => $some,
            AnyArray::Float16($elements) => $some,
            AnyArray::Float32($elements) => $some,
            AnyArray::Float64($elements) => $some,
            AnyArray::Complex64($elements) => $some,
            AnyArray::Complex128($elements) => $some,
            _ => $none,
        }
    };
}

/// Writes the element at a place in C order; nothing where there is none.
pub fn text_at(array: &AnyArray, place: usize, digits: Digits) -> String {
    fn numbers<T: Cell>(array: &ArrayD<T>, place: usize, digits: Digits) -> String {
        let found = array.as_slice().map_or_else(|| array.iter().nth(place), |elements| elements.get(place));
        found.map(|element| element.text(digits)).unwrap_or_default()
    }
    if let AnyArray::String(strings) = array {
        let text = strings.iter().nth(place).map(String::as_str).unwrap_or_default();
        return if digits == Digits::All { text.to_owned() } else { quoted(text) };
    }
    by_array!(array, elements => numbers(elements, place, digits), _ => String::new())
}

/// Appends the element at a place in C order, with all digits; nothing where there is none.
pub fn write_text(array: &AnyArray, place: usize, out: &mut String) {
    fn numbers<T: Cell>(array: &ArrayD<T>, place: usize, out: &mut String) {
        if let Some(element) = array.as_slice().and_then(|elements| elements.get(place)) {
            element.write_text(out);
        }
    }
    match array {
        AnyArray::String(strings) => {
            out.push_str(strings.as_slice().and_then(|texts| texts.get(place)).map_or("", String::as_str));
        }
        array => by_array!(array, elements => numbers(elements, place, out), _ => ()),
    }
}

/// Gives all elements as little-endian bytes in C order, block by block; of text there are none.
pub fn write_bytes(
    array: &AnyArray,
    mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    const BLOCK: usize = 1 << 16;
    fn write<T: Cell>(
        elements: &ArrayD<T>,
        each: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut block = Vec::new();
        for element in elements {
            element.write(&mut block);
            if block.len() >= BLOCK {
                each(&block)?;
                block.clear();
            }
        }
        each(&block)
    }
    by_array!(array, elements => write(elements, &mut each), _ => Ok(()))
}

/// Makes an array of little-endian bytes, which must be exactly as many as the shape needs.
pub fn from_bytes(
    data_type: DataType,
    shape: &[usize],
    order: Order,
    bytes: &[u8],
) -> Result<AnyArray, Failure> {
    fn array<T: Cell>(shape: &[usize], order: Order, bytes: &[u8]) -> Result<AnyArray, Failure>
    where
        AnyArray: From<ArrayD<T>>,
    {
        shaped(shape, order, T::read(bytes)?)
    }
    let count = shape.iter().try_fold(1usize, |product, length| product.checked_mul(*length));
    let needed = count.zip(data_type.size()).and_then(|(count, size)| count.checked_mul(size));
    if needed != Some(bytes.len()) {
        let needed =
            needed.map_or("more bytes than there can be".to_owned(), |needed| format!("{needed} bytes"));
        let message = format!("{data_type} of shape {shape:?} needs {needed}, there are {}", bytes.len());
        return Err(Failure::new(ErrorKind::WrongShape, message));
    }
    match data_type {
        DataType::Bool => array::<bool>(shape, order, bytes),
        DataType::Int8 => array::<i8>(shape, order, bytes),
        DataType::Int16 => array::<i16>(shape, order, bytes),
        DataType::Int32 => array::<i32>(shape, order, bytes),
        DataType::Int64 => array::<i64>(shape, order, bytes),
        DataType::UInt8 => array::<u8>(shape, order, bytes),
        DataType::UInt16 => array::<u16>(shape, order, bytes),
        DataType::UInt32 => array::<u32>(shape, order, bytes),
        DataType::UInt64 => array::<u64>(shape, order, bytes),
        DataType::Float16 => array::<f16>(shape, order, bytes),
        DataType::Float32 => array::<f32>(shape, order, bytes),
        DataType::Float64 => array::<f64>(shape, order, bytes),
        DataType::Complex64 => array::<Complex<f32>>(shape, order, bytes),
        DataType::Complex128 => array::<Complex<f64>>(shape, order, bytes),
        _ => Err(Failure::new(ErrorKind::WrongType, format!("{data_type} has no fixed size"))),
    }
}

/// Joins elements and shape.
pub fn shaped<T>(shape: &[usize], order: Order, elements: Vec<T>) -> Result<AnyArray, Failure>
where
    AnyArray: From<ArrayD<T>>,
{
    let layout = IxDyn(shape).set_f(order == Order::Fortran);
    ArrayD::from_shape_vec(layout, elements).map(AnyArray::from).map_err(|error| {
        Failure::new(ErrorKind::WrongShape, format!("the shape {shape:?} cannot be: {error}"))
    })
}

/// Makes an array of what the library read.
pub fn from_elements(
    data_type: DataType,
    shape: &[usize],
    elements: Elements<'_>,
) -> Result<AnyArray, Failure> {
    match elements {
        Elements::Bytes(bytes) => from_bytes(data_type, shape, Order::C, &bytes),
        Elements::Strings(strings) => {
            shaped(shape, Order::C, strings.into_iter().map(Cow::into_owned).collect::<Vec<String>>())
        }
    }
}

/// Replaces what would break a line or a cell: tabs, line ends and other control characters, and the backslash.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || character == '\\' {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Replaces what a terminal would obey; tabs stay.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() && character != '\t' { '\u{fffd}' } else { character })
        .collect()
}

/// The beginning of a line, with `…` where something was cut off.
pub fn shortened(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width.saturating_sub(1)).chain(['…']).take(width).collect()
}

/// A text in lines of at most `width` columns, divided between words where there are some.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > 0 && used + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for character in word.chars() {
            if used >= width && character != ' ' {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(character);
            used += 1;
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The beginning of a text between quotes.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 32;
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    match end {
        Some(end) => format!("\"{}…\"", escaped(&text[..end])),
        None => format!("\"{}\"", escaped(text)),
    }
}

/// A number with six significant digits, without trailing zeros, as C's `%g` writes it.
pub fn few_digits(number: f64) -> String {
    if !number.is_finite() || number == 0.0 {
        return format!("{number}");
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let shorter = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if (-5..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or_default();
        shorter(&format!("{number:.decimals$}"))
    } else {
        format!("{}e{exponent}", shorter(mantissa))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_have_six_digits() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (100_000.0, "100000"),
            (999_999.6, "1e6"),
            (1.0 / 3.0, "0.333333"),
            (-1.5e-5, "-0.000015"),
            (1.5e-6, "1.5e-6"),
            (6.022_140_76e23, "6.02214e23"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(few_digits(number), text);
        }
    }

    #[test]
    fn lines_are_divided_between_words_or_within_those_that_are_too_long() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!((shortened("Größe", 5), shortened("Größen", 5)), ("Größe".to_owned(), "Größ…".to_owned()));
    }

    #[test]
    fn complex_numbers_have_one_sign_between_their_parts() {
        assert_eq!(Complex::new(1.0f64, -2.5).text(Digits::All), "1.0-2.5i");
        assert_eq!(Complex::new(1.0f32, f32::NAN).text(Digits::Few), "1+NaNi");
    }

    #[test]
    fn bytes_make_an_array_only_where_they_fit() {
        let array = from_bytes(DataType::UInt16, &[2, 2], Order::Fortran, &[1, 0, 2, 0, 3, 0, 4, 1]).unwrap();
        let AnyArray::UInt16(array) = array else { panic!("uint16") };
        assert_eq!(array, ndarray::arr2(&[[1, 3], [2, 260]]).into_dyn());
        for (shape, message) in [
            (&[3][..], "uint16 of shape [3] needs 6 bytes, there are 8"),
            (
                &[usize::MAX, 2],
                "uint16 of shape [18446744073709551615, 2] needs more bytes than there can be, there are 8",
            ),
        ] {
            let Failure::Fault(fault) = from_bytes(DataType::UInt16, shape, Order::C, &[0; 8]).unwrap_err()
            else {
                panic!("a fault")
            };
            assert_eq!(fault.message, message);
        }
    }
}
