//! Selections as an input, and what a naive model of numpy selects.

use super::input::Input;

/// The indices along each axis, and whether it is dropped.
pub type Axes = Vec<(Vec<i128>, bool)>;

/// What is taken along one axis.
#[derive(Debug)]
pub enum Taken {
    Index(i128),
    Slice(Option<i128>, Option<i128>, i128),
    List(Vec<i128>),
    Mask(Vec<bool>),
    Ellipsis,
}

/// Along an axis of this length.
pub fn choose(input: &mut Input<'_>, length: i128) -> Taken {
    let bound = |input: &mut Input<'_>| input.flag().then(|| input.number().into());
    match input.byte() % 8 {
        0 | 1 => Taken::Index(input.number().into()),
        2..=4 => {
            Taken::Slice(bound(input), bound(input), if input.flag() { input.number().into() } else { 1 })
        }
        5 => Taken::List((0..input.below(6)).map(|_| input.number().into()).collect()),
        6 => {
            let longer = i128::from(input.byte() == 255);
            Taken::Mask((0..length + longer).map(|_| input.flag()).collect())
        }
        _ => Taken::Ellipsis,
    }
}

/// In numpy's notation.
pub fn text(taken: &[Taken]) -> String {
    let bound = |bound: &Option<i128>| bound.map(|at| at.to_string()).unwrap_or_default();
    let part = |taken: &Taken| match taken {
        Taken::Index(index) => index.to_string(),
        Taken::Slice(start, stop, step) => format!("{}:{}:{step}", bound(start), bound(stop)),
        Taken::List(list) => format!("{list:?}"),
        Taken::Mask(mask) => format!("{mask:?}"),
        Taken::Ellipsis => "...".to_owned(),
    };
    let parts: Vec<String> = taken.iter().map(part).collect();
    if parts.is_empty() { "...".to_owned() } else { parts.join(",") }
}

/// The indices along each axis and whether the axis is dropped; nothing where numpy has an error.
pub fn model(taken: &[Taken], shape: &[i128]) -> Option<Axes> {
    let is_ellipsis = |taken: &&Taken| matches!(taken, Taken::Ellipsis);
    let ellipses = taken.iter().filter(is_ellipsis).count();
    let lists = taken.iter().filter(|taken| matches!(taken, Taken::List(_) | Taken::Mask(_))).count();
    let whole = shape.len().checked_sub(taken.len() - ellipses)?;
    if ellipses > 1 || lists > 1 {
        return None;
    }
    let mut axes = Vec::new();
    for part in taken {
        if let Taken::Ellipsis = part {
            axes.extend((0..whole).map(|_| None));
        } else {
            axes.push(Some(part));
        }
    }
    axes.resize_with(shape.len(), || None);
    axes.into_iter().zip(shape).map(|(part, length)| along(part, *length)).collect()
}

fn along(taken: Option<&Taken>, length: i128) -> Option<(Vec<i128>, bool)> {
    let there = |index: i128| {
        let index = if index < 0 { index + length } else { index };
        (0..length).contains(&index).then_some(index)
    };
    Some(match taken {
        None => ((0..length).collect(), false),
        Some(Taken::Index(index)) => (vec![there(*index)?], true),
        Some(Taken::List(list)) => (list.iter().map(|index| there(*index)).collect::<Option<_>>()?, false),
        // Printed, an empty mask is an empty list.
        Some(Taken::Mask(mask)) if mask.is_empty() => (Vec::new(), false),
        Some(Taken::Mask(mask)) if mask.len() as i128 != length => return None,
        Some(Taken::Mask(mask)) => ((0..length).zip(mask).filter(|at| *at.1).map(|at| at.0).collect(), false),
        Some(Taken::Slice(_, _, 0)) => return None,
        Some(Taken::Slice(start, stop, step)) => (slice(*start, *stop, *step, length), false),
        Some(Taken::Ellipsis) => unreachable!("it stands for whole axes"),
    })
}

/// One step after the other, as Python's `range(*slice(start, stop, step).indices(length))`.
fn slice(start: Option<i128>, stop: Option<i128>, step: i128, length: i128) -> Vec<i128> {
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let real = |bound: i128| (if bound < 0 { bound + length } else { bound }).clamp(least, most);
    let (first, last) = if step > 0 { (least, most) } else { (most, least) };
    let (mut at, stop) = (start.map_or(first, real), stop.map_or(last, real));
    let mut indices = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        indices.push(at);
        at += step;
    }
    indices
}

/// Whether an axis has an index twice, though another may have none.
pub fn names_twice(axes: &[(Vec<i128>, bool)]) -> bool {
    axes.iter().any(|(indices, _)| (0..indices.len()).any(|n| indices[..n].contains(&indices[n])))
}

/// Where the chosen elements are in C order, and the shape of the result.
pub fn places(axes: &[(Vec<i128>, bool)], shape: &[i128]) -> (Vec<usize>, Vec<usize>) {
    let mut places = vec![0i128];
    for ((indices, _), length) in axes.iter().zip(shape) {
        places =
            places.iter().flat_map(|place| indices.iter().map(move |index| place * length + index)).collect();
    }
    let places = places.into_iter().map(|place| usize::try_from(place).unwrap()).collect();
    let kept = axes.iter().filter(|(_, dropped)| !dropped);
    (places, kept.map(|(indices, _)| indices.len()).collect())
}
