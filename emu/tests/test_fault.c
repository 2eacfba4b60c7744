// SPDX-License-Identifier: MIT
/* Scripted faults and the control socket. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../util.h"
#include "gpu.h"
#include "tap.h"

#define OK_LINE		"{\"ok\":true}"

static bool ok(const char *line)
{
	return !strcmp(control(line), OK_LINE);
}

static bool refused(const char *line)
{
	return !strncmp(control(line), "{\"ok\":false,\"error\":\"", 21);
}

static uint64_t empty(struct gpu_ring *r)
{
	return gpu_submit(r, 0, 0, CRLN_DESC_IRQ);
}

static uint32_t status_of(struct gpu_ring *r, uint64_t seqno)
{
	gpu_wait(r, seqno);
	return gpu_record(r, seqno)->status;
}

static void hang(void)
{
	struct gpu_ring r, other;

	gpu_boot(NULL);
	CHECK(ok("hang ring=1 job=2"));
	r = gpu_ring_new(1, 0, 1);
	other = gpu_ring_new(2, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK(!gpu_wait_ms(&r, empty(&r), 50));
	CHECK_EQ(status_of(&other, empty(&other)), CRLN_OK);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
	gpu_wait_state(&r, CRLN_RING_STOPPED);
	CHECK_EQ(gpu_head(&r)->head, 1);
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_DISABLE);
	gpu_ring_enable(&r);
	/* The rule has fired: job 2 runs this time. */
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
}

/* All faults that were asked for have begun to happen. */
static void wait_fired(void)
{
	uint64_t end = test_now_ns() + WAIT_MS * 1000000ull;

	while (!strstr(control("status"), "\"rules\":0"))
		CHECK(test_now_ns() < end);
}

static void hang_hard(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	CHECK(ok("hang ring=* job=1 hard=1"));
	r = gpu_ring_new(0, 0, 1);
	empty(&r);
	wait_fired();
	gpu_ring_wr(&r, CRLN_RING_CTRL, CRLN_RING_CTRL_STOP);
	sleep_ms(50);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_STOPPING);
	wr32(CRLN_REG_RESET, CRLN_RESET_KEY);
	wait32(CRLN_REG_STATUS, ~0u, CRLN_STATUS_READY);
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_STATE), CRLN_RING_DISABLED);
}

static void slow(void)
{
	struct gpu_ring r;
	uint64_t seqno;

	gpu_boot(NULL);
	CHECK(ok("slow ring=0 seqno=1001 ns=40000000"));
	r = gpu_ring_new(0, 0, 1);
	r.seqno = 1000;
	seqno = empty(&r);
	CHECK_EQ(status_of(&r, seqno), CRLN_OK);
	CHECK(gpu_record(&r, seqno)->end_ns - gpu_record(&r, seqno)->start_ns >= 40000000);
}

