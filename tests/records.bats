#!/usr/bin/env bats
# The record splitter, through build/unit/records_dump: a line a record, or BAD and why.
load helper

dump() {
	"$BUILD/unit/records_dump" "$@"
}

# given BYTES (printf form) ARGS...: runs on exactly these bytes
given() {
	printf "$1" >in
	shift
	run --separate-stderr dump "$@" <in
}

# wants LINE...: exit 0, nothing on stderr, these lines
wants() {
	[ "$status" -eq 0 ] || { echo "exit $status: $stderr"; return 1; }
	[ -z "$stderr" ]
	printf '%s\n' "$@" >want
	[ "$#" -gt 0 ] || : >want
	printf '%s\n' "$output" >got
	[ -n "$output" ] || : >got
	diff want got
}

# fails MESSAGE [LINE...]: exit 1, the message, these lines before
fails() {
	[ "$status" -eq 1 ]
	[[ "$stderr" == *"$1"* ]] || { echo "stderr: $stderr"; return 1; }
	shift
	status=0 stderr=
	wants "$@"
}

# --- JSON ---

@test "json: an array, an object, an array at a path" {
	given '[{"a":1},{"a":2}]' json
	wants '{"a":1}' '{"a":2}'
	given '{"a":1}' json
	wants '{"a":1}'
	given '{"m":{"n":1},"data":{"x":[9],"items":[{"a":1},{"a":2}],"y":2},"z":[{"a":3}]}' json path=data.items
	wants '{"a":1}' '{"a":2}'
	given '{"d":{"a":1}}' json path=d
	wants '{"a":1}'
	given '["x",1,null,[2],true]' json
	wants '"x"' 1 null '[2]' true
	given '{"a.b":[1]}' json 'path=a\.b'
	wants 1
	given '{"\\u0061":[1]}' json path=a
	wants 1
}

@test "json: nothing is no records" {
	given '' json
	wants
	given ' \n' json
	wants
	given '[]' json
	wants
	given '{"d":[]}' json path=d
	wants
	given '{"d":null}' json path=d
	wants
	given '{"d":{}}' json 'path=d.*'
	wants
	given '{"d":[]}' json 'path=d.*'
	wants
}

@test "json: maps of id to record, and of id to array" {
	given '{"7":{"a":1},"\\u00e9":{"a":2}}' json 'path=*'
	wants '7={"a":1}' 'é={"a":2}'
	given '{"x":1,"d":{"7":[{"a":1},{"a":2}],"8":[],"9":[{"a":3}]}}' json 'path=d.*' each
	wants '7={"a":1}' '7={"a":2}' '9={"a":3}'
	given '{"7":[{"a":1}],"8":"no_result"}' json 'path=*' each
	wants '7={"a":1}' '8=BAD an array of records was expected under this name'
}

@test "json: many documents, each a page, with BOM, white space and separators" {
	given '\xef\xbb\xbf[1]\n\xef\xbb\xbf[2,3]\r\n \x1e[4]{"a":5}[]' json where
	wants '1 line 1 byte 4 page 1: 1' '2 line 2 byte 11 page 2: 2' '3 line 2 byte 13 page 2: 3' \
		'4 line 3 byte 20 page 3: 4' '5 line 3 byte 22 page 4: {"a":5}'
}

@test "json: a record that is damaged inside costs no neighbour" {
	given '[{"a":"\xff"},{"a":1,"a":2},{"a":"\\ud800"},{"a":01},{"a":"x\ny"},{"a":"\\u0000"},NaN,{"b":[1,]},{"ok":1}]' json
	wants 'BAD invalid UTF-8 at byte 7' 'BAD duplicate key "a" at byte 9' 'BAD lone surrogate escape at byte 7' \
		'BAD number with a leading zero at byte 6' 'BAD raw control byte in a string at byte 8' \
		'BAD NUL (\u0000) at byte 7' 'BAD unexpected N at byte 1' 'BAD unexpected ] at byte 9' '{"ok":1}'
}

