------------------------------------------------------------------------------
-- The page: how values are written
------------------------------------------------------------------------------

/*
 * API: private.  The one place where a value becomes a part of the page: text of
 * an element, or of an attribute in double quotes.  Control characters have no
 * place in a document.  Nor have those that turn the direction of text: left
 * open, they turn what follows even beyond a <bdi>, and a statement that is to
 * be typed must not read otherwise than it runs.
 */
CREATE FUNCTION ingest.html(value text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(replace(replace(replace(replace(replace(
         regexp_replace(value, '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]', '', 'g'),
         '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;'), '');
COMMENT ON FUNCTION ingest.html(text) IS 'a value as a part of an HTML document';
REVOKE ALL ON FUNCTION ingest.html(text) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_number(n numeric, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(to_char(coalesce(n, 0), 'FM999,999,999,999,990'), ',', w ->> 'comma');
COMMENT ON FUNCTION ingest.page_number(numeric, jsonb) IS 'a number of the page';
REVOKE ALL ON FUNCTION ingest.page_number(numeric, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_day(d date, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN w ->> 'lang' = 'fr' THEN concat(extract(day FROM d), CASE WHEN extract(day FROM d) = 1 THEN 'er' END, '&nbsp;', w -> 'months' ->> (extract(month FROM d)::int4 - 1))
            ELSE concat(w -> 'months' ->> (extract(month FROM d)::int4 - 1), '&nbsp;', extract(day FROM d)) END;
COMMENT ON FUNCTION ingest.page_day(date, jsonb) IS 'a day of the page';
REVOKE ALL ON FUNCTION ingest.page_day(date, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_clock(local timestamp, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE w ->> 'lang' WHEN 'fr' THEN concat(extract(hour FROM local), '&nbsp;h&nbsp;', to_char(local, 'MI'))
            ELSE to_char(local, 'HH24:MI') END;
COMMENT ON FUNCTION ingest.page_clock(timestamp, jsonb) IS 'a time of day of the page';
REVOKE ALL ON FUNCTION ingest.page_clock(timestamp, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_time(at timestamptz, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(at) THEN
         concat('<time datetime="', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '">', ingest.page_day(at::date, w),
                ', ', ingest.page_clock(at::timestamp, w), '</time>') END;
COMMENT ON FUNCTION ingest.page_time(timestamptz, jsonb) IS 'a time of the page, in the session''s zone';
REVOKE ALL ON FUNCTION ingest.page_time(timestamptz, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_now(w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN concat('<time datetime="', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '">',
              format(w ->> 'date', w -> 'weekdays' ->> extract(dow FROM now())::int4, concat(extract(day FROM now()), CASE WHEN w ->> 'lang' = 'fr' AND extract(day FROM now()) = 1 THEN 'er' END),
                     w -> 'months_long' ->> (extract(month FROM now())::int4 - 1), extract(year FROM now()),
                     ingest.page_clock(now()::timestamp, w)), '</time>');
COMMENT ON FUNCTION ingest.page_now(jsonb) IS 'the time of the page itself, in full';
REVOKE ALL ON FUNCTION ingest.page_now(jsonb) FROM PUBLIC;

/* API: private.  Without a start there is none; without an hour that is known, none is shown. */
CREATE FUNCTION ingest.page_start(local timestamp, has_hour bool, w jsonb)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN isfinite(local) THEN
         concat(left(w -> 'weekdays' ->> extract(dow FROM local)::int4, 3), CASE w ->> 'lang' WHEN 'fr' THEN '.&nbsp;' ELSE ',&nbsp;' END,
                ingest.page_day(local::date, w), CASE WHEN has_hour THEN concat(', ', ingest.page_clock(local, w)) END) END;
COMMENT ON FUNCTION ingest.page_start(timestamp, bool, jsonb) IS 'the start of an event, on the clock of its place';
REVOKE ALL ON FUNCTION ingest.page_start(timestamp, bool, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_span(seconds float8, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
         WHEN seconds < 1 THEN concat(round((seconds * 1000)::numeric), '&nbsp;ms')
         WHEN seconds < 10 THEN concat(replace(round(seconds::numeric, 1)::text, '.', w ->> 'point'), '&nbsp;s')
         WHEN seconds < 90 THEN concat(round(seconds::numeric), '&nbsp;s')
         WHEN seconds < 5400 THEN concat(round((seconds / 60)::numeric), '&nbsp;min')
         WHEN seconds < 129600 THEN concat(round((seconds / 3600)::numeric), '&nbsp;h')
         ELSE concat(ingest.page_number(round((seconds / 86400)::numeric), w), '&nbsp;',
                     w ->> CASE WHEN round(seconds / 86400) = 1 THEN 'day' ELSE 'days' END)
       END;
COMMENT ON FUNCTION ingest.page_span(float8, jsonb) IS 'a span of time of the page';
REVOKE ALL ON FUNCTION ingest.page_span(float8, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_bytes(bytes int8, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat(replace(CASE WHEN bytes < 1048576 THEN ceil(bytes / 1024.0)
                           WHEN bytes < 10485760 THEN round(bytes / 1048576.0, 1)
                           WHEN bytes < 1073741824 THEN round(bytes / 1048576.0)
                           ELSE round(bytes / 1073741824.0, 1) END::text, '.', w ->> 'point'), '&nbsp;',
              CASE WHEN bytes < 1048576 THEN 'k' WHEN bytes < 1073741824 THEN 'M' ELSE 'G' END, w ->> 'byte');
COMMENT ON FUNCTION ingest.page_bytes(int8, jsonb) IS 'a size of the page';
REVOKE ALL ON FUNCTION ingest.page_bytes(int8, jsonb) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_count(key text, n int8, w jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format(w ->> CASE WHEN n = 1 AND w ? (key || '_1') THEN key || '_1' ELSE key END, ingest.page_number(n, w));
COMMENT ON FUNCTION ingest.page_count(text, int8, jsonb) IS 'a number in words of the page, which differ for one';
REVOKE ALL ON FUNCTION ingest.page_count(text, int8, jsonb) FROM PUBLIC;

/* API: private.  A click selects all of it. */
CREATE FUNCTION ingest.page_code(statement text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<code class="command" translate="no">', ingest.html(statement), ';</code>');
COMMENT ON FUNCTION ingest.page_code(text) IS 'a statement to copy';
REVOKE ALL ON FUNCTION ingest.page_code(text) FROM PUBLIC;

/* API: private.  The tone of a state: never colour alone, a sign and a word go with it. */
CREATE FUNCTION ingest.page_tone(state text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
         WHEN state = ANY (ARRAY['healthy', 'success']) THEN 'ok'
         WHEN state = ANY (ARRAY['warning', 'partial', 'empty', 'rate_limited', 'held']) THEN 'warn'
         WHEN state = ANY (ARRAY['degraded', 'failed', 'crashed', 'critical']) THEN 'bad'
         WHEN state = ANY (ARRAY['running', 'info']) THEN 'info'
         WHEN state = 'paused' THEN 'pause'
         ELSE 'idle'
       END;
COMMENT ON FUNCTION ingest.page_tone(text) IS 'ok, warn, bad, info, pause or idle';
REVOKE ALL ON FUNCTION ingest.page_tone(text) FROM PUBLIC;

/* API: private. */
CREATE FUNCTION ingest.page_badge(state text, word text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat('<span class="badge ', ingest.page_tone(state), '"><svg aria-hidden="true"><use href="#i-', ingest.page_tone(state), '"/></svg>', word, '</span>');
COMMENT ON FUNCTION ingest.page_badge(text, text) IS 'a state of the page';
REVOKE ALL ON FUNCTION ingest.page_badge(text, text) FROM PUBLIC;
