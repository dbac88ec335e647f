#!/usr/bin/env bats
# The shipped definitions: each against a fixture in the feed's true format, a server that answers as the publisher
# does, and, where they are there, the real captures with counts made by other tools (wc, grep, a CSV reader, jq).
load helper
load feedserver

FEEDS=$TOP/feeds
OWNER='Example Source'

# keep NAME: a copy of a definition, NAME.json, that keeps documentation values and more of the fixture's many bad records.
keep() { jq '.values.reserved = "keep" | .limits.max_rejects = "50%"' "$FEEDS/$1.json" >"$1.json"; }

# counts: [read, mapped, dropped by reason, rejected by reason] of the last run.
counts() { jq -c '[.records.read, .records.mapped, (.dropped // {}), (.rejected // {})]' s; }

# golden NAME COUNTS: maps the fixture, byte for byte.
golden() {
	keep "$1"
	run --separate-stderr -0 tc-map --owner "$OWNER" --stats s "./$1.json" "$FIXTURES/feeds/$1.in"
	diff <(printf '%s\n' "$output") "$FIXTURES/feeds/$1.out"
	[ "$(counts)" = "$2" ] || { echo "$1: $(counts), want $2"; return 1; }
}

@test "every shipped definition passes --check; those with a fixture here are in the README" {
	for file in "$FEEDS"/*.json; do
		name=$(basename "$file" .json)
		run --separate-stderr -0 tc-map --check "$file"
		[[ "$stderr$output" == *"$name: the definition is good"* ]]
		[ ! -f "$FIXTURES/feeds/$name.in" ] || [[ "$(<"$FEEDS/README.md")" == *"\`$name\`"* ]] || { echo "$name is not in feeds/README.md"; false; }
	done
	run -0 jq -r '. as $f | select((input_filename | endswith("/" + $f.id + ".json") | not) or
		([.name, .vendor, .description, .fetch, .delta, .limits] | all | not)) | .id' "$FEEDS"/*.json
	[ -z "$output" ]
}

@test "every definition has a fixture with golden output and a capture, and every JSON, CSV and text capture a definition" {
	cat "$TOP"/tests/feeds.bats "$TOP"/tests/feeds-json.bats >tests
	for file in "$FEEDS"/*.json; do
		name=$(basename "$file" .json)
		[ "$name" != example-urls ] || continue	# tc-map.bats
		grep -qE "^	+golden $name |for set in .*\b${name#firehol-}\b.*golden" tests || { echo "$name has no golden output"; false; }
		grep -qE "^	+capture $name " tests || { echo "$name maps no capture"; false; }
	done
	# the expected lines hold what the platform gets: none is empty
	for golden in "$FIXTURES"/feeds/*.out "$FIXTURES"/feeds/*.golden; do [ -s "$golden" ]; done
	need_shared feeds/README.md
	# STIX and prose are formats of their own; hashes.csv holds digests of values, for MISP's own use
	(cd "$SHARED/feeds" && find . -type f) | sed 's,^\./,,' | grep -vE '^README|LICENSE|taxii|/stix/|stix2|^oasis|^unit42|hashes\.csv$|earlier/misp/manifest' | sort >captures
	[ "$(wc -l <captures)" -ge 50 ]
	while read -r capture; do
		base=$(basename "$capture")
		grep -qF -e "$base" -e "${base%.*}" tests || case $capture in
			vendor-csv/sophos-*) grep -qF "$(sed 's,.*sophos-\(.*\)\.csv,\1,' <<<"$capture")" tests ;;
			tweetfeed/*misp/*-*.json) grep -qF 'tweetfeed/misp' tests ;;
			*) false ;;
		esac || { echo "$capture is mapped by no test"; false; }
	done <captures
}

@test "golden: the CSV feeds of abuse.ch" {
	golden abusech-urlhaus '[10,8,{},{"blank, control or delimiter in the URL":1,"scheme is not http, https, ftp or sftp":1}]'
	golden abusech-feodo '[10,10,{},{}]'
	golden abusech-feodo-json '[5,4,{},{"not an IPv4 or IPv6 address":1}]'
	golden abusech-sslbl '[11,10,{},{"the name is missing":1}]'
}

@test "golden: networks of Spamhaus and DShield" {
	golden spamhaus-drop '[10,8,{"when":2},{}]'
	golden spamhaus-drop-text '[9,9,{},{}]'
	golden dshield-block '[4,3,{},{"bad prefix length":1}]'
}

@test "golden: the sets of FireHOL" {
	golden firehol-level1 '[11,11,{},{}]'
	golden firehol-dshield '[3,3,{},{}]'
	for set in et-compromised tor-exits ciarmy stopforumspam-90d; do golden "firehol-$set" '[10,10,{},{}]'; done
}

@test "golden: IPsum, hosts files, PhishTank" {
	golden ipsum '[14,13,{},{"leading zero in an octet: octal or decimal cannot be told":1}]'
	golden hosts-digitalside '[10,9,{"when":1},{}]'
	golden hosts-add-risk '[11,9,{"when":1},{"host label begins or ends with a hyphen":1}]'
	golden phishtank '[11,8,{"when":1},{"no host in the URL":1,"URL over 500 characters":1}]'
}

@test "golden: signature-base and TweetFeed" {
	golden neo23x0-c2 '[11,10,{},{"no indicator of a known type":1}]'
	golden neo23x0-hashes '[10,8,{},{"hash of the empty file":1,"not 32, 40 or 64 hexadecimal digits":1}]'
	golden tweetfeed '[10,8,{},{"underscore in a host name":1,"the type is missing":1}]'
}

@test "golden: vendors' CSV files" {
	golden sophos-iocs '[29,18,{"when":9},{"not 32, 40 or 64 hexadecimal digits":1,"no scheme":1}]'
	golden mstic-rapid-release '[11,6,{"when":4},{"underscore in a host name":1}]'
	golden mstic-nobelium '[10,9,{},{"blank, control or delimiter in the URL":1}]'
}

# --- what all of them must give (data-model.md sections 5 to 8) ---

@test "every indicator has Source, Description, rating and confidence; dates have one form" {
	cat "$FIXTURES"/feeds/*.out >all
	for want in '.attribute | any(.type == "Source" and .displayed)' \
		'.attribute | any(.type == "Description" and .displayed)' '.rating != null and .confidence != null'; do
		run -0 jq -c "select(.name == null) | select(($want) | not)" all
		# but for the two records whose fixture says nothing to describe them by
		[ "$(grep -c . <<<"$output")" -le 3 ] || { echo "$want: $output"; false; }
	done
	run -0 jq -r '[.firstSeen, .lastSeen, .externalDateAdded, .externalDateExpires][] | strings' all
	[ -z "$(grep -vE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' <<<"$output")" ]
}

@test "tags are bare words without vendors, prefixes and numbers; what has no value leaves no member" {
	run -0 jq -r '.tag[]?.name' "$FIXTURES"/feeds/*.out
	[ -z "$(grep -iE 'abuse|urlhaus|feodo|spamhaus|dshield|firehol|ipsum|phishtank|sophos|microsoft|neo23x0|tweetfeed|[:#]|^[0-9]+$' <<<"$output")" ]
	[ -z "$(grep -E '"(false|true|null|None)"|:""' "$FIXTURES"/feeds/*.out)" ]
}

@test "groups that are referred to are made, by xids that sha256sum makes too" {
	for out in "$FIXTURES"/feeds/*.out; do
		jq -r '.associatedGroups[]?.groupXid, .associatedGroupXid[]?' "$out" | sort -u >refs
		jq -r 'select(.name) | .xid' "$out" | sort -u >made
		[ -z "$(comm -23 refs made)" ] || { echo "$out: $(comm -23 refs made)"; false; }
	done
	# sha256hex(sha256hex("Example Source-Malware-emotet")), batch-api.md section 13
	xid=$(printf '%s' "$OWNER-Malware-emotet" | sha256sum | cut -d' ' -f1 | tr -d '\n' | sha256sum | cut -d' ' -f1)
	[ "$(jq -r 'select(.name == "Emotet") | .xid' "$FIXTURES"/feeds/{abusech-feodo,abusech-feodo-json}.out | sort -u)" = "$xid" ]
	# a family in another spelling is the same group
	[ "$(jq -r 'select((.name // "") | ascii_downcase == "qakbot") | .xid' "$FIXTURES"/feeds/*.out | sort -u | wc -l)" -eq 1 ]
}

@test "rating and confidence: the parameters, but for the scales that a publisher documents" {
	for name in abusech-urlhaus tweetfeed mstic-rapid-release ipsum; do
		keep "$name"
		tc-map --log-level error --owner "$OWNER" --param default_rating=3 --param default_confidence=61 "./$name.json" "$FIXTURES/feeds/$name.in" >"$name"
	done
	[ "$(jq -c 'select(.name == null) | [.rating, .confidence]' abusech-urlhaus tweetfeed | sort -u)" = '[3,61]' ]
	[ "$(jq -c 'select(.name == null) | [.rating, .confidence]' mstic-rapid-release | tr '\n' ' ')" = '[3,100] [3,75] [3,100] [3,61] [3,50] [3,100] ' ]
	# 12 lists and more, 10, 9 ... 1, and a line without a number
	[ "$(jq -r .confidence ipsum | tr '\n' ' ')" = '95 95 90 85 80 75 70 60 50 40 30 30 61 ' ]
}

@test "documentation values are dropped by the definitions as they are" {
	for name in abusech-urlhaus firehol-tor-exits hosts-digitalside tweetfeed; do
		tc-map --log-level critical --owner "$OWNER" --stats s "$FEEDS/$name.json" "$FIXTURES/feeds/$name.in" >out || true
		[ "$(jq '.dropped["a reserved value"] >= 5' s)" = true ]
	done
}

@test "cut feeds that have an end are noticed" {
	for name in abusech-feodo abusech-sslbl dshield-block; do
		keep "$name"
		grep -av '^# END' "$FIXTURES/feeds/$name.in" >cut
		run --separate-stderr -1 tc-map --owner "$OWNER" "./$name.json" cut
		[[ "$stderr" == *reason=contract* ]]
	done
	keep abusech-feodo
	sed 's/# END 10/# END 11/' "$FIXTURES/feeds/abusech-feodo.in" >short
	run --separate-stderr -1 tc-map --owner "$OWNER" ./abusech-feodo.json short
}

# --- fetched as from the publisher, from a server that answers as it does ---

@test "each is fetched from its address, pages in order, with its key where the address wants one" {
	for file in "$FIXTURES"/feeds/*.in; do
		name=$(basename "$file" .in)
		jq -c --arg file "$file" --arg kind "$(case $name in *-json | spamhaus-drop) echo application/json ;; *) echo text/plain ;; esac)" \
			'.fetch | (.urls // [.url])[] | {path: sub("^https?://[^/?]*"; "") | sub("{param:api_key}"; "k3y") | sub("[?].*"; ""),
			body_file: (if endswith(".gz") then "gz" else $file end), headers: {"Content-Type": $kind}}' "$FEEDS/$name.json"
	done >s.ndjson
	gzip -c "$FIXTURES/feeds/phishtank.in" >gz
	serve s
	printf '{"api_key":"k3y"}' >params
	chmod 600 params
	for file in "$FIXTURES"/feeds/*.in; do
		name=$(basename "$file" .in)
		# credentials do not go over http: its own address gets none here
		jq --arg base "$base" '.fetch |= (del(.auth) | if .urls then .urls |= map(sub("^https?://[^/]*"; $base)) else
			.url |= (sub("^https?://[^/]*"; $base) | sub("{param:api_key}"; "k3y")) end)' "$FEEDS/$name.json" >"$name.json"
		run --separate-stderr -0 tc-fetch --params params --cursor cur --stats s "./$name.json"
		pages=$(jq '.fetch | (.urls // [0]) | length' "$FEEDS/$name.json")
		for ((i = 0; i < pages; i++)); do cat "$file"; [ -z "$(tail -c 1 "$file")" ] || echo; done >want
		tc-fetch --log-level error --params params "./$name.json" | cmp - want
		[ "$(jq -c '[.pages, .complete]' s)" = "[$pages,1]" ]
		# what came is what the definition maps
		jq '.values.reserved = "keep" | .limits.max_rejects = "50%"' "$name.json" >kept.json
		tc-fetch --log-level error --params params ./kept.json | tc-map --log-level error --owner "$OWNER" ./kept.json | head -n "$(wc -l <"$FIXTURES/feeds/$name.out")" |
			cmp - "$FIXTURES/feeds/$name.out"
	done
}

@test "URLhaus's key goes into the query, over https only, and into no log" {
	command -v openssl >/dev/null || skip "missing tool openssl"
	jq -nc --arg file "$FIXTURES/feeds/abusech-urlhaus.in" '{path: "/files/exports/recent.csv", query: "auth-key=k3y%2Bsecret", body_file: $file, headers: {"Content-Type": "text/csv"}},
		{path: "/files/exports/recent.csv", status: 403, body: "no key"}' >s.ndjson
	serve s --tls --ca-file ca.pem
	printf '{"api_key":"k3y+secret"}' >params
	chmod 600 params
	jq --arg base "$base" --arg ca "$PWD/ca.pem" '.fetch.url |= sub("^https://[^/]*"; $base) | .fetch.ca_file = $ca' "$FEEDS/abusech-urlhaus.json" >urlhaus.json
	run --separate-stderr -0 tc-fetch --log-level debug --params params ./urlhaus.json
	diff <(printf '%s\n' "$output") "$FIXTURES/feeds/abusech-urlhaus.in"
	[[ "$stderr" != *k3y* ]]
	printf '{"api_key":"wrong"}' >params
	run --separate-stderr -1 tc-fetch --params params ./urlhaus.json
	[ -z "$output" ]
	[[ "$stderr" == *reason=auth* ]]
}

# --- real captures ---

# capture NAME COUNTS OBJECTS DISTINCT FILE...: maps the files as pages; DISTINCT are the different objects by type.
capture() {
	local name=$1 want="$2 $3 $4" files=()
	shift 4
	for file; do files+=(--replay "$SHARED/feeds/$file"); done
	tc-fetch --log-level error "${files[@]}" "$FEEDS/$name.json" >pages
	run --separate-stderr -0 tc-map --owner "$OWNER" --stats s "$FEEDS/$name.json" pages
	printf '%s\n' "$output" >out
	rm -rf state.new
	tc-delta filter --log-level error --owner "$OWNER" --state "$PWD/state.new" "$FEEDS/$name.json" <out >distinct
	got="$(counts) $(jq -c '.objects | del(.emitted)' s) $(sed 's/^{"type":"\([^"]*\)".*/\1/' distinct | LC_ALL=C sort | uniq -c | awk '{ n = $1; $1 = ""; print substr($0, 2) "=" n }' | paste -sd, -)"
	[ "$got" = "$want" ] || { echo "$name: $got"; echo "   want: $want"; return 1; }
}

