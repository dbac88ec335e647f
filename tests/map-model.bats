#!/usr/bin/env bats
# The platform's tables, row by row: the data model (sections 3 to 8) and the batch file (sections 10 to 13).
# Where the documents lie beside the checkout, a row that they have and these tests do not is a failure.
load helper

# object JSON [RECORD]: maps one record by one rule; the object in $output, the counts in s.
object() {
	printf '{"id":"list","name":"Sample list","vendor":"Sample","parse":{"format":"ndjson"},"map":[{"object":%s}],"limits":{"max_rejects":"100%%"}}\n' "$1" >f.json
	printf '%s\n' "${2:-{\}}" >in
	run --separate-stderr tc-map --log-level error --owner 'Example Source' --stats s f.json in
}

# good JSON: the definition of such an object is good.
good() {
	printf '{"id":"list","parse":{"format":"ndjson"},"map":[{"object":%s}]}\n' "$1" >f.json
	tc-map --log-level error --check f.json
}

indicators='Address EmailAddress File Host URL ASN CIDR Email_Subject Hashtag Mutex Registry_Key User_Agent'
groups='Adversary Attack_Pattern Campaign Course_of_Action Document Email Event Incident Intrusion_Set Malware Report Signature Tactic Threat Tool Vulnerability'

# least TYPE: an object of the type with what it cannot be without.
least() {
	local type=${1//_/ }
	case $type in
	File) echo '"type":"File","md5":{"path":"v"}' ;;
	"Registry Key") echo '"type":"Registry Key","Key Name":{"path":"v"}' ;;
	Email) echo '"type":"Email","name":"n","subject":"s","header":"h","body":"b"' ;;
	Signature) echo '"type":"Signature","name":"n","fileName":"f","fileType":"YARA","fileText":"t"' ;;
	Document) echo '"type":"Document","name":"n","fileName":"f"' ;;
	*) case " $indicators " in *" $1 "*) echo "\"type\":\"$type\",\"summary\":{\"path\":\"v\"}" ;; *) echo "\"type\":\"$type\",\"name\":\"n\"" ;; esac ;;
	esac
}

# member KEY: a hole for it, of the kind that the key is.
member() {
	case $1 in
	attribute) echo '"attribute":[{"type":"Source","value":{"path":"x"}}]' ;;
	tag) echo '"tag":[{"name":{"path":"x"}}]' ;;
	securityLabel) echo '"securityLabel":[{"name":{"path":"x"}}]' ;;
	associatedGroups) echo '"associatedGroups":[{"groupXid":{"xid":["A",{"path":"x"}]}}]' ;;
	associatedGroupXid) echo '"associatedGroupXid":[{"xid":["A",{"path":"x"}]}]' ;;
	associatedIndicators) echo '"associatedIndicators":[{"summary":{"path":"x"},"indicatorType":"Host"}]' ;;
	fileOccurrence) echo '"fileOccurrence":[{"fileName":{"path":"x"},"path":{"path":"x"},"date":{"path":"x"}}]' ;;
	malware) echo '"malware":{"path":"x"},"password":"p"' ;;
	insights) echo '"insights":{"path":"x"},"aiProvider":"p"' ;;
	xid) echo '"xid":{"xid":["A",{"path":"x"}]}' ;;
	*) echo "\"$1\":{\"path\":\"x\"}" ;;
	esac
}

members='rating|I
confidence|I
active|I
activeLocked|I
attribute|I G
tag|I G
securityLabel|I G
associatedGroups|I
description|I
externalDateAdded|I G
externalDateExpires|I G
externalLastModified|I G
firstSeen|I G
lastSeen|I G
privateFlag|Address EmailAddress File Host URL
size|File
fileOccurrence|File
flag1|Host
flag2|Host
xid|I G
associatedGroupXid|G
associatedIndicators|G
eventDate|Event Incident
eventType|Event
status|Event Incident
subject|Email
header|Email
body|Email
from|Email
to|Email
score|Email
fileName|Signature Document Report
fileType|Signature
fileText|Signature
malware|Document
password|Document
publishDate|Report
insights|Document Event Report
aiProvider|Document Event Report
aiLastRetrievalDate|Document Event Report'

