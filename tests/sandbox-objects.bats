# tc-sandbox: what it takes, refuses and stores, each rule beside the section of the platform's documents that it stands on.
load helper
load sandbox-calls

@test "values by type: what is taken (data-model.md section 3)" {
	start
	jq -nc '{indicator: [
		["Address","192.0.2.1"], ["Address","2001:db8::1"], ["Address","2001:0db8:0000:0000:0000:0000:0000:0002"],
		["CIDR","192.0.2.0/24"], ["CIDR","2001:db8:1234:0:0:0:0:0/48"], ["Host","a.example.com"], ["Host","xn--bcher-kva.example"],
		["URL","http://example.com/A?b=C"], ["URL","sftp://192.0.2.1:8080/x"], ["URL","https://a_b.sub.example.com/"],
		["EmailAddress","a.b+c@example.com"], ["ASN","ASN12345"], ["Email Subject","Your invoice"], ["Hashtag","#malware"],
		["Mutex","Global\\x"], ["User Agent","Mozilla/5.0"], ["File","d41d8cd98f00b204e9800998ecf8427e"],
		["File","AAAABBBBCCCCDDDDAAAABBBBCCCCDDDD : AAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBB"],
		["Registry Key","HKEY_LOCAL_MACHINE\\Software\\X : Run : REG_SZ"]] | map({type: .[0], summary: .[1]})}' >document
	n=$(jq '.indicator | length' document)
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 $n 0" ]
	# value members in place of summary (batch-api.md section 12)
	batch "$SETTINGS" '{"indicator":[{"type":"Address","ip":"192.0.2.9"},{"type":"EmailAddress","address":"z@example.com"},{"type":"Host","hostName":"z.example.com"},{"type":"URL","text":"http://z.example.com/"},{"type":"ASN","AS Number":"ASN9"},{"type":"CIDR","Block":"198.51.100.0/24"},{"type":"Email Subject","Subject":"s"},{"type":"Hashtag","Hashtag":"#h"},{"type":"Mutex","Mutex":"mm"},{"type":"Registry Key","Key Name":"HKEY_USERS\\x","Value Name":" ","Value Type":"REG_DWORD"},{"type":"User Agent","User Agent String":"ua"},{"type":"File","sha256":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","summary":"ignored"}]}'
	[ "$(counts)" = "Completed 0 12 0" ]
}

@test "values by type: what is refused with 0x1005 (data-model.md section 3, batch-api.md section 7)" {
	start
	jq -nc '{indicator: [
		["Address","::ffff:192.0.2.1"], ["Address","192.0.2.1:80"], ["Address","192.0.2.0/24"], ["Address","fe80::1%eth0"], ["Address","192.0.2.01"],
		["CIDR","2001:db8::/48"], ["CIDR","2001:0db8:0:0:0:0:0:0/32"], ["CIDR","2001:db8:0000:0:0:0:0:0/48"], ["CIDR","192.0.2.1/32"], ["CIDR","192.0.2.0/33"],
		["Host","a_b.example.com"], ["Host","192.0.2.1"], ["Host","*.example.com"], ["Host","a..example.com"], ["Host","-a.example.com"], ["Host","b\u00fccher.example"],
		["Host",("a" * 64) + ".example"], ["URL","example.com/x"], ["URL","http://EXAMPLE.com/"], ["URL","http://user@example.com/"], ["URL","http://example.com/a b"], ["URL","gopher://example.com/"],
		["EmailAddress","a@example"], ["EmailAddress","Joe <joe@example.com>"], ["ASN","AS12345"], ["ASN","12345"], ["ASN","ASN 12345"], ["ASN","ASN012"],
		["Hashtag","two words"], ["Mutex",""], ["File","abc"], ["File",("g" * 32)], ["Registry Key","HKLM\\x : y : REG_SZ"],
		["Registry Key","HKEY_USERS\\x : y : REG_TEXT"], ["Victim","x"]] | map({type: .[0], summary: .[1]})}' >document
	n=$(jq '.indicator | length' document)
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed $n 0 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1005 ]
	[ -z "$(owner)" ]
}

