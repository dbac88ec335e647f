#include "schema.h"

#include <string.h>

#include "limit.h"
#include "text.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *const type_name[TYPE_COUNT] = {
	[TYPE_ADDRESS] = "Address", [TYPE_EMAIL_ADDRESS] = "EmailAddress", [TYPE_FILE] = "File", [TYPE_HOST] = "Host",
	[TYPE_URL] = "URL", [TYPE_ASN] = "ASN", [TYPE_CIDR] = "CIDR", [TYPE_EMAIL_SUBJECT] = "Email Subject",
	[TYPE_HASHTAG] = "Hashtag", [TYPE_MUTEX] = "Mutex", [TYPE_REGISTRY_KEY] = "Registry Key",
	[TYPE_USER_AGENT] = "User Agent",
	[TYPE_ADVERSARY] = "Adversary", [TYPE_ATTACK_PATTERN] = "Attack Pattern", [TYPE_CAMPAIGN] = "Campaign",
	[TYPE_COURSE_OF_ACTION] = "Course of Action", [TYPE_DOCUMENT] = "Document", [TYPE_EMAIL] = "Email",
	[TYPE_EVENT] = "Event", [TYPE_INCIDENT] = "Incident", [TYPE_INTRUSION_SET] = "Intrusion Set",
	[TYPE_MALWARE] = "Malware", [TYPE_REPORT] = "Report", [TYPE_SIGNATURE] = "Signature", [TYPE_TACTIC] = "Tactic",
	[TYPE_THREAT] = "Threat", [TYPE_TOOL] = "Tool", [TYPE_VULNERABILITY] = "Vulnerability",
};

enum tc_type
schema_type(const char *name, size_t len)
{
	int t;

	for (t = TYPE_NONE + 1; t < TYPE_COUNT; t++)
		if (text_eq(name, len, type_name[t]))
			return (enum tc_type)t;
	/* the vendor's Java SDK and test data also spell it so (batch-api.md section 12) */
	return text_eq(name, len, "Url") ? TYPE_URL : TYPE_NONE;
}

const char *
schema_type_name(enum tc_type type)
{
	return type_name[type] != NULL ? type_name[type] : "";
}

enum tc_class
schema_class(enum tc_type type)
{
	if (type == TYPE_NONE || type >= TYPE_COUNT)
		return CLASS_NONE;
	return type >= TYPE_ADVERSARY ? CLASS_GROUP : CLASS_INDICATOR;
}

/* batch-api.md section 13, status of Event and Incident */
static const char *const event_status[] = { "Completed", "Escalated", "False Positive", "In Progress", "Needs Review",
	"New", "No Further Action", "Reopened", NULL };
static const char *const incident_status[] = { "New", "Open", "Stalled", "Containment Achieved", "Restoration Achieved",
	"Incident Reported", "Closed", "Rejected", "Deleted", NULL };
static const char *const signature_type[] = { "Bro", "ClamAV", "CybOX", "Iris Search Hash", "KQL", "OpenIOC", "Regex",
	"SPL", "Sigma", "Snort", "Suricata", "TQL Query", "YARA", NULL };
/* batch-api.md section 12, oddity 3 */
static const char *const registry_type[] = { "REG_NONE", "REG_BINARY", "REG_DWORD", "REG_DWORD_LITTLE_ENDIAN",
	"REG_DWORD_BIG_ENDIAN", "REG_EXPAND_SZ", "REG_LINK", "REG_MULTI_SZ", "REG_QWORD", "REG_QWORD_LITTLE_ENDIAN",
	"REG_SZ", NULL };
static const char *const event_type[] = { "Alert", "Alert flash", "Alert hyper-local", "Alert local", "Alert urgent",
	"Breach", "Campaign", "Compliance / Regulatory", "Disclosure", "Emerging Threat", "Exercise", "Exposure",
	"Finding Compliance violations", "Finding Configuration weaknesses", "Finding Missing patches",
	"Finding Security posture gaps", "Investigation", "None", "Operation", "Physical Security", "Response Action",
	"Social Engineering (non-phishing)", "Third Party Reported", "Trend", NULL };

/* Which types a row of the member table is for. */
#define ON(t)		(1ull << (t))
#define INDICATORS	(ON(TYPE_ADVERSARY) - ON(TYPE_ADDRESS))
#define GROUPS		(ON(TYPE_COUNT) - ON(TYPE_ADVERSARY))
#define ASSOCIATION	ON(TYPE_NONE)

