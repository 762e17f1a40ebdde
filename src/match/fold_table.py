#!/usr/bin/env python3
"""Write fold_table.c: what each character becomes in normalised text.

    src/match/fold_table.py > src/match/fold_table.c

Needs nothing but Python 3.  Fingerprints made of the table are stored: a
table from another Unicode version must come with an extension update that
makes them anew (see fingerprint.h).
"""

import re
import sys
import unicodedata

SEPARATOR, DROP, KEEP, FIRST_TEXT = 0, 1, 2, 3

LIMIT = 0x40000                 # planes above 3 have no letters
BLOCK = 64

# Letters that are variants of others without Unicode saying so
SPELLED = {
    'æ': 'ae', 'œ': 'oe', 'ß': 'ss', 'þ': 'th', 'ð': 'd', 'đ': 'd',
    'ø': 'o', 'ł': 'l', 'ħ': 'h', 'ŧ': 't', 'ŋ': 'n', 'ı': 'i', 'ȷ': 'j',
    'ĸ': 'k', 'ƒ': 'f', 'ɑ': 'a', 'ɡ': 'g',
}

# Spacing apostrophes, quotes and stress marks that count as letters
MODIFIERS = set(range(0x02B9, 0x02E0)) | {0x02EC, 0x02EE, 0x0374}

# What is composed again; text.c does it where the input is in pieces.  All
# else stays decomposed
COMPOSED = re.compile('[\u1100-\u11ff]+|[\u3040-\u30ff][\u3099\u309a]')

# Never a part of the name they stand behind
MARKS_OF_TRADE = {0x2120, 0x2122}

# Voicing marks of kana, which compose (text.c)
VOICING = {0x3099, 0x309A}

# Invisible or decoration: Default_Ignorable_Code_Point that is not Cf or a
# variation selector, and the Arabic tatweel
IGNORABLE = {0x034F, 0x0640, 0x07FA, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B,
             0x180C, 0x180D, 0x180F, 0x2065, 0x3164, 0xFFA0} \
    | set(range(0xFE00, 0xFE10))

# Cf that is seen: signs of Arabic, Syriac and Kaithi numbers
SEEN_FORMATS = set(range(0x0600, 0x0606)) | {0x06DD, 0x070F, 0x0890, 0x0891,
                                             0x08E2, 0x110BD, 0x110CD}

LATIN_VARIANT = re.compile(r'LATIN SMALL LETTER (?:DOTLESS )?([A-Z]) WITH ')
LATIN_CAPITAL = re.compile(r'LATIN LETTER SMALL CAPITAL ([A-Z])$')


def is_dropped(code):
    """Does the character vanish, without parting what is around it?

    Of the non-spacing marks those stay that are vowels or viramas: they have
    no combining class, or one of a position of their script.  (Of 7, nukta,
    and 107 and 122, Thai and Lao tones, nothing is lost that a speller does
    not often leave out.)
    """
    char = chr(code)
    category = unicodedata.category(char)
    if code in VOICING:
        return False
    if category == 'Cf':
        return code not in SEEN_FORMATS
    if category == 'Me' or code in IGNORABLE:
        return True
    kept = (0, 6, 8, 9, 84, 91, 103, 118, 129, 130, 132)
    return category == 'Mn' and unicodedata.combining(char) not in kept


def is_word(char):
    return unicodedata.category(char)[0] in 'LMN'


def spell(char):
    """Return the plain letters of a folded letter."""
    if char in SPELLED:
        return SPELLED[char]
    name = unicodedata.name(char, '')
    match = LATIN_VARIANT.match(name) or LATIN_CAPITAL.match(name)
    if match:
        return match.group(1).lower()
    return char


def fold_once(text):
    """Decompose, drop marks, fold case, spell out: one round."""
    text = unicodedata.normalize('NFKD', text)
    text = ''.join(c for c in text if not is_dropped(ord(c)))
    text = text.casefold()
    return ''.join(spell(c) for c in text)


