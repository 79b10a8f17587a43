"""A report read back: its tables, lists and numbers, as a program finds them."""

from html.parser import HTMLParser

VOID = {"img", "meta", "br", "hr", "col"}


class Cell:
    """A cell or entry: its text and the exact numbers in it."""

    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.text, self.numbers = tag, attributes, "", []

    @property
    def number(self):
        (found,) = self.numbers
        return found


class Page(HTMLParser):
    """What is in a page.

    Attributes
    ----------
    tables : dict of str to list of rows
        By id; the first row is the header.
    terms : dict of str to Cell
        Terms of definition lists, by (section, term).
    elements : list of (tag, attributes)
    problems : list of str
        Tags that do not match.
    """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tables, self.terms, self.elements, self.problems, self.text = {}, {}, [], [], ""
        self._open, self._cells, self._table, self._term, self._section = [], [], None, None, ""
        self.feed(text)
        self.problems += [f"<{tag}> is not closed" for tag in self._open]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "section":
            self._section = attributes.get("id", "")
        elif tag == "table":
            self._table = self.tables.setdefault(attributes["id"], [])
        elif tag == "tr":
            self._table.append([])
        elif tag in ("th", "td", "dt", "dd"):
            self._cells.append(Cell(tag, attributes))
            if tag in ("th", "td"):
                self._table[-1].append(self._cells[-1])
        elif tag == "data":
            for cell in self._cells:
                cell.numbers.append(float(attributes["value"]))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")
        if tag in ("th", "td", "dt", "dd"):
            cell = self._cells.pop()
            if tag == "dt":
                self._term = cell.text
            elif tag == "dd":
                self.terms[self._section, self._term] = cell

    def handle_data(self, data):
        self.text += data
        for cell in self._cells:
            cell.text += data

    def column(self, table, name):
        """Path of a row -> its cell under a column's title."""
        header, *rows = self.tables[table]
        place = [cell.text for cell in header].index(name)
        return {row_name(row[0].text): row[place] for row in rows}

    def attributes(self, tag):
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def row_name(text):
    """The path in a row's header, which stands below its name in words."""
    return text[text.index("disks.") :] if "disks." in text else text
