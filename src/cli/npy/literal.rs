//! The header of an npy file: the literal of a Python dictionary.

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub descr: String,
    pub fortran_order: bool,
    pub shape: Vec<usize>,
}

/// More axes than `NumPy` can have.
const MAX_RANK: usize = 64;

/// Understands `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
pub fn header(text: &str) -> Result<Header, String> {
    let mut literal = Literal(text);
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    literal.expect('{')?;
    while !literal.accept('}') {
        let key = literal.string()?;
        literal.expect(':')?;
        match key.as_str() {
            "descr" if literal.peek('[') => return Err("it describes a structured array".to_owned()),
            "descr" => descr = Some(literal.string()?),
            "fortran_order" => fortran_order = Some(literal.boolean()?),
            "shape" => shape = Some(literal.tuple()?),
            other => return Err(format!("{other:?} is unknown")),
        }
        if !literal.accept(',') && !literal.peek('}') {
            return Err(literal.wrong(", or }"));
        }
    }
    if !literal.0.trim().is_empty() {
        return Err(literal.wrong("the end"));
    }
    Ok(Header {
        descr: descr.ok_or("it has no descr")?,
        fortran_order: fortran_order.ok_or("it has no fortran_order")?,
        shape: shape.ok_or("it has no shape")?,
    })
}

/// What is left to understand.
struct Literal<'a>(&'a str);

impl Literal<'_> {
    fn wrong(&self, expected: &str) -> String {
        let at: String = self.0.trim().chars().take(20).collect();
        format!("{expected} expected at {at:?}")
    }

    fn peek(&self, character: char) -> bool {
        self.0.trim_start().starts_with(character)
    }

    fn accept(&mut self, character: char) -> bool {
        let rest = self.0.trim_start().strip_prefix(character);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        if self.accept(character) { Ok(()) } else { Err(self.wrong(&character.to_string())) }
    }

    fn string(&mut self) -> Result<String, String> {
        let Some(quote) = ['\'', '"'].into_iter().find(|quote| self.accept(*quote)) else {
            return Err(self.wrong("a string"));
        };
        let Some((string, rest)) = self.0.split_once(quote) else {
            return Err(self.wrong("a string with an end"));
        };
        self.0 = rest;
        Ok(string.to_owned())
    }

    fn boolean(&mut self) -> Result<bool, String> {
        for (name, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.trim_start().strip_prefix(name) {
                self.0 = rest;
                return Ok(value);
            }
        }
        Err(self.wrong("True or False"))
    }

    fn tuple(&mut self) -> Result<Vec<usize>, String> {
        let mut numbers = Vec::new();
        self.expect('(')?;
        while !self.accept(')') {
            if numbers.len() == MAX_RANK {
                return Err(format!("it has more than {MAX_RANK} axes"));
            }
            numbers.push(self.number()?);
            if !self.accept(',') && !self.peek(')') {
                return Err(self.wrong(", or )"));
            }
        }
        Ok(numbers)
    }

    fn number(&mut self) -> Result<usize, String> {
        let text = self.0.trim_start();
        let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let number = text[..end].parse().map_err(|_| self.wrong("a length"))?;
        // Python 2 marked long integers.
        self.0 = text[end..].strip_prefix('L').unwrap_or(&text[end..]);
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_any_order_and_style_are_understood() {
        let expected =
            |shape: &[usize]| Header { descr: "<f8".into(), fortran_order: false, shape: shape.into() };
        for (text, shape) in [
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }          \n", &[3, 4][..]),
            ("{\"shape\":(),\"fortran_order\":False,\"descr\":\"<f8\"}", &[]),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (5L,), }", &[5]),
        ] {
            assert_eq!(header(text), Ok(expected(shape)));
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_place() {
        for (text, why) in [
            ("", "{ expected at \"\""),
            ("{", "a string expected at \"\""),
            ("{'descr", "a string with an end expected at \"descr\""),
            ("{'descr': [('a', '<f8')]}", "it describes a structured array"),
            ("{'shape': (1", ", or ) expected at \"\""),
            ("{'shape': (-1,)}", "a length expected at \"-1,)}\""),
            ("{'shape': (99999999999999999999,)}", "a length expected at \"99999999999999999999\""),
            ("{'fortran_order': 1}", "True or False expected at \"1}\""),
            ("{'other': 1}", "\"other\" is unknown"),
            ("{} x", "the end expected at \"x\""),
            ("{}", "it has no descr"),
        ] {
            assert_eq!(header(text), Err(why.to_owned()));
        }
        let deep = format!("{{'shape': ({})}}", "1,".repeat(1000));
        assert_eq!(header(&deep), Err("it has more than 64 axes".to_owned()));
    }
}
