# Real captures against the counts that were made without this program (README beside the captures).
# Where the platform's rules and those of the README differ, the test says why.
load helper

# column N of CSV without embedded newlines, quotes off, comment lines and the header row dropped
column() { grep -v '^#' "$1" | tr -d '\r' | tail -n +2 | awk -F'","' -v n="$2" '{ gsub(/^"|"$/, ""); print $n }'; }

# value_read's output: distinct values of a type
distinct() { awk -F'\t' -v t="$1" '$1 == t' | sort -u | wc -l; }

counts() { # TYPE OPTIONS: distinct taken, reserved and refused lines
	"$BUILD/unit/value_read" ${2:+"$2"} "$1" >seen
	echo "$(distinct "$1" <seen) $(grep -c '^~' seen) $(grep -c '^-' seen)"
}

@test "no arguments: an empty plan" {
	run --separate-stderr -0 "$BUILD/unit/value_read"
	[ "$output" = "1..0" ]
	[ -z "$stderr" ]
}

@test "values on stdin: canonical, refused, reserved" {
	printf '%s\n' 8.8.8.8 10.0.0.1 1.2.3.4:80 >in
	run --separate-stderr -0 "$BUILD/unit/value_read" Address <in
	[ "$output" = "$(printf 'Address\t8.8.8.8\n~\tprivate, reserved or for documentation\n-\tan address with a port')" ]
	[ -z "$stderr" ]
}

@test "the locale changes nothing" {
	printf '%s\n' BILI.example.com 'http://I.Example.com/' >in
	LC_ALL=C "$BUILD/unit/value_read" -k Host <in >c
	LC_ALL=tr_TR.UTF-8 "$BUILD/unit/value_read" -k Host <in >tr
	cmp c tr
	grep -q 'bili.example.com' tr
}

@test "URLhaus: every URL, and 2,345 of its hosts are addresses" {
	need_shared feeds/abusech-urlhaus/urlhaus-2025-04-21.csv
	column "$SHARED/feeds/abusech-urlhaus/urlhaus-2025-04-21.csv" 3 >urls
	[ "$(counts URL <urls)" = "11125 0 0" ]
	cut -f2 seen | sed -E 's,^[a-z]+://([^/:]*).*,\1,' | sort -u >hosts
	[ "$(wc -l <hosts)" -eq 3006 ]
	"$BUILD/unit/value_read" Address <hosts | distinct Address >n
	[ "$(cat n)" -eq 2345 ]
}

@test "Feodo: addresses of three days" {
	need_shared feeds/abusech-feodo/ipblocklist-2021-10-25.csv
	for day in "2021-10-25 448" "2021-12-20 728" "2025-06-25 1"; do
		column "$SHARED/feeds/abusech-feodo/ipblocklist-${day% *}.csv" 2 >ips
		[ "$(counts Address <ips)" = "${day#* } 0 0" ]
	done
}

@test "ipsum: 120,430 addresses" {
	need_shared feeds/ipsum/ipsum.txt
	grep -v '^#' "$SHARED/feeds/ipsum/ipsum.txt" | cut -f1 >ips
	[ "$(counts Address <ips)" = "120430 0 0" ]
}

@test "FireHOL: sets and nets; private and reserved ones are 13 and 95 of them" {
	need_shared feeds/firehol-ipsets/firehol_level1.netset
	for set in "ciarmy.ipset Address 15000" "dshield.netset CIDR 19" "et_compromised.ipset Address 746" \
		"tor_exits.ipset Address 1204" "firehol_level1.netset CIDR 2511" "stopforumspam_90d.ipset Address 205637"; do
		set -- $set
		grep -v '^#' "$SHARED/feeds/firehol-ipsets/$1" >values
		[ "$(counts "$2" -k <values)" = "$3 0 0" ]
	done
	# The README counts them as valid; the platform's list says drop (data-model.md section 3).
	grep -v '^#' "$SHARED/feeds/firehol-ipsets/firehol_level1.netset" >values
	[ "$(counts CIDR <values)" = "2498 13 0" ]
	grep -v '^#' "$SHARED/feeds/firehol-ipsets/stopforumspam_90d.ipset" >values
	[ "$(counts Address <values)" = "205542 95 0" ]
}

@test "hosts files" {
	need_shared feeds/hosts-digitalside/hosts
	awk '$1 == "0.0.0.0" { print $2 }' "$SHARED/feeds/hosts-digitalside/hosts" >names
	[ "$(counts Host <names)" = "2211 0 0" ]
	awk '$1 == "0.0.0.0" { print $2 }' "$SHARED/feeds/hosts-digitalside/hosts-add.Risk" >names
	[ "$(counts Host <names)" = "2189 0 0" ]
}

@test "PhishTank: one of 1,067 URLs is longer than the platform takes" {
	need_shared feeds/phishtank/verified_online.csv
	tail -n +2 "$SHARED/feeds/phishtank/verified_online.csv" | sed -E 's/^[0-9]+,//; s/,http:\/\/www\.phishtank\.com.*$//' >urls
	# README: 1,067 distinct, of any length; over 500 characters is dropped, never cut.
	[ "$(counts URL <urls)" = "1066 0 1" ]
	grep -q 'URL over 500 characters' seen
}

@test "Spamhaus DROP: both dates, text and JSON lines" {
	need_shared feeds/spamhaus-drop/drop_v4-2025-04-15.json
	need_tool jq
	for day in "2025-04-15 1406" "2026-07-23 1669"; do
		jq -r '.cidr // empty' "$SHARED/feeds/spamhaus-drop/drop_v4-${day% *}.json" >nets
		[ "$(counts CIDR <nets)" = "${day#* } 0 0" ]
	done
	[ "$(counts CIDR <"$SHARED/feeds/spamhaus-drop/drop-cidrs-2025-04-15.txt")" = "1406 0 0" ]
}

@test "Neo23x0: hashes of three lengths, hosts and addresses in one list" {
	need_shared feeds/neo23x0/hash-iocs.txt
	grep -v '^#' "$SHARED/feeds/neo23x0/hash-iocs.txt" | grep . | cut -d';' -f1 >hashes
	[ "$(counts File <hashes)" = "$((1174 + 986 + 893)) 0 0" ]
	grep -v '^#' "$SHARED/feeds/neo23x0/c2-iocs.txt" | grep . | cut -d';' -f1 >mixed
	"$BUILD/unit/value_read" -d <mixed >types
	[ "$(awk -F'\t' '$1 == "Host" { print tolower($2) }' types | sort -u | wc -l)" -eq 1655 ]
	[ "$(awk -F'\t' '$1 == "Address"' types | sort -u | wc -l)" -eq 118 ]
}