@test "json: nesting of 100,000 and a record of 5 MB cost themselves" {
	{ printf '[1,'; head -c 100000 /dev/zero | tr '\0' '['; head -c 100000 /dev/zero | tr '\0' ']'; printf ',2,{"a":"'
		head -c 5000000 /dev/zero | tr '\0' x; printf '"},3]'; } >in
	run --separate-stderr dump json <in
	wants 1 'BAD nesting over 64 at byte 65' 2 'BAD record of 5000008 bytes is over 4194304' 3
}

@test "json: input that ends in the middle of a document is an error, wherever it is cut" {
	printf '{"m":{"n":"\\u0061"},"d":[{"a":[1]},{"b":"x"}],"e":{"f":[true]}}' >whole
	size=$(stat -c %s whole)
	for n in $(seq 1 $((size - 1))); do
		head -c "$n" whole >in
		run --separate-stderr dump json path=d <in
		[ "$status" -eq 1 ] || { echo "cut at $n: exit $status: $output"; return 1; }
		[[ "$stderr" == *"the input ends in the middle of a document (page 1"* ]] || { echo "cut at $n: $stderr"; return 1; }
	done
	run --separate-stderr dump json path=d <whole
	wants '{"a":[1]}' '{"b":"x"}'
}

@test "json: a page that is none is shown, safely" {
	given '[1]\n<!DOCTYPE html>\033[2J<title>Just a moment...</title> and so on and on' json
	fails 'page 2 is not JSON: line 2, byte 4: an object or an array expected, here is: <!DOCTYPE html>\x1b[2J<title>Just a mome' 1
	given '"error"' json
	fails 'an object or an array expected, here is: "error"'
	given '[1 2]' json
	fails 'a comma or a closing bracket expected, here is: 2]' 1
	given '[1,]' json
	fails 'a value expected, here is: ]' 1
	given '[{"a":[1}]},2]' json
	fails 'the other closing bracket expected, here is: }]},2]'
	given '{"d":[1]}}' json path=d
	fails 'page 2 is not JSON' 1
	given '{"d":[1],}' json path=d
	fails "a member's name expected" 1
	given '{"d":1}' json path=d
	fails 'the records, an array or an object, expected, here is: 1}'
}

@test "json: a page without the path is an error that names it and shows the page" {
	given '{"data":[1]}{"error":"no such key"}' json path=data
	fails 'page 2 has no member "data" of the records'"'"' path "data"; it begins: {"error":"no such key"' 1
	given '{"a":{"c":1}}' json path=a.b
	fails 'has no member "b" of the records'"'"' path "a.b"; it begins: {"a":{"c":1'
	given '{"a":[1]}' json path=a.b
	fails 'page 1: member "a" is no object: no way to the records at "a.b"'
	given '[1]' json path=a
	fails 'page 1: the document is no object'
	given '{"a":[1],"a":[2]}' json path=a
	fails 'page 1 has the member "a" of the records'"'"' path twice' 1
}

@test "json: a path that cannot be is refused" {
	for p in a..b .a a. 'a.*.b' a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a; do
		given '[]' json "path=$p"
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"path \"$p\""* ]]
	done
	given '[]' json each
	[ "$status" -eq 2 ]
}

