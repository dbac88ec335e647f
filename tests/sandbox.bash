# For tests that talk to the stand-in of the platform: load sandbox (after helper).

OWNER='Acme Source'

# start_sandbox [options]: ready when it returns; ROOT is its address, config.json the parameters for it.
start_sandbox() {
	rm -f config.json
	tc-sandbox --owner "$OWNER" --config config.json "$@" >sandbox.out 2>>sandbox.err 3>&- &
	SANDBOX=$!
	for _ in $(seq 400); do
		[ -s config.json ] && break
		kill -0 "$SANDBOX" 2>/dev/null || { cat sandbox.err; return 1; }
		sleep 0.02
	done
	ROOT=$(jq -r '.tc_api_path | sub("/api$"; "")' config.json)
}

stop_sandbox() {
	[ -z "${SANDBOX:-}" ] || { kill "$SANDBOX" 2>/dev/null; wait "$SANDBOX" 2>/dev/null; }
	SANDBOX=
}

# What the owner holds, as sorted batch lines with sorted members.
owner() { curl -sS --noproxy "*" "$ROOT/sandbox/owner" | jq -cS . | sort; }

# requests [jq filter]: the requests so far, one compact line each.
requests() { curl -sS --noproxy "*" "$ROOT/sandbox/requests" | jq -r "${1:-.}"; }

# hosts N [PREFIX]: N Host lines.
hosts() { seq "$1" | sed "s/.*/{\"type\":\"Host\",\"summary\":\"${2:-h}&.example.com\"}/"; }

# receipts STATUS: how many receipts in "out" have it.
receipts() { jq -r --arg s "$1" 'select(.status == $s) | .status' out | grep -c . || true; }
