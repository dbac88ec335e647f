# run.sh: what it makes of what the stages say. The stages are stand-ins here, so that each can be made to end in any way;
# pipe.bats runs the real ones against the sandbox.
load helper

setup() {
	common_setup
	unset TC_APP_PARAM_FILE TC_APP_PARAM_KEY TC_API_PATH TC_TOKEN API_ACCESS_ID API_SECRET_KEY TC_OUT_PATH
	export TC_BIN=$PWD/bin STUB=$PWD/stub TC_STATE_DIR=$PWD/state
	mkdir -p bin stub out log state
	cp "$BUILD/bin/tc-params" bin/
	cat >bin/stand-in <<-'END'
	#!/bin/sh
	# Ends as $STUB/NAME says (shell code), else as a stage that found all in order.
	me=${0##*/} sub= line="$*"
	if [ "$me $1" = "tc-delta lock" ]; then
		echo "delta-lock ${line#lock }" >>"$STUB/calls"
		[ ! -f "$STUB/delta-lock" ] || . "$STUB/delta-lock"
		while [ "$1" != -- ]; do shift; done
		shift
		exec 8>>"$STUB/lock"; TC_LOCK_FD=8; export TC_LOCK_FD
		exec "$@"
	fi
	# (not before: they would reach the script in its environment)
	stats= cursor= out=
	[ "$me" != tc-delta ] || { sub=$1; shift; }
	while [ $# -gt 1 ]; do
		case $1 in
		--stats) stats=$2; shift ;;
		--cursor) cursor=$2; shift ;;
		--since) since=$2; shift ;;
		-o) out=$2; shift ;;
		--settle) sub=settle ;;
		esac
		shift
	done
	name=${me#tc-}${sub:+-$sub}
	echo "$name $line" >>"$STUB/calls"
	# without processes: there are dozens of these in a test
	copy() { while IFS= read -r l; do printf '%s\n' "$l"; done; }
	count() { n=0; while read -r l; do n=$((n + 1)); done; }
	accepted=0
	stats() { [ -z "$stats" ] || printf '%s\n' "$1" >"$stats"; }
	[ ! -f "$STUB/$name" ] || . "$STUB/$name"
	case $name in
	fetch)
		[ ! -f "$STUB/pages" ] || copy <"$STUB/pages"
		[ -z "$cursor" ] || echo '{"last_run":1}' >"$cursor"
		stats '{"exit":0,"complete":1}'
		;;
	map) copy; stats '{"exit":0,"records":{"read":3,"rejected":1}}' ;;
	delta-filter) copy; stats '{"exit":0,"objects":{"unchanged":20000}}' ;;
	submit | submit-settle) n=0; while read -r l; do n=$((n + 1)); echo $n; done; stats '{"exit":0,"objects":{"accepted":'"$n"',"rejected":0,"unknown":0}}' ;;
	delta-commit) count; stats '{"exit":0,"receipts":{"accepted":'"$n"',"rejected":0,"unknown":0,"unsent":0}}' ;;
	delta-expire) [ ! -f "$STUB/gone" ] || copy <"$STUB/gone"; stats '{"exit":0,"removals":{"due":0}}' ;;
	delta-present) stats '{"exit":0,"present":{"active":20001,"wanted":0}}' ;;
	esac
	exit 0
	END
	chmod +x bin/stand-in
	for name in tc-fetch tc-map tc-delta tc-submit; do ln -s stand-in bin/$name; done
	printf 'a\nb\n' >stub/pages
	[ -z "${RUN_UNDER:-}" ] || only_busybox
	printf '%s\n' '{"id":"acme","name":"Acme feed","fetch":{"url":"https://feed.example/v1"},"parse":{"format":"json","records":"data"},
		"map":[{"object":{"type":"URL","summary":{"path":"url"}}}]}' >acme.json
}

teardown() {
	[ -z "${job:-}" ] || kill -9 "$job" 2>/dev/null || true
}

