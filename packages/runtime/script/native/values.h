/* Values between scripts and slots. Nothing here runs code of a script: no getter, no valueOf, no toString. */

static struct enclos_slot slots[ENCLOS_SLOTS];
/* What the slots point into, held until it was read. */
static JSValue held[ENCLOS_SLOTS];
static int held_count;

ENCLOS_EXPORT(slots) struct enclos_slot *enclos_slots(void)
{
    return slots;
}

static void release(JSContext *ctx)
{
    while (held_count > 0)
        JS_FreeValue(ctx, held[--held_count]);
}

/* There is room for one value a slot. */
static void hold(JSValue value)
{
    held[held_count++] = value;
}

/* Fills a slot, after a release, and each at most once. Returns -1 for what is neither a scalar nor text nor bytes, with a TypeError thrown. */
static int to_slot(JSContext *ctx, int at, JSValueConst value)
{
    struct enclos_slot *slot = &slots[at];
    slot->length = 0;
    slot->u.number = 0;
    switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_UNDEFINED:
        slot->tag = TAG_UNDEFINED;
        return 0;
    case JS_TAG_NULL:
        slot->tag = TAG_NULL;
        return 0;
    case JS_TAG_BOOL:
        slot->tag = JS_VALUE_GET_BOOL(value) ? TAG_TRUE : TAG_FALSE;
        return 0;
    case JS_TAG_INT:
        slot->tag = TAG_NUMBER;
        slot->u.number = JS_VALUE_GET_INT(value);
        return 0;
    case JS_TAG_FLOAT64:
        slot->tag = TAG_NUMBER;
        slot->u.number = JS_VALUE_GET_FLOAT64(value);
        return 0;
    case JS_TAG_STRING:
    case JS_TAG_STRING_ROPE: {
        JSValue flat = JS_ToString(ctx, value);
        if (JS_IsException(flat))
            return -1;
        const JSString *text = JS_VALUE_GET_STRING(flat);
        hold(flat);
        slot->tag = text->is_wide_char ? TAG_UTF16 : TAG_LATIN1;
        slot->length = text->len;
        slot->u.at = text->u.str8;
        return 0;
    }
    case JS_TAG_OBJECT: {
        const JSObject *object = JS_VALUE_GET_OBJ(value);
        if (object->class_id != JS_CLASS_ARRAY_BUFFER || object->u.array_buffer->detached)
            break;
        hold(JS_DupValue(ctx, value));
        slot->tag = TAG_BYTES;
        slot->length = (uint32_t)object->u.array_buffer->byte_length;
        slot->u.at = object->u.array_buffer->data;
        return 0;
    }
    default:
        break;
    }
    JS_ThrowTypeError(ctx, "Only scalars, text and an ArrayBuffer pass between a script and its host.");
    return -1;
}

static JSValue text_of_slot(JSContext *ctx, int at)
{
    const uint32_t length = slots[at].length;
    const int is_wide = slots[at].tag == TAG_UTF16;
    if (length > JS_STRING_LEN_MAX)
        return JS_ThrowRangeError(ctx, "invalid string length");
    JSString *text = js_alloc_string(ctx, (int)length, is_wide);
    if (!text)
        return JS_EXCEPTION;
    if (length > 0)
        enclos_host_take((uint32_t)at, text->u.str8);
    if (!is_wide)
        text->u.str8[length] = 0;
    return JS_MKPTR(JS_TAG_STRING, text);
}

/* Makes the value of a slot that the host filled. */
static JSValue of_slot(JSContext *ctx, int at)
{
    const uint32_t length = slots[at].length;
    switch (slots[at].tag) {
    case TAG_NULL:
        return JS_NULL;
    case TAG_FALSE:
        return JS_FALSE;
    case TAG_TRUE:
        return JS_TRUE;
    case TAG_NUMBER:
        return JS_NewFloat64(ctx, slots[at].u.number);
    case TAG_LATIN1:
    case TAG_UTF16:
        return text_of_slot(ctx, at);
    case TAG_BYTES: {
        if (length > INT32_MAX)
            return JS_ThrowRangeError(ctx, "invalid array buffer length");
        uint8_t *bytes = js_malloc(ctx, length > 0 ? length : 1);
        if (!bytes)
            return JS_EXCEPTION;
        if (length > 0)
            enclos_host_take((uint32_t)at, bytes);
        return JS_NewArrayBuffer(ctx, bytes, length, js_array_buffer_free, NULL, FALSE);
    }
    default:
        return JS_UNDEFINED;
    }
}