@test "batch file, 11 and 13: every member, of the types that have it and of no other" {
	declare -A has
	while IFS='|' read -r key types; do
		for type in $types; do
			case $type in I) type=$indicators ;; G) type=$groups ;; esac
			for type in $type; do has[$type]+=" $key "; done
		done
	done <<<"$members"
	turn=0
	for type in $indicators $groups; do
		least=$(least "$type") json=$least
		for key in $(cut -d'|' -f1 <<<"$members"); do
			[[ "$json" == *"\"$key\":"* ]] && continue
			if [[ "${has[$type]}" == *" $key "* ]]; then
				json+=,$(member "$key")
			elif [ "$type" != CIDR ] && [ $((turn++ % 12)) -eq 0 ]; then	# a CIDR of one address is an Address; some are enough
				run ! good "{$least,$(member "$key")}"
				[[ "$output" == *"/map/0/object/$key: unknown member"* ]] || { echo "$type $key: $output"; false; }
			fi
		done
		good "{$json}" || { echo "$type: $json"; false; }
	done
}

@test "batch file, 11 to 13: the document has no member and no type besides" {
	need_shared platform/batch-api.md
	doc=$SHARED/platform/batch-api.md
	keys() { sed -n "/^## $1\\. /,/^## /p" "$doc" | sed -n 's/^| \(`[^|]*\)|.*/\1/p' | grep -o '`[^`]*`' | tr -d '`'; }
	# dateAdded and lastModified: to be avoided, says the document; the File's hash keys are in section 12
	{ keys 11; keys 13; } | sed 's/^externalDateAdded\/Expires\/LastModified$/externalDateAdded/' | grep -vxE 'type|summary|name|dateAdded|lastModified' | sort -u >theirs
	[ "$(wc -l <theirs)" -ge 35 ]
	cut -d'|' -f1 <<<"$members" | sort -u >ours
	[ -z "$(comm -23 theirs ours)" ] || { comm -23 theirs ours; false; }
	sed -n '/^## 12\. /,/^Oddities/p' "$doc" | sed -n 's/^| `\([^`]*\)` | .*/\1/p' | grep -vx type | tr ' ' _ | sort >types
	diff types <(printf '%s\n' $indicators | sort)
	sed -n '/^## 13\. /,/^## /p' "$doc" | sed -n 's/^| `type` | String | all, \*\*required\*\* | \(.*\) |$/\1/p' | sed 's/, /\n/g' | tr ' ' _ | sort >types
	diff types <(printf '%s\n' $groups | sort)
}