@test "json: the page's members before the records" {
	given '{"m":{"n":1},"bad":"\xff","d":{"k":"v","items":[1,2],"late":3},"z":1}{"m":2,"d":{"items":[3]}}' json path=d.items page
	wants '1 {"m":{"n":1},"d":{"k":"v"}}' '2 {"m":{"n":1},"d":{"k":"v"}}' '3 {"m":2,"d":{}}'
	given '[1]' json page
	wants '1 null'
	given '{"m":1,"m":2,"d":[1]}' json path=d page
	wants '1 null'
	{ printf '{"a":1,"big":"'; head -c 70000 /dev/zero | tr '\0' x; printf '","b":2,"d":[1]}'; } >in
	run --separate-stderr dump json path=d page <in
	wants '1 {"a":1,"b":2}'
	# members that fill it: what fits is there, and it is JSON
	{ printf '{'; for i in $(seq 1 9000); do printf '"member-%d":%d,' "$i" "$i"; done; printf '"d":{"e":[1]}}'; } >in
	run --separate-stderr dump json path=d.e page <in
	[ "$status" -eq 0 ]
	[[ "$output" == '1 {"member-1":1,"member-2":2,'*'}' ]]
	[ "${#output}" -lt 65600 ]
	jq -e . >/dev/null <<<"${output#1 }"
}

# --- NDJSON ---

@test "ndjson: lines, blank lines, BOM, CRLF, a last line without newline" {
	given '\xef\xbb\xbf{"a":1}\r\n\n \t\n{"a":2}\n\xef\xbb\xbf{"a":3}' ndjson where
	wants '1 line 1 byte 3 page 1: {"a":1}' '2 line 4 byte 16 page 1: {"a":2}' '3 line 5 byte 27 page 1: {"a":3}'
	given '' ndjson
	wants
}

@test "ndjson: a bad line costs itself, a cut last line is an error" {
	given '{"a":1}\n{"a":\n{"a":1,"a":2}\nx\n{"b":"\\u00' ndjson
	fails 'the input ends in the middle of record 5, which begins in line 5 (byte 30)' \
		'{"a":1}' 'BAD unterminated object: the text ends at byte 5' 'BAD duplicate key "a" at byte 9' 'BAD unexpected x at byte 1'
}

@test "ndjson: a line of 5 MB costs itself" {
	{ printf '1\n"'; head -c 5000000 /dev/zero | tr '\0' x; printf '"\n2\n'; } >in
	run --separate-stderr dump ndjson <in
	wants 1 'BAD record of 5000002 bytes is over 4194304' 2
}

@test "a web page is no data in any format" {
	for f in ndjson csv text; do
		given '\n <!DOCTYPE html><html>\n' $f
		fails 'the input is a web page and not data; it begins: <!DOCTYPE html><html>'
	done
}

# --- CSV ---

@test "csv: RFC 4180" {
	given 'a,b,c\r\n1,"x, ""y""\r\nz",\r\n"","",3\r\n' csv
	wants '{"a":"1","b":"x, \"y\"\r\nz","c":""}' '{"a":"","b":"","c":"3"}'
}

@test "csv: line ends of all kinds, blank lines, no last one, positions" {
	given 'a,b\n1,2\r\n\r\n3,4\r5,6\n\n\n"7\n7",8\r\n9,"0"' csv where
	wants '1 line 2 byte 4 page 1: {"a":"1","b":"2"}' '2 line 4 byte 11 page 1: {"a":"3","b":"4"}' \
		'3 line 5 byte 15 page 1: {"a":"5","b":"6"}' '4 line 8 byte 21 page 1: {"a":"7\n7","b":"8"}' \
		'5 line 10 byte 30 page 1: {"a":"9","b":"0"}'
}

@test "csv: blanks beside quotes go, quotes inside an unquoted field stay" {
	given '"a", "b",  "c"\n "1" , "2"\t,3 \nx"y,"z", 4\n' csv
	wants '{"a":"1","b":"2","c":"3 "}' '{"a":"x\"y","b":"z","c":" 4"}'
}

@test "csv: backslashes only when told, quotes as characters when told" {
	given 'a,b\n"x\\"y","c:\\\\d\\e"\n' csv quotes=backslash
	wants '{"a":"x\"y","b":"c:\\d\\e"}'
	given 'a,b\n"x\\","c"\n' csv
	wants '{"a":"x\\","b":"c"}'
	given 'a,b\n"x,"y\n' csv quotes=none
	wants '{"a":"\"x","b":"\"y"}'
}

