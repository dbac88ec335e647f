# What a definition makes of a record: holes, types, groups and associations, tags and labels, values. (Member by member: tc-map-fields.bats.)
load helper
load map

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
	# blanks around a part, or around a name, make no other group
	run --separate-stderr -0 tc-map --owner 'Example Source' f.json <<<'{"h":"A.site.com","fam":[" Emotet","Emotet\t"]}'
	[ "$(jq -r '.xid // .associatedGroups[].groupXid' <<<"$output" | sort -u)" = "$emotet" ]
	# without an xid of its own a group's is its type and name; a '-' in a part is escaped
	feed g "$ndjson" '{"object":{"type":"Report","name":{"path":"n"}}}'
	TC_OWNER='Example Source' run --separate-stderr -0 tc-map g.json <<<'{"n":"r-1"}'
	[ "$(member .xid)" = '"18cf9856406c81e08376dfd89d30b403abd46dedcf24c3568ce912a73084daf6"' ]
	TC_OWNER='Example Source' run --separate-stderr -0 tc-map g.json <<<'{"n":" r-1 "}'
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
