/* MITRE ATT&CK ids in names: techniques, tactics, software, groups, campaigns, mitigations, assets, data sources. */
#include "functions_private.h"

#define ID "(?:TA\\d{4}|T\\d{4}(?:\\.\\d{3})?|[SGMCA]\\d{4}|DS\\d{4})"
#define DASH "[-\xe2\x80\x93\xe2\x80\x94:|]"

/* "T1566 - X", "T1566.001: X", "T1566 X", "[T1566] X" */
static const char before[] = "\\A\\s*(?:\\[" ID "\\]|\\(" ID "\\)|" ID "(?=[\\s:|\xe2\x80\x93\xe2\x80\x94-]))\\s*" DASH "?\\s*(\\S.*?)\\s*\\z";
/* "X (S0605)", "X [S0605]", "X - S0605", "X: S0605"; a bare id behind a blank may belong to the name and stays */
static const char behind[] = "\\A\\s*(\\S.*?)(?:\\s*" DASH "?\\s*[\\[(]" ID "[\\])]|\\s*" DASH "\\s*" ID ")\\s*\\z";

struct jval *
fn_strip_attack_id(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct jval *v;
	bool failed;

	(void)n;
	if ((v = fn_regex_group(ctx, arg[0], before, 1, &failed, err)) == NULL && !failed)
		v = fn_regex_group(ctx, arg[0], behind, 1, &failed, err);
	return v != NULL ? v : failed ? NULL : arg[0];
}

struct jval *
fn_attack_id(struct jmespath_ctx *ctx, struct jval **arg, int n, struct err *err)
{
	struct jval *v;
	bool failed;

	(void)n;
	v = fn_regex_group(ctx, arg[0], "(?<![A-Za-z0-9.])" ID "(?![A-Za-z0-9])", 0, &failed, err);
	return v != NULL ? v : failed ? NULL : &jval_null;
}
