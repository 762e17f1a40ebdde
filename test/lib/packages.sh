# shellcheck shell=bash
#
# What the build and the tests need of the system; installs on Debian what is
# missing, judged by what works rather than by names.  Sourced.
#
#   require_packages build [tests]
#
# sets PG_CONFIG, PKG_CONFIG's answer is usable afterwards, and no cluster is
# created by the installation of a server.

# Run as root, directly or through sudo
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

can_install() {
	[ "$(id -u)" = 0 ] || sudo -n -v 2>/dev/null || { [ -t 0 ] && sudo -v 2>/dev/null; }
}

# A pg_config whose server can be built for: PGXS is there (libpq-dev's
# pg_config comes without it), and the headers (the server comes without them)
can_build_for() {
	local pgxs include
	pgxs=$("$1" --pgxs 2>/dev/null) && [ -f "$pgxs" ] &&
		include=$("$1" --includedir-server) && [ -f "$include/postgres.h" ]
}

can_run() {
	local bindir
	bindir=$("$1" --bindir 2>/dev/null) && [ -x "$bindir/initdb" ]
}

# The major version of a pg_config: "PostgreSQL 15.20 (...)" is 15
major_version() {
	"$1" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/'
}

# The pg_config to use: the one asked for, the one on the path, or that of the
# newest server that Debian has put under /usr/lib/postgresql
find_pg_config() {
	local candidate
	if [ -n "${PG_CONFIG:-}" ]; then
		echo "$PG_CONFIG"
		return
	fi
	for candidate in pg_config $(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV); do
		if can_build_for "$candidate"; then
			command -v "$candidate"
			return
		fi
	done
}

# The version that is to be installed: of the pg_config asked for, of the
# server that is here without its headers, or the distribution's
wanted_version() {
	local installed
	case ${PG_CONFIG:-} in
		/usr/lib/postgresql/*/bin/pg_config)
			echo "$PG_CONFIG" | cut -d/ -f5
			return ;;
		?*)
			echo "$PG_CONFIG: no PostgreSQL server to build for" >&2
			return 1 ;;
	esac
	installed=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1 | cut -d/ -f5)
	if [ "$installed" != '*' ]; then
		echo "$installed"
	else
		apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p'
	fi
}

has_library() { pkg-config --exists "$1" 2>/dev/null; }
has_module() { perl "-M$1" -e 1 2>/dev/null; }
has_compiler() { echo 'int main(void) { return 0; }' | ${CC:-cc} -x c - -o /dev/null 2>/dev/null; }

# Debian packages that are missing, without the server's
missing_packages() {
	has_compiler || echo gcc libc6-dev
	command -v make >/dev/null || echo make
	command -v pkg-config >/dev/null || echo pkg-config
	has_library libcurl || echo libcurl4-openssl-dev
	has_library libical || echo libical-dev
	has_library json-c || echo libjson-c-dev
	PATH=/usr/local/bin:/usr/bin:/bin command -v python3 >/dev/null || echo python3
	if [ "${1:-}" = tests ]; then
		has_module TAP::Harness || echo perl
		has_module IPC::Run || echo libipc-run-perl
	fi
}

# Packages of the server, given a pg_config or nothing
missing_server_packages() {
	local version
	if [ -z "$1" ] || ! can_build_for "$1"; then
		version=$(wanted_version)
		[ -n "$version" ] || return 1
		echo "postgresql-server-dev-$version"
		[ -x "/usr/lib/postgresql/$version/bin/initdb" ] || echo "postgresql-$version"
	elif ! can_run "$1"; then
		echo "postgresql-$(major_version "$1")"
	fi
}

# What a test needs that can be done without: it is skipped then
wanted_extras() {
	local version sharedir
	[ "$2" = tests ] || return 0
	if [ -n "$1" ]; then
		sharedir=$("$1" --sharedir)
		[ ! -e "$sharedir/extension/pg_cron.control" ] || return 0
		version=$(major_version "$1")
	else
		version=$(wanted_version)
	fi
	# apt must have heard of it: old lists, or another source of PostgreSQL, may not
	if apt-cache show "postgresql-$version-cron" >/dev/null 2>&1; then
		echo "postgresql-$version-cron"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
		--no-install-recommends "$@"
}

# Installing a server creates and starts a cluster "main", unless told
# otherwise; a drop-in says so for as long as the installation takes.
without_cluster() {
	local directory=/etc/postgresql-common/createcluster.d
	local file=$directory/ingest-no-cluster.conf status=0
	as_root mkdir -p "$directory"
	echo 'create_main_cluster = false' | as_root tee "$file" >/dev/null
	"$@" || status=$?
	as_root rm -f "$file"
	as_root rmdir --ignore-fail-on-non-empty "$directory" 2>/dev/null || true
	return $status
}

# require_packages LOGFILE [tests]
require_packages() {
	local log=$1 what=${2:-} found packages
	found=$(find_pg_config)
	packages=$(missing_packages "$what")
	if [ -z "$packages" ] && [ -n "$found" ] && can_build_for "$found" && can_run "$found" &&
		{ [ -z "$(wanted_extras "$found" "$what")" ] || ! can_install; }; then
		PG_CONFIG=$found
		export PG_CONFIG
		return
	fi

	if ! command -v apt-get >/dev/null; then
		echo "This is not a Debian or Ubuntu system; please install what is missing:" >&2
		echo "$packages" >&2
		[ -n "$found" ] || echo "a PostgreSQL server with its development files (pg_config)" >&2
		return 1
	fi
	if ! can_install; then
		echo "Packages are missing, and neither root nor sudo is here to install them:" >&2
		# shellcheck disable=SC2086,SC2046
		echo $packages $(missing_server_packages "$found") >&2
		return 1
	fi

	apt update >"$log" 2>&1 || true
	packages="$packages $(missing_server_packages "$found")" || {
		echo "No PostgreSQL server is known to apt (see $log)" >&2
		return 1
	}
	packages="$packages $(wanted_extras "$found" "$what")"
	# shellcheck disable=SC2086
	set -- $packages
	echo "packages    installing $*"
	without_cluster apt install "$@" >>"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
	hash -r
	PG_CONFIG=$(find_pg_config)
	export PG_CONFIG
}
