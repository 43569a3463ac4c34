/* SPDX-License-Identifier: Apache-2.0 */
#include "import/format.h"

#include <string.h>
#include <apr_strings.h>

const format_t formats[] = {
    { "certbot", "/etc/letsencrypt",
      "Once httpd serves these certificates, keep certbot from renewing them as well: systemctl "
      "disable --now certbot.timer, and take its line out of cron",
      certbot_read },
    { "acme.sh", "~/.acme.sh",
      "Once httpd serves these certificates, keep acme.sh from renewing them as well: acme.sh "
      "--uninstall-cronjob, or acme.sh --remove -d NAME for each",
      acmesh_read },
    { "lego", NULL,
      "Once httpd serves these certificates, take the timer or cron line away that runs lego renew",
      lego_read },
    { "mod_md", "/etc/apache2/md",
      "Take MDomain, MDomainSet and <MDomainSet> of these names out of httpd's configuration in "
      "the "
      "same step in which ACMEManagedDomain comes in: two modules cannot manage one name",
      mod_md_read },
    { "dehydrated", "/var/lib/dehydrated",
      "Once httpd serves these certificates, take the timer or cron line away that runs dehydrated "
      "-c, and the names out of domains.txt",
      dehydrated_read },
    { "caddy", "~/.local/share/caddy",
      "Take these names out of Caddy's configuration, which renews whatever it serves",
      caddy_read },
    { "traefik", NULL,
      "Take the certificate resolver of these names out of Traefik's configuration, which renews "
      "whatever it serves",
      traefik_read },
    { "posh-acme", "~/.config/Posh-ACME",
      "Take the scheduled task away that runs Submit-Renewal, or these orders out of it",
      posh_acme_read },
    { "haproxy", "/etc/haproxy/haproxy.cfg",
      "Take \"acme\" out of the crt lines of these certificates, since HAProxy renews them else",
      haproxy_read },
    { "pem", NULL, NULL, pem_read },
    { "pfx", NULL, NULL, pfx_read },
    { NULL, NULL, NULL, NULL },
};

const format_t *format_find(const char *name)
{
    const format_t *format = NULL;

    for (format = formats; format->name != NULL; format++) {
        if (strcmp(format->name, name) == 0)
            return format;
    }
    return NULL;
}

static const char *default_path(apr_pool_t *p, const format_t *format, const char *home)
{
    if (format->path == NULL || strncmp(format->path, "~/", 2) != 0)
        return format->path;
    return home != NULL ? apr_pstrcat(p, home, format->path + 1, NULL) : NULL;
}

apr_status_t format_read(found_t *found, const format_t *format, const format_options_t *options,
                         eab_result_t *result)
{
    format_options_t complete = *options;

    if (complete.path == NULL)
        complete.path = default_path(found->pool, format, options->home);
    if (complete.path == NULL)
        return eab_result_set(result, APR_EINVAL, EAB_PROBLEM_STORE,
                              "%s has no place of its own for its files: name the path after the "
                              "format.",
                              format->name);
    found->disable = format->disable;
    return format->read(found, &complete, result);
}
