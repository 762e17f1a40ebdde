------------------------------------------------------------------------------
-- The page: its words, and how values are written
------------------------------------------------------------------------------

/*
 * API: private.  The one place where a value becomes a part of the page: text of
 * an element, or of an attribute in double quotes.  Control characters have no
 * place in a document; what turns the direction of text is kept in its <bdi>.
 */
CREATE FUNCTION ingest.html(value text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(replace(replace(replace(replace(replace(
         translate(value, E'\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f', ''),
         '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'), '');
COMMENT ON FUNCTION ingest.html(text) IS 'a value as a part of an HTML document';
REVOKE ALL ON FUNCTION ingest.html(text) FROM PUBLIC;

/* API: private.  The page's words; they are markup, and plain ASCII as the script is. */
CREATE FUNCTION ingest.page_words(lang text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT jsonb_object_agg(w.key, CASE WHEN lang ILIKE 'fr%' THEN w.fr ELSE w.en END)
         || CASE WHEN lang ILIKE 'fr%'
                 THEN jsonb '{"lang": "fr", "comma": "&#8239;", "months": ["janv.", "f&eacute;vr.", "mars", "avr.", "mai", "juin", "juill.", "ao&ucirc;t", "sept.", "oct.", "nov.", "d&eacute;c."]}'
                 ELSE jsonb '{"lang": "en", "comma": ",", "months": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]}'
            END
    FROM (VALUES
      ('title', 'Event ingestion', 'Ingestion d&rsquo;&eacute;v&eacute;nements'),
      ('skip', 'Skip to what needs attention', 'Aller &agrave; ce qui demande votre attention'),
      ('nav', 'Sections', 'Sections'),
      ('n_attention', 'Attention', '&Agrave; voir'), ('n_sources', 'Sources', 'Sources'), ('n_activity', 'Activity', 'Activit&eacute;'),
      ('n_calendar', 'Calendar', 'Calendrier'), ('n_jobs', 'Runs', 'Passages'), ('n_durations', 'Durations', 'Dur&eacute;es'),
      ('n_reviews', 'Duplicates', 'Doublons'), ('n_quality', 'Quality', 'Qualit&eacute;'), ('n_vanished', 'Vanished', 'Disparus'),
      ('n_storage', 'Storage', 'Stockage'),
      ('h_none', 'No source yet.', 'Aucune source pour l&rsquo;instant.'),
      ('h_first', 'Add the first one; this one needs no key:', 'Ajoutez la premi&egrave;re ; celle-ci n&rsquo;exige aucune cl&eacute;&nbsp;:'),
      ('h_well', 'All %s sources are well.', 'Les %s sources vont bien.'),
      ('h_well_1', 'The one source is well.', 'La source va bien.'),
      ('h_bad', '%s of %s sources need attention.', '%s sources sur %s demandent votre attention.'),
      ('h_bad_1', '1 of %2$s sources needs attention.', '1 source sur %2$s demande votre attention.'),
      ('h_newest', 'The newest data is from %s.', 'Les donn&eacute;es les plus r&eacute;centes datent de %s.'),
      ('h_at', 'As of %s, times in %s, last %s days.', '&Eacute;tat au %s, heures de %s, %s derniers jours.'),
      ('attention', 'Needs attention', 'Demande votre attention'),
      ('attention_none', 'Nothing needs you. Checked: last runs, freshness, refused records, volumes, field quality, held withdrawals, duplicates, the launcher.',
                         'Rien &agrave; faire. V&eacute;rifi&eacute;&nbsp;: derniers passages, fra&icirc;cheur, refus, volumes, qualit&eacute; des champs, retraits en suspens, doublons, lanceur.'),
      ('more', 'and %s more', 'et %s de plus'),
      ('since', 'since %s', 'depuis le %s'),
      ('type_this', 'What to type', '&Agrave; taper'),
      ('k_launcher', 'Nothing runs by itself', 'Rien ne tourne tout seul'),
      ('k_copy', 'This database is a copy', 'Cette base est une copie'),
      ('k_failing', 'The last run failed', 'Le dernier passage a &eacute;chou&eacute;'),
      ('k_failing_n', '%s failures in a row', '%s &eacute;checs de suite'),
      ('k_refused', 'Records are refused', 'Des fiches sont refus&eacute;es'),
      ('k_late', 'Late', 'En retard'),
      ('k_unusual', 'Unusual', 'Inhabituel'),
      ('k_paused', 'Paused', 'En pause'),
      ('k_rate_limited', 'Asked to wait', 'Pri&eacute;e d&rsquo;attendre'),
      ('k_held', '%s listings have vanished: decide', '%s annonces ont disparu&nbsp;: d&eacute;cidez'),
      ('k_errors', '%s refused records are open', '%s fiches refus&eacute;es en suspens'),
      ('k_reviews', '%s pairs may be duplicates', '%s paires sont peut-&ecirc;tre des doublons'),
      ('s_critical', 'Critical', 'Critique'),
      ('s_warning', 'Warning', 'Avertissement'),
      ('s_info', 'To know', '&Agrave; savoir'),
      ('c_sources', 'Healthy sources', 'Sources saines'),
      ('c_events', 'Events to come', '&Eacute;v&eacute;nements &agrave; venir'),
      ('c_new', 'New in 24 hours', 'Nouveaux en 24 heures'),
      ('c_updated', '%s updated', '%s mis &agrave; jour'),
      ('c_jobs', '%s runs, %s failed', '%s passages, %s &eacute;checs'),
      ('c_refused', 'Refused, still open', 'Refus en suspens'),
      ('c_reviews', 'Duplicates to decide', 'Doublons &agrave; trancher'),
      ('c_next', 'Next run', 'Prochain passage'),
      ('c_none', 'none planned', 'aucun pr&eacute;vu'),
      ('sources', 'Sources', 'Sources'),
      ('source', 'Source', 'Source'),
      ('health', 'Health', '&Eacute;tat'),
      ('runs', 'Last 30 runs', '30 derniers passages'),
      ('runs_alt', 'Last %s runs: %s well, %s partial, %s failed', '%s derniers passages&nbsp;: %s bons, %s partiels, %s &eacute;checs'),
      ('runs_none', 'no run yet', 'aucun passage'),
      ('new', 'New', 'Nouv.'),
      ('updated', 'Updated', 'Modif.'),
      ('refused', 'Refused', 'Refus'),
      ('skipped', 'Skipped', 'Ignor&eacute;s'),
      ('fetched', 'Fetched', 'Lus'),
      ('success', 'Last success', 'Dernier succ&egrave;s'),
      ('next', 'Next run', 'Prochain'),
      ('never', 'never', 'jamais'),
      ('ago', '%s ago', 'il y a %s'),
      ('in', 'in %s', 'dans %s'),
      ('due', 'due', 'imminent'),
      ('last_error', 'Last error', 'Derni&egrave;re erreur'),
      ('healthy', 'Healthy', 'Saine'),
      ('warning', 'Warning', '&Agrave; surveiller'),
      ('degraded', 'Degraded', 'En panne'),
      ('paused', 'Paused', 'En pause'),
      ('rate_limited', 'Asked to wait', 'En attente'),
      ('unknown', 'Never run', 'Jamais lanc&eacute;e'),
      ('running', 'Running', 'En cours'),
      ('st_success', 'Success', 'Succ&egrave;s'),
      ('st_no_change', 'No change', 'Inchang&eacute;'),
      ('st_partial', 'Partial', 'Partiel'),
      ('st_empty', 'Empty', 'Vide'),
      ('st_failed', 'Failed', '&Eacute;chec'),
      ('st_cancelled', 'Cancelled', 'Annul&eacute;'),
      ('st_crashed', 'Crashed', 'Plant&eacute;'),
      ('st_running', 'Running', 'En cours'),
      ('sources_more', '%s more sources, none of them worse: SELECT * FROM ingest.source_health',
                       '%s autres sources, aucune en plus mauvais &eacute;tat&nbsp;: SELECT * FROM ingest.source_health'),
      ('activity', 'What came in', 'Ce qui est arriv&eacute;'),
      ('activity_alt', 'New and updated listings per day, from %s to %s: %s new and %s updated in all, most on %s with %s.',
                       'Annonces nouvelles et modifi&eacute;es par jour, du %s au %s&nbsp;: %s nouvelles et %s modifi&eacute;es en tout, le plus le %s avec %s.'),
      ('activity_none', 'Nothing has come in yet.', 'Rien n&rsquo;est encore arriv&eacute;.'),
      ('calendar', 'Day by day', 'Jour par jour'),
      ('calendar_note', 'The number is what was new that day; the mark is the worst of the day''s runs.',
                        'Le nombre dit ce qui &eacute;tait nouveau ce jour-l&agrave; ; la marque, le pire passage du jour.'),
      ('jobs', 'Recent runs', 'Passages r&eacute;cents'),
      ('jobs_note', 'Fetched = new + updated + skipped + refused, always.', 'Lus = nouveaux + modifi&eacute;s + ignor&eacute;s + refus, toujours.'),
      ('jobs_none', 'No run yet.', 'Aucun passage.'),
      ('folded', '%s runs without change', '%s passages sans changement'),
      ('when', 'When', 'Quand'),
      ('status', 'Result', 'R&eacute;sultat'),
      ('took', 'Took', 'Dur&eacute;e'),
      ('durations', 'How long runs take', 'Dur&eacute;e des passages'),
      ('durations_alt', '%s: half of the runs take at most %s, nineteen of twenty at most %s',
                        '%s&nbsp;: la moiti&eacute; des passages durent au plus %s, dix-neuf sur vingt au plus %s'),
      ('durations_note', 'Bar: the middle run. Tick: nineteen runs of twenty. The slowest sources first.',
                         'Barre&nbsp;: passage m&eacute;dian. Trait&nbsp;: dix-neuf passages sur vingt. Les plus lentes d&rsquo;abord.'),
      ('reviews', 'Duplicates to decide', 'Doublons &agrave; trancher'),
      ('reviews_none', 'No pair waits for a decision.', 'Aucune paire n&rsquo;attend de d&eacute;cision.'),
      ('if_same', 'If they are the same', 'Si c&rsquo;est le m&ecirc;me'),
      ('alike', '%s %% alike', 'ressemblance %s %%'),
      ('event', 'Event', '&Eacute;v&eacute;nement'),
      ('start', 'Start', 'D&eacute;but'),
      ('venue', 'Venue', 'Lieu'),
      ('quality', 'How well listings are filled in', 'Qualit&eacute; des annonces'),
      ('quality_note', 'Percent of the listings to come that have the field; an arrow where it is ten points from usual.',
                       'Pourcentage des annonces &agrave; venir o&ugrave; le champ est rempli ; fl&egrave;che si l&rsquo;&eacute;cart &agrave; l&rsquo;habitude d&eacute;passe dix points.'),
      ('quality_none', 'No listing to come yet.', 'Aucune annonce &agrave; venir.'),
      ('usually', 'usually %s %%', 'd&rsquo;habitude %s %%'),
      ('description', 'Description', 'Description'), ('ends_at', 'End', 'Fin'), ('venue_name', 'Venue', 'Lieu'),
      ('address', 'Address', 'Adresse'), ('city', 'City', 'Ville'), ('coordinates', 'Point', 'Point'),
      ('image_url', 'Image', 'Image'), ('organizer', 'Organizer', 'Organis.'), ('category', 'Category', 'Cat&eacute;gorie'),
      ('price', 'Price', 'Prix'), ('language', 'Language', 'Langue'), ('url', 'Link', 'Lien'),
      ('vanished', 'Vanished', 'Disparus'),
      ('vanished_none', 'Nothing has vanished in the last 30 days.', 'Rien n&rsquo;a disparu en 30 jours.'),
      ('v_held', 'Held', 'En suspens'), ('v_missing', 'Missing', 'Manquant'), ('v_withdrawn', 'Withdrawn', 'Retir&eacute;'),
      ('storage', 'Storage', 'Stockage'),
      ('table', 'Table', 'Table'), ('rows', 'Rows', 'Lignes'), ('size', 'Size', 'Taille'), ('retention', 'Kept', 'Conserv&eacute;'),
      ('total', 'Total', 'Total'),
      ('no_run', 'no run', 'aucun passage'),
      ('footer', 'ingest %s on PostgreSQL %s. The same facts: SELECT * FROM ingest.attention, or ingest_stats() as JSON.',
                 'ingest %s sur PostgreSQL %s. Les m&ecirc;mes faits&nbsp;: SELECT * FROM ingest.attention, ou ingest_stats() en JSON.')
    ) AS w (key, en, fr);
END;
COMMENT ON FUNCTION ingest.page_words(text) IS 'the words of ingest_dashboard() in English or French';
REVOKE ALL ON FUNCTION ingest.page_words(text) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_number(n numeric, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(to_char(coalesce(n, 0), 'FM999,999,999,999,990'), ',', w ->> 'comma');
COMMENT ON FUNCTION ingest.page_number(numeric, jsonb) IS 'a number of the page';
REVOKE ALL ON FUNCTION ingest.page_number(numeric, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_day(d date, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN w ->> 'lang' = 'fr' THEN concat(extract(day FROM d), '&nbsp;', w -> 'months' ->> (extract(month FROM d)::int4 - 1))
            ELSE concat(w -> 'months' ->> (extract(month FROM d)::int4 - 1), '&nbsp;', extract(day FROM d)) END;
COMMENT ON FUNCTION ingest.page_day(date, jsonb) IS 'a day of the page';
REVOKE ALL ON FUNCTION ingest.page_day(date, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_time(at timestamptz, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN
         concat('<time datetime="', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '">', ingest.page_day(at::date, w),
                CASE WHEN w ->> 'lang' = 'fr' THEN to_char(at, '", "HH24"&nbsp;h&nbsp;"MI') ELSE to_char(at, '", "HH24:MI') END, '</time>') END;
COMMENT ON FUNCTION ingest.page_time(timestamptz, jsonb) IS 'a time of the page, in the session''s zone';
REVOKE ALL ON FUNCTION ingest.page_time(timestamptz, jsonb) FROM PUBLIC;

CREATE FUNCTION ingest.page_span(seconds float8, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
         WHEN seconds < 1 THEN concat(round((seconds * 1000)::numeric), '&nbsp;ms')
         WHEN seconds < 10 THEN concat(replace(round(seconds::numeric, 1)::text, '.', CASE w ->> 'lang' WHEN 'fr' THEN ',' ELSE '.' END), '&nbsp;s')
         WHEN seconds < 90 THEN concat(round(seconds::numeric), '&nbsp;s')
         WHEN seconds < 5400 THEN concat(round((seconds / 60)::numeric), '&nbsp;min')
         WHEN seconds < 172800 THEN concat(round((seconds / 3600)::numeric), '&nbsp;h')
         ELSE concat(round((seconds / 86400)::numeric), CASE w ->> 'lang' WHEN 'fr' THEN '&nbsp;j' ELSE '&nbsp;d' END)
       END;
COMMENT ON FUNCTION ingest.page_span(float8, jsonb) IS 'a span of time of the page';
REVOKE ALL ON FUNCTION ingest.page_span(float8, jsonb) FROM PUBLIC;

/* API: private.  The tone of a state: never colour alone, a sign and a word go with it. */
CREATE FUNCTION ingest.page_tone(state text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
         WHEN state = ANY (ARRAY['healthy', 'success']) THEN 'ok'
         WHEN state = ANY (ARRAY['warning', 'partial', 'empty', 'rate_limited', 'held']) THEN 'warn'
         WHEN state = ANY (ARRAY['degraded', 'failed', 'crashed', 'critical']) THEN 'bad'
         WHEN state = ANY (ARRAY['running', 'info']) THEN 'info'
         ELSE 'idle'
       END;
COMMENT ON FUNCTION ingest.page_tone(text) IS 'ok, warn, bad, info or idle';
REVOKE ALL ON FUNCTION ingest.page_tone(text) FROM PUBLIC;

CREATE FUNCTION ingest.page_badge(state text, word text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<span class="badge ', ingest.page_tone(state), '"><svg aria-hidden="true"><use href="#i-', ingest.page_tone(state), '"/></svg>', word, '</span>');
COMMENT ON FUNCTION ingest.page_badge(text, text) IS 'a state of the page';
REVOKE ALL ON FUNCTION ingest.page_badge(text, text) FROM PUBLIC;
