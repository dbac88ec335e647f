# tc-map on the example feed and on real captures, its counts beside independent ones.
load helper
load map

@test "the example feed: 2,000 records in the true format" {
	run --separate-stderr -0 tc-map --stats s "$TOP/feeds/example-urls.json" "$FIXTURES/example-urls.csv"
	[ "$(jq -c .records s)" = '{"read":2000,"mapped":1960,"dropped":32,"rejected":8}' ]
	[ "${lines[2]}" = '{"type":"URL","summary":"http://192.0.2.4:1135/invoice.zip","rating":3,"confidence":90,"lastSeen":"2026-01-15T23:59:39Z","externalDateAdded":"2026-01-15T23:59:39Z","attribute":[{"type":"Description","value":"URL listed for malware_download, reported by abuse_desk","displayed":true},{"type":"Source","value":"https://feed.example/url/901998/","displayed":true}],"tag":[{"name":"doc"},{"name":"Dridex"},{"name":"macro"}]}' ]
	printf '%s\n' "$output" | jq -c . >canon
	printf '%s\n' "$output" | cmp - canon
	run --separate-stderr -0 tc-map "$TOP/feeds/example-urls.json" "$FIXTURES/example-urls-day2.csv"
	[ "${#lines[@]}" -eq 1960 ]
}

# capture DEFINITION FILE: records read, mapped, dropped, rejected; distinct values
capture() {
	tc-map --owner O --log-level error --stats s "$1" "$SHARED/feeds/$2" >out || return 1
	jq -rj '.records | "\(.read) \(.mapped) \(.dropped) \(.rejected) "' s
	jq -r '.summary // .sha256 // .sha1 // .md5 // .name' out | sort -u | wc -l
}

@test "captures: counts agree with independent ones" {
	need_shared feeds/abusech-urlhaus/urlhaus-2025-04-21.csv
	feed f '{"format":"csv"}' "$urls"
	[ "$(capture f.json abusech-urlhaus/urlhaus-2025-04-21.csv)" = "11125 11125 0 0 11125" ]
	feed f '{"format":"csv","comment":"#","trailer":"# END"}' '{"object":{"type":"Address","summary":{"path":"dst_ip"}}}'
	[ "$(capture f.json abusech-feodo/ipblocklist-2021-10-25.csv)" = "470 470 0 0 448" ]
	[ "$(capture f.json abusech-feodo/ipblocklist-2021-12-20.csv)" = "750 750 0 0 728" ]
	feed f '{"format":"csv","header":"comment","trailer":"# END"}' '{"object":{"type":"File","sha1":{"path":"SHA1"}}}'
	[ "$(capture f.json abusech-sslbl/sslblacklist.csv)" = "5522 5522 0 0 5522" ]
	feed f "$ndjson" '{"when":"cidr","object":{"type":"CIDR","summary":{"path":"cidr"}}}'
	[ "$(capture f.json spamhaus-drop/drop_v4-2025-04-15.json)" = "1407 1406 1 0 1406" ]
	[ "$(capture f.json spamhaus-drop/drop_v4-2026-07-23.json)" = "1671 1670 1 0 1669" ]
	feed f '{"format":"text","comment":"#","split":";","columns":["hash","comment"]}' '{"object":{"type":"File","summary":{"path":"hash"}}}'
	[ "$(capture f.json neo23x0/hash-iocs.txt)" = "3224 3224 0 0 3053" ]
	feed f '{"format":"text","comment":"#","split":";","columns":["v","score"]}' '{"object":{"type":{"detect":"v"}}}'
	[ "$(capture f.json neo23x0/c2-iocs.txt)" = "1844 1844 0 0 1773" ]
	feed f '{"format":"text","comment":"#","split":" \t","columns":["a","host"]}' '{"object":{"type":"Host","summary":{"path":"host"}}}'
	[ "$(capture f.json hosts-digitalside/hosts)" = "2211 2211 0 0 2211" ]
	[ "$(capture f.json hosts-digitalside/hosts-add.Risk)" = "2189 2189 0 0 2189" ]
}

@test "captures: the large text lists; ThreatFox's map of arrays; KEV as JSON and as CSV is one" {
	need_shared feeds/ipsum/ipsum.txt
	feed f '{"format":"text","comment":"#"}' '{"object":{"type":{"detect":"value"}}}' '"values":{"reserved":"keep"}'
	[ "$(capture f.json firehol-ipsets/firehol_level1.netset)" = "2511 2511 0 0 2511" ]
	[ "$(capture f.json firehol-ipsets/stopforumspam_90d.ipset)" = "205637 205637 0 0 205637" ]
	feed f '{"format":"text","comment":"#","split":"\t","columns":["ip","n"]}' '{"object":{"type":"Address","summary":{"path":"ip"}}}'
	[ "$(capture f.json ipsum/ipsum.txt)" = "120430 120430 0 0 120430" ]
	feed f '{"format":"json","records":"*[]"}' '{"object":{"type":{"path":"ioc_type","map":{"ip:port":"Address","domain":"Host","url":"URL","sha256_hash":"File"}},
		"summary":{"path":"ioc_type == '"'ip:port'"' && before(ioc_value, '"':'"') || ioc_value"}}}'
	capture f.json abusech-threatfox/recent-2026-07-22T1939.json
	# 2,494 ip:port (one of them private), 1,180 domains, 165 URLs (one is tcp://), 15 files
	[ "$(jq -c '[.records.read,.objects.Address,.objects.Host,.objects.URL,.objects.File,.dropped,.rejected]' s)" = '[3854,2493,1180,164,15,{"a reserved value":1},{"scheme is not http, https, ftp or sftp":1}]' ]
	rule='{"object":{"type":"Vulnerability","name":{"path":"cveID"},"attribute":[{"type":"Description","value":{"path":"shortDescription"}}],"externalDateAdded":{"path":"dateAdded"}}}'
	feed f '{"format":"json","records":"vulnerabilities"}' "$rule"
	[ "$(capture f.json cisa-kev/known_exploited_vulnerabilities.json)" = "1404 1404 0 0 1404" ]
	sort out >json
	feed f '{"format":"csv"}' "$rule"
	[ "$(capture f.json cisa-kev/known_exploited_vulnerabilities.csv)" = "1404 1404 0 0 1404" ]
	sort out | cmp - json
}
