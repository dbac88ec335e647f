#!/usr/bin/env bats
# Every member that the platform's batch file knows, element by element, and what a definition can say beside paths.
load helper
load map

@test "every scalar of every indicator type reaches its place" {
	common='"rating":{"path":"r"},"confidence":{"path":"c"},"active":{"path":"a"},"activeLocked":{"path":"l"},"description":{"path":"d"},
		"firstSeen":{"path":"t"},"lastSeen":{"path":"t"},"externalDateAdded":{"path":"t"},"externalLastModified":{"path":"t"},"externalDateExpires":{"path":"t"},
		"xid":"x-1","attribute":[{"type":"Source","value":"s"}],"tag":[{"name":"t"}],"securityLabel":[{"name":"L"}],"associatedGroups":[{"groupXid":"g-1"}]'
	rest='"xid":"x-1","rating":2,"confidence":55,"active":true,"activeLocked":false'
	dates='"description":"why","firstSeen":"2026-01-02T03:04:05Z","lastSeen":"2026-01-02T03:04:05Z","externalDateAdded":"2026-01-02T03:04:05Z","externalLastModified":"2026-01-02T03:04:05Z","externalDateExpires":"2026-01-02T03:04:05Z"'
	arrays=',"attribute":[{"type":"Source","value":"s"}],"tag":[{"name":"t"}],"securityLabel":[{"name":"L"}],'
	refs='"associatedGroups":[{"groupXid":"g-1"}]}'
	echo '{"r":2,"c":55,"a":true,"l":false,"d":"why","t":"2026-01-02 03:04:05","p":true,"n":7}' >in
	while IFS='|' read -r type value own want; do
		feed f "$ndjson" "{\"object\":{\"type\":\"$type\",$value,$common$own}}"
		run --separate-stderr -0 tc-map f.json <in
		want="{\"type\":\"$type\",${want%!*}$dates$arrays${want#*!}$refs"
		[ "$output" = "$want" ] || { echo "$output"; echo "$want"; false; }
	done <<END
Address|"ip":"8.8.8.8"|,"privateFlag":{"path":"p"}|"summary":"8.8.8.8",$rest,"privateFlag":true,!
EmailAddress|"address":"a@site.com"|,"privateFlag":{"path":"p"}|"summary":"a@site.com",$rest,"privateFlag":true,!
Host|"hostName":"a.site.com"|,"privateFlag":{"path":"p"},"flag1":{"path":"p"},"flag2":{"path":"p"}|"summary":"a.site.com",$rest,"privateFlag":true,"flag1":true,"flag2":true,!
URL|"text":"http://a.site.com/"|,"privateFlag":{"path":"p"}|"summary":"http://a.site.com/",$rest,"privateFlag":true,!
File|"md5":"900150983cd24fb0d6963f7d28e17f72"|,"size":{"path":"n"},"privateFlag":{"path":"p"},"fileOccurrence":[{"path":"C:/x"}]|"md5":"900150983cd24fb0d6963f7d28e17f72",$rest,"privateFlag":true,"size":7,!"fileOccurrence":[{"path":"C:/x"}],
ASN|"AS Number":"AS13335"||"summary":"ASN13335",$rest,!
CIDR|"Block":"8.8.8.0/24"||"summary":"8.8.8.0/24",$rest,!
Email Subject|"Subject":"Your invoice"||"summary":"Your invoice",$rest,!
Hashtag|"Hashtag":"opx"||"summary":"#opx",$rest,!
Mutex|"Mutex":"Global\\\\x"||"summary":"Global\\\\x",$rest,!
Registry Key|"Key Name":"HKCU\\\\Software\\\\X","Value Name":"Run","Value Type":"REG_SZ"||"Key Name":"HKEY_CURRENT_USER\\\\Software\\\\X","Value Name":"Run","Value Type":"REG_SZ",$rest,!
User Agent|"User Agent String":"bot/1.0"||"summary":"bot/1.0",$rest,!
END
}

