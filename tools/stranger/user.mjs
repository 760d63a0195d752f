// A user with an empty home, on this machine. Root plays another user: a number without an account, so that there is none
// to remove. Anyone else plays themselves.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../lib/run.mjs';
import { childEnvironment } from '../lib/workspace.mjs';

/** Numbers between those of people and those that systemd hands out. */
const users = { first: 50_000, last: 59_999 };
const patienceMs = 5000;

const textOf = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended, or belongs to another user.
    return '';
  }
};

const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

/** Whether one of the users of a process is `uid`. */
const isOf = (uid) => (pid) =>
  /^Uid:\s+(.*)$/m
    .exec(textOf(`/proc/${pid}/status`))?.[1]
    .split('\t')
    .includes(`${uid}`);

const isZombie = (pid) => /^State:\s+Z/m.test(textOf(`/proc/${pid}/status`));

function freeUser() {
  const accounts = textOf('/etc/passwd');
  for (let uid = users.first + (process.pid % (users.last - users.first)); uid <= users.last; uid += 1) {
    if (!accounts.includes(`:${uid}:`) && !processes().some(isOf(uid))) return uid;
  }
  throw new Error(`No user is free between ${users.first} and ${users.last}.`);
}

function pathOf(base, programs) {
  if (programs === undefined) return childEnvironment().PATH ?? '';
  const folder = join(base, 'bin');
  mkdirSync(folder, { mode: 0o755 });
  programs(folder);
  return `${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
}

/**
 * Makes the home.
 * @param programs fills a folder that comes first in PATH, before those of the system; without it, PATH is that of this process
 * @param variables are added to the environment, which is otherwise that of a fresh login
 * @returns the user, whose `remove` ends all of their processes and leaves nothing
 */
export function createUser({ programs, variables: own = {} } = {}) {
  const isAnother = process.getuid() === 0;
  const uid = isAnother ? freeUser() : process.getuid();
  const base = mkdtempSync(join(tmpdir(), 'enclos-stranger-'));
  // Its folders are passed through by the user, and by what root runs for them.
  chmodSync(base, 0o711);
  const [home, temporary] = ['home', 'tmp'].map((name) => {
    const folder = join(base, name);
    mkdirSync(folder, { mode: 0o700 });
    if (isAnother) chownSync(folder, uid, uid);
    return folder;
  });
  // Nothing of the one who runs this: neither settings of npm nor tokens. The base tells their processes from others.
  const env = {
    PATH: pathOf(base, programs),
    HOME: home,
    TMPDIR: temporary,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    ENCLOS_STRANGER: base,
    ...own,
  };
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const become = isAnother ? ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', '--'] : [];
  const words = [...become, 'env', '-i', ...variables];
  const isTheirs = (pid) =>
    Number(pid) !== process.pid &&
    !isZombie(pid) &&
    (isAnother ? isOf(uid)(pid) : textOf(`/proc/${pid}/environ`).includes(`ENCLOS_STRANGER=${base}\0`));
  const left = () => processes().filter(isTheirs);
  return Object.freeze({
    isAnother,
    uid,
    base,
    home,
    /** Start a program as the user. */
    words,
    /** Runs lines of a shell, and stops at the first that fails; with `until`, one command, which is ended when it has printed that. */
    shell: (script, { cwd = home, limitMs, until } = {}) => {
      const [program, ...args] = [...words, 'bash', '-ec', until === undefined ? script : `exec ${script}`];
      return run(program, args, { cwd, limitMs, until });
    },
    /** A file, as if the user had written it. */
    own(path) {
      if (isAnother) chownSync(path, uid, uid);
    },
    async remove() {
      const end = performance.now() + patienceMs;
      for (let pids = left(); pids.length > 0; pids = left()) {
        for (const pid of pids) {
          try {
            process.kill(Number(pid), 'SIGKILL');
          } catch {
            // It has ended meanwhile.
          }
        }
        if (performance.now() > end) throw new Error(`Processes ${pids.join(', ')} of the stranger do not end.`);
        await sleep(20);
      }
      rmSync(base, { recursive: true, force: true });
    },
  });
}
