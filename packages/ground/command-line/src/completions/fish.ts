import type { Candidates, CompletionCommand, CompletionModel } from './model.ts';

/** A word of the script that the shell takes as it is (fish, single quotes: a backslash escapes itself and the quote). */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** Where a value is wanted. Fish offers files unless it is told not to. */
function flags(candidates: Candidates, program: string): string {
  switch (candidates.kind) {
    case 'words':
      return `-x -a ${quoted(candidates.words.join(' '))}`;
    case 'files':
      return candidates.extensions.length === 0
        ? '-r -F'
        : `-x -a ${quoted(`(__${program}_files ${candidates.extensions.join(' ')})`)}`;
    case 'folders':
      return `-x -a '(__${program}_files)'`;
    case 'nothing':
      return '-x';
  }
}

function commandLines(
  { name, options, arguments: positionals }: CompletionCommand,
  program: string,
): readonly string[] {
  const at = `complete -c ${program} -n ${quoted(`__${program}_at ${quoted(name)}`)}`;
  return [
    ...options.map(({ name: option, summary, value }) => {
      const takes = value === undefined ? '' : ` ${flags(value, program)}`;
      return `${at} -l ${option.slice(2)}${takes} -d ${quoted(summary)}`;
    }),
    // Fish has no places: what one of them takes is offered in each.
    ...positionals.flatMap((candidates) =>
      candidates.kind === 'nothing' ? [] : [`${at} ${positional(candidates, program)}`],
    ),
  ];
}

function positional(candidates: Candidates, program: string): string {
  return candidates.kind === 'files' && candidates.extensions.length === 0
    ? '-F'
    : flags(candidates, program).replace(/^-[xr]/, '-f');
}

/** Completions for fish 3 or later. */
export function fishCompletions({ program, commands, firstWords, groups }: CompletionModel): string {
  const first = (condition: string, words: readonly (readonly [string, string])[]): readonly string[] =>
    words.map(
      ([word, summary]) => `complete -c ${program} -n ${quoted(condition)} -a ${quoted(word)} -d ${quoted(summary)}`,
    );
  const names = firstWords.filter(([word]) => !word.startsWith('-'));
  return `# fish completions of ${program}, written by \`${program} completions fish\`.
# The words so far that are not options, without the name of the program.
function __${program}_words
    set -l tokens (commandline -opc)
    for token in $tokens[2..-1]
        if string match -q -- '-*' $token
            return
        end
        echo $token
    end
end
function __${program}_at
    set -l wanted (string split ' ' -- $argv[1])
    set -l words (__${program}_words)
    test (count $words) -ge (count $wanted); and test "$words[1..$(count $wanted)]" = "$wanted"
end
function __${program}_only
    test "$(__${program}_words | string join ' ')" = "$argv[1]"; and not string match -q -- '-*' (commandline -opc)[-1]
end
# Files with one of the extensions, and folders.
function __${program}_files
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
complete -c ${program} -f
${first(`__${program}_only ''`, names).join('\n')}
complete -c ${program} -n "__${program}_only ''" -l help -d 'Show the commands'
complete -c ${program} -n "__${program}_only ''" -l version -d 'Show the version'
${first(
  `__${program}_only help`,
  names.filter(([word]) => word !== 'help'),
).join('\n')}
${[...groups].flatMap(([word, members]) => [...first(`__${program}_only '${word}'`, members), ...first(`__${program}_only 'help ${word}'`, members)]).join('\n')}
${commands.flatMap((command) => commandLines(command, program)).join('\n')}
`;
}
