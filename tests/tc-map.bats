#!/usr/bin/env bats
load helper

# feed NAME PARSE RULES [MEMBERS]: a definition NAME.json
feed() {
	printf '{"id":"%s","name":"Example list","vendor":"Example","parse":%s,"map":[%s]%s}\n' "$1" "$2" "$3" "${4:+,$4}" >"$1.json"
}

ndjson='{"format":"ndjson"}'
urls='{"object":{"type":"URL","summary":{"path":"url"}}}'

# member NAME: of the one line of output
member() { printf '%s\n' "$output" | jq -c "$1"; }

# --- command line ---

@test "no argument: usage on stderr, exit 2, nothing on stdout" {
	run --separate-stderr -2 tc-map
	[ -z "$output" ]
	[[ "$stderr" == *"which feed"* && "$stderr" == *"usage: tc-map [options] FEED [FILE ...]"* ]]
}

@test "-h and -V go to stdout with exit 0" {
	run --separate-stderr -0 tc-map -h
	[[ "$output" == "usage: tc-map [options] FEED"* ]]
	[ -z "$stderr" ]
	run --separate-stderr -0 tc-map -V
	[[ "$output" == "tc-map "* ]]
}

@test "an unknown option, type, limit and parameter form end in exit 2" {
	feed f "$ndjson" "$urls"
	for bad in --nonsense "--type=Victim" "--limit=0" "--limit=x" "--param=novalue"; do
		run --separate-stderr -2 tc-map "$bad" f.json </dev/null
		[ -z "$output" ]
		[ -n "$stderr" ]
	done
}

@test "FEED is looked up in ./feeds, TC_FEEDS and the installed feeds" {
	mkdir feeds more
	feed here "$ndjson" "$urls"; mv here.json feeds
	feed there "$ndjson" "$urls"; mv there.json more
	run --separate-stderr -0 tc-map --check here
	TC_FEEDS=more run --separate-stderr -0 tc-map --check there
	run --separate-stderr -2 tc-map --check there
	[ -z "$output" ]
	[[ "$stderr" == *"no feed definition named there"* ]]
}

@test "the SYNOPSIS of the manual is the usage line" {
	run -0 tc-map -h
	[ "${lines[0]}" = "usage: tc-map [options] FEED [FILE ...]" ]
	grep -q '^\.Op Ar options$' "$TOP/man/tc-map.1"
	grep -q '^\.Ar FEED$' "$TOP/man/tc-map.1"
	grep -q '^\.Op Ar FILE ...$' "$TOP/man/tc-map.1"
}

# --- definitions ---

complains() { # FILE POINTER WORDS
	run --separate-stderr -2 tc-map --check "$1"
	[ -z "$output" ]
	[[ "$stderr" == *"error: $1: $2: "*"$3"* ]] || { echo "$stderr"; return 1; }
}

@test "a missing, unreadable and oversized definition: exit 2, named" {
	run --separate-stderr -2 tc-map --check no/such.json
	[[ "$stderr" == *"no/such.json"*"No such file"* ]]
	mkdir dir.json
	run --separate-stderr -2 tc-map --check ./dir.json
	[[ "$stderr" == *"dir.json"*"directory"* ]]
	head -c 2000000 /dev/zero | tr '\0' ' ' >big.json
	run --separate-stderr -2 tc-map --check big.json
	[[ "$stderr" == *"big.json"*"longer than"* ]]
}

@test "a definition that is not strict JSON is refused with its line" {
	printf '{\n"id":"f",\n"id":"g"}' >dup.json
	run --separate-stderr -2 tc-map --check dup.json
	[[ "$stderr" == *'dup.json: line 3: duplicate key "id"'* ]]
	printf '{"id":"\xc0\x80"}' >utf8.json
	run --separate-stderr -2 tc-map --check utf8.json
	[[ "$stderr" == *"utf8.json: line 1: invalid UTF-8"* ]]
	printf '{"id":"f",}' >comma.json
	run --separate-stderr -2 tc-map --check comma.json
	[[ "$stderr" == *"comma.json: line 1:"* ]]
	printf '{"id\\u0000x":"f"}' >nul.json
	run --separate-stderr -2 tc-map --check nul.json
	printf '[]' >array.json
	run --separate-stderr -2 tc-map --check array.json
	[[ "$stderr" == *"must be an object"* ]]
	printf '\xef\xbb\xbf{"id":"f","parse":{"format":"json"},"map":[{"object":{"type":"Host","summary":{"path":"h"}}}]}' >bom.json
	run --separate-stderr -0 tc-map --check bom.json
}

@test "unknown members are named with pointer and the word that was meant" {
	feed f "$ndjson" "$urls" '"limit":{}'
	complains f.json /limit 'unknown member "limit", did you mean "limits"?'
	feed f "$ndjson" '{"wen":"a","object":{"type":"URL","summary":{"path":"url"}}}'
	complains f.json /map/0/wen 'did you mean "when"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url"},"ratting":1}}'
	complains f.json /map/0/object/ratting 'did you mean "rating"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url","defualt":1}}}'
	complains f.json /map/0/object/summary/defualt 'did you mean "default"?'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"url"},"attribute":[{"type":"Source","value":"x","display":true}]}}'
	complains f.json /map/0/object/attribute/0/display 'did you mean "displayed"?'
	feed f "$ndjson" "$urls" '"delta":{"mising":"keep"}'
	complains f.json /delta/mising 'did you mean "missing"?'
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"size":1}}'
	complains f.json /map/0/object/size 'unknown member "size"'
}

@test "wrong values in every section are refused with their pointer" {
	feed Bad "$ndjson" "$urls"; complains Bad.json /id "a-z, 0-9 and '-' only"
	feed f "$ndjson" "$urls" '"write":"append"'; complains f.json /write '"merge" or "replace"'
	feed f "$ndjson" "$urls" '"values":{"reserved":"yes"}'; complains f.json /values/reserved '"keep" or "drop"'
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"120%"}'; complains f.json /limits/max_rejects 'share'
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":-1}'; complains f.json /limits/max_rejects 'negative'
	feed f "$ndjson" "$urls" '"delta":{"missing":"drop"}'; complains f.json /delta/missing '"inactive"'
	feed f "$ndjson" "$urls" '"delta":{"ignore":["lastSeenn"]}'; complains f.json /delta/ignore/0 'no member of a batch object'
	feed f "$ndjson" "$urls" '"delta":{"ignore":["summary"]}'; complains f.json /delta/ignore/0 'cannot be ignored'
	feed f "$ndjson" "$urls" '"delta":{"refresh":"soon"}'; complains f.json /delta/refresh ''
	feed f "$ndjson" "$urls" '"delta":{"max_missing":{"share":"10"}}'; complains f.json /delta/max_missing/share 'share'
	feed f "$ndjson" '{"object":"URL"}'; complains f.json /map/0/object 'must be of type object'
	feed f "$ndjson" ''; complains f.json /map 'no rule'
	feed f "$ndjson" "$urls" '"tables":"none.json"'; complains f.json /tables 'none.json'
}

