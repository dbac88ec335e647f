# What is written agrees with what is there: pages, usage lines, versions, the tree.
load helper

@test "every command has a page that mandoc takes, and its SYNOPSIS names the options of the usage line" {
	need_tool mandoc
	for tool in "$TOP"/tools/tc-*.c; do
		name=$(basename "$tool" .c)
		page=$TOP/man/$name.1
		[ -e "$page" ] || { echo "no page for $name"; return 1; }
		run --separate-stderr -0 "$name" -h
		[[ $output == "usage: $name "* ]]
		[ -z "$stderr" ]
		mandoc -Tascii "$page" | sed 's/.\x08//g' >rendered
		# long options of the help text are in the page
		for option in $(grep -o -- '--[a-z][a-z-]*' <<<"$output" | sort -u); do
			grep -q -e "$option" rendered || { echo "$name: $option is not in its page"; return 1; }
		done
	done
	for page in "$TOP"/man/*.[157]; do
		run -0 mandoc -Tlint -Wwarning "$page"
		[ -z "$output" ] || { echo "$output"; return 1; }
	done
}

@test "-V of every command, install.json and the newest CHANGELOG entry agree" {
	version=$(jq -r .programVersion "$TOP/install.json")
	for tool in "$TOP"/tools/tc-*.c; do
		name=$(basename "$tool" .c)
		run --separate-stderr -0 "$name" -V
		[ "$output" = "$name $version" ]
	done
	[[ "$(grep -m 1 '^## ' "$TOP/CHANGELOG.md")" == "## $version"* ]]
}

@test "an unknown option is exit 2 with the usage on stderr, for every command" {
	for tool in "$TOP"/tools/tc-*.c; do
		name=$(basename "$tool" .c)
		[ "$name" != tc-params ] || continue	# the platform adds arguments over time: unknown ones are warned about
		run --separate-stderr -2 "$name" --no-such-option-at-all
		[ -z "$output" ]
		[[ $stderr == *"usage: $name"* ]] || { echo "$name: $stderr"; return 1; }
	done
}

@test "the scripts are clean for shellcheck" {
	need_tool shellcheck
	run -0 shellcheck -S warning -s sh "$TOP/run.sh" "$TOP"/scripts/demo "$TOP"/scripts/check "$TOP"/scripts/deps "$TOP"/scripts/run-tests "$TOP"/scripts/bench "$TOP"/scripts/bench-start \
		"$TOP"/scripts/demo-run "$TOP"/scripts/bundle "$TOP"/scripts/make-fixture "$TOP"/scripts/old-root "$TOP"/scripts/bench-delta "$TOP"/scripts/bench-submit "$TOP"/scripts/bench-fetch
}

@test "installed: commands, pages and definitions where they belong, and a definition is found by its name" {
	# "all" is not looked at: other flags than the ones of the build would link the commands anew while other tests run them
	make -s -C "$TOP" -o all BUILD="$BUILD" DESTDIR="$PWD/root" PREFIX=/usr install
	for tool in "$TOP"/tools/tc-*.c; do [ -x "root/usr/bin/$(basename "$tool" .c)" ]; done
	[ -x root/usr/bin/tcfeed-run ]
	[ -e root/usr/share/man/man1/tc-map.1 ]
	run --separate-stderr -0 root/usr/bin/tc-map --check example-urls
}

# tcfeed-run as the unit and the table start it: with stored pages, into files.
scheduled() { # COMMAND-LINE
	printf '#!/bin/sh\nexec sh "%s/run.sh" --replay "%s/pages" --dry-run "%s/batches" "$@"\n' "$TOP" "$PWD" "$PWD" >bin/tcfeed-run
	chmod +x bin/tcfeed-run
	PATH=$PWD/bin:$PATH run sh -c "$1"
	[ "$status" -eq 0 ] || { cat "$HOME/message.tc" "$HOME/tcfeed.log" out/message.tc; echo "$output"; return 1; }
	[ -n "$(ls batches)" ]
	rm -r batches
}

@test "contrib: the lines of the cron table and of the systemd unit start a job" {
	mkdir bin pages out
	cp "$FIXTURES/example-urls.csv" pages/
	line=$(grep -E '^[0-9*]+ ' "$TOP/contrib/tcfeed.cron")
	# minute hour day month weekday user command
	[[ "$line" =~ ^([0-9]+)\ +\*\ +\*\ +\*\ +\*\ +tcfeed\ +(.*)$ ]]
	# several feeds in one job; here of one format
	command=${BASH_REMATCH[2]//abusech-urlhaus|ipsum/example-urls|$PWD/second.json}
	jq '.id = "second" | .name = "Second"' "$TOP/feeds/example-urls.json" >second.json
	scheduled "$command"
	[[ "$(<"$HOME/message.tc")" == *". Second: "* ]]
	run ! grep -e error: "$HOME/tcfeed.log"

	unit=$TOP/contrib/tcfeed@.service
	mkdir -m 750 credentials
	echo '{"tc_owner":"Example Source"}' >credentials/params; chmod 440 credentials/params
	# shellcheck disable=SC2046
	export $(sed -n 's/^Environment=//p' "$unit" | sed "s|/var/lib/tcfeed|$PWD/out|g") CREDENTIALS_DIRECTORY=$PWD/credentials
	chmod 700 out
	command=$(sed -n 's|^ExecStart=/usr/local/bin/||p' "$unit" | sed "s|%i|example-urls|; s|%d|$PWD/credentials|")
	scheduled "$command"
	[[ "$(<out/message.tc)" == "Example URL feed: "* ]]
	# the unit's own time is longer than the run's, which ends it cleanly; 3 is no failure of the unit
	[ "$(jq -r '.params[] | select(.name == "time_limit").default' "$TOP/install.json")" = 6h ]
	grep -q -x TimeoutStartSec=7h "$unit"
	grep -q -x SuccessExitStatus=3 "$unit"
	grep -q -x 'OnCalendar=.*' "$TOP/contrib/tcfeed@.timer"
}

@test "the README's definition is one" {
	sed -n '/^    {"id": "my-hosts"/,/}\]}$/p' "$TOP/README.md" >my-hosts.json
	run --separate-stderr -0 tc-map --check ./my-hosts.json
	printf 'host,score,family\nEvil[.]Host[.]com,70,Emotet\n' >hosts.csv
	run --separate-stderr -0 tc-map ./my-hosts.json hosts.csv
	[ "$(jq -c . <<<"$output")" = '{"type":"Host","summary":"evil.host.com","confidence":70,"tag":[{"name":"Emotet"}]}' ]
}
