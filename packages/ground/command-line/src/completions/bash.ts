import { quoted } from '../shell-word.ts';
import type { Candidates, CompletionCommand, CompletionModel } from './model.ts';

function reply(candidates: Candidates, program: string): string {
  switch (candidates.kind) {
    case 'words':
      return `_${program}_words ${quoted(candidates.words.join(' '))}`;
    case 'files':
      return [`_${program}_files`, ...candidates.extensions.map(quoted)].join(' ');
    case 'folders':
      return `_${program}_folders`;
    case 'nothing':
      return ':';
  }
}

function valueCases({ name, options }: CompletionCommand, program: string): readonly string[] {
  return options.flatMap(({ name: option, value }) =>
    value === undefined ? [] : [`    ${quoted(`${name} ${option}`)}) ${reply(value, program)}; return ;;`],
  );
}

function commandCase(command: CompletionCommand, program: string): readonly string[] {
  const { name, options, arguments: positionals, repeatsLast, hasRest } = command;
  const names = options.map((option) => option.name).join(' ');
  const place = (index: number): string => (repeatsLast && index === positionals.length - 1 ? '*' : String(index));
  return [
    `    ${quoted(name)})`,
    `      options=${quoted(names)} rest=${hasRest ? 1 : 0}`,
    '      case $position in',
    ...positionals.map(
      (candidates, index) => `        ${place(index)}) positional=${quoted(reply(candidates, program))} ;;`,
    ),
    '      esac ;;',
  ];
}

/** Completions for bash 4.4 or later; bash-completion is not needed. */
export function bashCompletions(model: CompletionModel): string {
  const { program } = model;
  return [helpers(program), words(model), values(model), `complete -F _${program} ${program}`, ''].join('\n');
}

function helpers(program: string): string {
  return `# bash completions of ${program}, written by \`${program} completions bash\`.
_${program}_words() {
  COMPREPLY=($(compgen -W "$1" -- "$current"))
}
_${program}_folders() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$current")
}
# With arguments: only files with one of these extensions, and folders.
_${program}_files() {
  local path extension
  compopt -o filenames 2>/dev/null
  COMPREPLY=()
  while IFS= read -r path; do
    if [[ $# -eq 0 || -d $path ]]; then COMPREPLY+=("$path"); continue; fi
    for extension in "$@"; do
      if [[ $path == *."$extension" ]]; then COMPREPLY+=("$path"); fi
    done
  done < <(compgen -f -- "$current")
}`;
}

/** Finds out which command it is, and completes its words. */
function words({ program, commands, firstWords, groups }: CompletionModel): string {
  const names = commands.map(({ name }) => quoted(name)).join(' | ');
  const groupWords = [...groups].map(
    ([word, members]) => `    ${quoted(word)}) _${program}_words ${quoted(members.map(([name]) => name).join(' '))} ;;`,
  );
  const helpWords = commands.map(({ name }) => name.split(' ')[0] ?? '');
  return `_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local command= word before= options= rest=0 positional=: index position=0 group=
  COMPREPLY=()
  # --name=value comes as three words.
  if [[ $current == = ]]; then current=; elif [[ $previous == = ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == -- ]]; then return; fi
    if [[ $command == help ]]; then group="\${group:+$group }$word"; continue; fi
    if [[ -z $command ]]; then
      case "\${group:+$group }$word" in
        ${names}) command="\${group:+$group }$word" ;;
        help) command=help ;;
        *) group="\${group:+$group }$word" ;;
      esac
      continue
    fi
    if [[ $word == -* || $word == = ]]; then before=$word; continue; fi
    if [[ $before == = ]] || _${program}_takes_value "$command $before"; then before=; continue; fi
    position=$((position + 1))
  done
  if [[ -z $command ]]; then
    case "$group" in
      '') _${program}_words ${quoted(firstWords.map(([word]) => word).join(' '))} ;;
${groupWords.join('\n')}
    esac
    return
  fi
  if [[ $command == help ]]; then
    case "$group" in
      '') _${program}_words ${quoted([...new Set(helpWords)].join(' '))} ;;
${groupWords.join('\n')}
    esac
    return
  fi`;
}

/** Completes what the command takes: the end of the function that {@link words} begins. */
function values({ program, commands }: CompletionModel): string {
  return `  case "$command $previous" in
${commands.flatMap((command) => valueCases(command, program)).join('\n')}
  esac
  case "$command" in
${commands.flatMap((command) => commandCase(command, program)).join('\n')}
  esac
  if [[ $current == -* ]]; then
    if [[ $rest -eq 1 ]]; then options="$options --"; fi
    _${program}_words "$options"
  else
    eval "$positional"
  fi
}
_${program}_takes_value() {
  case "$1" in
    ${commands.flatMap(({ name, options }) => options.flatMap((option) => (option.value === undefined ? [] : [quoted(`${name} ${option.name}`)]))).join(' | ')}) return 0 ;;
  esac
  return 1
}`;
}