@test "types: only the platform's own, a near miss is named, mixed columns need a table" {
	feed f "$ndjson" '{"object":{"type":"url","summary":{"path":"u"}}}'
	complains f.json /map/0/object/type 'did you mean "URL"?'
	feed f "$ndjson" '{"object":{"type":"JA3","summary":{"path":"u"}}}'
	complains f.json /map/0/object/type '"JA3" is not a standard type'
	feed f "$ndjson" '{"object":{"type":{"path":"t"},"summary":{"path":"u"}}}'
	complains f.json /map/0/object/type 'needs a "map"'
	feed f "$ndjson" '{"object":{"type":{"path":"t","map":{"d":"Domain"}},"summary":{"path":"u"}}}'
	complains f.json /map/0/object/type '"Domain" is not a standard type'
	feed f "$ndjson" '{"object":{"summary":{"path":"u"}}}'
	complains f.json /map/0/object '"type" is missing'
	feed f "$ndjson" '{"object":{"type":"Host"}}'
	complains f.json /map/0/object 'the value is missing'
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"a"},"hostName":{"path":"a"}}}'
	complains f.json /map/0/object/hostName 'given twice'
}

@test "expressions: the column of the mistake; unknown functions and variables" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"a.["}}}'
	complains f.json /map/0/object/summary/path 'column'
	feed f "$ndjson" '{"when":"nofunc(a)","object":{"type":"URL","summary":{"path":"a"}}}'
	complains f.json /map/0/when 'nofunc'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"$recrod.a"}}}'
	complains f.json /map/0/object/summary/path 'unknown variable $recrod'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"a","transform":["nofunc"]}}}'
	complains f.json /map/0/object/summary/transform/0 'nofunc'
}

@test "literals must fit their place when the definition is read" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"rating":6}}'
	complains f.json /map/0/object/rating 'between 0 and 5'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"confidence":"high"}}'
	complains f.json /map/0/object/confidence 'not a number'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"firstSeen":"last week or so"}}'
	complains f.json /map/0/object/firstSeen 'not a date'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"tag":{"name":"x"}}}'
	complains f.json /map/0/object/tag 'must be an array'
	feed f "$ndjson" '{"object":{"type":"URL","summary":null}}'
	complains f.json /map/0/object/summary 'null'
}

@test "66: action is a literal and batchId is not for a definition: a feed cannot delete" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":{"path":"a"}}}'
	complains f.json /map/0/object/action 'must be the literal'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":"Remove"}}'
	complains f.json /map/0/object/action 'must be the literal'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"batchId":7}}'
	complains f.json /map/0/object/batchId 'tc-delta alone'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"action":"Delete"}}'
	run --separate-stderr -0 tc-map f.json <<<'{"u":"http://a.site.com/x"}'
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","action":"Delete"}' ]
}

@test "victim data: no type, no attribute, no path leads to it; when may look" {
	feed f "$ndjson" '{"object":{"type":"Victim","name":{"path":"n"}}}'
	complains f.json /map/0/object/type 'victim data'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"attribute":[{"type":"Victim Name","value":{"path":"n"}}]}}'
	complains f.json /map/0/object/attribute/0/type 'victim data'
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"description":{"path":"join('"' '"', [victim, u])"}}}'
	complains f.json /map/0/object/description/path 'victim data'
	feed f "$ndjson" '{"when":"!victim","object":{"type":"URL","summary":{"path":"u"}}}'
	run --separate-stderr -0 tc-map f.json <<<'{"u":"http://a.site.com/x","victim":"Someone Ltd"}'
	[ -z "$output" ]
}

@test "groups: an owner, a name, an xid by parts; associations: two ends and a kind" {
	feed f "$ndjson" '{"object":{"type":"Malware","name":{"path":"n"}}}'
	run --separate-stderr -0 tc-map --check f.json
	run --separate-stderr -2 tc-map f.json <<<'{"n":"X"}'
	[ -z "$output" ]
	[[ "$stderr" == *"need an owner"*"TC_OWNER"* ]]
	feed f "$ndjson" '{"object":{"type":"Malware","xid":{"xid":["a"]}}}'
	complains f.json /map/0/object 'needs a "name"'
	feed f "$ndjson" '{"object":{"type":"Malware","name":{"path":"n"},"xid":{"path":"id"}}}'
	complains f.json /map/0/object/xid 'xids are unique over the whole instance'
	feed f "$ndjson" '{"object":{"type":"Signature","name":{"path":"n"}}}'
	complains f.json /map/0/object 'Signature needs the member "fileName"'
	feed f "$ndjson" '{"object":{"ref_1":{"path":"a"},"type_1":"Host","ref_2":{"path":"b"},"type_2":"Address"}}'
	complains f.json /map/0/object 'associationType'
	feed f "$ndjson" '{"object":{"ref_1":{"path":"a"},"type_1":"Host"}}'
	complains f.json /map/0/object '"ref_2"'
}

@test "parameters: set, unset with default, encrypted ones are refused" {
	feed f "$ndjson" '{"object":{"type":"URL","summary":{"path":"u"},"rating":{"path":"r","param":"default_rating"},"confidence":{"param":"mine","default":5}}}'
	echo '{"u":"http://a.site.com/x"}' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","rating":0,"confidence":5}' ]
	run --separate-stderr -0 tc-map --param default_rating=3 --param mine=60 f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/x","rating":3,"confidence":60}' ]
	# what the source says beats the parameter, 0 included
	run --separate-stderr -0 tc-map --param default_rating=3 f.json <<<'{"u":"http://a.site.com/x","r":0}'
	[ "$(member .rating)" = 0 ]
	umask 077
	echo '{"mine":"hunter2222","secret":["mine"]}' >p.json
	run --separate-stderr -2 tc-map --params p.json f.json <in
	[[ "$stderr" == *'/map/0/object/confidence/param: parameter "mine" is encrypted'* ]]
	[[ "$stderr" != *hunter2222* ]]
}

# --- the language ---