# The shell under test: sh, or with RUN_UNDER=busybox busybox's, with its tools alone on PATH.
shell() {
	if [ -n "${RUN_UNDER:-}" ]; then
		PATH=$PWD/tools TC_SH=$PWD/tools/sh "$PWD/tools/sh" "$@"
	else
		sh "$@"
	fi
}

only_busybox() {
	need_tool busybox
	mkdir tools
	busybox --install -s "$PWD/tools"
	sed -i "1s|.*|#!$PWD/tools/sh|" bin/stand-in
	RUN_UNDER=busybox
}

job() { # ARGUMENTS: as the platform starts it
	shell "$TOP/run.sh" --tc_owner Own --tc_out_path "$PWD/out" --feed ./acme.json "$@"
}

start_job() { # in the background; its process in $job
	if [ -n "${RUN_UNDER:-}" ]; then
		PATH=$PWD/tools TC_SH=$PWD/tools/sh "$PWD/tools/sh" "$TOP/run.sh" --tc_owner Own --tc_out_path "$PWD/out" --feed ./acme.json 3>&- &
	else
		sh "$TOP/run.sh" --tc_owner Own --tc_out_path "$PWD/out" --feed ./acme.json 3>&- &
	fi
	job=$!
}

message() { cat out/message.tc; }

no_leftovers() {
	[ -z "$(ls "$TMPDIR")" ]
}

@test "both pipes: message, results, statuses" {
	printf 'gone\n' >stub/gone
	run --separate-stderr -0 job
	[ "$output" = "" ]
	[ "$stderr" = "" ]
	[ "$(message)" = "Acme feed: 2 created or updated, 1 removed, 1 rejected, 20,000 unchanged" ]
	grep -q -x 'last_run = 20[0-9T:-]*Z' out/results.tc
	grep -q -x 'cursor = {"last_run":1}' out/results.tc
	[ "$(stat -c %a out/message.tc out/results.tc | sort -u)" = 600 ]
	[ "$(cut -d ' ' -f 1 stub/calls | grep -v -x delta-lock | sort | uniq -c | awk '{print $2 $1}' | sort | paste -sd' ')" = \
		"delta-commit3 delta-expire1 delta-filter1 delta-settle1 fetch1 map1 submit-settle1 submit2" ]
	no_leftovers
}

@test "each stage killed, in turn: 1 before anything was acknowledged, 3 after, never 0" {
	for stage in delta-settle submit-settle fetch map delta-filter submit; do
		echo 'kill -9 $$' >stub/$stage
		run -1 job
		[[ "$(message)" == "Acme feed: failed: "*" was killed by signal 9"* ]] || { message; false; }
		rm stub/$stage
		grep -q '^last_run = 30 days ago$' out/results.tc
	done
	for stage in delta-expire; do
		echo 'kill -9 $$' >stub/$stage
		run -3 job
		rm stub/$stage
	done
	# acknowledged in the first pipe; killed in the second
	echo 'case $line in *submit_removals*) kill -9 $$ ;; esac' >stub/submit
	run -3 job
	no_leftovers
}

@test "a stage's shell killed with it leaves no status: that is a failure too" {
	echo 'kill -9 $PPID $$' >stub/map
	run -1 job
	[[ "$(message)" == *"failed: map was killed by signal 9"* ]]
}

@test "the matrix of exit codes: each stage ending with 1, 2, 3 and by a signal" {
	want() { # STAGE CODE EXPECTED
		echo "stats '{\"exit\":$2,\"reason\":\"temporary\",\"message\":\"the $1 said so\"}'; exit $2" >stub/$1
		run job
		[ "$status" -eq "$3" ] || { echo "$1 $2: $status"; false; }
		[[ "$(message)" == "Acme feed: "*"the $1 said so"* ]]
		[ "$(wc -c <out/message.tc)" -le 255 ]
		rm stub/$1
	}
	for stage in delta-settle fetch map delta-filter submit delta-commit; do
		want $stage 1 1
		want $stage 3 3
	done
	want map 2 1
	want delta-expire 1 3
	want delta-expire 3 3
	echo "exit 255" >stub/map
	run -1 job
}