static void lost_irq(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	CHECK(ok("lost-irq ring=0 job=* count=2"));
	r = gpu_ring_new(0, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK(!irq_wait(1, 50));
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK(irq_wait(1, WAIT_MS));
}

static void lost_doorbell(void)
{
	struct gpu_ring r, other;

	gpu_boot(NULL);
	CHECK(ok("lost-doorbell ring=0 job=2 count=2"));
	r = gpu_ring_new(0, 0, 1);
	other = gpu_ring_new(1, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK(!gpu_wait_ms(&r, empty(&r), 50));
	CHECK_EQ(gpu_ring_rd(&r, CRLN_RING_TAIL), 1);
	gpu_wait_state(&r, CRLN_RING_IDLE);
	CHECK_EQ(status_of(&other, empty(&other)), CRLN_OK);
	CHECK_EQ(status_of(&other, empty(&other)), CRLN_OK);
	/* Announces jobs 2 and 3; ringing again makes up for both. */
	CHECK(!gpu_wait_ms(&r, empty(&r), 50));
	gpu_doorbell(&r);
	CHECK_EQ(status_of(&r, r.seqno), CRLN_OK);
	CHECK(strstr(control("counters"), "\"lost-doorbell\":2"));
}

static void dma_fault(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	CHECK(ok("dma-fault ring=7"));
	r = gpu_ring_new(7, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_EVENT), CRLN_EVENT_DMA_FAULT);
	CHECK_EQ(rd32(CRLN_REG_FAULT_RING), 7);
	CHECK(irq_wait(0, WAIT_MS));
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
}

static void error_status(void)
{
	struct gpu_ring r;
	char line[64];

	gpu_boot(NULL);
	r = gpu_ring_new(0, 0, 1);
	for (uint32_t s = CRLN_BAD_DESC; s <= CRLN_ENGINE_ERROR; s++) {
		snprintf(line, sizeof(line), "error status=%u", s);
		CHECK(ok(line));
		CHECK_EQ(status_of(&r, empty(&r)), s);
		CHECK(irq_wait(1, WAIT_MS));
	}
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
}

/* It may die before it answers the doorbell: don't wait for that. */
static void ring_and_run(struct gpu_ring *r)
{
	struct {
		struct vfu_hdr hdr;
		struct vfu_region_access acc;
		uint32_t tail;
	} __attribute__((packed)) m = {
		.hdr = { .cmd = VFU_REGION_WRITE, .size = sizeof(m),
			 .flags = VFU_NO_REPLY },
		.acc = { .offset = CRLN_DOORBELL(r->index), .region = VFU_REGION_BAR0,
			 .count = 4 },
	};

	gpu_desc(r);
	m.tail = r->tail;
	client_send_raw(&m, sizeof(m), NULL, 0);
}

static void die(void)
{
	struct gpu_ring r;
	int status;

	gpu_boot(NULL);
	CHECK(ok("die ring=0 job=2"));
	r = gpu_ring_new(0, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	emu_expect_exit();
	ring_and_run(&r);
	CHECK(emu_wait_exit(&status));
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(client_closed());
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f);
	fputs(text, f);
	fclose(f);
}

static const char *script_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/tmp/carillon-script.%d", (int)getpid());
	return path;
}

static void script(void)
{
	const char *args[] = { "--script", script_path(), NULL };
	struct gpu_ring r;

	write_file(script_path(),
		   "# a comment\n\n  error ring=0 job=1 status=6  # and one here\n"
		   "error ring=0 job=3 status=2\n");
	gpu_boot(args);
	unlink(script_path());
	r = gpu_ring_new(0, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_ENGINE_ERROR);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_BAD_CMD);
}

static void bad_script(void)
{
	const char *args[] = { "--script", script_path(), NULL };

	write_file(script_path(), "hang ring=1\nhang ring=99\n");
	CHECK_EQ(emu_run_to_exit(args), 1);
	unlink(script_path());
	CHECK_EQ(emu_run_to_exit(args), 1);	/* isn't there */
}

