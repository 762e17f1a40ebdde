#!/usr/bin/env bash
#
# Builds, and runs the suites, in the current tree and as the current user,
# who must not be root; test/check.sh prepares both.
#
# One line per suite, what went wrong below it, the sum at the end.

set -eu
cd "$(dirname "$0")/.."

# shellcheck source=test/lib/server.sh
. test/lib/server.sh

SUITES=${SUITES:-unit upstream regress isolation tap}
TESTS=${TESTS:-}
PG_CONFIG=${PG_CONFIG:-pg_config}
jobs=$(nproc)
limit=${LIMIT:-1800}            # seconds that one suite may take

out=$PWD/build/check
server=$out/server
scratch=
running=
all_passed=0
all_failed=0
BINDIR=

# Nothing of the caller's environment leads to another server
for variable in "${!PG@}"; do
	[ "$variable" = PG_CONFIG ] || unset "$variable"
done

finish() {
	stop_server
	rm -rf "$server" "$out/data" "$scratch"
}

stop_server() {
	if [ -n "$running" ]; then
		stop_cluster "$out/data" >/dev/null 2>&1 || true
		running=
	fi
}

trap finish EXIT
trap 'exit 130' INT TERM

# ---------------------------------------------------------------------------
# Reporting
# ---------------------------------------------------------------------------

# report SUITE PASSED FAILED SINCE [REMARK]
report() {
	local remark=${5:-}
	all_passed=$((all_passed + $2))
	all_failed=$((all_failed + $3))
	printf '%-11s %4d passed, %d failed  %4d s%s\n' "$1" "$2" "$3" "$((SECONDS - $4))" \
		"${remark:+  ($remark)}"
}

# could_not_run SUITE SINCE REASON: a suite that does not run has failed
could_not_run() {
	all_failed=$((all_failed + 1))
	printf '%-11s could not run: %s  %4d s\n' "$1" "$3" "$((SECONDS - $2))"
}

no_tests() {
	printf '%-11s no tests\n' "$1"
}

# indent N: the last N lines of a log, set off
indent() {
	tail -n "$1" | cut -c1-240 | sed 's/^/    | /'
}

# Count lines of a log; grep -c fails when there are none
count() {
	grep -cE "$1" "$2" || true
}

# selected NAME: is it asked for by TESTS, or is nothing asked for
selected() {
	local wanted
	[ -n "$TESTS" ] || return 0
	for wanted in $TESTS; do
		# shellcheck disable=SC2254
		case $1 in $wanted) return 0 ;; esac
	done
	return 1
}

# files PATTERN SUFFIX: names of the selected tests
files() {
	local file name
	for file in $1; do
		name=$(basename "$file" "$2")
		if [ -e "$file" ] && { selected "$name" || selected "${name%_test}"; }; then
			echo "$file"
		fi
	done
}

# ---------------------------------------------------------------------------
# The extension in a server of its own; made when the first suite needs it
# ---------------------------------------------------------------------------

built=
build() {
	local since=$SECONDS
	[ -z "$built" ] || return "$built"
	built=1
	if ! make -j"$jobs" COPT=-Werror PG_CONFIG="$PG_CONFIG" >"$out/build.log" 2>&1; then
		printf '%-11s failed  %4d s\n' build "$((SECONDS - since))"
		grep -E 'error:|undefined reference|\*\*\*' "$out/build.log" | head -n 20 | indent 20
		return 1
	fi
	private_server "$server" >>"$out/build.log" 2>&1
	if ! make install PG_CONFIG="$PG_CONFIG" DESTDIR="$server" >>"$out/build.log" 2>&1; then
		printf '%-11s install failed  %4d s\n' build "$((SECONDS - since))"
		indent 20 <"$out/build.log"
		return 1
	fi
	printf '%-11s %s  %4d s\n' build "$("$PG_CONFIG" --version | cut -d' ' -f1,2)" "$((SECONDS - since))"
	built=0
}

# A cluster without preload, for the suites that only need SQL
start_server() {
	[ -z "$running" ] || return 0
	running=1
	rm -rf "$out/data"
	{
		create_cluster "$out/data" "$scratch" &&
			start_cluster "$out/data" "$out/postgres.log"
	} >"$out/cluster.log" 2>&1 || return 1
	export PGHOST=$scratch PGPORT=5432 PGUSER=postgres
}

