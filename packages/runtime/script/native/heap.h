/*
 * The allocator of the runtime. QuickJS's own returns NULL at the limit, which a script can catch and go on; here the script ends.
 *
 * Objects are small and short-lived, and wasi-libc's allocator would be a fifth of the time of a handler. Small blocks are carved one
 * after the other from chunks of it and kept in a list for each size when they are free. They never go back, so that what was carved
 * counts against the limit, whether it is in use or not.
 */

#ifdef ENCLOS_PLAIN_HEAP
/* Each block by itself, so that a sanitizer sees where it ends. */
enum { MAX_SMALL = 0 };
#else
enum { MAX_SMALL = 512 };
#endif
enum { UNIT = 8, HEADER = 8, CHUNK_BYTES = 16384 };

struct block {
    /* Of the block without this header. */
    uint32_t capacity;
    uint32_t unused;
};

struct free_block {
    struct free_block *next;
};

static struct free_block *free_blocks[MAX_SMALL / UNIT + 1];
static unsigned char *chunk;
static size_t chunk_left;
/* What was taken from wasi-libc: chunks, and blocks that are no part of one. */
static size_t committed;

static void commit(const JSMallocState *s, size_t size)
{
    if (size > s->malloc_limit - HEADER || committed > s->malloc_limit - size)
        enclos_exhausted(RESOURCE_HEAP);
    committed += size;
}

static struct block *header_of(const void *block)
{
    return (struct block *)((unsigned char *)block - HEADER);
}

static __attribute__((noinline)) void new_chunk(const JSMallocState *s)
{
    commit(s, CHUNK_BYTES);
    chunk = malloc(CHUNK_BYTES);
    if (!chunk)
        enclos_exhausted(RESOURCE_HEAP);
    chunk_left = CHUNK_BYTES;
}

static __attribute__((noinline)) void *large_malloc(JSMallocState *s, size_t size)
{
    commit(s, size);
    struct block *block = malloc(HEADER + size);
    if (!block)
        enclos_exhausted(RESOURCE_HEAP);
    block->capacity = (uint32_t)size;
    s->malloc_count++;
    s->malloc_size += size + MALLOC_OVERHEAD;
    return block + 1;
}

static void *heap_malloc(JSMallocState *s, size_t size)
{
    enclos_step();
    if (__builtin_expect(size > MAX_SMALL, 0))
        return large_malloc(s, size);
    const size_t capacity = (size + UNIT - 1) & ~(size_t)(UNIT - 1);
    s->malloc_count++;
    s->malloc_size += capacity + MALLOC_OVERHEAD;
    struct free_block *block = free_blocks[capacity / UNIT];
    if (block) {
        free_blocks[capacity / UNIT] = block->next;
        return block;
    }
    if (chunk_left < HEADER + capacity)
        new_chunk(s);
    struct block *made = (struct block *)chunk;
    made->capacity = (uint32_t)capacity;
    chunk += HEADER + capacity;
    chunk_left -= HEADER + capacity;
    return made + 1;
}

static void heap_free(JSMallocState *s, void *block)
{
    if (!block)
        return;
    enclos_step();
    struct block *header = header_of(block);
    const size_t capacity = header->capacity;
    s->malloc_count--;
    s->malloc_size -= capacity + MALLOC_OVERHEAD;
    if (__builtin_expect(capacity > MAX_SMALL, 0)) {
        committed -= capacity;
        free(header);
        return;
    }
    struct free_block *freed = block;
    freed->next = free_blocks[capacity / UNIT];
    free_blocks[capacity / UNIT] = freed;
}

static void *heap_realloc(JSMallocState *s, void *block, size_t size)
{
    if (!block)
        return size == 0 ? NULL : heap_malloc(s, size);
    if (size == 0) {
        heap_free(s, block);
        return NULL;
    }
    struct block *header = header_of(block);
    const size_t before = header->capacity;
    if (size <= before && before <= MAX_SMALL)
        return block;
    if (size > MAX_SMALL && before > MAX_SMALL) {
        enclos_step();
        if (size > before)
            commit(s, size - before);
        else
            committed -= before - size;
        struct block *moved = realloc(header, HEADER + size);
        if (!moved)
            enclos_exhausted(RESOURCE_HEAP);
        moved->capacity = (uint32_t)size;
        s->malloc_size += size - before;
        return moved + 1;
    }
    void *moved = heap_malloc(s, size);
    memcpy(moved, block, before < size ? before : size);
    heap_free(s, block);
    return moved;
}

static size_t heap_usable_size(const void *block)
{
    return header_of(block)->capacity;
}

static const JSMallocFunctions heap_functions = { heap_malloc, heap_free, heap_realloc, heap_usable_size };
