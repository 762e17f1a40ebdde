#!/usr/bin/env bash
#
# make demo, make demo-stop: a throw-away cluster with events to look at.
#
#   test/demo.sh start | stop
#
# Installs missing packages (root or sudo); builds; starts a server and a fake
# upstream, which plays six sources, as user postgres when called by root;
# imports; shows what came.  Everything is in
# ${TMPDIR:-/tmp}/ingest-demo, the server's socket too: it listens on no port.

set -eu
umask 022
cd "$(dirname "$0")/.."

# shellcheck source=test/lib/packages.sh
. test/lib/packages.sh
# shellcheck source=test/lib/tester.sh
. test/lib/tester.sh
# shellcheck source=test/lib/server.sh
. test/lib/server.sh

demo=
DATABASE=demo

# ---------------------------------------------------------------------------
# Printing
# ---------------------------------------------------------------------------

if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

heading() {
	printf '\n%s%s%s\n\n' "$bold" "$1" "$plain"
}

indent() {
	sed 's/^/    /; s/ *$//'
}

fail() {
	echo
	echo "    This failed; logs are in $demo/log" >&2
	exit 1
}

# Say what takes time, then run it with its output in a log
step() {
	local what=$1 log=$demo/log/$2 since=$SECONDS
	shift 2
	printf '    %-44s' "$what"
	if as_tester "$@" >"$log" 2>&1; then
		printf '%4d s\n' "$((SECONDS - since))"
	else
		printf 'failed\n\n'
		grep -vE '^(gcc|cc) ' "$log" | tail -n 20 | cut -c1-200 | indent
		fail
	fi
}

psql_demo() {
	as_tester "$BINDIR/psql" -X -q -h "$demo" -U postgres -d "$DATABASE" -v ON_ERROR_STOP=1 \
		-P footer=off -P null='' "$@"
}

# Show a statement as it is typed, and its result
show() {
	printf '%s\n' "$1" | indent
	printf '%s\n' "$1" | psql_demo -f - 2>&1 | sed '/^ *$/d' | indent
	[ "${PIPESTATUS[1]}" = 0 ] || fail
	echo
}

# Show a statement whose result says nothing
show_only() {
	printf '%s\n' "$1" | indent
	psql_demo -c "$1" >/dev/null || fail
	echo
}

# ---------------------------------------------------------------------------
# Start and stop
# ---------------------------------------------------------------------------

command_line() {
	tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || ps -o args= -p "$1" 2>/dev/null || true
}

