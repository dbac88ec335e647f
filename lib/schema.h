/*
 * The platform's words: types, members, their order and kinds.
 *
 * One table for what may stand in a batch object and in what order a line
 * writes it (tc-batch(5)). Sources: platform/batch-api.md sections 10-13.
 *
 * Ownership: all that is handed out is constant. There are no errors: what
 * there is not is NULL, -1 or TYPE_NONE, the name of TYPE_NONE "".
 */
#ifndef TC_SCHEMA_H
#define TC_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum tc_type {
	TYPE_NONE,
	/* indicators */
	TYPE_ADDRESS, TYPE_EMAIL_ADDRESS, TYPE_FILE, TYPE_HOST, TYPE_URL, TYPE_ASN, TYPE_CIDR, TYPE_EMAIL_SUBJECT,
	TYPE_HASHTAG, TYPE_MUTEX, TYPE_REGISTRY_KEY, TYPE_USER_AGENT,
	/* groups */
	TYPE_ADVERSARY, TYPE_ATTACK_PATTERN, TYPE_CAMPAIGN, TYPE_COURSE_OF_ACTION, TYPE_DOCUMENT, TYPE_EMAIL, TYPE_EVENT,
	TYPE_INCIDENT, TYPE_INTRUSION_SET, TYPE_MALWARE, TYPE_REPORT, TYPE_SIGNATURE, TYPE_TACTIC, TYPE_THREAT, TYPE_TOOL,
	TYPE_VULNERABILITY,
	TYPE_COUNT
};

enum tc_class { CLASS_NONE, CLASS_GROUP, CLASS_INDICATOR, CLASS_ASSOCIATION };

/* Exact type string of the platform ("Registry Key"), or TYPE_NONE. "Url" is taken for URL. */
enum tc_type	 schema_type(const char *name, size_t len);
const char	*schema_type_name(enum tc_type);
enum tc_class	 schema_class(enum tc_type);

/* What a member holds. */
enum field_kind {
	FIELD_STRING, FIELD_INTEGER, FIELD_BOOLEAN, FIELD_DATE,
	FIELD_ATTRIBUTES,	/* array of {type,value,displayed,pinned,source,securityLabel} */
	FIELD_TAGS,		/* array of {name,description} */
	FIELD_LABELS,		/* array of {name,color,description} */
	FIELD_GROUP_REFS,	/* array of {groupXid} */
	FIELD_XIDS,		/* array of strings */
	FIELD_INDICATOR_REFS,	/* array of {summary,indicatorType} */
	FIELD_OCCURRENCES,	/* array of {fileName,path,date} */
	FIELD_REF_ID		/* integer id of an association's end */
};

struct field {
	const char	*name;
	enum field_kind	 kind;
	size_t		 max;	/* string: characters, 0 = no limit of the platform known */
	bool		 cut;	/* over max: cut with "..." (true) or refused (false) */
	long		 low, high;	/* integer range, both 0: any */
	const char	*const *allowed;	/* string: the only values, NULL-terminated; NULL: any */
};

/*
 * The members of an object of this type, in the one order a line has them:
 * type, the value (summary or value members) or name, xid, then the rest, ours
 * (action, batchId) last. For associations type is TYPE_NONE. Returns NULL
 * past the end: for (i = 0; (f = schema_field(t, i)); i++).
 */
const struct field *schema_field(enum tc_type, size_t i);
/* Index in that order, or -1 where this type has no such member. */
int	 schema_field_index(enum tc_type, const char *name, size_t len);

/* The members of the elements of an array kind, in order; same iteration. */
const struct field *schema_element(enum field_kind, size_t i);

/* The value member(s) a type may use in place of summary ("ip"; "md5","sha1","sha256"; ...), NULL-terminated; NULL for groups. */
const char *const *schema_value_members(enum tc_type);

/* Maximum characters of an attribute's value by its type's name (data-model.md section 4). */
size_t	 schema_attribute_max(const char *type, size_t len);

#endif
