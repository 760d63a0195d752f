/* The allocator of the runtime: QuickJS's own would return NULL at the limit, which a script can catch and go on. */

static void *heap_malloc(JSMallocState *s, size_t size)
{
    enclos_step();
    if (size > s->malloc_limit - s->malloc_size)
        enclos_exhausted(RESOURCE_HEAP);
    void *block = malloc(size);
    if (!block)
        enclos_exhausted(RESOURCE_HEAP);
    s->malloc_count++;
    s->malloc_size += malloc_usable_size(block) + MALLOC_OVERHEAD;
    /* What a block has beyond what was asked for must not wrap the subtraction above. */
    if (s->malloc_size > s->malloc_limit)
        enclos_exhausted(RESOURCE_HEAP);
    return block;
}

static void heap_free(JSMallocState *s, void *block)
{
    if (!block)
        return;
    enclos_step();
    s->malloc_count--;
    s->malloc_size -= malloc_usable_size(block) + MALLOC_OVERHEAD;
    free(block);
}

static void *heap_realloc(JSMallocState *s, void *block, size_t size)
{
    if (!block)
        return size == 0 ? NULL : heap_malloc(s, size);
    if (size == 0) {
        heap_free(s, block);
        return NULL;
    }
    enclos_step();
    const size_t before = malloc_usable_size(block);
    if (size > before && size - before > s->malloc_limit - s->malloc_size)
        enclos_exhausted(RESOURCE_HEAP);
    void *moved = realloc(block, size);
    if (!moved)
        enclos_exhausted(RESOURCE_HEAP);
    s->malloc_size += malloc_usable_size(moved) - before;
    if (s->malloc_size > s->malloc_limit)
        enclos_exhausted(RESOURCE_HEAP);
    return moved;
}

static size_t heap_usable_size(const void *block)
{
    return malloc_usable_size((void *)block);
}

static const JSMallocFunctions heap_functions = { heap_malloc, heap_free, heap_realloc, heap_usable_size };
