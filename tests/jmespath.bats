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