@test "csv: names: blanks off, numbers for the nameless, the first of a name" {
	given ' Indicator ,Data,,Data\nx,1,2,3\n' csv
	wants '{"Indicator":"x","Data":"1","3":"2"}'
	given ',,\n1,2,3\n' csv
	fails 'the header in line 1 has no names'
	given 'a\xc3,\xa9b\n1,2\n' csv
	fails 'the header in line 1 is not valid UTF-8'
	given 'a,b\n1,2\n' csv columns=x,y
	wants '{"x":"1","y":"2"}'
	given '1,2\n' csv header=none columns=x,y
	wants '{"x":"1","y":"2"}'
}

@test "csv: ragged records" {
	given 'a,b,c\n1\n1,2,3,,\n1,2,3,,x\n1,2,3\n' csv
	wants '{"a":"1"}' '{"a":"1","b":"2","c":"3"}' 'BAD more fields than columns' '{"a":"1","b":"2","c":"3"}'
}

@test "csv: comments, a header in the last comment that has a delimiter" {
	given '# one, two\n#\n# id, "date added",url\n#####\n#\n7,8,9\n# 1,2,3\n4,5,6\n' csv header=comment 'comment=#'
	wants '{"id":"7","date added":"8","url":"9"}' '{"id":"4","date added":"5","url":"6"}'
	given '####\n# x\n"a","b"\n"1","2"\n#3,4\n' csv 'comment=#'
	wants '{"a":"1","b":"2"}'
	given '# value\n1\n' csv header=comment 'comment=#'
	wants '{"value":"1"}'
	given '1,2\n' csv header=comment 'comment=#'
	fails 'no comment line with the names of the columns stands before the data in line 1'
}

@test "csv: pages: the header again, a BOM again" {
	given '\xef\xbb\xbfa,b\n1,2\n\xef\xbb\xbfa,b\n3,4\n"a","b"\n5,6\n' csv where
	wants '1 line 2 byte 7 page 1: {"a":"1","b":"2"}' '2 line 4 byte 18 page 2: {"a":"3","b":"4"}' '3 line 6 byte 30 page 3: {"a":"5","b":"6"}'
}

@test "csv: a trailer's number is checked, page by page" {
	given 'a\n1\n2\n# END (2) entries\na\n3\n# END 1 entries' csv 'comment=#' 'trailer=# END' required where
	wants '1 line 2 byte 2 page 1: {"a":"1"}' '2 line 3 byte 4 page 1: {"a":"2"}' '3 line 6 byte 26 page 2: {"a":"3"}'
	{ echo a; seq 1002; echo '# END (1,002) entries'; } >in
	run --separate-stderr dump csv 'comment=#' 'trailer=# END' required count <in
	wants '1002 0'
	given 'a\n1\n# END (1,00) entries\n' csv 'comment=#' 'trailer=# END'
	wants '{"a":"1"}'
	given 'a\n1\n# END (2) entries\n' csv 'comment=#' 'trailer=# END'
	fails 'page 1 is not whole: its trailer in line 3 counts 2 records, 1 came' '{"a":"1"}'
	given 'a\n1\n# END\n2\n' csv 'comment=#' 'trailer=# END' required
	fails 'the input ends without the trailer "# END" after 1 records of page 2' '{"a":"1"}' '{"a":"2"}'
	given '' csv 'trailer=# END' required
	fails 'the input ends without the trailer'
	# a damaged record is one of its page's
	given 'a,b\n1,"2\n3,4\n# END 2' csv 'trailer=# END'
	wants 'BAD a quote that is not closed' '{"a":"3","b":"4"}'
}

