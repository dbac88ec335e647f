# What every bats file loads: load helper
bats_require_minimum_version 1.7.0

TOP=$(cd "$BATS_TEST_DIRNAME" && while [ ! -f install.json ]; do cd ..; done; pwd)
BUILD=${BUILD:-$TOP/build}
FIXTURES=$TOP/tests/fixtures
# Real captures and suites: where the project's checkout has them beside it; users do not.
SHARED=$TOP/../shared
PATH=$BUILD/bin:$PATH
export PATH TOP BUILD FIXTURES SHARED

# Each test works in a directory of its own with state, configuration and temporary files of its own.
common_setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export HOME=$BATS_TEST_TMPDIR/home XDG_STATE_HOME=$BATS_TEST_TMPDIR/state \
		XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config TMPDIR=$BATS_TEST_TMPDIR/tmp LC_ALL=C TZ=UTC
	mkdir -m 700 "$HOME" "$TMPDIR" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME"
	unset TC_LOG_LEVEL TC_LOG_FILE TC_OWNER TC_PARAMS_FD TC_STATE_DIR TC_NOW TC_FEEDS CDPATH
}

setup() { common_setup; }

need_tool() {
	command -v "$1" >/dev/null || skip "missing tool $1"
}

# For tests on real captures: need_shared feeds/ipsum/ipsum.txt
need_shared() {
	[ -e "$SHARED/$1" ] || skip "no $1 beside this checkout"
}

sanitized() {
	grep -q -e -fsanitize "$BUILD/flags" 2>/dev/null
}

# A test that this build cannot run: listed, not counted.
not_applicable() {
	skip "not applicable: $1"
}

# Compare two JSON texts (files) by value.
same_json() {
	diff <(jq -S . "$1") <(jq -S . "$2")
}

# peak FILE COMMAND [argument ...]: runs it, and writes the most memory it had (resident, KiB) into FILE.
peak() {
	python3 -S -E -c 'import os, sys
pid = os.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss, file=open(sys.argv[1], "w"))
sys.exit(os.waitstatus_to_exitcode(status) & 255)' "$@"
}