@test "batch file, 12: the value by its own member, and by summary" {
	while IFS='|' read -r type key value want; do
		object "{\"type\":\"$type\",\"$key\":{\"path\":\"v\"}}" "$(jq -cn --arg v "$value" '{v:$v}')"
		[ "$(jq -rc 'del(.type)' <<<"$output")" = "$want" ] || { echo "$type $key: $output"; false; }
		object "{\"type\":\"$type\",\"summary\":{\"path\":\"v\"}}" "$(jq -cn --arg v "$value" '{v:$v}')"
		[ "$(jq -rc 'del(.type)' <<<"$output")" = "$want" ] || { echo "$type summary: $output"; false; }
	done <<'END'
Address|ip|8.8.8.8|{"summary":"8.8.8.8"}
EmailAddress|address|a@site.com|{"summary":"a@site.com"}
File|md5|900150983cd24fb0d6963f7d28e17f72|{"md5":"900150983cd24fb0d6963f7d28e17f72"}
File|sha1|a9993e364706816aba3e25717850c26c9cd0d89d|{"sha1":"a9993e364706816aba3e25717850c26c9cd0d89d"}
File|sha256|ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad|{"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
Host|hostName|a.site.com|{"summary":"a.site.com"}
URL|text|http://a.site.com/|{"summary":"http://a.site.com/"}
ASN|AS Number|ASN12345|{"summary":"ASN12345"}
CIDR|Block|8.8.8.0/24|{"summary":"8.8.8.0/24"}
Email Subject|Subject|Your invoice|{"summary":"Your invoice"}
Hashtag|Hashtag|#opx|{"summary":"#opx"}
Mutex|Mutex|Global\x|{"summary":"Global\\x"}
Registry Key|Key Name|HKEY_USERS\x|{"Key Name":"HKEY_USERS\\x","Value Name":" "}
User Agent|User Agent String|bot/1.0|{"summary":"bot/1.0"}
END
	# the platform's own joined summaries are taken apart
	object '{"type":"File","summary":{"path":"v"}}' '{"v":"900150983CD24FB0D6963F7D28E17F72 : a9993e364706816aba3e25717850c26c9cd0d89d"}'
	[ "$output" = '{"type":"File","md5":"900150983cd24fb0d6963f7d28e17f72","sha1":"a9993e364706816aba3e25717850c26c9cd0d89d"}' ]
	object '{"type":"Registry Key","summary":{"path":"v"}}' '{"v":"HKLM\\x : a : b : REG_SZ"}'
	[ "$output" = '{"type":"Registry Key","Key Name":"HKEY_LOCAL_MACHINE\\x","Value Name":"a : b","Value Type":"REG_SZ"}' ]
	object '{"type":"Registry Key","summary":{"path":"v"}}' '{"v":"HKLM\\x : a"}'
	[ "$output" = '{"type":"Registry Key","Key Name":"HKEY_LOCAL_MACHINE\\x : a","Value Name":" "}' ]
}

# words JSON WORD...: the hole takes each word, in any case, in the platform's spelling, and no other.
words() {
	local json=$1 key=$2 word
	shift 2
	for word; do
		object "$json" "$(jq -cn --arg w "${word,,}" '{w:$w}')"
		[ "$(jq -r --arg k "$key" '.[$k]' <<<"$output")" = "$word" ] || { echo "$word: $output $stderr"; return 1; }
	done
	object "$json" '{"w":"Another"}'
	[ "$(jq -c '.lost.members' s)" = "{\"$key: not one of the platform's words\":1}" ] || [[ "$(jq -c .rejected s)" == *"required member"* ]]
}

@test "batch file, 12 and 13: where the platform has a list of words, each of them and no other" {
	words '{"type":"Registry Key","Key Name":"HKLM\\x","Value Type":{"path":"w"}}' 'Value Type' REG_NONE REG_BINARY REG_DWORD REG_DWORD_LITTLE_ENDIAN \
		REG_DWORD_BIG_ENDIAN REG_EXPAND_SZ REG_LINK REG_MULTI_SZ REG_QWORD REG_QWORD_LITTLE_ENDIAN REG_SZ
	words '{"type":"Event","name":"n","status":{"path":"w"}}' status Completed Escalated 'False Positive' 'In Progress' 'Needs Review' New 'No Further Action' Reopened
	words '{"type":"Incident","name":"n","status":{"path":"w"}}' status New Open Stalled 'Containment Achieved' 'Restoration Achieved' 'Incident Reported' Closed Rejected Deleted
	words '{"type":"Signature","name":"n","fileName":"f","fileText":"t","fileType":{"path":"w"}}' fileType Bro ClamAV CybOX 'Iris Search Hash' KQL OpenIOC Regex SPL Sigma \
		Snort Suricata 'TQL Query' YARA
	words '{"type":"Event","name":"n","eventType":{"path":"w"}}' eventType Alert 'Alert flash' 'Alert hyper-local' 'Alert local' 'Alert urgent' Breach Campaign \
		'Compliance / Regulatory' Disclosure 'Emerging Threat' Exercise Exposure 'Finding Compliance violations' 'Finding Configuration weaknesses' \
		'Finding Missing patches' 'Finding Security posture gaps' Investigation None Operation 'Physical Security' 'Response Action' \
		'Social Engineering (non-phishing)' 'Third Party Reported' Trend
}

@test "batch file, 10 to 13: what is required, and what asks for another member" {
	refused() { ! good "$1" 2>err && grep -q "$2" err || { cat err; return 1; }; }
	for key in subject header body; do refused "{$(least Email | sed "s/,\"$key\":\"[a-z]\"//")}" "Email needs the member \"$key\""; done
	for key in fileName fileType fileText; do refused "{$(least Signature | sed "s/,\"$key\":\"[A-Za-z]*\"//")}" "Signature needs the member \"$key\""; done
	refused '{"type":"Document","name":"n"}' 'Document needs the member "fileName"'
	refused '{"type":"Document","name":"n","fileName":"f","malware":true}' '"malware" needs "password"'
	refused '{"type":"Report","name":"n","insights":"i"}' '"insights" needs "aiProvider"'
	refused '{"type":"Host","summary":{"path":"h"},"description":"d","attribute":[{"type":"Description","value":"d"}]}' 'do not go together'
	refused '{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Source"}]}' '"value" is missing'
	refused '{"type":"Host","summary":{"path":"h"},"attribute":[{"value":"Source"}]}' '"type" is missing'
	refused '{"type":"Host","summary":{"path":"h"},"tag":[{"description":"d"}]}' '"name" is missing'
	refused '{"type":"Host","summary":{"path":"h"},"tag":[{"name":""}]}' 'is empty'
	# and when it comes from the feed
	doc='{"type":"Document","name":"n","fileName":"f","malware":{"path":"m"},"password":{"path":"p"}}'
	object "$doc" '{"m":true,"p":"infected"}'
	[ "$(jq -c '[.malware,.password]' <<<"$output")" = '[true,"infected"]' ]
	object "$doc" '{"m":"yes"}'
	[ -z "$output" ]
	[ "$(jq -c .rejected s)" = '{"a required member is missing":1}' ]
	object "$doc" '{"m":false}'
	[ "$(jq -c '[.malware,.password]' <<<"$output")" = '[false,null]' ]
	object '{"type":"Report","name":"n","insights":{"path":"i"},"aiProvider":{"path":"p"},"aiLastRetrievalDate":"2026-01-02"}' '{"i":"text"}'
	[ "$(jq -c '[.insights,.aiProvider,.aiLastRetrievalDate]' <<<"$output")" = '[null,null,"2026-01-02T00:00:00Z"]' ]
	[ "$(jq -c .lost.members s)" = '{"insights: its other half is missing":1}' ]
}

