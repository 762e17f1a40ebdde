#!/usr/bin/env bash
#
# Pages to look at: of no source, of seven of a city, of a thousand, and of
# hostile words; in English and French; and, where there is a Chromium, their
# pictures at the width of a desk and of a phone, light and dark, and in print.
#
#   make demo                                  a server, for instance
#   PGHOST=/tmp/ingest-demo PGUSER=postgres test/page/pages.sh [DIRECTORY]
#
# Makes, and makes anew, databases page_empty, page_city, page_many and
# page_hostile in the server that PGHOST and the like say.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-pages}
psql=${PSQL:-psql}

run() {
	"$psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

scene() {
	local database=page_$1
	shift
	run -d postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
	run -d "$database" -c 'CREATE EXTENSION ingest'
	[ $# = 0 ] || run -d "$database" "$@" >/dev/null
}

mkdir -p "$out"
scene empty
scene city -f "$here/city.sql"
scene hostile -f "$here/hostile.sql"
scene many -v sources=1000 -v jobs=30000 -v events=20000 -v data_only=1 -f "$here/../bench/dashboard.sql"
for name in empty city hostile many; do
	for lang in en fr; do
		run -d "page_$name" -c "SET client_encoding = 'UTF8'" -c "SET timezone = 'America/Toronto'" \
			-c "SELECT ingest_dashboard(30, '$lang')" >"$out/$name-$lang.html"
		echo "$out/$name-$lang.html"
	done
done
python3 -B "$here/pictures.py" "$out"/*.html
