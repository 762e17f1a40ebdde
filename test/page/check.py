"""Is a page of ingest_dashboard() sound?  Without a browser.

    python3 check.py en FILE

Prints a line of TAP for each check.  The parser is Python's own; it forgives
much, so what must not be forgiven is looked for here: elements that are not
closed in order, elements, attributes and addresses that the page has no use
for, which is how a hole in the escaping would show.
"""

import re
import sys
from html.parser import HTMLParser

VOID = {'meta', 'link'}
COMMON = {'class', 'id', 'lang', 'role', 'title', 'aria-label', 'aria-labelledby', 'aria-hidden', 'translate'}
ALLOWED = {
    'html': set(), 'head': set(), 'body': set(), 'title': set(), 'style': set(),
    'meta': {'charset', 'name', 'content', 'http-equiv'}, 'link': {'rel', 'href'},
    'header': set(), 'main': set(), 'footer': set(), 'nav': set(), 'section': set(), 'div': {'tabindex'},
    'h1': set(), 'h2': set(), 'h3': set(), 'p': set(), 'span': set(), 'bdi': set(), 'strong': set(), 'i': set(), 'mark': set(), 'code': set(),
    'time': {'datetime'}, 'a': {'href', 'rel'}, 'ul': set(), 'ol': set(), 'li': set(), 'dl': set(), 'dt': set(), 'dd': set(),
    'details': set(), 'summary': set(),
    'table': set(), 'caption': set(), 'thead': set(), 'tbody': set(), 'tfoot': set(), 'tr': set(),
    'th': {'scope', 'colspan'}, 'td': {'colspan', 'data-label', 'style'},
    'svg': {'viewbox', 'width', 'height', 'style', 'preserveaspectratio'}, 'defs': set(), 'symbol': {'viewbox'}, 'use': {'href'},
    'rect': {'x', 'y', 'width', 'height'}, 'line': {'x1', 'x2', 'y1', 'y2'}, 'text': {'x', 'y', 'text-anchor'},
    'circle': {'cx', 'cy', 'r', 'fill', 'stroke', 'stroke-width'},
    'path': {'d', 'fill', 'stroke', 'stroke-width', 'stroke-linecap', 'stroke-linejoin'},
}
STYLES = re.compile(r'position:absolute|--part:[01](\.\d+)?')
# what must say something
SPOKEN = {'title', 'h1', 'h2', 'h3', 'th', 'dt', 'caption', 'summary', 'a', 'li', 'code', 'time', 'mark'}


class Node:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children = []

    def walk(self):
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def all(self, *tags):
        return [node for node in self.walk() if node.tag in tags]

    def text(self):
        return ''.join(child if isinstance(child, str) else child.text() for child in self.children)

    def own_words(self):
        """The text that is the page's own, without its marks: what comes from outside is in bdi or code."""
        return ''.join(child if isinstance(child, str) else child.own_words()
                       for child in self.children if isinstance(child, str) or child.tag not in ('bdi', 'code', 'style', 'i') and not child.attributes.get('class', '').startswith('key '))


class Document(HTMLParser):
    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.root = self.at = Node('', {}, None)
        self.faults = []
        self.feed(source)
        self.close()
        if self.at is not self.root:
            self.fault(f'<{self.at.tag}> is not closed')

    def fault(self, what):
        self.faults.append(f'line {self.getpos()[0]}: {what}')

    def handle_decl(self, declaration):
        if declaration.lower() != 'doctype html' or self.root.children:
            self.fault(f'<!{declaration[:60]}>')

    def handle_starttag(self, tag, pairs):
        attributes = dict(pairs)
        if len(attributes) != len(pairs):
            self.fault(f'<{tag}> has an attribute twice')
        for name, value in pairs:
            if value is None:
                self.fault(f'<{tag}> has {name} without a value')
        node = Node(tag, attributes, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag, pairs):
        self.handle_starttag(tag, pairs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if self.at.tag != tag:
            self.fault(f'</{tag}> where <{self.at.tag}> is open')
        else:
            self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)

    def handle_comment(self, data):
        self.fault(f'a comment: {data[:60]}')

    handle_pi = unknown_decl = handle_comment