@test "holes: path, default, transform, map with fallback, lists" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h","transform":["trim","lower"]},
		"rating":{"path":"sev","map":{"low":1,"high":4,"*":2}},"confidence":{"path":"c","default":7},
		"tag":[{"name":{"path":"t","transform":[{"split":";"},"trim","upper"]}},{"name":{"path":"k","map":{"1":["One","Uno"]}}}],
		"attribute":[{"type":"Source","value":{"path":"refs"},"displayed":true}]}}'
	run --separate-stderr -0 tc-map f.json <<<'{"h":" A.Site.COM ","sev":"high","t":"a; b ;a","k":1,"refs":["r2","r1","r2"]}'
	[ "$output" = '{"type":"Host","summary":"a.site.com","rating":4,"confidence":7,"attribute":[{"type":"Source","value":"r1","displayed":true},{"type":"Source","value":"r2","displayed":true}],"tag":[{"name":"A"},{"name":"B"},{"name":"One"},{"name":"Uno"}]}' ]
	run --separate-stderr -0 tc-map f.json <<<'{"h":"b.site.com","sev":"odd","c":null}'
	[ "$output" = '{"type":"Host","summary":"b.site.com","rating":2,"confidence":7}' ]
	run --separate-stderr -0 tc-map f.json <<<'{"h":"b.site.com"}'
	[ "$output" = '{"type":"Host","summary":"b.site.com","confidence":7}' ]
}

@test "31: 0, false and \"\" are not missing" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"rating":{"path":"r","default":3},"confidence":{"path":"c","default":50},"active":{"path":"a","default":true}}}'
	run --separate-stderr -0 tc-map f.json <<<'{"h":"a.site.com","r":0,"c":0,"a":false}'
	[ "$output" = '{"type":"Host","summary":"a.site.com","rating":0,"confidence":0,"active":false}' ]
	run --separate-stderr -0 tc-map f.json <<<'{"h":"a.site.com","r":"","c":"","a":null}'
	[ "$output" = '{"type":"Host","summary":"a.site.com","active":true}' ]
}

@test "integers: numeric strings, halves up, clamped for rating and confidence only" {
	feed f "$ndjson" '{"object":{"type":"File","md5":{"path":"m"},"rating":{"path":"r"},"confidence":{"path":"c"},"size":{"path":"s"}}}'
	while IFS='|' read -r in want; do
		run --separate-stderr -0 tc-map f.json <<<'{"m":"0cc175b9c0f1b6a831c399e269772661",'"$in"'}'
		# not through jq, which knows numbers only as doubles
		[ "{$(sed 's/.*"md5":"[0-9a-f]*",\{0,1\}//' <<<"$output")" = "$want" ] || { echo "$in: $output"; false; }
	done <<'END'
"r":2.5|{"rating":3}
"r":"2.4999"|{"rating":2}
"r":" 4 "|{"rating":4}
"r":9,"c":101|{"rating":5,"confidence":100}
"r":-3,"c":-0.4|{"rating":0,"confidence":0}
"c":1e999|{"confidence":100}
"c":5e1|{"confidence":50}
"c":"85%"|{}
"c":true|{}
"c":[5]|{}
"s":"1234567890123456789012"|{}
"s":9007199254740993|{"size":9007199254740993}
"s":-0|{"size":0}
"s":0.05e2|{"size":5}
"s":"0x10"|{}
"s":"NaN"|{}
END
}

@test "dates and booleans from what feeds write" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","firstSeen":{"path":"d"},"active":{"path":"b"}}}'
	while IFS='|' read -r in want; do
		run --separate-stderr -0 tc-map f.json <<<"{$in}"
		[ "$(member 'del(.type,.summary)')" = "$want" ] || { echo "$in: $output"; false; }
	done <<'END'
"d":"2025-04-21 12:35:06"|{"firstSeen":"2025-04-21T12:35:06Z"}
"d":"2025-04-21 12:35:06 UTC"|{"firstSeen":"2025-04-21T12:35:06Z"}
"d":"2024-03-22T20:40:23+02:00"|{"firstSeen":"2024-03-22T18:40:23Z"}
"d":1614556800|{"firstSeen":"2021-03-01T00:00:00Z"}
"d":"1614556800123"|{"firstSeen":"2021-03-01T00:00:00Z"}
"d":"2024-02-29"|{"firstSeen":"2024-02-29T00:00:00Z"}
"d":"2023-02-29 00:00:00"|{}
"d":"0000-00-00 00:00:00"|{}
"d":"1969-12-31 00:00:00"|{}
"d":"2101-01-01 00:00:00"|{}
"d":"yesterday"|{}
"d":true|{}
"b":"Yes"|{"active":true}
"b":"f"|{"active":false}
"b":0|{"active":false}
"b":"maybe"|{}
END
}

@test "a member that fails is left out and counted, a required one rejects the record" {
	feed f "$ndjson" '{"object":{"type":"Email","name":{"path":"n"},"subject":{"path":"s"},"header":"h","body":"b","score":{"path":"c"}}}' '"limits":{"max_rejects":"100%"}'
	run --separate-stderr -0 tc-map --owner O --stats s f.json <<<'{"n":"A","s":"x","c":"none"}
{"n":"B"}'
	[ "$(jq -r .name <<<"$output")" = A ]
	[ "$(jq -c .lost s)" = '{"members":{"score: not a number":1}}' ]
	[ "$(jq -c .rejected s)" = '{"a required member is missing":1}' ]
}

@test "each with \$record, \$page and \$key; nested arrays of elements" {
	feed f '{"format":"json","records":"data.*"}' '{"each":"iocs[?kind]","when":"kind == '"'host'"'","object":{"type":"Host","summary":{"path":"v"},
		"attribute":[{"type":"Source","value":{"path":"$record.ref"}},{"type":"External ID","value":{"path":"$key"}},
		{"type":"Description","value":{"path":"$page.title"}},
		{"each":"notes","when":"@.ok","object":{"type":"Additional Analysis and Context","value":{"path":"text"}}}]}}'
	run --separate-stderr -0 tc-map f.json <<<'{"title":"T","data":{"k1":{"ref":"r","iocs":[{"kind":"host","v":"a.site.com","notes":[{"ok":true,"text":"n1"},{"ok":false,"text":"n2"}]},{"kind":"ip","v":"8.8.8.8"}]}}}'
	[ "$output" = '{"type":"Host","summary":"a.site.com","attribute":[{"type":"Additional Analysis and Context","value":"n1"},{"type":"Description","value":"T"},{"type":"External ID","value":"k1"},{"type":"Source","value":"r"}]}' ]
}

@test "two lists in one element are refused, the object stays" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"attribute":[{"type":{"path":"a"},"value":{"path":"b"}}]}}'
	run --separate-stderr -0 tc-map --stats s f.json <<<'{"h":"a.site.com","a":["x","y"],"b":["1","2"]}'
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
	[ "$(jq -c .lost.members s)" = '{"attribute: two members of one element are lists":1}' ]
}