@test "batch file, 10: elements of an attribute, a label, a tag, an occurrence" {
	object '{"type":"File","md5":"900150983cd24fb0d6963f7d28e17f72","attribute":[{"type":"Source","value":{"path":"x"},"displayed":{"path":"y"},"pinned":{"path":"y"},"source":{"path":"x"},
		"securityLabel":[{"name":{"path":"x"},"color":{"path":"c"},"description":{"path":"x"}}]}],"tag":[{"name":{"path":"x"},"description":{"path":"x"}}],
		"securityLabel":[{"name":{"path":"x"},"color":{"path":"c"},"description":{"path":"x"}}],
		"fileOccurrence":[{"fileName":{"path":"x"},"path":{"path":"x"},"date":{"path":"d"}}]}' '{"x":"one","y":"yes","c":"#a0B1c2","d":1767312000}'
	label='[{"name":"one","color":"a0B1c2","description":"one"}]'
	[ "$output" = '{"type":"File","md5":"900150983cd24fb0d6963f7d28e17f72","attribute":[{"type":"Source","value":"one","displayed":true,"pinned":true,"source":"one","securityLabel":'$label'}],"tag":[{"name":"one","description":"one"}],"securityLabel":'$label',"fileOccurrence":[{"fileName":"one","path":"one","date":"2026-01-02T00:00:00Z"}]}' ]
}

