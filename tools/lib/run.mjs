import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a command in a process group of its own and collects what it prints.
 * After `limitMs` the whole group is killed, grandchildren included. With `progress`, it is killed when what that returns has
 * not changed for `limitMs`, so that a slow machine may take its time.
 * `echo` passes the output through as well. `until` is a text: once it is printed, the group is asked to end, and
 * `reached` says that it was. `group` is the number of the process group.
 */
export function run(command, args, { cwd, env, limitMs, progress = () => 0, echo = false, until } = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const collect = (stream) => (chunk) => {
      chunks.push(chunk);
      if (echo) stream.write(chunk);
      if (until === undefined || reached || !Buffer.concat(chunks).includes(until)) return;
      reached = true;
      process.kill(-child.pid, 'SIGTERM');
    };
    let reached = false;
    child.stdout.on('data', collect(process.stdout));
    child.stderr.on('data', collect(process.stderr));

    let timedOut = false;
    const killGroup = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is already gone.
      }
    };
    let timer;
    const look = (before) => {
      const now = progress();
      if (now !== before) timer = setTimeout(look, limitMs, now);
      else {
        timedOut = true;
        killGroup();
      }
    };
    if (limitMs !== undefined) timer = setTimeout(look, limitMs, progress());
    const onExit = () => killGroup();
    process.once('exit', onExit);

    let settled = false;
    const finish = (code, signal) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      process.off('exit', onExit);
      resolve({
        code,
        signal,
        timedOut,
        reached,
        group: child.pid,
        output: Buffer.concat(chunks).toString('utf8'),
        seconds: (performance.now() - started) / 1000,
      });
    };
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      finish(null, null);
    });
    // A leaked grandchild can hold the pipes open after the child is gone: do not wait for it for ever.
    child.once('exit', (code, signal) => setTimeout(finish, 2000, code, signal).unref());
    child.once('close', finish);
  });
}

/** Ends what is left of a process group: asks first, and kills what is there after `graceMs`. */
export async function endGroup(group, graceMs = 10_000) {
  const signal = (name) => {
    try {
      return process.kill(-group, name);
    } catch {
      return false;
    }
  };
  if (!signal('SIGTERM')) return;
  const until = performance.now() + graceMs;
  while (performance.now() < until) {
    if (!signal(0)) return;
    await sleep(50);
  }
  signal('SIGKILL');
}

/** Runs `jobs` (functions that return promises), at most `width` at a time; results in the order of the jobs. */
export async function pool(jobs, width) {
  const results = Array.from({ length: jobs.length });
  let next = 0;
  const worker = async () => {
    while (next < jobs.length) {
      const index = next++;
      results[index] = await jobs[index]();
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, worker));
  return results;
}

export const seconds = (value) => `${value.toFixed(1)} s`;

/** `3 passed, 0 failed`, with the skipped when there are any. */
export function totalsLine({ passed, failed, skipped = 0 }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
