#!/usr/bin/env bash
#
# make check: all tests, on a Debian that has nothing installed yet.
#
#   test/check.sh [SUITE...]        unit upstream regress isolation tap; or SUITES="..."
#   TESTS="arena guard"             only these tests of the suites
#   PG_CONFIG=.../pg_config         another server
#   SOAK_RUNS=1000 CRASH_SEED=7     what single tests read (SOAK_*, CRASH_*, MEMORY_*, INGEST_*)
#   LIMIT=3600                      seconds that one suite may take (1800)
#
# Installs missing packages (root or sudo), and runs test/suites.sh: here, or,
# as root, in a copy of the tree and as user postgres.  Touches no cluster and
# no installation that exists.  The last line is "N passed, N failed"; logs are
# in build/check.

set -eu
cd "$(dirname "$0")/.."
tree=$PWD

# shellcheck source=test/lib/packages.sh
. test/lib/packages.sh
# shellcheck source=test/lib/tester.sh
. test/lib/tester.sh

[ $# -eq 0 ] || SUITES="$*"

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

logs=$tree/build/check
if ! mkdir -p "$logs" 2>/dev/null || [ ! -w "$logs" ]; then
	logs=$(mktemp -d "${TMPDIR:-/tmp}/ingest-logs.XXXXXX")
	echo "logs        $logs"
fi

if ! require_packages "$logs/packages.log" tests; then
	echo "packages    could not be installed"
	echo "0 passed, 1 failed"
	exit 1
fi

choose_tester
TESTER_ENV=(PG_CONFIG="$PG_CONFIG" CC="${CC:-cc}" SUITES="${SUITES:-}" TESTS="${TESTS:-}" LIMIT="${LIMIT:-}")
for variable in "${!SOAK_@}" "${!CRASH_@}" "${!MEMORY_@}" "${!INGEST_@}"; do
	TESTER_ENV+=("$variable=${!variable}")
done

if [ -z "$TESTER" ] && [ -w "$tree" ]; then
	as_tester bash test/suites.sh
	exit
fi

status=0
work=$(as_tester mktemp -d "$BASE/ingest-check.XXXXXX")
copy_tree "$work/ingest"
as_tester bash "$work/ingest/test/suites.sh" || status=$?
rm -rf "$logs/tap-logs" "$logs/results"
cp -r "$work/ingest/build/check/." "$logs/" 2>/dev/null || true
exit $status