# --- data model, section 4: lengths ---

# length JSON JQ MAX WHAT: a text of MAX characters stays; of one more it is cut (to MAX, with the mark WHAT) or left out (WHAT is none).
length() {
	local n got long
	for n in "$3" "$(($3 + 1))"; do
		jq -cn --argjson n "$n" '{t:("\u00e4" * $n)}' >rec
		object "$1" "$(cat rec)"
		got=$(jq -r "$2 // empty" <<<"$output")
		long=$(jq -r .t rec)
		if [ "$n" -eq "$3" ]; then
			[ "$got" = "$long" ] || { echo "$2 of $n characters: ${#got}"; return 1; }
		elif [ "$4" = none ]; then
			[ -z "$got" ] || { echo "$2 of $n characters must go: $got"; return 1; }
			[ "$(jq '[.lost.members // {}, .lost.tags // {} | .[]] | add' s)" = 1 ] || { jq -c . s; return 1; }
		else
			[ "$(jq -n --arg t "$got" '$t | length')" -eq "$3" ] && [[ "$got" == *ä"$4" ]] || { echo "$2 of $n characters: $got"; return 1; }
			[ "$(jq -c '[.lost.cut[]] | add' s)" = 1 ]
		fi
	done
}

@test "data model, 4: every length at its edge, in characters, with the mark and the count" {
	host='"type":"Host","summary":"a.site.com"'
	length '{"type":"Report","name":{"path":"t"}}' .name 100 ' ...'
	length "{$host,\"tag\":[{\"name\":{\"path\":\"t\"}}]}" '.tag[0].name' 128 none
	length "{$host,\"tag\":[{\"name\":\"x\",\"description\":{\"path\":\"t\"}}]}" '.tag[0].description' 4000 ...
	length "{$host,\"securityLabel\":[{\"name\":{\"path\":\"t\"}}]}" '.securityLabel[0].name' 50 none
	length "{$host,\"securityLabel\":[{\"name\":\"x\",\"description\":{\"path\":\"t\"}}]}" '.securityLabel[0].description' 400 ...
	length "{$host,\"attribute\":[{\"type\":{\"path\":\"t\"},\"value\":\"v\"}]}" '.attribute[0].type' 255 none
	while IFS='|' read -r type max mark; do
		length "{$host,\"attribute\":[{\"type\":\"$type\",\"value\":{\"path\":\"t\"}}]}" '.attribute[0].value' "$max" "$mark"
		# and where the type comes from the feed
		length "{$host,\"attribute\":[{\"type\":{\"path\":\"'$type'\"},\"value\":{\"path\":\"t\"}}]}" '.attribute[0].value' "$max" "$mark"
	done <<'END'
Additional Analysis and Context|65536|...
Description|65536|...
Aliases|500|...
Adversary Origin|500|...
Archive Password|255|...
Admiralty Code|2|none
Source|500|...
External ID|500|...
END
	length '{"type":"Report","name":"n","fileName":{"path":"t"}}' .fileName 255 none
	length '{"type":"Email","name":"n","subject":{"path":"t"},"header":"h","body":"b"}' .subject 255 ...
	length '{"type":"Email","name":"n","subject":"s","header":{"path":"t"},"body":"b"}' .header 65535 ...
	length '{"type":"Email","name":"n","subject":"s","header":"h","body":{"path":"t"}}' .body 65535 ...
	length '{"type":"Email","name":"n","subject":"s","header":"h","body":"b","from":{"path":"t"}}' .from 100 none
	# the subject as an indicator: over 255 it is none
	object '{"type":"Email Subject","summary":{"path":"t"}}' "$(jq -cn '{t:("a " * 127 + "b")}')"
	[ "$(jq '.summary | length' <<<"$output")" = 255 ]
	object '{"type":"Email Subject","summary":{"path":"t"}}' "$(jq -cn '{t:("a " * 128)+"b"}')"
	[ -z "$output" ]
	# a URL over 500 is dropped, never cut
	object '{"type":"URL","summary":{"path":"t"}}' "$(jq -cn '{t:("http://a.site.com/" + "x" * 482)}')"
	[ "$(jq '.summary | length' <<<"$output")" = 500 ]
	object '{"type":"URL","summary":{"path":"t"}}' "$(jq -cn '{t:("http://a.site.com/" + "x" * 483)}')"
	[ "$(jq -c .rejected s)" = '{"URL over 500 characters":1}' ]
}

