#!/bin/bash
# Real captures through the whole job into the sandbox, and what comes of it as a table.
#
#	captures.sh once FEEDS SHARED NAME FILE...	one line: the capture's numbers; the job run a second time must send nothing
#	captures.sh pair FEEDS SHARED NAME FILE FILE	two days of a feed: what the owner holds after the second must be
#							what a fresh owner holds that saw the second day alone
#
# FEEDS is the directory of definitions, SHARED that of the captures. Works in the current directory; ends with 1 and a
# line that says what differs. Columns of once: name, records read, mapped, dropped, rejected, objects by type, reasons,
# objects sent, batches, seconds, sent by the second run. Of pair: name, policy, first day's objects, second day's new,
# changed, unchanged, removed, held by the owner, batches of the second day, associations that stay behind.
set -u
mode=$1 feeds=$2 shared=$3 name=$4
shift 4
owner='Example Source'
top=$(cd "$(dirname "$0")/../.." && pwd)
sandbox=
trap '[ -z "$sandbox" ] || kill $sandbox 2>/dev/null' EXIT

die() { echo "$name: $1" >&2; exit 1; }

# A fresh platform and a fresh state under DIR.
fresh() {
	[ -z "$sandbox" ] || { kill "$sandbox" && wait "$sandbox" 2>/dev/null; }
	at=$PWD/$1
	rm -rf "$at"
	mkdir -p "$at/out" "$at/tmp" "$at/state" "$at/config/tcfeed"
	chmod 700 "$at/state"
	tc-sandbox --owner "$owner" --config "$at/config/tcfeed/platform.json" --log-level error >"$at/sandbox.out" 2>"$at/sandbox.err" &
	sandbox=$!
	for _ in $(seq 400); do
		[ -s "$at/config/tcfeed/platform.json" ] && break
		sleep 0.05
	done
	[ -s "$at/config/tcfeed/platform.json" ] || die "the sandbox did not start: $(cat "$at/sandbox.err")"
	root=$(jq -r '.tc_api_path | sub("/api$"; "")' "$at/config/tcfeed/platform.json")
}

# job RUN FEED PAGES...: run.sh on captured pages; $stats is where the stages' counts are then.
job() {
	local run=$1 feed=$2 i=0
	shift 2
	mkdir -p "$at/$run.pages"
	for file; do i=$((i + 1)); ln -s "$shared/$file" "$at/$run.pages/$(printf %04d $i)${file##*/}"; done
	stats=$at/$run/1
	XDG_CONFIG_HOME=$at/config TC_STATE_DIR=$at/state TMPDIR=$at/tmp TC_OUT_PATH=$at/out TC_STATS_DIR=$at/$run \
		sh "$top/run.sh" --feed "$feed" --tc_owner "$owner" --tc_log_path "$at/out" --replay "$at/$run.pages" --complete >>"$at/log" 2>&1 ||
		die "$run ended with $?: $(cat "$at/out/message.tc"); $(tail -n 5 "$at/log")"
}

n() { jq -r --arg m "$2" 'getpath($m / ".") // 0' "$stats/$1.json"; }
held() { curl -sS --noproxy '*' "$root/sandbox/owner" | jq -cS . | LC_ALL=C sort; }
words() { jq -r --arg m "$2" '.[$m] // {} | del(.emitted) | [to_entries[] | select(.value | type == "number") | "\(.key) \(.value)"] | join(", ")' "$stats/$1.json"; }

# every record and object is accounted for
balance() {
	[ "$(n map records.read)" -eq $(($(n map records.mapped) + $(n map records.dropped) + $(n map records.rejected))) ] || die "records do not add up"
	[ "$(n map objects.emitted)" -eq $(($(n filter objects.merged) + $(n filter objects.unchanged) + $(n filter objects.withheld) + $(n filter objects.sent))) ] ||
		die "objects do not add up"
	[ "$(n filter objects.sent)" -eq "$(n commit receipts.accepted)" ] || die "sent $(n filter objects.sent), accepted $(n commit receipts.accepted)"
}

