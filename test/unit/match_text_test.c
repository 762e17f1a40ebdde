/*
 * test/unit/match_text_test.c
 *
 * Normalised text (src/match/text.h).
 */
#include "match/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "feed_harness.h"

typedef struct Case
{
	const char *name;
	const char *text;
	const char *expected;
} Case;

static const Case cases[] = {
	{"an empty text", "", ""},
	{"ASCII", "Nuit Blanche 2027", "nuit blanche 2027"},
	{"accents", "Été à Montréal, DÉJÀ Noël", "ete a montreal deja noel"},
	{"ligatures", "L'ŒUVRE, l'œuvre et cætera", "l oeuvre l oeuvre et caetera"},
	{"a decomposed accent", "Cafe\u0301", "cafe"},
	{"several marks on one letter", "e\u0323\u0302\u0301", "e"},
	{"typographic quotes and dashes", "L\u2019été \u2014 \u00AB\u00A0fête\u00A0\u00BB\u2026", "l ete fete"},
	{"a modifier letter as apostrophe", "L\u02BCété", "l ete"},
	{"space of every kind", "\t a\u00A0\u202F\u2009b\r\n\u3000c\u2028d ", "a b c d"},
	{"digits stay", "Atelier 1/2, 3-5 ans", "atelier 1 2 3 5 ans"},
	{"a fraction is parted from the number before it", "1½ h", "1 1 2 h"},
	{"superscripts and ordinals", "100 m² 2ᵉ 1º №5", "100 m2 2e 1o no5"},
	{"Roman numerals as characters", "Acte Ⅷ, ⅳ", "acte viii iv"},
	{"digits of other scripts", "\u0661\u0662\u0663 \u0967\u0968 \U0001D7D8", "123 12 0"},
	{"trade marks", "MTELUS™ live® ©2027", "mtelus live 2027"},
	{"German", "Straße, STRASSE, Große ẞ", "strasse strasse grosse ss"},
	{"Scandinavian", "Ærø Øresund Ångström þing Ðuro", "aero oresund angstrom thing duro"},
	{"Polish and Croatian", "Łódź Đorđe ħ ŧ", "lodz dorde h t"},
	{"Turkish", "İSTANBUL ıspanak", "istanbul ispanak"},
	{"Vietnamese", "Tiếng Việt Đường", "tieng viet duong"},
	{"fullwidth forms", "ＲＯＣＫ　１２３！", "rock 123"},
	{"styled letters", "𝓡𝓸𝓬𝓴 Ⓜⓔⓣⓐⓛ ᴊᴀᴢᴢ", "rock metal jazz"},
	{"Latin ligatures and digraphs", "ﬁnal ﬄ ǆ", "final ffl dz"},
	{"long s", "Congreſs", "congress"},
	{"Greek", "ΟΔΥΣΣΕΎΣ οδυσσεύς", "οδυσσευσ οδυσσευσ"},
	{"Cyrillic", "ЧАЙКОВСКИЙ Ёлка", "чаиковскии елка"},
	{"Hebrew points", "שָׁלוֹם", "שלום"},
	{"Arabic marks, forms and tatweel", "مَـرحَباً ﻼ", "مرحبا لا"},
	{"Hangul", "서울 콘서트", "서울 콘서트"},
	{"Hangul from its letters", "\u1109\u1165\u110B\u116E\u11AF", "서울"},
	{"Hangul from halfwidth letters", "\uFFA1\uFFC2 x", "가 x"},
	{"a Hangul syllable and a final letter", "가\u11A8", "각"},
	{"two Hangul vowels don't join", "가\u1161", "가\u1161"},
	{"kana with voicing marks", "か\u3099 ｶﾞ ハ\u309A カ\u309A", "が ガ パ カ\u309A"},
	{"a mark between kana and voicing", "か\u0301\u3099", "が"},
	{"no joining across a space", "か \u3099", "か \u3099"},
	{"squared kana words", "㌀㍿", "アパート株式会社"},
	{"Chinese", "北京，音樂會", "北京 音樂會"},
	{"compatibility ideographs", "\uF900", "\u8C48"},
	{"Devanagari keeps its vowels", "हिन्दी", "हिन्दी"},
	{"Thai keeps its vowels", "คุณ", "คุณ"},
	{"the longest text of a character", "\uFDFA", "صلى الله عليه وسلم"},
	{"invisible characters vanish", "fes\u00ADti\u200Bval\uFEFF \u200Fx\u200D\uFE0F", "festival x"},
	{"a keycap", "1\uFE0F\u20E3", "1"},
	{"emoji only", "🎉🎉", ""},
	{"flags and tags", "🇫🇷 🏴\U000E0067\U000E007F a", "a"},
	{"punctuation only", "!!! -- ?", ""},
	{"marks only", "\u0301\u0302", ""},
	{"private and unassigned characters part words", "a\uE000b\U000F0000c\u0378d", "a b c d"},
	{"control characters part words", "a\001b\177c", "a b c"},
	{"invalid bytes are skipped", "f\xE9te \xC3( \xE2\x82 a\xF0\x9F\x8E", "fte a"},
	{"overlong forms are skipped", "a\xC0\x80\xE0\x80\xAF\xF0\x80\x80\xAFz", "az"},
	{"UTF-8 encoded twice", "MontrÃ©al, fÃªte de lâ€™Ã©tÃ©", "montreal fete de l ete"},
	{"capitals encoded twice", "Ã‰TÃ‰ Ã€ QUÃ‰BEC, FRANÃ‡AIS, HÃ”TEL", "ete a quebec francais hotel"},
	{"encoded twice by way of Latin-1", "\u00C3\xC2\x89t\u00C3\u00A9 \u00E2\xC2\x80\xC2\x99", "ete"},
	{"encoded twice, where it might be a quotation mark", "NoÃ«l en aoÃ»t, voilÃ\u00A0!", "noel en aout voila"},
	{"Portuguese is no such text", "SÃO JOÃO, MAÇÃ, «IRM\u00C3\u00BB, AMANHÃ… “MANH\u00C3\u201D MAÇÃ–PERA IRMÃ’S", "sao joao maca irma amanha manha maca pera irma s"},
	{"nor is a circumflex before a sign", "châ€ â, â 5€", "cha a a 5"},
	{"percent signs stay what they are", "100%20 50%C3", "100 20 50 c3"},
	{"surrogates and what is above Unicode", "a\xED\xA0\x80\xF4\x90\x80\x80\xF8z", "az"},
};