def to_digit(char):
    """Return a decimal digit of any script as ours, else the character."""
    if unicodedata.category(char) == 'Nd':
        return str(unicodedata.decimal(char))
    return char


def fold(code):
    """Return what the character becomes; None: it vanishes, ' ': it parts."""
    char = chr(code)
    if is_dropped(code):
        return None
    if 0xD800 <= code < 0xE000 or code in MODIFIERS | MARKS_OF_TRADE:
        return ' '
    text, before = fold_once(char), None
    while text != before:
        text, before = fold_once(text), text
    text = ''.join(to_digit(c) if is_word(c) and ord(c) not in MODIFIERS
                   else ' ' for c in text)
    if '\u2044' in unicodedata.normalize('NFKD', char):
        text = ' ' + text       # 1 1/2, not 11/2
    if not text:
        return None
    return COMPOSED.sub(lambda match: unicodedata.normalize('NFC', match[0]),
                        re.sub(' +', ' ', text))


def kana_pairs():
    """Return the composition of kana with their voicing marks."""
    pairs = []
    for code in range(0x3040, 0x3100):
        parts = unicodedata.normalize('NFD', chr(code))
        if len(parts) == 2 and ord(parts[1]) in VOICING:
            pairs.append((ord(parts[0]), ord(parts[1]), code))
    return sorted(pairs)


def build():
    """Return stage 1, stage 2 and the texts."""
    texts, pool = {}, bytearray([0] * FIRST_TEXT)
    stage1, stage2, blocks = [], [], {}
    for start in range(0, LIMIT, BLOCK):
        values = []
        for code in range(start, start + BLOCK):
            text = fold(code)
            if text is None:
                values.append(DROP)
            elif text == ' ':
                values.append(SEPARATOR)
            elif text == chr(code):
                values.append(KEEP)
            else:
                if text not in texts:
                    texts[text] = len(pool)
                    encoded = text.encode()
                    pool.append(len(encoded))
                    pool.extend(encoded)
                values.append(texts[text])
        values = tuple(values)
        if values not in blocks:
            blocks[values] = len(blocks)
            stage2.extend(values)
        stage1.append(blocks[values])
    if len(pool) > 0xFFFF:
        sys.exit('the texts outgrow 16 bits')
    return stage1, stage2, pool


def array(kind, name, numbers):
    """Return a C array of numbers."""
    lines, line = [], '\t'
    for number in numbers:
        item = '%d, ' % number
        if len(line) + len(item) > 100:
            lines.append(line.rstrip())
            line = '\t'
        line += item
    lines.append(line.rstrip().rstrip(','))
    return 'const %s %s[] = {\n%s\n};\n\n' % (kind, name, '\n'.join(lines))


HEAD = '''\
/*
 * src/match/fold_table.c
 *
 * What each character becomes in normalised text, and how kana compose with
 * their voicing marks.  Written by fold_table.py from Unicode %s: don't edit.
 */
#include "match/fold_table.h"

'''


def main():
    stage1, stage2, pool = build()
    pairs = kana_pairs()
    longest = max(pool[v] for v in set(stage2) if v >= FIRST_TEXT)
    if longest > 36:
        sys.exit('FOLD_LONGEST must be %d' % longest)
    ascii_bytes = [ord(fold(code)) for code in range(128)]
    out = sys.stdout
    out.write(HEAD % unicodedata.unidata_version)
    out.write(array('uint8_t', 'FoldAscii',
                    [0 if byte == 32 else byte for byte in ascii_bytes]))
    out.write(array('uint16_t', 'FoldBlock', stage1))
    out.write(array('uint16_t', 'FoldValue', stage2))
    out.write(array('uint8_t', 'FoldText', pool))
    out.write('const KanaPair FoldKana[] = {\n')
    for pair in pairs:
        out.write('\t{0x%04X, 0x%04X, 0x%04X},\n' % pair)
    out.write('};\n\nconst int\tFoldKanaCount = '
              'sizeof(FoldKana) / sizeof(FoldKana[0]);\n')


if __name__ == '__main__':
    main()
