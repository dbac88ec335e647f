#!/usr/bin/env bats
# Every capture that has a definition through the whole job (run.sh: fetch, map, filter, submit, commit, expire) into the sandbox.
load ../helper

FEEDS=$TOP/feeds

setup() {
	common_setup
	need_shared feeds/README.md
	need_tool jq
	need_tool curl
	unset TC_APP_PARAM_FILE TC_APP_PARAM_KEY TC_API_PATH TC_TOKEN API_ACCESS_ID API_SECRET_KEY TC_OUT_PATH
	export TC_BIN=$BUILD/bin
}

# once NAME "READ|MAPPED|DROPPED|REJECTED|HELD BY TYPE|REASONS|SENT" FILE...; the row goes to the log of the run.
once() {
	local name=$1 want=$2
	shift 2
	run --separate-stderr -0 bash "$TOP/tests/torture/captures.sh" once "$FEEDS" "$SHARED/feeds" "$name" "$@" || { echo "$stderr"; return 1; }
	echo "# $output" >&3
	[[ "$output" == "$name|$want|"*"|0" ]] || { echo "got  $output"; echo "want $name|$want"; return 1; }
}

# pair NAME ROW IGNORED ROW FILE FILE: every member compared; then with the definition's list of members whose change alone is none.
pair() {
	local name=$1 rows=("ignore []|$2" "ignore $3|$4") ignore
	shift 4
	for ignore in 0 1; do
		IGNORE=$ignore run --separate-stderr -0 bash "$TOP/tests/torture/captures.sh" pair "$FEEDS" "$SHARED/feeds" "$name" "$@" || { echo "$stderr"; return 1; }
		echo "# $output" >&3
		[ "$output" = "$name|${rows[ignore]}" ] || { echo "got  $output"; echo "want $name|${rows[ignore]}"; return 1; }
	done
}

@test "abuse.ch" {
	once abusech-urlhaus '11126|11125|1|0|URL 11125|when 1|11125' abusech-urlhaus/urlhaus-2025-04-21.csv
	once abusech-feodo '470|470|0|0|Address 448, Malware 3||451' abusech-feodo/ipblocklist-2021-10-25.csv
	once abusech-feodo '750|750|0|0|Address 728, Malware 5||733' abusech-feodo/ipblocklist-2021-12-20.csv
	once abusech-feodo '1|1|0|0|Address 1, Malware 1||2' abusech-feodo/ipblocklist-2025-06-25.csv
	once abusech-feodo-json '5|5|0|0|Address 5, Malware 2||7' abusech-feodo/ipblocklist-2026-07-24.json
	once abusech-sslbl '5522|5522|0|0|Intrusion Set 4, Malware 112, Signature 5522||5638' abusech-sslbl/sslblacklist.csv
}

@test "Spamhaus and DShield" {
	once spamhaus-drop '1407|1406|1|0|CIDR 1406|when 1|1406' spamhaus-drop/drop_v4-2025-04-15.json
	once spamhaus-drop '1671|1670|1|0|CIDR 1669|when 1|1669' spamhaus-drop/drop_v4-2026-07-23.json
	once spamhaus-drop-text '1406|1406|0|0|CIDR 1406||1406' spamhaus-drop/drop-cidrs-2025-04-15.txt
	once spamhaus-drop-text '2|2|0|0|CIDR 2||2' spamhaus-drop/drop-classic-2015-excerpt.txt
	once dshield-block '2|2|0|0|CIDR 2||2' spamhaus-drop/dshield-block-2015-excerpt.txt
}

@test "FireHOL" {
	once firehol-level1 '2511|2498|13|0|CIDR 2498|a reserved value 13|2498' firehol-ipsets/firehol_level1.netset
	once firehol-dshield '19|19|0|0|CIDR 19||19' firehol-ipsets/dshield.netset
	once firehol-et-compromised '746|746|0|0|Address 746||746' firehol-ipsets/et_compromised.ipset
	once firehol-tor-exits '1204|1204|0|0|Address 1204||1204' firehol-ipsets/tor_exits.ipset
	once firehol-ciarmy '15000|15000|0|0|Address 15000||15000' firehol-ipsets/ciarmy.ipset
	once firehol-stopforumspam-90d '205637|205542|95|0|Address 205542|a reserved value 95|205542' firehol-ipsets/stopforumspam_90d.ipset
}

