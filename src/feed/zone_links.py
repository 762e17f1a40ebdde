#!/usr/bin/env python3
"""Write zone_links.c from the time zone database's own table of links.

    src/feed/zone_links.py /usr/share/zoneinfo/tzdata.zi > src/feed/zone_links.c

tzdata.zi is part of every tzdata package; https://www.iana.org/time-zones
publishes the database.
"""

import re
import sys

# Links since version 2024b, which some distributions still build as zones
FORMER_ZONES = {
    'EST5EDT': 'America/New_York', 'CST6CDT': 'America/Chicago',
    'MST7MDT': 'America/Denver', 'PST8PDT': 'America/Los_Angeles',
    'EST': 'America/Panama', 'MST': 'America/Phoenix', 'HST': 'Pacific/Honolulu',
    'CET': 'Europe/Brussels', 'MET': 'Europe/Brussels',
    'EET': 'Europe/Athens', 'WET': 'Europe/Lisbon',
}

HEAD = '''\
/*
 * src/feed/zone_links.c
 *
 * Old names of time zones and the names they have now.  Written by
 * zone_links.py from the time zone database, version %s: don't edit.
 * Sorted by the lower-case name.
 */
#include "feed/zone_links.h"

const ZoneLink ZoneLinks[] = {
'''

TAIL = '''\
};

const int	ZoneLinkCount = sizeof(ZoneLinks) / sizeof(ZoneLinks[0]);
'''


def main(path):
    """Print the table."""
    with open(path, encoding='ascii') as file:
        lines = file.read().splitlines()
    version = re.match(r'# version (\S+)', lines[0]).group(1)
    links = [line.split()[1:3] for line in lines if line.startswith('L ')]
    targets = dict(FORMER_ZONES)
    targets.update((name, target) for target, name in links)
    sys.stdout.write(HEAD % version)
    for name in sorted(targets, key=str.lower):
        target = targets[name]
        while target in targets:
            target = targets[target]
        print('\t{"%s", "%s"},' % (name, target))
    sys.stdout.write(TAIL)


if __name__ == '__main__':
    main(sys.argv[1])
