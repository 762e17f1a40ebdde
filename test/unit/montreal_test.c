/*
 * test/unit/montreal_test.c
 *
 * The public events of Montréal (src/feed/montreal*.c): each column to its
 * field, and one test for each trap known of the table, named after it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/ckan.h"
#include "feed_harness.h"

/* A row as datastore_search gives it, whose members later ones override */
#define BASE_ROW \
	"{\"_id\":1,\"titre\":\"Un soir au parc\"," \
	"\"url_fiche\":\"https://montreal.ca/evenements/un-soir-au-parc-97483\"," \
	"\"description\":\"Une belle soirée.\",\"date_debut\":\"2025-07-03\",\"date_fin\":\"2025-07-03\"," \
	"\"type_evenement\":\"Musique\",\"public_cible\":\"Famille\",\"emplacement\":\"En salle\"," \
	"\"inscription\":\"Entrée libre\",\"cout\":\"Gratuit\",\"arrondissement\":\"Verdun\"," \
	"\"titre_adresse\":\"Bibliothèque du Boisé\",\"adresse_principale\":\"2727, boulevard Thimens\"," \
	"\"adresse_secondaire\":\"nan\",\"code_postal\":\"H4R 1T4\",\"lat\":45.5162,\"long\":-73.6901," \
	"\"X\":293745.1,\"Y\":5041823.2"

/* 3 July 2025, midnight in Montréal, and days from it */
#define MIDNIGHT INT64_C(1751515200)
#define HOUR 3600
#define DAY (24 * HOUR)

static Harness *h;

/* ---- helpers ---- */

/* Push rows, each the base row with more members */
static void
push(const char *first, const char *second, const char *third)
{
	const char *const rows[] = {first, second, third};
	char	   *text = malloc(20000);
	size_t		used = 0;

	if (h != NULL)
		HarnessClose(h);
	h = HarnessOpen(&MontrealConnector, "{}");
	for (int i = 0; i < 3 && rows[i] != NULL; i++)
		used += (size_t) sprintf(text + used, "%s%s%s%s}", i == 0 ? "[" : ",", BASE_ROW,
								 rows[i][0] != '\0' ? "," : "", rows[i]);
	strcpy(text + used, "]");
	HarnessRunText(h, text);

	/* what a listing holds may rest on the bytes only until the page goes */
	ArenaOnReset(h->page.arena, free, text);
}

/* The listing of one row; one without a title where there is none */
static const Listing *
map_row(const char *members)
{
	static const Listing nothing;

	push(members, NULL, NULL);
	return h->nlistings == 1 ? &h->items[0].listing : &nothing;
}

/* A row is refused for that column */
static void
refuses(const char *members, const char *field, const char *name)
{
	map_row(members);
	TapOk(h->nrefused == 1 && h->items[0].record.problem.message[0] != '\0', "%s", name);
	TapSame(h->nrefused == 1 ? h->items[0].record.problem.field : NULL, field, "  and says which column");
}

static const char *
id_of(int row)
{
	return row < h->nitems ? h->items[row].record.source_id : NULL;
}

/* ---- each column to its field ---- */