@test "every scalar of every group type reaches its place" {
	dates=',"firstSeen":"2026-01-02T00:00:00Z","lastSeen":"2026-01-02T00:00:00Z","externalDateAdded":"2026-01-02T00:00:00Z","externalLastModified":"2026-01-02T00:00:00Z","externalDateExpires":"2026-01-02T00:00:00Z"'
	dates+=',"attribute":[{"type":"Source","value":"s"}],"tag":[{"name":"t"}],"securityLabel":[{"name":"L"}],"associatedGroupXid":["g-1"],"associatedIndicators":[{"summary":"a.site.com","indicatorType":"Host"}]'
	common=',"firstSeen":{"path":"t"},"lastSeen":{"path":"t"},"externalDateAdded":{"path":"t"},"externalLastModified":{"path":"t"},"externalDateExpires":{"path":"t"}'
	common+=',"attribute":[{"type":"Source","value":"s"}],"tag":[{"name":"t"}],"securityLabel":[{"name":"L"}],"associatedGroupXid":["g-1"],"associatedIndicators":[{"summary":"a.site.com","indicatorType":"Host"}]'
	ai=',"insights":"i","aiProvider":"p","aiLastRetrievalDate":'
	echo '{"n":"One","t":"2026-01-02"}' >in
	while IFS='|' read -r type own want; do
		feed f "$ndjson" "{\"object\":{\"type\":\"$type\",\"name\":{\"path\":\"n\"}$common$own}}"
		run --separate-stderr -0 tc-map --owner O f.json <in
		[ "$(jq -c 'del(.xid)' <<<"$output")" = "{\"type\":\"$type\",\"name\":\"One\"$want$dates}" ] || { echo "$output"; false; }
		[ "$(jq -r '.xid | length' <<<"$output")" = 64 ]
	done <<END
Adversary||
Attack Pattern||
Campaign||
Course of Action||
Document|,"fileName":"a.pdf","malware":true,"password":"infected"$ai{"path":"t"}|,"fileName":"a.pdf","malware":true,"password":"infected"$ai"2026-01-02T00:00:00Z"
Email|,"subject":"s","header":"h","body":"b","from":"a@site.com","to":"b@site.com","score":3|,"subject":"s","header":"h","body":"b","from":"a@site.com","to":"b@site.com","score":3
Event|,"eventDate":{"path":"t"},"eventType":"Breach","status":"Needs Review"$ai{"path":"t"}|,"eventDate":"2026-01-02T00:00:00Z","eventType":"Breach","status":"Needs Review"$ai"2026-01-02T00:00:00Z"
Incident|,"eventDate":{"path":"t"},"status":"Open"|,"eventDate":"2026-01-02T00:00:00Z","status":"Open"
Intrusion Set||
Malware||
Report|,"fileName":"r.pdf","publishDate":{"path":"t"}$ai{"path":"t"}|,"fileName":"r.pdf","publishDate":"2026-01-02T00:00:00Z"$ai"2026-01-02T00:00:00Z"
Signature|,"fileName":"a.yar","fileType":"YARA","fileText":"rule a { condition: false }"|,"fileName":"a.yar","fileType":"YARA","fileText":"rule a { condition: false }"
Tactic||
Threat||
Tool||
Vulnerability||
END
}

@test "words that the platform has a list for: others are left out, and counted" {
	feed f "$ndjson" '{"object":{"type":"Event","name":"E","eventType":{"path":"k"},"status":{"path":"s"}}}'
	run --separate-stderr -0 tc-map --owner O --stats s f.json <<<'{"k":"Party","s":"Done"}'
	[ "$(jq -c 'del(.xid)' <<<"$output")" = '{"type":"Event","name":"E"}' ]
	[ "$(jq -c '.lost.members | keys' s)" = '["eventType: not one of the platform'"'"'s words","status: not one of the platform'"'"'s words"]' ]
}