@test "mixed columns: typed by value, or by a table of the feed's words" {
	feed f "$ndjson" '{"object":{"type":{"detect":"v"},"size":{"path":"n"}}}'
	printf '%s\n' '{"v":"8.8.8.8","n":1}' '{"v":"8.8.8.0/24"}' '{"v":"hxxp://a[.]site.com/x"}' '{"v":"0CC175B9C0F1B6A831C399E269772661","n":5}' '{"v":"a.site.com"}' '{"v":"joe@site.com"}' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$output" = '{"type":"Address","summary":"8.8.8.8"}
{"type":"CIDR","summary":"8.8.8.0/24"}
{"type":"URL","summary":"http://a.site.com/x"}
{"type":"File","md5":"0cc175b9c0f1b6a831c399e269772661","size":5}
{"type":"Host","summary":"a.site.com"}
{"type":"EmailAddress","summary":"joe@site.com"}' ]
	feed f "$ndjson" '{"object":{"type":{"path":"t","map":{"ip":"Address","sha":"File"}},"summary":{"path":"v"}}}' '"limits":{"max_rejects":"100%"}'
	printf '%s\n' '{"t":"ip","v":"8.8.8.8"}' '{"t":"mail","v":"x"}' >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$output" = '{"type":"Address","summary":"8.8.8.8"}' ]
	[ "$(jq -c .rejected s)" = '{"the type is missing":1}' ]
}

@test "28: group xids are frozen; references and groups agree; groups come first" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"associatedGroups":[{"groupXid":{"xid":["Malware",{"path":"fam"}]}}]}},
		{"each":"fam","object":{"type":"Malware","name":{"path":"@"},"xid":{"xid":["Malware",{"path":"@"}]},
		"associatedIndicators":[{"summary":{"path":"$record.h"},"indicatorType":"Host"}]}}'
	run --separate-stderr -0 tc-map --owner 'Example Source' f.json <<<'{"h":"A.site.com","fam":["Emotet","QakBot"]}'
	emotet=$(printf '%s' "$(printf '%s' 'Example Source-Malware-Emotet' | sha256sum | cut -c1-64)" | sha256sum | cut -c1-64)
	qakbot=$(printf '%s' "$(printf '%s' 'Example Source-Malware-QakBot' | sha256sum | cut -c1-64)" | sha256sum | cut -c1-64)
	[ "${lines[0]}" = '{"type":"Malware","name":"Emotet","xid":"'$emotet'","associatedIndicators":[{"summary":"a.site.com","indicatorType":"Host"}]}' ]
	[ "$(jq -r .xid <<<"${lines[1]}")" = "$qakbot" ]
	[ "$(jq -r '.associatedGroups[].groupXid' <<<"${lines[2]}" | sort)" = "$(printf '%s\n' "$emotet" "$qakbot" | sort)" ]
	# without an xid of its own a group's is its type and name; a '-' in a part is escaped
	feed g "$ndjson" '{"object":{"type":"Report","name":{"path":"n"}}}'
	TC_OWNER='Example Source' run --separate-stderr -0 tc-map g.json <<<'{"n":"r-1"}'
	[ "$(member .xid)" = '"18cf9856406c81e08376dfd89d30b403abd46dedcf24c3568ce912a73084daf6"' ]
}

@test "associations: values canonical, ends in one order" {
	feed f "$ndjson" '{"object":{"ref_1":{"path":"a"},"type_1":"Host","ref_2":{"path":"b"},"type_2":"Address","associationType":"DNS PTR Record"}}'
	run --separate-stderr -0 tc-map f.json <<<'{"a":"A.Site.com","b":"8.8.8.8"}'
	[ "$output" = '{"ref_1":"8.8.8.8","type_1":"Address","ref_2":"a.site.com","type_2":"Host","associationType":"DNS PTR Record"}' ]
	run --separate-stderr -1 tc-map f.json <<<'{"a":"A.Site.com","b":"8.8.8"}'
	[ -z "$output" ]
}

@test "labels: TLP in the platform's spelling, only the strictest; others kept with colour" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","securityLabel":[{"name":{"path":"tlp"}},{"name":{"path":"l"},"color":{"path":"c"},"description":"d"}]}}'
	run --separate-stderr -0 tc-map f.json <<<'{"tlp":["WHITE","tlp:amber+strict","TLP:GREEN"],"l":"Ours","c":"#00FF00"}'
	[ "$(member .securityLabel)" = '[{"name":"Ours","color":"00FF00","description":"d"},{"name":"TLP:AMBER+STRICT"}]' ]
	run --separate-stderr -0 tc-map f.json <<<'{"tlp":"white","c":"red"}'
	[ "$(member .securityLabel)" = '[{"name":"TLP:CLEAR"}]' ]
	run --separate-stderr -0 tc-map f.json <<<'{}'
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
}

@test "tags are bare words: prefixes, ids, numbers, dates and the source's names go" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":"a.site.com","tag":[{"name":{"path":"t"}}]}}' '"values":{"stop_tags":["boring"]}'
	run --separate-stderr -0 tc-map --stats s f.json <<<'{"t":["#elf","ELF","\"Quoted\"","a   b","Example","example-list","list","Boring","2024-05-01","12345","acme:x","tlp:red","T1566","T1566.001 - Spearphishing Link","Caf\u00e9","", " "]}'
	[ "$(member '[.tag[].name]')" = '["a b","Café","ELF","Quoted","Spearphishing Link"]' ]
	[ "$(jq -c .lost.tags s)" = '{"tag: on the stop list":4,"tag: a number or date":2,"tag: has a prefix":2,"tag: an id, not a word":1}' ]
}

@test "30: lengths at the edge, cut on a character with a mark, and counted" {
	feed f "$ndjson" '{"object":{"type":"Report","name":{"path":"n"},"tag":[{"name":{"path":"t"}}],"attribute":[{"type":"Aliases","value":{"path":"a"}}]}}'
	row() { jq -cn --argjson t "$1" --argjson a "$2" --argjson n "$3" '{n:("ä"*$n),t:("é"*$t),a:("ü"*$a)}'; }
	row 127 500 100 >r; row 128 501 101 >>r; row 129 502 200 >>r
	run --separate-stderr -0 tc-map --owner O --stats s f.json <r
	[ "$(jq -sc '[.[].name|length]' <<<"$output")" = '[100,100,100]' ]
	[ "$(jq -sc '[.[].name|endswith(" ...")]' <<<"$output")" = '[false,true,true]' ]
	[ "$(jq -sc '[.[].tag|length]' <<<"$output")" = '[1,1,0]' ]
	[ "$(jq -sc '[.[].attribute[0].value|length]' <<<"$output")" = '[500,500,500]' ]
	[ "$(jq -sc '[.[].attribute[0].value|endswith("...")]' <<<"$output")" = '[false,true,true]' ]
	[ "$(jq -cS .lost s)" = '{"cut":{"attribute value: too long":2,"name: too long":2},"tags":{"tag: longer than 128 characters":1}}' ]
	feed g "$ndjson" '{"object":{"type":"Report","name":{"path":"n"}}}'
	run --separate-stderr -0 tc-map --owner O g.json <<<'{"n":"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"}'
	[ "$(member .name)" = '"one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ..."' ]
}

