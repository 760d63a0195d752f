import { completionScript, type Shell } from './commands/completions/completions.ts';
import { registry } from './registry.ts';

/** A script that completes every command and option of `enclos` for a shell. */
export function completions(shell: Shell): Promise<string> {
  return completionScript(shell, registry);
}