@test "a failure after an acknowledged batch is 3" {
	echo 'n=$(wc -l); echo receipt; stats "{\"exit\":1,\"reason\":\"temporary\",\"message\":\"platform went away\",\"objects\":{\"accepted\":1}}"; exit 1' >stub/submit
	run -3 job
	[ "$(message)" = "Acme feed: failed: platform went away; 1 created or updated, 1 rejected, 20,000 unchanged" ]
	grep -q '^last_run = 30 days ago$' out/results.tc
}

@test "no removals unless fetch, map and filter ended with 0 and saw the whole feed" {
	for stage in fetch map delta-filter; do
		echo 'exit 3' >stub/$stage
		run -3 job
		rm stub/$stage
	done
	echo 'stats "{\"exit\":0,\"complete\":0}"; cat "$STUB/pages"; exit 0' >stub/fetch
	run -0 job
	rm stub/fetch
	run -0 job --limit 5
	run -0 job --indicator_types URL
	run -0 job --no-removals
	run ! grep delta-expire stub/calls
	run -0 job --replay stub/pages
	grep -q 'delta-expire.*--complete' stub/calls
}

@test "objects refused by the platform keep nothing from being removed, unknown ones keep the cursor back" {
	echo 'cat >/dev/null; stats "{\"exit\":3,\"reason\":\"refused\",\"message\":\"2 refused\"}"; exit 3' >stub/submit
	run -3 job
	grep -q delta-expire stub/calls
	[ -s state/acme.*.run/cursor ]
	rm -r state; mkdir -m 700 state
	echo 'cat >/dev/null; stats "{\"exit\":3,\"receipts\":{\"accepted\":5,\"unknown\":2,\"unsent\":0}}"; exit 3' >stub/delta-commit
	run -3 job
	[ ! -e state/acme.*.run/cursor ]
}

@test "another run is active: nothing is started, exit 3, the holder is named" {
	echo 'st=${line#*--stats }; st=${st%% *}; echo "{\"exit\":3,\"reason\":\"busy\",\"message\":\"another run of feed acme is active: run 7f3a\"}" >"$st"; exit 3' >stub/delta-lock
	run -3 job
	[ "$(message)" = "Acme feed: another run of feed acme is active: run 7f3a" ]
	[ "$(cut -d ' ' -f 1 stub/calls | sort -u)" = delta-lock ]
}

@test "the stages inherit the lock's descriptor and the parameters, and read their own input" {
	echo 'ls -l /proc/self/fd | grep -c "stub/lock" >"$STUB/locked"; head -c 11 /dev/fd/$TC_PARAMS_FD >"$STUB/params"' >stub/map
	run -0 job
	[ "$(cat stub/locked)" = 1 ]
	[ "$(cat stub/params)" = '{"tc_owner"' ]
}

@test "signals: the stages are ended, what was acknowledged is committed, only 1 and 3 come out" {
	for word in TERM INT HUP; do
		rm -f stub/ready
		echo 'trap "echo receipt; stats {}; exit 1" TERM; : >"$STUB/ready"; while :; do sleep 0.1; done' >stub/submit
		start_job
		for _ in $(seq 100); do [ -e stub/ready ] && break; sleep 0.05; done
		kill -s $word $job || true
		# bash starts background jobs with INT ignored: what is ignored at the start stays so
		if [ $word = INT ]; then sleep 0.3; kill -s TERM $job; fi
		wait $job && code=0 || code=$?
		job=
		[ $code -eq 3 ]
		[[ "$(message)" == "Acme feed: stopped by signal "*"("*")"* ]]
		grep -q '^last_run = 30 days ago$' out/results.tc
	done
	rm stub/submit
	rm -f stub/ready
	echo 'trap "exit 1" TERM; : >"$STUB/ready"; while :; do sleep 0.1; done' >stub/fetch
	start_job
	for _ in $(seq 100); do [ -e stub/ready ] && break; sleep 0.05; done
	kill -s TERM $job
	wait $job && code=0 || code=$?
	job=
	[ $code -eq 1 ]
	[[ "$(message)" == "Acme feed: stopped by signal 15 (TERM)"* ]]
	no_leftovers
}

