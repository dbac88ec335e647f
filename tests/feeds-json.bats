#!/usr/bin/env bats
# The shipped definitions for JSON feeds: fixtures with golden output reviewed by hand, and the real captures against
# counts made otherwise (the captures' README, jq). Fixtures hold documentation values, which a definition drops:
# they are mapped with "reserved": "keep".
load helper

F=$FIXTURES/feeds

teardown() {
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
	wait 2>/dev/null || true
}

# golden DEFINITION NAME FILE...: stdout is NAME.golden; the records' counts are in s
golden() {
	local definition=$1 name=$2
	shift 2
	jq '.values.reserved = "keep" | .limits.max_rejects = "100%"' "$TOP/feeds/$definition.json" >"$definition.json"
	run --separate-stderr -0 tc-map --owner 'Example Source' --stats s "$definition.json" "$@"
	printf '%s\n' "$output" | diff "$F/$name.golden" -
	[[ "$stderr" == *"tc-map: $definition: "*" records read, "* ]]
}

# counts: read mapped dropped rejected
counts() { jq -r '.records | "\(.read) \(.mapped) \(.dropped) \(.rejected)"' s; }

# xid PART...: as the platform's framework makes it, by coreutils
xid() {
	local IFS=- one
	one=$(printf %s "Example Source-$*" | sha256sum | cut -c1-64)
	printf %s "$one" | sha256sum | cut -c1-64
}

# closed FILE: every group that a line refers to is a line of the file
closed() {
	jq -r '.xid // empty' "$1" | sort -u >have
	jq -r '(.associatedGroupXid // [])[], (.associatedGroups // [])[].groupXid,
		(if .ref_1 then (.ref_1, .ref_2) else empty end)' "$1" | sort -u >want
	[ -z "$(comm -13 have want)" ]
}

# capture DEFINITION FILE...: lines to out, counts to s; the definition as it is shipped
capture() {
	local definition=$1
	shift
	tc-map --owner 'Example Source' --log-level error --rejects rejects --stats s "$TOP/feeds/$definition.json" "$@" >out
}