@test "captures: abuse.ch" {
	need_shared feeds/README.md
	# its header row is bare there, hence one record more that is dropped
	capture abusech-urlhaus '[11126,11125,{"when":1},{}]' '{"URL":11125}' URL=11125 abusech-urlhaus/urlhaus-2025-04-21.csv
	# README: 470, 750 and 1 records are 448, 728 and 1 addresses; families by cut | sort -u
	capture abusech-feodo '[470,470,{},{}]' '{"Address":470,"Malware":470}' Address=448,Malware=3 abusech-feodo/ipblocklist-2021-10-25.csv
	capture abusech-feodo '[750,750,{},{}]' '{"Address":750,"Malware":750}' Address=728,Malware=5 abusech-feodo/ipblocklist-2021-12-20.csv
	capture abusech-feodo '[1,1,{},{}]' '{"Address":1,"Malware":1}' Address=1,Malware=1 abusech-feodo/ipblocklist-2025-06-25.csv
	capture abusech-feodo-json '[5,5,{},{}]' '{"Address":5,"Malware":5}' Address=5,Malware=2 abusech-feodo/ipblocklist-2026-07-24.json
	# 5,522 certificates; of their reasons 310 name no family and 27 an actor
	capture abusech-sslbl '[5522,5522,{},{}]' '{"Intrusion Set":27,"Malware":5185,"Signature":5522}' 'Intrusion Set=4,Malware=112,Signature=5522' abusech-sslbl/sslblacklist.csv
}

