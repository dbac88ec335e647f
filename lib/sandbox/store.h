/*
 * What an owner of the stand-in holds: objects and what associates them.
 *
 * An object is one compact batch line without associations (they are edges
 * between objects, undirected, at most one a type). It is found by its keys:
 * 128 bits of the SHA-256 of type and value; a File has one for each hash.
 *
 * Ownership: the store owns entries and edges; an entry that is handed out
 * holds until it is removed or store_clear(). Lines are copied. Units: bytes.
 * Errors: -1 past a ceiling, or what put() gave; there is no struct err.
 */
#ifndef TC_SANDBOX_STORE_H
#define TC_SANDBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "schema.h"

#define STORE_KEY 16

struct entry;

struct edge {
	struct entry	*to;
	const char	*type;		/* associationType, a constant; NULL where a group is at one end */
};

struct entry {
	uint32_t	 id;
	uint32_t	 pos;		/* private: where it stands in store.all */
	uint8_t		 type;		/* enum tc_type */
	uint8_t		 nkey;
	uint8_t		 key[3][STORE_KEY];
	uint32_t	 batch;		/* the batch that wrote it last */
	uint64_t	 modified;	/* grows with every write: the platform's lastModified */
	char		*line;		/* canonical batch line, not NUL-terminated */
	uint32_t	 len;
	uint32_t	 xid_off, xid_len;	/* of a group: its xid in line, still escaped */
	struct edge	*edge;
	uint32_t	 nedge, cap;
};

struct slot {
	uint8_t		 key[STORE_KEY];
	void		*value;		/* NULL: free; SLOT_DEAD: was removed */
};

struct table {
	struct slot	*slot;
	size_t		 cap, used, live;	/* used counts dead slots too */
};

struct store {
	struct table	 object, link;
	struct entry   **all;		/* by position, in order of arrival with holes filled from the end */
	size_t		 n, cap;
	size_t		 indicators, groups;
	struct entry   **by_id;		/* index id; NULL once gone */
	uint32_t	 ids;		/* highest id given */
	uint64_t	 clock;
};

void	 store_init(struct store *);
void	 store_clear(struct store *);		/* everything goes; may be used again */

/* key of an indicator's canonical value or of a group's xid (type TYPE_NONE) */
void	 store_key(uint8_t key[STORE_KEY], enum tc_type, const char *text, size_t len);

struct entry *store_find(const struct store *, const uint8_t key[STORE_KEY]);
struct entry *store_by_id(const struct store *, long long id);
struct entry *store_add(struct store *, enum tc_type);
/* Each entry has up to three keys; setting them anew replaces the old ones. */
void	 store_set_keys(struct store *, struct entry *, uint8_t key[][STORE_KEY], int n);
void	 store_set_line(struct store *, struct entry *, const char *line, size_t len);
void	 store_remove(struct store *, struct entry *);	/* with its associations */

/* False where it was there already. */
bool	 store_link(struct store *, struct entry *, struct entry *, const char *type);
/* Moves every association of from to to. */
void	 store_move_links(struct store *, struct entry *from, struct entry *to);

/* The object as a batch line with its groups, no newline. */
int	 store_print(struct store *, const struct entry *, struct buf *) TC_MUST_CHECK;

/*
 * Everything, in one fixed order: groups by xid, indicators by type and value,
 * associations of indicators. Written line by line through put (-1 ends it).
 * with_ids adds the member "id".
 */
int	 store_write(struct store *, bool with_ids, int (*put)(void *, const char *, size_t), void *ctx) TC_MUST_CHECK;

/* The value of an indicator as receipts and errors name it; xid of a group. Appended to out. */
int	 store_summary(const struct entry *, struct buf *out) TC_MUST_CHECK;

#endif
