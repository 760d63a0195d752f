/*
 * One unit: QuickJS, as the build edits it (src/building/edits.ts), and our glue, which needs what is static in it.
 */
#include "limits.h"

#include "quickjs.c"

#undef malloc
#undef free
#undef realloc

#include "heap.h"
#include "values.h"
#include "host.h"
#include "program.h"
#include "call.h"
