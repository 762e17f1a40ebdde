/*
 * The alternative without an extension of our own: pages of Eventbrite events,
 * upserted by one set-based statement each, in a procedure that commits after
 * every page.  Fetching is not part of it: the pages are in bench.page.
 *
 * It does less than an import: no events, no match keys, no history, no errors,
 * no check of a value, no HTML turned into text.
 */
CREATE TABLE bench.upsert (LIKE ingest.listing INCLUDING ALL);
ALTER TABLE bench.upsert
  ALTER event_id DROP NOT NULL,
  ALTER raw_hash DROP NOT NULL,
  ALTER content_hash DROP NOT NULL,
  ALTER match_hash DROP NOT NULL,
  ALTER last_seen_job DROP NOT NULL,
  ALTER raw TYPE jsonb;

CREATE PROCEDURE bench.upsert_pages(INOUT changed int8 DEFAULT 0)
LANGUAGE plpgsql
AS $$
DECLARE
  page_id int4;
  written int8;
BEGIN
  FOR page_id IN SELECT id FROM bench.page ORDER BY id LOOP
    INSERT INTO bench.upsert AS u
      (source, source_id, title, description, url, image_url, status,
       starts_at, ends_at, all_day, start_precision, timezone, is_online,
       venue_name, address, city, region, postal_code, country, latitude, longitude,
       organizer, organizer_url, category, language, is_free, price_min, price_max, currency,
       series_id, raw, revision, first_seen_at, updated_at)
    SELECT 'eventbrite', e.id, e.name ->> 'text', e.description ->> 'text', e.url, e.logo ->> 'url',
           CASE e.status WHEN 'canceled' THEN 'cancelled' ELSE 'scheduled' END,
           (e.start ->> 'utc')::timestamptz, (e."end" ->> 'utc')::timestamptz, false, 'minute',
           e.start ->> 'timezone', e.online_event,
           e.venue ->> 'name', e.venue #>> '{address,address_1}', e.venue #>> '{address,city}',
           e.venue #>> '{address,region}', e.venue #>> '{address,postal_code}',
           e.venue #>> '{address,country}', (e.venue ->> 'latitude')::float8,
           (e.venue ->> 'longitude')::float8,
           e.organizer ->> 'name', e.organizer ->> 'url', e.category ->> 'name', e.locale, e.is_free,
           (e.ticket_availability #>> '{minimum_ticket_price,major_value}')::numeric,
           (e.ticket_availability #>> '{maximum_ticket_price,major_value}')::numeric,
           e.currency, e.series_id, raw, e.changed, now(), now()
      FROM (SELECT body::jsonb -> 'events' AS events FROM bench.page WHERE id = page_id) p,
           ROWS FROM (jsonb_array_elements(p.events),
                      jsonb_to_recordset(p.events) AS
                        (id text, name jsonb, description jsonb, url text, logo jsonb, status text,
                         start jsonb, "end" jsonb, online_event bool, venue jsonb, organizer jsonb,
                         category jsonb, locale text, is_free bool, ticket_availability jsonb,
                         currency text, series_id text, changed text, listed bool))
           AS e (raw, id, name, description, url, logo, status, start, "end", online_event, venue,
                 organizer, category, locale, is_free, ticket_availability, currency, series_id, changed,
                 listed)
     WHERE e.listed
    ON CONFLICT (source, source_id) DO UPDATE SET
      title = excluded.title, description = excluded.description, url = excluded.url,
      image_url = excluded.image_url, status = excluded.status, starts_at = excluded.starts_at,
      ends_at = excluded.ends_at, timezone = excluded.timezone, is_online = excluded.is_online,
      venue_name = excluded.venue_name, address = excluded.address, city = excluded.city,
      region = excluded.region, postal_code = excluded.postal_code, country = excluded.country,
      latitude = excluded.latitude, longitude = excluded.longitude, organizer = excluded.organizer,
      organizer_url = excluded.organizer_url, category = excluded.category,
      language = excluded.language, is_free = excluded.is_free, price_min = excluded.price_min,
      price_max = excluded.price_max, currency = excluded.currency, series_id = excluded.series_id,
      raw = excluded.raw, revision = excluded.revision, updated_at = excluded.updated_at
    WHERE (u.title, u.description, u.url, u.image_url, u.status, u.starts_at, u.ends_at, u.timezone,
           u.is_online, u.venue_name, u.address, u.city, u.region, u.postal_code, u.country,
           u.latitude, u.longitude, u.organizer, u.organizer_url, u.category, u.language, u.is_free,
           u.price_min, u.price_max, u.currency, u.series_id, u.revision)
          IS DISTINCT FROM
          (excluded.title, excluded.description, excluded.url, excluded.image_url, excluded.status,
           excluded.starts_at, excluded.ends_at, excluded.timezone, excluded.is_online,
           excluded.venue_name, excluded.address, excluded.city, excluded.region,
           excluded.postal_code, excluded.country, excluded.latitude, excluded.longitude,
           excluded.organizer, excluded.organizer_url, excluded.category, excluded.language,
           excluded.is_free, excluded.price_min, excluded.price_max, excluded.currency,
           excluded.series_id, excluded.revision);
    GET DIAGNOSTICS written = ROW_COUNT;
    changed := changed + written;
    COMMIT;
  END LOOP;
END
$$;
