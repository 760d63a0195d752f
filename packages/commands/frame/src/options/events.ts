/** For a command that runs for long: what happens is its output, and not one result at its end. */
export const eventsOption = {
  type: 'boolean',
  summary: 'Print each event as JSON, one a line, and nothing else',
} as const;
