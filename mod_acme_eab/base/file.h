/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/* base/file.h - files that are whole or absent. Symbolic links are never followed in the last
 * component of a path that is written. All descriptors are close-on-exec. */

#include <apr_errno.h>
#include <apr_file_info.h>
#include <apr_pools.h>
#include <sys/types.h>

/* How the names of files and directories begin that are being written or removed. */
#define FILE_UNFINISHED ".tmp-"

/** Replace path with data: temporary file in the same directory (its name starts with ".tmp-"),
 * mode, fsync, rename, fsync of the directory. After a failure the old content is untouched and no
 * temporary file is left.
 * @param mode    like 0600, independent of the umask
 * @param durable 0 skips both fsync, for what a reboot may lose */
apr_status_t file_replace(const char *path, const void *data, apr_size_t len, mode_t mode,
                          int durable, apr_pool_t *ptemp);

/** The whole content, NUL-terminated, in p. Regular files only.
 * @return APR_ENOENT, APR_EACCES ...; APR_ENOSPC when it is longer than max */
apr_status_t file_read(const char **pdata, apr_size_t *plen, const char *path, apr_size_t max,
                       apr_pool_t *p);

/** Make one directory, or several when parents are missing (those get 0755). An existing one is
 * fine when it is a directory; its mode is left alone. */
apr_status_t file_make_directory(const char *path, mode_t mode, apr_pool_t *ptemp);

/** fsync a directory, so that a rename in it is on disk. */
apr_status_t file_sync_directory(const char *path);

/** Remove a directory and what is in it; links are removed, not followed. Missing is success. */
apr_status_t file_remove_tree(const char *path, apr_pool_t *ptemp);

/** Point the symbolic link at target with one rename, durable. */
apr_status_t file_replace_link(const char *path, const char *target, apr_pool_t *ptemp);

/** The names in a directory without "." and "..", sorted; leftovers of file_replace() are left
 * out. An array of const char * in p; empty when the directory is missing or unreadable. */
apr_array_header_t *file_list_directory(const char *path, apr_pool_t *p);

/** Remove from a directory what killed processes left unfinished. Only for its one writer. */
void file_sweep(const char *dir, apr_pool_t *ptemp);

#endif