static const struct row {
	unsigned long long on;
	struct field	   f;
} row[] = {
	{ INDICATORS | GROUPS, { "type", FIELD_STRING } },
	/* values; File and Registry Key are only ever written with their own members */
	{ INDICATORS & ~(ON(TYPE_FILE) | ON(TYPE_REGISTRY_KEY)), { "summary", FIELD_STRING } },
	{ ON(TYPE_FILE), { "md5", FIELD_STRING } },
	{ ON(TYPE_FILE), { "sha1", FIELD_STRING } },
	{ ON(TYPE_FILE), { "sha256", FIELD_STRING } },
	{ ON(TYPE_REGISTRY_KEY), { "Key Name", FIELD_STRING } },
	{ ON(TYPE_REGISTRY_KEY), { "Value Name", FIELD_STRING } },
	{ ON(TYPE_REGISTRY_KEY), { "Value Type", FIELD_STRING, .allowed = registry_type } },
	{ GROUPS, { "name", FIELD_STRING, LIMIT_GROUP_NAME, true } },
	{ ASSOCIATION, { "ref_1", FIELD_STRING } },
	{ ASSOCIATION, { "type_1", FIELD_STRING } },
	{ ASSOCIATION, { "id_1", FIELD_REF_ID } },
	{ ASSOCIATION, { "ref_2", FIELD_STRING } },
	{ ASSOCIATION, { "type_2", FIELD_STRING } },
	{ ASSOCIATION, { "id_2", FIELD_REF_ID } },
	{ ASSOCIATION, { "associationType", FIELD_STRING } },
	{ INDICATORS | GROUPS, { "xid", FIELD_STRING } },
	/* scalars */
	{ INDICATORS, { "rating", FIELD_INTEGER, .low = 0, .high = 5 } },
	{ INDICATORS, { "confidence", FIELD_INTEGER, .low = 0, .high = 100 } },
	{ INDICATORS, { "active", FIELD_BOOLEAN } },
	{ INDICATORS, { "activeLocked", FIELD_BOOLEAN } },
	{ ON(TYPE_ADDRESS) | ON(TYPE_EMAIL_ADDRESS) | ON(TYPE_FILE) | ON(TYPE_HOST) | ON(TYPE_URL),
	    { "privateFlag", FIELD_BOOLEAN } },
	{ ON(TYPE_HOST), { "flag1", FIELD_BOOLEAN } },
	{ ON(TYPE_HOST), { "flag2", FIELD_BOOLEAN } },
	{ ON(TYPE_FILE), { "size", FIELD_INTEGER } },
	{ INDICATORS, { "description", FIELD_STRING, LIMIT_ATTRIBUTE_LONG, true } },
	{ ON(TYPE_EVENT) | ON(TYPE_INCIDENT), { "eventDate", FIELD_DATE } },
	{ ON(TYPE_EVENT), { "eventType", FIELD_STRING, .allowed = event_type } },
	{ ON(TYPE_EVENT), { "status", FIELD_STRING, .allowed = event_status } },
	{ ON(TYPE_INCIDENT), { "status", FIELD_STRING, .allowed = incident_status } },
	{ ON(TYPE_EMAIL), { "subject", FIELD_STRING, LIMIT_EMAIL_SUBJECT, true } },
	{ ON(TYPE_EMAIL), { "header", FIELD_STRING, LIMIT_EMAIL_TEXT, true } },
	{ ON(TYPE_EMAIL), { "body", FIELD_STRING, LIMIT_EMAIL_TEXT, true } },
	{ ON(TYPE_EMAIL), { "from", FIELD_STRING, 100, false } },
	{ ON(TYPE_EMAIL), { "to", FIELD_STRING } },
	{ ON(TYPE_EMAIL), { "score", FIELD_INTEGER } },
	{ ON(TYPE_SIGNATURE) | ON(TYPE_DOCUMENT) | ON(TYPE_REPORT), { "fileName", FIELD_STRING, LIMIT_FILE_NAME, false } },
	{ ON(TYPE_SIGNATURE), { "fileType", FIELD_STRING, .allowed = signature_type } },
	{ ON(TYPE_SIGNATURE), { "fileText", FIELD_STRING } },
	{ ON(TYPE_DOCUMENT), { "malware", FIELD_BOOLEAN } },
	{ ON(TYPE_DOCUMENT), { "password", FIELD_STRING } },
	{ ON(TYPE_REPORT), { "publishDate", FIELD_DATE } },
	{ ON(TYPE_DOCUMENT) | ON(TYPE_EVENT) | ON(TYPE_REPORT), { "insights", FIELD_STRING } },
	{ ON(TYPE_DOCUMENT) | ON(TYPE_EVENT) | ON(TYPE_REPORT), { "aiProvider", FIELD_STRING } },
	{ ON(TYPE_DOCUMENT) | ON(TYPE_EVENT) | ON(TYPE_REPORT), { "aiLastRetrievalDate", FIELD_DATE } },
	{ INDICATORS | GROUPS, { "firstSeen", FIELD_DATE } },
	{ INDICATORS | GROUPS, { "lastSeen", FIELD_DATE } },
	{ INDICATORS | GROUPS, { "externalDateAdded", FIELD_DATE } },
	{ INDICATORS | GROUPS, { "externalLastModified", FIELD_DATE } },
	{ INDICATORS | GROUPS, { "externalDateExpires", FIELD_DATE } },
	/* arrays */
	{ INDICATORS | GROUPS, { "attribute", FIELD_ATTRIBUTES } },
	{ INDICATORS | GROUPS, { "tag", FIELD_TAGS } },
	{ INDICATORS | GROUPS, { "securityLabel", FIELD_LABELS } },
	{ ON(TYPE_FILE), { "fileOccurrence", FIELD_OCCURRENCES } },
	{ INDICATORS, { "associatedGroups", FIELD_GROUP_REFS } },
	{ GROUPS, { "associatedGroupXid", FIELD_XIDS } },
	{ GROUPS, { "associatedIndicators", FIELD_INDICATOR_REFS } },
	/* ours, stripped by tc-submit */
	{ INDICATORS | GROUPS | ASSOCIATION, { "action", FIELD_STRING } },
	{ INDICATORS | GROUPS | ASSOCIATION, { "batchId", FIELD_INTEGER } },
};