@test "values: canonical forms by type; hashes by length; registry keys; ASN" {
	while IFS='|' read -r type in want; do
		feed v "$ndjson" '{"object":{"type":"'"$type"'","summary":{"path":"v"}}}'
		run --separate-stderr -0 tc-map v.json <<<'{"v":"'"$in"'"}'
		[ "$(member 'del(.type)')" = "$want" ] || { echo "$type $in: $output"; false; }
	done <<'END'
URL|HXXPS://WWW[.]Site.COM/A%20b?C=d|{"summary":"https://www.site.com/A%20b?C=d"}
Host|Site.COM.|{"summary":"site.com"}
Host|bücher.de|{"summary":"xn--bcher-kva.de"}
Address|2A00:1450:0:0::1|{"summary":"2a00:1450::1"}
CIDR|8.8.8.9/24|{"summary":"8.8.8.0/24"}
CIDR|8.8.8.9/32|{"summary":"8.8.8.9"}
CIDR|2a00:1450::/32|{"summary":"2a00:1450:0:0:0:0:0:0/32"}
ASN|AS13335|{"summary":"ASN13335"}
EmailAddress|mailto:Joe@Site.com|{"summary":"joe@site.com"}
File|0CC175B9C0F1B6A831C399E269772661|{"md5":"0cc175b9c0f1b6a831c399e269772661"}
Registry Key|HKLM\\Software\\X|{"Key Name":"HKEY_LOCAL_MACHINE\\Software\\X","Value Name":" "}
Hashtag|opx|{"summary":"#opx"}
END
	feed v "$ndjson" '{"object":{"type":"Host","hostName":{"path":"v"}}}'
	run --separate-stderr -0 tc-map v.json <<<'{"v":"site.com"}'
	[ "$output" = '{"type":"Host","summary":"site.com"}' ]
}

@test "25, P8: near misses are rejected one by one with a reason, neighbours pass" {
	feed f "$ndjson" '{"object":{"type":{"path":"t","map":{"h":"Host","a":"Address","u":"URL","f":"File","c":"CIDR"}},"summary":{"path":"v"}}}' '"limits":{"max_rejects":"100%"}'
	{
		echo '{"t":"h","v":"first.site.com"}'
		for v in '*' 'x' '*.site.com' 'a..b.com' '-a.com' 'a_b.com' 'localhost' '8.8.8.8' 'a b.com' 'exa\u0007mple.com'; do echo '{"t":"h","v":"'"$v"'"}'; done
		for v in '8.8.8' '8.8.8.256' '8.8.8.8 8.8.4.4' '08.8.8.8' '8.8.8.8:80' '::ffff:1.2.3.4' 'fe80::1%eth0'; do echo '{"t":"a","v":"'"$v"'"}'; done
		for v in 'site.com/x' 'tcp://site.com/' 'http://' 'http://a b/' 'http://site.com:99999/'; do echo '{"t":"u","v":"'"$v"'"}'; done
		for v in 'd41d8cd98f00b204e9800998ecf8427e' '00000000000000000000000000000000' 'abc' 'zcc175b9c0f1b6a831c399e269772661'; do echo '{"t":"f","v":"'"$v"'"}'; done
		for v in '8.8.8.8/33' '8.8.8.8' '2001::/129'; do echo '{"t":"c","v":"'"$v"'"}'; done
		echo '{"t":"h","v":"last.site.com"}'
	} >in
	run --separate-stderr -0 tc-map --rejects rj --stats s f.json <in
	[ "$output" = '{"type":"Host","summary":"first.site.com"}
{"type":"Host","summary":"last.site.com"}' ]
	[ "$(jq -c .records s)" = '{"read":31,"mapped":2,"dropped":0,"rejected":29}' ]
	[ "$(wc -l <rj)" -eq 29 ]
	[ "$(jq -s 'map(.reason)|all(length>0)' rj)" = true ]
}

@test "private, reserved and documentation values are dropped, or kept when told" {
	feed f "$ndjson" '{"object":{"type":{"detect":"v"}}}'
	printf '{"v":"%s"}\n' 10.0.0.1 192.0.2.1 192.168.0.0/16 2001:db8::1 http://192.0.2.1/x a.example b.local 8.8.8.8 >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$output" = '{"type":"Address","summary":"8.8.8.8"}' ]
	[ "$(jq -c '[.records.dropped,.dropped]' s)" = '[7,{"a reserved value":7}]' ]
	feed f "$ndjson" '{"object":{"type":{"detect":"v"}}}' '"values":{"reserved":"keep"}'
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 8 ]
}

@test "--type and --limit: less of it, counted as dropped, said in the summary" {
	feed f "$ndjson" '{"object":{"type":{"detect":"v"}}}'
	printf '{"v":"%s"}\n' 8.8.8.8 a.site.com 8.8.4.4 >in
	run --separate-stderr -0 tc-map --type Host,URL --stats s f.json <in
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
	[ "$(jq -c '[.records,.dropped]' s)" = '[{"read":3,"mapped":1,"dropped":2,"rejected":0},{"a type that is not asked for":2}]' ]
	[[ "$stderr" == *"limited: not the whole feed"* ]]
	run --separate-stderr -0 tc-map --limit 1 f.json <in
	[ "$output" = '{"type":"Address","summary":"8.8.8.8"}' ]
	[[ "$stderr" == *"limited: not the whole feed"* ]]
}

@test "--explain says which rule made what, what when refused, and why a value was lost" {
	feed f "$ndjson" '{"when":"kind == '"'a'"'","object":{"type":"Host","summary":{"path":"h"},"rating":{"path":"r"}}},{"object":{"type":"URL","summary":{"path":"u"}}}' '"limits":{"max_rejects":"100%"}'
	run --separate-stderr -0 tc-map --explain f.json <<<'{"kind":"a","h":"a.site.com","r":"high","u":"site.com/x"}
{"kind":"b","u":"http://a.site.com/\u001b[31m"}
{"u":"http://a.site.com/y"}'
	[ "${lines[1]}" = '  /map/0/object/rating lost: not a number: high' ]
	[ "${lines[2]}" = '  /map/0 made: {"type":"Host","summary":"a.site.com","rating":null}' ] || [ "${lines[2]}" = '  /map/0 made: {"type":"Host","summary":"a.site.com"}' ]
	[ "${lines[3]}" = '  /map/1/object/summary refused: no scheme: site.com/x' ]
	[ "${lines[5]}" = "  /map/0/when no: when said no: kind == 'a'" ]
	[[ "$output" == *'/map/1 made: {"type":"URL","summary":"http://a.site.com/y"}'* ]]
	[[ "$output" != *$'\033'* ]]
}

