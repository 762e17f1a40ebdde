/*
 * src/feed/robots.h
 *
 * robots.txt: what a site asks crawlers to leave alone (RFC 9309).
 *
 * Pure C.
 */
#ifndef INGEST_FEED_ROBOTS_H
#define INGEST_FEED_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "feed/arena.h"

typedef struct Robots Robots;

/* What of a file is read (RFC 9309, 2.5: at least 500 KiB) */
#define ROBOTS_MAX_SIZE (512 * 1024)

/*
 * The rules that a robots.txt has for a user agent: of the group or groups
 * that name its product token ("ingest" of "ingest/1.0", any case), else of
 * those for "*".  Whatever the bytes are: lines that are no rule are passed
 * over.
 */
extern const Robots *RobotsParse(Arena *arena, const char *bytes, size_t length,
								 const char *user_agent);

/*
 * May the URL be fetched?  The longest matching rule decides, Allow among
 * equals; NULL robots allow everything, and so is /robots.txt itself.
 */
extern bool RobotsAllow(const Robots *robots, const char *url);

/* The group's Crawl-delay in seconds (an extension), or 0. */
extern double RobotsDelay(const Robots *robots);

#endif
