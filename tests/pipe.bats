# The pipe with all its real stages against the sandbox: by hand, and as run.sh chains it.
load helper

setup() {
	common_setup
	unset TC_APP_PARAM_FILE TC_APP_PARAM_KEY TC_API_PATH TC_TOKEN API_ACCESS_ID API_SECRET_KEY TC_OUT_PATH TC_STATS_DIR
	mkdir -p out log day1 day2 "$XDG_CONFIG_HOME/tcfeed"
	# 40 records; a day later one is changed, one is new, one is gone
	{
		echo 'id,url,score,tags'
		for i in $(seq 40); do echo "$i,http://example.com/malware/$i,$((i * 2)),trojan"; done
	} >day1/urls.csv
	{ sed -e '/^7,/d' -e 's/^9,\([^,]*\),[0-9]*/9,\1,99/' day1/urls.csv; echo '41,http://example.com/malware/41,50,loader'; } >day2/urls.csv
	cat >acme.json <<-'END'
	{"id": "acme", "name": "Acme feed", "vendor": "Acme",
	 "fetch": {"url": "https://feed.example/v1/urls.csv", "headers": {"Authorization": "Bearer {param:acme_key}"}},
	 "parse": {"format": "csv"}, "values": {"reserved": "keep"},
	 "map": [{"object": {"type": "URL", "summary": {"path": "url"}, "confidence": {"path": "score", "param": "default_confidence"},
	   "rating": {"param": "default_rating"}, "tag": [{"name": {"path": "tags"}}]}}],
	 "delta": {"mode": "snapshot", "missing": "delete", "max_missing": {"share": "10%", "count": 100}}}
	END
}

teardown() { [ -z "${SANDBOX:-}" ] || kill "$SANDBOX" 2>/dev/null || true; }

sandbox_up() { # ARGUMENTS
	tc-sandbox --port 0 --owner 'Acme Source' --owner-file owner.ndjson --config "$XDG_CONFIG_HOME/tcfeed/platform.json" --log-level debug \
		"$@" >sandbox.log 2>&1 3>&- &
	SANDBOX=$!
	for _ in $(seq 500); do [ -s "$XDG_CONFIG_HOME/tcfeed/platform.json" ] && return; sleep 0.02; done
	cat sandbox.log
	return 1
}

sandbox_down() {
	kill "$SANDBOX"; wait "$SANDBOX" || true
	SANDBOX=
	rm -f "$XDG_CONFIG_HOME/tcfeed/platform.json"
}

by_hand() { # DAY
	bash -o pipefail -c 'tc-fetch --replay "$1" ./acme.json | tc-map ./acme.json | tc-delta filter ./acme.json |
		tc-submit | tc-delta commit ./acme.json' - "$1"
}

job() { # DAY ARGUMENTS
	day=$1; shift
	sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay "$day" --complete "$@"
}

descendants() { # PID
	for child in $(ps -o pid= --ppid "$1"); do echo "$child"; descendants "$child"; done
}

message() { cat out/message.tc; }

held() { jq -r .summary owner.ndjson | sort; }
urls() { tail -n +2 "$1/urls.csv" | cut -d , -f 2 | sort; }

uploads() { grep -c 'POST /v2/batch/[0-9]*: 202' sandbox.log || true; }