# --- counts, rejects, exits ---

@test "57: read = mapped + dropped + rejected, whatever comes" {
	feed f '{"format":"csv"}' '{"when":"s != '"'off'"'","object":{"type":"Address","summary":{"path":"ip"}}}' '"limits":{"max_rejects":"100%"}'
	awk 'BEGIN { srand(7); print "ip,s"; for (i = 0; i < 3000; i++) { r = int(rand() * 6); print (r == 0 ? "10.0.0." i % 200 : r == 1 ? "junk" : r == 2 ? "8.8.8.8,on,extra,field" : "8.8." int(i / 250) "." i % 250) "," (r == 4 ? "off" : "on") } }' >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$(jq '.records | .read == .mapped + .dropped + .rejected and .read == 3000 and .mapped > 0 and .dropped > 0 and .rejected > 0' s)" = true ]
	[ "$(jq '(.records.dropped == ([.dropped[]]|add)) and (.records.rejected == ([.rejected[]]|add))' s)" = true ]
	[ "$(jq .objects.emitted s)" = "${#lines[@]}" ]
}

@test "23: one bad of 1000 stays within max_rejects; twenty do not: exit 3, the rest written" {
	feed f "$ndjson" "$urls"
	awk 'BEGIN { for (i = 0; i < 999; i++) print "{\"url\":\"http://a.site.com/" i "\"}"; print "{\"url\":\"bad\"}" }' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 999 ]
	for i in $(seq 20); do echo '{"url":"bad"}'; done >>in
	run --separate-stderr -3 tc-map --stats s f.json <in
	[ "${#lines[@]}" -eq 999 ]
	[[ "$stderr" == *"21 of 1020 records rejected, more than max_rejects allows"*"reason=rejects"* ]]
	[ "$(jq -r .reason s)" = rejects ]
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":{"share":"50%","count":20}}'
	run --separate-stderr -3 tc-map f.json <in
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":21}'
	run --separate-stderr -0 tc-map f.json <in
}

@test "P9: 1,000 of 1,000 rejected is exit 1 and says that mapping or feed changed" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	for i in $(seq 1000); do echo '{"link":"http://a.site.com/'"$i"'"}'; done >in
	run --separate-stderr -1 tc-map f.json <in
	[ -z "$output" ]
	[[ "$stderr" == *"1000 of 1000 records rejected: the mapping or the feed has changed"*"reason=contract"* ]]
	# ten are named, not a thousand
	[ "$(grep -c 'is rejected' <<<"$stderr")" -eq 10 ]
}

@test "a condition that fails rejects its record instead of dropping it as wanted" {
	feed f "$ndjson" '{"when":"starts_with(kind, '"'a'"')","object":{"type":"URL","summary":{"path":"url"}}}'
	run --separate-stderr -1 tc-map --stats s f.json <<<'{"url":"http://a.site.com/"}'
	[ -z "$output" ]
	[ "$(jq -c .rejected s)" = '{"the condition failed":1}' ]
}

@test "the rejects file: place, reason, content made safe; 0600 whatever the umask; unwritable is exit 1" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	printf '{"url":"http://a.site.com/"}\n{"url":"\\u001b[31m\xe2\x80\xaex"}\nnot json \x1b[0m\xff\n' >in
	umask 000
	run --separate-stderr -0 tc-map --rejects rj f.json <in
	[ "$(stat -c %a rj)" = 600 ]
	[ "$(jq -c 'del(.reason,.content,.bytes)' rj)" = '{"feed":"f","page":1,"record":2,"line":2,"byte":29}
{"feed":"f","page":1,"record":3,"line":3,"byte":54}' ]
	run ! grep -q -e $'\033' -e $'\xe2\x80\xae' -e $'\xff' rj
	run ! grep -q $'\033' <<<"$stderr"
	run --separate-stderr -1 tc-map --rejects /no/such/dir/rj f.json <in
	[[ "$stderr" == *"/no/such/dir/rj"* ]]
}

# --- bad input ---

three() { # DEFECT: line 2 of 3; lines 1 and 3 pass, exit 3
	{ echo '{"url":"http://a.site.com/1"}'; printf "$1"; echo; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map --rejects rj f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/1"}
{"type":"URL","summary":"http://a.site.com/3"}' ] || { echo "$output"; return 1; }
	[ "$(jq -r .line rj)" = 2 ]
}

@test "19, 33, 59, 60, P2-P7: one hostile line costs itself and nothing else" {
	feed f "$ndjson" "$urls"
	three '{"url":"http://a.site.com/\xff"}'
	three '{"url":"http://a.site.com/\xc0\x80"}'
	three '{"url":"http://a.site.com/\xed\xa0\x80"}'
	three '{"url":"http://a.site.com/\\ud800"}'
	three '{"url":"http://a.site.com/\\u0000x"}'
	three '{"url":"http://a.site.com/","url\\u0000x":"http://b.site.com/"}'
	three '{"url":"http://a.site.com/","url":"http://b.site.com/"}'
	three '{"url":"http://a.site.com/",}'
	three '{"url":"http://a.site.com/","n":NaN}'
	three '{"url":"http://a.site.com/","n":01}'
	three '{"url":"http://a.site.com/\t"}'
	three "$(head -c 100 /dev/zero | tr '\0' '[')"
	three "$(head -c 100000 /dev/zero | tr '\0' '[')"
	{ echo '{"url":"http://a.site.com/1"}'; printf '{"url":"http://a.site.com/\0"}\n'; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
}

@test "P1: a line of 5 MB is one rejected record; an object over 1 MiB too" {
	feed f "$ndjson" "$urls"
	{ echo '{"url":"http://a.site.com/1"}'; printf '{"url":"'; head -c 5000000 /dev/zero | tr '\0' a; echo '"}'; echo '{"url":"http://a.site.com/3"}'; } >in
	run --separate-stderr -3 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *"record 2 (page 1, line 2, byte 30) is rejected: record of 5000010 bytes is over 4194304"* ]]
	feed g "$ndjson" '{"object":{"type":"Signature","name":"s","fileName":"f","fileType":"YARA","fileText":{"path":"t"}}}' '"limits":{"max_rejects":"100%"}'
	{ printf '{"t":"'; head -c 1500000 /dev/zero | tr '\0' a; echo '"}'; echo '{"t":"rule"}'; } >in
	run --separate-stderr -0 tc-map --owner O --stats s g.json <in
	[ "${#lines[@]}" -eq 1 ]
	[ "$(jq -c .rejected s)" = '{"a line over 1 MiB":1}' ]
}