static void
test_every_column(void)
{
	const Listing *l = map_row("");

	TapSame(l->source_id, "97483", "url_fiche: the number at its end is the id");
	TapSame(l->url, "https://montreal.ca/evenements/un-soir-au-parc-97483", "url_fiche: url");
	TapSame(l->title, "Un soir au parc", "titre: title");
	TapSame(l->description, "Une belle soirée.", "description: description");
	TapEqual(l->starts_at, MIDNIGHT, "date_debut: starts_at is local midnight");
	TapEqual(l->local_start, MIDNIGHT - 4 * HOUR, "date_debut: local_start is the date");
	TapEqual(l->ends_at, MIDNIGHT + DAY, "date_fin: ends_at is the midnight behind the last day");
	TapOk(l->all_day && l->start_precision == PRECISION_DAY, "dates: all day, precision day");
	TapSame(l->timezone, "America/Toronto", "dates: the time zone of the city");
	TapSame(l->category, "Musique", "type_evenement: category");
	TapOk(l->ntags == 1 && strcmp(l->tags[0], "Famille") == 0, "public_cible: a tag");
	TapEqual(l->is_online, TRI_FALSE, "emplacement En salle: not online");
	TapEqual(l->is_free, TRI_TRUE, "cout Gratuit: free");
	TapOk(l->price_min == NULL && l->price_max == NULL && l->currency == NULL, "cout: no amount is made of it");
	TapSame(l->venue_name, "Bibliothèque du Boisé", "titre_adresse: venue_name");
	TapSame(l->address, "2727, boulevard Thimens", "adresse_principale: address");
	TapSame(l->postal_code, "H4R 1T4", "code_postal: postal_code");
	TapSame(l->city, "Montréal", "arrondissement: city");
	TapSame(l->region, "QC", "arrondissement: region");
	TapSame(l->country, "CA", "arrondissement: country");
	TapOk(l->latitude == 45.5162 && l->longitude == -73.6901, "lat, long: coordinates");
	TapSame(l->attributes, "{\"audience\":\"Famille\",\"borough\":\"Verdun\",\"registration\":\"Entrée libre\","
			"\"setting\":\"En salle\"}", "the rest: attributes");
	TapEqual(l->status, STATUS_SCHEDULED, "nothing says cancelled");
	TapOk(l->organizer == NULL && l->image_url == NULL && l->language == NULL && l->series_id == NULL &&
		  l->revision == NULL, "what the table does not tell is unknown");
}

static void
test_values(void)
{
	TapEqual(map_row("\"emplacement\":\"En ligne\"")->is_online, TRI_TRUE, "emplacement En ligne: online");
	TapSame(map_row("\"emplacement\":\"En ligne\"")->city, NULL, "online: in no city");
	TapEqual(map_row("\"emplacement\":\"À l'extérieur\"")->is_online, TRI_FALSE, "emplacement À l'extérieur");
	TapEqual(map_row("\"emplacement\":\"Ailleurs\"")->is_online, TRI_UNKNOWN, "another emplacement: unknown");
	TapEqual(map_row("\"cout\":\"Payant\"")->is_free, TRI_FALSE, "cout Payant: not free");
	TapEqual(map_row("\"cout\":\"Selon le revenu\"")->is_free, TRI_UNKNOWN, "another cout: unknown");
	TapSame(map_row("\"adresse_secondaire\":\"Salle 2\"")->address, "2727, boulevard Thimens, Salle 2",
			"adresse_secondaire follows the first");
	TapSame(map_row("\"adresse_principale\":null,\"adresse_secondaire\":\"Salle 2\"")->address, "Salle 2",
			"adresse_secondaire alone");
	TapSame(map_row("\"code_postal\":\"h4r1t4\"")->postal_code, "H4R 1T4", "code_postal without its blank");
	TapSame(map_row("\"code_postal\":\"H4R 1T\"")->postal_code, "H4R 1T", "what is no postal code stays as it is");
	TapSame(map_row("\"type_evenement\":\"Quelque chose de neuf\"")->category, "Quelque chose de neuf",
			"a new type_evenement is a category like any other");
	TapSame(map_row("\"description\":\"<p>Un <b>beau</b> soir</p><p>Venez&nbsp;tous</p>\"")->description,
			"Un beau soir\n\nVenez tous", "description with light HTML becomes plain text");
	TapSame(map_row("\"titre\":\" L&#39;été  au\\nparc \"")->title, "L'été au parc", "titre becomes one clean line");
	TapSame(map_row("\"arrondissement\":\"Ville de Montréal\"")->city, "Montréal", "Ville de Montréal: in the city");
	TapSame(map_row("\"arrondissement\":\"Laval\"")->city, NULL, "an unknown borough: no city");
	refuses("\"titre\":\"nan\"", "titre", "no titre: refused");
	refuses("\"date_debut\":\"nan\"", "date_debut", "no date_debut: refused");
	refuses("\"date_debut\":\"3 juillet\"", "date_debut", "a date_debut that is none: refused");
	refuses("\"date_fin\":\"2025-02-30\"", "date_fin", "a date_fin that is none: refused");
	TapEqual(map_row("\"date_fin\":\"2025-09-14\"")->ends_at, MIDNIGHT + 74 * DAY, "an exhibition of months");
	TapEqual(map_row("\"date_debut\":\"2025-11-01\",\"date_fin\":\"2025-11-02\"")->ends_at,
			 INT64_C(1762146000), "an end behind the change to winter time");
	TapEqual(map_row("\"date_fin\":\"2025-07-01\"")->ends_at, FEED_TIME_UNKNOWN, "an end before the start is unknown");
}

