/*
 * ingest--1.0.sql: assembled by make from sql/parts/.
 *
 * Data and views live in schema ingest; functions in the schema the extension
 * is created in.  Nothing is granted to PUBLIC.
 */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION ingest" to load this file. \quit

-- No name below may mean what somebody has put into the extension's schema
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE SCHEMA ingest;
COMMENT ON SCHEMA ingest IS 'event ingestion: sources, jobs, listings, events and the dashboard views';

