//! The command line of the program.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What `--help` prints.
pub const HELP: &str = "\
Computes seismic hazard curves as OpenQuake does and saves them in a calculation.

Usage: classical_psha [OPTIONS] JOB_INI
       classical_psha [OPTIONS] --resume CALC

  JOB_INI        the parameters of a new calculation; files that it names are sought beside it
  --resume CALC  go on with a calculation that was stopped, given by its number (-1 is the last one):
                 with the input it has kept, and without computing again what it has saved
  --share I/N    compute only the I-th of N shares, as one of N processes; the last to end combines them
  --prepare      only make the calculation, and compute nothing yet
  --plot         draw the mean and quantile curves, an SVG file for each intensity measure type
  -v, --verbose  tell at the end what took how long
  -h, --help     print this

The calculation is made in $OQ_DATADIR, or in $HOME/oqdata.";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// To read how it works.
    Help,
    /// A calculation.
    Run(Run),
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// In which calculation.
    pub calculation: Which,
    /// Which part of it.
    pub share: Share,
    /// Whether it is only made.
    pub prepare: bool,
    /// Whether curves are drawn.
    pub plot: bool,
    /// Whether to tell what took how long.
    pub verbose: bool,
}

/// Which calculation is meant.
#[derive(Debug, PartialEq, Eq)]
pub enum Which {
    /// A new one with these parameters.
    New(PathBuf),
    /// One that is there, by its number.
    Kept(i64),
}

/// One of several equal shares of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which, from 1.
    number: usize,
    /// How many there are.
    count: usize,
}

impl Share {
    /// Everything.
    pub const ALL: Self = Self { number: 1, count: 1 };

    /// Says whether the part of that index belongs to it.
    pub fn has(self, index: usize) -> bool {
        index % self.count == self.number - 1
    }
}

impl FromStr for Share {
    type Err = ();

    /// Reads `I/N`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, count) = text.split_once('/').ok_or(())?;
        let [number, count] = [number, count].map(str::parse::<usize>);
        match (number, count) {
            (Ok(number), Ok(count)) if (1..=count).contains(&number) => Ok(Self { number, count }),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl Arguments {
    /// Takes the arguments after the program's name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut job_ini: Option<PathBuf> = None;
        let mut kept = None;
        let (mut share, mut prepare, mut plot, mut verbose) = (Share::ALL, false, false, false);
        let mut only_names = false;
        while let Some(argument) = arguments.next() {
            match argument.to_str().filter(|_| !only_names) {
                Some("-h" | "--help") => return Ok(Self::Help),
                Some("-v" | "--verbose") => verbose = true,
                Some("--plot") => plot = true,
                Some("--prepare") => prepare = true,
                Some("--share") => share = value(&mut arguments, "--share", "I/N, such as 2/8")?,
                Some("--resume") => kept = Some(value(&mut arguments, "--resume", "a number")?),
                Some("--") => only_names = true,
                Some(option) if option.starts_with('-') => return Err(format!("unknown option '{option}'")),
                _ if job_ini.is_none() => job_ini = Some(argument.into()),
                _ => return Err(format!("unexpected argument '{}'", argument.display())),
            }
        }
        let calculation = match (job_ini, kept) {
            (Some(job_ini), None) => Which::New(job_ini),
            (None, Some(id)) if !prepare => Which::Kept(id),
            (None, Some(_)) => return Err("--prepare is for a new calculation".into()),
            (Some(_), Some(_)) => {
                return Err("--resume takes the job.ini that the calculation has kept".into());
            }
            (None, None) => return Err("the job.ini is missing; --help tells more".into()),
        };
        Ok(Self::Run(Run { calculation, share, prepare, plot, verbose }))
    }
}

/// Takes the value of an option.
fn value<T: FromStr>(
    arguments: &mut impl Iterator<Item = OsString>,
    option: &str,
    wanted: &str,
) -> Result<T, String> {
    let given = arguments.next().ok_or_else(|| format!("{option} needs {wanted}"))?;
    let parsed = given.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{option} needs {wanted}, not '{}'", given.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_anywhere_and_nothing_else_is_taken() {
        let run = |calculation, share: &str, [prepare, plot, verbose]: [bool; 3]| {
            Ok(Arguments::Run(Run { calculation, share: share.parse().unwrap(), prepare, plot, verbose }))
        };
        let job = |name: &str| Which::New(name.into());
        for (words, expected) in [
            ("job.ini", run(job("job.ini"), "1/1", [false; 3])),
            ("job.ini -v", run(job("job.ini"), "1/1", [false, false, true])),
            ("--verbose --plot job.ini", run(job("job.ini"), "1/1", [false, true, true])),
            ("--prepare job.ini", run(job("job.ini"), "1/1", [true, false, false])),
            ("--share 2/8 --resume -1", run(Which::Kept(-1), "2/8", [false; 3])),
            ("-- -v", run(job("-v"), "1/1", [false; 3])),
            ("job.ini --help", Ok(Arguments::Help)),
            ("", Err("the job.ini is missing; --help tells more".to_owned())),
            ("-x job.ini", Err("unknown option '-x'".to_owned())),
            ("a b", Err("unexpected argument 'b'".to_owned())),
            ("a --resume 1", Err("--resume takes the job.ini that the calculation has kept".to_owned())),
            ("--prepare --resume 1", Err("--prepare is for a new calculation".to_owned())),
            ("--resume", Err("--resume needs a number".to_owned())),
            ("a --share 0/2", Err("--share needs I/N, such as 2/8, not '0/2'".to_owned())),
            ("a --share 3/2", Err("--share needs I/N, such as 2/8, not '3/2'".to_owned())),
        ] {
            let parsed = Arguments::parse(words.split_whitespace().map(Into::into));
            assert_eq!(parsed, expected, "{words}");
        }
    }

    #[test]
    fn every_part_belongs_to_one_share() {
        let shares = ["1/3", "2/3", "3/3"].map(|text| text.parse::<Share>().unwrap());
        for index in 0..10 {
            assert_eq!(shares.iter().filter(|share| share.has(index)).count(), 1, "{index}");
        }
    }
}
