# For the tests of tc-map: a definition, the commonest parts of one, a member of what came out.

# feed NAME PARSE RULES [MEMBERS]: a definition NAME.json
feed() {
	printf '{"id":"%s","name":"Example list","vendor":"Example","parse":%s,"map":[%s]%s}\n' "$1" "$2" "$3" "${4:+,$4}" >"$1.json"
}

ndjson='{"format":"ndjson"}'
urls='{"object":{"type":"URL","summary":{"path":"url"}}}'

# member NAME: of the one line of output
member() { printf '%s\n' "$output" | jq -c "$1"; }
