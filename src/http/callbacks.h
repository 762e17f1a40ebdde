/*
 * src/http/callbacks.h
 *
 * What libcurl calls; for client.c and options.c alone.  Include postgres.h
 * first.
 */
#ifndef INGEST_HTTP_CALLBACKS_H
#define INGEST_HTTP_CALLBACKS_H

#include "http/http_internal.h"

extern size_t http_header_cb(char *line, size_t size, size_t nitems, void *arg);
extern size_t http_write_cb(char *bytes, size_t size, size_t nmemb, void *arg);
extern curl_socket_t http_opensocket_cb(void *arg, curlsocktype purpose,
										struct curl_sockaddr *address);
extern int	http_socket_cb(CURL *easy, curl_socket_t fd, int what, void *arg,
						   void *socket_arg);
extern int	http_timer_cb(CURLM *multi, long timeout_ms, void *arg);

#endif
