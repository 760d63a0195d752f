import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';

/** One line that says what ran: enough to run it again. */
export function header(name: string, seed: number): string {
  return `${name}: seed ${seed}, commit ${commit()}, Node ${process.version}, Linux ${release()}`;
}

function commit(): string {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const id = git('rev-parse', '--short=12', 'HEAD');
  if (id === undefined) return 'unknown';
  return git('status', '--porcelain') === '' ? id : `${id} with changes`;
}
