/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/dice.h"

#include <apr_general.h>

double dice_throw(void)
{
    unsigned char bytes[4] = { 0, 0, 0, 0 };
    unsigned long number;

    apr_generate_random_bytes(bytes, sizeof(bytes));
    number = ((unsigned long)bytes[0] << 24) | ((unsigned long)bytes[1] << 16)
             | ((unsigned long)bytes[2] << 8) | (unsigned long)bytes[3];
    return (double)number / 4294967296.0;
}
