/*
 * Are the values what install.json and their names say they are?
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "log.h"
#include "params_names.h"
#include "params_set.h"
#include "text.h"
#include "xmalloc.h"

enum kind { KIND_NUMBER, KIND_DATE, KIND_DURATION, KIND_ADDRESS };

/* What a value means that install.json can only call a String. */
static const struct rule {
	const char	*name;
	enum kind	 kind;
	long long	 low, high;
	bool		 platform;	/* set by the platform, not by an administrator: a bad one is dropped with a warning */
} rules[] = {
	{ "tc_api_path", KIND_ADDRESS, 0, 0, false },
	{ "tc_token_expires", KIND_NUMBER, 0, LLONG_MAX, true },
	{ "tc_proxy_port", KIND_NUMBER, 1, 65535, false },
	{ "tc_log_max_bytes", KIND_NUMBER, 1024, LLONG_MAX, true },
	{ "tc_log_backup_count", KIND_NUMBER, 0, 1000, true },
	{ "last_run", KIND_DATE, 0, 0, false },
	{ "default_rating", KIND_NUMBER, 0, 5, false },
	{ "default_confidence", KIND_NUMBER, 0, 100, false },
	{ "confirm_removals", KIND_NUMBER, 0, LLONG_MAX, false },
	{ "keep_days", KIND_NUMBER, 0, 36500, false },
	{ "limit", KIND_NUMBER, 1, LLONG_MAX, false },
	{ "time_limit", KIND_DURATION, 60, 7 * 86400, false },
};

struct faults {
	struct err	*first;
	int		 n;
};

static void
fault(struct faults *f, const struct err *why)
{
	if (f->n++ == 0)
		*f->first = *why;
	else
		log_error("%s", why->text);
}

/* A value for a message: never a secret's. */
static const char *
shown(const struct pset_value *v)
{
	return v->secret ? "***" : v->value;
}

static int
check_number(const struct pset_value *v, long long low, long long high, struct err *err)
{
	long long n;
	char *end;

	errno = 0;
	n = strtoll(v->value, &end, 10);
	if (errno != 0 || *end != '\0' || !(isdigit((unsigned char)v->value[0]) || v->value[0] == '-'))
		return err_set(err, REASON_USAGE, "parameter %s: '%.80s' is not a whole number", v->name, shown(v));
	if (n < low || n > high) {
		if (high == LLONG_MAX)
			return err_set(err, REASON_USAGE, "parameter %s: %lld is below %lld", v->name, n, low);
		return err_set(err, REASON_USAGE, "parameter %s: %lld is not in %lld to %lld", v->name, n, low, high);
	}
	return 0;
}

static int
check_date(const struct pset_value *v, struct err *err)
{
	int64_t now = date_now(), when;

	if (date_parse(v->value, strlen(v->value), now, &when, err) == -1) {
		err->reason = REASON_USAGE;
		return err_set(err, REASON_USAGE, "parameter %s: '%.80s' is no date (such as 2024-05-31, 2024-05-31T08:00:00Z, "
		    "1717142400 or 30 days ago)", v->name, shown(v));
	}
	if (when > now)
		log_warning("parameter %s: %.80s is in the future, now is used", v->name, shown(v));
	return 0;
}

/* The value becomes its seconds: what a shell can count. */
static int
check_duration(struct pset_value *v, long long low, long long high, struct err *err)
{
	int64_t seconds;

	if (date_duration(v->value, strlen(v->value), &seconds, err) == -1)
		return err_set(err, REASON_USAGE, "parameter %s: '%.80s' is no duration (such as 90m, 6h or 2d)", v->name, shown(v));
	if (seconds < low || seconds > high)
		return err_set(err, REASON_USAGE, "parameter %s: %.80s is not in %lld seconds to %lld days", v->name, shown(v),
		    low, high / 86400);
	free(v->value);
	v->value = xmalloc(24);
	snprintf(v->value, 24, "%lld", (long long)seconds);
	return 0;
}

static int
check_address(const struct pset_value *v, struct err *err)
{
	if (strncasecmp(v->value, "https://", 8) == 0 && v->value[8] != '\0')
		return 0;
	if (strncasecmp(v->value, "http://", 7) == 0)
		return 0;	/* the session room takes it on loopback only */
	return err_set(err, REASON_USAGE, "parameter %s: '%.80s' does not begin with https://", v->name, shown(v));
}

static int
check_rule(const struct rule *r, struct pset_value *v, struct err *err)
{
	switch (r->kind) {
	case KIND_NUMBER:
		return check_number(v, r->low, r->high, err);
	case KIND_DATE:
		return check_date(v, err);
	case KIND_DURATION:
		return check_duration(v, r->low, r->high, err);
	default:
		return check_address(v, err);
	}
}

static bool
takes_anything(const struct install_param *p)
{
	size_t i;

	/* a variable is filled in by the platform, whose choices we do not know */
	for (i = 0; p->valid != NULL && p->valid[i] != NULL; i++)
		if (strstr(p->valid[i], "${") != NULL)
			return true;
	return p->valid == NULL;
}

static bool
is_choice(const struct install_param *p, const char *word, size_t len)
{
	size_t i;

	for (i = 0; p->valid[i] != NULL; i++)
		if (text_eq(word, len, p->valid[i]))
			return true;
	return false;
}

