#!/usr/bin/env bash
#
# make bench: how fast, beside the physical limit and a good SQL upsert.
#
#   test/bench/bench.sh [--json FILE]
#   SIZES="10000 100000"            events; 1000000 takes half an hour
#   ROUNDS=3                        of interleaved measurements; medians count
#   CALENDAR=50                     MB of the large calendar; 0: no calendars
#   MATCHING=100000                 listings of known truth for each seed; 0: none
#   SEEDS="11 12 13"                of test/match/listings.py
#   STAGES="10000 100000 1000000"   stored listings, beside which new ones come
#   READERS=FOLDER                  calendars beside ical.js and node-ical, where
#                                   "npm install ical.js node-ical" was run
#   DASHBOARD=1                     instead: how long each view takes with 1,000
#                                   sources, 100,000 jobs and 1,000,000 events
#
# Installs missing packages (root or sudo); builds; measures on a throw-away
# cluster with fsync on, as user postgres when called by root.  bench.py says
# what is measured.  Wants an idle machine with two cores or more.

set -eu
umask 022
cd "$(dirname "$0")/../.."

# shellcheck source=test/lib/packages.sh
. test/lib/packages.sh
# shellcheck source=test/lib/tester.sh
. test/lib/tester.sh
# shellcheck source=test/lib/server.sh
. test/lib/server.sh

json=
case ${1:-} in
	'') ;;
	--json)
		json=${2:?--json needs a file}
		# named as seen from where we were called
		case $json in /*) ;; *) json=$OLDPWD/$json ;; esac ;;
	*)
		sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0" >&2
		exit 2 ;;
esac

work=
stop() {
	[ -n "$work" ] || return 0
	# shellcheck disable=SC2016
	as_tester bash -c '. test/lib/server.sh; BINDIR=$1; stop_cluster "$2"' _ "$BINDIR" "$work/data" \
		>/dev/null 2>&1 || true
	rm -rf "$work"
}

# step LOG COMMAND...: its output only if it fails
step() {
	local log=$work/$1
	shift
	if ! as_tester "$@" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		exit 1
	fi
}

BINDIR=
log=$(mktemp "${TMPDIR:-/tmp}/ingest-packages.XXXXXX")
require_packages "$log"
rm -f "$log"
choose_tester
TESTER_ENV=(PG_CONFIG="$PG_CONFIG" CC="${CC:-cc}")
work=$(as_tester mktemp -d "$BASE/ingest-bench.XXXXXX")
trap stop EXIT
trap 'exit 130' INT TERM

echo 'building' >&2
copy_tree "$work/tree"
cd "$work/tree"
step build.log make -j"$(nproc)"
# shellcheck disable=SC2016
step install.log bash -c '
	set -eu
	. test/lib/server.sh
	private_server "$1"
	make install DESTDIR="$1"' _ "$work/server"
BINDIR=$work/server$("$PG_CONFIG" --bindir)

# What the tests switch off for speed is on: WAL and its fsync are what storing
# costs.  Autovacuum would come at different moments of each measurement.
# shellcheck disable=SC2016
step cluster.log bash -c '
	set -eu
	. test/lib/server.sh
	BINDIR=$1 work=$2
	create_cluster "$work/data" "$work"
	cat >>"$work/data/postgresql.conf" <<-END
		shared_preload_libraries = '\''ingest'\''
		ingest.allowed_networks = '\''127.0.0.0/8'\''
		ingest.max_response_size = '\''1GB'\''
		fsync = on
		shared_buffers = 256MB
		max_wal_size = 4GB
		checkpoint_timeout = 1h
		autovacuum = off
		max_worker_processes = 16
	END
	start_cluster "$work/data" "$work/postgres.log"' _ "$BINDIR" "$work"

if [ -n "${DASHBOARD:-}" ]; then
	as_tester "$BINDIR/createdb" -h "$work" -U postgres dashboard
	as_tester "$BINDIR/psql" -X -h "$work" -U postgres -d dashboard -f test/bench/dashboard.sql
	exit
fi

as_tester python3 -B test/bench/bench.py --psql "$BINDIR/psql" --socket "$work" \
	--sizes "${SIZES:-10000 100000}" --rounds "${ROUNDS:-3}" --calendar "${CALENDAR:-50}" \
	--matching "${MATCHING:-100000}" --seeds "${SEEDS:-11 12 13}" \
	--stages "${STAGES:-10000 100000 1000000}" --readers "${READERS:-}" \
	--json "$work/bench.json" || { tail -n 5 "$work/postgres.log" >&2; exit 1; }
[ -z "$json" ] || cat "$work/bench.json" >"$json"
