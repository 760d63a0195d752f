import type { ArgumentSpec, OptionSpec } from '../command.ts';
import type { CommandEntry } from '../entry.ts';
import { commonOptions } from '../usage.ts';

/** What a shell offers in one place. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Files with one of these extensions, or any file when there are none; and folders, which lead to files. */
  | { readonly kind: 'files'; readonly extensions: readonly string[] }
  | { readonly kind: 'folders' }
  | { readonly kind: 'nothing' };

export interface CompletionOption {
  /** With its dashes. */
  readonly name: string;
  readonly summary: string;
  /** What its value can be. Absent when it takes no value. */
  readonly value: Candidates | undefined;
}

export interface CompletionCommand {
  /** `platform init`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  readonly arguments: readonly Candidates[];
  /** Whether the last argument may be given any number of times. */
  readonly repeatsLast: boolean;
  /** Whether words after `--` are handed on. */
  readonly hasRest: boolean;
}

/** Everything that a shell completes. */
export interface CompletionModel {
  /** The name of the program: letters and digits. */
  readonly program: string;
  readonly commands: readonly CompletionCommand[];
  /** First words, `help` and the options of the program itself included, with their summaries. */
  readonly firstWords: readonly (readonly [word: string, summary: string])[];
  /** What may follow the first words of the commands that have more: `platform`, and `platform audit`. */
  readonly groups: ReadonlyMap<string, readonly (readonly [word: string, summary: string])[]>;
}

export async function completionModel(
  program: string,
  registry: readonly CommandEntry<never>[],
): Promise<CompletionModel> {
  const commands = await Promise.all(
    registry.map(async (entry): Promise<CompletionCommand> => {
      const { name, summary } = entry;
      const command = await entry.load();
      return {
        name: name.join(' '),
        summary,
        options: Object.entries({ ...command.options, ...commonOptions(command) }).map(([key, spec]) =>
          optionOf(key, spec),
        ),
        arguments: Object.values(command.arguments).map(candidatesOf),
        repeatsLast: Object.values(command.arguments).at(-1)?.multiple === true,
        hasRest: command.rest !== undefined,
      };
    }),
  );
  const groups = groupsOf(registry);
  const single = registry.flatMap(({ name, summary }) => (name.length === 1 ? [[name.join(), summary] as const] : []));
  const grouped = [...groups].flatMap(([prefix, members]) =>
    prefix.includes(' ') ? [] : [[prefix, members.map(([word]) => word).join(', ')] as const],
  );
  const own = [
    ['help', 'Show the commands, or one of them'],
    ['--help', 'Show the commands'],
    ['--version', 'Show the version'],
  ] as const;
  return { program, commands, firstWords: [...single, ...grouped, ...own], groups };
}

function groupsOf(registry: readonly CommandEntry<never>[]): CompletionModel['groups'] {
  const groups = new Map<string, Map<string, string>>();
  for (const { name, summary } of registry) {
    for (let length = 1; length < name.length; length += 1) {
      const prefix = name.slice(0, length).join(' ');
      const members = groups.get(prefix) ?? new Map<string, string>();
      groups.set(prefix, members);
      const word = name[length] ?? '';
      const isCommand = length === name.length - 1;
      // A group in a group is told by its commands.
      members.set(word, isCommand ? summary : [members.get(word), name[length + 1]].filter(Boolean).join(', '));
    }
  }
  return new Map([...groups].map(([prefix, members]) => [prefix, [...members]]));
}

function optionOf(key: string, spec: OptionSpec): CompletionOption {
  const value = spec.type === 'boolean' ? undefined : candidatesOf(spec);
  return { name: `--${key}`, summary: spec.summary, value };
}

/** The help says what a value is by its word, and by the extensions of its files. */
function candidatesOf({
  value,
  choices,
  extensions = [],
}: Pick<ArgumentSpec, 'value' | 'choices' | 'extensions'>): Candidates {
  if (choices !== undefined) return { kind: 'words', words: choices };
  const words = value.split('|');
  if (words.some((word) => fileWords.has(word))) return { kind: 'files', extensions };
  return words.some((word) => folderWords.has(word)) ? { kind: 'folders' } : { kind: 'nothing' };
}

const fileWords: ReadonlySet<string> = new Set(['FILE', 'IMAGE', 'PATH', 'SOCKET']);
const folderWords: ReadonlySet<string> = new Set(['DIR', 'FOLDER']);
