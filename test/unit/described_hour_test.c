/*
 * test/unit/described_hour_test.c
 *
 * The hour in a French description (src/feed/described_hour.h).  No case may
 * give a wrong one; that some give none is the price.
 */
#include "feed/described_hour.h"

#include <stdio.h>
#include <string.h>

#include "feed_harness.h"

/* Thursday 3 July 2025 */
#define DAY INT64_C(1751500800)

#define NBSP "\u00A0"
#define NNBSP "\u202F"

static void
reads_as(const char *text, bool must_name_date, const char *expected)
{
	Arena	   *arena = ArenaCreate();
	DescribedHour hour;
	char		got[64] = "none";

	if (DescribedHourRead(arena, text, DAY, must_name_date, &hour))
	{
		snprintf(got, sizeof(got), "%02d:%02d", hour.start / 60, hour.start % 60);
		if (hour.end >= 0)
			snprintf(got + 5, sizeof(got) - 5, "-%02d:%02d", hour.end / 60, hour.end % 60);
	}
	TapSame(got, expected, text);
	ArenaFree(arena);
}

static void
is(const char *text, const char *expected)
{
	reads_as(text, false, expected);
}

static void
none(const char *text)
{
	reads_as(text, false, "none");
}

/* What a city writes, and leaves no doubt */
static void
test_plain(void)
{
	is("Jeudi 3 juillet 2025 de 18 h 30 à 20 h 00", "18:30-20:00");
	is("Jeudi 3 juillet 2025 de 18" NBSP "h" NBSP "30 à 20" NBSP "h", "18:30-20:00");
	is("Jeudi 3 juillet de 18" NNBSP "h" NNBSP "30 à 20" NNBSP "h" NNBSP "00.", "18:30-20:00");
	is("De 13 h 30 à 15 h", "13:30-15:00");
	is("de 13h30 à 15h00", "13:30-15:00");
	is("de 9H à 11H45", "09:00-11:45");
	is("de 10 h à midi", "10:00-12:00");
	is("de 13 à 15 h", "13:00-15:00");
	is("Entre 13 h et 15 h, venez jouer au parc.", "13:00-15:00");
	is("Entre 13 et 15 h, venez jouer au parc.", "13:00-15:00");
	is("10 h – 12 h", "10:00-12:00");
	is("10h-12h", "10:00-12:00");
	is("de 18:30 à 20:00", "18:30-20:00");
	is("de 10 h jusqu'à 16 h", "10:00-16:00");
	is("Spectacle à 19 h", "19:00");
	is("Spectacle à 19 heures", "19:00");
	is("Rendez-vous à 9 h 30 au chalet du parc.", "09:30");
	is("Le spectacle débute à 20 h.", "20:00");
	is("Dès 17 h, sur la place Valois.", "17:00");
	is("À partir de 11 h, sur la place Valois.", "11:00");
	is("Jeudi 3 juillet, 19 h", "19:00");
	is("3 juillet 2025 - 19 h", "19:00");
	is("Heure : 14 h 30", "14:30");
	is("Quand : 14 h 30", "14:30");
	is("Le jeudi 3 juillet à 19 h, concert. On se retrouve à 19 h.", "19:00");
	is("Concert à 19 h. Horaire de 19 h à 21 h.", "19:00-21:00");
	is("Durée : 1 h 30. Le spectacle commence à 14 h.", "14:00");
	is("Le film dure 2 h. Projection à 20 h 30.", "20:30");
	is("Soirée dansante de 21 h à 1 h", "21:00-25:00");
	is("Soirée dansante de 20 h à minuit", "20:00-24:00");
	is("En après-midi, de 13 h à 16 h", "13:00-16:00");
	is("Tous les jeudis, de 10 h à 11 h 30", "10:00-11:30");
	is("Le 3 juillet, l'heure du conte est à 10 h.", "10:00");
	is("Gratuit. Places limitées. Inscription requise. De 18 h à 19 h 30.", "18:00-19:30");
	is("Commande 48 h à l'avance. Atelier de 18 h à 19 h 30.", "18:00-19:30");
	is("Pour les enfants de 3 à 5 ans. De 10 h 30 à 11 h 30", "10:30-11:30");
}

