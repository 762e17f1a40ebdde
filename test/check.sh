#!/usr/bin/env bash
#
# make check: all tests, on a Debian that has nothing installed yet.
#
#   test/check.sh [SUITE...]        unit upstream regress isolation tap; or SUITES="..."
#   TESTS="arena guard"             only these tests of the suites
#   PG_CONFIG=.../pg_config         another server
#
# Installs missing packages (root or sudo), and runs test/suites.sh: as root,
# in a copy of the tree and as user postgres, since a server refuses to run as
# root; else here.  Touches no cluster and no installation that exists.  The
# last line is "N passed, N failed"; logs are in build/check.

set -eu
cd "$(dirname "$0")/.."
tree=$PWD

# shellcheck source=test/lib/packages.sh
. test/lib/packages.sh

[ $# -eq 0 ] || SUITES="$*"

base=${TMPDIR:-/tmp}
work=
logs=$tree/build/check
if ! mkdir -p "$logs" 2>/dev/null || [ ! -w "$logs" ]; then
	logs=$(mktemp -d "$base/ingest-logs.XXXXXX")
fi

trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if ! require_packages "$logs/packages.log" tests; then
	echo "packages    could not be installed"
	echo "0 passed, 1 failed"
	exit 1
fi

# Everything but results: tar and not git, which may not be here
copy_tree() {
	tar -cf - --exclude=./.git --exclude=./build --exclude=./tmp_check --exclude=./log \
		--exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude=__pycache__ .
}

if [ "$(id -u)" != 0 ] && [ -w "$tree" ]; then
	exec_dir=$tree
	as_tester() { "$@"; }
else
	if [ "$(id -u)" = 0 ]; then
		user=postgres
		id -u "$user" >/dev/null 2>&1 || user=nobody
		as_tester() { runuser -u "$user" -- "$@"; }
	else
		as_tester() { "$@"; }
	fi
	as_tester test -w "$base" || base=/tmp
	work=$(as_tester mktemp -d "$base/ingest-check.XXXXXX")
	exec_dir=$work/ingest
	as_tester mkdir "$exec_dir"
	copy_tree | as_tester tar -C "$exec_dir" -xf - --no-same-owner
fi

status=0
as_tester env -i \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	HOME="$exec_dir" TMPDIR="$base" LANG=C.UTF-8 LC_ALL=C.UTF-8 TERM="${TERM:-dumb}" \
	PG_CONFIG="$PG_CONFIG" CC="${CC:-cc}" SUITES="${SUITES:-}" TESTS="${TESTS:-}" \
	bash "$exec_dir/test/suites.sh" || status=$?

if [ "$exec_dir" != "$tree" ]; then
	rm -rf "$logs/tap-logs"
	cp -r "$exec_dir"/build/check/. "$logs/" 2>/dev/null || true
fi
exit $status
