# tcfeed: GNU make, no configure step.
#
#   make                     build everything into build/
#   make check               the test suite (minutes); check-torture and check-package are the long tiers
#   make demo [FEED=f.json]  a whole job against the local stand-in of the platform
#   make bench               the benchmark (scripts/bench -h for its sizes)
#   make package [FEED=f.json] [NAME="Acme Intel Feed"]   the App that the platform installs, in dist/; make dist: and what is published
#   make install             PREFIX (/usr/local) and DESTDIR are honoured
#
#   SANITIZE=address,undefined   a build that stops at the first finding; give it a BUILD of its own
#   DEVELOPER=1                  warnings are errors
#   BUILD=dir                    where the build goes (build)

BUILD     ?= build
PREFIX    ?= /usr/local
DESTDIR   ?=
CC        ?= cc
CFLAGS    ?= -O2 -g
PKGCONFIG ?= pkg-config
FEED      ?= feeds/example-urls.json

# The version has one home: programVersion in install.json.
VERSION := $(shell sed -n 's/.*"programVersion" *: *"\([0-9.]*\)".*/\1/p' install.json)

PKGS := libcurl json-c libcrypto zlib sqlite3 libidn2 libarchive libpcre2-8 libmicrohttpd
PKG_CFLAGS := $(shell $(PKGCONFIG) --cflags $(PKGS))
# --as-needed: each command is bound only to the libraries whose symbols it uses.
LIBS := -Wl,--as-needed $(shell $(PKGCONFIG) --libs $(PKGS)) -lpthread -lm

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wno-missing-field-initializers

# Hardening: each flag is tried once with the compiler at hand and kept if it is taken.
probe = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror -O2 $(1) -x c - -o /dev/null >/dev/null 2>&1 && echo '$(1)')
# The linker's own stand apart: clang warns of them where nothing is linked.
HARDEN ?= $(call probe,-fstack-protector-strong) $(call probe,-fstack-clash-protection) \
          $(call probe,-fcf-protection) $(call probe,-fPIE)
LDHARDEN ?= $(call probe,-pie) $(call probe,-Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now) \
          $(call probe,-Wl$(comma)-z$(comma)noexecstack)
comma := ,

ifeq ($(SANITIZE),)
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN := $(HARDEN)
LDHARDEN := $(LDHARDEN)
ALL_HARDEN := $(HARDEN) $(FORTIFY)
ALL_LDFLAGS = $(LDHARDEN) $(LDFLAGS)
else
ALL_LDFLAGS = $(LDFLAGS)
ALL_HARDEN := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer -DTC_SANITIZED=1
endif
ifeq ($(DEVELOPER),1)
WARN += -Werror
endif

ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS) $(ALL_HARDEN) -D_GNU_SOURCE -iquote lib -iquote $(BUILD) $(PKG_CFLAGS) $(CPPFLAGS)

LIB_SRC   := $(sort $(wildcard lib/*.c lib/*/*.c))
TOOL_SRC  := $(sort $(wildcard tools/*.c))
UNIT_SRC  := $(sort $(wildcard tests/unit/*.c))
FUZZ_SRC  := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TOOLS     := $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%)
UNITS     := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZERS   := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
LIB_OBJ   := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
MANPAGES  := $(sort $(wildcard man/*.[157]))

.PHONY: all check check-torture check-package check-headers demo bench install uninstall clean units package dist FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(TOOLS)
units: $(UNITS) $(FUZZERS)

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)' >$@

$(BUILD)/version.h: install.json
	@mkdir -p $(@D)
	@echo '#define TC_VERSION "$(VERSION)"' >$@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/version.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libtc.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $(LIB_OBJ)

$(BUILD)/bin/%: $(BUILD)/obj/tools/%.o $(BUILD)/libtc.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libtc.a $(LIBS)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libtc.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(BUILD)/libtc.a $(LIBS)

# A fuzz target replays the files it is given; with clang and FUZZER=1 it is a libFuzzer binary.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/main.o $(BUILD)/libtc.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $< $(if $(FUZZER),,$(BUILD)/obj/tests/fuzz/main.o) $(BUILD)/libtc.a $(LIBS)

check: all units check-headers
	BUILD=$(BUILD) scripts/run-tests

check-torture: all units
	BUILD=$(BUILD) scripts/run-tests torture

check-package: all
	BUILD=$(BUILD) scripts/run-tests package

# Every header compiles alone.
check-headers: $(BUILD)/version.h
	@printf '%s\n' lib/*.h lib/*/*.h | xargs -P "$$(nproc)" -I '{}' sh -c \
	  'printf "#include \"%s\"\n" "{}" | $(CC) $(ALL_CFLAGS) -iquote . -Werror -fsyntax-only -x c -'

demo: all
	BUILD=$(BUILD) FEED=$(FEED) scripts/demo-run

bench: all
	BUILD=$(BUILD) scripts/bench

# FEED and NAME choose the feed; the files go to dist/.
package: all
	FEED='$(FEED)' NAME='$(NAME)' BUILD=$(BUILD) scripts/package

# The folder for the vendor's repository as well, with checksums.
dist: all
	FEED='$(FEED)' NAME='$(NAME)' BUILD=$(BUILD) scripts/package --dist

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/tcfeed/feeds $(DESTDIR)$(PREFIX)/share/man/man1 \
	  $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man7
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 755 run.sh $(DESTDIR)$(PREFIX)/bin/tcfeed-run
	install -m 644 install.json $(DESTDIR)$(PREFIX)/share/tcfeed
	install -m 644 feeds/*.json $(DESTDIR)$(PREFIX)/share/tcfeed/feeds
	for m in $(MANPAGES); do install -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; done

uninstall:
	for t in $(notdir $(TOOLS)) tcfeed-run; do rm -f $(DESTDIR)$(PREFIX)/bin/$$t; done
	for m in $(notdir $(MANPAGES)); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$$m; done
	rm -rf $(DESTDIR)$(PREFIX)/share/tcfeed

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
