#!/usr/bin/env bash
#
# Runs a command in the tree, inside a clean Debian that has nothing installed.
#
#   test/chroot.sh [--head] SUITE COMMAND...
#   test/chroot.sh bookworm make check
#   test/chroot.sh --head trixie make check SUITES=unit
#
# The base system is made once by debootstrap and kept, with the packages that
# were downloaded, in INGEST_CHROOT_CACHE (/var/cache/ingest-chroot).  The tree
# is the working tree, or the last commit with --head, in a directory that only
# root can enter.  Mirror and proxy are those of the host's apt.  Needs root;
# lives in namespaces of its own, so nothing stays mounted or running.

set -eu
cd "$(dirname "$0")/.."

usage() {
	sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

from=worktree
if [ "${1:-}" = --head ]; then
	from=HEAD
	shift
fi
[ $# -ge 2 ] || usage
[ "$(id -u)" = 0 ] || { echo "test/chroot.sh needs root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }

suite=$1
shift
cache=${INGEST_CHROOT_CACHE:-/var/cache/ingest-chroot}
base=$cache/$suite.tar
mkdir -p "$cache/$suite-archives"

# Where the host gets a kind of Debian from: Debian, Debian-Security
mirror_of() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v label="$1" '$1 == label { print $2; exit }'
}

# Debian itself, its updates and security, from the host's mirrors
apt_sources() {
	local debian security
	debian=$(mirror_of Debian)
	security=$(mirror_of Debian-Security)
	echo "deb $debian $suite main"
	echo "deb $debian $suite-updates main"
	[ -z "$security" ] || echo "deb $security $suite-security main"
}

# How the host reaches them
apt_configuration() {
	apt-config dump | grep -E '^Acquire::(https?|ftp)::|^Acquire::Check-' || true
}

mirror=$(mirror_of Debian)
if [ -z "$mirror" ]; then
	echo "the host's apt knows no Debian mirror (apt-get update?)" >&2
	exit 2
fi

if [ ! -f "$base" ]; then
	echo "making a $suite in $base" >&2
	fresh=$(mktemp -d "$cache/$suite.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	# a suite newer than the host's debootstrap is made as sid is
	script=/usr/share/debootstrap/scripts/$suite
	[ -e "$script" ] || script=${script%/*}/sid
	debootstrap --variant=minbase --include=make,ca-certificates "$suite" "$fresh" "$mirror" "$script" \
		>"$cache/$suite.log" 2>&1 || {
		tail -n 20 "$cache/$suite.log" >&2
		exit 1
	}
	chroot "$fresh" apt-get clean
	tar -C "$fresh" -cf "$base.new" .
	mv "$base.new" "$base"
	rm -rf "$fresh"
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/ingest-chroot.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
tar -C "$root" -xf "$base"
chmod 755 "$root"

apt_sources >"$root/etc/apt/sources.list"
apt_configuration >"$root/etc/apt/apt.conf.d/90host"
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
mkdir "$root/root/ingest"
if [ "$from" = HEAD ]; then
	git archive HEAD | tar -C "$root/root/ingest" -xf -
else
	tar -cf - --exclude=./.git --exclude=./build --exclude=./tmp_check \
		--exclude='*.o' --exclude='*.d' --exclude='*.so' --exclude=__pycache__ . |
		tar -C "$root/root/ingest" -xf - --no-same-owner
fi

# Inside: devices as a container has them; apt keeps what it downloads
# shellcheck disable=SC2016
inside='
	root=$1 archives=$2
	shift 2
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir "$root/dev/shm" "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$root/dev/pts"
	mknod -m 666 "$root/dev/null" c 1 3
	mknod -m 666 "$root/dev/zero" c 1 5
	mknod -m 666 "$root/dev/full" c 1 7
	mknod -m 666 "$root/dev/random" c 1 8
	mknod -m 666 "$root/dev/urandom" c 1 9
	mknod -m 666 "$root/dev/tty" c 5 0
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s fd/0 "$root/dev/stdin"
	ln -s fd/1 "$root/dev/stdout"
	ln -s fd/2 "$root/dev/stderr"
	mount --bind "$archives" "$root/var/cache/apt/archives"
	ip link set lo up 2>/dev/null || true
	exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root TERM="${TERM:-dumb}" ${http_proxy:+http_proxy="$http_proxy"} \
		${SUITES:+SUITES="$SUITES"} ${TESTS:+TESTS="$TESTS"} \
		sh -c "cd /root/ingest && exec \"\$@\"" sh "$@"
'
status=0
unshare --mount --propagation private --pid --fork --kill-child \
	sh -eu -c "$inside" sh "$root" "$cache/$suite-archives" "$@" || status=$?
exit $status
