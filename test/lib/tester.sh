# shellcheck shell=bash
#
# Who runs a server, and where: a server refuses to run as root, and whoever
# runs it may not be able to enter the tree.  Sourced.
#
#   choose_tester       sets TESTER, "" for the current user, and BASE, a
#                       directory for temporary files that the tester can use
#   as_tester COMMAND   runs it as the tester, with nothing of the environment
#                       but what is set in TESTER_ENV
#   copy_tree DIR       the tree, without what was built, for the tester

TESTER=
BASE=
TESTER_ENV=()

choose_tester() {
	BASE=${TMPDIR:-/tmp}
	if [ "$(id -u)" = 0 ]; then
		TESTER=postgres
		id -u "$TESTER" >/dev/null 2>&1 || TESTER=nobody
	fi
	as_tester test -w "$BASE" || BASE=/tmp
}

as_tester() {
	local command=(env -i
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		HOME="$BASE" TMPDIR="$BASE" LANG=C.UTF-8 LC_ALL=C.UTF-8 TERM="${TERM:-dumb}"
		"${TESTER_ENV[@]}" "$@")

	if [ -n "$TESTER" ]; then
		runuser -u "$TESTER" -- "${command[@]}"
	else
		"${command[@]}"
	fi
}

# tar and not git, which may not be here
copy_tree() {
	as_tester mkdir -p "$1"
	tar -cf - --exclude=./.git --exclude=./build --exclude=./tmp_check --exclude=./log \
		--exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude=__pycache__ . |
		as_tester tar -C "$1" -xf - --no-same-owner
}