# end_process PIDFILE SIGNAL: end it if it still is one of the demo's
end_process() {
	local pid wait
	[ -f "$1" ] || return 0
	pid=$(head -n 1 "$1")
	case $(command_line "$pid") in
		*"$demo"/*) ;;
		*) return 0 ;;
	esac
	kill "-$2" "$pid" 2>/dev/null || return 0
	for ((wait = 0; wait < 300; wait++)); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
}

# Only a directory that this script has made is removed
stop_demo() {
	[ -f "$demo/ingest-demo" ] || return 1
	end_process "$demo/upstream.pid" TERM
	end_process "$demo/data/postmaster.pid" INT
	rm -rf "$demo"
}

start_upstream() {
	local wait
	# shellcheck disable=SC2016
	as_tester bash -c '
		cd "$1"
		setsid python3 -B "$1/tree/test/server/upstream.py" --port 0 --port-file upstream.port \
			--events 400 --log log/upstream </dev/null >log/upstream.out 2>&1 &
		echo $! >upstream.pid' _ "$demo"
	for ((wait = 0; wait < 100; wait++)); do
		[ ! -s "$demo/upstream.port" ] || return 0
		sleep 0.1
	done
	indent <"$demo/log/upstream.out"
	fail
}

# The cluster's superuser is postgres, whoever runs the server
start_server() {
	# shellcheck disable=SC2016
	step 'starting a cluster' cluster.log bash -c '
		set -eu
		. test/lib/server.sh
		BINDIR=$1 demo=$2
		create_cluster "$demo/data" "$demo"
		cat >>"$demo/data/postgresql.conf" <<-END
			shared_preload_libraries = '\''ingest'\''
			ingest.allowed_networks = '\''127.0.0.0/8'\''	# the fake upstream is here
			max_worker_processes = 16
		END
		start_cluster "$demo/data" "$demo/log/postgres"
		"$BINDIR/createdb" -h "$demo" -U postgres "$3"
	' _ "$BINDIR" "$demo" "$DATABASE"
}

build() {
	copy_tree "$demo/tree"
	cd "$demo/tree"
	step 'building the extension' build.log make -j"$(nproc)"
	# shellcheck disable=SC2016
	step 'installing it into a private server' install.log bash -c '
		set -eu
		. test/lib/server.sh
		private_server "$1"
		make install DESTDIR="$1"' _ "$demo/server"
	BINDIR=$demo/server$("$PG_CONFIG" --bindir)
}

# ---------------------------------------------------------------------------
# The tour
# ---------------------------------------------------------------------------

tour() {
	local url
	url=http://127.0.0.1:$(cat "$demo/upstream.port")

	heading 'Six sources'
	show_only 'CREATE EXTENSION ingest;'
	show_only "SELECT ingest_add_source('eventbrite', config => '{
  \"organizer_ids\": [\"1001\"], \"base_url\": \"$url/eventbrite/v3\"}');"
	show_only "SELECT ingest_set_credential('eventbrite', 'token', 'demo-token');"
	show_only "SELECT ingest_add_source('ticketmaster', config => '{
  \"city\": \"Montréal\", \"country\": \"CA\", \"base_url\": \"$url/ticketmaster/discovery/v2\"}');"
	show_only "SELECT ingest_set_credential('ticketmaster', 'apikey', 'demo-token');"
	show_only "SELECT ingest_add_source('meetup', config => '{
  \"groups\": [\"cuisine-commune\", \"studio-souffle\"], \"base_url\": \"$url/meetup/api\"}');"
	show_only "SELECT ingest_add_source('montreal', config => '{\"base_url\": \"$url/ckan\"}');"
	show_only "SELECT ingest_add_source('bibliotheques', 'ics', '{
  \"url\": \"$url/ics/library.ics\"}', timezone => 'America/Toronto');"
	show_only "SELECT ingest_add_source('agenda', 'jsonld', '{
  \"urls\": [\"$url/agenda/\"], \"link_pattern\": \"/agenda/e/\",
  \"requests_per_second\": 50}', timezone => 'America/Toronto');"

	heading 'Is all that one of them needs there?'
	show "SELECT step, ok, detail FROM ingest_check('ticketmaster');"
	show "SELECT action, left(title, 34) AS title, starts_at, left(problem, 20) AS problem
  FROM ingest_preview('ticketmaster', 5);"

	heading 'Import, side by side'
	show "SELECT source, status, nb_fetched, nb_created, nb_merged, nb_review, nb_errors,
       finished_at - started_at AS took
  FROM ingest_run_all() ORDER BY source;"

	heading 'Once more: nothing is new, nothing is written'
	show "SELECT source, status, nb_fetched, nb_created, skip_reasons FROM ingest_run('eventbrite');"

	heading 'One event, several sources'
	show "SELECT left(title, 36) AS title, to_char(starts_at, 'DD Mon HH24:MI') AS starts,
       array_to_string(sources, ', ') AS sources
  FROM ingest.event
 ORDER BY nb_listings DESC, starts_at, id LIMIT 5;"

	heading 'What the runs did'
	show "SELECT job_id, source, status, nb_fetched AS fetched, left(summary, 46) AS summary FROM ingest.jobs;"
	show "SELECT sources, healthy, jobs_24h, created_24h, open_errors, open_reviews,
       upcoming_events, summary
  FROM ingest.overview \\gx"

	heading 'What is on'
	show "SELECT to_char(local_start, 'Dy DD Mon HH24:MI') AS starts, left(title, 34) AS title,
       left(venue_name, 20) AS venue
  FROM ingest.upcoming_events LIMIT 10;"
}

farewell() {
	local psql='psql' sudo=''
	command -v psql >/dev/null || psql=$BINDIR/psql
	[ "$(id -u)" != 0 ] || [ -z "${SUDO_USER:-}" ] || sudo='sudo '

	if [ "$(psql_demo -A -t -c "SELECT to_regprocedure('ingest_dashboard(int,text)') IS NOT NULL")" = t ]; then
		psql_demo -A -t -c 'SELECT ingest_dashboard()' >"$demo/dashboard.html"
		heading 'The dashboard'
		echo "    $demo/dashboard.html"
	fi
	heading 'Look around'
	cat <<-END
		    $sudo$psql -h $demo -U postgres $DATABASE
		    make demo-stop
	END
	echo
}

start_demo() {
	if [ -e "$demo" ] && ! stop_demo; then
		echo "$demo exists and is not a demo; remove it or set TMPDIR" >&2
		exit 1
	fi
	as_tester mkdir -m 700 "$demo"
	as_tester mkdir "$demo/log"
	as_tester touch "$demo/ingest-demo"
	trap 'exit 130' INT TERM

	heading "ingest demo, in $demo"
	build
	start_server
	start_upstream
	tour
	farewell
}

case ${1:-start} in
	start)
		log=$(mktemp "${TMPDIR:-/tmp}/ingest-packages.XXXXXX")
		require_packages "$log"
		rm -f "$log"
		choose_tester
		TESTER_ENV=(PG_CONFIG="$PG_CONFIG" CC="${CC:-cc}")
		demo=$BASE/ingest-demo
		start_demo ;;
	stop)
		choose_tester
		demo=$BASE/ingest-demo
		if stop_demo; then
			echo "The demo is stopped, and $demo removed."
		else
			echo "There is no demo in $demo."
		fi ;;
	*)
		echo "usage: test/demo.sh start | stop" >&2
		exit 2 ;;
esac
