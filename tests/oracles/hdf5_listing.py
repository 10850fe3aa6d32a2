"""Writes down what h5py finds in HDF5 files: beside each FILE a text FILE.txt, one line for each object, attribute and link.

usage: hdf5_listing.py FILE...
"""

import re
import sys

from h5py import h5a, h5d, h5f, h5g, h5l, h5o, h5p, h5s, h5t
import numpy


def text(data_type):
    """The type as it is stored, in one word; in memory references have other sizes, so that they have none here."""
    written = described(data_type)
    if re.search(r"String|List|Standard", written):
        written = re.sub(r"@\d+", "", re.sub(r"Compound\d+", "Compound", written))
    return written


def described(t):
    size, kind = t.get_size(), t.get_class()
    order = "<" if not hasattr(t, "get_order") or t.get_order() == h5t.ORDER_LE else ">"
    if kind == h5t.INTEGER:
        sign = "Int" if t.get_sign() == h5t.SGN_2 else "Uint"
        return f"{sign}{size}{order}{t.get_offset()}+{t.get_precision()}"
    if kind == h5t.FLOAT:
        sign, exponent, exponents, mantissa, mantissas = t.get_fields()
        bits = f"{t.get_offset()}+{t.get_precision()},{sign},{exponent}+{exponents},{mantissa}+{mantissas}"
        return f"Float{size}{order}{bits},{t.get_ebias()},{str(t.get_norm() == h5t.NORM_IMPLIED).lower()}"
    if kind == h5t.STRING:
        encoding = "utf8" if t.get_cset() == h5t.CSET_UTF8 else "ascii"
        padding = ["NullTerminated", "Null", "Space"][t.get_strpad()]
        return f"String({padding},{encoding})" if t.is_variable_str() else f"Fixed{size}({padding},{encoding})"
    if kind == h5t.BITFIELD:
        return f"Bits{size}{order}"
    if kind == h5t.OPAQUE:
        return f"Opaque{size}({t.get_tag().decode()})"
    if kind == h5t.COMPOUND:
        member = lambda i: f"{t.get_member_name(i).decode('utf8', 'replace')}@{t.get_member_offset(i)}:{described(t.get_member_type(i))}"
        return f"Compound{size}({','.join(map(member, range(t.get_nmembers())))})"
    if kind == h5t.REFERENCE:
        if t.equal(h5t.STD_REF_OBJ):
            return "Object"
        return "Region" if t.equal(h5t.STD_REF_DSETREG) else "Standard"
    if kind == h5t.ENUM:
        name = lambda i: f"{t.get_member_name(i).decode('utf8', 'replace')}={t.get_member_value(i)}"
        return f"Enum({described(t.get_super())},{','.join(map(name, range(t.get_nmembers())))})"
    if kind == h5t.VLEN:
        return f"List({described(t.get_super())})"
    if kind == h5t.ARRAY:
        return f"Array({'x'.join(map(str, t.get_array_dims()))},{described(t.get_super())})"
    if kind == h5t.TIME:
        return f"Time{size}"
    if kind == h5t.COMPLEX:
        return f"Complex({described(t.get_super())})"
    raise ValueError(kind)


def axes(lengths):
    return "x".join("*" if length in (None, h5s.UNLIMITED, 2**64 - 1) else str(length) for length in lengths) or "scalar"


def space(dataspace):
    if dataspace.get_simple_extent_type() == h5s.NULL:
        return "null"
    shape, most = dataspace.get_simple_extent_dims(), dataspace.get_simple_extent_dims(True)
    return axes(shape) if shape == most else f"{axes(shape)}/{axes(most)}"


def layout(dataset, properties):
    if properties.get_external_count():
        files = [properties.get_external(i) for i in range(properties.get_external_count())]
        sizes = [(name.decode(), offset, "*" if size == h5f.UNLIMITED else size) for name, offset, size in files]
        return "external:" + ",".join(f"{name}+{offset}+{size}" for name, offset, size in sizes)
    kind = properties.get_layout()
    if kind == h5d.COMPACT:
        return f"compact:{dataset.get_storage_size()}"
    if kind == h5d.CHUNKED:
        return f"chunked:{axes(properties.get_chunk())}"
    if kind == h5d.CONTIGUOUS:
        return "contiguous"
    names = [properties.get_virtual_filename(i) for i in range(properties.get_virtual_count())]
    return "virtual:" + ",".join(dict.fromkeys(names))


def filters(properties):
    def one(i):
        number, flags, parameters, _ = properties.get_filter(i)
        return f"{number}{'?' if flags & h5f_optional else ''}({','.join(map(str, parameters))})"

    h5f_optional = 1
    return "|".join(map(one, range(properties.get_nfilters()))) or "unfiltered"


def dataset(d):
    properties = d.get_create_plist()
    fill = "filled" if properties.fill_value_defined() == h5d.FILL_VALUE_USER_DEFINED else "unfilled"
    return f"{text(d.get_type())} {space(d.get_space())} {layout(d, properties)} {filters(properties)} {fill}"


def value(attribute):
    data_type, dataspace = attribute.get_type(), attribute.get_space()
    if re.search(r"String|List|Object|Region|Standard", described(data_type)):
        return "-"
    count = dataspace.get_simple_extent_npoints() if space(dataspace) != "null" else 0
    if not count:
        return ""
    stored = numpy.zeros(dataspace.get_simple_extent_dims(), dtype=f"V{data_type.get_size()}")
    attribute.read(stored, mtype=data_type)
    return stored.tobytes().hex()


def attributes(path, o):
    lines = []
    for i in range(h5a.get_num_attrs(o)):
        a = h5a.open(o, index=i)
        name = a.name if isinstance(a.name, bytes) else a.name.encode("utf8", "surrogateescape")
        lines.append((name, f"{path}@{name.decode('utf8', 'replace')} {text(a.get_type())} {space(a.get_space())} {value(a)}"))
    return [line for _, line in sorted(lines)]


def walk(path, o, seen, out):
    shown, address = path or "/", h5o.get_info(o).addr
    if address in seen:
        out.append(f"{shown} is {seen[address]}")
        return
    seen[address] = shown
    if isinstance(o, h5g.GroupID):
        out.append(f"{shown} group")
    elif isinstance(o, h5d.DatasetID):
        out.append(f"{shown} dataset {dataset(o)}")
    else:
        out.append(f"{shown} datatype {text(o)}")
    out.extend(attributes(shown, o))
    if not isinstance(o, h5g.GroupID):
        return
    names = []
    o.links.iterate(lambda name: names.append(name))
    for name in sorted(names):
        below, link = f"{path}/{name.decode('utf8', 'replace')}", o.links.get_info(name).type
        if link == h5l.TYPE_HARD:
            walk(below, h5o.open(o, name), seen, out)
        elif link == h5l.TYPE_SOFT:
            out.append(f"{below} -> {o.links.get_val(name).decode('utf8', 'replace')}")
        elif link == h5l.TYPE_EXTERNAL:
            file, target = o.links.get_val(name)
            out.append(f"{below} -> {file.decode()}:{target.decode()}")
        else:
            out.append(f"{below} -> type {int(link)}")


def main():
    for name in sys.argv[1:]:
        out = []
        file = h5f.open(name.encode(), h5f.ACC_RDONLY)
        walk("", h5g.open(file, b"/"), {}, out)
        with open(f"{name}.txt", "w") as listing:
            listing.writelines(f"{line}\n" for line in out)


if __name__ == "__main__":
    main()
