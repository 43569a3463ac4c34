/* SPDX-License-Identifier: Apache-2.0 */
#include "live/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MAGIC 0x6c69766545414231ULL /* of this version of the layout */
#define SEALS (F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
#define UNWANTED_SEALS (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define PLACES 3
#define DIGEST_LEN 32
#define SLOTS_MAX 1000000

/* Each place begins a page of its own: what is not used costs nothing. */
#define PLACE_SIZE 32768

typedef struct header {
    apr_uint64_t magic;
    apr_uint64_t slots;
} header_t;

/* Alone in its line of the cache. The two lowest bits of a reference are the place, the others count
 * what was published in the slot. */
typedef struct slot {
    segment_ref_t current;
    segment_ref_t before;
    char rest[48];
} slot_t;

typedef struct place {
    apr_uint32_t len;
    unsigned char digest[DIGEST_LEN];
    unsigned char value[SEGMENT_VALUE_MAX];
} place_t;

struct segment {
    int fd; /* -1: closed */
    int slots;
    apr_size_t size;
    unsigned char *memory;
};

/* ---- layout ---- */

static apr_size_t slots_size(int slots)
{
    apr_size_t size = sizeof(slot_t) + (apr_size_t)slots * sizeof(slot_t);

    return (size + PLACE_SIZE - 1) / PLACE_SIZE * PLACE_SIZE;
}

static apr_size_t size_of(int slots)
{
    return slots_size(slots) + (apr_size_t)slots * PLACES * PLACE_SIZE;
}

static slot_t *slot_at(const segment_t *segment, int slot)
{
    return (slot_t *)(void *)(segment->memory + sizeof(slot_t)) + slot;
}

static place_t *place_at(const segment_t *segment, int slot, unsigned int place)
{
    apr_size_t number = (apr_size_t)slot * PLACES + place;

    return (place_t *)(void *)(segment->memory + slots_size(segment->slots) + number * PLACE_SIZE);
}

static int has_slot(const segment_t *segment, int slot)
{
    return slot >= 0 && slot < segment->slots;
}

static unsigned int place_of(segment_ref_t ref)
{
    return (unsigned int)(ref & 3);
}