@test "the time limit ends a run as a signal does" {
	echo 'trap "exit 1" TERM; while :; do sleep 0.1; done' >stub/fetch
	# below a minute only from within
	sed 's/^\(.*: "${time_limit:=21600}"\)$/\ttime_limit=2/' "$TOP/run.sh" >run.sh
	TC_INSTALL=$TOP/install.json run -1 shell ./run.sh --tc_owner Own --tc_out_path out --feed ./acme.json
	[[ "$(message)" == "Acme feed: stopped: the time limit of 2 seconds is over"* ]]
}

@test "results.tc has the old values from the start" {
	echo 'cp out/results.tc "$STUB/early"' >stub/fetch
	run -0 job --last_run 2024-01-01 --cursor '{"cursor":"x"}'
	[ "$(cat stub/early)" = "$(printf 'last_run = 2024-01-01\ncursor = {"cursor":"x"}')" ]
	run ! grep 2024 out/results.tc
}

@test "a value that cannot stand in results.tc is left out of it" {
	long=$(printf 'x%.0s' $(seq 300))
	echo "echo '{\"cursor\":\"$long\"}' >\"\$cursor\"; stats '{\"complete\":1}'; exit 0" >stub/fetch
	run -0 job
	run ! grep '^cursor' out/results.tc
	grep -q '^last_run = 20' out/results.tc
	awk 'length > 300 { exit 1 }' out/results.tc
	for key in $(sed 's/ =.*//' out/results.tc); do jq -e --arg k "$key" 'any(.params[]; .name == $k)' "$TOP/install.json"; done
}

@test "an edited last_run is the reset, one that merely did not come back is none" {
	run -0 job
	w1=$(sed -n 's/^last_run = //p' out/results.tc)
	run ! grep delta-reset stub/calls
	# the platform kept nothing: the old value again
	run -0 job --last_run '30 days ago'
	run ! grep delta-reset stub/calls
	w2=$(sed -n 's/^last_run = //p' out/results.tc)
	run -0 job --last_run "$w2"
	run ! grep delta-reset stub/calls
	# edited
	run -0 job --last_run '90 days ago'
	[ "$(grep -c delta-reset stub/calls)" -eq 1 ]
	grep 'fetch .*--last-run 90 days ago' stub/calls
	# the same edit is none while it is what comes back
	run -0 job --last_run '90 days ago'
	[ "$(grep -c delta-reset stub/calls)" -eq 1 ]
	w3=$(sed -n 's/^last_run = //p' out/results.tc)
	run -0 job --last_run "$w3"
	# but it is one again once a later value has come back
	run -0 job --last_run '90 days ago'
	[ "$(grep -c delta-reset stub/calls)" -eq 2 ]
}

@test "full sends are asked for once: --full and full_send, which is switched off" {
	run -0 job --full
	[ "$(grep -c delta-reset stub/calls)" -eq 1 ]
	run -0 job --full_send --confirm_removals 12
	[ "$(grep -c delta-reset stub/calls)" -eq 2 ]
	grep -q -x 'full_send = false' out/results.tc
	grep -q -x 'confirm_removals =' out/results.tc
}

@test "an incremental feed goes on window by window, the cursor behind what was acknowledged" {
	cat >stub/fetch <<-'END'
	n=$(($(cat "$STUB/n" 2>/dev/null || echo 0) + 1)); echo $n >"$STUB/n"
	seq $n
	more=true; [ $n -lt 3 ] || more=false
	echo "{\"cursor\":\"c$n\",\"more\": $more}" >"$cursor"
	stats '{"exit":0,"complete":1}'
	exit 0
	END
	run -0 job
	[ "$(cat state/acme.*.run/cursor)" = '{"cursor":"c3","more": false}' ]
	[ "$(grep -c '^fetch' stub/calls)" -eq 3 ]
	# all windows are counted
	[[ "$(message)" == "Acme feed: 6 created or updated, "* ]]
	grep '^fetch' stub/calls | sed -n 2p | grep -q -- '--since'
	# the second window fails: the cursor stays behind the first
	rm stub/n; rm -r state; mkdir -m 700 state
	echo 'x=$(cat); [ "$(cat "$STUB/n")" != 2 ] || exit 1; echo "$x"; stats "{}"; exit 0' >stub/map
	run -3 job
	[ "$(cat state/acme.*.run/cursor)" = '{"cursor":"c1","more": true}' ]
}

