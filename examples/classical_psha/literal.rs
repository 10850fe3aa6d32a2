//! Reads the literals that stand in a job.ini: dictionaries and lists as in Python or JSON, and `logscale`.

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A finite number.
    Number(f64),
    /// A string in single or double quotes.
    Text(String),
    /// `[…]` or `(…)`.
    List(Vec<Self>),
    /// `{…: …}`, in the order given; no name is there twice.
    Dict(Vec<(String, Self)>),
}

/// What is wrong in a literal.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// How many line ends stand before it.
    pub lines_before: usize,
    /// The fault.
    pub message: String,
}

/// How deep brackets may be nested; what is read here needs two.
const DEEPEST: usize = 8;

/// How many levels `logscale` may ask for.
const MOST_LEVELS: f64 = 10_000.0;

impl Literal {
    /// Reads one literal, which must be all of `text`.
    ///
    /// # Errors
    /// Where `text` stops being one.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let mut parser = Parser { text, position: 0 };
        let literal = parser.literal(0)?;
        match parser.peek() {
            None => Ok(literal),
            Some(found) => parser.wrong(format!("unexpected '{found}' after the value")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Wrong> {
        let lines_before = self.text[..self.position].matches('\n').count();
        Err(Wrong { lines_before, message: message.into() })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The next character that is no white space.
    fn peek(&mut self) -> Option<char> {
        self.position = self.text.len() - self.rest().trim_start().len();
        self.rest().chars().next()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), Wrong> {
        if self.accept(wanted) {
            return Ok(());
        }
        match self.peek() {
            Some(found) => self.wrong(format!("expected '{wanted}', found '{found}'")),
            None => self.wrong(format!("expected '{wanted}', found the end")),
        }
    }

    fn literal(&mut self, depth: usize) -> Result<Literal, Wrong> {
        if depth > DEEPEST {
            return self.wrong("brackets are nested too deeply");
        }
        match self.peek() {
            None => self.wrong("expected a value, found the end"),
            Some('{') => self.dict(depth),
            Some('[') => self.list('[', ']', depth).map(Literal::List),
            Some('(') => self.list('(', ')', depth).map(Literal::List),
            Some('\'' | '"') => self.string().map(Literal::Text),
            Some('l') if self.rest().starts_with("logscale") => {
                self.position += "logscale".len();
                self.logscale(depth)
            }
            Some(_) => self.number().map(Literal::Number),
        }
    }

    fn list(&mut self, open: char, close: char, depth: usize) -> Result<Vec<Literal>, Wrong> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.accept(close) {
            items.push(self.literal(depth + 1)?);
            if !self.accept(',') {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, Wrong> {
        self.expect('{')?;
        let mut items: Vec<(String, Literal)> = Vec::new();
        while !self.accept('}') {
            let name = self.string()?;
            if items.iter().any(|(earlier, _)| *earlier == name) {
                return self.wrong(format!("'{name}' is given twice"));
            }
            self.expect(':')?;
            items.push((name, self.literal(depth + 1)?));
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        Ok(Literal::Dict(items))
    }

    fn string(&mut self) -> Result<String, Wrong> {
        let Some(quote @ ('\'' | '"')) = self.peek() else {
            return self.wrong("expected a string in quotes");
        };
        let inside = &self.rest()[1..];
        match inside.find([quote, '\n', '\\']) {
            Some(end) if inside[end..].starts_with(quote) => {
                self.position += end + 2;
                Ok(inside[..end].into())
            }
            _ => self.wrong("a string is not closed in its line or holds a backslash"),
        }
    }

    fn number(&mut self) -> Result<f64, Wrong> {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || ",:()[]{}'\"".contains(c)).unwrap_or(rest.len());
        let word = if end == 0 { rest.get(..1).unwrap_or(rest) } else { &rest[..end] };
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.position += end;
                Ok(number)
            }
            _ => self.wrong(format!("'{word}' is not a number")),
        }
    }

    /// `logscale(first, last, n)`: n levels whose logarithms are equally far apart.
    fn logscale(&mut self, depth: usize) -> Result<Literal, Wrong> {
        let arguments = self.list('(', ')', depth)?;
        let [Literal::Number(first), Literal::Number(last), Literal::Number(count)] = arguments[..] else {
            return self.wrong("logscale wants three numbers: the first level, the last, how many");
        };
        if first <= 0.0 || last <= first || count.fract() != 0.0 || !(2.0..=MOST_LEVELS).contains(&count) {
            return self.wrong(format!(
                "logscale({first}, {last}, {count}): it takes 0 < first < last and 2 to {MOST_LEVELS} levels"
            ));
        }
        let step = libm::log(last / first) / (count - 1.0);
        let mut levels = Vec::new();
        let mut index = 0.0;
        while index < count {
            levels.push(Literal::Number(libm::exp(step * index) * first));
            index += 1.0;
        }
        Ok(Literal::List(levels))
    }
}

#[cfg(test)]
mod tests {
    use super::Literal::{self, Dict, List, Number, Text};

    #[test]
    fn python_and_json_spellings_are_read() {
        let one_two = || List(vec![Number(1.0), Number(2e-3)]);
        for text in ["[1, 2e-3]", "(1,.002,)", "\n[ 1.\n,\t0.002 ] "] {
            assert_eq!(Literal::parse(text), Ok(one_two()), "{text}");
        }
        let dict = Dict(vec![("PGA".into(), one_two()), ("b".into(), Text("x y".into()))]);
        assert_eq!(Literal::parse("{'PGA': [1, 2e-3], \"b\": 'x y',}"), Ok(dict));
        assert_eq!(Literal::parse("200"), Ok(Number(200.0)));
    }

    #[test]
    fn logscale_spreads_levels_evenly_in_the_logarithm() {
        let Ok(List(levels)) = Literal::parse("logscale(0.01, 1, 3)") else { panic!("no list") };
        let [Number(a), Number(b), Number(c)] = levels[..] else { panic!("no numbers") };
        assert!((a - 0.01).abs() < 1e-15 && (b - 0.1).abs() < 1e-15 && (c - 1.0).abs() < 1e-15, "{levels:?}");
    }

    #[test]
    fn every_fault_is_told_with_the_lines_before_it() {
        for (text, lines, message) in [
            ("", 0, "expected a value, found the end"),
            ("{'a': [1,\n2}", 1, "expected ']', found '}'"),
            ("{'a': 1", 0, "expected '}', found the end"),
            ("{'a': 1, 'a': 2}", 0, "'a' is given twice"),
            ("{a: 1}", 0, "expected a string in quotes"),
            ("{'a: 1}", 0, "a string is not closed in its line or holds a backslash"),
            ("[1, x]", 0, "'x' is not a number"),
            ("[é]", 0, "'é' is not a number"),
            ("[,é]", 0, "',' is not a number"),
            ("[nan]", 0, "'nan' is not a number"),
            ("1 2", 0, "unexpected '2' after the value"),
            ("[[[[[[[[[[1]]]]]]]]]]", 0, "brackets are nested too deeply"),
            ("logscale(1)", 0, "logscale wants three numbers: the first level, the last, how many"),
            (
                "logscale(1, 2, 1e12)",
                0,
                "logscale(1, 2, 1000000000000): it takes 0 < first < last and 2 to 10000 levels",
            ),
        ] {
            let wrong = Literal::parse(text).unwrap_err();
            assert_eq!((wrong.lines_before, wrong.message.as_str()), (lines, message), "{text}");
        }
    }
}
