// The words that the platform gives. They are measured, or made from what is measured; a wrong one starts nothing.
//
//   prepare m u d b1.5432 - NEXT...   as a step before the privileges are dropped
//   run gHEX l8080.web c.db n1.db n1.db.example eNAME o - NEXT...
#include "relay.h"

struct settings settings;

u32 number_in(const char **text) {
  u32 value = 0;
  for (; **text >= '0' && **text <= '9'; (*text)++) value = value * 10 + (u32)(**text - '0');
  return value;
}

static u32 then_dot(const char **text) {
  u32 value = number_in(text);
  if (*(*text)++ != '.') die(NOT_STARTED);
  return value;
}

static u32 hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return (u32)(digit - '0');
  if (digit >= 'a' && digit <= 'f') return (u32)(digit - 'a' + 10);
  die(NOT_STARTED);
}

static void greeting(const char *hex) {
  for (u32 i = 0; hex[2 * i] != 0; i++) {
    if (i == sizeof settings.greeting) die(NOT_STARTED);
    settings.greeting[i] = (u8)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    settings.greeting_bytes = i + 1;
  }
}

static u32 one_more(u32 *count, u32 most) {
  if (*count == most) die(NOT_STARTED);
  return (*count)++;
}

static void word(const char *text) {
  char kind = *text++;
  u32 at;
  switch (kind) {
    case 'g': greeting(text); return;
    case 'l':
      at = one_more(&settings.listeners, MAX_NAMES);
      settings.listener[at].port = then_dot(&text);
      settings.listener[at].name = text;
      return;
    case 'c': settings.destination[one_more(&settings.destinations, MAX_NAMES)] = text; return;
    case 'n':
      at = one_more(&settings.names, MAX_DNS);
      settings.name[at].index = then_dot(&text);
      settings.name[at].name = text;
      return;
    case 'e': settings.variable[one_more(&settings.variables, MAX_VARIABLES)] = text; return;
    case 'o': settings.logs = 1; return;
    default: die(NOT_STARTED);
  }
}

char **read_words(char **words) {
  for (; *words != 0; words++) {
    if (**words == '-') return words + 1;
    word(*words);
  }
  die(NOT_STARTED);
}