@test "by hand: what the feed lists is what the owner holds, and a second time sends nothing" {
	sandbox_up
	export TC_OWNER='Acme Source'
	run --separate-stderr -0 by_hand day1
	[ "$output" = "" ]
	diff <(urls day1) <(held)
	[ "$(jq -c 'select(.summary == "http://example.com/malware/3") | [.rating, .confidence, [.tag[].name]]' owner.ndjson)" = '[0,6,["trojan"]]' ] ||
		[ "$(jq -c 'select(.summary == "http://example.com/malware/3") | [.confidence, [.tag[].name]]' owner.ndjson)" = '[6,["trojan"]]' ]
	before=$(uploads)
	run -0 by_hand day1
	[ "$(uploads)" = "$before" ]
}

@test "by hand: each stage can be fed from a file and piped into another tool" {
	sandbox_up
	export TC_OWNER='Acme Source'
	run --separate-stderr -0 tc-map ./acme.json day1/urls.csv
	[ "$(jq -r .summary <<<"$output" | sort)" = "$(urls day1)" ]
	printf '%s\n' "$output" >lines
	run --separate-stderr -0 tc-delta filter ./acme.json <lines
	[ "$(wc -l <<<"$output")" -eq 40 ]
	# one line taken out behind filter: it stays pending, no other one is mistaken for it, and the next run sends it
	sed 2d <<<"$output" >most
	missing=$(sed -n 2p <<<"$output" | jq -r .summary)
	run --separate-stderr -0 tc-submit <most
	[ "$(jq -r .status <<<"$output" | sort -u)" = accepted ]
	printf '%s\n' "$output" >receipts
	# whole and valid, but one object is still pending: 3
	run --separate-stderr -3 tc-delta commit ./acme.json <receipts
	[[ $stderr == *"reason=pending"* ]]
	[ "$(held | grep -c -F -x "$missing" || true)" -eq 0 ]
	run -0 by_hand day1
	diff <(urls day1) <(held)
}

@test "by hand: a cut feed removes nothing" {
	sandbox_up
	export TC_OWNER='Acme Source'
	run -0 by_hand day1
	for _ in 1 2; do
		run bash -c 'tc-fetch --replay day1 ./acme.json | head -c 300 | tc-map ./acme.json | tc-delta filter ./acme.json | tc-submit | tc-delta commit ./acme.json'
		run --separate-stderr -3 tc-delta expire ./acme.json
		[ "$output" = "" ]
		[[ "$stderr" == *"nothing is removed"* ]]
	done
	diff <(urls day1) <(held)
}

@test "two days end where a sandbox that saw only the second ends" {
	sandbox_up
	run --separate-stderr -0 job day1
	[ "$stderr" = "" ]
	[ "$(message)" = "Acme feed: 40 created or updated" ]
	run -0 job day2
	[ "$(message)" = "Acme feed: 2 created or updated, 38 unchanged" ]
	# gone from two complete runs
	run -0 job day2
	[ "$(message)" = "Acme feed: 1 removed, 40 unchanged" ]
	run -0 job day2
	[ "$(message)" = "Acme feed: 40 unchanged" ]
	cp owner.ndjson both.ndjson
	sandbox_down
	rm owner.ndjson
	sandbox_up
	run -0 job day2 --state_path "$PWD/fresh"
	diff <(jq -S -c . both.ndjson | sort) <(jq -S -c . owner.ndjson | sort)
}

@test "each transport of parameters gives the same batches" {
	args=(--tc_owner 'Acme Source' --default_rating 3 --default_confidence 7 --acme_key s3cr3t-key)
	json='{"tc_owner":"Acme Source","default_rating":"3","default_confidence":7,"acme_key":"s3cr3t-key"}'
	dry() { # NAME ARGUMENTS
		name=$1; shift
		run -0 sh "$TOP/run.sh" --tc_out_path out --feed ./acme.json --replay day1 --dry-run "$PWD/$name" "$@"
	}
	dry arguments "${args[@]}"
	printf %s "$json" >config.json; chmod 600 config.json
	dry configured --config config.json
	printf %s "$json" | openssl enc -aes-128-cbc -K "$(printf abcdefghijklmnop | od -An -v -tx1 | tr -d ' \n')" -iv 00000000000000000000000000000000 >params
	TC_APP_PARAM_FILE=$PWD/params TC_APP_PARAM_KEY=abcdefghijklmnop dry file
	[ ! -e params ]
	cp config.json params; TC_APP_PARAM_FILE=$PWD/params dry plain
	TC_OWNER='Acme Source' TC_PARAM_DEFAULT_RATING=3 TC_PARAM_DEFAULT_CONFIDENCE=7 TC_PARAM_ACME_KEY=s3cr3t-key dry environment
	sandbox_up --auth token --params config.json
	cfg=$XDG_CONFIG_HOME/tcfeed/platform.json
	mv "$cfg" api.json
	dry secure --tc_api_path "$(jq -r .tc_api_path api.json)" --tc_token "$(jq -r .tc_token api.json)" --tc_token_expires "$(jq -r .tc_token_expires api.json)" --tc_secure_params
	[ -n "$(ls arguments)" ]
	[ "$(cat arguments/* | jq -c 'select(.indicator) | .indicator[0].rating' | head -n 1)" = 3 ] || [ "$(cat arguments/* | jq -c '.. | .rating? // empty' | sort -u)" = 3 ]
	for name in configured file plain environment secure; do diff -r arguments $name; done
}

@test "one writer: a second run starts nothing and names the holder; a killed one leaves no lock" {
	sandbox_up --running 6
	sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay day1 3>&- & first=$!
	for _ in $(seq 100); do grep -q 'POST /v2/batch/[0-9]*: 202' sandbox.log && break; sleep 0.1; done
	run -3 sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path "$TMPDIR" --feed ./acme.json --replay day1
	[[ "$(cat "$TMPDIR/message.tc")" == "Acme feed: another run of feed acme is active: run "*" since "* ]]
	[ "$(uploads)" -eq 1 ]
	# the job and all that it started, by their ids
	victims=$(descendants $first)
	kill -9 $first $victims
	wait $first || true
	run -0 sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay day1
	[ "$(message)" = "Acme feed: 40 settled from the last run, 40 unchanged" ]
	[ "$(uploads)" -eq 1 ]
}

@test "run.sh alone killed: its stages end by themselves and hold the lock until then; the next run goes on" {
	sandbox_up --running 4
	export TC_OWNER='Acme Source'
	sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay day1 --complete 3>&- & first=$!
	for _ in $(seq 200); do grep -q 'POST /v2/batch/[0-9]*: 202' sandbox.log && break; sleep 0.05; done
	kill -9 $first
	wait $first || true
	run -3 sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path "$TMPDIR" --feed ./acme.json --replay day1
	[[ "$(cat "$TMPDIR/message.tc")" == "Acme feed: another run of feed acme is active: run "* ]]
	for _ in $(seq 200); do tc-delta lock ./acme.json -- true 2>/dev/null && break; sleep 0.1; done
	run -0 job day1
	[ "$(message)" = "Acme feed: 40 unchanged" ]
	[ "$(uploads)" -eq 1 ]
}

@test "R7: the clock goes back by an hour, and to 1970 in the middle of a run: nothing is lost, sent again or removed" {
	sandbox_up --auth token
	mkdir bin
	for tool in "$BUILD"/bin/tc-*; do ln -s "$tool" bin/; done
	export TC_BIN=$PWD/bin
	run -0 job day1
	TC_NOW=$(($(date +%s) - 3600)) run -0 job day1
	[ "$(message)" = "Acme feed: 40 unchanged" ]
	for tool in tc-submit tc-delta; do
		rm bin/$tool
		printf '#!/bin/sh\nTC_NOW=%s exec "%s/bin/%s" "$@"\n' "$([ $tool = tc-submit ] && echo 0 || echo 1700000000)" "$BUILD" $tool >bin/$tool
		chmod +x bin/$tool
	done
	run job day2
	[ "$status" -eq 0 ] || { message; echo "$output"; false; }
	[ "$(message)" = "Acme feed: 2 created or updated, 38 unchanged" ]
	TC_BIN='' run -0 job day2
	[ "$(message)" = "Acme feed: 1 removed, 40 unchanged" ]
	diff <(urls day2) <(held)
}

@test "killed while the platform works: the next run asks first and uploads nothing twice" {
	sandbox_up --running 3
	mkdir bin
	for tool in "$BUILD"/bin/tc-*; do ln -s "$tool" bin/; done
	rm bin/tc-submit
	# killed once its batch was taken
	cat >bin/tc-submit <<-END
	#!/bin/bash
	[[ "\$*" == *--settle* || -e killed ]] && exec "$BUILD/bin/tc-submit" "\$@"
	: >killed
	"$BUILD/bin/tc-submit" "\$@" <&0 & pid=\$!
	for _ in \$(seq 100); do grep -q 'POST /v2/batch/[0-9]*: 202' sandbox.log && break; sleep 0.1; done
	kill -9 \$pid; wait \$pid; kill -9 \$\$
	END
	chmod +x bin/tc-submit
	TC_BIN=$PWD/bin run -1 job day1
	[[ "$(message)" == "Acme feed: failed: submit was killed by signal 9"* ]]
	grep -q '^last_run = 30 days ago' out/results.tc
	TC_BIN=$PWD/bin run -0 job day1
	[ "$(message)" = "Acme feed: 40 settled from the last run, 40 unchanged" ]
	[ "$(uploads)" -eq 1 ]
	diff <(urls day1) <(held)
}

@test "each real stage killed in turn; a clean run then ends where a run without faults ends" {
	sandbox_up
	mkdir bin
	for tool in "$BUILD"/bin/tc-*; do ln -s "$tool" bin/; done
	run -0 job day1
	for victim in 'tc-fetch ' 'tc-map ' 'tc-delta filter' 'tc-submit --journal' 'tc-delta commit'; do
		tool=${victim%% *} sub=${victim#* }
		rm bin/$tool
		# reads a little, then dies as by kill -9
		cat >bin/$tool <<-END
		#!/bin/bash
		[[ "\$*" == *acme.json && -e armed && "$tool \$*" == "$tool $sub"* ]] || exec "$BUILD/bin/$tool" "\$@"
		rm armed
		kill -9 \$\$
		END
		chmod +x bin/$tool
		: >armed
		TC_BIN=$PWD/bin run job day2
		[ "$status" -eq 1 ] || [ "$status" -eq 3 ]
		[[ "$(message)" == "Acme feed: failed: "* ]]
		[ ! -e armed ]
		rm bin/$tool; ln -s "$BUILD/bin/$tool" bin/$tool
		diff <(urls day1) <(held | grep -v '/41$') # nothing was removed by it
	done
	run -0 job day2
	run -0 job day2
	diff <(urls day2) <(held)
}

@test "41: the platform is away for longer than anything is kept: what is unsent stays, and arrives once" {
	sandbox_up
	run -0 job day1
	cfg=$XDG_CONFIG_HOME/tcfeed/platform.json
	cp "$cfg" good.json
	jq '.tc_api_path |= sub(":[0-9]+/"; ":9/")' good.json >"$cfg"	# nobody listens there
	for i in 1 2; do
		run -1 job day2
		[[ "$(message)" == "Acme feed: failed: "*"127.0.0.1"* ]]
		# 40 days go by: all that is there is older than the cleaner keeps
		find "$XDG_STATE_HOME/tcfeed" -type f -exec touch -d '40 days ago' {} +
	done
	state() { tc-delta stats --json --owner 'Acme Source' ./acme.json | jq -c '[.known,.pending]'; }
	before=$(state)
	# the disk is full beside: nothing can be written, nothing is lost by it
	run -1 bash -c "ulimit -f 0; trap '' XFSZ; sh '$TOP/run.sh' --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay day2 --complete"
	[ "$(state)" = "$before" ]
	cp good.json "$cfg"
	run -0 job day2
	[ "$(held | grep -c '/41$')" -eq 1 ]
	[ "$(jq -c 'select(.summary | endswith("/9")) | .confidence' owner.ndjson)" = 99 ]
	run -0 job day2
	diff <(urls day2) <(held)
}

@test "removals over the limit are held, named, and let go once by that number" {
	sandbox_up
	run -0 job day1
	mkdir few; head -n 21 day1/urls.csv >few/urls.csv
	run -0 job few
	run -3 job few
	[[ "$(message)" == "Acme feed: removals are held: 20 of 40 active objects would go (50.0 %), the limit is 4; to let them go once, set confirm_removals to 20"* ]]
	diff <(urls day1) <(held)
	run -0 job few --confirm_removals 20
	[[ "$(message)" == "Acme feed: 20 removed, "* ]]
	diff <(urls few) <(held)
	[ "$(cat "$XDG_STATE_HOME"/tcfeed/acme.*.run/removed/*.ndjson | wc -l)" -eq 20 ]
}

@test "the platform: down, wrong credentials, wrong owner, clock off" {
	sandbox_up
	cfg=$XDG_CONFIG_HOME/tcfeed/platform.json
	cp "$cfg" good.json
	jq '.api_secret_key = "wrong-secret-key"' good.json >"$cfg"
	run -1 job day1
	[[ "$(message)" == "Acme feed: failed: "*"api_secret_key"* || "$(message)" == "Acme feed: failed: "*"credentials"* ]]
	[[ "$(message)" != *wrong-secret-key* ]]
	cp good.json "$cfg"
	run -1 sh "$TOP/run.sh" --tc_owner 'Nobody' --tc_out_path out --feed ./acme.json --replay day1
	[[ "$(message)" == "Acme feed: failed: "*Nobody* ]]
	sandbox_down
	cp good.json "$cfg"; chmod 600 "$cfg"
	run -1 job day1
	[[ "$(message)" == "Acme feed: failed: "*"127.0.0.1"* ]]
	rm "$cfg"
	sandbox_up --clock-skew 412
	run -1 job day1
	[[ "$(message)" == "Acme feed: failed: "*412* ]]
}

no_more_faults() {
	curl -sS --noproxy '*' -X POST --data-binary '' "$(jq -r '.tc_api_path | sub("/api$"; "")' "$XDG_CONFIG_HOME/tcfeed/platform.json")/sandbox/faults" >/dev/null
}

# fault SCRIPT CODE MESSAGE UPLOADS: a run with the fault, one without, and the owner is as if there had been none
fault() {
	echo "$1" >faults
	rm -rf "$XDG_STATE_HOME/tcfeed" owner.ndjson
	sandbox_up --faults faults
	run "-$2" job day1
	[[ "$(message)" == "Acme feed: "$3* ]] || { message; return 1; }
	no_more_faults
	run -0 job day1
	[[ "$(message)" == *"40 unchanged" || "$(message)" == "Acme feed: 40 created or updated" ]] || { message; return 1; }
	[ "$(uploads)" -eq "$4" ] || { uploads; return 1; }
	run -0 job day1
	[ "$(message)" = "Acme feed: 40 unchanged" ]
	sandbox_down
	diff <(sort expected) <(sort owner.ndjson)
}

@test "a call that is lost, before or after the platform had it: the next run ends where one without faults ends" {
	need_tool curl
	sandbox_up
	run -0 job day1
	sandbox_down
	mv owner.ndjson expected
	# taken, only the answer was lost: asked for in the same run (its answer is in no log, hence no upload)
	fault '{"method":"POST","path":"/v2/batch/*","lose":true,"nth":1}' 0 '40 created or updated' 0
	fault '{"method":"POST","path":"/v2/batch","lose":true,"nth":1}' 0 '40 created or updated' 1
	fault '{"method":"POST","path":"/v2/batch/*","cut":"before"}' 1 'failed: *batch/1: *40 objects were not sent; the next run sends them' 1
	fault '{"method":"POST","path":"/v2/batch/*","cut_upload":100}' 1 'failed: *batch/1: *40 objects were not sent; the next run sends them' 1
	fault '{"method":"GET","path":"/v2/batch/*","cut":"before"}' 3 '*the outcome of 40 objects is not known yet; the next run asks before' 1
}

@test "stuck in Queued and stopped: nothing keeps the next run out, which asks first and uploads nothing" {
	echo '{"batch":1,"stuck":"Queued","seconds":6}' >faults
	sandbox_up --faults faults
	sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --replay day1 --complete 3>&- & first=$!
	for _ in $(seq 100); do [ "$(uploads)" -eq 1 ] && break; sleep 0.1; done
	sleep 0.5
	kill -TERM $first
	wait $first && code=0 || code=$?
	[ $code -eq 1 ]
	[[ "$(message)" == "Acme feed: stopped by signal 15 (TERM); the outcome of 40 objects is not known yet; "*"40 not yet known" ]]
	run -0 job day1
	[ "$(message)" = "Acme feed: 40 settled from the last run, 40 unchanged" ]
	[ "$(uploads)" -eq 1 ]
	diff <(urls day1) <(held)
}

@test "refused objects: 3, the rest is stored, and they are not sent again" {
	echo 'http://example.com/malware/1' >excluded
	sandbox_up --exclude excluded
	run -3 job day1
	[[ "$(message)" == "Acme feed: "*"39 created or updated, 1 refused by the platform"* ]]
	before=$(uploads)
	run -0 job day1
	[ "$(uploads)" = "$before" ]
}

@test "hostile text of a feed and of the platform stays harmless in every output" {
	sandbox_up
	printf '99,http://example.com/\033[2J,1,"a\033]0;x\007"\n98,http://example.com/ok,1,"=cmd\342\200\256"\n' >>day1/urls.csv
	run job day1 --tc_log_path log --tc_log_level debug
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	run ! grep -r -a -l -e $'\033' -e $'\342\200\256' out log
	[ "$(wc -l <out/message.tc)" -eq 1 ]
}

@test "state in the DataStore: nothing of it is left here, and the next run knows" {
	sandbox_up --auth token
	export TCFEED_PLATFORM=1
	run -0 job day1
	[ "$(message)" = "Acme feed: 40 created or updated" ]
	[ ! -e "$XDG_STATE_HOME/tcfeed" ]
	run -0 job day2
	[ "$(message)" = "Acme feed: 2 created or updated, 38 unchanged" ]
	run -0 job day2
	[ "$(message)" = "Acme feed: 1 removed, 40 unchanged" ]
	diff <(urls day2) <(held)
	# a run that could not keep its state: all is sent again, and nothing is removed
	mkdir bin
	for tool in "$BUILD"/bin/tc-*; do ln -s "$tool" bin/; done
	rm bin/tc-api
	printf '#!/bin/sh\ncase "$*" in *save.json*) kill -9 $$ ;; esac\nexec "%s/bin/tc-api" "$@"\n' "$BUILD" >bin/tc-api; chmod +x bin/tc-api
	TC_BIN=$PWD/bin run job day1
	[ "$status" -eq 3 ]
	run -0 job day2
	[[ "$(message)" == "Acme feed: 40 created or updated"* ]]
	run -0 job day2
	# what only the lost run knew of is not known any more: it stays (tc-delta(1), CAVEATS)
	diff <({ urls day2; echo http://example.com/malware/7; } | sort) <(held)
}

@test "the platform's log when it is told, and app.log beside" {
	sandbox_up --auth token
	run -0 job day1 --tc_log_to_api --tc_log_level info --tc_log_path log
	# the stand-in's log shows the beginning of what it was sent
	grep -q 'log entries: \[{"timestamp":[0-9]*,"message":".*tc-delta - INFO' sandbox.log
	grep -q 'POST /v2/logs/app: 200' sandbox.log
	grep -q 'INFO .*Acme feed: 40 created or updated' log/app.log
	grep -q 'tc-submit - INFO ' log/app.log
}

# Every place a secret could have got to: plain, base64 (each alignment), percent-encoded.
forms() { # SECRET
	printf '%s\n' "$1"
	for pad in '' x xx; do printf '%s%s' "$pad" "$1" | base64 -w 0 | cut -c $((${#pad} * 8 / 6 + 2))- | sed 's/...$//'; echo; done | grep -v '^$'
	jq -rn --arg s "$1" '$s | @uri'
}

@test "marker secrets at trace level: in no file, message, request line, log or process list" {
	printf '{"api_access_id":"4711","api_secret_key":"marker/secret+key=77","tc_token":"JOB:9:marker+token/88:1795508345:1:7=","tc_token_expires":1795508345}' >credentials
	chmod 600 credentials
	mkdir bin
	for tool in "$BUILD"/bin/tc-*; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>started\nexec "%s" "$@"\n' "$tool" >"bin/${tool##*/}"
		chmod +x "bin/${tool##*/}"
	done
	export TC_BIN=$PWD/bin
	# without parameters in the definition's own request: nothing is fetched here
	for auth in keys token; do
		sandbox_up --auth $auth --credentials credentials
		# what is running, as anybody sees it, and what each program was started with
		( while :; do cat /proc/[0-9]*/cmdline || true; sleep 0.1; done >processes 2>/dev/null 3>&- ) & watcher=$!
		printf '{"acme_key":"marker/feed+key=99","tc_proxy_host":"127.0.0.1","tc_proxy_port":9,"tc_proxy_username":"u","tc_proxy_password":"marker/proxy+pass=55","tc_proxy_external":true}' >job.json
		chmod 600 job.json
		run job day1 --tc_log_level trace --tc_log_path log --config job.json --full
		[ "$status" -eq 0 ]
		printf '%s\n' "$output" >stderr.log
		# a failing feed: through the proxy that is not there, with the key in a header
		run sh "$TOP/run.sh" --tc_owner 'Acme Source' --tc_out_path out --feed ./acme.json --tc_log_level trace --tc_log_path log --config job.json
		[ "$status" -eq 1 ]
		printf '%s\n' "$output" >>stderr.log
		kill $watcher; wait $watcher || true
		grep -q -a -e tc-submit processes
		grep -q '^tc-submit .*--journal' started
		curl -s "$(jq -r .tc_api_path "$XDG_CONFIG_HOME/tcfeed/platform.json")/../sandbox/requests" >requests
		grep -q '/v2/batch' requests
		# (but for the line that the stand-in prints to be pasted)
		grep -v '^{"tc_api_path"' sandbox.log >asked
		for secret in 'marker/secret+key=77' 'JOB:9:marker+token/88:1795508345:1:7=' 'marker/feed+key=99' 'marker/proxy+pass=55'; do
			forms "$secret"
		done >forms
		[ "$(wc -l <forms)" -eq 20 ]
		run ! grep -r -a -l -F -f forms out log stderr.log processes started requests asked "$XDG_STATE_HOME" "$TMPDIR" --exclude='token-*'
		sandbox_down
		rm -rf log/* owner.ndjson "$XDG_STATE_HOME/tcfeed"
	done
}
