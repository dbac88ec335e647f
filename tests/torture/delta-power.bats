# The power fails at every call of tc-delta that changes or syncs a file: what was not synced is not there, or is there in
# part. The next run ends as if nothing had happened, and what went out was noted.
load ../helper
load cycle

setup() {
	common_setup
	need_tool cc
	need_tool python3
	sanitized && not_applicable "a library that is preloaded before the sanitizer's"
	cc -O1 -shared -fPIC -o power.so "$TOP/tests/torture/power.c" -ldl
	two_days
	export TC_LOG_LEVEL=warning
}

# after_power_loss SEED: the state directory as the disk has it. SEED 0: nothing that was not synced; else of each file that
# was synced once, some blocks of 512 bytes are newer, and its length is the one or the other.
after_power_loss() {
	python3 - "$STATE" "$PWD/disk" "$1" <<'PY'
import os, random, sys
state, disk, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
rand = random.Random(seed)
names = dict(reversed(l.split(" ", 1)) for l in open(disk + "/names").read().splitlines())
now = {str(os.stat(f"{state}/{n}").st_ino): open(f"{state}/{n}", "rb").read() for n in os.listdir(state)}
for n in os.listdir(state):
    os.unlink(f"{state}/{n}")
for name, inode in names.items():
    old = open(f"{disk}/{inode}", "rb").read() if os.path.exists(f"{disk}/{inode}") else b""
    new = now.get(inode, old)
    if seed != 0 and new != old:
        mixed = bytearray(old.ljust(len(new), b"\0"))
        for at in range(0, len(new), 512):
            if rand.random() < 0.5:
                mixed[at:at + 512] = new[at:at + 512]
        old = bytes(mixed[:rand.choice([len(old), len(new)])])
    with open(os.open(f"{state}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
        f.write(old)
PY
}

# What is on the disk before the step begins: all of it.
start_disk() {
	local f
	rm -rf "$STATE" disk
	cp -a base "$STATE"
	mkdir disk
	for f in "$STATE"/*; do
		[ -e "$f" ] || continue
		cp "$f" "disk/$(stat -c %i "$f")"
		echo "$(stat -c %i "$f") ${f##*/}"
	done >disk/names
}

# fails STEP COMMAND...: as kills of delta-kill.bats, by power; at last when the command has just ended well.
fails() {
	local n seed was different=0 ended=false step=$1
	shift
	: >seen
	for ((n = 1; n < 2000; n++)); do
		for seed in 0 $((n % 3 == 0 ? n : 0)); do
			start_disk
			if LD_PRELOAD=$PWD/power.so POWER_DIR=$STATE POWER_DISK=$PWD/disk POWER_AT=$n tc-delta "$@" ./f.json <input >out 2>err; then
				ended=true
			fi
			after_power_loss "$seed"
			was=$(find "$STATE" -type f ! -name '*.lock' | sort | xargs sha256sum out | sha256sum)
			grep -qxF "$was" seen && continue
			echo "$was" >>seen
			different=$((different + 1))
			cp reached.base reached
			if [ "$step" = commit ]; then
				if $ended; then all_known; fi || { echo "what was acknowledged is not known, seed $seed"; return 1; }
			elif [ -s out ]; then
				# what has gone out is noted, whatever was not synced: its receipts are expected
				jq -Rc 'fromjson? // empty' out >lines
				cat lines >>reached
				receipts lines | tc-delta commit ./f.json 2>err
				! grep 'does not know' err || return 1
			fi
			recover "$step: power lost at call $n, seed $seed" || return 1
		done
		if $ended; then break; fi
	done
	echo "# $step: $n calls, $different different outcomes" >&3
	$ended && [ "$n" -gt 8 ]
}

# Of the day that has been sent and acknowledged nothing is new, changed or open.
all_known() { [ -z "$(tc-delta filter --dry-run ./f.json <day2 2>/dev/null)" ] && [ "$(tc-delta stats --json ./f.json 2>/dev/null | jq .pending)" = 0 ]; }

@test "filter of a first run, power lost at every call" {
	base_of first
	fails first filter
}

@test "filter, power lost at every call" {
	base_of filter
	fails filter filter
}

@test "commit, power lost at every call" {
	base_of commit
	fails commit commit
}

@test "expire, power lost at every call" {
	base_of expire
	fails expire expire --complete
}
