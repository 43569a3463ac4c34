/* SPDX-License-Identifier: Apache-2.0 */

/* acme-eab-enroll - at the manager of a CA: make what ACME accounts are bound to, and look after it. It
 * is for an administrator's machine, not for the web server; acme-eab-enroll(1). */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "base/process.h"
#include "crypto/secret.h"
#include "enroll/certinext.h"
#include "enroll/digicert.h"
#include "enroll/errand.h"
#include "enroll/sectigo.h"
#include "enroll/zerossl.h"

static const struct {
    const char *name;
    const char *summary;
    const option_row_t *options;
    apr_status_t (*run)(errand_t *errand);
} managers[] = {
    { "sectigo", "Sectigo Certificate Manager: ACME accounts, domains, clients", sectigo_options,
      sectigo_run },
    { "zerossl", "ZeroSSL: a new EAB pair", zerossl_options, zerossl_run },
    { "digicert", "DigiCert CertCentral: a new EAB pair", digicert_options, digicert_run },
    { "certinext", "CERTInext (InCommon): domains and products; EAB pairs come from its portal",
      certinext_options, certinext_run },
};
#define MANAGERS (sizeof(managers) / sizeof(*managers))

/* Nobody reads what is in memory, and none of it goes to a swap file: all of it where that is allowed
 * without a limit, else the secrets of the secure heap alone. */
static void guard(void)
{
    struct rlimit limit;

    process_hide();
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)
        (void)mlockall(MCL_CURRENT | MCL_FUTURE);
    secret_init();
}

static void show_help(FILE *out)
{
    size_t i;
    int line;

    fprintf(out, "usage: acme-eab-enroll MANAGER OPTIONS\n"
                 "       acme-eab-enroll MANAGER --help\n"
                 "       acme-eab-enroll --version\n\nManagers:\n");
    for (i = 0; i < MANAGERS; ++i)
        fprintf(out, "  %-12s %s\n", managers[i].name, managers[i].summary);
    fprintf(out, "\nExit status:\n");
    for (line = 0; enroll_problem_describe(line) != NULL; ++line)
        fprintf(out, "  %s\n", enroll_problem_describe(line));
}

static void show_manager_help(size_t which, apr_pool_t *p)
{
    printf("usage: acme-eab-enroll %s OPTIONS\n\n%s.\n\n%s\n%s\n"
           "A secret is read from a file of mode 600, from a descriptor (-fd N), from a credential "
           "of\nsystemd (-credential NAME), or is asked for; never from the command line.\n",
           managers[which].name, managers[which].summary, options_help(managers[which].options, p),
           options_help(errand_options, p));
}

static int refuse(const char *sentence)
{
    fprintf(stderr, "acme-eab-enroll: %s\n", sentence);
    return ENROLL_USAGE;
}

static int wants_help(int argc, const char *const *argv)
{
    int i;

    for (i = 0; i < argc; ++i) {
        if (strcmp(argv[i], "--help") == 0)
            return 1;
    }
    return 0;
}

/* What cannot be parsed is refused in JSON as well when that was asked for. */
static enroll_exit_t refuse_options(const char *manager, int argc, const char *const *argv,
                                    eab_result_t *result, apr_pool_t *p)
{
    errand_t errand = { p, manager, NULL, NULL, result, NULL, 0, 0 };
    int i;

    for (i = 0; i < argc; ++i)
        errand.json |= strcmp(argv[i], "--json") == 0;
    return errand_end(&errand);
}

static int run(size_t which, int argc, const char *const *argv, apr_pool_t *p)
{
    eab_result_t *result = eab_result_make(p);
    options_t *options = NULL;
    errand_t *errand = NULL;

    if (wants_help(argc, argv)) {
        show_manager_help(which, p);
        return ENROLL_DONE;
    }
    options = options_parse(managers[which].options, errand_options, argc, argv, result, p);
    if (options == NULL)
        return refuse_options(managers[which].name, argc, argv, result, p);
    errand = errand_make(managers[which].name, options, result, p);
    if (result->rv == APR_SUCCESS)
        managers[which].run(errand);
    return errand_end(errand);
}

static int choose(int argc, const char *const *argv, apr_pool_t *p)
{
    size_t i;

    if (argc < 2) {
        show_help(stderr);
        return ENROLL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        show_help(stdout);
        return ENROLL_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("acme-eab-enroll %s\n", EAB_VERSION);
        return ENROLL_DONE;
    }
    for (i = 0; i < MANAGERS; ++i) {
        if (strcmp(managers[i].name, argv[1]) == 0)
            return run(i, argc - 2, argv + 2, p);
    }
    return refuse("The first word is the manager: sectigo, zerossl, digicert or certinext; --help "
                  "says more.");
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    int status = ENROLL_FAILED;

    guard();
    if (!exchange_init())
        return refuse("libcurl cannot be set up; look at its installation.");
    apr_initialize();
    apr_pool_create(&pool, NULL);
    status = choose(argc, argv, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
