import { completionScript, type Shell } from '@enclos/command-line/completions';
import { registry } from './registry.ts';

/** A script that completes every command and option of `enclos` for a shell. */
export function completions(shell: Shell): Promise<string> {
  return completionScript(shell, 'enclos', registry);
}