@test "attributes: displayed, pinned, source and labels of their own" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","attribute":[{"type":"Description","value":{"path":"d"},"displayed":true,"pinned":{"path":"p"},
		"source":{"path":"s"},"securityLabel":[{"name":{"path":"tlp"}},{"name":"Ours","color":"00ff00","description":"Our own"}]}]}}'
	run --separate-stderr -0 tc-map f.json <<<'{"d":"bad","p":"yes","s":"a blog","tlp":"red"}'
	[ "$output" = '{"type":"Host","summary":"a.site.com","attribute":[{"type":"Description","value":"bad","displayed":true,"pinned":true,"source":"a blog","securityLabel":[{"name":"Ours","color":"00ff00","description":"Our own"},{"name":"TLP:RED"}]}]}' ]
	run --separate-stderr -0 tc-map f.json <<<'{"tlp":"red"}'
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
}

@test "file occurrences: from a list, with dates; an empty one is none" {
	feed f "$ndjson" '{"object":{"type":"File","sha1":"a9993e364706816aba3e25717850c26c9cd0d89d","fileOccurrence":[
		{"each":"seen","object":{"fileName":{"path":"name"},"path":{"path":"dir"},"date":{"path":"at"}}}]}}'
	run --separate-stderr -0 tc-map f.json <<<'{"seen":[{"name":"b.exe","dir":"C:\\Temp","at":1767312000},{"name":"a.exe"},{},{"at":"never"},{"name":"a.exe"}]}'
	[ "$output" = '{"type":"File","sha1":"a9993e364706816aba3e25717850c26c9cd0d89d","fileOccurrence":[{"fileName":"a.exe"},{"fileName":"b.exe","path":"C:\\Temp","date":"2026-01-02T00:00:00Z"}]}' ]
}

@test "an element whose condition fails, or whose each is no list, is left out and counted; the object stays" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","tag":[{"when":"starts_with(k, '"'x'"')","object":{"name":"one"}},
		{"each":"l","object":{"name":{"path":"@"}}},{"each":"m","when":"contains(@, '"'b'"')","object":{"name":{"path":"@"}}}]}}'
	run --separate-stderr -0 tc-map --stats s f.json <<<'{"k":"xy","l":["two"],"m":["bee","sea"]}'
	[ "$(jq -c '[.tag[].name]' <<<"$output")" = '["bee","one","two"]' ]
	[ "$(jq -c .lost s)" = null ]
	run --separate-stderr -0 tc-map --stats s f.json <<<'{"k":7,"l":"two","m":["bee",5]}'
	[ "$(jq -c '[.tag[].name]' <<<"$output")" = '["bee"]' ]
	[ "$(jq -c .lost.members s)" = '{"tag: the condition failed":2,"tag: each yields no list":1}' ]
}

@test "associations between groups, of groups with indicators, and the other way round" {
	feed f "$ndjson" '{"object":{"type":"Campaign","name":{"path":"c"},"associatedGroupXid":[{"xid":["Malware",{"path":"m"}]},{"xid":["Adversary",{"path":"a"}]}],
		"associatedIndicators":[{"each":"hosts","object":{"summary":{"path":"@"},"indicatorType":"Host"}}]}}'
	run --separate-stderr -0 tc-map --owner O f.json <<<'{"c":"C","m":["X","Y","X"],"hosts":["B.site.com","a.site.com","b.site.com.","no host"]}'
	x() { printf %s "$(printf %s "O-Malware-$1" | sha256sum | cut -c1-64)" | sha256sum | cut -c1-64; }
	[ "$(jq -c .associatedGroupXid <<<"$output")" = "$(printf '%s\n' "$(x X)" "$(x Y)" | sort | jq -Rsc 'split("\n")[:-1]')" ]
	[ "$(jq -c .associatedIndicators <<<"$output")" = '[{"summary":"a.site.com","indicatorType":"Host"},{"summary":"b.site.com","indicatorType":"Host"}]' ]
}