/* ---- traps ---- */

static void
test_trap_nan_is_missing(void)
{
	const Listing *l = map_row("\"description\":\"nan\",\"date_fin\":\"nan\",\"type_evenement\":\"nan\","
							   "\"public_cible\":\"nan\",\"emplacement\":\"nan\",\"inscription\":\"nan\",\"cout\":\"nan\","
							   "\"arrondissement\":\"nan\",\"titre_adresse\":\"nan\",\"adresse_principale\":\"nan\","
							   "\"code_postal\":\"nan\",\"lat\":\"nan\",\"long\":\"nan\"");

	TapSame(l->title, "Un soir au parc", "nan: a row full of it is a listing");
	TapOk(l->description == NULL && l->category == NULL && l->ntags == 0 && l->venue_name == NULL &&
		  l->address == NULL && l->postal_code == NULL && l->city == NULL && l->attributes == NULL,
		  "nan: is no text");
	TapOk(l->is_online == TRI_UNKNOWN && l->is_free == TRI_UNKNOWN, "nan: is neither yes nor no");
	TapOk(isnan(l->latitude) && isnan(l->longitude), "nan: is no coordinate");
	TapEqual(l->ends_at, FEED_TIME_UNKNOWN, "nan: date_fin is unknown");
	l = map_row("\"titre_adresse\":\"\",\"adresse_principale\":null,\"code_postal\":\" \",\"cout\":\"NaN\"");
	TapOk(l->venue_name == NULL && l->address == NULL && l->postal_code == NULL && l->is_free == TRI_UNKNOWN,
		  "so are empty, null and NaN");
	TapSame(map_row("\"titre_adresse\":\"Nanterre\"")->venue_name, "Nanterre", "a name that begins with nan is one");
}

static void
test_trap_row_number_is_no_key(void)
{
	uint64_t	before;

	HarnessRunText(h, "[{\"_id\":17,\"titre\":\"x\",\"url_fiche\":\"a-1\"}]");
	before = h->items[0].record.raw_hash;
	HarnessRunText(h, "[{\"_id\":4711,\"titre\":\"x\",\"url_fiche\":\"a-1\"}]");
	TapOk(h->items[0].record.raw_hash == before, "_id is assigned anew at each reload: not part of the hash");
	TapSame(id_of(0), "1", "_id is assigned anew at each reload: not part of the id");
	HarnessRunText(h, "[{\"_id\":17,\"titre\":\"y\",\"url_fiche\":\"a-1\"}]");
	TapOk(h->items[0].record.raw_hash != before, "everything else is");
}

static void
test_trap_stable_id_in_url(void)
{
	map_row("\"url_fiche\":\"https://montreal.ca/evenements/un-soir-au-parc-97483\"");
	TapSame(id_of(0), "97483", "the id survives");
	map_row("\"url_fiche\":\"https://montreal.ca/evenements/une-nuit-au-parc-97483\"");
	TapSame(id_of(0), "97483", "  another slug");
	map_row("\"url_fiche\":\"https://montreal.ca/evenements/une-nuit-au-parc-97483/\"");
	TapSame(id_of(0), "97483", "  a slash behind it");
	map_row("\"url_fiche\":\"https://montreal.ca/evenements/une-nuit-au-parc-97483?lang=fr\"");
	TapSame(id_of(0), "97483", "  a query behind it");
	map_row("\"date_debut\":\"2025-07-10\",\"date_fin\":\"2025-07-10\"");
	TapSame(id_of(0), "97483", "  another day");
	map_row("\"titre_adresse\":\"Ailleurs\",\"adresse_principale\":\"Ailleurs\"");
	TapSame(id_of(0), "97483", "  another venue: titre_adresse drifts between exports");
	map_row("\"url_fiche\":\"https://muralfestival.com\"");
	TapSame(id_of(0), "https://muralfestival.com", "without a number the URL is the id");
	refuses("\"url_fiche\":\"nan\"", "url_fiche", "without url_fiche there is no id: title and date collide");
}

