# A whole job at the size of a large feed; TORTURE_RECORDS for another size.
load ../helper
load ../sandbox

teardown() { stop_sandbox; }

@test "a million records through the whole job under 512 MiB of address space; nothing is left in the temporary directory" {
	! sanitized || not_applicable "the sanitizers reserve the address space"
	n=${TORTURE_RECORDS:-1000000}
	mkdir -p pages out temp "$XDG_CONFIG_HOME/tcfeed"
	{ echo url,score; seq "$n" | sed 's|.*|http://cdn&.example.com/malware/&/bin.sh,50|'; } >pages/urls.csv
	echo '{"id":"acme","name":"Acme feed","fetch":{"url":"https://feed.example/"},"parse":{"format":"csv"},"values":{"reserved":"keep"},
		"map":[{"object":{"type":"URL","summary":{"path":"url"},"confidence":{"path":"score"}}}]}' >acme.json
	start_sandbox
	mv config.json "$XDG_CONFIG_HOME/tcfeed/platform.json"
	job() {
		run -0 bash -c 'ulimit -v 524288; exec sh "$0/run.sh" "$@"' "$TOP" --tc_owner "$OWNER" --tc_out_path out --tc_temp_path "$PWD/temp" \
			--feed ./acme.json --replay pages --complete
	}
	job
	[ "$(tr -d , <out/message.tc)" = "Acme feed: $n created or updated" ]
	job
	[ "$(tr -d , <out/message.tc)" = "Acme feed: $n unchanged" ]
	[ -z "$(ls temp)" ]
	[ "$(curl -sS --noproxy '*' "$ROOT/sandbox/owner" | wc -l)" -eq "$n" ]
}
