# The Makefile: what is built again, and when.
load helper

setup() {
	common_setup
	need_tool make
	need_tool "${CC:-cc}"
	need_tool pkg-config
	# a tree of one room, so that it costs two compilations and not two hundred
	mkdir -p tree/lib
	cp "$TOP/Makefile" "$TOP/install.json" tree
	cp "$TOP/lib/text.c" "$TOP/lib/text.h" tree/lib
	export HARDEN="" LDHARDEN=""	# probed by the compiler, many times
	unset BUILD MAKEFLAGS MAKELEVEL MFLAGS CFLAGS CPPFLAGS LDFLAGS SANITIZE DEVELOPER
}

# builds N [argument ...]: so many compilations take place.
builds() {
	local want=$1
	shift
	make -C tree "$@" build/libtc.a >log 2>&1 || { cat log; return 1; }
	[ "$(grep -c -e ' -c -o build/obj/lib/text.o ' log)" = "$want" ] || { echo "make $*: not $want"; cat log; return 1; }
}

@test "nothing changed builds nothing; other flags, compiler options or a header build again, once" {
	builds 1
	builds 0
	builds 1 CFLAGS=-O0
	builds 0 CFLAGS=-O0
	builds 1 CFLAGS=-O0 CPPFLAGS=-DSOMETHING=1
	builds 1 CFLAGS=-O0 DEVELOPER=1
	builds 0 CFLAGS=-O0 DEVELOPER=1
	builds 1
	# what is linked with counts too
	builds 1 LDFLAGS=-Wl,-O1
	builds 0 LDFLAGS=-Wl,-O1
	touch tree/lib/text.h
	builds 1 LDFLAGS=-Wl,-O1
}

@test "a build with sanitizers and one without never share an object" {
	builds 1 SANITIZE=undefined
	grep -q -e '-fsanitize=undefined' tree/build/flags
	builds 1
	run -1 grep -q -e -fsanitize tree/build/flags
	builds 0
}
