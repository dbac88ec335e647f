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
	run -0 shellcheck -S warning -s sh "$TOP/run.sh" "$TOP"/scripts/demo "$TOP"/scripts/check "$TOP"/scripts/deps "$TOP"/scripts/run-tests "$TOP"/scripts/bench "$TOP"/scripts/bench-start
}

@test "installed: commands, pages and definitions where they belong, and a definition is found by its name" {
	# "all" is not looked at: other flags than the ones of the build would link the commands anew while other tests run them
	make -s -C "$TOP" -o all BUILD="$BUILD" DESTDIR="$PWD/root" PREFIX=/usr install
	for tool in "$TOP"/tools/tc-*.c; do [ -x "root/usr/bin/$(basename "$tool" .c)" ]; done
	[ -x root/usr/bin/tcfeed-run ]
	[ -e root/usr/share/man/man1/tc-map.1 ]
	run --separate-stderr -0 root/usr/bin/tc-map --check example-urls
}

@test "the README's definition is one" {
	sed -n '/^    {"id": "my-hosts"/,/}\]}$/p' "$TOP/README.md" >my-hosts.json
	run --separate-stderr -0 tc-map --check ./my-hosts.json
	printf 'host,score,family\nEvil[.]Host[.]com,70,Emotet\n' >hosts.csv
	run --separate-stderr -0 tc-map ./my-hosts.json hosts.csv
	[ "$(jq -c . <<<"$output")" = '{"type":"Host","summary":"evil.host.com","confidence":70,"tag":[{"name":"Emotet"}]}' ]
}