/* The rows of each type, made at first use: 29 types, at most some 30 rows each. */
static const struct field *of_type[TYPE_COUNT][N(row) + 1];

static const struct field *const *
fields(enum tc_type type)
{
	size_t i, n = 0;

	if (of_type[type][0] == NULL)
		for (i = 0; i < N(row); i++)
			if (row[i].on & ON(type))
				of_type[type][n++] = &row[i].f;
	return of_type[type];
}

const struct field *
schema_field(enum tc_type type, size_t i)
{
	return fields(type)[i];
}

int
schema_field_index(enum tc_type type, const char *name, size_t len)
{
	const struct field *const *f = fields(type);
	int i;

	for (i = 0; f[i] != NULL; i++)
		if (text_eq(name, len, f[i]->name))
			return i;
	return -1;
}

static const struct field attribute_field[] = {
	{ "type", FIELD_STRING, 255 }, { "value", FIELD_STRING }, { "displayed", FIELD_BOOLEAN }, { "pinned", FIELD_BOOLEAN },
	{ "source", FIELD_STRING }, { "securityLabel", FIELD_LABELS }
};
static const struct field tag_field[] = { { "name", FIELD_STRING, LIMIT_TAG }, { "description", FIELD_STRING, 4000, true } };
static const struct field label_field[] = {
	{ "name", FIELD_STRING, LIMIT_LABEL_NAME }, { "color", FIELD_STRING, 10 },
	{ "description", FIELD_STRING, LIMIT_LABEL_DESCRIPTION, true }
};
static const struct field group_ref_field[] = { { "groupXid", FIELD_STRING } };
static const struct field indicator_ref_field[] = { { "summary", FIELD_STRING }, { "indicatorType", FIELD_STRING } };
static const struct field occurrence_field[] = {
	{ "fileName", FIELD_STRING, LIMIT_FILE_NAME }, { "path", FIELD_STRING }, { "date", FIELD_DATE }
};

const struct field *
schema_element(enum field_kind kind, size_t i)
{
	switch (kind) {
	case FIELD_ATTRIBUTES:
		return i < N(attribute_field) ? &attribute_field[i] : NULL;
	case FIELD_TAGS:
		return i < N(tag_field) ? &tag_field[i] : NULL;
	case FIELD_LABELS:
		return i < N(label_field) ? &label_field[i] : NULL;
	case FIELD_GROUP_REFS:
		return i < N(group_ref_field) ? &group_ref_field[i] : NULL;
	case FIELD_INDICATOR_REFS:
		return i < N(indicator_ref_field) ? &indicator_ref_field[i] : NULL;
	case FIELD_OCCURRENCES:
		return i < N(occurrence_field) ? &occurrence_field[i] : NULL;
	default:
		return NULL;
	}
}

const char *const *
schema_value_members(enum tc_type type)
{
	static const char *const member[][4] = {
		[TYPE_ADDRESS] = { "ip" }, [TYPE_EMAIL_ADDRESS] = { "address" }, [TYPE_FILE] = { "md5", "sha1", "sha256" },
		[TYPE_HOST] = { "hostName" }, [TYPE_URL] = { "text" }, [TYPE_ASN] = { "AS Number" }, [TYPE_CIDR] = { "Block" },
		[TYPE_EMAIL_SUBJECT] = { "Subject" }, [TYPE_HASHTAG] = { "Hashtag" }, [TYPE_MUTEX] = { "Mutex" },
		[TYPE_REGISTRY_KEY] = { "Key Name", "Value Name", "Value Type" }, [TYPE_USER_AGENT] = { "User Agent String" },
	};

	return schema_class(type) == CLASS_INDICATOR ? member[type] : NULL;
}

size_t
schema_attribute_max(const char *type, size_t len)
{
	static const struct { const char *name; size_t max; } known[] = {
		{ "Description", LIMIT_ATTRIBUTE_LONG }, { "Additional Analysis and Context", LIMIT_ATTRIBUTE_LONG },
		{ "Aliases", 500 }, { "Adversary Origin", 500 }, { "Archive Password", 255 }, { "Admiralty Code", 2 },
	};
	size_t i;

	for (i = 0; i < N(known); i++)
		if (text_eq(type, len, known[i].name))
			return known[i].max;
	return LIMIT_ATTRIBUTE;
}
