import { styleText } from 'node:util';

/** Tells the demo. Nothing is told before it happened. */
export interface Story {
  chapter(title: string): void;
  say(label: string, value: string): void;
  note(text: string): void;
  /** A thing that must be true for the demo to succeed. @throws when it is not. */
  happened(text: string, condition: boolean): void;
}

export class StoryError extends Error {}

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