@test "not modified: nothing comes to filter, all is present" {
	echo 'echo "{\"etag\":\"x\"}" >"$cursor"; cat "$STUB/pages"; stats "{\"complete\":1}"; exit 0' >stub/fetch
	run -0 job
	: >stub/calls
	echo 'echo "{\"etag\":\"x\",\"unchanged\": true}" >"$cursor"; stats "{\"complete\":1}"; exit 0' >stub/fetch
	run -0 job
	[ "$(cut -d ' ' -f 1 stub/calls | grep -x -e delta-filter -e delta-present -e delta-expire)" = delta-present ]
	[ "$(message)" = "Acme feed: 20,001 unchanged" ]
	# something waits to be sent again: fetched once more, without what the feed knows us by
	: >stub/calls
	echo 'stats "{\"exit\":3,\"reason\":\"pending\",\"message\":\"5 objects wait\",\"present\":{\"active\":20001,\"wanted\":5}}"; exit 3' >stub/delta-present
	cat >stub/fetch <<-'END2'
	case $line in *--replay*) cat "$STUB/pages"; stats '{"complete":1}'; exit 0 ;; esac
	[ -z "$out" ] || mkdir "$out"
	case $line in *--since*) echo '{"etag":"x","unchanged": true}' ;; *) echo '{"etag":"x"}' ;; esac >"$cursor"
	stats '{"complete":1}'; exit 0
	END2
	run -0 job
	[ "$(message)" = "Acme feed: 2 created or updated, 1 rejected, 20,000 unchanged" ]
	[ "$(grep -c '^fetch .*-o ' stub/calls)" -eq 2 ]
	rm stub/delta-present
	: >stub/calls
	echo '[ -z "$out" ] || mkdir "$out"; echo "{\"etag\":\"y\"}" >"$cursor"; stats "{\"complete\":1}"; exit 0' >stub/fetch
	run -0 job
	grep -q '^fetch .*--replay' stub/calls
	grep -q '^delta-filter' stub/calls
	[ "$(cat state/acme.*.run/cursor)" = '{"etag":"y"}' ]
}

@test "several feeds: one message, one code" {
	sed 's/"id":"acme","name":"Acme feed"/"id":"other","name":"Other feed"/' acme.json >other.json
	run -0 job --feed ./other.json
	[ "$(message)" = "Acme feed: 2 created or updated, 1 rejected, 20,000 unchanged. Other feed: 2 created or updated, 1 rejected, 20,000 unchanged" ]
	echo 'case $line in *other.json*) stats "{\"message\":\"cannot reach other.example\"}"; exit 1 ;; esac' >stub/fetch
	run -3 job --feed ./other.json
	[[ "$(message)" == "Other feed: failed: cannot reach other.example"*". Acme feed: 2 created or updated"* ]]
	echo 'exit 1' >stub/fetch
	run -1 job --feed ./other.json
}

@test "a definition that is broken or missing: 1, named in the message" {
	echo '{"id":"acme","fetsch":{}}' >acme.json
	run -1 job
	[[ "$(message)" == "./acme.json: failed: ./acme.json: "*fetsch* ]]
	rm acme.json
	run -1 job
	[[ "$(message)" == "./acme.json: failed: "*"./acme.json"* ]]
	[ ! -s stub/calls ]
}