def strange(root):
    """Elements, attributes and addresses that the page has no use for."""
    for node in root.walk():
        if node.tag not in ALLOWED:
            yield f'<{node.tag}>'
            continue
        for name, value in node.attributes.items():
            if name not in ALLOWED[node.tag] | COMMON:
                yield f'<{node.tag} {name}={value[:60]!r}>'
            elif name == 'style' and not STYLES.fullmatch(value):
                yield f'style {value[:60]!r}'
            elif name == 'href' and not re.match({'a': r'#[\w-]+$|https?://[^\s"<>]+$', 'use': r'#i-\w+$', 'link': r'data:image/svg\+xml,[^"<>]+$'}[node.tag], value):
                yield f'href {value[:60]!r}'
            elif name == 'href' and value.startswith('http') and node.attributes.get('rel') != 'noopener noreferrer':
                yield f'a link that tells where it comes from: {value[:60]!r}'


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)] if len(colour) == 7 else [int(c * 2, 16) / 255 for c in colour[1:]]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def schemes(css):
    """The colours of light, dark and print, by name."""
    colours = {}
    for scheme, start in (('light', r'\A'), ('dark', r'@media \(prefers-color-scheme: dark\)'), ('print', r'@media print')):
        block = re.search(start + r'.*?:root \{(.*?)\}', css, re.S).group(1)
        colours[scheme] = {**colours.get('light', {}), **dict(re.findall(r'--([\w-]+): (#[0-9a-fA-F]{3,6});', block))}
    return colours


TEXT = [(ink, ground) for ink in ('ink', 'muted', 'accent', 'bad', 'warn', 'ok', 'info') for ground in ('bg', 'surface', 'raised')] + \
       [(tone, tone + '-bg') for tone in ('ok', 'warn', 'bad', 'info', 'idle')] + [('muted', 'raised'), ('ink', 'warn-bg')]
GRAPHICS = [(bar, 'surface') for bar in ('bar', 'bar-2', 'bar-warn', 'bar-bad')]


class Report:
    def __init__(self, what):
        self.what, self.count = what, 0

    def check(self, name, faults):
        self.count += 1
        faults = list(dict.fromkeys(faults))
        print(f'{"not ok" if faults else "ok"} {self.count} - {self.what}: {name}')
        for fault in faults[:10]:
            print(f'#   {fault}')

    def done(self):
        print(f'1..{self.count}')


