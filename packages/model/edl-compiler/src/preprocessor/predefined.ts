import { Findings } from '../findings/findings.ts';
import { Lexer } from '../lexis/lexer.ts';
import type { Token } from '../lexis/token.ts';
import type { DialectChoice } from '../source/dialect.ts';

/** What `gcc -E` of every version defines on Linux on x86-64, each as 1, as far as interfaces ask for it. */
const ofGcc = [
  '__linux__',
  '__linux',
  'linux',
  '__unix__',
  '__unix',
  'unix',
  '__x86_64__',
  '__x86_64',
  '__amd64__',
  '__amd64',
  '__LP64__',
  '_LP64',
  '__ELF__',
  '__STDC__',
];
const longestBody = 1000;

/** The names that are defined before the first line, with what replaces them. */
export function definedNames(options: {
  readonly dialect: DialectChoice;
  readonly defines: Readonly<Record<string, string>>;
}): Map<string, readonly Token[] | undefined> {
  const names = new Map<string, readonly Token[] | undefined>();
  if (options.dialect === 'intel') for (const name of ofGcc) names.set(name, tokensOf('1'));
  for (const [name, text] of Object.entries(options.defines)) {
    names.set(name, text === '' ? undefined : tokensOf(text));
  }
  return names;
}

/** What a definition of the command line stands for. */
function tokensOf(text: string): readonly Token[] {
  const findings = new Findings({ dialect: 'intel' });
  const lexer = new Lexer({ path: '', text }, { dialect: 'intel', findings, budget: { left: longestBody } });
  const tokens: Token[] = [];
  for (;;) {
    const { kind, ...token } = lexer.next();
    if (kind === 'end') return tokens;
    if (kind === 'name' || kind === 'number' || kind === 'string' || kind === 'symbol') tokens.push({ kind, ...token });
  }
}
