import { quoted } from '../shell-word.ts';
import type { Candidates, CompletionCommand, CompletionModel } from './model.ts';

/** `:` and brackets end parts of a specification of _arguments (zshcompsys(1)). */
function escaped(text: string): string {
  return text.replaceAll(/[\\:[\]]/g, String.raw`\$&`);
}

function action(candidates: Candidates): string {
  switch (candidates.kind) {
    case 'words':
      return `(${candidates.words.join(' ')})`;
    case 'files':
      return candidates.extensions.length === 0 ? '_files' : `_files -g "*.(${candidates.extensions.join('|')})(-.)"`;
    case 'folders':
      return '_files -/';
    case 'nothing':
      return ' ';
  }
}

function commandCase(command: CompletionCommand): readonly string[] {
  const { name, options, arguments: positionals, repeatsLast, hasRest } = command;
  const place = (index: number): string => (repeatsLast && index === positionals.length - 1 ? '*' : `${index + 1}:`);
  const specs = [
    ...options.map(({ name: option, summary, value }) =>
      value === undefined
        ? `*${option}[${escaped(summary)}]`
        : `*${option}=[${escaped(summary)}]:value:${action(value)}`,
    ),
    ...positionals.map((candidates, index) => `${place(index)}:argument:${action(candidates)}`),
    // One specification takes all the arguments that are left.
    ...(hasRest && !repeatsLast ? ['*:: :_default'] : []),
  ];
  return [
    `    ${quoted(name)})`,
    ...specs.map(
      (spec, index) =>
        `      ${index === 0 ? '_arguments -S ' : '  '}${quoted(spec)}${index === specs.length - 1 ? ' ;;' : ' \\'}`,
    ),
  ];
}

function described(words: readonly (readonly [string, string])[]): string {
  return words.map(([word, summary]) => quoted(`${word.replaceAll(':', String.raw`\:`)}:${summary}`)).join(' ');
}

/** Completions for zsh 5. */
export function zshCompletions({ program, commands, firstWords, groups }: CompletionModel): string {
  const groupCases = [...groups].map(([word, members]) => `    ${quoted(word)}) shown=(${described(members)}) ;;`);
  const groupNames = [...groups.keys()].map(quoted).join('|');
  const helpWords = firstWords.filter(([word]) => word !== 'help' && !word.startsWith('-'));
  return `#compdef ${program}
# zsh completions of ${program}, written by \`${program} completions zsh\`.
_${program}() {
  local -a shown
  local command=$words[2] used=2
  if (( CURRENT == 2 )); then
    shown=(${described(firstWords)})
    _describe command shown
    return
  fi
  if [[ $command == help ]]; then
    if (( CURRENT == 3 )); then
      shown=(${described(helpWords)})
      _describe command shown
      return
    fi
    command=$words[3] used=3
  fi
  while [[ $command == (${groupNames}) ]]; do
    if (( CURRENT == used + 1 )); then
      case $command in
${groupCases.join('\n')}
      esac
      _describe command shown
      return
    fi
    (( used += 1 ))
    command="$command $words[used]"
  done
  if [[ $words[2] == help ]]; then return; fi
  shift $((used - 1)) words
  (( CURRENT -= used - 1 ))
  case $command in
${commands.flatMap(commandCase).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}