case $mode in
once)
	fresh "$name"
	start=$SECONDS
	job first "$feeds/$name.json" "$@"
	took=$((SECONDS - start))
	balance
	# an association is held at its two ends, not as a line
	lines=$(($(n commit receipts.accepted) - $(n map objects.association)))
	[ "$(held | wc -l)" -eq $lines ] || die "the owner holds $(held | wc -l), accepted were $lines"
	held >"$at/held"
	row="$name|$(n map records.read)|$(n map records.mapped)|$(n map records.dropped)|$(n map records.rejected)"
	row="$row|$(held | jq -r .type | LC_ALL=C sort | uniq -c | awk '{ c = $1; $1 = ""; printf "%s%s %s", s, substr($0, 2), c; s = ", " }')"
	row="$row|$(words map dropped)$(words map rejected | sed 's/./; &/')|$(n filter objects.sent)|$(n submit batches)|$took"
	job second "$feeds/$name.json" "$@"
	balance
	[ "$(n filter objects.sent)" -eq 0 ] || die "the second run sent $(n filter objects.sent)"
	[ "$(n submit batches)" -eq 0 ] || die "the second run made a batch"
	held | cmp -s - "$at/held" || die "the second run changed the owner"
	echo "$row|$(n filter objects.sent)"
	;;
pair)
	# What is gone goes at once; IGNORE=1 leaves the definition's list of members whose change alone is none
	jq '.delta.missing = "delete" | .delta.after = 1 | .delta.max_missing = "100%" | if env.IGNORE == "1" then . else .delta.ignore = [] end' \
		"$feeds/$name.json" >"$name.json"
	ignored=$(jq -c '.delta.ignore // []' "$name.json")
	fresh "$name.both"
	job day1 "$PWD/$name.json" "$1"
	balance
	first=$(held | wc -l)
	job day2 "$PWD/$name.json" "$2"
	balance
	row="$name|ignore $ignored|$first|$(n filter sent.new)|$(n filter sent.changed)|$(n filter objects.unchanged)|$(n submit_removals objects.accepted)"
	batches=$(($(n submit batches) + $(n submit_removals batches)))
	held >both
	cp "$stats"/*.json .
	fresh "$name.second"
	job day2 "$PWD/$name.json" "$2"
	held >second
	# an association that the feed no longer states stays on the platform, whatever is written (tc-delta(1), CAVEATS): such
	# are counted, and are all that may differ
	plain='delpaths([$i[] | [.]]) | del(.associatedGroups, .associatedGroupXid)'
	refs='[(.summary // .md5 // .sha1 // .sha256 // .xid), (.associatedGroups[]?.groupXid, .associatedGroupXid[]?)] | .[0] as $o | .[1:][] | "\($o) \(.)"'
	for file in both second; do
		jq -cS --argjson i "$ignored" "$plain" $file | LC_ALL=C sort >$file.cmp
		jq -r "$refs" $file | LC_ALL=C sort >$file.refs
	done
	# an incremental feed says nothing of what it no longer lists: that stays, and is all that may stand there besides
	more=0
	if [ "$(jq -r '.delta.mode' "$name.json")" = incremental ]; then
		more=$(LC_ALL=C comm -23 both.cmp second.cmp | wc -l)
		[ $(($(wc -l <both) - $(wc -l <second))) -eq "$more" ] || die "what stays and what is new do not add up"
		LC_ALL=C comm -12 both.cmp second.cmp >both.listed
		mv both.listed both.cmp
	fi
	diff both.cmp second.cmp >difference || die "$(grep -c '^<' difference) objects differ from a fresh owner's: $(head -c 1500 difference)"
	[ -z "$(LC_ALL=C comm -13 both.refs second.refs)" ] || die "associations are missing: $(LC_ALL=C comm -13 both.refs second.refs | head -n 3)"
	# what an incremental feed no longer lists keeps its associations, too
	[ "$more" -eq 0 ] || row="$row, $more stay"
	echo "$row|$(wc -l <both)|$batches|$(LC_ALL=C comm -23 both.refs second.refs | wc -l)"
	;;
esac
