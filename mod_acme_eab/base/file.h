/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

/* base/file.h - the one place where files are opened, made, moved and removed; scripts/check-files.sh
 * sees to it. What it opens is regular, is opened without waiting and has a largest size; what it
 * writes is whole or absent. All descriptors are close-on-exec.
 *
 * Paths that root has written into the configuration may lead through links: that is root's choice.
 * Below a directory that file_fence() was called for no link is followed, in no component of a path,
 * and ".." leads nowhere: each component is opened below the one before it. */

#include <apr_errno.h>
#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_pools.h>
#include <sys/stat.h>
#include <sys/types.h>

/* How the names of files and directories begin that are being written or removed. */
#define FILE_UNFINISHED ".tmp-"

/** From now on, and in all of the process, no link below dir is followed. dir itself may be reached
 * through links. The last 16 that were named count. Not for use by several threads at once. */
void file_fence(const char *dir);

/** Open a regular file to read it.
 * @param max  of bytes that it may hold now
 * @return APR_ENOENT, APR_EACCES ...; EFBIG when it is longer than max; APR_EINVAL when it is no
 *         regular file, also for a link that is not followed; ENOTDIR when a component before the
 *         last is no directory or a link that is not followed. *pfd is -1 then */
apr_status_t file_open(int *pfd, const char *path, apr_size_t max);

/** The same for a file of another program whose content is believed: nobody but its owner can change it.
 * @return further EPERM when group or others can write to it, or put something else in its place */
apr_status_t file_open_guarded(int *pfd, const char *path, apr_size_t max);

/** The whole content, NUL-terminated, in p. @return as file_open() */
apr_status_t file_read(const char **pdata, apr_size_t *plen, const char *path, apr_size_t max,
                       apr_pool_t *p);

/** The same for a file below the open directory dir, which belongs to somebody who is not trusted: no
 * link is followed, and a file that has a second name somewhere else is refused like a link.
 * @param name  may have several components */
apr_status_t file_read_at(const char **pdata, apr_size_t *plen, int dir, const char *name,
                          apr_size_t max, apr_pool_t *p);

/** The same for an entry of an open directory below a fence: no link is followed. @return APR_EINVAL also
 * for what is no name of an entry */
apr_status_t file_read_entry(const char **pdata, apr_size_t *plen, int dir, const char *entry,
                             apr_size_t max, apr_pool_t *p);

/** file_open() for such an entry. */
apr_status_t file_open_entry(int *pfd, int dir, const char *entry, apr_size_t max);

/** Open (with 0600: make) a regular file to lock it. What is no regular file is removed before, unless
 * it is a directory with something in it; where a new one cannot be made for want of room, the one
 * that is there is opened for reading. @return as file_open() */
apr_status_t file_open_lock(int *pfd, const char *path);

/** Open a directory, a descriptor that may be searched, listed and synced. A link in its last
 * component is not followed. @return as file_open(), *pfd is -1 then */
apr_status_t file_open_directory(int *pfd, const char *path);

/** The same below an open directory. */
apr_status_t file_open_directory_at(int *pfd, int dir, const char *name);

/** Open the directory that holds path, to find things in it later.
 * @param pname the last component of path, in p */
apr_status_t file_open_parent(int *pfd, const char **pname, const char *path, apr_pool_t *p);

/** A file without a name that holds this text, at its beginning: standard input for another program, so that
 * neither side waits for the other. @return a descriptor; -1, and errno is set */
int file_of_text(const char *text);

/** What is at path, not following a link in its last component below a fence. */
apr_status_t file_look(struct stat *st, const char *path);

/** True for a regular file, which also is what a link leads to where links are followed. */
int file_is_regular(const char *path);

/** Who besides root and this user could put another program in the place of the one at path: the file, each
 * directory on the way to it, and where links lead. @return NULL: nobody, or a sentence that says what to do.
 * In p */
const char *file_changeable_by(apr_pool_t *p, const char *path, uid_t user);

/** Why a file could not be used, as the end of a sentence: "it is a FIFO, not a regular file",
 * "archive/x is a symbolic link, which is not followed here", or what the system says. In p. */
const char *file_reason(apr_pool_t *p, apr_status_t rv, const char *path);

/** Replace path with data: temporary file in the same directory (its name starts with ".tmp-"),
 * mode, fsync, rename, fsync of the directory. After a failure the old content is untouched and no
 * temporary file is left.
 * @param mode    like 0600, independent of the umask
 * @param durable 0 skips both fsync, for what a reboot may lose */
apr_status_t file_replace(const char *path, const void *data, apr_size_t len, mode_t mode,
                          int durable, apr_pool_t *ptemp);

/** The same with the temporary file in the directory draft, of the same file system: where one that a kill
 * leaves is looked for. */
apr_status_t file_replace_through(const char *draft, const char *path, const void *data,
                                  apr_size_t len, mode_t mode, int durable, apr_pool_t *ptemp);

/** Make a file where none is; not durable, see file_sync_together(): for a directory that is filled before it
 * gets a name that counts. After a failure it is not there. */
apr_status_t file_make(const char *path, const void *data, apr_size_t len, mode_t mode);

/** Add a line, which ends with a newline, to the end of a regular file; a missing one is made, 0600. What
 * a crash left there without an end gets one first, so that it costs no other line. After a failure a part
 * of it may be there.
 * @param durable 0: a power cut may cost the line, until file_sync() was called, and a file that was made
 *                until its directory was synced
 * @return as file_open() */
apr_status_t file_append(const char *path, const void *line, apr_size_t len, int durable);

/** From now on what was written to a regular file is durable; its name may not be. @return as file_open() */
apr_status_t file_sync(const char *path);

