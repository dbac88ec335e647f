# For the tests of tc-delta: a definition, lines, receipts and whole cycles; the owner is set and ./f.json is there.

# feed DELTA [NAME]: a definition with that delta section.
feed() {
	local name=${2:-f}
	jq -n --argjson delta "$1" --arg id "$name" --arg tag "${MAP:-x}" '{id: $id, name: "Feed \($id)", vendor: "Vendor",
		fetch: {url: "https://feed.example/"}, parse: {format: "json", records: "data"},
		map: [{object: {type: "URL", summary: {path: "url"}, tag: [{name: $tag}]}}], delta: $delta}' >"$name.json"
}

# urls FROM TO [EXTRA]: URL lines; EXTRA is put into each.
urls() {
	local i
	for ((i = $1; i <= $2; i++)); do printf '{"type":"URL","summary":"http://a.example/%d"%s}\n' "$i" "${3:-}"; done
}

# receipts [STATUS [BATCH]]: object lines to receipts, as a platform's stand-in.
receipts() {
	jq -c --arg s "${1:-accepted}" --argjson b "${2:-7}" '
		(if .ref_1 or .id_1 then {ref_1, type_1, id_1, ref_2, type_2, id_2, associationType}
		 elif .xid then {type, xid}
		 elif .type == "File" then {type, summary: (.sha256 // .sha1 // .md5)}
		 elif .type == "Registry Key" then {type, summary: ([."Key Name", ."Value Name", ."Value Type"] | map(select(. != null)) | join(" : "))}
		 else {type, summary} end)
		+ {status: $s, batchId: $b} | with_entries(select(.value != null))'
}

# cycle FILE [FEED]: filter and commit, everything accepted; what was sent is in ./sent.
cycle() {
	tc-delta filter "./${2:-f}.json" <"$1" >sent 2>err
	receipts <sent | tc-delta commit "./${2:-f}.json" 2>>err
}

# removal [FEED]: expire --complete and commit; what was sent is in ./gone.
removal() {
	tc-delta expire --complete "./${1:-f}.json" >gone 2>err
	receipts <gone | tc-delta commit "./${1:-f}.json" 2>>err
}

known() { tc-delta stats --json ./f.json 2>/dev/null | jq -c "$1"; }

state() { echo "$XDG_STATE_HOME"/tcfeed/"${1:-f}".*.state; }

setup() {
	common_setup
	export TC_OWNER='Acme Source' TC_LOG_LEVEL=info
	feed '{}'
}