# --- section 6 ---

@test "data model, 6: rating 0 to 5, confidence 0 to 100, halves up, clamped; one is not made from the other; 0 is said" {
	both='{"type":"Host","summary":"a.site.com","rating":{"path":"r","param":"default_rating"},"confidence":{"path":"c","param":"default_confidence"}}'
	while IFS='|' read -r in want; do
		object "$both" "$in"
		[ "$(jq -c '[.rating,.confidence]' <<<"$output")" = "$want" ] || { echo "$in: $output"; false; }
	done <<'END'
{}|[0,0]
{"r":0,"c":0}|[0,0]
{"r":1,"c":1}|[1,1]
{"r":"2","c":"29"}|[2,29]
{"r":2.4,"c":29.4}|[2,29]
{"r":2.5,"c":29.5}|[3,30]
{"r":3.0,"c":49.5}|[3,50]
{"r":5,"c":100}|[5,100]
{"r":6,"c":101}|[5,100]
{"r":-1,"c":-1}|[0,0]
{"r":5}|[5,0]
{"c":90}|[0,90]
{"r":null,"c":null}|[0,0]
END
	# a scale by table beats the parameter; a linear one is arithmetic
	object '{"type":"Host","summary":"a.site.com","rating":{"path":"s","map":{"low":2,"medium":3,"high":4,"critical":5},"param":"default_rating"},"confidence":{"path":"p * `10`"}}' '{"s":"medium","p":7.25}'
	[ "$(jq -c '[.rating,.confidence]' <<<"$output")" = '[3,73]' ]
}

# --- section 7 ---

@test "data model, 7: tags, one by one" {
	while IFS='|' read -r tag want why; do
		object '{"type":"Host","summary":"a.site.com","tag":[{"name":{"path":"t"}}]}' "$(jq -cn --arg t "$tag" '{t:$t}')"
		[ "$(jq -r '.tag[0].name // ""' <<<"$output")" = "$want" ] || { echo "$tag: $output"; false; }
		[ "$(jq -r '.lost.tags // {} | keys[]' s)" = "${why:+tag: $why}" ] || { echo "$tag: $(jq -c .lost s)"; false; }
	done <<'END'
Phishing|Phishing|
#Phishing|Phishing|
##Phishing|Phishing|
"Phishing"|Phishing|
'Phishing'|Phishing|
“Phishing”|Phishing|
«Phishing»|Phishing|
 Remote   Access Tool |Remote Access Tool|
Cobalt	Strike|Cobalt Strike|
Café|Café|
T1566 - Phishing|Phishing|
T1566.001: Spearphishing Attachment|Spearphishing Attachment|
[T1566] Phishing|Phishing|
Phishing (T1566)|Phishing|
Phishing - T1566.001|Phishing|
TA0001 Initial Access|Initial Access|
EKANS (S0605)|EKANS|
G0007: APT28|APT28|
T1566||an id, not a word
(T1566)||an id, not a word
TA0001||an id, not a word
acme:phishing||has a prefix
malware_family:Emotet||has a prefix
tlp:amber||has a prefix
TLP AMBER||a TLP, which is a label
TLP-RED||a TLP, which is a label
12345||a number or date
1,234||a number or date
3.14||a number or date
2024-05-01||a number or date
2024/05||a number or date
01.05.2024||a number or date
25 Aug 2008||a number or date
August 25th, 2008||a number or date
May 2024||a number or date
Sample||on the stop list
sample-list||on the stop list
SAMPLE LIST||on the stop list
list||on the stop list
Sample: C2||has a prefix
Sample list C2||on the stop list
APT28|APT28|
Windows 2000|Windows 2000|
CVE-2024-1234|CVE-2024-1234|
END
	# unique without case, none that is empty
	object '{"type":"Host","summary":"a.site.com","tag":[{"name":{"path":"t"}}]}' '{"t":["Emotet","emotet","EMOTET",""," ","#",null]}'
	[ "$(jq -c '[.tag[].name]' <<<"$output")" = '["EMOTET"]' ]
}