/* A file that is to be made where none is, whole or not at all. The room for it is taken before there
 * is anything to write, so that what can be had only once is not lost for want of a place. */
typedef struct file_draft file_draft_t;

/** Take room bytes for a new file at path. It has another name until file_draft_publish(), and goes with p
 * if that is not called.
 * @return EEXIST when something is at path already; as file_replace(). *pdraft is NULL then */
apr_status_t file_draft_make(file_draft_t **pdraft, const char *path, mode_t mode, apr_size_t room,
                             apr_pool_t *p);

/** Write it and give it its name, durable. Nothing that has come to be there meanwhile is replaced.
 * @return EEXIST for that; after any failure what was written is gone */
apr_status_t file_draft_publish(file_draft_t *draft, const void *data, apr_size_t len);

/** Give it up. NULL and a second call are fine. */
void file_draft_discard(file_draft_t *draft);
/** Hand a file over to another program: as file_replace(), durable, with this owner. Nothing is put where
 * somebody else could put something else in its place: path is absolute, no component of it is a link, and
 * each directory above belongs to root or to us and is open to nobody else for writing. What is there
 * already must be a regular file. What an earlier call for the same path has left, being killed, is removed.
 * @param uid,gid -1: as they come
 * @return APR_EINVAL for a path that is not absolute; EPERM for a directory that others can write to */
apr_status_t file_deliver(const char *path, const void *data, apr_size_t len, int uid, int gid,
                          mode_t mode, apr_pool_t *ptemp);

/** The content of such a file, if it has that owner and mode; NULL when it differs, or is not there. It is
 * cleansed by the caller. In p. */
char *file_delivered(apr_size_t *plen, const char *path, apr_size_t max, int uid, int gid,
                     mode_t mode, apr_pool_t *p);

/** Point the symbolic link at target with one rename. Not durable: see file_sync_directory(). */
apr_status_t file_replace_link(const char *path, const char *target, apr_pool_t *ptemp);

/** Where a symbolic link points, in p; NULL when it is none. */
const char *file_link_target(const char *path, apr_pool_t *p);

/** rename(); links are moved, not followed. Not durable: see file_sync_directory(). */
apr_status_t file_rename(const char *from, const char *to);

/** link(): a second name for a file of the same file system; a symbolic link is not followed. Not durable. */
apr_status_t file_link(const char *from, const char *to);

/** unlink(). */
apr_status_t file_remove(const char *path);

/** rmdir(): a directory that is empty. */
apr_status_t file_remove_directory(const char *path);

/** Make one directory, or several when parents are missing (those get 0755). An existing one is
 * fine when it is a directory; its mode is left alone. */
apr_status_t file_make_directory(const char *path, mode_t mode, apr_pool_t *ptemp);

/** Take away group's and others' rights to a directory. */
apr_status_t file_close_directory(const char *path);

/** Give an open directory to a user, who is not asked to own it when uid is -1, with this mode. */
apr_status_t file_give_directory(int dir, int uid, int gid, mode_t mode);

/** fsync a directory, so that a rename in it is on disk. */
apr_status_t file_sync_directory(const char *path);

/** Make several files and directories durable, which takes about as long as one, as the disk does them beside
 * each other. NULL in paths is passed over. Starts threads that end before it returns, and does without where
 * there are none to be had.
 * @param pfailed on failure which one
 * @return the first failure: ENOENT ...; APR_EINVAL for what is neither */
#define FILE_TOGETHER_MAX 6
apr_status_t file_sync_together(const char *const *paths, int count, const char **pfailed);

/* The same in three steps, for those who have something else to do while the disk works. */
typedef struct file_syncs file_syncs_t;

/** Open them. In memory of its own, until file_syncs_close(). */
file_syncs_t *file_syncs_open(const char *const *paths, int count);

/** This is what takes long. It touches nothing but syncs: any thread may do it. */
void file_syncs_run(file_syncs_t *syncs);

/** @param pfailed on failure one of the paths that it was opened with; NULL: nobody wants to know
 * @return as file_sync_together() */
apr_status_t file_syncs_close(file_syncs_t *syncs, const char **pfailed);

/** All that its file system has not written yet, so that whatever another program has put into the directory
 * survives a power cut. */
apr_status_t file_sync_tree(const char *path);

/** Remove whatever is at path: a file, a link, or a directory and what is in it, however deep. Links
 * are removed, not followed, and what is mounted there stays. Missing is success.
 * @return E2BIG when there is more than can be removed at once; what was removed until then is gone */
apr_status_t file_remove_tree(const char *path, apr_pool_t *ptemp);

/** The same for the entry name of an open directory. */
apr_status_t file_remove_tree_at(int dir, const char *name, apr_pool_t *ptemp);

/** The names in a directory without "." and "..", sorted; leftovers of file_replace() are left
 * out, and so is what is beyond a limit. An array of const char * in p; empty when the directory is
 * missing or unreadable. */
apr_array_header_t *file_list_directory(const char *path, apr_pool_t *p);

/** The same of an open directory, which stays open.
 * @param max  of names, in no order */
apr_array_header_t *file_list_directory_at(int dir, int max, apr_pool_t *p);

/** Remove from a directory what killed processes left unfinished. Only for its one writer. */
void file_sweep(const char *dir, apr_pool_t *ptemp);

/** file_sweep(), and list what stays, as file_list_directory() does. */
apr_array_header_t *file_sweep_and_list(const char *dir, apr_pool_t *p);

/** The same for each directory in it as well: their names, and what stays in each (const char *, sorted). A
 * directory that cannot be read, or is beyond a limit, is not among them. In p. */
apr_hash_t *file_sweep_and_survey(const char *dir, apr_pool_t *p);

#endif