@test "an association of two groups needs no kind; ends by id" {
	feed f "$ndjson" '{"object":{"ref_1":{"xid":["A",{"path":"a"}]},"type_1":"Malware","ref_2":{"xid":["A",{"path":"b"}]},"type_2":"Tool"}}'
	run --separate-stderr -0 tc-map --owner O f.json <<<'{"a":"1","b":"2"}'
	[ "$(jq -c '[.type_1, .type_2] | sort' <<<"$output")" = '["Malware","Tool"]' ]
	feed f "$ndjson" '{"object":{"id_1":{"path":"a"},"type_1":"Host","id_2":{"path":"b"},"type_2":"Address","associationType":"DNS PTR Record"}}'
	run --separate-stderr -0 tc-map f.json <<<'{"a":12,"b":"7"}'
	[ "$(jq -c '[.id_1, .id_2] | sort' <<<"$output")" = '[7,12]' ]
	# an id is never rounded to that of another object
	for a in 1.5 -3 0 '"x"' 1e2; do
		run --separate-stderr -1 tc-map --stats s f.json <<<"{\"a\":$a,\"b\":\"7\"}"
		[ -z "$output" ]
		[ "$(jq -c .rejected s)" = '{"not an id":1}' ]
	done
}

@test "tables: in the definition, or in a file beside it wherever the work is done" {
	mkdir defs
	rule='{"object":{"type":"Host","summary":"a.site.com","tag":[{"name":{"path":"lookup(attack_id(t), '"'attack'"')"}}]}}'
	feed f "$ndjson" "$rule" '"tables":{"attack":{"T1566":"Phishing"}}'
	run --separate-stderr -0 tc-map f.json <<<'{"t":"T1566.001 - x"}'
	[ "$(jq -c .tag <<<"$output")" = null ]
	run --separate-stderr -0 tc-map f.json <<<'{"t":"T1566 - x"}'
	[ "$(jq -c .tag <<<"$output")" = '[{"name":"Phishing"}]' ]
	echo '{"attack":{"T1566":"From a File"}}' >defs/attack.json
	feed g "$ndjson" "$rule" '"tables":"attack.json"'
	mv g.json defs
	run --separate-stderr -0 tc-map defs/g.json <<<'{"t":"T1566"}'
	[ "$(jq -c .tag <<<"$output")" = '[{"name":"From a File"}]' ]
	echo '{"attack":["T1566"]}' >defs/attack.json
	run --separate-stderr -2 tc-map --check defs/g.json
	[ -z "$output" ]
	[[ "$stderr" == *"attack"* ]]
}

@test "32: a tombstone by each policy: dropped, inactive, deleted" {
	printf '%s\n' '{"h":"a.site.com","deleted":true}' '{"h":"b.site.com","deleted":false}' '{"h":"c.site.com"}' >in
	feed f "$ndjson" '{"when":"!deleted","object":{"type":"Host","summary":{"path":"h"}}}'
	run --separate-stderr -0 tc-map f.json <in
	[ "$output" = '{"type":"Host","summary":"b.site.com"}
{"type":"Host","summary":"c.site.com"}' ]
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"active":{"path":"!deleted"}}}'
	run --separate-stderr -0 tc-map f.json <in
	[ "$(jq -c .active <<<"$output" | tr '\n' ' ')" = "false true true " ]
	feed f "$ndjson" '{"when":"!deleted","object":{"type":"Host","summary":{"path":"h"}}},{"when":"deleted","object":{"type":"Host","summary":{"path":"h"},"action":"Delete"}}'
	run --separate-stderr -0 tc-map f.json <in
	[ "${lines[0]}" = '{"type":"Host","summary":"a.site.com","action":"Delete"}' ]
	[ "${#lines[@]}" -eq 3 ]
}

