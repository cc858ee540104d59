/*
 * The binary interface between holdfast-worker (the host) and a worker plugin (a shared object).
 *
 * Pure C99, also valid C++. A plugin exports one function, holdfast_plugin(), which returns a
 * static description of itself. The host compares the version block in it before it looks at
 * anything else, then calls
 *
 *     create(host, config) -> handle(request, responder), many times -> destroy
 *
 * Growth. Structures that may grow begin with their size as their author's compiler saw it. New
 * members are added at the end and raise HOLDFAST_ABI_MINOR; a reader uses a member only if it lies
 * within that size (HOLDFAST_HAS), and treats a missing one as zero. Anything else raises
 * HOLDFAST_ABI_MAJOR. A host loads every plugin of its own major version. holdfast_span,
 * holdfast_field, holdfast_fields, holdfast_responder and holdfast_abi never change.
 *
 * Ownership. Nobody frees what the other side has allocated. What a call is given is borrowed; for
 * how long is stated at each call. Nothing that crosses is NUL-terminated unless it is a plain
 * `const char*`.
 *
 * Exceptions never cross: neither side may let one escape from a function of this interface.
 */
#ifndef HOLDFAST_WORKER_PLUGIN_H
#define HOLDFAST_WORKER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOLDFAST_ABI_MAGIC 0x48464c44u /* "HFLD" */
#define HOLDFAST_ABI_MAJOR 1
#define HOLDFAST_ABI_MINOR 1 /* 1: holdfast_plugin_v1::options */

#if defined(__GNUC__) || defined(__clang__)
#define HOLDFAST_EXPORT __attribute__((visibility("default")))
#else
#define HOLDFAST_EXPORT
#endif

/* Bytes that somebody else owns. `data` may be NULL only when `size` is 0. */
typedef struct holdfast_span {
    const char* data;
    size_t size;
} holdfast_span;

typedef struct holdfast_field {
    holdfast_span name;
    holdfast_span value;
} holdfast_field;

typedef struct holdfast_fields {
    const holdfast_field* items;
    size_t count;
} holdfast_fields;

/* Compared at load. The layout of this block is the same in every version there will ever be, so
 * that a mismatch can always name both sides. */
typedef struct holdfast_abi {
    uint32_t magic; /* HOLDFAST_ABI_MAGIC */
    uint16_t major;
    uint16_t minor;
    const char* built_with; /* compiler and SDK, for people; static */
} holdfast_abi;

/* Whether the structure that `pointer` points to is long enough to have `member`. */
#define HOLDFAST_HAS(pointer, type, member) \
    ((pointer)->size >= offsetof(type, member) + sizeof((pointer)->member))

/* Names one request that is to be answered exactly once. It is a token, not a pointer: every use
 * after the answer is safe and only gives HOLDFAST_ALREADY_ANSWERED. Copies name the same request.
 */
typedef struct holdfast_responder {
    uint64_t value;
} holdfast_responder;

/* One request. The structure and everything it points to is valid, and does not change, until the
 * plugin has answered it: until the reply() or fail() that answers it has returned. A cancel, a
 * deadline that passes or a gateway that goes away does not shorten that. May be read from any
 * thread until then. */
typedef struct holdfast_request_v1 {
    size_t size;                   /* sizeof(holdfast_request_v1) where the host was built */
    uint64_t correlation_id;       /* the gateway's name for it; unique per gateway */
    uint32_t attempt;              /* from 1; above 1 an earlier worker may have processed it */
    uint32_t reserved;             /* 0 */
    holdfast_span service;         /* such as orders */
    holdfast_span route;           /* the pattern that matched, such as /v1/orders/{id} */
    holdfast_span method;          /* such as POST */
    holdfast_span target;          /* path and query, as normalised by the gateway */
    holdfast_span idempotency_key; /* empty when the client sent none */
    holdfast_span body;
    holdfast_fields parameters; /* of the path: {id} */
    holdfast_fields headers;    /* names in lower case; a name may repeat */
    holdfast_fields attributes; /* what the gateway added, such as orderId and receivedAt */
} holdfast_request_v1;