@test "captures: Spamhaus and DShield" {
	need_shared feeds/README.md
	capture spamhaus-drop '[1407,1406,{"when":1},{}]' '{"CIDR":1406}' CIDR=1406 spamhaus-drop/drop_v4-2025-04-15.json
	capture spamhaus-drop '[1671,1670,{"when":1},{}]' '{"CIDR":1670}' CIDR=1669 spamhaus-drop/drop_v4-2026-07-23.json
	capture spamhaus-drop-text '[1406,1406,{},{}]' '{"CIDR":1406}' CIDR=1406 spamhaus-drop/drop-cidrs-2025-04-15.txt
	capture spamhaus-drop-text '[2,2,{},{}]' '{"CIDR":2}' CIDR=2 spamhaus-drop/drop-classic-2015-excerpt.txt
	capture dshield-block '[2,2,{},{}]' '{"CIDR":2}' CIDR=2 spamhaus-drop/dshield-block-2015-excerpt.txt
}

@test "captures: FireHOL, IPsum, hosts, PhishTank" {
	need_shared feeds/README.md
	# 13 of 2,511 networks and 95 of 205,637 addresses are private or reserved
	capture firehol-level1 '[2511,2498,{"a reserved value":13},{}]' '{"CIDR":2498}' CIDR=2498 firehol-ipsets/firehol_level1.netset
	capture firehol-dshield '[19,19,{},{}]' '{"CIDR":19}' CIDR=19 firehol-ipsets/dshield.netset
	capture firehol-et-compromised '[746,746,{},{}]' '{"Address":746}' Address=746 firehol-ipsets/et_compromised.ipset
	capture firehol-tor-exits '[1204,1204,{},{}]' '{"Address":1204}' Address=1204 firehol-ipsets/tor_exits.ipset
	capture firehol-ciarmy '[15000,15000,{},{}]' '{"Address":15000}' Address=15000 firehol-ipsets/ciarmy.ipset
	capture firehol-stopforumspam-90d '[205637,205542,{"a reserved value":95},{}]' '{"Address":205542}' Address=205542 firehol-ipsets/stopforumspam_90d.ipset
	capture ipsum '[120430,120430,{},{}]' '{"Address":120430}' Address=120430 ipsum/ipsum.txt
	[ "$(grep -c '"confidence":30,' out)" -eq 89657 ]
	capture hosts-digitalside '[2211,2211,{},{}]' '{"Host":2211}' Host=2211 hosts-digitalside/hosts
	capture hosts-add-risk '[2189,2189,{},{}]' '{"Host":2189}' Host=2189 hosts-digitalside/hosts-add.Risk
	capture phishtank '[1067,1066,{},{"URL over 500 characters":1}]' '{"URL":1066}' URL=1066 phishtank/verified_online.csv
}