@test "every shipped definition is good and says what it is" {
	for f in "$TOP"/feeds/*.json; do
		run --separate-stderr -0 tc-map --check "$f"
		[ "$(jq -r .id "$f").json" = "$(basename "$f")" ]
		[ "$(jq -r '(.name | length > 0) and (.vendor | length > 0) and (.description | length > 20) and (.fetch | has("url") or has("urls"))' "$f")" = true ]
	done
}

@test "ThreatFox: indicators with family, port, reference; SHA3 dropped, tcp:// rejected" {
	golden abusech-threatfox threatfox "$F/threatfox.json"
	[ "$(counts)" = "6 4 1 1" ]
	[ "$(jq -c .rejected s)" = '{"scheme is not http, https, ftp or sftp":1}' ]
	[ "$(jq -r 'select(.type == "Malware").xid' "$F/threatfox.golden" | sed -n 1p)" = "$(xid Malware 'example rat')" ]
	closed "$F/threatfox.golden"
	# the feed's own confidence beats the parameter; it has no rating, so that is the parameter's
	run --separate-stderr -0 tc-map --owner O --param default_rating=1 --param default_confidence=1 abusech-threatfox.json "$F/threatfox.json"
	[ "$(jq -r 'select(.summary == "192.0.2.10") | "\(.rating) \(.confidence)"' <<<"$output")" = "1 75" ]
}

@test "CISA KEV: the JSON and the CSV make the same bytes" {
	golden cisa-kev kev "$F/kev.json"
	[ "$(counts)" = "3 3 0 0" ]
	[ "$(jq -r .xid "$F/kev.golden" | sed -n 1p)" = "$(xid Vulnerability 'CVE\-2026\-0001')" ]
	golden cisa-kev-csv kev "$F/kev.csv"
	[ "$(counts)" = "3 3 0 0" ]
}

@test "MISP threat actors: aliases, origin by name, references, associations, operations as campaigns" {
	golden misp-threat-actor threat-actor "$F/threat-actor.json"
	[ "$(counts)" = "3 3 0 0" ]
	closed "$F/threat-actor.golden"
	# whom an actor attacks is victim data
	run ! grep -q 'Example Ministry' "$F/threat-actor.golden"
}

@test "OTX pulses: a report, its groups, and each indicator associated with it" {
	golden otx-pulses otx-pulses "$F/otx-pulses-1.json" "$F/otx-pulses-2.json"
	[ "$(counts)" = "2 2 0 0" ]
	[ "$(jq -c .lost.objects s)" = '{"URL: blank, control or delimiter in the URL":1}' ]
	closed "$F/otx-pulses.golden"
	report=$(jq -r 'select(.type == "Report" and (.name | startswith("Example"))).xid' "$F/otx-pulses.golden")
	[ "$(jq -c --arg r "$report" 'select(.rating) | [.associatedGroups[].groupXid] == [$r]' "$F/otx-pulses.golden" | sort -u)" = true ]
}

@test "OTX export and events: bare indicators, and pulses as JSON inside a string" {
	golden otx-indicators otx-indicators "$F/otx-indicators.json"
	[ "$(counts)" = "5 4 1 0" ]
	golden otx-events otx-events "$F/otx-events.ndjson"
	[ "$(counts)" = "3 3 0 0" ]
	closed "$F/otx-events.golden"
	# the pulse has the same xid whichever way it comes
	[ "$(jq -r 'select(.type == "Report").xid' "$F/otx-events.golden" | sed -n 1p)" = "$(jq -r 'select(.type == "Report").xid' "$F/otx-pulses.golden" | sed -n 1p)" ]
}

@test "TweetFeed's MISP events: the day's report from the page, its indicators with the post" {
	golden tweetfeed-misp tweetfeed-misp "$F/tweetfeed-event.json"
	[ "$(counts)" = "4 3 0 1" ]
	[ "$(jq -c .rejected s)" = '{"blank, control or delimiter in the URL":1}' ]
	closed "$F/tweetfeed-misp.golden"
}

@test "TweetFeed: the manifest leads to the events that changed since the last run, oldest first" {
	{
		jq -c '{path: "/feed/misp/manifest.json", body: tojson}' "$F/tweetfeed-manifest.json"
		for i in 8 9; do
			jq -c --arg i "$i" '.Event.uuid |= sub("9$"; $i) | {path: "/feed/misp/\(.Event.uuid).json", body: tojson}' "$F/tweetfeed-event.json"
		done
	} >script
	tc-sandbox --faults script --config cfg >log 2>&1 3>&- &
	server=$!
	for i in {1..200}; do [ -s cfg ] && break; sleep 0.05; done
	base=$(jq -r '.tc_api_path | sub("/api$"; "")' cfg)
	jq --arg u "$base/feed/misp/manifest.json" '.fetch.url = $u' "$TOP/feeds/tweetfeed-misp.json" >t.json
	run --separate-stderr -0 tc-fetch --last-run 2026-01-08T00:00:00Z ./t.json
	[ "$(jq -r .Event.uuid <<<"$output")" = "00000000-0000-5000-8000-000000000008
00000000-0000-5000-8000-000000000009" ]
}

# rehearse NAME PATTERN REPLACEMENT: the feed's definition at this server's address; credentials do not go over http beyond loopback
rehearse() {
	jq --arg base "$base" '.fetch.url |= sub("^https://[^/]*"; $base) | .values.reserved = "keep" | .limits.max_rejects = "60%"' "$TOP/feeds/$1.json" >"$1.json"
	tc-fetch --log-level error --params params --stats s --last-run 2026-01-01T00:00:00Z --cursor cur "./$1.json" >pages || return 1
	tc-map --log-level error --owner O "./$1.json" <pages >mapped
	[ -s mapped ]
}

@test "each is fetched as its publisher serves it: OTX by next and with its key, the others as one page, not again while unmodified" {
	{
		for name in otx-pulses otx-indicators; do
			path=$(jq -r '.fetch.url | sub("^https://[^/]*"; "") | sub("[?].*"; "")' "$TOP/feeds/$name.json")
			one=$F/$name.json
			[ -f "$one" ] || one=$F/$name-1.json
			jq -nc --arg p "$path" '{path: ($p | sub("^/api"; "")), query: "page=2*", body: {results: [], count: 0, previous: null, next: null}}'
			# the publisher's own next links are absolute, with the page behind what was asked
			jq -c --arg p "$path" '{path: ($p | sub("^/api"; "")), query: "*modified_since=2026-01-01T00%3A00%3A00Z*", body: (.next = "BASE\($p)?page=2" | tojson),
				headers: {"Content-Type": "application/json"}}' "$one"
		done
		for pair in abusech-threatfox:threatfox cisa-kev:kev misp-threat-actor:threat-actor mitre-attack-ics:attack-ics; do
			jq -nc --arg f "$F/${pair#*:}.json" --arg p "$(jq -r '.fetch.url | sub("^https://[^/]*"; "")' "$TOP/feeds/${pair%:*}.json")" \
				'{path: $p, body_file: $f, headers: {"Content-Type": "application/json", ETag: "\"1\""}}'
		done
	} >script
	printf '{"api_key":"k3y"}' >params
	chmod 600 params
	tc-sandbox --faults /dev/null --config cfg >log 2>&1 3>&- &
	server=$!
	for i in {1..200}; do [ -s cfg ] && break; sleep 0.05; done
	base=$(jq -r '.tc_api_path | sub("/api$"; "")' cfg)
	sed "s,BASE,$base,g" script | curl -sS --noproxy '*' --data-binary @- "$base/sandbox/faults"
	for name in otx-pulses otx-indicators; do
		rehearse $name
		[ "$(jq -c '[.pages, .complete]' s)" = '[2,1]' ]
	done
	for name in abusech-threatfox cisa-kev misp-threat-actor mitre-attack-ics; do
		rehearse $name
		[ "$(jq -c '[.pages, .complete]' s)" = '[1,1]' ]
		mv cur since
		run --separate-stderr -0 tc-fetch --since since --cursor cur "./$name.json"
		[ -z "$output" ]
		[ "$(jq -c .unchanged cur)" = true ]
	done
}

@test "the gallery says of each definition where its address comes from, and that it was not run against its publisher" {
	grep -q 'not against the publishers themselves' "$TOP/feeds/README.md"
	for file in "$TOP"/feeds/*.json; do
		name=$(basename "$file" .json)
		line=$(grep -F "| \`$name\`" "$TOP/feeds/README.md" || grep -F "\`$name\`" "$TOP/feeds/README.md" | grep '^|' | head -n 1)
		[ -n "$line" ] || { echo "$name is not in the table"; false; }
		[ "$name" = example-urls ] || [[ $line == *"https://"* || $line == *"the same"* || $line == *"| 6 |"* ]] || { echo "$name: no page"; false; }
		address=$(jq -r '.fetch.url // .fetch.urls[0] | sub("^https://"; "") | sub("[/?].*"; "")' "$file")
		[ "$name" = example-urls ] || [ "$address" = - ] || [[ $line == *"$address"* ]] || { echo "$name: $address is not named"; false; }
	done
}

@test "ATT&CK for ICS: groups, tactics of techniques, relations as associations" {
	golden mitre-attack-ics attack-ics "$F/attack-ics.json"
	[ "$(counts)" = "8 5 3 0" ]
	closed "$F/attack-ics.golden"
}

# --- the real captures ---

@test "capture: ThreatFox" {
	need_shared feeds/abusech-threatfox/recent-2026-07-22T1939.json
	in=$SHARED/feeds/abusech-threatfox
	capture abusech-threatfox "$in/recent-2026-07-22T1417.json"
	[ "$(counts)" = "3859 3858 0 1" ]
	capture abusech-threatfox "$in/recent-2026-07-22T1939.json"
	[ "$(counts)" = "3854 3853 0 1" ]
	# 2,494 ip:port of which one is in 100.64.0.0/10, 1,180 domains, 165 URLs of which one is tcp://, 15 files
	[ "$(jq -c '[.objects.Address, .objects.Host, .objects.URL, .objects.File, .lost.dropped]' s)" = '[2493,1180,164,15,{"Address: a reserved value":1}]' ]
	[ "$(jq -r '.reason' rejects | sort -u)" = "scheme is not http, https, ftp or sftp" ]
	# families: all but the unknown ones, each by its own name
	[ "$(jq -r 'select(.type == "Malware").name' out | sort -u)" = "$(jq -r '.[][] | select(.malware | startswith("unknown") | not).malware_printable' "$in/recent-2026-07-22T1939.json" | sort -u)" ]
	[ "$(jq -r '.associatedGroups[]?.groupXid' out | wc -l)" -eq "$(jq '[.[][] | select((.malware | startswith("unknown") | not) and (.ioc_value | startswith("100.110.") | not))] | length' "$in/recent-2026-07-22T1939.json")" ]
	closed out
	run ! jq -e 'select(.tag) | .tag[] | select(.name | test("drb-ra|^AS[0-9]+$|watermark"; "i"))' out
}

@test "capture: CISA KEV, JSON and CSV alike" {
	need_shared feeds/cisa-kev/known_exploited_vulnerabilities.json
	in=$SHARED/feeds/cisa-kev/known_exploited_vulnerabilities
	capture cisa-kev "$in.json"
	[ "$(counts)" = "1404 1404 0 0" ]
	[ "$(jq -r .name out | sort)" = "$(jq -r '.vulnerabilities[].cveID' "$in.json" | sort)" ]
	[ "$(jq -r 'select(.tag) | select(any(.tag[]; .name == "Ransomware")).name' out | wc -l)" -eq 293 ]
	mv out json
	capture cisa-kev-csv "$in.csv"
	[ "$(counts)" = "1404 1404 0 0" ]
	cmp json out
}

@test "capture: MISP threat actors" {
	need_shared feeds/misp-galaxy/threat-actor.json
	in=$SHARED/feeds/misp-galaxy/threat-actor.json
	capture misp-threat-actor "$in"
	[ "$(counts)" = "1041 1041 0 0" ]
	[ "$(jq -c .objects s)" = '{"Campaign":4,"Intrusion Set":1037,"emitted":1041}' ]
	[ "$(jq -r '.attribute[]? | select(.type == "Aliases").value' out | wc -l)" -eq "$(jq '[.values[].meta.synonyms? // [] | map(gsub("^\\s+|\\s+$"; "")) | unique[]] | length' "$in")" ]
	[ "$(jq -r '.attribute[]? | select(.type == "Description").value' out | wc -l | awk '{ print ($1 >= 988) }')" = 1 ]
	[ "$(jq -r 'select(.associatedGroupXid).name' out | wc -l)" -eq 6 ]
	closed out
}

@test "capture: OTX pages and events" {
	need_shared feeds/elastic-pages/otx
	in=$SHARED/feeds/elastic-pages/otx
	capture otx-pulses "$in/pulses-subscribed-page1.json" "$in/pulses-subscribed-page2.json"
	[ "$(counts)" = "1 1 0 0" ]
	[ "$(jq -c .objects s)" = '{"Address":1,"File":2,"Host":1,"Malware":1,"Report":1,"emitted":6}' ]
	closed out
	capture otx-indicators "$in/indicators-export-page1.json" "$in/indicators-export-page2.json"
	[ "$(counts) $(jq -c .objects s)" = '2 2 0 0 {"Host":2,"emitted":2}' ]
	# one of the six is a private address
	capture otx-events "$in/pulses-subscribed-expanded.ndjson"
	[ "$(counts) $(jq -c '[.objects.File, .objects.Host, .objects.URL, .lost.dropped]' s)" = '6 6 0 0 [1,2,2,{"Address: a reserved value":1}]' ]
	closed out
}

@test "capture: TweetFeed's MISP events" {
	need_shared feeds/tweetfeed/misp/manifest.json
	in=$SHARED/feeds/tweetfeed/misp
	capture tweetfeed-misp "$in"/*-*.json
	[ "$(counts)" = "2220 2216 0 4" ]
	# 892 domains, 200 addresses, 1,004 URLs, 124 files; five are no indicators or reserved
	[ "$(jq -c '[.objects.Host, .objects.Address, .objects.URL, .objects.File]' s)" = '[890,200,1001,124]' ]
	[ "$(jq -c '[.rejected, .lost.dropped]' s)" = '[{"underscore in a host name":2,"blank, control or delimiter in the URL":2},{"URL: a reserved value":1}]' ]
	[ "$(jq -r 'select(.type == "Report").xid' out | sort -u | wc -l)" -eq 8 ]
	closed out
}

@test "capture: ATT&CK for ICS" {
	need_shared feeds/mitre-attack-ics/ics-attack.json
	capture mitre-attack-ics "$SHARED/feeds/mitre-attack-ics/ics-attack.json"
	# what is dropped: 22 revoked or deprecated objects, 764 relations that lead to kinds without a group, and those kinds
	[ "$(counts)" = "1650 794 856 0" ]
	[ "$(jq -c '.objects | [."Attack Pattern", .Campaign, ."Course of Action", ."Intrusion Set", .Malware, .Tactic, .association]' s)" = '[83,7,52,14,23,12,603]' ]
	closed out
	run ! jq -e 'select(.name) | select(.name | test("[TSGMC][A]?[0-9]{4}"))' out
}
