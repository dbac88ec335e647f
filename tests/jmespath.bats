# JMESPath: the published suites and the project's own cases.
load helper

suite() {
	run --separate-stderr -0 "$BUILD/unit/jmespath_suite" "$@"
	[ -z "$stderr" ]
	sed -n 's/^ok [0-9]* -/#/p' <<<"$output" >&3	# passed and failed by file, in the log of the run
	[[ $output != *"not ok"* ]]
	[[ $output == *"ok 1 - "* ]]
}

@test "the JMESPath Community suite passes whole" {
	need_shared conformance/jmespath-community
	suite "$SHARED/conformance/jmespath-community"
	[[ $output != *" 1 changed on purpose"* ]]
}

@test "the original suite passes but for what the community's grammar changed" {
	need_shared conformance/jmespath
	suite "$SHARED/conformance/jmespath"
}

@test "the project's own cases pass: errors with columns, limits, code points, our functions" {
	suite "$FIXTURES/jmespath"
	[ "$(grep -c '^ok' <<<"$output")" -eq "$(ls "$FIXTURES"/jmespath/*.json | wc -l)" ]
}

@test "a failing case is told apart: the runner itself can fail" {
	cat >suite.json <<-'X'
		[{"given": {"a": 1}, "cases": [
			{"expression": "a", "result": 1},
			{"expression": "a", "result": 2},
			{"expression": "a[", "result": null},
			{"expression": "a", "error": "syntax"},
			{"expression": "b(", "error": "invalid-type"}]}]
	X
	run --separate-stderr -1 "$BUILD/unit/jmespath_suite" suite.json
	[[ $output == *"not ok 1 - suite.json: 1 passed, 0 changed on purpose, 4 failed"* ]]
	run --separate-stderr -1 "$BUILD/unit/jmespath_suite" nothing.json
	[[ $output == *"not ok 1"* ]]
}

# Lines "EXPRESSION<tab>JSON" become a suite.
to_suite() {
	jq -Rn '[{tables: {attack: {T1566: "Phishing"}}, given: {},
		cases: [inputs | split("\t") | {expression: .[0], result: (.[1] | fromjson)}]}]'
}

# examples PAGE SECTION: its "EXPRESSION = JSON" lines as to_suite() wants them.
examples() {
	sed -n "/^\\.Sh $2/,/^\\.Sh /p" "$TOP/man/$1" | sed -n '/^\.Bd/,/^\.Ed/{s/\\e/\\/g;s/ = \([^=]*\)$/\t\1/p;}'
}

@test "the examples of tc-feed(5) are true, and each function of ours stands there with its arguments and an example" {
	examples tc-feed.5 FUNCTIONS | to_suite >man.json
	[ "$(jq '.[0].cases | length' man.json)" -ge 42 ]
	suite man.json
	sed -n 's/^\t{ "\([a-z0-9_]*\)", \([0-9]\), \([0-9]\), .*fn_.*/\1 \2 \3/p' "$TOP/lib/functions.c" >ours
	[ "$(wc -l <ours)" -ge 33 ]
	while read -r name least most; do
		signature=$(sed -n '/^\.Sh FUNCTIONS/,/^\.Sh FILES/p' "$TOP/man/tc-feed.5" | grep "^\.It Fn $name ") || { echo "$name is not in the page"; false; }
		[ "$(grep -o '"[a-z]*"' <<<"$signature" | wc -l)" -eq "$most" ] || { echo "$signature: $least to $most arguments"; false; }
		jq -e --arg f "$name(" '[.[0].cases[].expression | select(startswith($f))] | length > 0' man.json >/dev/null || { echo "$name has no example"; false; }
	done <ours
	# and none that is not there
	sed -n '/^\.Sh FUNCTIONS/,/^\.Sh FILES/s/^\.It Fn \([a-z0-9_]*\) .*/\1/p' "$TOP/man/tc-feed.5" | sort >named
	cut -d' ' -f1 ours | sort | diff named -
}

@test "tcfeed-functions(7) names every function of the specification" {
	sed -n 's/^\t{ "\([a-z0-9_]*\)", .*false }, .*/\1/p' "$TOP/lib/jmespath/functions.c" >standard
	[ "$(wc -l <standard)" -eq 41 ]
	while read -r name; do
		grep -q "^\.Ic $name [,.]$" "$TOP/man/tcfeed-functions.7" || { echo "$name is not in the page"; false; }
	done <standard
}

@test "the examples of functions.h are true" {
	sed -n "s/^ \*.*\t\([a-z][a-z0-9_]*(.*[^\t ]\)[\t ]*-> \(.*\)\$/\1\t\2/p" "$TOP/lib/functions.h" |
		awk -F'\t' '{ gsub(/'"'"'/, "\"", $2); print $1 "\t" $2 }' | to_suite >header.json
	[ "$(jq '.[0].cases | length' header.json)" -ge 30 ]
	suite header.json
}

@test "the pages are clean" {
	need_tool mandoc
	run --separate-stderr -0 mandoc -Tlint -Wwarning "$TOP/man/tcfeed-functions.7" "$TOP/man/tc-feed.5"
	[ -z "$output$stderr" ]
}