@test "33: hostile JSON on a stack of 256 KiB; numbers stay as they were written" {
	if sanitized; then not_applicable "the sanitizers need more stack"; fi
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"External ID","value":{"path":"id"}}]}}' '"limits":{"max_rejects":"100%"}'
	{
		head -c 61440 /dev/zero | tr '\0' '['; echo
		printf '{"h":'; head -c 61440 /dev/zero | tr '\0' '{'; echo
		for id in 9223372036854775809 -0 1e999 0.1000 1E+2 123456789012345678901234567890; do echo "{\"h\":\"a.site.com\",\"id\":$id}"; done
		printf '{"h":"a.site.com","id":"\xe2\x80\xa8"}\n'
	} >in
	run --separate-stderr -0 bash -c 'ulimit -s 256 && tc-map --stats s f.json <in'
	[ "$(jq -r '.attribute[0].value' <<<"$output" | head -n 6 | tr '\n' ' ')" = "9223372036854775809 -0 1e999 0.1000 1E+2 123456789012345678901234567890 " ]
	[ "$(jq -c .records s)" = '{"read":9,"mapped":7,"dropped":0,"rejected":2}' ]
}

@test "encodings: UTF-16 by its BOM, Latin-1 when told, and only then" {
	feed f '{"format":"csv"}' '{"object":{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Source","value":{"path":"s"}}]}}' '"limits":{"max_rejects":"100%"}'
	printf 'h,s\na.site.com,caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x92\xa9\n' >utf8
	want='{"type":"Host","summary":"a.site.com","attribute":[{"type":"Source","value":"café € 💩"}]}'
	run --separate-stderr -0 tc-map f.json <utf8
	[ "$output" = "$want" ]
	for e in UTF-16LE UTF-16BE; do
		{ [ "$e" = UTF-16LE ] && printf '\xff\xfe' || printf '\xfe\xff'; iconv -f UTF-8 -t "$e" utf8; } >in
		run --separate-stderr -0 tc-map f.json <in
		[ "$output" = "$want" ]
	done
	printf 'h,s\na.site.com,caf\xe9\n' >in
	run --separate-stderr -1 tc-map f.json <in
	[[ "$stderr" == *"invalid UTF-8"* ]]
	feed f '{"format":"csv","encoding":"latin1"}' '{"object":{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Source","value":{"path":"s"}}]}}'
	run --separate-stderr -0 tc-map f.json <in
	[ "$output" = '{"type":"Host","summary":"a.site.com","attribute":[{"type":"Source","value":"café"}]}' ]
}

@test "a trailer: its number is checked, without it the input is cut where it must be there" {
	feed f '{"format":"csv","trailer":"# END","trailer_required":true}' '{"object":{"type":"Host","summary":{"path":"h"}}}'
	printf 'h\na.site.com\nb.site.com\n# END (2) entries' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
	printf 'h\na.site.com\n# END (2) entries' >in
	run --separate-stderr -1 tc-map --stats s f.json <in
	[ "$(jq -r .reason s)" = contract ]
	[[ "$stderr" == *"its trailer in line 3 counts 2 records, 1 came"* ]]
	printf 'h\na.site.com\nb.site.com\n' >in
	run --separate-stderr -1 tc-map --stats s f.json <in
	[ "$(jq -r .reason s)" = contract ]
}

@test "pages: documents and headers repeat, a missing last newline loses nothing" {
	feed f '{"format":"json","records":"data"}' '{"object":{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Source","value":{"path":"$page.n"}}]}}'
	printf '{"n":"p1","data":[{"h":"a.site.com"}]}\n{"n":"p2","data":[]}{"n":"p3","data":[{"h":"b.site.com"},{"h":"c.site.com"}]}' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$(jq -r '"\(.summary) \(.attribute[0].value)"' <<<"$output" | tr '\n' ' ')" = "a.site.com p1 b.site.com p3 c.site.com p3 " ]
	feed f '{"format":"csv"}' '{"object":{"type":"Host","summary":{"path":"h"}}}'
	printf 'x,h\r\n1,a.site.com\r\nx,h\r\n2,b.site.com' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
}

