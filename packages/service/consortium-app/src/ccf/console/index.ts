import type { Extension } from '../../session/extension.ts';
import { needText } from '../../session/values.ts';

/** A line that is longer ends in an ellipsis. */
const maxLineLength = 8192;
const maxLinesOfCall = 1000;

/** `console.log`, `.info`, `.warn` and `.error`; lines go to the logger of the service, so many and so long at most. */
export const consoleLines: Extension = {
  prelude: `
const line = (values) => {
  let text = '';
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (index > 0) text += ' ';
    text += isObject(value) && !(value instanceof Failure) ? textOf(stringify(value)) : textOf(value);
  }
  return text;
};
const console = {};
console.log = function log(...values) { host.consoleLine('info', line(values)); };
console.info = function info(...values) { host.consoleLine('info', line(values)); };
console.warn = function warn(...values) { host.consoleLine('warn', line(values)); };
console.error = function error(...values) { host.consoleLine('error', line(values)); };
defineProperty(world, 'console', { value: console, writable: true, configurable: true, enumerable: false });
`,
  host: (session) => ({
    consoleLine: (level, text) => {
      const call = session.call;
      call.lines += 1;
      if (call.lines > maxLinesOfCall) return;
      const line = needText(text);
      const shown = line.length > maxLineLength ? `${line.slice(0, maxLineLength)}…` : line;
      const more = call.lines === maxLinesOfCall ? ' (the last line that is kept of this call)' : '';
      session.services.log?.(level === 'warn' || level === 'error' ? level : 'info', shown + more);
    },
  }),
};