# --- section 8 ---

@test "data model, 8: labels: TLP as the platform spells it, the strictest; empty values are none; no victims" {
	while IFS='|' read -r in want; do
		object '{"type":"Host","summary":"a.site.com","securityLabel":[{"name":{"path":"t"}}]}' "{\"t\":$in}"
		[ "$(jq -c '[.securityLabel[]?.name]' <<<"$output")" = "$want" ] || { echo "$in: $output"; false; }
	done <<'END'
"TLP:RED"|["TLP:RED"]
"red"|["TLP:RED"]
"TLP:AMBER+STRICT"|["TLP:AMBER+STRICT"]
"amber-strict"|["TLP:AMBER+STRICT"]
"tlp_amber"|["TLP:AMBER"]
"Green"|["TLP:GREEN"]
"TLP:CLEAR"|["TLP:CLEAR"]
"TLP:WHITE"|["TLP:CLEAR"]
["white","GREEN"]|["TLP:GREEN"]
["TLP:AMBER","TLP:RED","TLP:GREEN"]|["TLP:RED"]
""|[]
null|[]
END
	object '{"type":"Host","summary":"a.site.com","attribute":[{"type":"Source","value":{"path":"s"}}],"description":{"path":"d"}}' '{"s":"","d":" "}'
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
	for bad in '{"type":"Victim","name":"n"}' '{"type":"Victim Asset","name":"n"}' '{"type":"Host","summary":{"path":"victim.host"}}' \
		'{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Victim Sector","value":"v"}]}' '{"type":"Host","summary":{"path":"h"},"description":{"path":"victims[0]"}}' \
		'{"type":"Host","summary":{"path":"h"},"attribute":[{"type":"Source","value":{"path":"$record.\"victim name\""}}]}'; do
		run ! good "$bad"
	done
	# an attribute's type that the feed names
	object '{"type":"Host","summary":"a.site.com","attribute":[{"type":{"path":"k"},"value":"v"}]}' '{"k":"Victim Name"}'
	[ "$output" = '{"type":"Host","summary":"a.site.com"}' ]
	[ "$(jq -c .lost.members s)" = '{"attribute: victim data is not mapped":1}' ]
}

# --- dates: the runtime's section 12, form by form ---

