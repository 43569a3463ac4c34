/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/answer.h"

#include <http_config.h>
#include <http_core.h>
#include <http_main.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/name.h"
#include "httpd/site.h"

extern module AP_MODULE_DECLARE_DATA acme_eab_module;
APLOG_USE_MODULE(acme_eab);

#define PREFIX "/.well-known/acme-challenge/"
#define LIMIT_ANSWER (LIMIT_TOKEN + 1 + 43) /* token, '.', SHA-256 in base64url */

static int open_below(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags);

    (void)close(dir);
    return fd;
}

/* No component below the run directory may be a link: it belongs to the user who talks to the
 * network. */
static int open_answer(const char *run_dir, const char *host, const char *token)
{
    int fd = open(run_dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    if (fd >= 0)
        fd = open_below(fd, "challenges", O_DIRECTORY);
    if (fd >= 0)
        fd = open_below(fd, host, O_DIRECTORY);
    if (fd >= 0)
        fd = open_below(fd, token, 0);
    return fd;
}

/* @return the number of bytes in buffer, or -1 */
static apr_ssize_t read_answer(char *buffer, apr_size_t size, int fd)
{
    struct stat st;
    apr_ssize_t n = -1;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0
        && (apr_size_t)st.st_size < size)
        n = read(fd, buffer, size);
    return n == st.st_size ? n : -1;
}

static const char *host_directory(request_rec *r)
{
    const char *why = NULL;
    const char *name = r->hostname != NULL ? name_normalize(r->pool, r->hostname, &why) : NULL;

    return name != NULL ? name_file(r->pool, name) : NULL;
}

/* The answer to this request, or NULL when it is none of ours. */
static const char *find_answer(request_rec *r, apr_size_t *plen)
{
    const site_t *site = config_site(ap_server_conf);
    const char *token = r->uri + sizeof(PREFIX) - 1, *host = NULL;
    char buffer[LIMIT_ANSWER + 1];
    apr_ssize_t len = -1;
    int fd = -1;

    if (site == NULL || !site->enabled || !base64url_is_valid(token, LIMIT_TOKEN)
        || (host = host_directory(r)) == NULL)
        return NULL;
    if ((fd = open_answer(site->run_dir, host, token)) < 0) {
        if (errno != ENOENT)
            ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r,
                          "the answer to an http-01 validation of %s cannot be read; let the user "
                          "of httpd's workers read %s/challenges",
                          host, site->run_dir);
        return NULL;
    }
    len = read_answer(buffer, sizeof(buffer), fd);
    (void)close(fd);
    if (len < 0)
        return NULL;
    *plen = (apr_size_t)len;
    return apr_pstrmemdup(r->pool, buffer, (apr_size_t)len);
}

/* httpd ends the response when the hook returns DONE. */
static void send_answer(request_rec *r, const char *text, apr_size_t len)
{
    conn_rec *c = r->connection;

    r->status = HTTP_OK;
    /* httpd ends a connection after a request that is answered this early; say so. An HTTP/2
     * connection lives on, only its stream ends. */
    if (c->master == NULL)
        c->keepalive = AP_CONN_CLOSE;
    ap_set_content_type(r, "application/octet-stream");
    ap_set_content_length(r, (apr_off_t)len);
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (!r->header_only)
        (void)ap_rwrite(text, (int)len, r);
}

int answer_post_read_request(request_rec *r)
{
    const char *text = NULL;
    apr_size_t len = 0;

    /* M_GET is HEAD as well. */
    if (r->method_number != M_GET || r->main != NULL || r->prev != NULL || r->uri == NULL
        || strncmp(r->uri, PREFIX, sizeof(PREFIX) - 1) != 0)
        return DECLINED;
    if ((text = find_answer(r, &len)) == NULL)
        return DECLINED;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "answered an http-01 validation of %s",
                  r->hostname);
    send_answer(r, text, len);
    return DONE;
}
