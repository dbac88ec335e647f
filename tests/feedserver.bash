# For tests that fetch a feed: load feedserver (after helper). Scripted pages served by tc-sandbox on loopback.

setup() {
	common_setup
	servers=()
}

teardown() {
	local pid
	for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
}

# serve NAME [option ...]: starts a server on the script NAME.ndjson; $base becomes its address.
serve() {
	local name=$1 i
	shift
	rm -f "$name.cfg"
	tc-sandbox --faults "$name.ndjson" --config "$name.cfg" "$@" >"$name.out" 2>"$name.err" 3>&- &
	servers+=($!)
	for ((i = 0; i < 200; i++)); do
		[ -s "$name.cfg" ] && break
		sleep 0.05
	done
	base=$(jq -r .tc_api_path "$name.cfg")
	base=${base%/api}
}

# feed FETCH-SECTION-REST: a JSON feed at $base/feed/p with these further members of its fetch section.
feed() {
	cat >feed.json <<-E
	{"id":"t","name":"T","fetch":{"url":"$base/feed/p"$1},"parse":{"format":"json","records":"data"},
	 "map":[{"object":{"type":"Host","summary":{"path":"host"}}}]}
	E
}

paths() { # the requests that reached a server's /feed paths, in order
	curl -s "$base/sandbox/requests" | jq -r '.target | select(startswith("/feed"))'
}

page() { # page HOST NEXT: a body with one record
	printf '{"data":[{"host":"%s"}],"meta":{"next":%s}}' "$1" "$2"
}
