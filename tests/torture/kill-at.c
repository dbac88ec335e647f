/*
 * kill-at N COMMAND ARG...: runs the command and kills it with SIGKILL as it
 * enters its Nth system call, before the call does anything. Exit 0: it was
 * killed; 1: it ended before; 2: something is wrong. Threads count as one.
 *
 * Calls that change nothing outside of the process are not counted: to be
 * killed at one of them is to be killed at the next that is.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int
changes_nothing(unsigned long long call)
{
	static const long only_looks[] = {
		SYS_read, SYS_pread64, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_brk, SYS_mremap, SYS_madvise, SYS_futex, SYS_fstat,
		SYS_newfstatat, SYS_statx, SYS_lseek, SYS_faccessat, SYS_getpid, SYS_geteuid, SYS_getrandom, SYS_clock_gettime,
		SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_prlimit64, SYS_uname, SYS_getcwd, SYS_getdents64,
#ifdef SYS_access
		SYS_access, SYS_stat, SYS_lstat, SYS_poll, SYS_arch_prctl,
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(only_looks) / sizeof(only_looks[0]); i++)
		if (call == (unsigned long long)only_looks[i])
			return 1;
	return 0;
}

/* A call reported to the tracer is its beginning or its end; the kernel says which. */
static int
entering(pid_t pid)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY &&
	    !changes_nothing(info.entry.nr);
}

static int
run(char **command)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 || raise(SIGSTOP) != 0)
		_exit(127);
	execvp(*command, command);
	_exit(127);
}

int
main(int argc, char **argv)
{
	long at, calls = 0;
	int status, signal;
	pid_t first, pid;

	if (argc < 3 || (at = strtol(argv[1], NULL, 10)) <= 0) {
		fprintf(stderr, "usage: kill-at N COMMAND ARG...\n");
		return 2;
	}
	if ((first = fork()) == 0)
		return run(argv + 2);
	if (first == -1 || waitpid(first, &status, 0) != first || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, first, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL) == -1 ||
	    ptrace(PTRACE_SYSCALL, first, NULL, NULL) == -1) {
		perror("kill-at");
		return 2;
	}
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 1;
			continue;
		}
		signal = WSTOPSIG(status);
		if (signal == (SIGTRAP | 0x80)) {
			if (entering(pid) && ++calls == at)
				kill(first, SIGKILL);
			signal = 0;
		} else if (signal == SIGTRAP || signal == SIGSTOP)
			signal = 0;
		ptrace(PTRACE_SYSCALL, pid, NULL, signal);
	}
	return 1;
}
