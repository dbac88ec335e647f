# For tests of tc-sandbox itself: load sandbox-calls (after helper). Calls by curl, as the platform's documents say them.

TOKEN='JOB:test+/token:1='
SETTINGS='{"version":"V2","owner":"Acme Source","haltOnError":false,"action":"Create","attributeWriteType":"Replace"}'
DELETE='{"version":"V2","owner":"Acme Source","haltOnError":false,"action":"Delete","attributeWriteType":"Replace"}'

setup() {
	common_setup
	need_tool curl
	need_tool jq
	printf '{"api_access_id":"12345","api_secret_key":"secret-key-example","tc_token":"%s","tc_token_expires":4000000000}' \
		"$TOKEN" >credentials.json
	chmod 600 credentials.json
	SANDBOX=
}

teardown() {
	stop_sandbox
}

stop_sandbox() {
	[ -z "$SANDBOX" ] || { kill "$SANDBOX" 2>/dev/null; wait "$SANDBOX" 2>/dev/null; }
	SANDBOX=
}

# start [options]: a sandbox that is ready; API is the base of its API, ROOT of the rest.
start() {
	rm -f config.json
	tc-sandbox --owner 'Acme Source' --credentials credentials.json --config config.json "$@" >sandbox.out 2>sandbox.err 3>&- &
	SANDBOX=$!
	for _ in $(seq 200); do
		[ -s config.json ] && break
		kill -0 "$SANDBOX" 2>/dev/null || { cat sandbox.err; return 1; }
		sleep 0.05
	done
	API=$(jq -r .tc_api_path config.json)
	ROOT=${API%/api}
}

# call METHOD PATH [curl options]: the body into "body", the headers into "head"; prints the status.
call() {
	local method=$1 path=$2
	shift 2
	curl -sS --max-time 20 -o body -D head -w '%{http_code}' -X "$method" -H "Authorization: TC-Token $TOKEN" "$@" "$API$path"
}

# batch SETTINGS DOCUMENT: two calls; the id in ID.
batch() {
	[ "$(call POST /v2/batch --data-binary "$1")" = 201 ] || { cat body; return 1; }
	ID=$(jq -r .data.batchId body)
	printf '%s' "$2" >document
	[ "$(call POST "/v2/batch/$ID" -H 'Content-Type: application/octet-stream' --data-binary @document)" = 202 ] || { cat body; return 1; }
	[ "$(cat body)" = '{"status":"Queued"}' ]
}

# counts: error success unprocessed of the batch in ID
counts() {
	[ "$(call GET "/v2/batch/$ID")" = 200 ] || return 1
	jq -r '.data.batchStatus | [.status, .errorCount, .successCount, .unprocessCount] | join(" ")' body
}

# codes: the codes of the error list, in order
codes() {
	[ "$(call GET "/v2/batch/$ID/errors" --compressed)" = 200 ] || return 1
	jq -r '.[].errorReason' body | grep -o '0x[0-9A-F]*' | paste -sd ' '
}

owner() {
	curl -sS --max-time 20 "$ROOT/sandbox/owner"
}

indicators() {
	printf '{"indicator":[%s]}' "$1"
}
