import { withoutInternalFrames } from '@enclos/diagnostics';
import { showsWholeStacks } from '../report/caller-stack.ts';

/** The advice where an error of a debug enclave is in the message already. */
export const mendShown = 'Correct the code that the error of the debug enclave points to.';

/** A longer line is code of the bundle, which Node shows with an error that nothing caught. */
const maxLineLength = 400;
const fatal = /^FATAL ERROR: .*$/m;
/** Its place and its mark, and the last words of Node. */
const ofNode = /^(?:enclave\.js:\d+|\s*\^+|Node\.js v\d\S*|\s*)$/;

/**
 * What a debug enclave wrote last, or the stack trace of its error, without what helps only people who work on Enclos or on Node.
 * `ENCLOS_STACK=1` keeps it all.
 */
export function readableOutput(text: string): string {
  if (showsWholeStacks) return text;
  const [first = '', ...output] = text.split('\n');
  // V8 ends with statistics and with addresses of machine code.
  const [said] = fatal.exec(text) ?? [];
  if (said !== undefined) return `${first}\n${said}`;
  const lines = output.filter((line) => line.length <= maxLineLength && !ofNode.test(line));
  return withoutInternalFrames([first, ...lines].join('\n'));
}
