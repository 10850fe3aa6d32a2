use std::path::{Path, PathBuf};

use calcstore::Selection;
use clap::{ValueEnum, ValueHint};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::{self, Sink};
use crate::cli::keys;
use crate::cli::keys::OneKey;
use crate::cli::plot::{self, Content, Figure, Form, Scale, Wanted};
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
One axis is a curve, against the labels of the axis where there are some. Of two axes \
each row is a curve, up to eight, or each element a cell, if the rows are many. The \
attributes long_name and units are written at the axes. Axes are logarithmic if the \
numbers grow by factors, or if the attribute SILX_style says so.

Examples:
  calcstore plot /0/curves                          in the terminal
  calcstore plot /0/curves -s 1 --x /levels --log xy
  calcstore plot /maps/mean -s ':,0' -o mean.svg
  calcstore plot /maps/mean --as grid -o mean.png")]
pub struct Arguments {
    #[command(flatten)]
    key: OneKey,

    /// Draw a part, as numpy selects it, such as 0, ':10, 3', '...,-1'
    #[arg(short, long, value_name = "SEL", allow_hyphen_values = true)]
    select: Option<Selection>,

    /// Draw rows as curves, or elements as cells
    #[arg(long = "as", value_name = "FORM")]
    form: Option<Form>,

    /// The key of the array that the curves are drawn against
    #[arg(long, value_name = "KEY")]
    x: Option<String>,

    /// Which axes are logarithmic; y is also the colours of a grid
    #[arg(long, value_name = "AXES")]
    log: Option<Log>,

    /// Save to a file that ends with .svg or .png, instead of drawing in the terminal
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// The format of the file [default: by the suffix of FILE]
    #[arg(short, long, value_name = "FORMAT", requires = "output")]
    format: Option<Format>,

    /// Replace a file that is there already
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Log {
    X,
    Y,
    Xy,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Svg,
    Png,
}

impl Log {
    fn scale(self, axis: Self) -> Scale {
        if self == axis || self == Self::Xy { Scale::Log } else { Scale::Linear }
    }
}

/// Draws a value.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let format = asked.output.as_deref().map(|file| format(asked, file)).transpose()?;
    let source = session.read()?;
    let node = keys::node(&source, &asked.key.key)?;
    let wanted = Wanted {
        selection: asked.select.as_ref(),
        form: asked.form,
        x: asked.x.as_deref(),
        x_scale: asked.log.map(|log| log.scale(Log::X)),
        y_scale: asked.log.map(|log| log.scale(Log::Y)),
    };
    let figure = Figure::read(&source, &node, &wanted)?;
    let output = session.output;
    let (Some(file), Some(format)) = (&asked.output, format) else {
        if output.is_json() {
            output.json(&figure.to_json())?;
        } else {
            output.lines(plot::to_text(&figure, output.width(), output.has_colours()))?;
        }
        return Ok(Exit::Done);
    };
    let bytes = match format {
        Format::Svg => plot::to_svg(&figure),
        Format::Png => plot::to_png(&figure).map_err(|error| Failure::io("cannot compress", file, &error))?,
    };
    let mut sink =
        if file == Path::new(files::STANDARD) { Sink::stdout() } else { Sink::file(file, asked.force)? };
    sink.write(&bytes)?;
    sink.finish()?;
    let shown = match &figure.content {
        Content::Curves(curves) => curves.len(),
        Content::Grid(_) => 0,
    };
    if output.is_json() && file != Path::new(files::STANDARD) {
        output.json(&json!({"file": file.to_string_lossy(), "bytes": bytes.len(), "curves": shown, "note": figure.note}))?;
    } else if let Some(note) = &figure.note {
        output.note(note);
    }
    Ok(Exit::Done)
}

fn format(asked: &Arguments, file: &Path) -> Result<Format, Failure> {
    asked.format.or_else(|| files::format_of(file)).ok_or_else(|| {
        Failure::invalid("the suffix does not tell the format: say it with -f svg or png").with_file(file)
    })
}
