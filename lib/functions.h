/*
 * Our named functions: what feeds need and JMESPath's specification lacks.
 *
 * In a definition they stand in every expression, and as steps of a hole's
 * transform: "refang" is refang(@), {"truncate": 100} is truncate(@, `100`),
 * {"regex_replace": ["\\s+", " "]} is regex_replace(@, '\s+', ' '). So the
 * text that is worked on is always the first argument.
 *
 * A null first argument gives null, so that a member that a record lacks is
 * no error; a wrong type is an invalid-type error. The tests is_...() are
 * false for whatever is not a string. Everything is pure: no clock, no
 * locale, no file.
 *
 * Each example below is a case in tests/fixtures/jmespath/functions.json.
 *
 * Values
 *	refang(text)		refang('hxxp://a[.]example/x')			-> 'http://a.example/x'
 *	defang(text)		defang('http://a.example/x')			-> 'hxxp://a[.]example/x'
 *	host(text)		host('http://u@a.example:8080/x')		-> 'a.example'
 *				of a URL, an e-mail address or host:port; in lower case
 *	port(text)		port('192.0.2.1:443')				-> 443
 *				null where none is written
 *	indicator_type(text)	indicator_type('192.0.2.0/24')			-> 'CIDR'
 *				Address, CIDR, URL, EmailAddress, File, Host, ASN or null
 *	hash_type(text)		hash_type('d41d8cd98f00b204e9800998ecf8427f')	-> 'md5'
 *				md5, sha1, sha256 by length, or null
 *	is_address(value)	is_address('2001:db8::1')			-> true
 *	is_cidr(value)		is_cidr('192.0.2.0/24')				-> true
 *	is_host(value)		is_host('a.example')				-> true
 *	is_url(value)		is_url('a.example/x')				-> false
 *	is_email(value)		is_email('x@a.example')				-> true
 *	is_hash(value)		is_hash('xyz')					-> false
 *	is_reserved(value)	is_reserved('10.0.0.1')				-> true
 *				private, reserved or for documentation: of an address, network, host or URL
 *
 * Texts
 *	truncate(text, n [, mark])	truncate('abcdef', `4`, '...')		-> 'a...'
 *				n characters at most, the mark among them
 *	squeeze(text)		squeeze('  a   b ')				-> 'a b'
 *	title(text)		title('salt typhoon APT')			-> 'Salt Typhoon APT'
 *	capitalize(text)	capitalize('remote access tool')		-> 'Remote access tool'
 *	before(text, mark)	before('a;b;c', ';')				-> 'a'
 *				the whole text where mark is not in it
 *	after(text, mark)	after('a;b;c', ';')				-> 'b;c'
 *				null where mark is not in it
 *	words(text [, separators])	words('#a  #b', ' #')			-> ['a', 'b']
 *				cut at any of the characters (white space), trimmed, without empty ones and repeats
 *	unique(array)		unique(`[1, 2, 1]`)				-> [1, 2]
 *	from_json(text)		from_json('{"a": 1}').a				-> 1
 *				of JSON that a feed carries in a string
 *
 * Regular expressions (PCRE2; (?i) makes one blind to case; bounded in time and memory)
 *	regex_match(text, pattern)	regex_match('CVE-2026-1', '(\d+)-(\d+)')	-> ['2026-1', '2026', '1']
 *				the whole match and the groups, or null: true and false in a condition
 *	regex_extract(text, pattern [, group])	regex_extract('port 443', 'port (\d+)')	-> '443'
 *				the group's text (number or name; the first, or the whole match without groups), or null
 *	regex_find_all(text, pattern [, group])	regex_find_all('a1b22', '\d+')		-> ['1', '22']
 *	regex_replace(text, pattern, with)	regex_replace('a-b', '(.)-(.)', '$2$1')	-> 'ba'
 *				every match; with: $1, ${name}, \U$1, \L$1 ...
 *
 * Times
 *	parse_date(value [, format])	parse_date('5/28/2021', '%m/%d/%Y')		-> '2021-05-28T00:00:00Z'
 *				format as strptime, or an array of them to be tried in turn; without one every form of
 *				date.h; empty: null; not understood: an invalid-value error
 *
 * Digests, of the text's bytes
 *	md5(text) sha1(text) sha256(text)	md5('abc')			-> '900150983cd24fb0d6963f7d28e17f72'
 *
 * MITRE ATT&CK
 *	strip_attack_id(text)	strip_attack_id('T1566.001: Spearphishing')	-> 'Spearphishing'
 *				also 'T1566 - X', 'X - T1566', 'X (S0605)', '[T1566] X'
 *	attack_id(text)		attack_id('X (S0605)')				-> 'S0605'
 *
 * The definition's "tables" (a file, or in place): {"attack": {"T1566": "Phishing"}}
 *	lookup(key, table [, default])	lookup('T1566', 'attack')		-> 'Phishing'
 *				null, or the default, where the table has no such key; no such table is an error
 *
 * Ownership: tables_free() frees tables; what lookup() gives lives as long as
 * they do. Errors: tables_read() alone can fail (USAGE); the functions
 * themselves as jmespath.h says.
 */
#ifndef TC_FUNCTIONS_H
#define TC_FUNCTIONS_H

#include "jmespath.h"

/* Once, before the first expression is compiled. */
void	 functions_register(void);

/* The name of the i-th function of ours, NULL past the end: for messages and checks. */
const char *functions_name(int i);

/*
 * What lookup() looks into: set jmespath_ctx.user to it (NULL: no tables).
 * json is an object of tables, each an object from key to value; it is copied.
 */
struct tables;
struct tables *tables_read(const char *json, size_t len, struct err *);	/* NULL: reason USAGE */
void	 tables_free(struct tables *);
bool	 tables_has(const struct tables *, const char *name);

#endif