static segment_ref_t load(const segment_ref_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(segment_ref_t *word, segment_ref_t ref)
{
    __atomic_store_n(word, ref, __ATOMIC_RELEASE);
}

static int digest(unsigned char *md, const void *value, apr_size_t len)
{
    return EVP_Digest(value, len, md, NULL, EVP_sha256(), NULL) == 1;
}

/* ---- making and opening ---- */

static apr_status_t segment_cleanup(void *data)
{
    segment_t *segment = data;

    segment_close_descriptor(segment);
    if (segment->memory != NULL)
        (void)munmap(segment->memory, segment->size);
    segment->memory = NULL;
    return APR_SUCCESS;
}

static segment_t *segment_alloc(int fd, int slots, apr_pool_t *p)
{
    segment_t *segment = apr_pcalloc(p, sizeof(*segment));

    segment->fd = fd;
    segment->slots = slots;
    segment->size = size_of(slots);
    apr_pool_cleanup_register(p, segment, segment_cleanup, apr_pool_cleanup_null);
    return segment;
}

static apr_status_t map(segment_t *segment, int fd, int protection)
{
    void *memory = mmap(NULL, segment->size, protection, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return errno;
    segment->memory = memory;
    return madvise(memory, segment->size, MADV_DONTDUMP) == 0 ? APR_SUCCESS : errno;
}

/* A mapping of the writable descriptor could be made writable again by whoever has it. */
static apr_status_t map_for_reading(segment_t *segment)
{
    char path[64];
    apr_status_t rv = APR_SUCCESS;
    int fd = -1;

    apr_snprintf(path, sizeof(path), "/proc/self/fd/%d", segment->fd);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return errno;
    rv = map(segment, fd, PROT_READ);
    (void)close(fd);
    return rv;
}

static apr_status_t set_up(segment_t *segment)
{
    header_t header = { MAGIC, (apr_uint64_t)segment->slots };

    if (ftruncate(segment->fd, (off_t)segment->size) != 0
        || pwrite(segment->fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header)
        || fcntl(segment->fd, F_ADD_SEALS, SEALS) != 0)
        return errno;
    return map_for_reading(segment);
}

apr_status_t segment_make(segment_t **psegment, int slots, apr_pool_t *p)
{
    int fd = memfd_create("acme-eab-live", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    segment_t *segment = NULL;
    apr_status_t rv = APR_SUCCESS;

    *psegment = NULL;
    if (fd < 0)
        return errno;
    segment = segment_alloc(fd, slots, p);
    if ((rv = set_up(segment)) != APR_SUCCESS)
        (void)apr_pool_cleanup_run(p, segment, segment_cleanup);
    else
        *psegment = segment;
    return rv;
}

int segment_descriptor(const segment_t *segment)
{
    return segment->fd;
}

void segment_close_descriptor(segment_t *segment)
{
    if (segment->fd >= 0)
        (void)close(segment->fd);
    segment->fd = -1;
}

static int is_segment(const segment_t *segment)
{
    const header_t *header = (const header_t *)(const void *)segment->memory;

    return header->magic == MAGIC && header->slots == (apr_uint64_t)segment->slots;
}

/* The kernel may add one of its own: that it cannot be made executable (vm.memfd_noexec). */
static int is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && (seals & SEALS) == SEALS && (seals & UNWANTED_SEALS) == 0;
}

apr_status_t segment_open(segment_t **psegment, int fd, int slots, apr_pool_t *p)
{
    segment_t *segment = segment_alloc(fd, slots, p);
    apr_status_t rv = APR_EINVAL;
    struct stat st;

    *psegment = NULL;
    if (slots >= 0 && slots <= SLOTS_MAX && fstat(fd, &st) == 0
        && (apr_size_t)st.st_size == segment->size && is_sealed(fd))
        rv = map(segment, fd, PROT_READ | PROT_WRITE);
    if (rv == APR_SUCCESS && !is_segment(segment))
        rv = APR_EINVAL;
    if (rv != APR_SUCCESS)
        (void)apr_pool_cleanup_run(p, segment, segment_cleanup);
    else
        *psegment = segment;
    return rv;
}

/* ---- writing ---- */

static unsigned int free_place(segment_ref_t current, segment_ref_t before)
{
    unsigned int place = 0;

    while ((current != 0 && place == place_of(current))
           || (before != 0 && place == place_of(before)))
        ++place;
    return place;
}

apr_status_t segment_publish(segment_t *segment, int slot, const void *value, apr_size_t len)
{
    segment_ref_t current = 0;
    slot_t *words = NULL;
    place_t *place = NULL;
    unsigned int number = 0;

    if (!has_slot(segment, slot))
        return APR_EINVAL;
    if (len > SEGMENT_VALUE_MAX)
        return APR_ENOSPC;
    words = slot_at(segment, slot);
    current = load(&words->current);
    number = free_place(current, load(&words->before));
    place = place_at(segment, slot, number);
    place->len = (apr_uint32_t)len;
    memcpy(place->value, value, len);
    if (!digest(place->digest, place->value, len))
        return APR_EGENERAL;
    store(&words->before, current);
    store(&words->current, ((current >> 2) + 1) << 2 | number);
    return APR_SUCCESS;
}

/* ---- reading ---- */

segment_ref_t segment_current(const segment_t *segment, int slot)
{
    return has_slot(segment, slot) ? load(&slot_at(segment, slot)->current) : 0;
}

segment_ref_t segment_before(const segment_t *segment, int slot, segment_ref_t current)
{
    segment_ref_t before = 0;

    if (!has_slot(segment, slot))
        return 0;
    before = load(&slot_at(segment, slot)->before);
    return before != current && segment_current(segment, slot) == current ? before : 0;
}

static int is_there(const segment_t *segment, int slot, segment_ref_t ref)
{
    const slot_t *words = slot_at(segment, slot);

    return load(&words->current) == ref || load(&words->before) == ref;
}

apr_status_t segment_read(const segment_t *segment, int slot, segment_ref_t ref, void *value,
                          apr_size_t *plen)
{
    unsigned char found[DIGEST_LEN], wanted[DIGEST_LEN];
    const place_t *place = NULL;
    int fits = 0;

    *plen = 0;
    if (!has_slot(segment, slot) || ref == 0 || !is_there(segment, slot, ref))
        return APR_EAGAIN;
    if (place_of(ref) >= PLACES)
        return APR_EINVAL;
    place = place_at(segment, slot, place_of(ref));
    *plen = place->len <= SEGMENT_VALUE_MAX ? place->len : SEGMENT_VALUE_MAX;
    memcpy(value, place->value, *plen);
    memcpy(wanted, place->digest, sizeof(wanted));
    fits = digest(found, value, *plen) && memcmp(found, wanted, sizeof(found)) == 0;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (fits)
        return APR_SUCCESS;
    OPENSSL_cleanse(value, *plen);
    *plen = 0;
    return is_there(segment, slot, ref) ? APR_EINVAL : APR_EAGAIN;
}
