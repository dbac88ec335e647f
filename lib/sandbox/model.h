/*
 * One object of a batch document, taken apart by the platform's rules.
 *
 * model_read() judges an element of the group or indicator array
 * (batch-api.md sections 10-13): a member of the wrong kind makes the document
 * unreadable from there on (0x1003), a bad value costs the object (0x1005,
 * 0x1006, 0x1007), a bad part costs the part (0x2001, 0x2002: reported once,
 * for the first). What is left is in canonical JSON, ready to be merged with
 * what the owner holds and printed.
 *
 * Memory: everything points into the scanned text or the arena.
 */
#ifndef TC_SANDBOX_MODEL_H
#define TC_SANDBOX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "jval.h"
#include "sandbox/store.h"
#include "scan.h"
#include "schema.h"

#define MODEL_FIELDS 48		/* more than any type has members */

struct slice {
	const char	*text;
	size_t		 len;
};

struct item {
	struct slice	 json;		/* canonical */
	struct slice	 name;		/* attribute type, tag or label in one case, path */
};

struct items {
	struct item	*item;
	size_t		 n, cap;
	bool		 given;		/* the member was there, if only as [] */
};

struct ref {
	struct slice	 text;		/* unescaped xid or summary */
	enum tc_type	 type;		/* TYPE_NONE: a group */
};

struct refs {
	struct ref	*ref;
	size_t		 n, cap;
};

struct model {
	enum tc_type	 type;
	struct slice	 scalar[MODEL_FIELDS];	/* canonical JSON by schema_field index; text NULL: absent */
	struct slice	 value;			/* for messages: summary, longest hash, xid */
	struct slice	 hash[3];		/* File: md5, sha1, sha256 in lower case */
	uint8_t		 key[3][STORE_KEY];
	int		 nkey;
	struct items	 attribute, tag, label, occurrence;
	struct refs	 ref;			/* groups it refers to; of a group: indicators too */
};

enum verdict { MODEL_OK, MODEL_SYNTAX, MODEL_REFUSED };

struct finding {
	char		 code[8];		/* "0x1005"; "" where there is none */
	char		 text[400];
};

/* What of the instance a model is judged by. */
struct rules {
	/* Maximum length of an attribute of this type in characters; 0 where the owner does not know the type. */
	size_t	(*attribute)(void *, const char *type, size_t len);
	bool	(*label)(void *, const char *name, size_t len, bool described);
	bool	(*excluded)(void *, enum tc_type, const char *value, size_t len);
	void	(*ignored)(void *, const char *member, size_t len);	/* an unknown member, for the log */
	void	*ctx;
};

/*
 * group: which array it stands in. MODEL_REFUSED and MODEL_SYNTAX fill why;
 * partial is filled where only a part was refused. for_delete asks for
 * type and value or xid only.
 */
enum verdict model_read(struct model *, const struct scan *, bool group, bool for_delete, const struct rules *,
    struct arena *, struct finding *why, struct finding *partial);

/* The same from a stored line, which is known to be good. */
int	 model_restore(struct model *, const struct scan *, struct arena *) TC_MUST_CHECK;

void	 items_add(struct items *, struct arena *, struct slice json, struct slice name);
void	 items_sort(struct items *);

/* The stored line, without associations. */
int	 model_print(struct model *, struct buf *out) TC_MUST_CHECK;

#endif
