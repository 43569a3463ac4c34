/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_FACT_H
#define POLICY_FACT_H

/* policy/fact.h - what is known about a failure beside its type and place, each fact a bit, so that
 * advice can follow the cause. Nothing is known that has no bit: "not known" and "not so" are two
 * things, and where both matter there are two bits. */

#include <apr.h>

#include "base/result.h"

typedef apr_uint64_t facts_t;

#define FACT_BIT(n) ((facts_t)1 << (n))

/* Seen in the attempt, and remembered with the failure in the store: the numbers stay as they are. */
#define FACT_HTTP_01 FACT_BIT(0) /* the challenge that failed */
#define FACT_TLS_ALPN_01 FACT_BIT(1)
#define FACT_DNS FACT_BIT(2)            /* dns-01, or one of the two below */
#define FACT_ASKED_HERE FACT_BIT(3)     /* this httpd was asked for its answer and gave it */
#define FACT_NOT_ASKED FACT_BIT(4)      /* nobody asked this httpd for it */
#define FACT_WILDCARD FACT_BIT(5)       /* the name is one */
#define FACT_OFFERS_HTTP_01 FACT_BIT(6) /* the CA does, and it can prove this name */
#define FACT_OFFERS_TLS_ALPN_01 FACT_BIT(7)
#define FACT_OFFERS_DNS FACT_BIT(8)
#define FACT_ACCOUNT_VALID FACT_BIT(9) /* the CA said so of the account, when it was asked */
#define FACT_DNS_PERSIST FACT_BIT(10)
#define FACT_DNS_ACCOUNT FACT_BIT(11)
#define FACT_NO_ADDRESS FACT_BIT(12) /* the resolver of this machine knows none for the name */
#define FACT_ELSEWHERE FACT_BIT(13)  /* it knows some, and this machine has none of them */
#define FACT_OFFERS_DNS_ACCOUNT FACT_BIT(14)
#define FACT_OFFERS_DNS_PERSIST FACT_BIT(15)
#define FACT_FOREIGN FACT_BIT(24) /* what was answered is no word of the CA (base/result.h) */
#define FACTS_OF_ATTEMPT ((FACT_BIT(16) - 1) | FACT_FOREIGN)

/* As it is now: of configuration, store, and the CA's directory. */
#define FACT_HAS_CERTIFICATE FACT_BIT(16) /* there is one for these names */
#define FACT_SEVERAL FACT_BIT(17)         /* names are configured */
#define FACT_EAB FACT_BIT(18)             /* a key id is configured */
#define FACT_NO_EAB FACT_BIT(19)          /* none is */
#define FACT_EAB_UNASKED FACT_BIT(20)     /* the CA's directory demands none */
#define FACT_NO_PROFILES FACT_BIT(21)     /* the CA's directory lists none */

/* Of the problem itself: fact_read(). */
#define FACT_NO_SPACE FACT_BIT(32)   /* ENOSPC */
#define FACT_QUOTA FACT_BIT(33)      /* EDQUOT */
#define FACT_READ_ONLY FACT_BIT(34)  /* EROFS */
#define FACT_DENIED FACT_BIT(35)     /* EACCES, EPERM: of a file or a connection */
#define FACT_MISSING FACT_BIT(36)    /* ENOENT, ENOTDIR */
#define FACT_DISK_ERROR FACT_BIT(37) /* EIO */
#define FACT_DAMAGED FACT_BIT(38)    /* what is in a file is not what should be there */
#define FACT_BUSY FACT_BIT(39)       /* somebody else has it */
#define FACT_TIMED_OUT FACT_BIT(40)  /* a program */
#define FACT_SIGNAL FACT_BIT(41)     /* a program was ended by one */
#define FACT_UNRESOLVED FACT_BIT(42) /* the CA found no address for the name */
#define FACT_ONE_NAME FACT_BIT(43)   /* the CA speaks of how many names there may be */
#define FACT_KEY_USED FACT_BIT(44)   /* the CA says that the EAB key was used before */
#define FACT_UNNAMED FACT_BIT(45)    /* the CA names none of the certificate's names */
#define FACT_OTHER_KEY FACT_BIT(46)  /* a certificate that came is for another key; ... */
#define FACT_OTHER_NAMES FACT_BIT(47)
#define FACT_OVER FACT_BIT(48)
#define FACT_OTHER_USAGE FACT_BIT(49)
#define FACT_UNFIT FACT_BIT(50) /* for the TLS settings of a virtual host */
#define FACT_UNREADABLE FACT_BIT(51)
#define FACT_CUT FACT_BIT(52) /* a connection was there, and ended before the answer was complete */

/** What a problem tells of itself: errno, our cause, and the words of a CA. CAs word these things as
 * they like, so that words only ever make advice more special. */
facts_t fact_read(const eab_result_t *problem);

#endif
