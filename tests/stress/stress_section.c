// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_REMOTE_ENABLE, and sections of the sample drivers for handles that the actor has.
 *
 * Each actor has handles that nobody else uses, and so knows which are registered. One more is
 * wanted by all of them.
 */
#include "stress.h"

#include "kcov_remote.h"

#define WANTED_BY_ALL	(KCOV_SUBSYSTEM_USB | 0x7777)
#define INVALID		(KCOV_SUBSYSTEM_USB | 1ULL << 40)

uint64_t stress_handle(const struct stress_actor *a, enum stress_handle which)
{
	const uint64_t number = 0x10000 + 16 * a->number + which;

	return which == STRESS_HANDLE_COMMON ? number : KCOV_SUBSYSTEM_USB | number;
}

/* In the caller itself, instrumented, and in no section. */
int stress_run_here(unsigned int rounds)
{
	return kcov_deferred("here 0 %u", rounds);
}

/* For the common handle that the caller has, its own or its parent's; for nobody if it has none. */
int stress_run_inherited(void)
{
	return kcov_deferred("kthread common 8");
}

/* What an argument asks for; bits for the handles in it. */
enum flavour {
	A = 1 << STRESS_HANDLE_A,
	B = 1 << STRESS_HANDLE_B,
	COMMON = 1 << STRESS_HANDLE_COMMON,
	ALL = 8,		/* the one that everybody wants */
	TWICE = 16,		/* the first handle once more */
	WRONG = 32,		/* one that is no handle, behind the others */
	BAD_COMMON = 64,
	MANY = 128,
	BAD_ADDRESS = 256,
	BAD_MODE = 512,
};

static const unsigned int flavours[] = {
	A, A, A, A | B, A | COMMON, COMMON, COMMON, B, 0, ALL, A | ALL, COMMON | ALL,
	A | TWICE, A | B | WRONG, WRONG, A | BAD_COMMON, MANY, BAD_ADDRESS, A | BAD_MODE,
};

static void add(struct kcov_remote *remote, uint64_t handle)
{
	remote->handles[remote->num_handles++] = handle;
}

static struct kcov_remote make_argument(const struct stress_actor *a, unsigned int flavour,
					unsigned int area, unsigned int mode)
{
	struct kcov_remote remote = {
		.trace_mode = flavour & BAD_MODE ? 2 : mode,
		.area_size = area,
	};

	if (flavour & A)
		add(&remote, stress_handle(a, STRESS_HANDLE_A));
	if (flavour & B)
		add(&remote, stress_handle(a, STRESS_HANDLE_B));
	if (flavour & TWICE)
		add(&remote, stress_handle(a, STRESS_HANDLE_A));
	if (flavour & ALL)
		add(&remote, WANTED_BY_ALL);
	if (flavour & WRONG)
		add(&remote, INVALID);
	if (flavour & COMMON)
		remote.common_handle = stress_handle(a, STRESS_HANDLE_COMMON);
	if (flavour & BAD_COMMON)
		remote.common_handle = WANTED_BY_ALL;
	if (flavour & MANY)
		remote.num_handles = 0x101;
	return remote;
}

static bool is_taken(const struct stress_actor *a, unsigned int flavour)
{
	for (int i = 0; i < STRESS_HANDLES; i++)
		if (flavour & (1 << i) && a->model->registered[i])
			return true;
	return flavour & TWICE;
}

/* Each handle is checked, then taken, the common one last. */
static uint64_t may_register(const struct stress_actor *a, unsigned int flavour)
{
	const uint64_t all = flavour & ALL ? MAY(EEXIST) : 0;

	if (is_taken(a, flavour & ~COMMON))
		return MAY(EEXIST);
	if (flavour & (WRONG | BAD_COMMON))
		return MAY(EINVAL) | all;
	return (is_taken(a, flavour & COMMON) ? MAY(EEXIST) : MAY(0)) | all;
}

static uint64_t may_enable(const struct stress_actor *a, unsigned int flavour)
{
	if (flavour & BAD_ADDRESS)
		return MAY(EFAULT);
	if (flavour & MANY || stress_desc(a)->state != STRESS_READY)
		return MAY(EINVAL);
	if (a->task.remote || a->task.in_section)
		return MAY(EBUSY);
	return flavour & BAD_MODE ? MAY(EINVAL) : may_register(a, flavour);
}

