/* SPDX-License-Identifier: Apache-2.0 */
#include "../fixture.h"

#include <stdlib.h>

#include "base/block.h"

typedef struct found {
    const int *numbers;
    const char *text;
    const char *nothing;
} found_t;

static found_t put_all(block_t *block)
{
    static const int numbers[] = { 1, 2, 3 };
    found_t found;

    found.numbers = block_put(block, numbers, sizeof(numbers));
    found.text = block_put_text(block, "text");
    found.nothing = block_put_text(block, NULL);
    return found;
}

static void what_is_counted_has_room(void **state)
{
    block_t block = { NULL, 0 };
    found_t found = put_all(&block);
    apr_size_t size = block.used;

    (void)state;
    assert_null(found.numbers);
    assert_null(found.text);
    block_take(&block);
    found = put_all(&block);
    assert_int_equal(size, block.used);
    assert_int_equal(3, found.numbers[2]);
    assert_string_equal("text", found.text);
    assert_int_equal(0, (apr_size_t)(found.text - block.data) % sizeof(void *));
    assert_null(found.nothing);
    free(block.data);
}

static void nothing_takes_no_room(void **state)
{
    block_t block = { NULL, 0 };

    (void)state;
    block_put_text(&block, NULL);
    block_put(&block, "", 0);
    assert_int_equal(0, block.used);
    block_take(&block);
    assert_non_null(block_put(&block, "", 0));
    free(block.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(what_is_counted_has_room),
        fixture_test(nothing_takes_no_room),
    };

    return fixture_run(tests);
}