@test "captures: signature-base and TweetFeed" {
	need_shared feeds/README.md
	capture neo23x0-c2 '[1844,1844,{},{}]' '{"Address":135,"Host":1709}' Address=118,Host=1655 neo23x0/c2-iocs.txt
	capture neo23x0-hashes '[3224,3224,{},{}]' '{"File":3224}' "File=$((1174 + 986 + 893))" neo23x0/hash-iocs.txt
	# README: 699 url, 592 domain, 167 ip, 88 sha256, 28 md5. Two of the names have an underscore, two URLs blanks in them,
	# one URL is of a private address
	capture tweetfeed '[1574,1569,{"a reserved value":1},{"underscore in a host name":2,"blank, control or delimiter in the URL":2}]' \
		'{"Address":167,"File":116,"Host":590,"URL":696,"Intrusion Set":2,"Malware":144}' 'Address=162,File=116,Host=573,Intrusion Set=1,Malware=4,URL=680' tweetfeed/week.csv
	capture tweetfeed '[59,59,{},{}]' '{"Address":1,"File":1,"Host":28,"URL":29}' Address=1,File=1,Host=28,URL=29 tweetfeed/today.csv
	capture tweetfeed '[14,14,{},{}]' '{"Host":7,"URL":7}' Host=7,URL=7 tweetfeed/earlier/today.csv
}

