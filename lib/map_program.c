/* The program of one type: a rule's members in the schema's order, as the steps that write a line. */
#include <stdio.h>

#include "limit.h"
#include "map_private.h"

struct steps {
	struct map	*map;
	struct step	*step;
	int		 n;
	struct buf	 text;	/* of the literals that have come since the last step */
};

static void
flush_text(struct steps *s)
{
	if (s->text.len == 0)
		return;
	s->step[s->n].op = STEP_TEXT;
	s->step[s->n].text = pool_text(s->map, s->text.bytes, s->text.len);
	s->step[s->n].textlen = s->text.len;
	s->n++;
	buf_clear(&s->text);
}

static void
add_step(struct steps *s, const struct field *f, const struct member *m, bool required)
{
	size_t start = s->text.len;
	struct step *step;
	int rc = buf_addf(&s->text, ",\"%s\":", f->name);

	(void)rc;
	if (m->hole != NULL && m->hole->source == HOLE_LITERAL) {
		if (scalar_write(s->map, &s->text, f, f->max, &m->hole->literal) != NULL)
			s->text.len = start;
		return;
	}
	s->text.len = start;
	flush_text(s);
	step = &s->step[s->n++];
	rc = buf_addf(&s->text, ",\"%s\":", f->name);
	step->op = m->array != NULL ? STEP_ARRAY : STEP_SCALAR;
	step->text = pool_text(s->map, s->text.bytes, s->text.len);
	step->textlen = s->text.len;
	step->field = f;
	step->member = m;
	step->required = required;
	step->opens = strcmp(f->name, "malware") == 0 || strcmp(f->name, "insights") == 0;
	step->closes = strcmp(f->name, "password") == 0 || strcmp(f->name, "aiProvider") == 0;
	buf_clear(&s->text);
}

struct program *
program_make(struct map *map, const struct rule *r, enum tc_type type)
{
	struct program *p = pool_alloc(map, sizeof(*p));
	struct steps s = { .map = map };
	const struct member *m;
	const struct field *f;
	bool malware = false;
	char head[128];
	size_t i;

	snprintf(head, sizeof(head), "{\"type\":\"%s\"%s", schema_type_name(type),
	    schema_class(type) == CLASS_GROUP ? ",\"name\":" :
	    type == TYPE_FILE || type == TYPE_REGISTRY_KEY ? "" : ",\"summary\":");
	p->head = pool_text(map, head, strlen(head));
	p->headlen = strlen(head);
	buf_init(&s.text, 2 * LIMIT_LINE);
	s.step = pool_alloc(map, (size_t)(2 * r->nmember + 2) * sizeof(*s.step));
	for (i = 0; (f = schema_field(type, i)) != NULL; i++) {
		m = rule_member(r, f->name);
		if (m != NULL)
			add_step(&s, f, m, member_required(type, f->name) || (malware && strcmp(f->name, "password") == 0));
		malware = malware || (m != NULL && strcmp(f->name, "malware") == 0 && m->hole->source == HOLE_LITERAL);
		if (r->delete_ && strcmp(f->name, "action") == 0 && buf_addz(&s.text, ",\"action\":\"Delete\"") == -1)
			break;
	}
	if (buf_addc(&s.text, '}') == 0)
		flush_text(&s);
	buf_release(&s.text);
	p->step = s.step;
	p->nstep = s.n;
	return p;
}