# installcheck ARGUMENTS...: PGXS' own rules, with our server's programs
installcheck() {
	timeout "$limit" make --no-print-directory installcheck PG_CONFIG="$PG_CONFIG" \
		bindir="$BINDIR" REGRESS= ISOLATION= TAP_TESTS= "$@"
}

# ---------------------------------------------------------------------------
# The suites
# ---------------------------------------------------------------------------

# The rooms without PostgreSQL, under the sanitizers
suite_unit() {
	local since=$SECONDS log=$out/unit.log file program unbuilt=0 programs=() ready=()
	for file in $(files 'test/unit/*_test.c' .c); do
		programs+=("build/unit/$(basename "$file" .c)")
	done
	if [ ${#programs[@]} = 0 ]; then no_tests unit; return; fi

	if ! timeout "$limit" make -k -j"$jobs" -f test/unit.mk "${programs[@]}" >"$log" 2>&1; then
		grep -E 'error:|undefined reference|\*\*\*' "$log" | head -n 30 | indent 30
	fi
	for program in "${programs[@]}"; do
		if make -q -f test/unit.mk "$program" 2>/dev/null; then
			ready+=("$program")
		else
			unbuilt=$((unbuilt + 1))
		fi
	done
	if [ ${#ready[@]} = 0 ]; then could_not_run unit "$since" "no build"; return; fi
	run_tap unit "$log" "$since" "$unbuilt" \
		timeout "$limit" perl test/lib/tap.pl --jobs "$jobs" --exec '' "${ready[@]}"
}

# The fake upstream's own tests
suite_upstream() {
	local since=$SECONDS log=$out/upstream.log ran bad skipped status=0 select=()
	if [ -z "$(files 'test/server/test_*.py' .py)" ] && [ -z "$TESTS" ]; then no_tests upstream; return; fi
	for ran in $TESTS; do select+=(-k "$ran"); done
	PYTHONDONTWRITEBYTECODE=1 timeout "$limit" \
		python3 -m unittest discover -s test/server "${select[@]}" >"$log" 2>&1 || status=$?
	ran=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$log")
	bad=$(sed -n '/^FAILED (/{s/[^0-9,=a-z ]//g;p}' "$log" | tr ',' '\n' |
		awk -F= '/failures|errors|unexpected/ { n += $2 } END { print n + 0 }')
	skipped=$(sed -n 's/^\(OK\|FAILED\).*skipped=\([0-9]*\).*/\2/p' "$log")
	if [ -n "$TESTS" ] && [ "${ran:-0}" = 0 ]; then no_tests upstream; return; fi
	if [ -z "$ran" ] || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		could_not_run upstream "$since" "status $status"
		indent 30 <"$log"
		return
	fi
	report upstream "$((ran - bad - ${skipped:-0}))" "$bad" "$since" "${skipped:+$skipped skipped}"
	[ "$bad" = 0 ] || indent 60 <"$log"
}

# run_tap SUITE LOG SINCE ALREADY_FAILED COMMAND...
run_tap() {
	local suite=$1 log=$2 since=$3 already=$4 passed failed remark status=0
	shift 4
	"$@" >>"$log" 2>&1 || status=$?
	read -r passed failed < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1) || true
	remark=$(sed -n 's/^\([0-9]* skipped\)$/\1/p' "$log" | tail -n 1)
	if [ -z "${passed:-}" ]; then
		could_not_run "$suite" "$since" "status $status"
		indent 30 <"$log"
		return
	fi
	report "$suite" "$passed" "$((failed + already))" "$since" "$remark"
	[ "$failed" = 0 ] || sed -n '/^#\|^not ok\|ERROR: \|runtime error\|SUMMARY\|^Test Summary/,$p' "$log" |
		grep -v '^make\|passed, [0-9]* failed$\|^Files=\|^Result:\|^--*$\|^# +++\| ok  *[0-9]* ms\|^$' | indent 60
}

# run_regress SUITE MAKE_VARIABLE NAMES: pg_regress or the isolation tester
run_regress() {
	local suite=$1 variable=$2 names=$3 since=$SECONDS log=$out/$1.log passed failed status=0
	local diffs name missing=''
	if [ -z "$names" ]; then no_tests "$suite"; return; fi
	if ! build; then could_not_run "$suite" "$since" "no build"; return; fi
	since=$SECONDS
	if ! start_server; then
		could_not_run "$suite" "$since" "no cluster"
		cat "$out/cluster.log" "$out/postgres.log" 2>/dev/null | indent 30
		return
	fi
	rm -f regression.diffs output_iso/regression.diffs
	# pg_regress gives up at a test without expected output
	for name in $names; do
		[ -e "expected/$name.out" ] || { : >"expected/$name.out"; missing="$missing $name"; }
	done
	installcheck "$variable=$names" >"$log" 2>&1 || status=$?

	for name in $missing; do
		rm "expected/$name.out"
		echo "    | there is no expected/$name.out; what came is in build/check/results/$name.out"
	done
	mkdir -p "$out/results"
	cp results/*.out output_iso/results/*.out "$out/results/" 2>/dev/null || true

	# up to 15 "test x ... ok", later TAP
	passed=$(count '^(test .* \.\.\. ok|ok [0-9]+ )' "$log")
	failed=$(count '^(test .* \.\.\. FAILED|not ok [0-9]+ )' "$log")
	if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
		could_not_run "$suite" "$since" "status $status"
		cat "$log" "$out/postgres.log" | indent 30
		return
	fi
	report "$suite" "$passed" "$failed" "$since"
	if [ "$failed" != 0 ]; then
		for diffs in regression.diffs output_iso/regression.diffs; do
			[ ! -s "$diffs" ] || { cp "$diffs" "$log"; head -n 200 "$diffs" | indent 200; }
		done
		if grep -qE 'PANIC|terminated by signal' "$out/postgres.log"; then
			grep -E 'PANIC|terminated by signal' "$out/postgres.log" | indent 10
		fi
	fi
}

names() {
	local file
	files "$1" "$2" | while read -r file; do basename "$file" "$2"; done | xargs
}

suite_regress() {
	run_regress regress REGRESS "$(names 'test/sql/*.sql' .sql)"
}

suite_isolation() {
	run_regress isolation ISOLATION "$(names 'test/specs/*.spec' .spec)"
}

# Whole clusters: workers, crashes, restarts
suite_tap() {
	local since=$SECONDS log=$out/tap.log tests
	tests=$(files 'test/t/*.pl' .pl | xargs)
	if [ -z "$tests" ]; then no_tests tap; return; fi
	if ! build; then could_not_run tap "$since" "no build"; return; fi
	since=$SECONDS
	stop_server
	unset PGHOST PGPORT PGUSER
	rm -rf "$out/tap-logs"
	: >"$log"
	run_tap tap "$log" "$since" 0 installcheck TAP_TESTS=1 PROVE_TESTS="$tests" \
		PROVE="perl test/lib/tap.pl --jobs $jobs"
	# what a test that died said, and its servers, is in its own log
	[ ! -d tmp_check/log ] || mv tmp_check/log "$out/tap-logs"
	awk '/^test\/t\/.*\(Wstat:/ { test = $1 } /Parse errors/ { print test }' "$log" | while read -r test; do
		test=$(basename "$test" .pl)
		echo "    | --- regress_log_$test"
		grep -v '^$' "$out/tap-logs/regress_log_$test" 2>/dev/null | indent 15
	done
}

# Sockets and temporary files; short, as a socket's path must be
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ingest.XXXXXX")
export TMPDIR=$scratch

mkdir -p "$out"
find "$out" -maxdepth 1 -name '*.log' ! -name packages.log -delete
for suite in $SUITES; do
	if ! declare -F "suite_$suite" >/dev/null; then
		echo "there is no suite \"$suite\"; there are unit, upstream, regress, isolation and tap" >&2
		exit 2
	fi
done
for suite in $SUITES; do
	"suite_$suite"
done

echo "$all_passed passed, $all_failed failed"
[ "$all_failed" = 0 ]