@test "captures: vendors' CSV files" {
	need_shared feeds/README.md
	# the README's counts file by file: Polazert 3,131 hosts, 269 URLs, 67 SHA1, 14 SHA256; Qakbot 110 URLs, 63 ip:port, 40 SHA256, 7 IPv4
	capture sophos-iocs '[3986,3889,{"when":87},{"no scheme":8,"not 32, 40 or 64 hexadecimal digits":2}]' \
		'{"Address":95,"File":247,"Host":3157,"URL":384,"User Agent":1,"Malware":3285,"Report":5}' \
		'Address=86,File=237,Host=3152,Malware=7,Report=5,URL=383,User Agent=1' \
		vendor-csv/sophos-{IOC_imagespam,Troj-Emotet-Ukraine_maldocs,Troj-Polazert_IOCs,Troj-Qakbot,crimson_palace_2}.csv
	# README: 167 hosts, 56 SHA256, 3 IPv4, 1 URL
	capture mstic-rapid-release '[237,229,{"when":8},{}]' '{"Address":3,"File":57,"Host":168,"URL":1,"Intrusion Set":229}' \
		'Address=3,File=56,Host=167,Intrusion Set=4,URL=1' vendor-csv/mstic-RapidReleaseTI-Indicators.csv
	# README: 70 SHA256, 40 hosts, 7 IPv4; its 1 URL is a template with <unique_to_target> in it
	capture mstic-nobelium '[127,126,{},{"blank, control or delimiter in the URL":1}]' \
		'{"Address":8,"File":78,"Host":73,"Intrusion Set":126,"Malware":36}' \
		'Address=7,File=70,Host=40,Intrusion Set=1,Malware=5' vendor-csv/mstic-May21NOBELIUMIoCs.csv
	[ "$(jq -r '.sha1 // empty' distinct | sort -u | wc -l)" -eq 61 ]
	[ "$(jq -r '.md5 // empty' distinct | sort -u | wc -l)" -eq 17 ]
}