static void did_enable(struct stress_actor *a, unsigned int flavour,
		       const struct kcov_remote *remote)
{
	struct stress_desc *desc = stress_desc(a);

	desc->state = STRESS_REMOTE;
	desc->mode = remote->trace_mode;
	desc->area = remote->area_size;
	desc->owner = a->task.tid;
	desc->own_handle = flavour & A;
	desc->others = flavour & (ALL | COMMON);
	a->task.remote = desc;
	for (int i = 0; i < STRESS_HANDLES; i++)
		if (flavour & (1 << i))
			a->model->registered[i] = a->task.tid;
}

static void enable(struct stress_actor *a, unsigned int flavour, unsigned int area,
		   unsigned int mode)
{
	const struct kcov_remote remote = make_argument(a, flavour, area, mode);
	int got;

	if (stress_slot(a)->fd < 0)
		return;
	got = kcov_remote_enable(stress_slot(a)->fd, flavour & BAD_ADDRESS ? NULL : &remote);
	stress_expect(a, may_enable(a, flavour), got);
	if (!got)
		did_enable(a, flavour, &remote);
}

void stress_remote_enable(struct stress_actor *a)
{
	static const unsigned int areas[] = { 4096, 4096, 64, 2, 1, 0 };
	const unsigned int flavour = flavours[stress_draw(a, ARRAY_SIZE(flavours))];
	const unsigned int area = areas[stress_draw(a, ARRAY_SIZE(areas))];

	enable(a, flavour, area, stress_draw(a, 2));
}

/* Something for children to inherit. */
void stress_enable_common(struct stress_actor *a)
{
	enable(a, COMMON, 4096, KCOV_TRACE_PC);
}

/* Whether the descriptor gets sections that only the actor runs, in tasks and one at a time. */
static bool gets_sections(struct stress_actor *a, unsigned int area)
{
	const struct stress_desc *desc = stress_desc(a);

	return stress_is_mine(a) && desc->state == STRESS_REMOTE && desc->own_handle &&
	       !desc->others && desc->area >= area;
}

/* Softirqs share their buffers and may find none, so the last two prove nothing. */
static const char *const contexts[] = {
	"kthread", "worker", "work", "delayed", "here", "timer", "tasklet",
};

#define IN_TASKS 5

static uint64_t any_handle(struct stress_actor *a, unsigned int which)
{
	return which < STRESS_HANDLES ? stress_handle(a, which) :
	       which == STRESS_HANDLES ? WANTED_BY_ALL : INVALID;
}

/* The slot's descriptor must have records of it, if nobody else can have it. */
static void run_own(struct stress_actor *a, unsigned int context, unsigned int rounds)
{
	const bool shows = context < IN_TASKS && !a->task.in_section;

	stress_fill(a);
	stress_expect(a, MAY(0), kcov_deferred("%s %#lx %u", contexts[context],
					       stress_handle(a, STRESS_HANDLE_A), rounds));
	if (!stress_check_records(a) && shows)
		stress_fail(a, "no record of a section that is over");
}

void stress_section(struct stress_actor *a)
{
	const unsigned int context = stress_draw(a, ARRAY_SIZE(contexts));
	const unsigned int which = stress_draw(a, STRESS_HANDLES + 2);
	const unsigned int rounds = stress_draw(a, 64);

	a->what = contexts[context];
	if (stress_world->has_sections && gets_sections(a, 64) && stress_slot(a)->map)
		run_own(a, context, rounds);
	else
		stress_expect(a, stress_world->has_sections ? MAY(0) : MAY(ENOENT),
			      kcov_deferred("%s %#lx %u", contexts[context], any_handle(a, which),
					    rounds));
}

/* A driver that forgets its end, where the actor knows whether there is a buffer for it. */
void stress_section_start(struct stress_actor *a)
{
	if (!stress_world->has_sections || !gets_sections(a, 2))
		return;
	stress_expect(a, MAY(0), kcov_sections("start %#lx", stress_handle(a, STRESS_HANDLE_A)));
	if (a->task.in_section)
		a->task.refused++;
	a->task.in_section = true;
}

void stress_section_stop(struct stress_actor *a)
{
	if (!stress_world->has_sections)
		return;
	stress_expect(a, MAY(0), kcov_sections("stop"));
	if (a->task.refused)
		a->task.refused--;
	else
		a->task.in_section = false;
}
