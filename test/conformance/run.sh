#!/usr/bin/env bash
#
# How far the calendar reader agrees with what is expected of it.
#
#   test/conformance/run.sh DIRECTORY [--timezone ZONE] [-v]
#
# DIRECTORY has corpus/, expected/ and disputed/, as README.md beside this file
# says; test/conformance/cases is one, -v tells every difference.  Installs
# missing packages (root or sudo); builds; asks a throw-away server, as user
# postgres when called by root.  compare.py says what it prints and its status.

set -eu
umask 022

case ${1:-} in
	'' | -*)
		sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0" >&2
		exit 2 ;;
esac
directory=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."

# shellcheck source=test/lib/packages.sh
. test/lib/packages.sh
# shellcheck source=test/lib/tester.sh
. test/lib/tester.sh

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
work=$(as_tester mktemp -d "$BASE/ingest-conformance.XXXXXX")
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
# shellcheck disable=SC2016
step cluster.log bash -c '
	set -eu
	. test/lib/server.sh
	BINDIR=$1 work=$2
	create_cluster "$work/data" "$work"
	start_cluster "$work/data" "$work/postgres.log"
	"$BINDIR/psql" -X -q -h "$work" -U postgres -c "CREATE EXTENSION ingest" postgres
	' _ "$BINDIR" "$work"

# By the caller, who can read the directory
python3 -B test/conformance/compare.py --psql "$BINDIR/psql" \
	--connect "host=$work user=postgres dbname=postgres" "$@" "$directory"
