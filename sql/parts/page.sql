------------------------------------------------------------------------------
-- The page as a whole
------------------------------------------------------------------------------

/* API: private.  A section; nothing in it comes from outside unescaped. */
CREATE FUNCTION ingest.page_section(id text, content text, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<section id="', id, '" aria-labelledby="h-', id, '"><h2 id="h-', id, '">', w ->> id, '</h2>', content, '</section>', E'\n');
COMMENT ON FUNCTION ingest.page_section(text, text, jsonb) IS 'a section of the page';
REVOKE ALL ON FUNCTION ingest.page_section(text, text, jsonb) FROM PUBLIC;

/*
 * API: private.  What stands before the body.  The policy forbids what the page
 * does not need, so that even a mistake in escaping could run no script and
 * fetch nothing.  The icon has the colour of how it is.
 */
CREATE FUNCTION ingest.page_start_of_document(lead text, attention ingest.attention[], w jsonb)
RETURNS text
LANGUAGE sql STABLE
RETURN concat(
  '<!DOCTYPE html>', E'\n<html lang="', w ->> 'lang', '"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
  '<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''; img-src data:; base-uri ''none''; form-action ''none''">',
  '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>', lead, ' &ndash; ', w ->> 'title', '</title>',
  '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 16 16%22%3E%3Ccircle cx=%228%22 cy=%228%22 r=%227%22 fill=%22%23',
  (SELECT CASE WHEN bool_or((a).severity = 'critical') THEN 'c8352d' WHEN bool_or((a).severity = 'warning') THEN 'c77f1a' ELSE '2f7d54' END FROM unnest(attention) AS a),
  '%22/%3E%3C/svg%3E"><style>', ingest.page_style(), '</style></head><body>', E'\n',
  '<a class="skip" href="#attention">', w ->> 'skip', '</a>', ingest.page_signs());
COMMENT ON FUNCTION ingest.page_start_of_document(text, ingest.attention[], jsonb) IS 'what stands before the body of the page';
REVOKE ALL ON FUNCTION ingest.page_start_of_document(text, ingest.attention[], jsonb) FROM PUBLIC;

CREATE FUNCTION @extschema@.ingest_dashboard(days int4 DEFAULT 30, lang text DEFAULT 'en')
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
BEGIN ATOMIC
  SELECT concat(
           ingest.page_start_of_document(ingest.page_lead(f.attention, f.health, f.w), f.attention, f.w),
           ingest.page_header(f.days, f.attention, f.health, f.w),
           CASE WHEN cardinality(f.health) = 0 THEN
             concat('<main class="wrap" id="attention">', ingest.page_welcome(f.w), '</main>')
           ELSE concat(
             '<nav aria-label="', f.w ->> 'nav', '"><ul class="wrap">',
             (SELECT string_agg(format('<li><a href="#%s">%s</a></li>', n.id, f.w ->> ('n_' || n.id)), '' ORDER BY n.place)
                FROM unnest('{attention,sources,activity,calendar,jobs,reviews,quality,vanished,durations,storage}'::text[]) WITH ORDINALITY AS n (id, place)),
             '</ul></nav>', E'\n<main class="wrap">',
             ingest.page_section('attention', ingest.page_attention(f.attention, f.health, f.w), f.w),
             ingest.page_section('sources', ingest.page_sources(f.days, f.health, f.w), f.w),
             ingest.page_section('activity', ingest.page_activity(f.days, f.w), f.w),
             ingest.page_section('calendar', ingest.page_calendar(f.days, f.health, f.w), f.w),
             ingest.page_section('jobs', ingest.page_jobs(f.w), f.w),
             ingest.page_section('reviews', ingest.page_reviews(f.w), f.w),
             ingest.page_section('quality', ingest.page_quality(f.w), f.w),
             '<div class="columns">',
             ingest.page_section('vanished', ingest.page_vanished(f.w), f.w),
             '<div>',
             ingest.page_section('durations', ingest.page_durations(f.w), f.w),
             ingest.page_section('storage', ingest.page_storage(f.w), f.w),
             '</div></div></main>')
           END,
           E'\n<footer><p class="wrap">',
           format(f.w ->> 'footer', (SELECT x.extversion FROM pg_extension x WHERE x.extname = 'ingest'), current_setting('server_version_num')::int4 / 10000,
                  'SELECT @extschema@.ingest_stats()'),
           '</p></footer></body></html>', E'\n')
    -- looked up once, used by several sections
    FROM (SELECT ingest.page_words(lang) AS w, least(greatest(ingest_dashboard.days, 1), 366) AS days,
                 (SELECT coalesce(array_agg(v), '{}') FROM ingest.source_health v) AS health,
                 (SELECT coalesce(array_agg(v), '{}') FROM ingest.attention v) AS attention
          OFFSET 0) f;
END;
COMMENT ON FUNCTION @extschema@.ingest_dashboard(int4, text)
  IS 'the admin page: one HTML document that needs nothing else; over the last days, in English or French (en, fr), times in the session''s zone';
REVOKE ALL ON FUNCTION @extschema@.ingest_dashboard(int4, text) FROM PUBLIC;
