# shellcheck shell=bash
#
# A server of our own: the installed PostgreSQL in another place, with the
# extension in it, and a throw-away cluster.  Sourced; needs PG_CONFIG.
#
# PostgreSQL finds its files relative to its program.  So a copy of the
# programs, with links to the rest, is a whole installation into which the
# extension can be installed without root and without touching the system's.

# private_server DIRECTORY: sets BINDIR; "make install DESTDIR=DIRECTORY" next
private_server() {
	local bindir sharedir pkglibdir extension
	bindir=$("$PG_CONFIG" --bindir)
	sharedir=$("$PG_CONFIG" --sharedir)
	pkglibdir=$("$PG_CONFIG" --pkglibdir)
	BINDIR=$1$bindir

	rm -rf "$1"
	mkdir -p "$BINDIR" "$1$sharedir" "$1$pkglibdir"
	cp -pL "$bindir"/* "$BINDIR/"
	cp -rs "$sharedir"/. "$1$sharedir/"
	find "$pkglibdir" -maxdepth 1 -name '*.so' -exec ln -s -t "$1$pkglibdir" {} +

	# what an earlier "make install" left in the system's server
	extension=$1$sharedir/extension
	rm -f "$extension"/ingest.control "$extension"/ingest--*.sql "$1$pkglibdir/ingest.so"
}

# create_cluster DATA SOCKETS: superuser postgres, a socket and no TCP
create_cluster() {
	"$BINDIR/initdb" -D "$1" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync
	cat >>"$1/postgresql.conf" <<-END
		listen_addresses = ''
		unix_socket_directories = '$2'
		port = 5432
		fsync = off
		max_wal_size = 256MB
		log_line_prefix = '%m [%p] %b %q%d '
		timezone = 'UTC'
		log_timezone = 'UTC'
	END
}

# start_cluster DATA LOG
start_cluster() {
	"$BINDIR/pg_ctl" -D "$1" -l "$2" -w -t 60 start
}

# stop_cluster DATA
stop_cluster() {
	if [ -f "$1/postmaster.pid" ]; then
		"$BINDIR/pg_ctl" -D "$1" -m immediate -w -t 30 stop
	fi
}
