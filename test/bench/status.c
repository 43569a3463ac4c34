/* SPDX-License-Identifier: Apache-2.0 */

/* How long the agent takes to write its status, by the number of certificates: CPU, the least of five times.
 *
 *     eab_status COUNT...                one line each: certificates, seconds, bytes */

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "agent/agent.h"
#include "base/file.h"

#define DAY apr_time_from_sec(86400)
#define RUNS 5

static apr_array_header_t *list_of(apr_pool_t *p, const char *text)
{
    apr_array_header_t *list = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(list, const char *) = text;
    return list;
}

static brief_facts_t *make_facts(apr_pool_t *p, const apr_array_header_t *names)
{
    brief_facts_t *facts = apr_pcalloc(p, sizeof(*facts));

    facts->names = apr_array_copy(p, names);
    facts->key_type = "p256";
    facts->issuer = "A CA of some organization";
    facts->issuers = list_of(p, "The root of it");
    facts->serial = "03a1b2c3d4e5f60718293a4b5c6d7e8f9012";
    facts->fingerprint = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    facts->not_before = facts->obtained = apr_time_now() - 10 * DAY;
    facts->not_after = facts->not_before + 90 * DAY;
    facts->generation = "000001";
    facts->same_account = 1;
    facts->activation = ACTIVATION_RESTART;
    return facts;
}

static brief_t *make_brief(apr_pool_t *p, const char *run_dir, int count)
{
    brief_t *brief = brief_make(p);
    brief_account_t *account = apr_array_push(brief->accounts);
    int i;

    brief->run_dir = run_dir;
    account->label = "default";
    account->directory = "https://ca.example/directory";
    account->url = "https://ca.example/account/1";
    account->thumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U";
    account->failure.problem = eab_result_make(p);
    for (i = 0; i < count; ++i) {
        brief_certificate_t *one = apr_array_push(brief->certificates);

        one->id = one->domain = apr_psprintf(p, "www%d.test.example", i);
        one->names = list_of(p, one->id);
        one->challenges = list_of(p, "http-01");
        one->key_type = "p256";
        one->served = 1;
        one->where = "/etc/apache2/sites-enabled/hosting.conf:12345";
        one->facts = make_facts(p, one->names);
        one->loaded = one->facts->fingerprint;
        one->failure.problem = eab_result_make(p);
    }
    return brief;
}

static double cpu(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void no_news(void *baton, int type, const json_t *body)
{
    (void)baton;
    (void)type;
    (void)body;
}

static int measure(apr_pool_t *p, int count)
{
    char run_dir[] = "/tmp/acme-eab-bench-XXXXXX";
    int i, fds[2], rv = 1;
    double least = 0;
    struct stat st;
    agent_t *agent;

    if (mkdtemp(run_dir) == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return 1;
    agent = agent_make(link_make(p, fds[0], no_news, NULL), make_brief(p, run_dir, count), p);
    for (i = 0; agent != NULL && i < RUNS; ++i) {
        double begin = cpu();

        if (status_write(agent->status, apr_time_now()) != APR_SUCCESS)
            break;
        least = i == 0 || cpu() - begin < least ? cpu() - begin : least;
    }
    if (i == RUNS && stat(apr_pstrcat(p, run_dir, "/status.json", NULL), &st) == 0) {
        printf("%d %.3f %ld\n", count, least, (long)st.st_size);
        rv = 0;
    }
    close(fds[1]);
    file_remove_tree(run_dir, p);
    return rv;
}

int main(int argc, const char *const *argv)
{
    int i, rv = 0;

    apr_initialize();
    for (i = 1; i < argc; ++i) {
        apr_pool_t *pool = NULL;

        apr_pool_create(&pool, NULL);
        rv |= measure(pool, atoi(argv[i]));
        apr_pool_destroy(pool);
    }
    apr_terminate();
    return rv;
}
