// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_REMOTE_ENABLE: every way to be refused, in the order of the checks, and what is left
 * of a refusal.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Reserved bits, no subsystem, subsystem 0 in the list. */
static const __u64 bad_handles[] = {
	0, 1, KCOV_COMMON_A, KCOV_USB_A | 1ULL << 32, KCOV_USB_A | 1ULL << 55,
	2ULL << 56 | 1, 0x80ULL << 56 | 1, 0xffULL << 56, ~0ULL,
};

static int enable_list(int fd, __u64 first, __u64 second, __u64 third)
{
	const struct kcov_remote remote = {
		KCOV_TRACE_PC, KCOV_TEST_AREA, .num_handles = 3,
		.handles = { first, second, third },
	};

	return kcov_remote_enable(fd, &remote);
}

static int enable_mode(int fd, __u32 mode, __u64 handle)
{
	struct kcov_remote remote = kcov_usb(handle);

	remote.trace_mode = mode;
	return kcov_remote_enable(fd, &remote);
}

/* The last bytes of a page with nothing behind it; the argument may begin there. */
static char *end_of_page(void)
{
	char *const pages = mmap(NULL, 2 * KCOV_PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	mprotect(pages + KCOV_PAGE, KCOV_PAGE, PROT_NONE);
	return pages + KCOV_PAGE;
}

static int enable_at_the_end(int fd, const struct kcov_remote *remote, size_t readable)
{
	char *const end = end_of_page();
	int result;

	memcpy(end - readable, remote, readable);
	result = kcov_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)(end - readable));
	munmap(end - KCOV_PAGE, 2 * KCOV_PAGE);
	return result;
}

static void argument_at_no_address_is_efault(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_ioctl(t->fd, KCOV_REMOTE_ENABLE, 0), EFAULT);
	assert_int_equal(kcov_ioctl(t->fd, KCOV_REMOTE_ENABLE, ~0UL), EFAULT);
	assert_int_equal(kcov_ioctl(t->fd, KCOV_REMOTE_ENABLE, 0xffffffff81000000UL), EFAULT);
}

static void handles_that_cannot_be_read_are_efault(void **state)
{
	const struct kcov_test *t = *state;
	const struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	assert_int_equal(enable_at_the_end(t->fd, &remote, 24), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24 + 7), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24 + 8), 0);
}

static void header_that_cannot_be_read_is_efault(void **state)
{
	const struct kcov_test *t = *state;
	const struct kcov_remote remote = kcov_common(KCOV_COMMON_A);

	assert_int_equal(enable_at_the_end(t->fd, &remote, 8), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 12), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 23), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24), 0);
}

static void efault_comes_before_the_state(void **state)
{
	const struct kcov_test *t = *state;
	const struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	assert_int_equal(kcov_ioctl(t->fd, KCOV_REMOTE_ENABLE, 0), EFAULT);
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24), EFAULT);
}

static void too_many_handles_are_einval_before_they_are_read(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	remote.num_handles = 257;
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24), EINVAL);
	remote.num_handles = ~0U;
	assert_int_equal(enable_at_the_end(t->fd, &remote, 24), EINVAL);
}

static int enable_many(int fd, unsigned int count)
{
	struct kcov_remote remote = kcov_usb(0);

	for (unsigned int i = 0; i < count; i++)
		remote.handles[i] = KCOV_SUBSYSTEM_USB | (i + 1);
	remote.num_handles = count;
	remote.common_handle = KCOV_COMMON_A;
	return kcov_remote_enable(fd, &remote);
}

static void handles_are_256_at_most(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_many(t->fd, 257), EINVAL);
	assert_int_equal(enable_many(t->fd, 256), 0);
}

struct flips {
	struct kcov_remote remote;
	atomic_bool stop;
};

static void *flip(void *data)
{
	struct flips *flips = data;

	while (!atomic_load(&flips->stop))
		__atomic_fetch_xor(&flips->remote.num_handles, 2 ^ 200, __ATOMIC_RELAXED);
	return NULL;
}

struct tearing {
	int fd;
	const struct kcov_remote *remote;
	int whole, torn, odd;
};