static void
test_trap_shared_ids(void)
{
	push("\"date_debut\":\"2025-07-10\",\"date_fin\":\"2025-07-10\"", "", "\"adresse_principale\":\"Ailleurs\"");
	TapEqual(h->nlistings, 3, "rows that share url_fiche are sessions, all listed");
	TapSame(id_of(1), "97483", "the first session has the bare id");
	TapSame(id_of(0), "97483@2025-07-10", "a later one adds its day");
	TapOk(id_of(2) != NULL && strncmp(id_of(2), "97483@2025-07-03", 16) == 0,
		  "one of the same day elsewhere adds what tells it apart");
	TapSame(h->items[0].listing.series_id, "97483", "all of them are one series");
	TapSame(h->items[1].listing.series_id, "97483", "  the first too");

	push("", "\"date_debut\":\"2025-07-10\",\"date_fin\":\"2025-07-10\"", NULL);
	TapSame(id_of(0), "97483", "whatever the order of the rows");
	TapSame(id_of(1), "97483@2025-07-10", "  the ids are the same");

	push("", "", NULL);
	TapSame(id_of(0), "97483", "two rows that differ in nothing that counts");
	TapSame(id_of(1), "97483", "  are one and the same");
	TapSame(h->items[0].listing.series_id, NULL, "  and no series");

	push("\"description\":\"De 18 h à 20 h\"", "\"date_debut\":\"2025-07-10\",\"date_fin\":\"2025-07-10\","
		 "\"description\":\"De 18 h à 20 h\"", NULL);
	TapOk(h->items[0].listing.all_day, "an hour in the description of several sessions may be of another");
	push("\"description\":\"Le 3 juillet de 18 h à 20 h\"", "\"date_debut\":\"2025-07-10\","
		 "\"date_fin\":\"2025-07-10\",\"description\":\"Le 3 juillet de 18 h à 20 h\"", NULL);
	TapOk(!h->items[0].listing.all_day && h->items[1].listing.all_day, "  unless it names the day");
}