@test "xids must lead somewhere: groups of the same document in any order, or of the owner; else 0x1007 (batch-api.md sections 7 and 9)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"A","type":"Campaign","xid":"a","associatedGroupXid":["b"]},{"name":"B","type":"Malware","xid":"b"},{"name":"C","type":"Malware","xid":"c","associatedGroupXid":["nowhere"]},{"name":"D","type":"Malware","xid":"d","associatedGroupXid":["c"]}],"indicator":[{"type":"Mutex","summary":"m","associatedGroups":[{"groupXid":"d"}]},{"type":"Mutex","summary":"n","associatedGroups":[{"groupXid":"a"}]}]}'
	[ "$(counts)" = "Completed 3 3 0" ]
	[ "$(codes)" = "0x1007 0x1007 0x1007" ]
	# in a later document
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"o","associatedGroups":[{"groupXid":"b"}]}')"
	[ "$(counts)" = "Completed 0 1 0" ]
	# indicators before the groups they name
	batch "$SETTINGS" '{"indicator":[{"type":"Mutex","summary":"p","associatedGroups":[{"groupXid":"late"}]}],"group":[{"name":"L","type":"Malware","xid":"late"}]}'
	[ "$(codes)" = 0x1007 ]
	# a group's indicator that is nowhere
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Malware","xid":"g","associatedIndicators":[{"summary":"o","indicatorType":"Mutex"},{"summary":"gone","indicatorType":"Mutex"}]}]}'
	[ "$(counts)" = "Completed 1 0 0" ]
	[ "$(codes)" = 0x2002 ]
	[ "$(owner | jq -c 'select(.summary=="o").associatedGroups')" = '[{"groupXid":"b"},{"groupXid":"g"}]' ]
}

@test "groups: required members and values, 0x1006 (batch-api.md section 13)" {
	start
	jq -nc '{group: [{type:"Report",xid:"1"}, {name:"n",xid:"2"}, {name:"n",type:"Report"}, {name:"n",type:"Group",xid:"4"},
		{name:("n"*101),type:"Report",xid:"5"}, {name:"n",type:"Email",xid:"6",subject:"s",header:"h"},
		{name:"n",type:"Signature",xid:"7",fileName:"f",fileType:"Nonsense",fileText:"x"},
		{name:"n",type:"Incident",xid:"8",status:"Completed"}, {name:"n",type:"Event",xid:"9",status:"Closed"},
		{name:"n",type:"Document",xid:"10"}, {name:"n",type:"Document",xid:"11",fileName:"f",malware:true}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 11 0 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1006 ]
	jq -nc '{group: [{name:("n"*100),type:"Report",xid:"1",publishDate:"2024-05-01T00:00:00Z"}, {name:"n",type:"Email",xid:"6",subject:"s",header:"h",body:"b"},
		{name:"n",type:"Signature",xid:"7",fileName:"f",fileType:"YARA",fileText:"x"}, {name:"n",type:"Incident",xid:"8",status:"Closed"},
		{name:"n",type:"Document",xid:"11",fileName:"f",malware:true,password:"infected"}, {name:"n",type:"Event",xid:"12",status:null}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 6 0" ]
	# the same xid updates that group, and does not change its type
	batch "$SETTINGS" '{"group":[{"name":"new name","type":"Incident","xid":"8"},{"name":"n","type":"Report","xid":"12"}]}'
	[ "$(counts)" = "Completed 1 1 0" ]
	[ "$(owner | jq -r 'select(.xid=="8").name')" = "new name" ]
}