/* Doubt: none is right */
static void
test_doubt(void)
{
	none("");
	none("Une belle soirée de musique.");
	none("Ouverture des portes à 19 h, spectacle à 20 h.");
	none("Portes : 19 h. Spectacle à 20 h");
	none("Ouverture des portes à 19 h");
	none("Représentations à 14 h et à 16 h");
	none("De 10 h à 12 h et de 13 h à 15 h");
	none("10 h 30 à 11 h : 2 à 3 ans\n11 h à 11 h 30 : 4 à 5 ans");
	none("Inscription à partir de 9 h");
	none("Billets en vente dès 10 h.");
	none("Réservez avant 17 h.");
	none("Information : 514 872-0311 de 9 h à 17 h");
	none("La bibliothèque est ouverte de 10 h à 18 h.");
	none("Jusqu'à 20 h");
	none("Fin à 21 h");
	none("Vers 19 h");
	none("à environ 19 h");
	none("Durée : 2 h");
	none("Une randonnée de 2 h dans le parc");
	none("Il y a 10 heures de musique");
	none("Il y aura plus de 12 h de musique");
	none("Ouvert 24 h/24");
	none("Ouvert 24 h sur 24");
	none("19 h 30 $");
	none("Concert à 19 h 15 $ à la porte");
	none("Le jeudi 3 juillet 2025 à midi, dîner sur l'herbe");
	none("Concert à 7 p.m.");
	none("Concert à 7 h du soir");
	none("de 6 h à 8 h");
	none("à 25 h");
	none("à 19 h 75");
	none("à 18 h.30");
	none("10-12 h");
	none("Départ de l'autobus à 8 h 30");
	none("La veille à 18 h");
	none("Concert à 19 h, heure de Paris");
	none("Reporté au 3 juillet à 19 h");
	none("ANNULÉ. De 18 h à 20 h");
	none("Sur l'heure du midi");
	none("à minuit");
	none("de 20 h à 18 h");
	none("Accueil à 9 h");
	none("Visites toutes les heures, de 10 h à 16 h");
}

/* Another day's hour is not this day's */
static void
test_dates(void)
{
	none("Vendredi 4 juillet à 19 h");
	none("Jeudi 3 juillet 2024 à 19 h");
	none("Les 3 et 10 juillet à 19 h");
	none("Du 3 au 10 juillet, de 10 h à 16 h");
	none("Du 3 juillet au 10 août, de 10 h à 16 h");
	none("3-4 juillet de 10 h à 16 h");
	none("Les mardis et jeudis de 13 h à 15 h");
	none("Vendredi à 19 h");
	none("Le 3/7 à 19 h");
	none("2025-07-04 à 19 h");
	none("Thursday July 3 à 19 h");
	is("Le jeudi 3 juillet à 19 h", "19:00");
	reads_as("De 18 h à 20 h", true, "none");
	reads_as("Le 3 juillet, de 18 h à 20 h", true, "18:00-20:00");
	reads_as("Jeudi, de 18 h à 20 h", true, "none");
}

/* No input may break it */
static void
test_odd(void)
{
	static char long_text[40000];
	Arena	   *arena;
	DescribedHour hour;

	none("à");
	none("h");
	none("19");
	none("19 h");
	none("de 19 h à");
	none("de à h");
	none("- - - : : / / , ,");
	none("\xF0\x9F\x95\x96 19 h");
	for (size_t i = 0; i + 8 < sizeof(long_text); i += 8)
		strcpy(long_text + i, "mot mot ");
	strcpy(long_text + strlen(long_text) - 8, "à 19 h");
	arena = ArenaCreate();
	TapOk(!DescribedHourRead(arena, long_text, DAY, false, &hour), "a programme of thousands of words");
	ArenaFree(arena);
}

int
main(void)
{
	test_plain();
	test_doubt();
	test_dates();
	test_odd();
	return TapDone();
}
