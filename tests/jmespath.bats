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