@test "csv: a stray quote costs its line and nothing else" {
	# in an unquoted file: open to the end
	given 'a,b,c\n1,"2,3\n4,5,6\n7,8,9\n' csv where
	wants '1 line 2 byte 6 page 1: BAD a quote that is not closed' '2 line 3 byte 13 page 1: {"a":"4","b":"5","c":"6"}' \
		'3 line 4 byte 19 page 1: {"a":"7","b":"8","c":"9"}'
	# in a quoted file: closed by the next quote
	given '"a","b"\n"1","2\n"3","4"\n"5","6"x,"7"\n"8",9"\n' csv
	wants 'BAD text behind a closing quote' '{"a":"3","b":"4"}' 'BAD text behind a closing quote' '{"a":"8","b":"9\""}'
	# two that would make one whole record of four
	given 'a,b,c\n1,"2,3\n4,5,6\n7,8,9\n0,0",0\n1,1,1\n' csv
	wants 'BAD a quote that is not closed on its line, and more lines than one are no record together' \
		'{"a":"4","b":"5","c":"6"}' '{"a":"7","b":"8","c":"9"}' '{"a":"0","b":"0\"","c":"0"}' '{"a":"1","b":"1","c":"1"}'
	# too few fields over several lines
	given 'a,b,c\n1,"2\n4,5,6"\n7,8,9\n' csv
	wants 'BAD a quote that is not closed on its line, and more lines than one are no record together' \
		'{"a":"4","b":"5","c":"6\""}' '{"a":"7","b":"8","c":"9"}'
	# a text over lines that is one
	given 'a,b,c\n1,"one, two\nthree\nfour, five, six\n\nseven",3\n' csv
	wants '{"a":"1","b":"one, two\nthree\nfour, five, six\n\nseven","c":"3"}'
}

@test "csv: a stray quote in line 2 of 100,000" {
	{ printf 'a,b,c\n1,"2,3\n'; yes 4,5,6 | head -n 100000; } >in
	run --separate-stderr dump csv count <in
	wants '100000 1'
	# in each line of 20,000, and none ever closed: no time is lost
	{ printf 'a,b,c\n'; yes '1,"2""' | head -n 20000; } >in
	run --separate-stderr timeout 20 "$BUILD/unit/records_dump" csv count <in
	wants '0 20000'
}

@test "csv: NUL, invalid UTF-8, a line of 5 MB, too many fields" {
	given 'a,b\n1,\0\n2,x\xffy\n3,é\n' csv
	wants 'BAD NUL at byte 3' 'BAD invalid UTF-8 at byte 4' '{"a":"3","b":"é"}'
	{ printf 'a,b\n1,2\n3,'; head -c 5000000 /dev/zero | tr '\0' x; printf '\n"4",'; head -c 5000000 /dev/zero | tr '\0' ,; printf '\n5,6\n'; } >in
	run --separate-stderr dump csv <in
	wants '{"a":"1","b":"2"}' 'BAD record of 5000002 bytes is over 4194304' 'BAD record of 5000004 bytes is over 4194304' '{"a":"5","b":"6"}'
	{ printf 'a,b\n1,2\n"'; for i in 1 2 3 4 5; do head -c 1000000 /dev/zero | tr '\0' x; echo; done; printf '5,6\n'; } >in
	run --separate-stderr dump csv count <in
	wants '6 1'
}

@test "csv: a last line that is cut is an error, where it can be told" {
	given 'a,b,c\n1,2,3\n1,2,3\n1,2' csv
	fails 'the input ends in the middle of record 3 in line 4: 2 of 3 fields and no line end' '{"a":"1","b":"2","c":"3"}' '{"a":"1","b":"2","c":"3"}'
	given 'a,b,c\n1,2,3\n1,"2' csv
	fails 'the input ends in the middle of record 2, which begins in line 3' '{"a":"1","b":"2","c":"3"}'
	given 'a,b,c\n1,2,3\n1,2\n1,2' csv
	wants '{"a":"1","b":"2","c":"3"}' '{"a":"1","b":"2"}' '{"a":"1","b":"2"}'
}