@test "parameters that are wrong end the job before it begins" {
	run --separate-stderr -1 shell "$TOP/run.sh" --tc_out_path out --feed ./acme.json
	[ "$(message)" = "failed: parameter tc_owner is required and not set" ]
	run -1 job --default_confidence 200
	[ "$(message)" = "failed: parameter default_confidence: 200 is not in 0 to 100" ]
	[ ! -s stub/calls ]
}

@test "a dry run changes neither state nor results" {
	run -0 job --dry-run batches
	grep -q '^submit .*--dry-run batches ' stub/calls
	sed 's/"id":"acme"/"id":"other"/' acme.json >other.json
	run -0 job --feed ./other.json --dry-run batches
	grep -q '^submit .*--dry-run batches/other ' stub/calls
	grep -q '^delta-filter .*--dry-run' stub/calls
	run ! grep -e delta-commit -e delta-settle -e delta-expire stub/calls
	[ ! -e state/acme.*.run/cursor ]
	grep -q '^last_run = 30 days ago$' out/results.tc
}

@test "state none: everything each time, no removals, the cursor through results.tc" {
	run -0 job --state none --cursor '{"cursor":"c7"}'
	grep '^fetch' stub/calls | grep -q -- '--since'
	run ! grep delta-expire stub/calls
	[ -z "$(ls state)" ]
	# started by the platform's launcher without a directory, that is what auto means
	TCFEED_PLATFORM=1 run -0 job
	[ -z "$(ls state)" ]
	TCFEED_PLATFORM=1 run -0 job --state_path "$PWD/mine"
	[ -n "$(ls mine)" ]
}

@test "directories that are missing or read-only" {
	# message.tc falls back to the current directory
	run -0 job --tc_out_path "$PWD/nowhere"
	[ -s message.tc ] && [ -s results.tc ]
	# also where the mode bits say that it can be written
	rm message.tc results.tc
	run -0 job --tc_out_path /proc
	[ "$(cat message.tc)" = "Acme feed: 2 created or updated, 1 rejected, 20,000 unchanged" ]
	grep -q '^last_run = 20' results.tc
	run -1 job --tc_out_path /proc --default_rating 9
	[[ "$(cat message.tc)" == "failed: parameter default_rating: '9' is not"* ]]
	rm message.tc results.tc
	run -1 job --state_path /proc
	[ "$(message)" = "Acme feed: the state directory /proc cannot be written" ]
	run -1 job --tc_temp_path /proc
	[[ "$(message)" == "failed: cannot make a temporary "*"/proc"* ]]
	run -0 job --tc_log_path /proc
	: >file
	run -1 job --state_path "$PWD/file/state"
	[[ "$(message)" == "tcfeed: the state directory $PWD/file/state cannot be written"* ]]
	run -1 job --tc_temp_path "$PWD/nowhere"
	[[ "$(message)" == "failed: cannot make a temporary "*"$PWD/nowhere"* ]]
	# a log that cannot be written changes nothing
	run -0 job --tc_log_path "$PWD/nowhere"
}

@test "R12: message.tc that cannot be written changes no result, and is told on standard error" {
	mkdir out/message.tc
	run --separate-stderr -0 job
	[[ "$stderr" == *"cannot write $PWD/out/message.tc: "* ]]
	[ "$(cat message.tc)" = "Acme feed: 2 created or updated, 1 rejected, 20,000 unchanged" ]
	grep -q '^last_run = 20' out/results.tc
	# nowhere at all
	rm message.tc; mkdir message.tc
	run --separate-stderr -0 job
	[[ "$stderr" == *"error: "*"message.tc"* ]]
	echo 'exit 3' >stub/map
	run -3 job
}

