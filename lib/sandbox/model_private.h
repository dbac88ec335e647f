/* Shared by the files that read an object of a batch document; nobody else needs it. */
#ifndef TC_SANDBOX_MODEL_PRIVATE_H
#define TC_SANDBOX_MODEL_PRIVATE_H

#include "sandbox/model.h"

/* What model_read() works with. */
struct reading {
	struct model		*m;
	const struct scan	*s;
	const struct rules	*rules;
	struct arena		*arena;
	struct finding		*why, *partial;
	bool			 group;
};

enum verdict model_syntax(struct reading *r, const char *fmt, ...) TC_PRINTF(2, 3);
enum verdict model_refuse(struct reading *r, const char *code, const char *fmt, ...) TC_PRINTF(3, 4);
void	 model_lose(struct reading *r, const char *fmt, ...) TC_PRINTF(2, 3);
struct slice model_keep(struct arena *a, const char *text, size_t len);
struct slice model_fold(struct arena *a, struct slice s);
struct slice model_string_at(struct arena *a, const struct scan *s, uint32_t i);
struct slice model_json_at(struct arena *a, const struct scan *s, uint32_t i);
void	 model_set(struct reading *r, const char *field, struct slice text);
void	 refs_add(struct refs *list, struct arena *a, struct slice text, enum tc_type type);
int	 slice_cmp(struct slice a, struct slice b);
enum verdict model_read_labels(struct reading *r, uint32_t array, struct items *list);
enum verdict model_read_attribute(struct reading *r, uint32_t i);
enum verdict model_read_tag(struct reading *r, uint32_t i);
enum verdict model_read_occurrence(struct reading *r, uint32_t i);
enum verdict model_read_ref(struct reading *r, uint32_t i, const struct field *f);
void	 model_add_attribute(struct reading *r, struct slice type, struct slice type_json, struct slice value_json, bool displayed,
    bool pinned, struct slice source_json, const struct items *labels);
enum verdict model_read_value(struct reading *r);

#endif