@test "csv: tabs" {
	given '\n# x\nStart\tEnd\tNote\n1\t2\ta b\n\t\t\n' csv 'delimiter=	' 'comment=#'
	wants '{"Start":"1","End":"2","Note":"a b"}' '{"Start":"","End":"","Note":""}'
}

# --- text ---

@test "text: values, comments, blanks, line ends" {
	given '\xef\xbb\xbf# x\n 192.0.2.1 \r\n\n\xc2\xa0192.0.2.2\xc2\xa0\t\r  # y\n192.0.2.3 # z\n192.0.2.4#5' text 'comment=#' 'inline=#' where
	wants '1 line 2 byte 7 page 1: {"value":"192.0.2.1"}' '2 line 4 byte 21 page 1: {"value":"192.0.2.2"}' \
		'3 line 6 byte 42 page 1: {"value":"192.0.2.3"}' '4 line 7 byte 56 page 1: {"value":"192.0.2.4#5"}'
	given '; x\n192.0.2.0/24 ; SBL1\n' text 'comment=;' 'inline=;' columns=cidr
	wants '{"cidr":"192.0.2.0/24"}'
}

@test "text: fields by delimiters" {
	given '0.0.0.0  \tbad.example # why\n::\tworse.example\n0.0.0.0\n' text 'split= 	' columns=address,host 'inline=#'
	wants '{"address":"0.0.0.0","host":"bad.example"}' '{"address":"::","host":"worse.example"}' '{"address":"0.0.0.0"}'
	given 'd41d;a comment; and more # x\nd41e;\n' text 'split=;' columns=hash,comment
	wants '{"hash":"d41d","comment":"a comment; and more # x"}' '{"hash":"d41e","comment":""}'
	given '192.0.2.1\t10\n' text 'split=	' columns=ip,count
	wants '{"ip":"192.0.2.1","count":"10"}'
}

@test "text: a pattern with named groups" {
	given '192.0.2.1 - x\n192.0.2.2\nno\n' text 'pattern=(?<ip>[0-9.]+)(?: - (?<note>.*))?'
	wants '{"ip":"192.0.2.1","note":"x"}' '{"ip":"192.0.2.2"}' 'BAD the line does not match the pattern'
	# one name in several branches
	given 'a1\nb2 x\nc3\n' text 'pattern=(?J)(?:a(?<v>\d)|b(?<v>\d) (?<w>.)|c(?<w>\d))'
	wants '{"v":"1"}' '{"v":"2","w":"x"}' '{"w":"3"}'
	{ head -c 60 /dev/zero | tr '\0' a; echo '!'; } >in
	run --separate-stderr dump text 'pattern=(?<v>(a+)+)' <in
	wants 'BAD the pattern takes too many steps for this line'
	given 'x' text 'pattern=(?<v>['
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"pattern: missing terminating ] for character class at character 7"* ]]
	given 'x' text 'pattern=.*'
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"pattern has no named group"* ]]
}

@test "text: NUL, invalid UTF-8, a line of 5 MB, a trailer" {
	{ printf 'a\0b\nx\xff\n'; head -c 5000000 /dev/zero | tr '\0' x; printf '\nc\nEND 4\n'; } >in
	run --separate-stderr dump text trailer=END <in
	wants 'BAD NUL at byte 2' 'BAD invalid UTF-8 at byte 2' 'BAD record of 5000000 bytes is over 4194304' '{"value":"c"}'
}

# --- encodings ---