@test "attributes, tags and labels: unknown types and labels 0x1007, bad parts 0x2001 once (batch-api.md sections 7 and 10, data-model.md section 4)" {
	start --attribute 'Acme Score:5'
	jq -nc '{indicator: [
		{type:"Mutex",summary:"a",attribute:[{type:"No Such Type",value:"v"}]},
		{type:"Mutex",summary:"b",securityLabel:[{name:"NEW"}]},
		{type:"Mutex",summary:"c",securityLabel:[{name:"NEW",color:"ff0000",description:"new"}]},
		{type:"Mutex",summary:"d",securityLabel:[{name:"NEW"},{name:"TLP:AMBER"}]},
		{type:"Mutex",summary:"e",tag:[{name:("t"*129)},{name:"ok"},{name:""}]},
		{type:"Mutex",summary:"f",attribute:[{type:"Acme Score",value:"123456"},{type:"Source",value:"s",displayed:true}]},
		{type:"Mutex",summary:"g",attribute:[{type:"Acme Score",value:""}]},
		{type:"Mutex",summary:"h",rating:6,confidence:40},
		{type:"Mutex",summary:"i",tag:[{name:"Same"},{name:"same"}],rating:3.0}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 6 3 0" ]
	[ "$(codes)" = "0x1007 0x1007 0x2001 0x2001 0x2001 0x2001" ]
	owner >got
	cat >want <<-'END'
	{"type":"Mutex","summary":"c","securityLabel":[{"name":"NEW"}]}
	{"type":"Mutex","summary":"d","securityLabel":[{"name":"NEW"},{"name":"TLP:AMBER"}]}
	{"type":"Mutex","summary":"e","tag":[{"name":"ok"}]}
	{"type":"Mutex","summary":"f","attribute":[{"type":"Source","value":"s","displayed":true}]}
	{"type":"Mutex","summary":"g"}
	{"type":"Mutex","summary":"h","confidence":40}
	{"type":"Mutex","summary":"i","rating":3,"tag":[{"name":"Same"}]}
	END
	diff want got
}

@test "write types: Append without check, Replace, Singleton, Static; tags and labels (batch-api.md section 3)" {
	start
	first='{"type":"Mutex","summary":"m","confidence":50,"attribute":[{"type":"Source","value":"1"},{"type":"External ID","value":"x"}],"tag":[{"name":"A"}]}'
	second='{"type":"Mutex","summary":"m","rating":2,"attribute":[{"type":"Source","value":"2"}],"tag":[{"name":"B"}]}'
	values() { owner | jq -c '[[.attribute[]?.value], [.tag[].name], .rating, .confidence]'; }
	after() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "$first")"
		batch "$(jq -c "$1" <<<"$SETTINGS")" "$(indicators "$second")"
		values
	}
	[ "$(after .)" = '[["2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Append" | .tagWriteType="Append"')" = '[["x","1","2"],["A","B"],2,50]' ]
	batch "$(jq -c '.attributeWriteType="Append"' <<<"$SETTINGS")" "$(indicators "$second")"
	[ "$(values)" = '[["x","1","2","2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Singleton"')" = '[["x","2"],["B"],2,50]' ]
	[ "$(after '.attributeWriteType="Static" | .tagWriteType="Append"')" = '[["x","1"],["A","B"],2,50]' ]
	# an inactive line in a job that touches nothing else
	batch "$(jq -c '.attributeWriteType="Static" | .tagWriteType="Append" | .securityLabelWriteType="Append"' <<<"$SETTINGS")" "$(indicators '{"type":"Mutex","summary":"m","active":false}')"
	[ "$(owner | jq -c '[.active, (.attribute | length), (.tag | length)]')" = '[false,2,2]' ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","active":true}')"
	[ "$(owner)" = '{"type":"Mutex","summary":"m","rating":2,"confidence":50}' ]
}

@test "sending twice leaves what sending once does; description is the Description attribute (batch-api.md section 11)" {
	start
	doc=$(indicators '{"type":"Host","summary":"a.example.com","description":"why","tag":[{"name":"T"}]}')
	batch "$SETTINGS" "$doc"
	owner >once
	batch "$SETTINGS" "$doc"
	owner | diff once -
	[ "$(jq -c .attribute once)" = '[{"type":"Description","value":"why","displayed":true}]' ]
}

H1=aaaabbbbccccddddaaaabbbbccccdddd
H2=1111222233334444111122223333444411112222
H3=9999222233334444111122223333444411112222