def check(language, path, report):
    source = open(path, encoding='utf-8', newline='').read()
    document = Document(source)
    root = document.root
    nodes = list(root.walk())
    css = ''.join(node.text() for node in root.all('style'))

    report.check('is well-formed', document.faults)
    report.check('has nothing that it has no use for', strange(root))
    report.check('has no control character', [f'{c!r} at {i}' for i, c in enumerate(source)
                                               if ord(c) < 32 and c != '\n' or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e or 0x2066 <= ord(c) <= 0x2069])
    report.check('fetches nothing', re.findall(r'url\([^)]*\)|@import.*|expression\(.*', css))
    report.check('forbids itself scripts and requests', [] if any(
        n.attributes.get('http-equiv') == 'Content-Security-Policy' and n.attributes['content'].startswith("default-src 'none';")
        for n in root.all('meta')) else ['no policy'])

    html = root.all('html')
    report.check('says its language', [] if len(html) == 1 and html[0].attributes.get('lang') == language else [str(html and html[0].attributes)])
    report.check('says its encoding at once', [] if '<meta charset="utf-8">' in source[:1024] else [source[:200]])
    report.check('fits a phone', [] if any(n.attributes.get('name') == 'viewport' for n in root.all('meta')) else ['no viewport'])

    ids = [n.attributes['id'] for n in nodes if 'id' in n.attributes]
    report.check('has no id twice', {i for i in ids if ids.count(i) > 1})
    report.check('points to what is there', [target for n in nodes for target in
                 [n.attributes.get('href', '')[1:] if n.attributes.get('href', '').startswith('#') else n.attributes.get('aria-labelledby', '')]
                 if target and target not in ids])

    levels = [int(n.tag[1]) for n in nodes if n.tag in ('h1', 'h2', 'h3')]
    report.check('has its headings in order', [f'{levels}'] if levels.count(1) != 1 or levels[0] != 1 or
                 any(b > a + 1 for a, b in zip(levels, levels[1:])) else [])
    report.check('has landmarks', [tag for tag in ('header', 'main', 'footer') if len(root.all(tag)) != 1])

    report.check('says each chart in words', [str(n.attributes) for n in root.all('svg')
                 if n.attributes.get('aria-hidden') != 'true' and not (n.attributes.get('role') == 'img' and n.attributes.get('aria-label', '').strip())])
    tables = root.all('table')
    report.check('names each table', [t.text()[:60] for t in tables if not t.children or t.children[0].tag != 'caption' or not t.children[0].text().strip()])
    report.check('says what each head of a table is of', [n.text()[:60] for n in root.all('th') if n.attributes.get('scope') not in ('row', 'col', 'colgroup')])
    report.check('has as many cells in each row as heads', uneven(tables))
    report.check('says the parts of tables that a phone shows as cards', [
        n.tag for t in tables if 'stack' in t.attributes.get('class', '').split() for n in [t, *t.walk()]
        if n.tag in ('table', 'thead', 'tbody', 'tr', 'th', 'td') and 'role' not in n.attributes])
    report.check('is empty nowhere', [f'<{n.tag} {n.attributes}>' for n in nodes if n.tag in SPOKEN and not n.text().strip()] +
                 [f'<{n.tag} class={n.attributes["class"]}>' for n in nodes if n.attributes.get('class', '').split()[:1] in (['badge'], ['label'], ['big']) and not n.text().strip()])
    report.check('leaves no gap in its own words', re.findall(r'.{0,20}(?:%s|%\d\$s|%%|\bNULL\b|\bNone\b|  \.).{0,20}', root.all('body')[0].own_words()))
    report.check('has statements that can be typed', [n.text()[:80] for n in root.all('code') if n.attributes.get('class') == 'command' and
                 not re.fullmatch(r'(SELECT|UPDATE|ALTER SYSTEM|CALL) .*;', n.text(), re.S)])
    if language == 'fr':
        # a double sign stands after a space that does not break; times and units too
        report.check('has French spaces', re.findall(r'.{0,20}(?:(?<![\u202f\u00a0\d])[;?!]|(?<![\u00a0\u202f\d:]):(?!:)|\d %|\d (?:h|s|min|ms) ).{0,20}',
                                                    re.sub(r'https?:\S*', '', root.all('main')[0].own_words())))

    for scheme, colours in schemes(css).items():
        report.check(f'is readable ({scheme})', [f'{a} on {b}: {contrast(colours[a], colours[b]):.2f}' for a, b in TEXT
                                                 if contrast(colours[a], colours[b]) < 4.5])
        report.check(f'has charts that can be seen ({scheme})', [f'{a} on {b}: {contrast(colours[a], colours[b]):.2f}' for a, b in GRAPHICS
                                                                if contrast(colours[a], colours[b]) < 3])
        report.check(f'tells two kinds of bars apart ({scheme})', [] if contrast(colours['bar'], colours['bar-2']) >= 1.6 else
                     [f'{contrast(colours["bar"], colours["bar-2"]):.2f}'])


def uneven(tables):
    for table in tables:
        widths = {sum(int(cell.attributes.get('colspan', 1)) for cell in row.children if isinstance(cell, Node)) for row in table.all('tr')}
        if len(widths) > 1:
            yield f'{table.children[0].text()}: {sorted(widths)}'


if __name__ == '__main__':
    report = Report(sys.argv[2].rsplit('/', 1)[-1])
    check(sys.argv[1], sys.argv[2], report)
    report.done()
