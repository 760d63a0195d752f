import type { Candidates, CompletionCommand, CompletionModel } from './model.ts';

/** A word of the script that the shell takes as it is (fish, single quotes: a backslash escapes itself and the quote). */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** Where a value is wanted. Fish offers files unless it is told not to. */
function flags(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `-x -a ${quoted(candidates.words.join(' '))}`;
    case 'files':
      return candidates.extensions.length === 0
        ? '-r -F'
        : `-x -a ${quoted(`(__enclos_files ${candidates.extensions.join(' ')})`)}`;
    case 'folders':
      return `-x -a '(__enclos_files)'`;
    case 'nothing':
      return '-x';
  }
}

function commandLines({ name, options, arguments: positionals }: CompletionCommand): readonly string[] {
  const at = `complete -c enclos -n ${quoted(`__enclos_at ${quoted(name)}`)}`;
  return [
    ...options.map(({ name: option, summary, value }) => {
      const takes = value === undefined ? '' : ` ${flags(value)}`;
      return `${at} -l ${option.slice(2)}${takes} -d ${quoted(summary)}`;
    }),
    // Fish has no places: what one of them takes is offered in each.
    ...positionals.flatMap((candidates) => (candidates.kind === 'nothing' ? [] : [`${at} ${positional(candidates)}`])),
  ];
}

function positional(candidates: Candidates): string {
  return candidates.kind === 'files' && candidates.extensions.length === 0
    ? '-F'
    : flags(candidates).replace(/^-[xr]/, '-f');
}

/** Completions for fish 3 or later. */
export function fishCompletions({ commands, firstWords, groups }: CompletionModel): string {
  const first = (condition: string, words: readonly (readonly [string, string])[]): readonly string[] =>
    words.map(
      ([word, summary]) => `complete -c enclos -n ${quoted(condition)} -a ${quoted(word)} -d ${quoted(summary)}`,
    );
  const names = firstWords.filter(([word]) => !word.startsWith('-'));
  return `# fish completions of enclos, written by \`enclos completions fish\`.
# The words so far that are not options, without the name of the program.
function __enclos_words
    set -l tokens (commandline -opc)
    for token in $tokens[2..-1]
        if string match -q -- '-*' $token
            return
        end
        echo $token
    end
end
function __enclos_at
    set -l wanted (string split ' ' -- $argv[1])
    set -l words (__enclos_words)
    test (count $words) -ge (count $wanted); and test "$words[1..$(count $wanted)]" = "$wanted"
end
function __enclos_only
    test "$(__enclos_words | string join ' ')" = "$argv[1]"; and not string match -q -- '-*' (commandline -opc)[-1]
end
# Files with one of the extensions, and folders.
function __enclos_files
    set -l current (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    for path in $current*/
        echo $path
    end
    for extension in $argv
        for path in $current*.$extension
            test -d $path; or echo $path
        end
    end
end
complete -c enclos -f
${first("__enclos_only ''", names).join('\n')}
complete -c enclos -n "__enclos_only ''" -l help -d 'Show the commands'
complete -c enclos -n "__enclos_only ''" -l version -d 'Show the version'
${first(
  '__enclos_only help',
  names.filter(([word]) => word !== 'help'),
).join('\n')}
${[...groups].flatMap(([word, members]) => [...first(`__enclos_only '${word}'`, members), ...first(`__enclos_only 'help ${word}'`, members)]).join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}
