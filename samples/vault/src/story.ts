import { styleText } from 'node:util';
import { isEnclosError } from '@enclos/errors';

/** Tells the demo. It tells each step only after it happened. */
export interface Story {
  chapter(title: string): void;
  say(label: string, value: string): void;
  note(text: string): void;
  /** A thing that must be true for the demo to succeed. @throws StoryError when it is not. */
  happened(text: string, condition: boolean): void;
}

export class StoryError extends Error {}

/** Takes a story line by line, and the failure that ended it. */
export interface StoryOutput {
  write(line: string): void;
  fail(line: string): void;
}

/**
 * Tells a story to its end.
 *
 * @returns the exit code: 0 when every step happened, 1 when one did not. An error that no step expects is rethrown.
 */
export async function tellStory(tell: (story: Story) => Promise<void>, output: StoryOutput): Promise<0 | 1> {
  try {
    await tell(createStory((line) => output.write(line)));
    return 0;
  } catch (error) {
    if (!(error instanceof StoryError) && !isEnclosError(error)) throw error;
    output.fail(`\n   ✖ ${error.message}`);
    return 1;
  }
}

export function createStory(write: (line: string) => void): Story {
  let chapters = 0;
  const color = (style: Parameters<typeof styleText>[0], text: string): string =>
    process.stdout.isTTY && process.env['NO_COLOR'] === undefined ? styleText(style, text) : text;
  return {
    chapter: (title) => write(`\n${color('bold', `${++chapters}. ${title}`)}`),
    say: (label, value) => write(`   ${label.padEnd(20)} ${value}`),
    note: (text) => write(color('dim', `   ${text}`)),
    happened(text, condition) {
      if (!condition) throw new StoryError(`This did not happen: ${text}`);
      write(`   ${color('green', '✔')} ${text}`);
    },
  };
}
