/*
 * What the compiler calls in each basic block of the files that are built with -fsanitize-coverage. It is a unit of its own, so that
 * the linker puts it into each of its callers: by calls, the count of steps would take a sixth of the time of a handler.
 */
#include "limits.h"

void __sanitizer_cov_trace_pc(void)
{
    enclos_step();
}