@test "IPsum, hosts files, PhishTank, signature-base" {
	once ipsum '120430|120430|0|0|Address 120430||120430' ipsum/ipsum.txt
	once hosts-digitalside '2211|2211|0|0|Host 2211||2211' hosts-digitalside/hosts
	once hosts-add-risk '2189|2189|0|0|Host 2189||2189' hosts-digitalside/hosts-add.Risk
	once phishtank '1067|1066|0|1|URL 1066|; URL over 500 characters 1|1066' phishtank/verified_online.csv
	once neo23x0-c2 '1844|1844|0|0|Address 118, Host 1655||1773' neo23x0/c2-iocs.txt
	once neo23x0-hashes '3224|3224|0|0|File 3053||3053' neo23x0/hash-iocs.txt
}

@test "TweetFeed and vendors' files" {
	once tweetfeed '1574|1569|1|4|Address 162, File 116, Host 573, Intrusion Set 1, Malware 4, URL 680|a reserved value 1; underscore in a host name 2, blank, control or delimiter in the URL 2|1536' tweetfeed/week.csv
	once sophos-iocs '3986|3889|87|10|Address 86, File 237, Host 3152, Malware 7, Report 5, URL 383, User Agent 1|when 87; no scheme 8, not 32, 40 or 64 hexadecimal digits 2|3871' \
		vendor-csv/sophos-{IOC_imagespam,Troj-Emotet-Ukraine_maldocs,Troj-Polazert_IOCs,Troj-Qakbot,crimson_palace_2}.csv
	once mstic-rapid-release '237|229|8|0|Address 3, File 56, Host 167, Intrusion Set 4, URL 1|when 8|231' vendor-csv/mstic-RapidReleaseTI-Indicators.csv
	once mstic-nobelium '127|126|0|1|Address 7, File 70, Host 40, Intrusion Set 1, Malware 5|; blank, control or delimiter in the URL 1|123' vendor-csv/mstic-May21NOBELIUMIoCs.csv
}

@test "the JSON feeds" {
	once abusech-threatfox '3859|3858|0|1|Address 1752, File 15, Host 1163, Malware 69, URL 168|; scheme is not http, https, ftp or sftp 1|3167' abusech-threatfox/recent-2026-07-22T1417.json
	once abusech-threatfox '3854|3853|0|1|Address 1751, File 15, Host 1180, Malware 67, URL 164|; scheme is not http, https, ftp or sftp 1|3177' abusech-threatfox/recent-2026-07-22T1939.json
	once cisa-kev '1404|1404|0|0|Vulnerability 1404||1404' cisa-kev/known_exploited_vulnerabilities.json
	once misp-threat-actor '1041|1041|0|0|Campaign 4, Intrusion Set 1037||1041' misp-galaxy/threat-actor.json
	# 603 relations are sent as association lines
	once mitre-attack-ics '1650|794|856|0|Attack Pattern 83, Campaign 7, Course of Action 52, Intrusion Set 14, Malware 23, Tactic 12|when 856|794' mitre-attack-ics/ics-attack.json
	once otx-pulses '1|1|0|0|Address 1, File 1, Host 1, Malware 1, Report 1||5' elastic-pages/otx/pulses-subscribed-page{1,2}.json
	once otx-indicators '2|2|0|0|Host 2||2' elastic-pages/otx/indicators-export-page{1,2}.json
	once otx-events '6|6|0|0|File 1, Host 2, Report 1, URL 2||6' elastic-pages/otx/pulses-subscribed-expanded.ndjson
	once tweetfeed-misp '2220|2216|0|4|Address 195, File 123, Host 872, Report 8, URL 984|; underscore in a host name 2, blank, control or delimiter in the URL 2|2182' \
		$(cd "$SHARED/feeds" && echo tweetfeed/misp/*-*.json)
}

# First day, then new, changed, unchanged, removed; held at the end, batches, associations left behind. The captures' own
# counts: Feodo +529 -249 addresses (and two families), Spamhaus +680 -417.
@test "two days of Feodo, Spamhaus, TweetFeed" {
	# of the 199 addresses that stay all have a newer lastSeen, and only 16 differ in anything else; six changed their family
	pair abusech-feodo '451|531|199|3|249|733|3|6' '["lastSeen"]' '451|531|16|186|249|733|3|6' \
		abusech-feodo/ipblocklist-2021-10-25.csv abusech-feodo/ipblocklist-2021-12-20.csv
	pair spamhaus-drop '1406|680|39|950|417|1669|2|0' '[]' '1406|680|39|950|417|1669|2|0' \
		spamhaus-drop/drop_v4-2025-04-15.json spamhaus-drop/drop_v4-2026-07-23.json
	pair tweetfeed '14|45|0|14|0|59|1|0' '[]' '14|45|0|14|0|59|1|0' tweetfeed/earlier/today.csv tweetfeed/today.csv
	pair tweetfeed-misp '15|45|1|14|0|60|2|0' '[]' '15|45|1|14|0|60|2|0' \
		tweetfeed/{earlier/,}misp/67317f07-5461-555f-9491-d7685196f614.json
}