@test "files: any shared hash is the file; modes of merging (batch-api.md section 3)" {
	start
	both="{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H2\",\"rating\":4}"
	two() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"rating\":1,\"confidence\":10,\"tag\":[{\"name\":\"A\"}]}")"
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"sha1\":\"$H2\",\"rating\":2,\"tag\":[{\"name\":\"B\"}]}")"
	}
	# case does not make another file
	batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\"}")"
	batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"${H1^^}\"}")"
	[ "$(owner | wc -l)" -eq 1 ]
	# Merge: one is left; lists of all are kept where the write type keeps them
	two
	batch "$(jq -c '.tagWriteType="Append"' <<<"$SETTINGS")" "$(indicators "$both")"
	[ "$(counts)" = "Completed 0 1 0" ]
	[ "$(owner | jq -c '[.md5, .sha1, .rating, .confidence, [.tag[].name]]')" = "[\"$H1\",\"$H2\",4,10,[\"A\",\"B\"]]" ]
	# Distribute: no merge, the metadata goes to every match
	two
	batch "$(jq -c '.fileMergeMode="Distribute"' <<<"$SETTINGS")" "$(indicators "$both")"
	[ "$(owner | jq -c '[.md5, .sha1, .rating]' | sort | paste -sd ' ')" = "[\"$H1\",null,4] [null,\"$H2\",4]" ]
}

@test "files: modes of hash collision (batch-api.md section 3)" {
	start
	after() {
		curl -sS -X POST "$ROOT/sandbox/reset" >/dev/null
		batch "$SETTINGS" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H2\",\"rating\":1}")"
		batch "$(jq -c ".hashCollisionMode=\"$1\"" <<<"$SETTINGS")" "$(indicators "{\"type\":\"File\",\"md5\":\"$H1\",\"sha1\":\"$H3\",\"rating\":5}")"
		owner | jq -c '[.md5, .sha1, .rating]' | paste -sd ' '
	}
	[ "$(after FavorIncoming)" = "[\"$H1\",\"$H3\",5]" ]
	[ "$(after FavorExisting)" = "[\"$H1\",\"$H2\",5]" ]
	[ "$(after IgnoreIncoming)" = "[\"$H1\",\"$H2\",1]" ]
	[ "$(after Split)" = "[\"$H1\",\"$H2\",5]" ]
	[ "$(after IgnoreExisting)" = "[\"$H1\",\"$H2\",1]" ]
	ID=$(curl -sS "$ROOT/sandbox/batches" | jq -s '.[-1].id')
	[ "$(codes)" = 0x2003 ]
}

@test "associations: types, sides, both directions the same (batch-api.md section 9, data-model.md section 8)" {
	start
	jq -nc '{group:[{name:"G",type:"Campaign",xid:"g"}],
		indicator:[{type:"URL",summary:"http://a.example.com/"},{type:"Host",summary:"a.example.com"},{type:"Address",summary:"192.0.2.1"}],
		association:[
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"URL Host"},
		{ref_1:"a.example.com",type_1:"Host",ref_2:"http://a.example.com/",type_2:"URL",associationType:"URL Host"},
		{ref_1:"g",ref_2:"192.0.2.1",type_2:"Address"}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 0 7 0" ]
	owner >got
	cat >want <<-'END'
	{"type":"Campaign","name":"G","xid":"g"}
	{"type":"Address","summary":"192.0.2.1","associatedGroups":[{"groupXid":"g"}]}
	{"type":"Host","summary":"a.example.com"}
	{"type":"URL","summary":"http://a.example.com/"}
	{"ref_1":"a.example.com","type_1":"Host","ref_2":"http://a.example.com/","type_2":"URL","associationType":"URL Host"}
	END
	diff want got
	id=$(curl -sS "$ROOT/sandbox/owner?ids=true" | jq 'select(.type=="Host").id')
	jq -nc --argjson id "$id" '{association:[
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host"},
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"No Such"},
		{ref_1:"http://a.example.com/",type_1:"URL",ref_2:"a.example.com",type_2:"Host",associationType:"ASN to CIDR"},
		{ref_1:"g",ref_2:"a.example.com",type_2:"Host",associationType:"URL Host"},
		{ref_1:"g",ref_2:"a.example.com"},
		{ref_1:"g",ref_2:"gone.example.com",type_2:"Host"},
		{ref_1:"g",ref_2:"wrong",id_2:$id}]}' >document
	batch "$SETTINGS" "$(cat document)"
	[ "$(counts)" = "Completed 6 1 0" ]
	[ "$(codes | tr ' ' '\n' | sort -u)" = 0x1009 ]
	[ "$(owner | jq -c 'select(.summary=="a.example.com").associatedGroups')" = '[{"groupXid":"g"}]' ]
}

