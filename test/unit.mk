# The unit tests: the rooms that know nothing of PostgreSQL, each file and each
# test/unit/NAME_test.c under AddressSanitizer and UBSan.
#
#   make -f test/unit.mk            build build/unit/NAME_test
#   test/check.sh unit              build and run them

CC ?= cc
PKG_CONFIG ?= pkg-config
OUT = build/unit

# src/http has three files without PostgreSQL
PURE = $(wildcard src/*_class.c src/hash.c src/crypto/*.c src/feed/*.c src/match/*.c src/schedule/*.c) \
	src/http/guard.c src/http/redact.c src/http/resolve.c
HELPERS = $(filter-out %_test.c,$(wildcard test/unit/*.c))
TESTS = $(patsubst test/unit/%.c,%,$(sort $(wildcard test/unit/*_test.c)))

OPTIONAL := $(shell $(PKG_CONFIG) --exists libcrypto 2>/dev/null && echo libcrypto)
CPPFLAGS += -Isrc -Itest/unit -MMD -MP $(shell $(PKG_CONFIG) --cflags libcurl libical json-c $(OPTIONAL)) \
	$(if $(OPTIONAL),-DHAVE_LIBCRYPTO)
LIBS := $(shell $(PKG_CONFIG) --libs libcurl libical json-c $(OPTIONAL)) -lm
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS = -std=gnu11 -g -O1 $(SANITIZE) -D_GNU_SOURCE \
	-Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

ROOMS = $(PURE:%.c=$(OUT)/%.o) $(HELPERS:%.c=$(OUT)/%.o)

all: $(TESTS:%=$(OUT)/%)

# A test links what it calls, so that it can also bring its own stand-ins
$(TESTS:%=$(OUT)/%): $(OUT)/%: $(OUT)/test/unit/%.o $(OUT)/rooms.a
	$(CC) $(CFLAGS) $^ $(LIBS) -o $@

$(OUT)/rooms.a: $(ROOMS)
	@rm -f $@
	$(AR) rcs $@ $^

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -c $< -o $@

# Objects between test and program are kept: a second run builds nothing
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
