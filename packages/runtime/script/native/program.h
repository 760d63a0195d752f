/* Loads a program: the prelude as classic scripts, then modules, compiled and linked. */

static JSRuntime *runtime;
static JSContext *context;
/* The object `host` while the prelude runs. */
static JSValue host_object;

struct module_source {
    char *name;
    char *text;
    size_t length;
};

static struct module_source *sources;
static uint32_t source_count;

/* The exception as the first two slots: its text, and its trace or undefined. */
static void report(JSContext *ctx)
{
    JSValue exception = JS_GetException(ctx);
    const int is_error = JS_IsError(ctx, exception);
    JSValue message = !is_error && JS_IsObject(exception)
        ? JS_JSONStringify(ctx, exception, JS_UNDEFINED, JS_UNDEFINED)
        : JS_ToString(ctx, exception);
    JSValue trace = is_error ? JS_GetPropertyStr(ctx, exception, "stack") : JS_UNDEFINED;
    /* Text that cannot be had is no text: what threw now may throw for ever. */
    if (JS_IsException(message) || JS_IsException(trace))
        JS_FreeValue(ctx, JS_GetException(ctx));
    release(ctx);
    if (!JS_IsString(message) || to_slot(ctx, 0, message) < 0)
        slots[0].tag = TAG_UNDEFINED;
    if (!JS_IsString(trace) || to_slot(ctx, 1, trace) < 0)
        slots[1].tag = TAG_UNDEFINED;
    JS_FreeValue(ctx, message);
    JS_FreeValue(ctx, trace);
    JS_FreeValue(ctx, exception);
}

static int interrupt(JSRuntime *rt, void *opaque)
{
    (void)rt, (void)opaque;
    enclos_refuel();
    return 0;
}

/* Names of modules are absolute: what QuickJS leaves relative is so from the root, as it is in CCF. */
static char *module_name(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void)opaque;
    char *plain = js_default_module_normalize_name(ctx, base, name);
    if (!plain || plain[0] == '/')
        return plain;
    const size_t length = strlen(plain);
    char *absolute = js_malloc(ctx, length + 2);
    if (absolute) {
        absolute[0] = '/';
        memcpy(absolute + 1, plain, length + 1);
    }
    js_free(ctx, plain);
    return absolute;
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    for (uint32_t at = 0; at < source_count && !is_loaded; at++) {
        if (strcmp(sources[at].name, name) != 0)
            continue;
        const int flags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY;
        JSValue module = JS_Eval(ctx, sources[at].text, sources[at].length, name, flags);
        if (JS_IsException(module))
            return NULL;
        JSModuleDef *definition = JS_VALUE_GET_PTR(module);
        /* The list of modules of the context keeps it. */
        JS_FreeValue(ctx, module);
        return definition;
    }
    JS_ThrowReferenceError(ctx, "could not load module '%s'", name);
    return NULL;
}

/* No script begins with less, and sums of the allocator stay positive. */
enum { MIN_HEAP = 65536 };

static void set_limits(uint32_t heap, uint32_t stack)
{
    JS_SetMemoryLimit(runtime, heap < MIN_HEAP ? MIN_HEAP : heap);
    JS_UpdateStackTop(runtime);
    JS_SetMaxStackSize(runtime, stack);
}

/* Makes the runtime, with `functions` host functions whose names arrive by name_host_function. */
ENCLOS_EXPORT(create) int enclos_create(uint32_t heap, uint32_t stack)
{
    runtime = JS_NewRuntime2(&heap_functions, NULL);
    if (!runtime)
        return -1;
    set_limits(heap, stack);
    context = JS_NewContext(runtime);
    if (!context)
        return -1;
    JS_SetInterruptHandler(runtime, interrupt, NULL);
    JS_SetModuleLoaderFunc(runtime, module_name, load_module, NULL);
    host_object = JS_NewObjectProto(context, JS_NULL);
    JS_SetPropertyStr(context, host_object, "register", JS_NewCFunction(context, register_entry, "register", 2));
    JS_SetPropertyStr(context, host_object, "import", JS_NewCFunction(context, import_module, "import", 1));
    JSValue global = JS_GetGlobalObject(context);
    JS_DefinePropertyValueStr(context, global, "host", JS_DupValue(context, host_object), JS_PROP_C_W_E);
    JS_FreeValue(context, global);
    return 0;
}

/* Room for text of the host, which frees itself with what takes it. Ends with a zero byte. */
ENCLOS_EXPORT(reserve) char *enclos_reserve(uint32_t length)
{
    char *room = js_malloc(context, (size_t)length + 1);
    room[length] = 0;
    return room;
}

/* Takes its text. */
ENCLOS_EXPORT(host_function) void enclos_host_function(char *name, uint32_t function)
{
    JSValue value = JS_NewCFunctionMagic(context, call_host, name, 0, JS_CFUNC_generic_magic, (int)function);
    JS_DefinePropertyValueStr(context, host_object, name, value, JS_PROP_C_W_E);
    js_free(context, name);
}

/* Takes its texts. */
ENCLOS_EXPORT(prelude) int enclos_prelude(char *name, char *text, uint32_t length)
{
    JSValue value = JS_Eval(context, text, length, name, JS_EVAL_TYPE_GLOBAL);
    js_free(context, name);
    js_free(context, text);
    if (JS_IsException(value)) {
        report(context);
        return -1;
    }
    JS_FreeValue(context, value);
    return 0;
}

/* Takes its texts. */
ENCLOS_EXPORT(module) void enclos_module(char *name, char *text, uint32_t length)
{
    sources = js_realloc(context, sources, (source_count + 1) * sizeof(*sources));
    sources[source_count++] = (struct module_source){ name, text, length };
}

static int link_module(const char *name)
{
    JSAtom atom = JS_NewAtom(context, name);
    JSModuleDef *module = js_find_loaded_module(context, atom);
    JS_FreeAtom(context, atom);
    if (!module)
        module = load_module(context, name, NULL);
    if (!module || js_resolve_module(context, module) < 0)
        return -1;
    return js_create_module_function(context, module) < 0 ? -1 : js_link_module(context, module);
}

/*
 * Ends loading: takes `host` from the global object, compiles and links every module, and frees the sources. Gives 0, or the number of
 * the module that could not be linked, from 1.
 */
ENCLOS_EXPORT(link) int enclos_link(void)
{
    drain(context);
    JSValue global = JS_GetGlobalObject(context);
    JSAtom host = JS_NewAtom(context, "host");
    JS_DeleteProperty(context, global, host, 0);
    JS_FreeAtom(context, host);
    JS_FreeValue(context, global);
    JS_FreeValue(context, host_object);
    host_object = JS_UNDEFINED;
    for (uint32_t at = 0; at < source_count; at++) {
        if (link_module(sources[at].name) < 0) {
            report(context);
            return (int)at + 1;
        }
    }
    is_loaded = 1;
    for (uint32_t at = 0; at < source_count; at++) {
        js_free(context, sources[at].name);
        js_free(context, sources[at].text);
    }
    js_free(context, sources);
    sources = NULL;
    source_count = 0;
    JS_RunGC(runtime);
    release(context);
    enclos_lowest_stack = UINTPTR_MAX;
    return 0;
}
