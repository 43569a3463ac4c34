/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/rehearsal.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <ap_provider.h>
#include <ap_socache.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <util_cfgtree.h>
#include <apr_sha1.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "ipc/rehearsal.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define NAMED_MAX 3
#define FILES_MAX 100

/* MPMs open the listeners as APR_HOOK_REALLY_FIRST. */
#define BEFORE_THE_MPM (APR_HOOK_REALLY_FIRST - 10)

/* The machine's network; of use to the process, which outlives the module's memory in a restart. */
#define MACHINE_NETWORK "acme_eab:machine-network"
#define OWN_NETWORK "acme_eab:own-network"

int rehearsal_active(void)
{
    return getenv(REHEARSAL_VARIABLE) != NULL;
}

static int is_staged(void)
{
    const char *mode = getenv(REHEARSAL_VARIABLE);

    return mode != NULL && strcmp(mode, REHEARSAL_STAGED) == 0;
}

static void tell(apr_pool_t *p, const char *what, const char *text)
{
    const char *line = apr_pstrcat(p, what, text, "\n", NULL);

    (void)!write(REHEARSAL_FD, line, strlen(line));
}

/* ---- what httpd says ------------------------------------------------------------------------------- */

/* "[ssl:emerg] [pid 12] AH02565: ..." without what stands in brackets before it. */
static const char *without_prefix(const char *line)
{
    const char *end = NULL;

    while (*line == '[' && (end = strchr(line, ']')) != NULL) {
        line = end + 1;
        line += strspn(line, " ");
    }
    return line;
}

static void on_error_log(const ap_errorlog_info *info, const char *line)
{
    char text[2048];
    apr_size_t len = 0;

    if (info->level < 0 || (info->level & APLOG_LEVELMASK) > APLOG_ERR)
        return;
    len = (apr_size_t)apr_snprintf(text, sizeof(text) - 1, REHEARSAL_SAID "%d %s",
                                   info->level & APLOG_LEVELMASK, without_prefix(line));
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        --len;
    text[len++] = '\n';
    (void)!write(REHEARSAL_FD, text, len);
}

/* ---- the network ------------------------------------------------------------------------------------ */

/* In the parent of pconf, which is that of the process. */
static void network_keep(apr_pool_t *pconf, const char *key)
{
    apr_pool_t *pool = apr_pool_parent_get(pconf);
    int *kept = apr_pcalloc(pool, sizeof(*kept));

    *kept = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    apr_pool_userdata_set(kept, key, NULL, pool);
}

static int network_kept(apr_pool_t *pconf, const char *key)
{
    void *kept = NULL;

    apr_pool_userdata_get(&kept, key, apr_pool_parent_get(pconf));
    return kept != NULL ? *(int *)kept : -1;
}

static void write_setting(const char *path)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "1", 1);
        (void)close(fd);
    }
}

/* In the network of its own every address may be bound, whether anybody has it or not. */
static void open_for_all_addresses(void)
{
    struct ifreq loopback;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memset(&loopback, 0, sizeof(loopback));
    apr_cpystrn(loopback.ifr_name, "lo", sizeof(loopback.ifr_name));
    loopback.ifr_flags = IFF_UP;
    if (fd >= 0) {
        (void)ioctl(fd, SIOCSIFFLAGS, &loopback);
        (void)close(fd);
    }
    write_setting("/proc/sys/net/ipv4/ip_nonlocal_bind");
    write_setting("/proc/sys/net/ipv6/ip_nonlocal_bind");
}

static int leave_machine_network(apr_pool_t *pconf)
{
    int fd = network_kept(pconf, OWN_NETWORK);

    if (fd >= 0)
        return setns(fd, CLONE_NEWNET);
    network_keep(pconf, MACHINE_NETWORK);
    if (unshare(CLONE_NEWNET) != 0)
        return -1;
    network_keep(pconf, OWN_NETWORK);
    open_for_all_addresses();
    return 0;
}

/* The configuration is read in the machine's network: it may hold names of hosts. */
static int on_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    int fd = network_kept(pconf, MACHINE_NETWORK);

    (void)plog;
    (void)ptemp;
    (void)fcntl(REHEARSAL_FD, F_SETFD, FD_CLOEXEC);
    if (fd >= 0)
        (void)setns(fd, CLONE_NEWNET);
    return OK;
}

/* ---- listeners -------------------------------------------------------------------------------------- */

static const char *address_text(apr_pool_t *p, const ap_listen_rec *listener)
{
    return apr_psprintf(p, "%pI", (void *)listener->bind_addr);
}

apr_array_header_t *rehearsal_listeners(apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(const char *));
    const ap_listen_rec *listener = NULL;

    for (listener = ap_listeners; listener != NULL; listener = listener->next)
        APR_ARRAY_PUSH(list, const char *) = address_text(p, listener);
    return list;
}

static int is_open_already(const char *address, apr_pool_t *ptemp)
{
    const char *rest = getenv(REHEARSAL_LISTENERS);

    while (rest != NULL && *rest != '\0') {
        if (strcmp(ap_getword_white(ptemp, &rest), address) == 0)
            return 1;
    }
    return 0;
}

