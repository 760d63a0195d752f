/* The host functions, as a script sees them, and what else the prelude finds in its `host`. */

/* What ran the script when it began to load: nothing registers after that. */
static int is_loaded;

enum { MAX_ENTRIES = 1024 };

static JSValue *entries;
static uint32_t entry_count;

/* Throws an error with a whole message: what QuickJS has for this cuts it at 255 bytes. Frees the message. */
static JSValue throw_error(JSContext *ctx, JSValueConst prototype, JSValue message)
{
    JSValue error = JS_NewObjectProtoClass(ctx, prototype, JS_CLASS_ERROR);
    JS_DefinePropertyValue(ctx, error, JS_ATOM_message, message, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    build_backtrace(ctx, error, NULL, 0, 0, 0);
    return JS_Throw(ctx, error);
}

static JSValue call_host(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv, int function)
{
    (void)this_value;
    if (argc > ENCLOS_SLOTS)
        return JS_ThrowTypeError(ctx, "too many arguments for a function of the host");
    release(ctx);
    for (int at = 0; at < argc; at++) {
        if (to_slot(ctx, at, argv[at]) < 0)
            return JS_EXCEPTION;
    }
    const uintptr_t here = js_get_stack_pointer();
    enclos_host_call((uint32_t)function, (uint32_t)argc, (uint32_t)(ctx->rt->stack_top - here));
    release(ctx);
    const uint32_t tag = slots[0].tag;
    if (tag < TAG_ERROR)
        return of_slot(ctx, 0);
    JSValue message = text_of_slot(ctx, 1);
    if (JS_IsException(message))
        return message;
    switch (tag) {
    case TAG_TYPE_ERROR:
        return throw_error(ctx, ctx->native_error_proto[JS_TYPE_ERROR], message);
    case TAG_RANGE_ERROR:
        return throw_error(ctx, ctx->native_error_proto[JS_RANGE_ERROR], message);
    default:
        return throw_error(ctx, ctx->class_proto[JS_CLASS_ERROR], message);
    }
}

/* host.register(name, function) */
static JSValue register_entry(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    (void)this_value, (void)argc;
    if (is_loaded)
        return JS_ThrowTypeError(ctx, "only the prelude registers entry points");
    if (!JS_IsString(argv[0]) || !JS_IsFunction(ctx, argv[1]))
        return JS_ThrowTypeError(ctx, "register takes a name and a function");
    if (entry_count == MAX_ENTRIES)
        return JS_ThrowRangeError(ctx, "too many entry points");
    release(ctx);
    if (to_slot(ctx, 0, argv[0]) < 0)
        return JS_EXCEPTION;
    JSValue *grown = js_realloc(ctx, entries, (entry_count + 1) * sizeof(*entries));
    if (!grown)
        return JS_EXCEPTION;
    entries = grown;
    entries[entry_count] = JS_DupValue(ctx, argv[1]);
    enclos_host_entry(entry_count++);
    release(ctx);
    return JS_UNDEFINED;
}

static const char pending_text[] = "The promise of the script is pending, and nothing settles it.";

/* Runs what promises wait for, until nothing is left. */
static void drain(JSContext *ctx)
{
    JSContext *of_job;
    for (;;) {
        const int state = JS_ExecutePendingJob(JS_GetRuntime(ctx), &of_job);
        if (state == 0)
            return;
        /* A job that throws has nobody who could catch it. */
        if (state < 0)
            JS_FreeValue(of_job, JS_GetException(of_job));
    }
}

/* The value of a settled promise, or its reason thrown. Any other value passes. Frees what it gets. */
static JSValue settle(JSContext *ctx, JSValue value)
{
    if (JS_IsException(value) || !JS_IsObject(value))
        return value;
    const int state = JS_PromiseState(ctx, value);
    if (state < 0)
        return value;
    JSValue result = state == JS_PROMISE_PENDING ? JS_UNDEFINED : JS_PromiseResult(ctx, value);
    JS_FreeValue(ctx, value);
    if (state == JS_PROMISE_FULFILLED)
        return result;
    if (state == JS_PROMISE_REJECTED)
        return JS_Throw(ctx, result);
    return throw_error(ctx, ctx->class_proto[JS_CLASS_ERROR], JS_NewString(ctx, pending_text));
}

/* host.import(name) */
static JSValue import_module(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    (void)this_value, (void)argc;
    if (!JS_IsString(argv[0]))
        return JS_ThrowTypeError(ctx, "import takes the name of a module");
    JSAtom name = JS_ValueToAtom(ctx, argv[0]);
    if (name == JS_ATOM_NULL)
        return JS_EXCEPTION;
    JSModuleDef *module = js_find_loaded_module(ctx, name);
    JS_FreeAtom(ctx, name);
    if (!module || module->status < JS_MODULE_STATUS_LINKED) {
        const char *text = JS_ToCString(ctx, argv[0]);
        if (!text)
            return JS_EXCEPTION;
        JS_ThrowReferenceError(ctx, "could not load module '%s'", text);
        JS_FreeCString(ctx, text);
        return JS_EXCEPTION;
    }
    if (module->status == JS_MODULE_STATUS_EVALUATING)
        return JS_GetModuleNamespace(ctx, module);
    JSValue evaluated = js_evaluate_module(ctx, module);
    if (!JS_IsException(evaluated) && JS_PromiseState(ctx, evaluated) == JS_PROMISE_PENDING)
        drain(ctx);
    evaluated = settle(ctx, evaluated);
    if (JS_IsException(evaluated))
        return evaluated;
    JS_FreeValue(ctx, evaluated);
    return JS_GetModuleNamespace(ctx, module);
}
