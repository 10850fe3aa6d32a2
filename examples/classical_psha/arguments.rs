//! The command line of the program.

use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
Computes seismic hazard curves as OpenQuake does and saves them in a new calculation.

Usage: classical_psha [-v] JOB_INI

  JOB_INI        the parameters of the calculation; files that it names are sought beside it
  -v, --verbose  tell at the end what took how long
  -h, --help     print this

The calculation is made in $OQ_DATADIR, or in $HOME/oqdata.";

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Arguments {
    /// To read how it works.
    Help,
    /// A calculation.
    Run {
        /// The parameters.
        job_ini: PathBuf,
        /// Whether to tell what took how long.
        verbose: bool,
    },
}

impl Arguments {
    /// Takes the arguments after the program's name.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut job_ini, mut verbose, mut only_names) = (None, false, false);
        for argument in arguments {
            match argument.to_str().filter(|_| !only_names) {
                Some("-h" | "--help") => return Ok(Self::Help),
                Some("-v" | "--verbose") => verbose = true,
                Some("--") => only_names = true,
                Some(option) if option.starts_with('-') => return Err(format!("unknown option '{option}'")),
                _ if job_ini.is_none() => job_ini = Some(argument.into()),
                _ => return Err(format!("unexpected argument '{}'", argument.display())),
            }
        }
        let job_ini = job_ini.ok_or("the job.ini is missing; --help tells more")?;
        Ok(Self::Run { job_ini, verbose })
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments::{self, Help, Run};

    #[test]
    fn options_stand_anywhere_and_nothing_else_is_taken() {
        let run = |job_ini: &str, verbose| Ok(Run { job_ini: job_ini.into(), verbose });
        for (words, expected) in [
            ("job.ini", run("job.ini", false)),
            ("job.ini -v", run("job.ini", true)),
            ("--verbose job.ini", run("job.ini", true)),
            ("-- -v", run("-v", false)),
            ("job.ini --help", Ok(Help)),
            ("", Err("the job.ini is missing; --help tells more".to_owned())),
            ("-x job.ini", Err("unknown option '-x'".to_owned())),
            ("a b", Err("unexpected argument 'b'".to_owned())),
        ] {
            let parsed = Arguments::parse(words.split_whitespace().map(Into::into));
            assert_eq!(parsed, expected, "{words}");
        }
    }
}