@test "UTF-16 either way round by its BOM, and its pages" {
	need_tool iconv
	printf 'a,b\n1,\xc3\xa9\xf0\x9f\x98\x80\n2,x' >utf8
	for e in LE BE; do
		[ $e = LE ] && bom='\xff\xfe' || bom='\xfe\xff'
		{ printf "$bom"; iconv -f UTF-8 -t UTF-16$e utf8; echo; printf "$bom"; iconv -f UTF-8 -t UTF-16$e utf8; } >in
		run --separate-stderr dump csv <in
		wants '{"a":"1","b":"é😀"}' '{"a":"2","b":"x"}' '{"a":"1","b":"é😀"}' '{"a":"2","b":"x"}'
	done
	# half a pair costs its record; half a unit at the end is no newline
	printf '\xff\xfea\0\n\0\0\xd8\n\0b\0\n\0' >in
	run --separate-stderr dump text <in
	wants '{"value":"a"}' 'BAD invalid UTF-8 at byte 1' '{"value":"b"}'
	{ printf '\xff\xfe'; printf '{"a":[{"b":"\xc3\xa9"}]}' | iconv -f UTF-8 -t UTF-16LE; } >in
	run --separate-stderr dump json path=a <in
	wants '{"b":"é"}'
}

@test "Latin-1 when told, UTF-8 all the same where a BOM says so" {
	given 'a,b\n1,caf\xe9\x80\n' csv latin1
	wants '{"a":"1","b":"café'$'\xc2\x80''"}'
	given '\xef\xbb\xbfa,b\n1,caf\xc3\xa9\n' csv latin1
	wants '{"a":"1","b":"café"}'
	given 'a,b\n1,caf\xe9\n' csv
	wants 'BAD invalid UTF-8 at byte 6'
}

# --- how it arrives ---

@test "the same records whether bytes come at once or one by one" {
	printf 'a,b\n"1","x""y"\r\n2,"z\nz"\r\n\r\n3,4\n5,"6\n7,8\n' >csv
	printf '{"m":1,"d":[{"a":"\\"]"},[{}],"x\\\\",17]}\n{"d":[true,null]}' >json
	printf '1\r\n 2 \r3\n\n4' >text
	for f in csv json text; do
		opt=; [ $f = json ] && opt=path=d
		dump $f where $opt <$f >want
		dd if=$f bs=1 2>/dev/null | cat | dump $f where $opt >got
		diff want got
		[ -s want ]
	done
}

@test "a directory as input is an error of the system" {
	run --separate-stderr dump csv <.
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ "$stderr" == *"cannot read the input: Is a directory"* ]]
}

@test "a document of 60 MB under an address-space limit of 64 MiB" {
	sanitized && not_applicable "an address-space limit under a sanitizer"
	record='{"id":1234567,"url":"http://malware.example/path/to/a/file.bin","tags":["one","two"],"note":"some words that fill it up"}'
	{ printf '{"meta":{"n":1},"data":['; yes "$record," | head -n 500000; printf '%s]}' "$record"; } |
		(ulimit -v 65536; dump json path=data count) >out
	[ "$(cat out)" = '500001 0' ]
}

# --- real captures, against counts that others made (README of the captures) ---

# counted FILE WANT ARGS...
counted() {
	local file=$1 want=$2
	shift 2
	run --separate-stderr dump "$@" count <"$SHARED/feeds/$file"
	[ "$status" -eq 0 ] && [ "$output" = "$want 0" ] || { echo "$file: exit $status, $output, want $want: $stderr"; return 1; }
}

@test "captures: CSV" {
	need_shared feeds/README.md
	counted abusech-feodo/ipblocklist-2021-10-25.csv 470 csv 'comment=#' 'trailer=# END' required
	counted abusech-feodo/ipblocklist-2021-12-20.csv 750 csv 'comment=#' 'trailer=# END' required
	counted abusech-feodo/ipblocklist-2025-06-25.csv 1 csv 'comment=#' 'trailer=# END' required
	counted abusech-sslbl/sslblacklist.csv 5522 csv header=comment 'comment=#' 'trailer=# END' required
	counted abusech-urlhaus/urlhaus-2025-04-21.csv 11125 csv
	counted cisa-kev/known_exploited_vulnerabilities.csv 1404 csv
	counted phishtank/verified_online.csv 1067 csv
	counted tweetfeed/week.csv 1574 csv header=none columns=date,user,type,value,tags,link
	counted tweetfeed/today.csv 59 csv header=none columns=date,user,type,value,tags,link
	counted tweetfeed/earlier/today.csv 14 csv header=none columns=date,user,type,value,tags,link
	counted vendor-csv/sophos-Troj-Polazert_IOCs.csv 3501 csv
	counted vendor-csv/sophos-Troj-Qakbot.csv 230 csv
	counted vendor-csv/mstic-May21NOBELIUMIoCs.csv 127 csv
	counted vendor-csv/mstic-RapidReleaseTI-Indicators.csv 237 csv
}

