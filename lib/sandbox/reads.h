/*
 * What a client may ask beside batches: owners, types, labels, exports, the
 * log, group files, secure parameters (batch-api.md sections 13 and 16,
 * runtime-app.md sections 3 and 9).
 */
#ifndef TC_SANDBOX_READS_H
#define TC_SANDBOX_READS_H

#include "sandbox/exchange.h"
#include "sandbox/instance.h"

void	 read_owners(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_indicator_types(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_association_types(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_attribute_types(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_labels_of(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_bulk(struct instance *, struct request *, const char *seg, struct answer *);
void	 read_parameters(struct instance *, struct request *, const char *seg, struct answer *);
void	 write_log(struct instance *, struct request *, const char *seg, struct answer *);
/* seg is "documents" or "reports", the xid behind a newline. */
void	 write_group_file(struct instance *, struct request *, const char *seg, struct answer *);

/* The stand-in's own: everything the owner holds as batch lines (query owner, ids=true); files that were uploaded. */
void	 sandbox_owner(struct instance *, struct request *, const char *seg, struct answer *);
void	 sandbox_files(struct instance *, struct request *, const char *seg, struct answer *);

#endif
