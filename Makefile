# ingest: event ingestion inside PostgreSQL
#
#   make && make install      build with PGXS (PG_CONFIG=… for another server)

EXTENSION = ingest
EXTVERSION = 1.0
MODULE_big = ingest

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config

SOURCES = $(wildcard src/*.c src/*/*.c)
OBJS = $(SOURCES:.c=.o)

# The install script is written by topic, in this order, and assembled
SQL_PARTS = schema source job listing event matching functions views privileges
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql

PG_CPPFLAGS = -I$(srcdir)/src $(shell $(PKG_CONFIG) --cflags libcurl libical json-c)
PG_CFLAGS = -std=gnu11 -fvisibility=hidden -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wno-declaration-after-statement -Wshadow=compatible-local
SHLIB_LINK = $(shell $(PKG_CONFIG) --libs libcurl libical json-c)

EXTRA_CLEAN = sql/$(EXTENSION)--$(EXTVERSION).sql

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The bitcode of an extension that waits for the network is of no use
override with_llvm = no

sql/$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS:%=sql/parts/%.sql)
	cat $^ > $@
