"""Is a page of ingest_dashboard() sound?  As a browser shows it.

    python3 look.py FILE...

Prints a line of TAP for each check, at the width of a desk and of a phone,
light and dark; only "1..0 # SKIP" where there is no browser.
"""

import sys
import tempfile
from pathlib import Path

from browser import Browser, find
from check import Report

DESK, PHONE = 1280, 390

# Elements that reach beyond the window, but for what scrolls by itself or is for the ear only
OVERFLOW = '''
[...document.body.querySelectorAll('*')].filter(e => {
  if (e.closest('.sr, caption, .skip, .scroll > *') || e.closest('svg') && e.tagName != 'svg') return false;
  if (getComputedStyle(e).clipPath != 'none' || e.closest('thead') && getComputedStyle(e.closest('thead')).clipPath != 'none') return false;
  const r = e.getBoundingClientRect();
  return r.width && (r.right > innerWidth + 0.5 || r.left < -0.5);
}).slice(0, 5).map(e => e.outerHTML.slice(0, 90))
'''

# Boxes whose content is wider than they are, and does not scroll
SPILL = '''
[...document.body.querySelectorAll('section, .panel, .card, td, th, li, p, code, h1, h2, h3')].filter(e =>
  !e.closest('.scroll, .sr') && getComputedStyle(e).clipPath == 'none' && !(e.closest('thead') && getComputedStyle(e.closest('thead')).clipPath != 'none')
  && getComputedStyle(e).overflowX == 'visible' && e.clientWidth && e.scrollWidth > e.clientWidth + 2.5  // the ground of a mark
).slice(0, 5).map(e => `${e.scrollWidth} in ${e.clientWidth}: ${e.outerHTML.slice(0, 90)}`)
'''

# Text whose colour is too near to what is behind it
FAINT = '''
(() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const lum = c => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length == 3 || c[3] == 1) return c;
    }
    return [255, 255, 255];
  };
  const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.closest('.sr, title, style')) continue;
    const style = getComputedStyle(e), own = parse(e.closest('svg') ? style.fill : style.color);
    const [dark, light] = [lum(own), lum(behind(e))].sort((a, b) => a - b);
    if ((light + 0.05) / (dark + 0.05) < 4.5)
      found.add(`${((light + 0.05) / (dark + 0.05)).toFixed(2)}: ${e.tagName} ${e.className.baseVal ?? e.className} ${walker.currentNode.data.slice(0, 30)}`);
  }
  return [...found].slice(0, 5);
})()
'''

# What is so small that a finger, or an eye, does not find it
SMALL = '''
[...document.body.querySelectorAll('*')].filter(e => e.childNodes.length && [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())
  && e.checkVisibility() && !e.closest('.sr, svg, style, i') && parseFloat(getComputedStyle(e).fontSize) < 11).slice(0, 5).map(e => e.outerHTML.slice(0, 90))
'''


def look(browser, path, report):
    for width in (DESK, PHONE):
        for dark in (False, True):
            page = browser.open(path, width=width, height=844 if width == PHONE else 900, dark=dark)
            how = f'{"phone" if width == PHONE else "desk"}, {"dark" if dark else "light"}'
            if not dark:
                report.check(f'is not wider than the window ({how})',
                             [f'{page.run("document.documentElement.scrollWidth")}'] * (page.run('document.documentElement.scrollWidth') > width)
                             + page.run(OVERFLOW))
                report.check(f'has nothing that spills ({how})', page.run(SPILL))
                page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                report.check(f'neither when all is unfolded ({how})', page.run(OVERFLOW) + page.run(SPILL))
                report.check(f'has no tiny letters ({how})', page.run(SMALL))
                names = page.names()
                report.check(f'names what is not text ({how})', [str(n) for n in names if n[0] in ('image', 'img', 'table', 'link', 'region', 'navigation') and not n[1].strip()])
                # a table that a phone shows as cards is one still
                report.check(f'has rows and cells ({how})', [] if page.run("document.querySelector('main table') === null")
                             or {'table', 'row', 'rowheader', 'columnheader', 'cell'} <= {n[0] for n in names} else [str({n[0] for n in names})])
                report.check(f'says at once how it is ({how})',
                             [] if page.run("document.querySelector('h1').getBoundingClientRect().bottom < innerHeight / 2") else ['the sentence is below'])
            else:
                page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
            report.check(f'is readable ({how})', page.run(FAINT))
            report.check(f'asks for nothing ({how})', page.requests[1:])
            report.check(f'runs nothing ({how})', [] if page.run('document.scripts.length') == 0 and 'hole' not in page.run('document.title') else [page.run('document.title')])
            page.close()

    with tempfile.TemporaryDirectory() as directory:
        page = browser.open(path)
        page.print(f'{directory}/page.pdf')
        pages = Path(directory, 'page.pdf').read_bytes().count(b'/Type /Page\n')
        report.check('can be printed', [] if pages >= 1 else ['no page'])
        page.close()


if __name__ == '__main__':
    if not find():
        print('1..0 # SKIP no Chromium is installed')
        sys.exit()
    with Browser() as browser:
        report = Report('')
        for path in sys.argv[1:]:
            report.what = Path(path).name
            look(browser, path, report)
        report.done()