@test "captures: text" {
	need_shared feeds/README.md
	counted firehol-ipsets/firehol_level1.netset 2511 text 'comment=#'
	counted firehol-ipsets/dshield.netset 19 text 'comment=#'
	counted firehol-ipsets/et_compromised.ipset 746 text 'comment=#'
	counted firehol-ipsets/tor_exits.ipset 1204 text 'comment=#'
	counted firehol-ipsets/ciarmy.ipset 15000 text 'comment=#'
	counted firehol-ipsets/stopforumspam_90d.ipset 205637 text 'comment=#'
	counted hosts-digitalside/hosts 2211 text 'comment=#' 'split= 	' columns=address,host
	counted hosts-digitalside/hosts-add.Risk 2189 text 'comment=#' 'split= 	' columns=address,host
	counted ipsum/ipsum.txt 120430 text 'comment=#' 'split=	' columns=ip,lists
	counted neo23x0/hash-iocs.txt 3224 text 'comment=#' 'split=;' columns=hash,comment
	counted neo23x0/c2-iocs.txt 1844 text 'comment=#' 'split=;' columns=host,score
	counted spamhaus-drop/drop-cidrs-2025-04-15.txt 1406 text
	counted spamhaus-drop/drop-classic-2015-excerpt.txt 2 text 'comment=;' 'inline=;'
	counted spamhaus-drop/dshield-block-2015-excerpt.txt 2 csv 'delimiter=	' 'comment=#'
}

@test "captures: JSON, each record as jq has it" {
	need_shared feeds/README.md
	need_tool jq
	counted spamhaus-drop/drop_v4-2025-04-15.json 1407 ndjson	# 1,406 ranges and the metadata line
	counted abusech-threatfox/recent-2026-07-22T1417.json 3859 json 'path=*' each
	counted abusech-threatfox/recent-2026-07-22T1939.json 3854 json 'path=*' each
	counted mitre-attack-ics/ics-attack.json 1650 json path=objects
	counted misp-galaxy/threat-actor.json 1041 json path=values
	counted tweetfeed/misp/manifest.json 365 json 'path=*'
	dump json path=vulnerabilities <"$SHARED/feeds/cisa-kev/known_exploited_vulnerabilities.json" >got
	jq -c '.vulnerabilities[]' "$SHARED/feeds/cisa-kev/known_exploited_vulnerabilities.json" >want
	cmp got want
	dump json path=values <"$SHARED/feeds/misp-galaxy/threat-actor.json" >got
	jq -c '.values[]' "$SHARED/feeds/misp-galaxy/threat-actor.json" >want
	cmp got want
	cat "$SHARED"/feeds/tweetfeed/misp/????????-*.json >pages
	dump json path=Event.Attribute count <pages >got
	[ "$(cat got)" = '2220 0' ]
}

@test "captures: pages of one feed, concatenated" {
	need_shared feeds/README.md
	(cd "$SHARED/feeds" && cat abusech-feodo/ipblocklist-2021-10-25.csv; echo; cat "$SHARED/feeds/abusech-feodo/ipblocklist-2021-12-20.csv") >pages
	run --separate-stderr dump csv 'comment=#' 'trailer=# END' required count <pages
	wants '1220 0'
	(cd "$SHARED/feeds/elastic-pages/otx" && cat indicators-export-page1.json indicators-export-page2.json) >pages
	run --separate-stderr dump json path=results count <pages
	wants '2 0'
}