static int is_any(const apr_sockaddr_t *address)
{
    if (address->family == APR_INET)
        return address->sa.sin.sin_addr.s_addr == htonl(INADDR_ANY);
    return memcmp(&address->sa.sin6.sin6_addr, &in6addr_any, sizeof(in6addr_any)) == 0;
}

/* Where one socket serves both families httpd is content with that of IPv6. */
static int is_covered(const ap_listen_rec *listener)
{
#ifdef AP_ENABLE_V4_MAPPED
    const ap_listen_rec *other = NULL;

    if (listener->bind_addr->family != APR_INET || !is_any(listener->bind_addr))
        return 0;
    for (other = ap_listeners; other != NULL; other = other->next) {
        if (other->bind_addr->family == APR_INET6 && is_any(other->bind_addr)
            && other->bind_addr->port == listener->bind_addr->port)
            return 1;
    }
#else
    (void)is_any;
    (void)listener;
#endif
    return 0;
}

/* Bound and let go: nobody is listened to. @return 0, or errno */
static int try_binding(const apr_sockaddr_t *address)
{
    const int on = 1;
    int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->family == APR_INET6) {
#ifdef AP_ENABLE_V4_MAPPED
        const int only = 0;
#else
        const int only = 1;
#endif
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    }
    if (bind(fd, (const struct sockaddr *)&address->sa, address->salen) != 0)
        error = errno;
    (void)close(fd);
    return error;
}

static int try_listener(ap_listen_rec *listener, apr_pool_t *ptemp)
{
    const char *address = address_text(ptemp, listener);
    char reason[120];
    int error = 0;

    if (listener->active || is_open_already(address, ptemp) || is_covered(listener)) {
        listener->active = 1;
        return OK;
    }
    if ((error = try_binding(listener->bind_addr)) == 0) {
        listener->active = 1;
        return OK;
    }
    tell(ptemp, REHEARSAL_SAID "0 ",
         apr_psprintf(ptemp,
                      "(%d)%s: AH00072: make_sock: could not bind to address %s. A graceful "
                      "restart could not open this new Listen; if httpd itself holds the port "
                      "at another address, stop and start it",
                      error, apr_strerror(error, reason, sizeof(reason)), address));
    return !OK;
}

static int try_listeners(apr_pool_t *ptemp)
{
    ap_listen_rec *listener = NULL;

    for (listener = ap_listeners; listener != NULL; listener = listener->next) {
        if (try_listener(listener, ptemp) != OK)
            return !OK;
    }
    return OK;
}

static int on_open_logs(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)s;
    if (try_listeners(ptemp) != OK)
        return !OK;
    if (leave_machine_network(pconf) != 0) {
        tell(ptemp, REHEARSAL_SAID "0 ",
             apr_psprintf(ptemp, "the rehearsal could not have a network of its own: %s",
                          strerror(errno)));
        return !OK;
    }
    return OK;
}

/* ---- what differs from what the running httpd has read ---------------------------------------------- */

static void digest_add(apr_sha1_ctx_t *context, const char *text)
{
    if (text != NULL)
        apr_sha1_update(context, text, (unsigned)strlen(text) + 1);
}

static void digest_level(apr_sha1_ctx_t *context, const ap_directive_t *node)
{
    for (; node != NULL; node = node->next) {
        digest_add(context, node->directive);
        digest_add(context, node->args);
        digest_level(context, node->first_child);
        digest_add(context, "</>");
    }
}

const char *rehearsal_digest(apr_pool_t *p)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t context;
    int i = 0;

    apr_sha1_init(&context);
    for (i = 0; ap_loaded_modules[i] != NULL; ++i)
        digest_add(&context, ap_loaded_modules[i]->name);
    digest_level(&context, ap_conftree);
    apr_sha1_final(digest, &context);
    return hex_encode(p, digest, sizeof(digest));
}

/* Files that hold directives and were written since then; each once. */
static void newer_files(apr_array_header_t *files, const ap_directive_t *node, apr_int64_t since)
{
    struct stat info;
    int i = 0;

    for (; node != NULL; node = node->next) {
        newer_files(files, node->first_child, since);
        for (i = 0; i < files->nelts; ++i) {
            if (strcmp(APR_ARRAY_IDX(files, i, const char *), node->filename) == 0)
                break;
        }
        if (i == files->nelts && files->nelts <= NAMED_MAX && stat(node->filename, &info) == 0
            && (apr_int64_t)info.st_mtime >= since)
            APR_ARRAY_PUSH(files, const char *) = node->filename;
    }
}

static void add_file(apr_array_header_t *files, const char *file)
{
    int i = 0;

    for (i = files->nelts - 1; i >= 0; --i) {
        if (strcmp(APR_ARRAY_IDX(files, i, const char *), file) == 0)
            return;
    }
    if (*file == '/' && files->nelts < FILES_MAX)
        APR_ARRAY_PUSH(files, const char *) = file;
}

