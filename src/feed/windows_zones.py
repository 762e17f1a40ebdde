#!/usr/bin/env python3
"""Write windows_zones.c from the Unicode CLDR's table of Windows zones.

    src/feed/windows_zones.py windowsZones.json > src/feed/windows_zones.c

The table is supplemental/windowsZones.json of the npm package cldr-core, or
supplemental/windowsZones.xml of CLDR itself.  Of each Windows zone the
territory 001 (the world) is taken: the zone that stands for its rules.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

HEAD = '''\
/*
 * src/feed/windows_zones.c
 *
 * Windows names of time zones and the IANA zone each stands for.  Written by
 * windows_zones.py from the Unicode CLDR, version %s: don't edit.
 * Sorted by the lower-case name.
 */
#include "feed/windows_zones.h"

const WindowsZone WindowsZones[] = {
'''


def read_json(text):
    """Return the version, and (Windows name, territory, zones) triples."""
    top = json.loads(text)['supplemental']
    zones = [z['mapZone'] for z in top['windowsZones']['mapTimezones']]
    return top['version']['_cldrVersion'], [
        (z['_other'], z['_territory'], z['_type']) for z in zones]


def read_xml(text):
    """Return the same of CLDR's own XML."""
    root = ElementTree.fromstring(text)
    version = re.sub(r'[^0-9.]', '', root.find('version').get('number'))
    return version or 'unknown', [
        (z.get('other'), z.get('territory'), z.get('type'))
        for z in root.iter('mapZone')]


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        text = file.read()
    version, triples = (read_xml if text.lstrip().startswith('<')
                        else read_json)(text)
    table = {name: zones.split()[0]
             for name, territory, zones in triples if territory == '001'}
    sys.stdout.write(HEAD % version)
    for name in sorted(table, key=str.lower):
        sys.stdout.write('\t{"%s", "%s"},\n' % (name, table[name]))
    sys.stdout.write('};\n\nconst int\tWindowsZoneCount = '
                     'sizeof(WindowsZones) / sizeof(WindowsZones[0]);\n')


if __name__ == '__main__':
    main()
