/*
 * src/feed/builder.c
 *
 * Text put together piece by piece.  Pure C.
 */
#include "feed/builder.h"

#include <stdbool.h>
#include <string.h>

#include "feed/text.h"

void
BuilderAdd(TextBuilder *builder, const char *bytes, size_t length)
{
	if (builder->room - builder->length <= length)
	{
		size_t		room = builder->room * 2 + length + 128;
		char	   *text = ArenaAlloc(builder->arena, room);

		if (builder->length > 0)
			memcpy(text, builder->text, builder->length);
		builder->text = text;
		builder->room = room;
	}
	memcpy(builder->text + builder->length, bytes, length);
	builder->length += length;
	builder->text[builder->length] = '\0';
}

void
BuilderAddText(TextBuilder *builder, const char *text)
{
	BuilderAdd(builder, text, strlen(text));
}

void
BuilderAddEncoded(TextBuilder *builder, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (const unsigned char *c = (const unsigned char *) text; *c != '\0'; c++)
	{
		const char	escape[] = {'%', digits[*c >> 4], digits[*c & 15]};

		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			(*c >= '0' && *c <= '9') || strchr("-._~", *c) != NULL)
			BuilderAdd(builder, (const char *) c, 1);
		else
			BuilderAdd(builder, escape, sizeof(escape));
	}
}

void
BuilderAddParameter(TextBuilder *builder, const char *name, const char *value)
{
	const bool	is_first = builder->length == 0 ||
		memchr(builder->text, '?', builder->length) == NULL;

	if (value == NULL)
		return;
	BuilderAddText(builder, is_first ? "?" : "&");
	BuilderAddText(builder, name);
	BuilderAddText(builder, "=");
	BuilderAddEncoded(builder, value);
}

/* Begin a member */
static void
add_name(TextBuilder *builder, const char *name)
{
	BuilderAddText(builder, builder->length == 0 ? "{\"" : ",\"");
	BuilderAddText(builder, name);
	BuilderAddText(builder, "\":");
}

void
BuilderAddMember(TextBuilder *builder, const char *name, const char *value)
{
	if (value == NULL)
		return;
	add_name(builder, name);
	BuilderAddText(builder, TextToJsonString(builder->arena, value, strlen(value)));
}

void
BuilderAddFlag(TextBuilder *builder, const char *name)
{
	add_name(builder, name);
	BuilderAddText(builder, "true");
}

const char *
BuilderCloseObject(TextBuilder *builder)
{
	if (builder->length == 0)
		return NULL;
	BuilderAddText(builder, "}");
	return builder->text;
}
