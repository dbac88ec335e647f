# For tests of tc-submit: load submit (after helper, sandbox and proxy).

setup() {
	common_setup
	need_tool curl
	need_tool jq
	need_tool tc-sandbox
	SANDBOX=
}

teardown() {
	[ -z "${PROXY:-}" ] || kill "$PROXY" 2>/dev/null || true
	stop_sandbox
}

# submit INPUT [options]: receipts in out, log in err, statistics in stats.json; no wait between two looks.
submit() {
	local in=$1
	shift
	run -"$want" bash -c 'tc-submit --params config.json --wait 0 --stats stats.json "$@" >out 2>err' - "$@" <"$in"
}

# ok INPUT, partly INPUT, failed INPUT ...: with the exit code that is expected.
ok() { want=0 submit "$@"; }
partly() { want=3 submit "$@"; }
failed() { want=1 submit "$@"; }

reason() { [ "$(jq -r .reason stats.json)" = "$1" ]; }

# Uploads of content that the platform took part in, whatever came of them.
uploads() { requests 'select(.method == "POST" and (.target | test("^/api/v2/batch/[0-9]+$"))) | .status' | wc -l; }
