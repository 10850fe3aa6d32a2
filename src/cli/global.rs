//! The options that every verb takes.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum, ValueHint};

/// The options that every verb takes, before it or after it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    #[arg(
        help = "The calculation: its ID, -1 for the last, -2 for the one before, or calc_12; or the path (./12 is one) of a \
                  directory with a store or any Zarr v3 hierarchy, or of a zip or HDF5 file, which is only read"
    )]
    #[arg(short, long, global = true, value_name = "CALC", default_value = "-1")]
    #[arg(allow_negative_numbers = true, value_parser = OsStringValueParser::new().try_map(Calc::parse))]
    pub calc: Calc,

    #[arg(help = "The data directory [default: $OQ_DATADIR, else $HOME/oqdata]")]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub datadir: Option<PathBuf>,

    #[arg(help = "How long to wait for a lock that another program holds [default: 60]")]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub lock_timeout: Option<Duration>,

    /// Print JSON, errors too
    #[arg(long, global = true)]
    pub json: bool,

    /// Print nothing but data and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more of what is done
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// When to print colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "no time that one could wait".to_owned())
}

/// When to print colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes it so for everything that is printed.
    pub fn write_global(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// How a calculation is named: a bare integer is always an ID, everything else a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calc {
    /// By its ID; counted from the last one where negative.
    Id(i64),
    /// By its directory, or the file that stands for it.
    Path(PathBuf),
}

impl Calc {
    /// Understands an argument, which may be a path that is no text.
    pub fn parse(argument: OsString) -> Result<Self, String> {
        let Some(text) = argument.to_str() else { return Ok(Self::Path(argument.into())) };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if text.is_empty() {
            return Err("neither an ID nor a path".to_owned());
        }
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Path(text.into()));
        }
        text.parse().map(Self::Id).map_err(|_| "no calculation has so large an ID".to_owned())
    }
}
