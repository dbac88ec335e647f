# tc-delta against a platform that refuses, forgets and leaves in doubt at random: see tests/model/delta_model.py.
load helper

setup() {
	common_setup
	export TC_OWNER=Model
	need_tool python3
}

@test "random faults, removal by Delete: counts add up, nothing listed is removed, the end is as without faults" {
	run -0 python3 "$TOP/tests/model/delta_model.py" 1 25 delete
	[[ "$output" == "seed 1: 25 runs"* ]]
}

@test "random faults, removal by inactive lines" {
	run -0 python3 "$TOP/tests/model/delta_model.py" 2 25 inactive
}
