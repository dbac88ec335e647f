#include "sandbox/instance.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "date.h"
#include "io.h"
#include "limit.h"
#include "text.h"
#include "xmalloc.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

struct owner *
instance_owner(struct instance *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->nowner; i++)
		if (strcmp(in->owner[i].name, name) == 0)
			return &in->owner[i];
	return NULL;
}

int64_t
instance_now(const struct instance *in)
{
	return date_now() + in->clock_skew;
}

int64_t
instance_ms(void)
{
	return date_monotonic_ms();
}

void
strings_add(struct strings *s, const char *text, size_t len)
{
	s->text = xreallocarray(s->text, s->n + 1, sizeof(*s->text));
	s->text[s->n++] = xstrndup(text, len);
}

bool
strings_has(const struct strings *s, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (text_eq(text, len, s->text[i]))
			return true;
	return false;
}

void
strings_release(struct strings *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->text[i]);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

/*
 * Attribute types an instance is delivered with, and their sizes in
 * characters (data-model.md section 4 for those it names; 500 for the rest).
 */
static const struct {
	const char	*name;
	size_t		 max;
} attribute[] = {
	{ "Description", LIMIT_ATTRIBUTE_LONG }, { "Source", 500 }, { "Additional Analysis and Context", LIMIT_ATTRIBUTE_LONG },
	{ "Admiralty Code", 2 }, { "Adversary Motivation Type", 500 }, { "Adversary Origin", 500 }, { "Adversary Type", 500 },
	{ "Aliases", 500 }, { "Archive Password", 255 }, { "Capabilities", 500 }, { "Compile Date", 500 }, { "Compiler", 500 },
	{ "Course of Action Recommendation", 500 }, { "Course of Action Taken", 500 }, { "CVSS Score", 500 },
	{ "Detection Method", 500 }, { "Environment Type", 500 }, { "External Date Added", 500 },
	{ "External Date Last Modified", 500 }, { "External ID", 500 }, { "External References", 500 }, { "File Type", 500 },
	{ "First Seen", 500 }, { "Goals", 500 }, { "Impact Description", 500 }, { "Infrastructure Ownership", 500 },
	{ "Infrastructure Type", 500 }, { "Last Seen", 500 }, { "Malware Family", 500 }, { "Malware Type", 500 },
	{ "Origin Country", 500 }, { "Phase of Intrusion", 500 }, { "Port", 500 }, { "Ports", 500 }, { "References", 500 },
	{ "Report Type", 500 }, { "Resource Level", 500 }, { "Source Date Time", 500 }, { "Tactics, Techniques, and Procedures", 500 },
	{ "Targeted Country", 500 }, { "Targeted Industry Sector", 500 }, { "Threat Level", 500 }, { "Tool Information", 500 },
	{ "Victim Country", 500 }, { "Vulnerability ID", 500 },
};

size_t
instance_attribute(const struct instance *in, const char *type, size_t len)
{
	size_t i, n;
	char *colon;

	if (in->loading)
		return SIZE_MAX;
	for (i = 0; i < N(attribute); i++)
		if (text_eq(type, len, attribute[i].name))
			return attribute[i].max;
	for (i = 0; i < in->attribute.n; i++) {
		colon = strrchr(in->attribute.text[i], ':');
		n = colon != NULL && strspn(colon + 1, "0123456789") == strlen(colon + 1) && colon[1] != '\0' ?
		    (size_t)(colon - in->attribute.text[i]) : strlen(in->attribute.text[i]);
		if (n == len && memcmp(in->attribute.text[i], type, len) == 0)
			return in->attribute.text[i][n] == ':' ? strtoul(colon + 1, NULL, 10) : LIMIT_ATTRIBUTE;
	}
	return in->any_attribute ? LIMIT_ATTRIBUTE_LONG : 0;
}

const char *
instance_attribute_name(const struct instance *in, size_t i, size_t *max)
{
	if (i < N(attribute)) {
		*max = attribute[i].max;
		return attribute[i].name;
	}
	i -= N(attribute);
	if (i >= in->attribute.n)
		return NULL;
	*max = LIMIT_ATTRIBUTE;
	return in->attribute.text[i];
}

/* Is value, an address, in the network rule, "address/bits"? */
static bool
in_network(const char *rule, const char *value)
{
	unsigned char net[16], addr[16];
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(rule, '/');
	int family = strchr(value, ':') != NULL ? AF_INET6 : AF_INET, bits, i;

	if (slash == NULL || (size_t)(slash - rule) >= sizeof(text))
		return false;
	memcpy(text, rule, (size_t)(slash - rule));
	text[slash - rule] = '\0';
	if (inet_pton(family, text, net) != 1 || inet_pton(family, value, addr) != 1)
		return false;
	bits = atoi(slash + 1);
	for (i = 0; i < bits && i < (family == AF_INET ? 32 : 128); i++)
		if (((net[i / 8] ^ addr[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

bool
instance_excluded(const struct instance *in, enum tc_type type, const char *value, size_t len)
{
	char z[INET6_ADDRSTRLEN];
	size_t i, n;

	for (i = 0; i < in->excluded.n && !in->loading; i++) {
		const char *rule = in->excluded.text[i];

		if (text_eq_nocase(value, len, rule))
			return true;
		n = strlen(rule);
		if (rule[0] == '*' && len >= n - 1 && text_eq_nocase(value + len - (n - 1), n - 1, rule + 1))
			return true;
		if (type == TYPE_ADDRESS && len < sizeof(z)) {
			memcpy(z, value, len);
			z[len] = '\0';
			if (in_network(rule, z))
				return true;
		}
	}
	return false;
}

/* data-model.md section 8, batch-api.md section 9. TYPE_NONE at the second place: any indicator. */
static const struct {
	const char	*name;
	enum tc_type	 a, b;
} association[] = {
	{ "Address to User Agent", TYPE_ADDRESS, TYPE_USER_AGENT }, { "ASN to Address", TYPE_ASN, TYPE_ADDRESS },
	{ "ASN to CIDR", TYPE_ASN, TYPE_CIDR }, { "CIDR to Address", TYPE_CIDR, TYPE_ADDRESS },
	{ "DNS PTR Record", TYPE_ADDRESS, TYPE_HOST }, { "Domain Registrant Email", TYPE_HOST, TYPE_EMAIL_ADDRESS },
	{ "File Download", TYPE_URL, TYPE_FILE }, { "URL Host", TYPE_URL, TYPE_HOST }, { "URL Host", TYPE_URL, TYPE_ADDRESS },
	{ "Host to Indicators", TYPE_HOST, TYPE_NONE }, { "Address to Indicators", TYPE_ADDRESS, TYPE_NONE },
};

const char *
instance_association(const char *name, size_t len, enum tc_type a, enum tc_type b, bool *known)
{
	size_t i;

	*known = false;
	for (i = 0; i < N(association); i++) {
		if (!text_eq(name, len, association[i].name))
			continue;
		*known = true;
		if ((association[i].a == a && (association[i].b == b || association[i].b == TYPE_NONE)) ||
		    (association[i].a == b && (association[i].b == a || association[i].b == TYPE_NONE)))
			/* the first of a name, so that a name is one constant */
			return i > 0 && strcmp(association[i - 1].name, association[i].name) == 0 ? association[i - 1].name :
			    association[i].name;
	}
	return NULL;
}

const char *
instance_association_name(size_t i)
{
	size_t k, n = 0;

	for (k = 0; k < N(association); k++)
		if ((k == 0 || strcmp(association[k].name, association[k - 1].name) != 0) && n++ == i)
			return association[k].name;
	return NULL;
}