@test "P6: BOM and CRLF are taken" {
	feed f "$ndjson" "$urls"
	printf '\xef\xbb\xbf{"url":"http://a.site.com/1"}\r\n{"url":"http://a.site.com/2"}\r\n' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "${#lines[@]}" -eq 2 ]
}

@test "a record that explodes is one rejected record" {
	feed f "$ndjson" '{"each":"a","object":{"type":"URL","summary":{"path":"@"}}}' '"limits":{"max_rejects":"100%"}'
	jq -cn '{a:[range(10001)|"http://a.site.com/\(.)"]},{a:["http://b.site.com/"]}' >in
	run --separate-stderr -0 tc-map --stats s f.json <in
	[ "$output" = '{"type":"URL","summary":"http://b.site.com/"}' ]
	[ "$(jq -c .rejected s)" = '{"the record makes more than fits":1}' ]
	[ "$(jq -c .objects s)" = '{"URL":1,"emitted":1}' ]
}

@test "a stray quote in line 2 of a CSV costs its record" {
	feed f '{"format":"csv"}' "$urls"
	printf 'id,url\n"1"x,"http://a.site.com/1"\n"2","http://a.site.com/2"\n"3","http://a.site.com/3"\n' >in
	run --separate-stderr -3 tc-map f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/2"}
{"type":"URL","summary":"http://a.site.com/3"}' ]
	[[ "$stderr" == *"line 2"* ]]
}

@test "a feed cut in the middle is exit 1 contract; what was whole before is written" {
	feed f '{"format":"json","records":"data"}' "$urls"
	printf '{"data":[{"url":"http://a.site.com/1"},{"url":"http://a.si' >in
	run --separate-stderr -1 tc-map --stats s f.json <in
	[ "$output" = '{"type":"URL","summary":"http://a.site.com/1"}' ]
	[[ "$stderr" == *"ends in the middle"*"reason=contract"* ]]
	feed g "$ndjson" "$urls"
	printf '{"url":"http://a.site.com/1"}\n{"url":"http://a.si' >in
	run --separate-stderr -1 tc-map g.json <in
}

@test "an empty input is no records and exit 0; a missing file is exit 2" {
	feed f "$ndjson" "$urls"
	run --separate-stderr -0 tc-map f.json </dev/null
	[ -z "$output" ]
	[[ "$stderr" == *"0 records read"* ]]
	run --separate-stderr -2 tc-map f.json no-such-file
	[ -z "$output" ]
	[[ "$stderr" == *"no-such-file"* ]]
}

@test "a column that the feed does not have is said once" {
	feed f '{"format":"csv"}' '{"object":{"type":"URL","summary":{"path":"url"},"description":{"path":"gone"},"tag":[{"name":{"path":"gone"}}]}}'
	printf 'url\nhttp://a.site.com/1\nhttp://a.site.com/2\n' >in
	run --separate-stderr -0 tc-map f.json <in
	[ "$(grep -c 'the feed has no column "gone"' <<<"$stderr")" -eq 1 ]
	[[ "$stderr" == *"f.json: /map/0/object/"* ]]
}

@test "named files are read in turn and named in the rejects" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	echo '{"url":"http://a.site.com/1"}' >one
	printf '{"url":"bad"}\n{"url":"http://a.site.com/2"}\n' >two
	run --separate-stderr -0 tc-map --rejects rj f.json one two
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -r .input rj)" = two ]
}

@test "a full disk and a reader that goes away: exit 1, said once" {
	feed f "$ndjson" "$urls"
	awk 'BEGIN { for (i = 0; i < 20000; i++) print "{\"url\":\"http://a.site.com/" i "\"}" }' >in
	run -1 bash -c 'tc-map f.json <in 2>err >/dev/full'
	grep -q 'error: cannot write standard output: No space left on device' err
	run -0 bash -c 'set +o pipefail; { tc-map f.json <in 2>err; echo $? >code; } | head -n 1 >/dev/null'
	[ "$(cat code)" = 1 ]
	[ "$(grep -c 'the reader of standard output went away' err)" = 1 ]
}

@test "61: the locale changes nothing" {
	feed f "$ndjson" '{"object":{"type":"Host","summary":{"path":"h"},"confidence":{"path":"c"},"attribute":[{"type":"Source","value":{"path":"n"}}]}}'
	echo '{"h":"I.Site.com","c":"49.5","n":1.5e-3}' >in
	run --separate-stderr -0 tc-map f.json <in
	first=$output
	for l in de_DE.UTF-8 tr_TR.UTF-8 C.UTF-8 nonsense; do
		LC_ALL=$l run --separate-stderr -0 tc-map f.json <in
		[ "$output" = "$first" ]
	done
	[ "$first" = '{"type":"Host","summary":"i.site.com","confidence":50,"attribute":[{"type":"Source","value":"1.5e-3"}]}' ]
}

@test "depth at the limit: 64 levels pass, 65 do not" {
	feed f "$ndjson" "$urls" '"limits":{"max_rejects":"100%"}'
	deep() { printf '{"url":"http://a.site.com/","a":'; head -c "$1" /dev/zero | tr '\0' '['; head -c "$1" /dev/zero | tr '\0' ']'; echo '}'; }
	deep 63 >in
	run --separate-stderr -0 tc-map f.json <in
	deep 64 >in
	run --separate-stderr -1 tc-map f.json <in
	[[ "$stderr" == *"nesting over 64"* ]]
}

# --- the example, real captures ---

@test "the example feed: 2,000 records in the true format" {
	run --separate-stderr -0 tc-map --stats s "$TOP/feeds/example-urls.json" "$FIXTURES/example-urls.csv"
	[ "$(jq -c .records s)" = '{"read":2000,"mapped":1960,"dropped":32,"rejected":8}' ]
	[ "${lines[2]}" = '{"type":"URL","summary":"http://192.0.2.4:1135/invoice.zip","rating":3,"confidence":90,"lastSeen":"2026-01-15T23:59:39Z","externalDateAdded":"2026-01-15T23:59:39Z","attribute":[{"type":"Description","value":"URL listed for malware_download, reported by abuse_desk","displayed":true},{"type":"Source","value":"https://feed.example/url/901998/","displayed":true}],"tag":[{"name":"doc"},{"name":"Dridex"},{"name":"macro"}]}' ]
	printf '%s\n' "$output" | jq -c . >canon
	printf '%s\n' "$output" | cmp - canon
	run --separate-stderr -0 tc-map "$TOP/feeds/example-urls.json" "$FIXTURES/example-urls-day2.csv"
	[ "${#lines[@]}" -eq 1960 ]
}