@test "dates: every form of the document, from a text and from a number; UTC whatever the zone here" {
	date='{"type":"Host","summary":"a.site.com","firstSeen":{"path":"d"}}'
	rows() {
		while IFS='|' read -r in want; do
			object "$date" "{\"d\":$in}"
			[ "$(jq -r '.firstSeen // ""' <<<"$output")" = "$want" ] || { echo "$in: $output"; return 1; }
		done
	}
	# 1510159962 is 2017-11-08T16:52:42Z (date -u -d @1510159962)
	TZ=America/New_York rows <<'END'
"1510159962"|2017-11-08T16:52:42Z
1510159962|2017-11-08T16:52:42Z
"999999999"|2001-09-09T01:46:39Z
"1510159962.1"|2017-11-08T16:52:42Z
"1510159962.1234567"|2017-11-08T16:52:42Z
1510159962.25|2017-11-08T16:52:42Z
"15101599629"|2017-11-08T16:52:42Z
"151015996299"|2017-11-08T16:52:42Z
"1510159962999"|2017-11-08T16:52:42Z
1510159962999|2017-11-08T16:52:42Z
"15101599629999"|2017-11-08T16:52:42Z
"151015996299999"|2017-11-08T16:52:42Z
"1510159962999999"|2017-11-08T16:52:42Z
"2017-11-08T16:52:42Z"|2017-11-08T16:52:42Z
"2017-11-08T16:52:42"|2017-11-08T16:52:42Z
"2017-11-08T16:52:42+02:00"|2017-11-08T14:52:42Z
"2017-11-08T16:52:42+0200"|2017-11-08T14:52:42Z
"2017-11-08T16:52:42-05:30"|2017-11-08T22:22:42Z
"2017-11-08T16:52:42.1Z"|2017-11-08T16:52:42Z
"2017-11-08T16:52:42.999999999+02:00"|2017-11-08T14:52:42Z
"2017-11-08 16:52:42"|2017-11-08T16:52:42Z
"2017-11-08 16:52:42.5 +02:00"|2017-11-08T14:52:42Z
"2017-11-08"|2017-11-08T00:00:00Z
"2017 12 25"|2017-12-25T00:00:00Z
"25 Aug 2008"|2008-08-25T00:00:00Z
"August 25th, 2008"|2008-08-25T00:00:00Z
"Wed, 08 Nov 2017 16:52:42 GMT"|2017-11-08T16:52:42Z
"Wed, 08 Nov 2017 16:52:42 +0200"|2017-11-08T14:52:42Z
"1970-01-01T00:00:00Z"|1970-01-01T00:00:00Z
"2100-12-31T23:59:59Z"|2100-12-31T23:59:59Z
"1969-12-31T23:59:59Z"|
"2101-01-01T00:00:00Z"|
"12345678"|
"12345678901234567"|
"now"|
"yesterday"|
"tomorrow"|
"last friday"|
"next saturday"|
"2 days ago"|
"in 5 minutes"|
"soon"|
"8.11.2017"|
"5/28/2021"|
true|
["2017-11-08"]|
{}|
END
	[ "$(jq -c .lost.members s)" = '{"firstSeen: not a date":1}' ]
	# an empty one is none and no loss
	object "$date" '{"d":" "}'
	[ "$(jq -c .lost s)" = null ]
}

@test "dates: the words of the document are for a run's parameters, with the one that is wrong named" {
	printf '{"id":"f","fetch":{"url":"https://feed.example/x?since={last_run}","first_run":"%s"},"parse":{"format":"json"}}' X >f.json
	for form in '1510159962' '2017-11-08T16:52:42Z' '2017-11-08 16:52:42' 'Wed, 08 Nov 2017 16:52:42 GMT' '25 Aug 2008' 'now' 'today' 'yesterday' '5 seconds ago' '1 minute ago' \
		'36 hours ago' '30 days ago' '2 weeks ago' '11 months ago' '2 years ago' 'last friday' 'next saturday' 'in 5 minutes' 'tomorrow'; do
		jq -n --arg d "$form" '{id:"f",fetch:{url:"https://feed.example/x?since={last_run}",first_run:$d},parse:{format:"json"}}' >f.json
		run --separate-stderr -0 tc-map --check f.json
	done
	for form in 'soon' 'last fryday' '5 days' '1969-01-01' '2101-01-01'; do
		jq -n --arg d "$form" '{id:"f",fetch:{url:"https://feed.example/x?since={last_run}",first_run:$d},parse:{format:"json"}}' >f.json
		run --separate-stderr -2 tc-map --check f.json
		[[ "$stderr" == *"/fetch/first_run: "*"$form"* ]] || { echo "$stderr"; false; }
	done
}