@test "the log: the platform's form, rotated by size, compressed, counted" {
	run -0 job --tc_log_path log --tc_log_level info
	grep -q -E '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} - tc-params - INFO     - ' log/app.log
	for i in 1 2 3 4; do
		head -c 3000 /dev/zero | tr '\0' x >log/app.log
		run -0 job --tc_log_path log --tc_log_max_bytes 2000 --tc_log_backup_count 2 --tc_log_level info
	done
	[ "$(ls log | sort | paste -sd' ')" = "app.log app.log.1.gz app.log.2.gz" ]
	[ "$(gzip -dc log/app.log.1.gz | head -c 3)" = xxx ]
	# a clean run at warning says nothing
	rm -r log; mkdir log
	run --separate-stderr -0 job --tc_log_path log
	[ ! -s log/app.log ]
	[ "$stderr" = "" ]
}

@test "old rejects and lists of removed objects are cleaned, what is pending is not" {
	run -0 job
	cd state/acme.*.run
	touch -d '40 days ago' rejects/old.ndjson removed/old.ndjson journal cursor
	echo x | tee rejects/new.ndjson rejects/old2.ndjson >removed/new.ndjson
	touch -d '40 days ago' rejects/old2.ndjson
	cd ../..
	run -0 job
	[ "$(cd state/acme.*.run; ls rejects removed journal | paste -sd' ')" = "journal rejects: new.ndjson removed: new.ndjson" ] ||
		[ "$(cd state/acme.*.run; ls rejects/* removed/* journal | paste -sd' ')" = "journal rejects/new.ndjson removed/new.ndjson" ]
}

@test "a hostile feed name and message stay one harmless line" {
	printf '{"id":"acme","name":"A\\u001b[2J\\u202e%s","parse":{"format":"json","records":"data"},"map":[{"object":{"type":"URL","summary":{"path":"url"}}}]}' \
		"\$(id)'; touch owned; '" >acme.json
	run -0 job
	[ ! -e owned ]
	run ! grep -q $'\033' out/message.tc
	[ "$(wc -l <out/message.tc)" -eq 1 ]
}

@test "the same under busybox, with nothing else on PATH" {
	[ -n "${RUN_UNDER:-}" ] || only_busybox
	printf 'gone\n' >stub/gone
	run --separate-stderr -0 job
	[ "$stderr" = "" ]
	[ "$(message)" = "Acme feed: 2 created or updated, 1 removed, 1 rejected, 20,000 unchanged" ]
	echo 'kill -9 $$' >stub/delta-filter
	run -1 job
	[[ "$(message)" == *"failed: filter was killed by signal 9"* ]]
}

@test "programs that are not there: a message all the same" {
	rm bin/tc-params
	mkdir here; cp "$TOP/run.sh" here/
	run --separate-stderr -1 env PATH=/usr/bin:/bin TC_BIN= sh here/run.sh --tc_out_path out
	[[ "$(message)" == "failed: the programs of this app are not there or cannot be executed ("*")" ]]
	[[ "$stderr" == "run.sh: error: "* ]]
}

@test "odd surroundings: locale, time zone, umask, closed descriptors" {
	umask 000
	LC_ALL=de_DE.UTF-8 TZ=Asia/Kathmandu run -0 shell -c 'exec sh "$0" --tc_owner Own --tc_out_path "$PWD/out" --feed ./acme.json <&- >&- 2>&-' "$TOP/run.sh"
	[ "$(find out state -type f ! -perm 600)" = "" ]
	grep -q "^last_run = $(date -u +%Y-%m-%dT%H)" out/results.tc
}

@test "the script is found however it is called" {
	mkdir there
	cp "$TOP/run.sh" there/
	ln -s "$TOP/install.json" there/install.json
	cd there
	ln -s ../tools tools
	run -0 shell run.sh --tc_owner Own --tc_out_path ../out --feed ../acme.json
	cd ..
	[ -s out/message.tc ]; rm out/message.tc
	PATH=$PWD/there:$PATH run -0 run.sh --tc_owner Own --tc_out_path out --feed ./acme.json
	[ -s out/message.tc ]
}

@test "help and version" {
	run --separate-stderr -0 shell "$TOP/run.sh" --help
	[[ "$output" == "usage: run.sh "* ]]
	run -0 shell "$TOP/run.sh" -V
	[ "$output" = "tc-params $(jq -r .programVersion "$TOP/install.json")" ]
}