static bool was_torn_and_whole(void *data)
{
	struct tearing *tearing = data;

	for (int i = 0; i < 10; i++) {
		const int result = kcov_remote_enable(tearing->fd, tearing->remote);

		tearing->whole += result == 0;
		tearing->torn += result == EINVAL;
		tearing->odd += (result && result != EINVAL) ||
				(!result && kcov_disable(tearing->fd));
	}
	return tearing->whole && tearing->torn;
}

static void num_handles_that_changes_while_it_is_read_is_einval(void **state)
{
	const struct kcov_test *t = *state;
	struct flips flips = { .remote = kcov_usb(0) };
	struct tearing tearing = { .fd = t->fd, .remote = &flips.remote };
	pthread_t thread;

	for (int i = 0; i < 200; i++)
		flips.remote.handles[i] = KCOV_SUBSYSTEM_USB | i;
	flips.remote.num_handles = 2;
	pthread_create(&thread, NULL, flip, &flips);
	const bool both = kcov_wait_for(was_torn_and_whole, &tearing);

	atomic_store(&flips.stop, true);
	pthread_join(thread, NULL);
	assert_true(both);
	assert_int_equal(tearing.odd, 0);
	assert_int_equal(enable_many(t->fd, 256), 0);
}

static void enable_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), EINVAL);
}

static void enabled_descriptor_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_B), EINVAL);
	assert_int_equal(kcov_enable(t->fd), EINVAL);
}

static void second_descriptor_of_the_thread_is_ebusy(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable_usb(other.fd, KCOV_USB_B), EBUSY);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_enable_usb(other.fd, KCOV_USB_B), 0);
	kcov_release(&other);
}

static void state_comes_before_the_busy_thread(void **state)
{
	const struct kcov_test *t = *state;
	const int other = kcov_open();

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable_usb(other, KCOV_USB_B), EINVAL);
	close(other);
}

static void busy_thread_comes_before_mode_and_handles(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(enable_mode(other.fd, 77, KCOV_USB_B), EBUSY);
	assert_int_equal(kcov_enable_usb(other.fd, 0), EBUSY);
	assert_int_equal(kcov_enable_usb(other.fd, KCOV_USB_A), EBUSY);
	kcov_release(&other);
}

static void unknown_modes_are_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_mode(t->fd, 2, KCOV_USB_A), EINVAL);
	assert_int_equal(enable_mode(t->fd, 0x7fffffff, KCOV_USB_A), EINVAL);
	assert_int_equal(enable_mode(t->fd, 0xffffffff, KCOV_USB_A), EINVAL);
}

static void mode_comes_before_the_handles(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, other.fd, kcov_usb(KCOV_USB_A)), 0);
	assert_int_equal(enable_mode(t->fd, 2, KCOV_USB_A), EINVAL);
	assert_int_equal(enable_mode(t->fd, KCOV_TRACE_PC, KCOV_USB_A), EEXIST);
	kcov_owner_end(&owner);
	kcov_release(&other);
}

static void bad_handles_are_einval(void **state)
{
	const struct kcov_test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_handles); i++)
		assert_int_equal(kcov_enable_usb(t->fd, bad_handles[i]), EINVAL);
}

static void every_instance_of_usb_is_fine(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_list(t->fd, KCOV_SUBSYSTEM_USB, KCOV_SUBSYSTEM_USB | 1,
				     KCOV_SUBSYSTEM_USB | KCOV_INSTANCE_MASK), 0);
}

static void bad_common_handles_are_einval(void **state)
{
	static const __u64 bad[] = { 1ULL << 32, KCOV_COMMON_A | 1ULL << 55, KCOV_USB_A,
				     KCOV_SUBSYSTEM_USB, 2ULL << 56 | 1, ~0ULL };
	const struct kcov_test *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(kcov_enable_common(t->fd, bad[i]), EINVAL);
	assert_int_equal(kcov_enable_common(t->fd, KCOV_INSTANCE_MASK), 0);
}

static void handle_twice_in_a_list_is_eexist(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_list(t->fd, KCOV_USB_A, KCOV_USB_B, KCOV_USB_A), EEXIST);
}

