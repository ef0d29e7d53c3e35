"""An XLSX workbook (ECMA-376), in pieces as its rows are read: nothing is kept, in memory or on a disk.

No library writes one so: XlsxWriter and openpyxl put a sheet into a temporary file, and the workbook together at its
end. The order of the parts makes it possible: the first says that every other part is a sheet, the last names them.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from weather_platform.domain.errors import BadInput
from weather_platform.domain.tabular import Column
from weather_platform.sink import Sink

SHEET_ROWS = 1_048_575
"""Rows of a sheet below its heading: all that Excel has room for. More go on in a second."""
_LONGEST_TEXT = 32_767
_BATCH_ROWS = 500
_WIDTH = 14
_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BEGINNING: Mapping[str, str] = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_NAMESPACE}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_BOLD, _DAY, _MOMENT = 1, 2, 3
"""Places in `cellXfs`."""
_DAY_LONG = timedelta(days=1)
_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
"""Excel counts days from here, from March 1900 on."""
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MEANINGS = (("column", 28), ("unit", 10), ("meaning", 90))


def pieces_of(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Sheets of the rows (one cell per column, None if empty), and one that says the unit and meaning of each column.

    Texts are written as texts, so that none is a formula or a link; times in UTC, as Excel knows no time zones.
    The same rows give the same bytes.

    Raises:
        BadInput: a text that does not fit into a cell.
    """
    sink = Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED) as file:
        for name, text in _BEGINNING.items():
            file.writestr(_part(name), _XML + text)
        yield sink.taken()
        names: list[str] = []
        for sheet in _sheets(iter(rows)):
            names.append(f"Sheet{len(names) + 1}")
            yield from _written(file, sink, len(names), columns, sheet, [_WIDTH] * len(columns))
        names.append("columns")
        heading = [Column(name, str, "", "") for name, _ in _MEANINGS]
        meanings = iter([column.name, column.unit, column.meaning] for column in columns)
        yield from _written(file, sink, len(names), heading, meanings, [width for _, width in _MEANINGS])
        for name, text in _ending(names).items():
            file.writestr(_part(name), _XML + text)
    yield sink.taken()


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name)  # of 1980, not of now
    part.compress_type = ZIP_DEFLATED
    return part


def _sheets(rows: Iterator[Sequence[Any]]) -> Iterator[Iterator[Sequence[Any]]]:
    """The rows of each sheet; the first one is there without rows too."""
    first = list(islice(rows, 1))
    while True:
        yield chain(first, islice(rows, SHEET_ROWS - len(first)))
        if not (first := list(islice(rows, 1))):
            return


def _written(
    file: ZipFile,
    sink: Sink,
    number: int,
    columns: Sequence[Column],
    rows: Iterator[Sequence[Any]],
    widths: Sequence[int],
) -> Iterator[bytes]:
    """A sheet below a heading with the names of its columns."""
    shown = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    letters = [_letters(place) for place in range(len(columns))]
    heading = (
        _text(f'r="{letter}1" s="{_BOLD}"', column.name) for letter, column in zip(letters, columns, strict=True)
    )
    writers = [(letter, _WRITERS[column.type]) for letter, column in zip(letters, columns, strict=True)]
    with file.open(_part(f"xl/worksheets/sheet{number}.xml"), "w") as part:
        part.write(
            f'{_XML}<worksheet xmlns="{_NAMESPACE}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f'<cols>{shown}</cols><sheetData><row r="1">{"".join(heading)}</row>'.encode()
        )
        numbered = enumerate(rows, start=2)
        while text := "".join(_row(row, writers, cells) for row, cells in islice(numbered, _BATCH_ROWS)):
            part.write(text.encode())
            if piece := sink.taken():
                yield piece
        part.write(b"</sheetData></worksheet>")


def _letters(place: int) -> str:
    """A column by its place, from 0: A to Z, then AA to AZ."""
    before, last = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


Writer = Callable[[str, Any], str]


def _row(number: int, writers: Sequence[tuple[str, Writer]], cells: Sequence[Any]) -> str:
    written = (
        write(f'r="{letter}{number}"', cell)
        for (letter, write), cell in zip(writers, cells, strict=True)
        if cell is not None
    )
    return f'<row r="{number}">{"".join(written)}</row>'


def _text(attributes: str, cell: str) -> str:
    if len(cell) > _LONGEST_TEXT:
        raise BadInput(f"A text does not fit into a cell of a sheet: {cell[:40]!r} …", "Ask for CSV or Parquet.")
    safe = escape(_UNWRITABLE.sub(lambda sign: f"_x{ord(sign[0]):04X}_", cell))
    return f'<c {attributes} t="inlineStr"><is><t xml:space="preserve">{safe}</t></is></c>'


def _plain(attributes: str, cell: float) -> str:
    return f"<c {attributes}><v>{cell}</v></c>"


def _moment(attributes: str, cell: datetime) -> str:
    return f'<c {attributes} s="{_MOMENT}"><v>{(cell - _EPOCH) / _DAY_LONG}</v></c>'


_WRITERS: Mapping[type, Writer] = {
    str: _text,
    bool: lambda attributes, cell: f'<c {attributes} t="b"><v>{cell:d}</v></c>',
    int: _plain,
    float: _plain,
    date: lambda attributes, cell: f'<c {attributes} s="{_DAY}"><v>{(cell - _EPOCH.date()).days}</v></c>',
    datetime: _moment,
}


def _ending(names: Sequence[str]) -> dict[str, str]:
    """The parts that name the sheets."""
    numbered = list(enumerate(names, start=1))
    sheets = "".join(f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in numbered)
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number, _ in numbered
    )
    styles = f'<Relationship Id="rId0" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
    listed = f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>'
    found = f'<Relationships xmlns="{_PACKAGE}/relationships">{relations}{styles}</Relationships>'
    return {"xl/workbook.xml": listed, "xl/_rels/workbook.xml.rels": found}