static void
test_trap_lost_characters(void)
{
#define LOST "\uFFFD"
	static const struct
	{
		const char *given;
		const char *meant;
	}			names[] = {
		{"Rivière-des-Prairies" LOST LOST LOST " Pointe-aux-Trembles", "Rivière-des-Prairies–Pointe-aux-Trembles"},
		{"Rivi" LOST LOST "re-des-Prairies" LOST "Pointe-aux-Trembles", "Rivière-des-Prairies–Pointe-aux-Trembles"},
		{"C" LOST LOST "te-des-Neiges" LOST LOST LOST "Notre-Dame-de-Gr" LOST LOST "ce", "Côte-des-Neiges–Notre-Dame-de-Grâce"},
		{"L'" LOST LOST "le-Bizard" LOST LOST LOST "Sainte-Genevi" LOST "ve", "L'Île-Bizard–Sainte-Geneviève"},
		{"Saint-L" LOST LOST "onard", "Saint-Léonard"},
		{"Montr" LOST LOST "al-Nord", "Montréal-Nord"},
		{"Rosemont - La Petite-Patrie", "Rosemont–La Petite-Patrie"},
		{"Rosemont–La Petite–Patrie", "Rosemont–La Petite-Patrie"},
		{"Mercier-Hochelaga-Maisonneuve", "Mercier–Hochelaga-Maisonneuve"},
		{"Villeray" LOST "Saint-Michel" LOST "Parc-Extension", "Villeray–Saint-Michel–Parc-Extension"},
		{"L’Île-Bizard–Sainte-Geneviève", "L'Île-Bizard–Sainte-Geneviève"},
		{"Verdun", "Verdun"},
		{"Saint-L" LOST "", NULL},
		{LOST LOST LOST, NULL},
		{"Verd" LOST "n", NULL},
		{"Westmount", NULL},
		{"Ville de Montréal", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		TapSame(MontrealBorough(names[i].given), names[i].meant, names[i].given);
	map_row("\"arrondissement\":\"Rivière-des-Prairies\\ufffd\\ufffd\\ufffd Pointe-aux-Trembles\"");
	TapOk(strstr(h->items[0].listing.attributes, "\"borough\":\"Rivière-des-Prairies–Pointe-aux-Trembles\"") != NULL,
		  "a run of U+FFFD in a borough's name is repaired");
	TapSame(h->items[0].listing.city, "Montréal", "  which then is in the city");
	map_row("\"arrondissement\":\"Saint-L\\ufffd\\ufffd\"");
	TapOk(strstr(h->items[0].listing.attributes, "\"borough\":\"Saint-L\uFFFD\uFFFD\"") != NULL,
		  "one that could be several boroughs stays as it is");
}

static void
test_trap_coordinates(void)
{
	const Listing *l = map_row("\"lat\":\"45.53\",\"long\":\"-73.63\"");

	TapOk(l->latitude == 45.53 && l->longitude == -73.63, "lat and long may be texts");
	TapOk(isnan(map_row("\"lat\":0,\"long\":0")->latitude), "0, 0 is nowhere");
	TapOk(isnan(map_row("\"lat\":\"0\",\"long\":\"0\"")->latitude), "\"0\", \"0\" either");
	TapOk(isnan(map_row("\"lat\":-73.63,\"long\":45.53")->latitude), "exchanged ones are not guessed at");
	TapOk(isnan(map_row("\"lat\":46.9,\"long\":-73.63")->latitude), "far from the island: unknown");
	TapOk(isnan(map_row("\"lat\":45.53,\"long\":null")->latitude), "one alone is none");
	TapOk(isnan(map_row("\"lat\":293745.1,\"long\":5041823.2")->latitude), "metres are no degrees");
}

static void
test_trap_time_in_date(void)
{
	const Listing *l = map_row("\"date_debut\":\"2025-07-03T00:00:00\",\"date_fin\":\"2025-07-03T00:00:00\"");

	TapOk(l->all_day && l->starts_at == MIDNIGHT && l->ends_at == MIDNIGHT + DAY,
		  "a column of type timestamp: midnight means the day");
	l = map_row("\"date_debut\":\"2025-07-03T10:00:00\",\"date_fin\":\"2025-07-03T18:00:00\"");
	TapOk(!l->all_day && l->start_precision == PRECISION_MINUTE && l->starts_at == MIDNIGHT + 10 * HOUR &&
		  l->ends_at == MIDNIGHT + 18 * HOUR, "a time that is written by hand is one");
	TapSame(l->source_id, "97483", "  and changes no id");
	l = map_row("\"date_debut\":\"2025-07-03T10:00:00\",\"date_fin\":\"2025-07-03\"");
	TapEqual(l->ends_at, FEED_TIME_UNKNOWN, "a start with a time and an end without: the end is unknown");
}

static void
test_trap_hour_from_description(void)
{
	const Listing *l = map_row("\"description\":\"Jeudi 3 juillet 2025 de 18\u00A0h\u00A030 à 20\u202Fh\u202F00\"");

	TapOk(!l->all_day && l->start_precision == PRECISION_MINUTE, "the hour is in the description alone");
	TapEqual(l->starts_at, MIDNIGHT + 18 * HOUR + 1800, "  when it starts");
	TapEqual(l->local_start, MIDNIGHT - 4 * HOUR + 18 * HOUR + 1800, "  on the wall clock");
	TapEqual(l->ends_at, MIDNIGHT + 20 * HOUR, "  and ends");
	TapOk(l->attributes != NULL && strstr(l->attributes, "\"hour_from\":\"description\"") != NULL,
		  "  and that it is from there is told");
	l = map_row("\"description\":\"Spectacle à 19 h\"");
	TapEqual(l->ends_at, FEED_TIME_UNKNOWN, "  no end is made up");
	l = map_row("\"date_fin\":\"2025-07-05\",\"description\":\"De 18 h à 20 h\"");
	TapOk(l->all_day && l->attributes != NULL && strstr(l->attributes, "hour_from") == NULL,
		  "of an event of several days it is nobody's");
	l = map_row("\"date_fin\":\"nan\",\"description\":\"De 18 h à 20 h\"");
	TapOk(l->all_day, "of one whose last day is unknown too");
	l = map_row("\"description\":\"<p>De <strong>18 h</strong> à 20 h</p>\"");
	TapEqual(l->starts_at, MIDNIGHT + 18 * HOUR, "through light HTML as well");
	l = map_row("\"description\":\"Soirée de 21 h à 2 h\"");
	TapEqual(l->ends_at, MIDNIGHT + 26 * HOUR, "an end past midnight is on the next day");
}

static void
test_trap_past_and_future(void)
{
	map_row("");
	h->feed.window_start = MIDNIGHT + DAY + 1;
	HarnessRunText(h, "[" BASE_ROW "}]");
	TapEqual(HarnessSkipped(h, "past"), 1, "years of past events are in the table: skipped");
	h->feed.window_start = MIDNIGHT + DAY - 1;
	HarnessRunText(h, "[" BASE_ROW "}]");
	TapEqual(h->nlistings, 1, "an event is not past before its last day is over");
	h->feed.window_end = MIDNIGHT;
	HarnessRunText(h, "[" BASE_ROW "}]");
	TapEqual(HarnessSkipped(h, "out_of_horizon"), 1, "what lies beyond the horizon");
}

static void
test_bad_records(void)
{
	map_row("");
	HarnessRunText(h, "{\"success\":true,\"result\":{\"records\":[" BASE_ROW "},7,null," BASE_ROW ",\"titre\":}]}}");
	TapEqual(h->nrefused, 3, "what is no row is refused, each with a reason");
	for (int i = 0; i < h->nitems; i++)
		if (h->items[i].result == MAP_REFUSED)
			TapOk(h->items[i].record.problem.message[0] != '\0', "  %s", h->items[i].record.problem.message);
	HarnessRunText(h, BASE_ROW "}");
	TapEqual(h->nitems, 1, "one row may be pushed alone");
	HarnessRunText(h, "titre,url_fiche,date_debut,date_fin,lat,long,description\n"
				   "\"Un soir, au parc\",https://montreal.ca/evenements/x-97483,2025-07-03,2025-07-03,45.5,-73.6,\"Un\n\"\"beau\"\" soir\"\n"
				   "Deux,https://montreal.ca/evenements/y-97484,2025-07-03,nan,nan,nan,nan\n"
				   "Trois,https://montreal.ca/evenements/z-97485\n");
	TapEqual(h->nlistings, 2, "and so may the city's CSV");
	TapEqual(h->nrefused, 1, "  of which a short row is refused");
	TapSame(h->nitems > 0 ? h->items[0].listing.description : NULL, "Un\n\"beau\" soir",
			"  line ends and quotes in a description are read");
	TapOk(h->nitems > 0 && h->items[0].listing.latitude == 45.5, "  numbers too");
}

int
main(void)
{
	test_every_column();
	test_values();
	test_trap_nan_is_missing();
	test_trap_row_number_is_no_key();
	test_trap_stable_id_in_url();
	test_trap_shared_ids();
	test_trap_lost_characters();
	test_trap_coordinates();
	test_trap_time_in_date();
	test_trap_hour_from_description();
	test_trap_past_and_future();
	test_bad_records();
	HarnessClose(h);
	return TapDone();
}
