import { defineCommand } from '@enclos/cli-frame';
import { completionScript, shells } from '@enclos/command-line/completions';

export const command = defineCommand({
  description: [
    'Prints a script that completes the commands, options, values and file names of `enclos`.',
    'It comes from the same registry as the help, and does not run `enclos` while you type.',
  ],
  arguments: { shell: { value: 'SHELL', summary: 'The shell', choices: shells, required: true } },
  options: {},
  examples: [
    { command: 'enclos completions bash > ~/.local/share/bash-completion/completions/enclos', summary: 'For bash' },
    {
      command: 'enclos completions zsh > ~/.zfunc/_enclos',
      summary: 'For zsh, with `fpath=(~/.zfunc $fpath)` before compinit in ~/.zshrc',
    },
    { command: 'enclos completions fish > ~/.config/fish/completions/enclos.fish', summary: 'For fish' },
  ],
  exitCodes: {},
  run: ({ arguments: { shell } }, { commands }) => completionScript(shell, 'enclos', commands),
  human: (script, printer) => printer.line(script.trimEnd()),
});