# capture DEFINITION FILE: records read, mapped, dropped, rejected; distinct values
capture() {
	tc-map --owner O --log-level error --stats s "$1" "$SHARED/feeds/$2" >out || return 1
	jq -rj '.records | "\(.read) \(.mapped) \(.dropped) \(.rejected) "' s
	jq -r '.summary // .sha256 // .sha1 // .md5 // .name' out | sort -u | wc -l
}

@test "captures: counts agree with independent ones" {
	need_shared feeds/abusech-urlhaus/urlhaus-2025-04-21.csv
	feed f '{"format":"csv"}' "$urls"
	[ "$(capture f.json abusech-urlhaus/urlhaus-2025-04-21.csv)" = "11125 11125 0 0 11125" ]
	feed f '{"format":"csv","comment":"#","trailer":"# END"}' '{"object":{"type":"Address","summary":{"path":"dst_ip"}}}'
	[ "$(capture f.json abusech-feodo/ipblocklist-2021-10-25.csv)" = "470 470 0 0 448" ]
	[ "$(capture f.json abusech-feodo/ipblocklist-2021-12-20.csv)" = "750 750 0 0 728" ]
	feed f '{"format":"csv","header":"comment","trailer":"# END"}' '{"object":{"type":"File","sha1":{"path":"SHA1"}}}'
	[ "$(capture f.json abusech-sslbl/sslblacklist.csv)" = "5522 5522 0 0 5522" ]
	feed f "$ndjson" '{"when":"cidr","object":{"type":"CIDR","summary":{"path":"cidr"}}}'
	[ "$(capture f.json spamhaus-drop/drop_v4-2025-04-15.json)" = "1407 1406 1 0 1406" ]
	[ "$(capture f.json spamhaus-drop/drop_v4-2026-07-23.json)" = "1671 1670 1 0 1669" ]
	feed f '{"format":"text","comment":"#","split":";","columns":["hash","comment"]}' '{"object":{"type":"File","summary":{"path":"hash"}}}'
	[ "$(capture f.json neo23x0/hash-iocs.txt)" = "3224 3224 0 0 3053" ]
	feed f '{"format":"text","comment":"#","split":";","columns":["v","score"]}' '{"object":{"type":{"detect":"v"}}}'
	[ "$(capture f.json neo23x0/c2-iocs.txt)" = "1844 1844 0 0 1773" ]
	feed f '{"format":"text","comment":"#","split":" \t","columns":["a","host"]}' '{"object":{"type":"Host","summary":{"path":"host"}}}'
	[ "$(capture f.json hosts-digitalside/hosts)" = "2211 2211 0 0 2211" ]
	[ "$(capture f.json hosts-digitalside/hosts-add.Risk)" = "2189 2189 0 0 2189" ]
}

@test "captures: the large text lists; ThreatFox's map of arrays; KEV as JSON and as CSV is one" {
	need_shared feeds/ipsum/ipsum.txt
	feed f '{"format":"text","comment":"#"}' '{"object":{"type":{"detect":"value"}}}' '"values":{"reserved":"keep"}'
	[ "$(capture f.json firehol-ipsets/firehol_level1.netset)" = "2511 2511 0 0 2511" ]
	[ "$(capture f.json firehol-ipsets/stopforumspam_90d.ipset)" = "205637 205637 0 0 205637" ]
	feed f '{"format":"text","comment":"#","split":"\t","columns":["ip","n"]}' '{"object":{"type":"Address","summary":{"path":"ip"}}}'
	[ "$(capture f.json ipsum/ipsum.txt)" = "120430 120430 0 0 120430" ]
	feed f '{"format":"json","records":"*[]"}' '{"object":{"type":{"path":"ioc_type","map":{"ip:port":"Address","domain":"Host","url":"URL","sha256_hash":"File"}},
		"summary":{"path":"ioc_type == '"'ip:port'"' && before(ioc_value, '"':'"') || ioc_value"}}}'
	capture f.json abusech-threatfox/recent-2026-07-22T1939.json
	# 2,494 ip:port (one of them private), 1,180 domains, 165 URLs (one is tcp://), 15 files
	[ "$(jq -c '[.records.read,.objects.Address,.objects.Host,.objects.URL,.objects.File,.dropped,.rejected]' s)" = '[3854,2493,1180,164,15,{"a reserved value":1},{"scheme is not http, https, ftp or sftp":1}]' ]
	rule='{"object":{"type":"Vulnerability","name":{"path":"cveID"},"attribute":[{"type":"Description","value":{"path":"shortDescription"}}],"externalDateAdded":{"path":"dateAdded"}}}'
	feed f '{"format":"json","records":"vulnerabilities"}' "$rule"
	[ "$(capture f.json cisa-kev/known_exploited_vulnerabilities.json)" = "1404 1404 0 0 1404" ]
	sort out >json
	feed f '{"format":"csv"}' "$rule"
	[ "$(capture f.json cisa-kev/known_exploited_vulnerabilities.csv)" = "1404 1404 0 0 1404" ]
	sort out | cmp - json
}

@test "tc-feed(5): its example is a good definition and makes what the page says" {
	need_tool mandoc
	man=$TOP/man/tc-feed.5
	awk '/^\.Bd/ { on = 1; n++; next } /^\.Ed/ { on = 0 } on { gsub(/\\e/, "\\"); print >("block" n) }' "$man"
	def=$(grep -l acme-urls block*)
	rec=$(grep -l '^{"url": "hxxp' block*)
	mv "$def" acme.json
	run --separate-stderr -0 tc-map --check acme.json
	jq -c '{data:[.]}' "$rec" >in
	run --separate-stderr -0 tc-map --owner 'Example Source' acme.json in
	grep -qF "$(cut -c1-44 <<<"${lines[0]}")" "$man"
	[[ "${lines[1]}" == '{"type":"URL","summary":"http://bad.site.com/x","rating":4,"confidence":80,'* ]]
	grep -qF "$(cut -c1-75 <<<"${lines[1]}")" "$man"
	mandoc -Tlint -Wwarning "$man" "$TOP/man/tc-map.1"
}

@test "tc-map(1): its examples work" {
	cd "$TOP"
	run --separate-stderr -0 tc-map --check feeds/example-urls.json
	run --separate-stderr -0 bash -c "tc-map --log-level error feeds/example-urls.json tests/fixtures/example-urls.csv | head -n 1 | jq -r .summary"
	[ "$output" = "$(grep '^http://cdn1' man/tc-map.1)" ]
}
