# tc-submit: content of Documents and Reports.
load helper
load sandbox
load proxy
load submit

# --- group files ---

@test "group files go by digest, POST then PUT; a path in an object opens nothing" {
	start_sandbox
	mkdir files
	printf 'the content' >content
	sum=$(sha256sum content | cut -d' ' -f1)
	cp content "files/$sum"
	other=$(printf x | sha256sum | cut -d' ' -f1)
	printf 'not x' >"files/$other"
	cat >in <<-E
		{"type":"Document","name":"d","xid":"d1","fileName":"$sum.pdf"}
		{"type":"Report","name":"r","xid":"r1","fileName":"/etc/passwd"}
		{"type":"Report","name":"s","xid":"s1","fileName":"$other"}
	E
	ok in --files files
	[ "$(receipts accepted)" = 3 ]
	[ "$(jq .files stats.json)" = 1 ]
	grep -q 'bytes have another digest' err
	ok in --files files
	[ "$(requests 'select(.target | test("/upload")) | [.method, .status] | join(" ")' | paste -sd ,)" = "POST 200,POST 401,PUT 200" ]
}

@test "group files: a name that tc-fetch noted stands for its digest; one that stands for several, or for a path, for none" {
	start_sandbox
	mkdir files
	printf 'the content' >content
	sum=$(sha256sum content | cut -d' ' -f1)
	cp content "files/$sum"
	cat >files/names.ndjson <<-E
		{"name":"one \"quoted\".pdf","sha256":"$sum"}
		{"name":"two.pdf","sha256":"$sum"}
		{"name":"two.pdf","sha256":null}
		{"name":"../content","sha256":"../content"}
		rubbish
		{"name":"three.pdf","sha256":"$sum"
	E
	cat >in <<-E
		{"type":"Report","name":"a","xid":"a1","fileName":"one \"quoted\".pdf"}
		{"type":"Report","name":"b","xid":"b1","fileName":"two.pdf"}
		{"type":"Document","name":"c","xid":"c1","fileName":"../content"}
		{"type":"Document","name":"d","xid":"d1","fileName":"three.pdf"}
	E
	ok in --files files
	[ "$(receipts accepted)" = 4 ]
	[ "$(jq .files stats.json)" = 1 ]
	[ "$(requests 'select(.target | test("/upload")) | .target')" = "/api/v2/groups/reports/a1/upload?owner=Acme%20Source&updateIfExists=true" ]
	run -2 tc-submit --params config.json --files nowhere <in
	[[ $output == *"cannot open directory nowhere"* ]]
}

@test "group files: what tc-fetch notes while tc-submit runs counts, appended behind half a line or in a new file" {
	for way in append replace; do
		start_sandbox
		rm -rf files out pipe
		mkdir files
		for f in one two; do printf %s "$f" >"files/$(printf %s "$f" | sha256sum | cut -d' ' -f1)"; done
		line() { printf '{"name":"%s.pdf","sha256":"%s"}' "$1" "$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }
		{ line one; echo; line two | head -c 30; } >files/names.ndjson
		mkfifo pipe
		tc-submit --params config.json --chunk 1 --files files --stats stats.json <pipe >out 2>err 3>&- &
		pid=$!
		exec 5>pipe
		printf '%s\n' '{"type":"Report","name":"a","xid":"a1","fileName":"one.pdf"}' '{"type":"Host","summary":"h1.example.com"}' \
			'{"type":"Host","summary":"h2.example.com"}' >&5
		for _ in $(seq 200); do grep -q '"xid":"a1"' out && break; sleep 0.05; done
		case $way in
		append) line two | tail -c +31 >>files/names.ndjson; echo >>files/names.ndjson ;;
		replace) { line two; echo; } >files/new; mv files/new files/names.ndjson ;;
		esac
		echo '{"type":"Report","name":"b","xid":"b1","fileName":"two.pdf"}' >&5
		exec 5>&-
		wait $pid
		[ "$(receipts accepted)" = 4 ]
		[ "$(jq .files stats.json)" = 2 ] || { echo "$way"; cat err; false; }
		stop_sandbox
	done
}
