/*
 * src/settings.h
 *
 * The extension's settings (GUCs), defined in ingest.c.
 */
#ifndef INGEST_SETTINGS_H
#define INGEST_SETTINGS_H

extern char *IngestAllowedNetworks;
extern char *IngestUserAgent;
extern char *IngestCaFile;
extern char *IngestProxy;
extern int	IngestConnectTimeout;	/* ms */
extern int	IngestRequestTimeout;	/* ms */
extern int	IngestRunTimeout;	/* s; 0: none */
extern int	IngestMaxResponseSize;	/* kB */
extern int	IngestMaxRetries;
extern int	IngestMaxWorkers;
extern bool IngestLogJobs;
extern bool IngestEnabled;
extern char *IngestDatabases;
extern int	IngestJobRetention;	/* minutes; -1: for ever */
extern int	IngestMaxJobs;		/* per source; 0: no limit */
extern int	IngestRawRetention;	/* minutes after the event; -1: for ever */

#endif