@test "text: hosts files, IP;date, ipsets with inline comments, a pattern with named groups" {
	feed f '{"format":"text","comment":"#","split":" \t","columns":["a","h"]}' '{"object":{"type":"Host","summary":{"path":"h"}}}'
	run --separate-stderr -0 tc-map f.json <<<$'# comment\n0.0.0.0 a.site.com\n127.0.0.1\tb.site.com'
	[ "$(jq -r .summary <<<"$output" | tr '\n' ' ')" = "a.site.com b.site.com " ]
	feed f '{"format":"text","split":";","columns":["ip","date"]}' '{"object":{"type":"Address","summary":{"path":"ip"},"firstSeen":{"path":"date"}}}'
	run --separate-stderr -0 tc-map f.json <<<'8.8.8.8;2026-01-02'
	[ "$output" = '{"type":"Address","summary":"8.8.8.8","firstSeen":"2026-01-02T00:00:00Z"}' ]
	feed f '{"format":"text","comment":"#","inline_comment":";"}' '{"object":{"type":{"detect":"value"}}}'
	run --separate-stderr -0 tc-map f.json <<<$'8.8.8.0/24 ; SBL1\n8.8.4.4'
	[ "$(jq -r .summary <<<"$output" | tr '\n' ' ')" = "8.8.8.0/24 8.8.4.4 " ]
	feed f '{"format":"text","pattern":"(?<host>\\S+) seen (?<date>\\S+)"}' '{"object":{"type":"Host","summary":{"path":"host"},"lastSeen":{"path":"date"}}}' '"limits":{"max_rejects":"100%"}'
	run --separate-stderr -0 tc-map --stats s f.json <<<$'a.site.com seen 2026-01-02\nnothing'
	[ "$output" = '{"type":"Host","summary":"a.site.com","lastSeen":"2026-01-02T00:00:00Z"}' ]
	[ "$(jq -c .records.rejected s)" = 1 ]
}

@test "values as they stand, and padded octets, when the definition says so" {
	feed f "$ndjson" '{"object":{"type":{"path":"t","map":{"u":"URL","a":"Address"}},"summary":{"path":"v"}}}' '"limits":{"max_rejects":"100%"},"values":{"refang":false,"leading_zeros":"decimal"}'
	run --separate-stderr -0 tc-map f.json <<<'{"t":"u","v":"hxxp://a.site.com/"}
{"t":"a","v":"008.008.004.004"}'
	[ "$output" = '{"type":"Address","summary":"8.8.4.4"}' ]
}

@test "scales: a table for words, arithmetic for numbers, the parameter for silence" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","rating":{"path":"sev","map":{"info":1,"high":4},"param":"default_rating"},
		"confidence":{"path":"score * `10`","param":"default_confidence"}}}'
	while IFS='|' read -r in want; do
		run --separate-stderr -0 tc-map --param default_rating=2 --param default_confidence=40 f.json <<<"$in"
		[ "$(jq -c '[.rating, .confidence]' <<<"$output")" = "$want" ] || { echo "$in: $output"; false; }
	done <<'END'
{"sev":"high","score":7.26}|[4,73]
{"sev":"info","score":0}|[1,0]
{"sev":"other","score":11}|[2,100]
END
}

