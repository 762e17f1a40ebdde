"""Pictures of pages, beside them: NAME-desk-light.png and so on, NAME.pdf.

    python3 pictures.py FILE...
"""

import sys
from pathlib import Path

from browser import Browser, find

if not find():
    sys.exit('no Chromium is installed: no pictures')
with Browser() as browser:
    for path in map(Path, sys.argv[1:]):
        for width, device in ((1280, 'desk'), (390, 'phone')):
            for dark in (False, True):
                page = browser.open(path, width=width, dark=dark)
                picture = path.with_name(f'{path.stem}-{device}-{"dark" if dark else "light"}.png')
                page.picture(picture)
                print(picture)
                page.close()
        page = browser.open(path)
        page.print(path.with_suffix('.pdf'))
        page.close()