static void list_files(apr_array_header_t *files, const ap_directive_t *node)
{
    const char *last = NULL;

    for (; node != NULL; node = node->next) {
        list_files(files, node->first_child);
        if (last == NULL || strcmp(last, node->filename) != 0) {
            last = node->filename;
            add_file(files, last);
            add_file(files, ap_make_dirstr_parent(files->pool, last));
        }
    }
}

apr_array_header_t *rehearsal_files(apr_pool_t *p)
{
    apr_array_header_t *files = apr_array_make(p, 8, sizeof(const char *));

    list_files(files, ap_conftree);
    return files;
}

static void tell_changes(apr_pool_t *p)
{
    const char *rest = getenv(REHEARSAL_READ);
    const char *digest = rest != NULL ? ap_getword_white(p, &rest) : NULL;
    apr_array_header_t *files = NULL;
    int more = 0;

    if (digest == NULL || *digest == '\0' || strcmp(digest, rehearsal_digest(p)) == 0)
        return;
    files = apr_array_make(p, NAMED_MAX + 1, sizeof(const char *));
    newer_files(files, ap_conftree, apr_atoi64(rest));
    if ((more = files->nelts > NAMED_MAX))
        (void)apr_array_pop(files);
    tell(p, REHEARSAL_CHANGED,
         files->nelts == 0
             ? ""
             : apr_pstrcat(p, apr_array_pstrcat(p, files, ','), more ? " and others" : "", NULL));
}

/* ---- the end ---------------------------------------------------------------------------------------- */

/* What httpd calls last before the MPM, which would serve: all modules have done their part. */
static void on_optional_fn_retrieve(void)
{
    apr_pool_t *pool = ap_server_conf->process->pool;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return;
    tell_changes(pool);
    _exit(REHEARSAL_EXIT);
}

/* ---- without a stage -------------------------------------------------------------------------------- */

static const char *cache_create(ap_socache_instance_t **instance, const char *arg,
                                apr_pool_t *ptemp, apr_pool_t *p)
{
    (void)arg;
    (void)ptemp;
    *instance = apr_pcalloc(p, 1);
    return NULL;
}

static apr_status_t cache_init(ap_socache_instance_t *instance, const char *name,
                               const struct ap_socache_hints *hints, server_rec *s, apr_pool_t *p)
{
    (void)instance;
    (void)name;
    (void)hints;
    (void)s;
    (void)p;
    return APR_SUCCESS;
}

static void cache_destroy(ap_socache_instance_t *instance, server_rec *s)
{
    (void)instance;
    (void)s;
}

/* Before directives are read, which look the providers up: the running httpd's caches, whose files
 * and memory have fixed names, stay as they are. */
static int replace_caches(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    static ap_socache_provider_t idle = {
        .name = "rehearsal", .create = cache_create, .init = cache_init, .destroy = cache_destroy
    };
    apr_array_header_t *names =
        ap_list_provider_names(pconf, AP_SOCACHE_PROVIDER_GROUP, AP_SOCACHE_PROVIDER_VERSION);
    int i = 0;

    (void)plog;
    (void)ptemp;
    (void)fcntl(REHEARSAL_FD, F_SETFD, FD_CLOEXEC);
    for (i = 0; i < names->nelts; ++i)
        ap_register_provider(pconf, AP_SOCACHE_PROVIDER_GROUP,
                             APR_ARRAY_IDX(names, i, ap_list_provider_names_t).provider_name,
                             AP_SOCACHE_PROVIDER_VERSION, &idle);
    return OK;
}

static int run_mod_ssl(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const apr_array_header_t *hooks = ap_hook_get_post_config();
    int i = 0;

    for (i = 0; hooks != NULL && i < hooks->nelts; ++i) {
        const ap_LINK_post_config_t *hook = &APR_ARRAY_IDX(hooks, i, ap_LINK_post_config_t);

        if (strcmp(hook->szName, "mod_ssl.c") == 0 && hook->pFunc(pconf, plog, ptemp, s) != OK)
            return !OK;
    }
    return OK;
}

static int on_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    if (try_listeners(ptemp) != OK || run_mod_ssl(pconf, plog, ptemp, s) != OK)
        return !OK;
    tell_changes(ptemp);
    _exit(REHEARSAL_EXIT);
}

void rehearsal_register(void)
{
    if (!rehearsal_active())
        return;
    ap_hook_error_log(on_error_log, NULL, NULL, APR_HOOK_REALLY_FIRST);
    if (is_staged()) {
        ap_hook_pre_config(on_pre_config, NULL, NULL, APR_HOOK_REALLY_FIRST);
        ap_hook_open_logs(on_open_logs, NULL, NULL, BEFORE_THE_MPM);
        ap_hook_optional_fn_retrieve(on_optional_fn_retrieve, NULL, NULL, APR_HOOK_REALLY_LAST);
    }
    else {
        ap_hook_pre_config(replace_caches, NULL, NULL, APR_HOOK_REALLY_LAST);
        ap_hook_check_config(on_check_config, NULL, NULL, APR_HOOK_REALLY_LAST);
    }
}
