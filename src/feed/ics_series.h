/*
 * src/feed/ics_series.h
 *
 * How the components of one UID are held while they become occurrences:
 * ics_member.c reads them, ics_instances.c works out a master's recurrence
 * set, ics_expand.c puts them together.
 *
 * Pure C.
 */
#ifndef INGEST_FEED_ICS_SERIES_H
#define INGEST_FEED_ICS_SERIES_H

#include "feed/ics_internal.h"

#define ICS_DAY 86400

/* Overrides of all that follows, in one series */
#define ICS_MAX_FUTURES 100

/* What a component says of its time; one for each of a UID */
typedef struct IcsMember
{
	uint32_t	entry;
	IcsCalendar *calendar;
	const char *uid;
	const char *skip_reason;
	const char *withheld;
	const char *refusal;
	uint64_t	hash;
	int64_t		last_modified;
	IcsTime		start;
	IcsTime		end;
	IcsTime		recurrence_id;
	IcsDuration duration;
	bool		has_end;
	bool		has_duration;
	bool		is_point;		/* ends as it starts: its end is not known */
	bool		has_recurrence_id;
	bool		and_future;
	bool		says_all_day;	/* X-MICROSOFT-CDO-ALLDAYEVENT */
	bool		recurs;
	bool		dropped;		/* a duplicate */
} IcsMember;

/* A sorted set of instants or days */
typedef struct IcsTimeSet
{
	int64_t    *items;
	int			count;
	int			room;
} IcsTimeSet;

/* One of a recurrence set */
typedef struct IcsInstance
{
	LocalTime	local;
	FeedTime	utc;
	FeedTime	end;			/* of an RDATE's period, else UNKNOWN */
	bool		outside_rule;
} IcsInstance;

/* All of one UID */
typedef struct IcsSeries
{
	IcsPage    *ics;
	Arena	   *arena;			/* of what comes out */
	Arena	   *work;			/* of one master's expansion */
	IcsMember  *members;
	int			nmembers;
	IcsTimeSet	replaced;		/* original starts of the overrides */
	const IcsMember *futures[ICS_MAX_FUTURES];	/* THISANDFUTURE */
	int			nfutures;
	int			nexpanded;
	const IcsMember *master;	/* the one being expanded */
	const IcsComponent *component;
	IcsTimeSet	excluded;
	IcsTimeSet	excluded_days;
	IcsInstance *instances;
	int			ninstances;
	int			instance_room;
	int			ndates;
	int			nrules;
	IcsOccurrence *list;
	int			count;
	int			room;
} IcsSeries;

/* The day of a wall clock's reading, counted from 1970. */
static inline int64_t
IcsDay(LocalTime local)
{
	return local / ICS_DAY - (local % ICS_DAY < 0);
}

/* ics_member.c */

/* Read what matters of an entry's component, which is not kept. */
extern void IcsReadMember(IcsPage *ics, uint32_t index, Arena *arena, IcsMember *member);

/* When the member ends if it starts at local, utc. */
extern FeedTime IcsMemberEnd(const IcsMember *member, LocalTime local, FeedTime utc);

/* ics_utc.c */

/* Of a series that is written in UTC and meant in the calendar's zone: say it there. */
extern void IcsMeanWallClock(IcsPage *ics, IcsMember *member, const IcsComponent *component);

/* ics_instances.c */

/* Room for one more: the array itself, or a copy with twice the room. */
extern void *IcsGrow(Arena *arena, void *items, int count, int *room, size_t size);

/* A set is sorted once, between the last addition and the first question. */
extern void IcsSetAdd(Arena *arena, IcsTimeSet *set, int64_t item);
extern void IcsSetSort(IcsTimeSet *set);
extern bool IcsSetHas(const IcsTimeSet *set, int64_t item);

/* All instances of series->master that can lie in the window, ascending. */
extern void IcsCollectInstances(IcsSeries *series);

/* Is the instance taken away by EXDATE or taken over by an override? */
extern bool IcsIsGone(const IcsSeries *series, const IcsInstance *instance);

#endif