/* Normalise a copy that the sanitizer sees the ends of; to be freed */
static char *
normalise(const char *text, size_t length)
{
	char	   *copy = malloc(length > 0 ? length : 1);
	char	   *out;
	size_t		needed;

	memcpy(copy, text, length);
	needed = MatchNormalise(copy, length, NULL, 0);
	out = malloc(needed + 1);
	if (MatchNormalise(copy, length, out, needed + 1) != needed || strlen(out) != needed)
		printf("# the length is not what it was before\n");
	free(copy);
	return out;
}

/* Every case, and that normalised text is left as it is */
static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char	   *once = normalise(cases[i].text, strlen(cases[i].text));
		char	   *twice = normalise(once, strlen(once));

		TapSame(once, cases[i].expected, cases[i].name);
		if (strcmp(once, twice) != 0)
			TapSame(twice, once, "and twice is as once");
		free(once);
		free(twice);
	}
}

static void
test_nul(void)
{
	char	   *out = normalise("a\0b", 3);

	TapSame(out, "a b", "a NUL byte parts words");
	free(out);
}

/* What does not fit is left out, and no character is cut */
static void
test_short_buffers(void)
{
	const char *text = "Ab é 가나 z";
	const char *whole = "ab e 가나 z";
	size_t		length = strlen(whole);
	bool		right = true;

	for (size_t size = 0; size <= length + 2; size++)
	{
		char	   *out = malloc(size + 1);
		size_t		written;

		memset(out, '#', size + 1);
		right = right && MatchNormalise(text, strlen(text), out, size) == length;
		written = size > 0 ? strlen(out) : 0;
		right = right && (size == 0 || written <= size - 1) && out[size] == '#' &&
			strncmp(out, whole, written) == 0 &&
			((unsigned char) whole[written] & 0xC0) != 0x80 &&
			(size == 0 || written + 3 >= size || written == length);
		free(out);
	}
	TapOk(right, "every size of buffer");
}

/* Reading in the smallest steps gives the same */
static void
test_steps(void)
{
	char		text[4000];
	char		whole[20000];
	char		parts[20000];
	size_t		length = 0;
	size_t		used = 0;
	size_t		n;
	MatchReader reader;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		length += (size_t) snprintf(text + length, sizeof(text) - length, "%s\uFDFA", cases[i].text);
	MatchNormalise(text, length, whole, sizeof(whole));

	MatchReaderInit(&reader, text, length);
	for (;;)
	{
		char	   *step = malloc(MATCH_READ_MIN);

		n = MatchRead(&reader, step, MATCH_READ_MIN);
		memcpy(parts + used, step, n);
		free(step);
		if (n == 0)
			break;
		used += n;
	}
	parts[used] = '\0';
	TapSame(parts, whole, "small steps give the same as one");
	TapEqual((long long) MatchRead(&reader, parts, sizeof(parts)), 0, "the end stays the end");
}

/* Time for an input of 1 MB, made of a unit that is repeated */
static void
test_hostile(const char *name, const char *unit, size_t unit_length)
{
	size_t		length = 0;
	size_t		needed;
	char	   *text = malloc(1 << 20);
	clock_t		start = clock();

	for (; length + unit_length <= 1 << 20; length += unit_length)
		memcpy(text + length, unit, unit_length);
	needed = MatchNormalise(text, length, NULL, 0);
	TapOk(needed <= length * 12 && (double) (clock() - start) / CLOCKS_PER_SEC < 2,
		  "1 MB of %s", name);
	free(text);
}

int
main(void)
{
	test_cases();
	test_nul();
	test_short_buffers();
	test_steps();
	test_hostile("letters", "Montréal ", 10);
	test_hostile("marks", "\u0301", 2);
	test_hostile("the longest text", "\uFDFA", 3);
	test_hostile("kana and voicing", "か\u3099", 6);
	test_hostile("Hangul letters", "\u1100\u1161\u11A8", 9);
	test_hostile("invalid bytes", "\xF0\x9F\x8E", 3);
	test_hostile("spaces", " ", 1);
	return TapDone();
}