@test "objects that a mapped record did not get are counted by type, however many" {
	feed f "$ndjson" '{"object":{"type":"Report","name":{"path":"n"}}},{"each":"i","object":{"type":{"path":"t","map":{"h":"Host","a":"Address"}},"summary":{"path":"v"}}}'
	jq -cn '{n:"R",i:([range(50)|{t:"h",v:"bad_\(.).site.com"}]+[range(30)|{t:"a",v:"10.0.0.\(.)"}]+[{t:"h",v:"a.site.com"}])}' >in
	run --separate-stderr -0 tc-map --owner O --stats s f.json <in
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -c '[.lost.objects, .lost.dropped]' s)" = '[{"Host: underscore in a host name":50},{"Address: a reserved value":30}]' ]
	run --separate-stderr -0 tc-map --owner O --type Report --stats s f.json <in
	[ "$(jq -c '[.lost.objects, .lost.dropped]' s)" = '[{"Host: underscore in a host name":50},{"Address: a reserved value":30}]' ]
}

@test "groups are mapped but no indicator is valid: exit 3 says so" {
	feed f "$ndjson" '{"object":{"type":"Malware","name":{"path":"m"}}},{"object":{"type":"Host","summary":{"path":"h"}}}'
	printf '{"m":"M%d","host":"a.site.com"}\n' 1 2 3 >in
	run --separate-stderr -3 tc-map --owner O --stats s f.json <in
	[ "${#lines[@]}" -eq 3 ]
	[[ "$stderr" == *"no indicator was valid: 3 objects could not be made of 3 records"*"3 objects, 3 more refused reason=rejects" ]]
	[ "$(jq -r .reason s)" = rejects ]
	# a reserved value is dropped as wanted
	feed g "$ndjson" '{"object":{"type":"Malware","name":{"path":"m"}}},{"object":{"type":"Address","summary":"10.0.0.1"}}'
	run --separate-stderr -0 tc-map --owner O g.json <in
	{ cat in; echo '{"m":"M4","h":"a.site.com"}'; } >some
	run --separate-stderr -0 tc-map --owner O f.json <some
	[[ "$stderr" == *"5 objects, 3 more refused" ]]
}

@test "join of texts and members: the short way and the whole language say the same" {
	# a separator as JSON literal is not put together the short way
	printf '%s\n' '{"a":"x","b":"ü\n\"","e":[{"a":"in"},{"a":null},"text"]}' '{"a":"","b":""}' '{"a":"x"}' '{"a":"x","b":null}' '{"a":"x","b":7}' '{"a":["x"],"b":"y"}' >in
	for sep in '' ', '; do
		rules='{"object":{"type":"Host","summary":"a.site.com","description":{"path":"join(SEP, ['"'A '"', a, '"'-'"', b])","default":"none"}}},
			{"each":"e","object":{"type":"Host","summary":"b.site.com","description":{"path":" join( SEP ,[a,'"''"'] ) "}}}'
		feed short "$ndjson" "${rules//SEP/\'$sep\'}"
		feed whole "$ndjson" "${rules//SEP/\`\\\"$sep\\\"\`}"
		run --separate-stderr -0 tc-map --stats s1 short.json <in
		first=$output
		run --separate-stderr -0 tc-map --stats s2 whole.json <in
		[ "$output" = "$first" ]
		[ "$(jq -c '[.records, .lost]' s1)" = "$(jq -c '[.records, .lost]' s2)" ]
	done
	[ "$(sed -n 1,2p <<<"$first")" = '{"type":"Host","summary":"a.site.com","description":"A , x, -, ü\n\""}
{"type":"Host","summary":"b.site.com","description":"in,"}' ]
	# in CSV a column that is not there is said, and a field that a short record lacks makes none
	feed c '{"format":"csv"}' '{"object":{"type":"Host","summary":{"path":"h"},"description":{"path":"join('"' '"', [h, '"'by'"', who, gone])"}}},{"object":{"type":"Host","summary":"c.site.com","description":{"path":"join('"' '"', [h, who])"}}}'
	run --separate-stderr -0 tc-map c.json <<<$'h,who\na.site.com,me\nb.site.com'
	[[ "$stderr" == *'no column "gone"'* ]]
	[ "$(jq -r 'select(.description).description' <<<"$output")" = 'a.site.com me' ]
}
