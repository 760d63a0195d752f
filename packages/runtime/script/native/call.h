/* Calls of entry points. */

/* 0: the value is in the first slot. -1: the script threw, and text and trace are in the first two. */
ENCLOS_EXPORT(call) int enclos_call(uint32_t entry, uint32_t count, uint32_t heap, uint32_t stack)
{
    set_limits(heap, stack);
    /* A limit below what the program itself takes: free blocks would serve the call. */
    if (committed > (heap < MIN_HEAP ? MIN_HEAP : heap))
        enclos_exhausted(RESOURCE_HEAP);
    release(context);
    if (entry >= entry_count || count > ENCLOS_SLOTS)
        __builtin_trap();
    JSValue values[ENCLOS_SLOTS];
    for (uint32_t at = 0; at < count; at++)
        values[at] = of_slot(context, (int)at);
    JSValue result = JS_Call(context, entries[entry], JS_UNDEFINED, (int)count, values);
    for (uint32_t at = 0; at < count; at++)
        JS_FreeValue(context, values[at]);
    /* What was left to do belongs to this call, and not to the next one. */
    if (!JS_IsException(result))
        drain(context);
    result = settle(context, result);
    release(context);
    if (JS_IsException(result) || to_slot(context, 0, result) < 0) {
        report(context);
        return -1;
    }
    JS_FreeValue(context, result);
    return 0;
}

#ifndef __wasm__
/* For sanitizers, which see then what was not freed twice and not used after. In WebAssembly the whole memory goes. */
static void enclos_end(void)
{
    for (uint32_t at = 0; at < entry_count; at++)
        JS_FreeValue(context, entries[at]);
    js_free(context, entries);
    JS_FreeContext(context);
    JS_RunGC(runtime);
}
#endif
