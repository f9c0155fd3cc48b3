// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: what the user wants changed in the set of covered functions.
 *
 * A rule is a sign, an optional module and a glob: +vfs_*, -ext4:*, =tcp_*.
 * They apply in order; the last one that matches a function decides.
 *
 * Context: process context. Locking: the caller's.
 * Lifetime: a list is made whole and never changed, but for its hits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kcov_internal.h"

#define SEPARATORS " \t\r\n,"
#define WILDCARDS "*?[\\"
#define GLOB_LENGTH 128
#define RULES_MAX 64

struct rule {
	char module[MODULE_NAME_LEN];	/* empty: the kernel and all modules */
	char glob[GLOB_LENGTH];
	char sign;			/* '+' or '-' */
	bool exact;			/* no wildcard in the glob */
	unsigned long hits;		/* functions that it decided on */
};

struct kcov_rules {
	bool only;		/* starts with no function at all */
	unsigned int fresh;	/* the first rule that is new in this list */
	unsigned int count;
	struct rule rule[RULES_MAX];
};

static bool matches(const struct rule *rule, const char *name,
		    const char *module)
{
	char base[KSYM_NAME_LEN];

	if (*rule->module && !glob_match(rule->module, module ?: "vmlinux"))
		return false;
	if (glob_match(rule->glob, name))
		return true;
	/* What follows a dot is the compiler's: foo.isra.0 is foo. */
	if (!strchr(name, '.'))
		return false;
	strscpy(base, name, sizeof(base));
	base[strcspn(base, ".")] = '\0';
	return glob_match(rule->glob, base);
}

/**
 * kcov_rules_cover() - is this function covered?
 * @rules: may be NULL
 * @name: of the function
 * @module: its module, NULL for the kernel itself
 * @by_default: whether it is covered without rules
 *
 * A wildcard does not bring in what is left out by default: only a rule that
 * names it exactly does.
 */
bool kcov_rules_cover(struct kcov_rules *rules, const char *name,
		      const char *module, bool by_default)
{
	bool covered = by_default && !(rules && rules->only);
	unsigned int i;

	for (i = 0; rules && i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];
		bool add = rule->sign == '+';

		if (!matches(rule, name, module) ||
		    (add && !rule->exact && !by_default))
			continue;
		rule->hits++;
		covered = add;
	}
	return covered;
}

void kcov_rules_forget_hits(struct kcov_rules *rules)
{
	unsigned int i;

	for (i = 0; rules && i < rules->count; i++)
		rules->rule[i].hits = 0;
}

/**
 * kcov_rules_all_hit() - did each new rule match something?
 * @rules: may be NULL
 * @may_come: rules for a module may be about one that is not loaded yet
 *
 * Names the first that did not in the log.
 */
bool kcov_rules_all_hit(const struct kcov_rules *rules, bool may_come)
{
	unsigned int i;

	for (i = rules ? rules->fresh : 0; rules && i < rules->count; i++) {
		const struct rule *rule = &rules->rule[i];

		if (rule->hits || (may_come && *rule->module))
			continue;
		pr_notice_ratelimited("no function matches '%s%s%s', nothing is changed: see available_filter_functions in tracefs for what there is\n",
				      rule->module, *rule->module ? ":" : "",
				      rule->glob);
		return false;
	}
	return true;
}

/* As it could be written again. */
void kcov_rules_show(const struct kcov_rules *rules, struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, rules && rules->only ? "none" : "default");
	for (i = 0; rules && i < rules->count; i++) {
		const struct rule *rule = &rules->rule[i];

		seq_printf(m, " %c%s%s%s", rule->sign, rule->module,
			   *rule->module ? ":" : "", rule->glob);
	}
	seq_putc(m, '\n');
}

static int parse_rule(struct rule *rule, const char *word)
{
	const char *colon = strchr(word, ':');
	const char *glob = colon ? colon + 1 : word + 1;
	size_t length = colon ? colon - word - 1 : 0;

	*rule = (struct rule){ .sign = word[0] == '-' ? '-' : '+' };
	if (!strchr("+-=", word[0]) || !*glob || (colon && !length) ||
	    length >= sizeof(rule->module) ||
	    strscpy(rule->glob, glob, sizeof(rule->glob)) < 0)
		return -EINVAL;
	memcpy(rule->module, word + 1, length);
	rule->exact = !strpbrk(rule->glob, WILDCARDS);
	return 0;
}

static void empty(struct kcov_rules *rules, bool only)
{
	rules->only = only;
	rules->fresh = 0;
	rules->count = 0;
}

static int parse_word(struct kcov_rules *rules, const char *word)
{
	int err;

	if (!strcmp(word, "default") || !strcmp(word, "none")) {
		empty(rules, /*only=*/word[0] == 'n');
		return 0;
	}
	if (word[0] == '=')
		empty(rules, /*only=*/true);
	if (rules->count == RULES_MAX) {
		pr_notice_ratelimited("more than %d rules: use fewer with wildcards, or start anew with =glob\n",
				      RULES_MAX);
		return -E2BIG;
	}
	err = parse_rule(&rules->rule[rules->count], word);
	if (err)
		pr_notice_ratelimited("'%.*s' is no rule: write +glob, -glob or =glob, with module: in front of the glob for functions of a module, or default\n",
				      GLOB_LENGTH, word);
	else
		rules->count++;
	return err;
}

/**
 * kcov_rules_parse() - a list of rules and what is to be added to it
 * @old: the list so far, or NULL; stays as it is
 * @text: words, changed on the way
 *
 * Return: a new list, to be freed with kvfree(), or an ERR_PTR.
 */
struct kcov_rules *kcov_rules_parse(const struct kcov_rules *old, char *text)
{
	struct kcov_rules *rules = kvzalloc(sizeof(*rules), GFP_KERNEL);
	char *word;
	int err = 0;

	if (!rules)
		return ERR_PTR(-ENOMEM);
	if (old)
		*rules = *old;
	rules->fresh = rules->count;
	while (!err && (word = strsep(&text, SEPARATORS))) {
		if (*word)
			err = parse_word(rules, word);
	}
	if (!err)
		return rules;
	kvfree(rules);
	return ERR_PTR(err);
}
