# ingest: event ingestion inside PostgreSQL
#
#   make && sudo make install   build and install (PG_CONFIG=... for another server)
#   make check                  all tests; SUITES="unit regress" and TESTS="name ..." select
#   make demo, make demo-stop   a throw-away cluster with events to look at
#   make bench                  an import's speed, beside COPY and an upsert in SQL
#   make installcheck           PGXS: regress, isolation and TAP tests against
#                               an installed extension and a running server
#   make dist                   a zip of the last commit, for PGXN

EXTENSION = ingest
EXTVERSION = 1.0
MODULE_big = ingest

PG_CONFIG ?= pg_config
PKG_CONFIG ?= pkg-config

.DELETE_ON_ERROR:

# ---------------------------------------------------------------------------
# Goals that install what they need themselves, and so must not rest on PGXS
# ---------------------------------------------------------------------------

HELPERS = check demo demo-stop bench dist

ifneq ($(filter $(HELPERS),$(MAKECMDGOALS)),)

.PHONY: $(MAKECMDGOALS)

check:
	@test/check.sh

demo demo-stop:
	@test/demo.sh $(if $(filter demo-stop,$@),stop,start)

bench:
	@test/bench/bench.sh $(if $(JSON),--json "$(JSON)")

dist:
	git archive --format zip --prefix $(EXTENSION)-$(EXTVERSION)/ -o $(EXTENSION)-$(EXTVERSION).zip HEAD

ifneq ($(filter-out $(HELPERS),$(MAKECMDGOALS)),)
$(filter-out $(HELPERS),$(MAKECMDGOALS)):
	@$(MAKE) $@
endif

else

# ---------------------------------------------------------------------------
# What is built
# ---------------------------------------------------------------------------

# "." or, in a build outside of the tree (make -f .../Makefile), the tree
tree := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
in_tree = $(patsubst $(tree)/%,%,$(sort $(wildcard $(1:%=$(tree)/%))))

# A directory of src/ is a room; README-ingestion.md says what is in each
SOURCES := $(call in_tree,src/*.c src/*/*.c)
OBJS = $(SOURCES:.c=.o)

# The install script is written by topic, in this order, and assembled
SQL_PARTS = schema source job listing matching functions matching_functions schedule rollup health views matching_views dashboard \
	page_words page_values page_style page_attention page_sources page_runs page_events page privileges
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA := $(call in_tree,sql/$(EXTENSION)--*--*.sql)
DOCS = README-ingestion.md

# ---------------------------------------------------------------------------
# Tests (test/check.sh runs them with a server of its own)
# ---------------------------------------------------------------------------

REGRESS := $(patsubst test/sql/%.sql,%,$(call in_tree,test/sql/*.sql))
REGRESS_OPTS = --inputdir=$(tree)/test --load-extension=$(EXTENSION)
ISOLATION := $(patsubst test/specs/%.spec,%,$(call in_tree,test/specs/*.spec))
ISOLATION_OPTS = --inputdir=$(tree)/test --outputdir=. --load-extension=$(EXTENSION)
PROVE_TESTS := $(call in_tree,test/t/*.pl)
TAP_TESTS := $(PROVE_TESTS)
PROVE_FLAGS += -I test/lib

# ---------------------------------------------------------------------------
# Flags
# ---------------------------------------------------------------------------

# -MMD -MP: a changed header rebuilds what includes it
PG_CPPFLAGS = -I$(tree)/src -MMD -MP -DINGEST_VERSION='"$(EXTVERSION)"' $(LIB_CPPFLAGS)

# Taken out of -Wextra: what the server's headers and calling conventions do
# not pass.  Declarations may stand where they are first needed.  make check turns
# warnings into errors; a compiler that is newer than this must not.
PG_CFLAGS = -std=gnu11 -Wall -Wextra \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wno-declaration-after-statement -Wshadow=compatible-local

# The map and not -fvisibility=hidden: before 16, PG_FUNCTION_INFO_V1 does not
# export the function it is about
EXPORTS = src/exports.map
SHLIB_LINK = -Wl,--version-script=$(tree)/$(EXPORTS) $(LIB_LIBS)

# No LLVM bitcode: it would need clang, and inlining into a query is of no use
# to functions that wait for the network.  Must stand before PGXS is read.
override with_llvm = no

EXTRA_CLEAN = $(OBJS:.o=.d) build results output_iso tmp_check tmp_check_iso \
	regression.diffs regression.out

# ---------------------------------------------------------------------------
# What the build needs: each thing with the Debian package that has it
# ---------------------------------------------------------------------------

PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
SERVER_HEADERS := $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)

ifneq ($(filter-out clean distclean,$(or $(MAKECMDGOALS),all)),)

LIBRARIES = libcurl:libcurl4-openssl-dev libical:libical-dev json-c:libjson-c-dev

packages_missing := $(shell \
	test -n "$(PGXS)" -a -n "$(SERVER_HEADERS)" || echo postgresql-server-dev-all; \
	command -v $(PKG_CONFIG) >/dev/null || echo pkg-config; \
	for library in $(LIBRARIES); do \
		$(PKG_CONFIG) --exists $${library%:*} 2>/dev/null || echo $$library | cut -d: -f2; \
	done)

ifneq ($(packages_missing),)
$(info What the build needs is missing.  On Debian and Ubuntu:)
$(info )
$(info     sudo apt-get install $(packages_missing))
$(info )
$(error missing: $(packages_missing))
endif

# With OpenSSL (Debian: libssl-dev) requests for a token can be signed; all else
# works without it
OPTIONAL := $(shell $(PKG_CONFIG) --exists libcrypto 2>/dev/null && echo libcrypto)

LIB_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags libcurl libical json-c $(OPTIONAL)) \
	$(if $(OPTIONAL),-DHAVE_LIBCRYPTO)
LIB_LIBS := $(shell $(PKG_CONFIG) --libs libcurl libical json-c $(OPTIONAL))

endif

# ---------------------------------------------------------------------------
# Rules
# ---------------------------------------------------------------------------

ifneq ($(PGXS),)
include $(PGXS)
else
clean distclean:
	rm -rf $(MODULE_big).so $(OBJS) $(DATA_built) $(EXTRA_CLEAN)
endif

-include $(OBJS:.o=.d)

$(MODULE_big).so: $(EXPORTS)

# A build outside of the tree has no directories yet
ifneq ($(tree),.)
$(shell mkdir -p $(sort $(dir $(OBJS) $(DATA_built))))
endif

$(DATA_built): | $(sort $(dir $(OBJS) $(DATA_built)))
%/:
	mkdir -p $@

$(DATA_built): $(SQL_PARTS:%=sql/parts/%.sql) Makefile
	cat $(filter %.sql,$^) > $@

endif
