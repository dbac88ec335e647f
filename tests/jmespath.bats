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

@test "the examples of tcfeed-functions(7) are true, and no function is left out" {
	sed -n '/^\.Bd/,/^\.Ed/{s/\\e/\\/g;s/ = \([^=]*\)$/\t\1/p;}' "$TOP/man/tcfeed-functions.7" | to_suite >man.json
	[ "$(jq '.[0].cases | length' man.json)" -ge 40 ]
	suite man.json
	sed -n 's/^\t{ "\([a-z0-9_]*\)", .*fn_.*/\1/p' "$TOP/lib/functions.c" >ours
	sed -n 's/^\t{ "\([a-z0-9_]*\)", .*false }, .*/\1/p' "$TOP/lib/jmespath/functions.c" >standard
	[ "$(wc -l <ours)" -ge 30 ]
	[ "$(wc -l <standard)" -eq 41 ]
	while read -r name; do
		grep -q "^\.It Fn $name " "$TOP/man/tcfeed-functions.7" || { echo "$name is not in the page"; false; }
	done <ours
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

@test "the page is clean" {
	need_tool mandoc
	run --separate-stderr -0 mandoc -Tlint -Wwarning "$TOP/man/tcfeed-functions.7"
	[ -z "$output$stderr" ]
}