static void handle_of_another_descriptor_is_eexist(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, other.fd, kcov_common(KCOV_COMMON_A)), 0);
	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), EEXIST);
	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_B), 0);
	kcov_owner_end(&owner);
	kcov_release(&other);
}

/* Each handle is checked, then taken, then the next one; the common one is the last. */
static void handles_are_checked_one_by_one(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(0);

	assert_int_equal(enable_list(t->fd, KCOV_USB_A, KCOV_USB_A, 1), EEXIST);
	assert_int_equal(enable_list(t->fd, KCOV_USB_A, 1, KCOV_USB_A), EINVAL);
	remote.num_handles = 2;
	remote.handles[0] = KCOV_USB_A;
	remote.handles[1] = KCOV_USB_A;
	remote.common_handle = KCOV_USB_B;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), EEXIST);
	remote.handles[1] = KCOV_USB_C;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), EINVAL);
}

/* What a refused list leaves: nothing, wherever it failed. */
static void refused_list_frees_its_handles(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(enable_list(t->fd, KCOV_USB_A, KCOV_USB_B, KCOV_USB_B), EEXIST);
	assert_int_equal(enable_list(t->fd, KCOV_USB_A, KCOV_USB_B, 0), EINVAL);
	assert_int_equal(kcov_owner_begin(&owner, other.fd, kcov_usb(KCOV_USB_A)), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_B), 0);
	kcov_owner_end(&owner);
	kcov_release(&other);
}

static void refused_common_handle_frees_the_list(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	remote.common_handle = KCOV_USB_B;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), EINVAL);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
}

static void refused_descriptor_is_usable(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, 0), EINVAL);
	assert_int_equal(kcov_disable(t->fd), EINVAL);
	assert_true(kcov_trace_read(t) > 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void padding_is_not_looked_at(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	remote.padding = ~0U;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
}

static void no_handles_are_fine(void **state)
{
	const struct kcov_test *t = *state;
	const struct kcov_remote remote = { .area_size = KCOV_TEST_AREA };

	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void area_size_is_not_checked(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	for (remote.area_size = 0; remote.area_size < 4; remote.area_size++) {
		assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
		assert_int_equal(kcov_disable(t->fd), 0);
	}
}

int main(void)
{
	const struct CMUnitTest remote[] = {
		KCOV_TEST(argument_at_no_address_is_efault),
		KCOV_TEST(handles_that_cannot_be_read_are_efault),
		KCOV_TEST(header_that_cannot_be_read_is_efault),
		KCOV_TEST_NEW(efault_comes_before_the_state),
		KCOV_TEST(too_many_handles_are_einval_before_they_are_read),
		KCOV_TEST(handles_are_256_at_most),
		KCOV_TEST(num_handles_that_changes_while_it_is_read_is_einval),
		KCOV_TEST_NEW(enable_before_init_is_einval),
		KCOV_TEST(enabled_descriptor_is_einval),
		KCOV_TEST(second_descriptor_of_the_thread_is_ebusy),
		KCOV_TEST(state_comes_before_the_busy_thread),
		KCOV_TEST(busy_thread_comes_before_mode_and_handles),
		KCOV_TEST(unknown_modes_are_einval),
		KCOV_TEST(mode_comes_before_the_handles),
		KCOV_TEST(bad_handles_are_einval),
		KCOV_TEST(every_instance_of_usb_is_fine),
		KCOV_TEST(bad_common_handles_are_einval),
		KCOV_TEST(handle_twice_in_a_list_is_eexist),
		KCOV_TEST(handle_of_another_descriptor_is_eexist),
		KCOV_TEST(handles_are_checked_one_by_one),
		KCOV_TEST(refused_list_frees_its_handles),
		KCOV_TEST(refused_common_handle_frees_the_list),
		KCOV_TEST(refused_descriptor_is_usable),
		KCOV_TEST(padding_is_not_looked_at),
		KCOV_TEST(no_handles_are_fine),
		KCOV_TEST(area_size_is_not_checked),
	};
	const int failed = cmocka_run_group_tests(remote, NULL, NULL);

	return failed != 0;
}