static int
check_choice(const struct install_param *p, const struct pset_value *v, char delimiter, struct err *err)
{
	char stop[2] = { p->multiple ? delimiter : '\0', '\0' };
	const char *word = v->value;
	size_t len;

	if (takes_anything(p))
		return 0;
	for (;; word += len + 1) {
		len = strcspn(word, stop);
		if (len > 0 && !is_choice(p, word, len))
			return err_set(err, REASON_USAGE, "parameter %s: '%.*s' is not one of its choices (%s%s%s ...)", p->name,
			    (int)(len > 80 ? 80 : len), word, p->valid[0], p->valid[1] ? ", " : "", p->valid[1] ? p->valid[1] : "");
		if (word[len] == '\0')
			return 0;
	}
}

static void
check_level(struct pset *set)
{
	struct pset_value *v = pset_find(set, "tc_log_level");
	const char *old = pset_get(set, "logging");
	enum log_level level;

	if (v == NULL && old != NULL) {
		pset_put(set, "tc_log_level", old, strlen(old), FROM_CONFIG, false);
		v = pset_find(set, "tc_log_level");
	}
	if (v == NULL)
		return;
	if (log_level_parse(v->value, &level) == -1) {
		log_warning("parameter tc_log_level: '%.40s' is no level, info is used", v->value);
		free(v->value);
		v->value = xstrdup("info");
	}
	for (char *c = v->value; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	if (strcmp(v->value, "warn") == 0) {
		free(v->value);
		v->value = xstrdup("warning");
	}
}

static void
check_proxy(struct pset *set)
{
	bool host = pset_get(set, "tc_proxy_host") != NULL, port = pset_get(set, "tc_proxy_port") != NULL;

	if (host == port)
		return;
	log_warning("tc_proxy_%s without tc_proxy_%s: no proxy is used", host ? "host" : "port", host ? "port" : "host");
	pset_unset(set, "tc_proxy_host");
	pset_unset(set, "tc_proxy_port");
}

/* Choosing every type is the same as choosing none: there is no filter, and the run is complete. */
static void
drop_full_choice(struct pset *set, const struct install_param *p)
{
	const char *value = pset_get(set, p->name), *word;
	size_t i, len;

	if (value == NULL || p->valid == NULL)
		return;
	for (i = 0; p->valid[i] != NULL; i++) {
		for (word = value;; word += len + 1) {
			len = strcspn(word, "|");
			if (text_eq(word, len, p->valid[i]))
				break;
			if (word[len] == '\0')
				return;
		}
	}
	pset_unset(set, p->name);
}

static void
check_declared(struct pset *set, const struct install_param *p, struct faults *f)
{
	struct pset_value *v;
	struct err why = { 0 };
	char *c;

	if (p->otherwise != NULL)
		pset_put(set, p->name, p->otherwise, strlen(p->otherwise), FROM_DEFAULT, false);
	v = pset_find(set, p->name);
	if (v == NULL) {
		if (p->required) {
			err_set(&why, REASON_USAGE, "parameter %s is required and not set", p->name);
			fault(f, &why);
		}
		return;
	}
	if (p->type == INSTALL_BOOLEAN) {
		if (params_bool_word(v->value) == -1)
			log_warning("parameter %s: '%.40s' is neither true nor false, false is used", p->name, shown(v));
	} else if (p->type == INSTALL_CHOICE || p->type == INSTALL_MULTI_CHOICE) {
		if (strcmp(p->name, "tc_log_level") != 0 && check_choice(p, v, set->install->delimiter, &why) == -1)
			fault(f, &why);
	}
	if (p->multiple && p->type != INSTALL_PAIRS && set->install->delimiter != '|')
		for (c = v->value; (c = strchr(c, set->install->delimiter)) != NULL; )
			*c = '|';
	if (strcmp(p->name, "indicator_types") == 0)
		drop_full_choice(set, p);
}

int
pset_check(struct pset *set, struct err *err)
{
	struct faults f = { err, 0 };
	struct err why = { 0 };
	size_t i;

	check_level(set);
	for (i = 0; set->install != NULL && i < set->install->n; i++)
		check_declared(set, &set->install->param[i], &f);
	for (i = 0; i < set->n; i++) {
		struct pset_value *v = &set->v[i];
		size_t len = strlen(v->value), good = text_utf8_span(v->value, len);

		if (good != len) {
			err_set(&why, REASON_USAGE, "parameter %s is not valid UTF-8", v->name);
			fault(&f, &why);
		} else if (strncmp(v->value, "&{TC:", 5) == 0) {
			err_set(&why, REASON_USAGE, "parameter %s holds a run-time variable (&{TC:...}), which a job cannot resolve: "
			    "enter the value or pick a stored variable", v->name);
			fault(&f, &why);
		}
	}
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct pset_value *v = pset_find(set, rules[i].name);

		if (v == NULL || check_rule(&rules[i], v, &why) == 0)
			continue;
		if (rules[i].platform) {
			log_warning("%s: ignored", why.text);
			pset_unset(set, rules[i].name);
		} else
			fault(&f, &why);
	}
	check_proxy(set);
	return f.n == 0 ? 0 : -1;
}
