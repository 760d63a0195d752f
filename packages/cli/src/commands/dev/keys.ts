/** What a key does in `enclos dev`. */
export type DevAction = 'restart' | 'rebuild' | 'identity' | 'more' | 'less' | 'isolation' | 'clear' | 'help' | 'quit';

interface Key {
  readonly key: string;
  readonly action: DevAction;
  readonly summary: string;
}

export const devKeys: readonly Key[] = Object.freeze([
  { key: 'r', action: 'restart', summary: 'start the host program and its enclave again' },
  { key: 'b', action: 'rebuild', summary: 'build everything, and start it again' },
  { key: 'm', action: 'identity', summary: 'show the identity of the enclave: MRENCLAVE, MRSIGNER, product' },
  { key: 'd', action: 'isolation', summary: 'show what isolates it on this machine' },
  { key: 'l', action: 'more', summary: 'show more of its log' },
  { key: 'L', action: 'less', summary: 'show less of its log' },
  { key: 'c', action: 'clear', summary: 'clear the screen' },
  { key: 'h', action: 'help', summary: 'show these keys' },
  { key: 'q', action: 'quit', summary: 'end everything' },
]);

const ctrlC = '\u0003';
const ctrlD = '\u0004';

/** Reads keys out of what is typed: each character of a terminal, the first of each line otherwise. */
export function createKeyReader(isTTY: boolean): (text: string) => readonly DevAction[] {
  let rest = '';
  return (text) => {
    if (isTTY) return Array.from(text).flatMap(actionOf);
    const lines = (rest + text).split('\n');
    // No key is a line that never ends.
    rest = (lines.pop() ?? '').slice(0, 64);
    return lines.flatMap((line) => actionOf(line.trim()));
  };
}

function actionOf(typed: string): readonly DevAction[] {
  if (typed === ctrlC || typed === ctrlD) return ['quit'];
  const found = devKeys.find(({ key, action }) => typed === key || typed === action);
  return found === undefined ? [] : [found.action];
}