@test "Delete: what is there goes with its associations, what is not is 0x1007 or nothing (batch-api.md section 14)" {
	start
	batch "$SETTINGS" '{"group":[{"name":"G","type":"Campaign","xid":"g"}],"indicator":[{"type":"Mutex","summary":"m","associatedGroups":[{"groupXid":"g"}]},{"type":"Mutex","summary":"n","associatedGroups":[{"groupXid":"g"}]}]}'
	batch "$DELETE" '{"group":[{"name":"G","type":"Campaign","xid":"g"}],"indicator":[{"type":"Mutex","summary":"m"},{"type":"Mutex","summary":"gone"}]}'
	[ "$(counts)" = "Completed 1 2 0" ]
	[ "$(codes)" = 0x1007 ]
	[ "$(owner)" = '{"type":"Mutex","summary":"n"}' ]
	stop_sandbox
	start --missing-delete-ok
	batch "$DELETE" "$(indicators '{"type":"Mutex","summary":"gone"}')"
	[ "$(counts)" = "Completed 0 1 0" ]
}

@test "a Contributor adds, but neither deletes nor removes: 0x1002 (batch-api.md sections 1 and 3)" {
	start --role contributor
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","tag":[{"name":"A"}]}')"
	[ "$(counts)" = "Completed 0 1 0" ]
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"m","tag":[{"name":"B"}]}')"
	[ "$(codes)" = 0x1002 ]
	batch "$DELETE" "$(indicators '{"type":"Mutex","summary":"m"}')"
	[ "$(codes)" = 0x1002 ]
	[ "$(owner | jq -r '.tag[].name')" = A ]
}

@test "exclusion list: 0x1005, or in no counter (data-model.md section 3)" {
	printf '192.0.2.0/24\n*.example.net # popular\nexample.org\n' >list
	doc=$(indicators '{"type":"Address","summary":"192.0.2.7"},{"type":"Host","summary":"a.example.net"},{"type":"Host","summary":"example.org"},{"type":"Host","summary":"a.example.com"}')
	start --exclude list
	batch "$SETTINGS" "$doc"
	[ "$(counts)" = "Completed 3 1 0" ]
	[ "$(codes)" = "0x1005 0x1005 0x1005" ]
	stop_sandbox
	start --exclude list --silent-losses
	batch "$SETTINGS" "$doc"
	[ "$(counts)" = "Completed 0 1 0" ]
	[ "$(call GET /v2/batch/1/errors)" = 404 ]
}

@test "indicator limit of the owner: 0x1008 with the critical text, the rest unprocessed (batch-api.md section 7)" {
	start --indicator-limit 2
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"1"},{"type":"Mutex","summary":"2"},{"type":"Mutex","summary":"3"},{"type":"Mutex","summary":"4"}')"
	[ "$(counts)" = "Completed 1 2 1" ]
	[ "$(codes)" = 0x1008 ]
	[[ "$(jq -r '.[0].errorReason' body)" == *"would exceed the number of allowed indicators"* ]]
	# what is there may be updated
	batch "$SETTINGS" "$(indicators '{"type":"Mutex","summary":"1","rating":1}')"
	[ "$(counts)" = "Completed 0 1 0" ]
}