static void bad_options(void)
{
	static const char *const bad[][2] = {
		{ "--engines", "0" }, { "--engines", "17" }, { "--engines", "x" },
		{ "--engines", "-1" }, { "--rings", "65" }, { "--rings", "" },
		{ "--vram-mb", "3" }, { "--vram-mb", "8192" }, { "--irq", "intx" },
		{ "--nonsense", "1" }, { "extra", "words" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *args[] = { bad[i][0], bad[i][1], NULL };

		CHECK_EQ(emu_run_to_exit(args), 2);
	}
}

static void queries(void)
{
	struct gpu_ring r;
	const char *s;

	gpu_boot(NULL);
	CHECK(ok("error ring=2 status=6"));
	r = gpu_ring_new(2, 1, 1);
	gpu_wait(&r, empty(&r));
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
	gpu_wait_state(&r, CRLN_RING_IDLE);
	CHECK(irq_wait(1, WAIT_MS));
	s = control("status");
	CHECK(strstr(s, "{\"ok\":true,\"ready\":true,\"firmware\":true,\"engines\":2,"
		     "\"dma_regions\":1,\"rules\":0,"));
	CHECK(strstr(s, "{\"ring\":2,\"state\":\"idle\",\"head\":2,\"tail\":2,\"prio\":1,"));
	s = control("counters");
	CHECK(strstr(s, "\"jobs_ok\":1,\"jobs_failed\":1,"));
	CHECK(strstr(s, "\"error\":1"));
	CHECK(strstr(s, "\"hang\":0"));
	CHECK_EQ(s[strlen(s) - 1], '}');
}

static void status_of_all_rings(void)
{
	const char *s;

	gpu_boot(NULL);
	for (unsigned int i = 0; i < CRLN_MAX_RINGS; i++)
		gpu_ring_new(i, 0, 0);
	s = control("status");
	CHECK(!strcmp(s + strlen(s) - 3, "}]}"));
	CHECK(strlen(s) < 4096);
}

static void clear(void)
{
	struct gpu_ring r;

	gpu_boot(NULL);
	CHECK(ok("hang job=* count=*"));
	CHECK(ok("error status=6 count=*"));
	CHECK(strstr(control("status"), "\"rules\":2"));
	CHECK(ok("clear"));
	r = gpu_ring_new(0, 0, 1);
	CHECK_EQ(status_of(&r, empty(&r)), CRLN_OK);
}

static void bad_lines(void)
{
	static const char *const lines[] = {
		"x", "hang ring", "hang ring=", "hang ring=64", "hang ring=-1",
		"hang ring=1x", "hang job=0", "hang job=-1", "hang ns=5", "hang count=0",
		"hang hard=2", "slow", "slow ns=0", "slow ns=-5",
		"slow ns=99999999999999999999", "slow ns=3600000000001", "error",
		"error status=0", "error status=7", "error ns=1", "lost-irq status=1",
		"lost-doorbell seqno=1",
		"hang foo=1", "hang = =", "=", "status x", "clear hang", "\"", "\\",
		"%s%s%s%n", "hang ring=\xff\xfe",
	};

	gpu_boot(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!refused(lines[i]))
			tap_failed(__FILE__, __LINE__, "taken: %s", lines[i]);
	CHECK(strstr(control("status"), "\"rules\":0"));
}

static void too_many_rules(void)
{
	int fd;

	gpu_boot(NULL);
	fd = control_open();
	for (int i = 0; i < 256; i++)
		CHECK(!strcmp(control_ask(fd, "hang ring=5"), OK_LINE));
	CHECK(strstr(control_ask(fd, "hang ring=5"), "too many"));
	CHECK(!strcmp(control_ask(fd, "clear"), OK_LINE));
	CHECK(!strcmp(control_ask(fd, "hang ring=5"), OK_LINE));
	close(fd);
}

static void several_clients(void)
{
	int fds[10];

	gpu_boot(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = control_open();
	for (size_t i = ARRAY_SIZE(fds); i-- > 0;)
		CHECK(strstr(control_ask(fds[i], "counters"), "\"ok\":true"));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	for (int i = 0; i < 50; i++)		/* places are free again */
		CHECK(strstr(control("counters"), "\"ok\":true"));
}

/* What a guest may write into its serial port. */
static void hostile_text(void)
{
	static char junk[100000];
	uint32_t seed = 99;
	int fd;

	gpu_boot(NULL);
	fd = control_open();
	memset(junk, 'A', sizeof(junk));
	CHECK(send(fd, junk, sizeof(junk), MSG_NOSIGNAL) == sizeof(junk));
	CHECK(strstr(control_ask(fd, ""), "\"ok\":false"));
	CHECK(strstr(control_ask(fd, "status"), "\"ok\":true"));
	CHECK(send(fd, "status\0hidden", 13, MSG_NOSIGNAL) == 13);
	CHECK(strstr(control_ask(fd, ""), "\"ok\":false"));
	for (size_t i = 0; i < sizeof(junk); i++) {
		seed = seed * 1664525 + 1013904223;
		junk[i] = (char)(seed >> 24);
	}
	/* Never reads the answers, then goes away. */
	for (int i = 0; i < 20; i++)
		send(fd, junk, sizeof(junk), MSG_NOSIGNAL | MSG_DONTWAIT);
	CHECK(strstr(control("status"), "\"ok\":true"));
	close(fd);
	CHECK(strstr(control("status"), "\"ok\":true"));
}

static const struct tap_case cases[] = {
	{ "hang", hang },
	{ "hang-hard", hang_hard },
	{ "slow", slow },
	{ "lost-irq", lost_irq },
	{ "lost-doorbell", lost_doorbell },
	{ "dma-fault", dma_fault },
	{ "error-status", error_status },
	{ "die", die },
	{ "script", script },
	{ "bad-script", bad_script },
	{ "queries", queries },
	{ "status-of-all-rings", status_of_all_rings },
	{ "clear", clear },
	{ "bad-lines", bad_lines },
	{ "too-many-rules", too_many_rules },
	{ "several-clients", several_clients },
	{ "hostile-text", hostile_text },
	{ "bad-options", bad_options },
};

int main(int argc, char **argv)
{
	return tap_main(cases, ARRAY_SIZE(cases), argc, argv);
}