typedef enum holdfast_result {
    HOLDFAST_OK = 0,
    /* The plugin answered the request before, or has been destroyed since. Nothing was done. */
    HOLDFAST_ALREADY_ANSWERED = 1,
    /* The reply broke the contract (status, headers, size). The request has been failed with the
     * reason in the log, and with that it has been answered. */
    HOLDFAST_INVALID = 2,
    /* This version cannot do that. The request has not been answered by this call. */
    HOLDFAST_UNSUPPORTED = 3
} holdfast_result;

/* Flags of a reply. */
enum {
    /* The plugin did nothing at all for this request, and refuses it: the gateway answers 503 "not
     * processed, safe to retry". Only `detail` is used, for the log. */
    HOLDFAST_REPLY_NOT_PROCESSED = 1,
    /* Reserved for answers in chunks: this one is not the last. HOLDFAST_UNSUPPORTED for now. */
    HOLDFAST_REPLY_MORE = 2
};

/* Owned by the plugin, which may free it and all it points to as soon as reply() has returned. */
typedef struct holdfast_reply_v1 {
    size_t size;     /* sizeof(holdfast_reply_v1) where the plugin was built */
    uint32_t status; /* 200 to 599; 204, 205 and 304 have no body */
    uint32_t flags;
    /* No control characters but TAB; not the hop-by-hop ones; no Content-Length (it comes from the
     * body). */
    holdfast_fields headers;
    holdfast_span body;
    holdfast_span detail; /* for the worker's log, never for the client */
} holdfast_reply_v1;

typedef enum holdfast_log_level {
    HOLDFAST_LOG_DEBUG = 0,
    HOLDFAST_LOG_INFO = 1,
    HOLDFAST_LOG_WARNING = 2,
    HOLDFAST_LOG_ERROR = 3
} holdfast_log_level;

/* What the host offers. Owned by the host; valid from create() until destroy() has returned. Every
 * function takes the host as its first argument, may be called from any thread, does not block on
 * anything but a short lock, and must not be called after destroy() has returned. */
typedef struct holdfast_host_v1 holdfast_host_v1;
struct holdfast_host_v1 {
    size_t size; /* sizeof(holdfast_host_v1) where the host was built */
    holdfast_abi abi;

    /* `file` is static (__FILE__); `text` is copied. */
    void (*log)(const holdfast_host_v1* host, holdfast_log_level level, const char* file, int line,
                holdfast_span text);

    /* Answers the request. All of `reply` is copied during the call; it may point into the
     * request. HOLDFAST_OK also when the deadline has passed or the client has gone meanwhile. */
    holdfast_result (*reply)(const holdfast_host_v1* host, holdfast_responder responder,
                             const holdfast_reply_v1* reply);

    /* Answers the request as failed: the client gets 502, the reason goes to the log. */
    holdfast_result (*fail)(const holdfast_host_v1* host, holdfast_responder responder,
                            holdfast_span reason);

    /* Nanoseconds until nobody waits for the answer any more; 0 from then on, and once answered.
     * Nothing is stopped at that moment: the plugin decides what is still worth doing. */
    int64_t (*remaining_ns)(const holdfast_host_v1* host, holdfast_responder responder);

    /* 1 when the answer is no longer wanted (the client or the gateway has gone), else 0; 1 once
     * answered. The request must be answered all the same, with whatever is at hand. */
    int (*cancelled)(const holdfast_host_v1* host, holdfast_responder responder);

    /* Asks for callback(context) when the request is cancelled: at most once, on a thread of the
     * host, or within this call when it is cancelled already. It must not block; it may answer the
     * request. release(context) (may be NULL) is called exactly once, when callback neither runs
     * nor will run any more: after it has run, or once the request is answered, or within this call
     * when it does not return HOLDFAST_OK. A second callback for one request is
     * HOLDFAST_UNSUPPORTED. */
    holdfast_result (*on_cancel)(const holdfast_host_v1* host, holdfast_responder responder,
                                 void (*callback)(void* context), void (*release)(void* context),
                                 void* context);
};

/* What an option's value may be, in the JSON object that the config then is. */
typedef enum holdfast_option_type {
    HOLDFAST_OPTION_TEXT = 1,     /* a string that is not empty */
    HOLDFAST_OPTION_FLAG = 2,     /* true or false */
    HOLDFAST_OPTION_INTEGER = 3,  /* of 64 bits */
    HOLDFAST_OPTION_NUMBER = 4,   /* with a fraction */
    HOLDFAST_OPTION_DURATION = 5, /* "250ms", "30s", "5m" or "24h"; here in nanoseconds */
    HOLDFAST_OPTION_SIZE = 6,     /* 4096, "512KiB", "64MiB" or "2GiB"; here in bytes */
    HOLDFAST_OPTION_TEXTS = 7,    /* an array of strings */
    HOLDFAST_OPTION_INTEGERS = 8  /* an object of integers */
} holdfast_option_type;

/* Flags of an option. */
enum {
    HOLDFAST_OPTION_REQUIRED = 1, /* it has no default */
    HOLDFAST_OPTION_SECRET = 2    /* its value is never printed nor logged */
};

/* One option of a plugin's config: static. What is left zero is not there. */
typedef struct holdfast_option_v1 {
    size_t size;             /* sizeof(holdfast_option_v1) where the plugin was built */
    const char* name;        /* the member of the config's object */
    const char* description; /* one line for people */
    uint32_t type;           /* a holdfast_option_type */
    uint32_t flags;
    int64_t lowest; /* both 0: no bounds. Of an INTEGERS, of each of them */
    int64_t highest;
    int64_t default_integer;  /* of a FLAG (0 or 1), INTEGER, DURATION or SIZE */
    const char* default_text; /* of a TEXT; of a NUMBER, TEXTS or INTEGERS, as JSON */
    const char* choices;      /* of a TEXT, separated by '|': "normal|full"; NULL: any text */
} holdfast_option_v1;

/* A plugin's description of itself: static, the same at every call. */
typedef struct holdfast_plugin_v1 {
    holdfast_abi abi; /* first: compared before anything below is read */
    size_t size;      /* sizeof(holdfast_plugin_v1) where the plugin was built */
    const char* name;
    const char* version;
    const char* const* services; /* names of the services it serves; at least one */
    size_t service_count;

    /* Makes the plugin's instance, once per load, on the host's main thread, before any request.
     * `host` and `config` (the text that the worker was started with; may be empty) are valid until
     * destroy() has returned. May block. Returns the instance, or NULL on failure, with a
     * NUL-terminated reason in `error` (a buffer of the host with room for `error_size` bytes). */
    void* (*create)(const holdfast_host_v1* host, holdfast_span config, char* error,
                    size_t error_size);

    /* Takes one request. Called from several threads of the host at once; may block (it holds one
     * of the host's handler threads meanwhile). The request is to be answered exactly once: before
     * this returns, or later, from any thread. Until then `request` stays valid. */
    void (*handle)(void* instance, const holdfast_request_v1* request,
                   holdfast_responder responder);

    /* Ends the instance, once, on the thread that created it, when no handle() runs. The host has
     * cancelled the requests that are still unanswered, and every cancel callback has been
     * released, before it calls this. They may be answered meanwhile; those unanswered when this
     * returns are failed by the host. By then every thread of the plugin has ended, and none calls
     * the host. */
    void (*destroy)(void* instance);

    /* Since 1.1. With options, the config is a JSON object of them, or empty, and a worker of 1.1
     * creates the plugin only with one that fits: every error names line and column. NULL: the
     * config is any text. */
    const holdfast_option_v1* const* options;
    size_t option_count;
} holdfast_plugin_v1;

#define HOLDFAST_STRINGIFY_(text) #text
#define HOLDFAST_STRINGIFY(text) HOLDFAST_STRINGIFY_(text)
#define HOLDFAST_BUILT_WITH                                                        \
    "holdfast abi " HOLDFAST_STRINGIFY(HOLDFAST_ABI_MAJOR) "." HOLDFAST_STRINGIFY( \
        HOLDFAST_ABI_MINOR) ", compiler " __VERSION__

/* Initialises holdfast_plugin_v1::abi and holdfast_host_v1::abi. */
#define HOLDFAST_ABI_INIT \
    { HOLDFAST_ABI_MAGIC, HOLDFAST_ABI_MAJOR, HOLDFAST_ABI_MINOR, HOLDFAST_BUILT_WITH }

/* The one symbol that a plugin exports. Never NULL, and it does nothing but return the address. */
#define HOLDFAST_PLUGIN_SYMBOL "holdfast_plugin"
typedef const holdfast_plugin_v1* (*holdfast_plugin_function)(void);
HOLDFAST_EXPORT const holdfast_plugin_v1* holdfast_plugin(void);

#ifdef __cplusplus
}
#endif

#endif
