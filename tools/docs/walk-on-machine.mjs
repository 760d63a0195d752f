// A reader who is root, and has podman: on a private machine, so that the page takes no ports of this one and leaves nothing.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importBuilt } from '../lib/workspace.mjs';

/** Folders that commands of a page use by these names. */
const folders = ['/run/enclos', '/var/cache/enclos', '/srv/enclos'];

const testkit = () => importBuilt('tools/testkit/dist/src/index.js');

/** Why pages about containers cannot be followed here; undefined where they can. */
export async function containersMissing() {
  return (await testkit()).containersMissing;
}

/** Uses the place of a reader as one on a machine with podman. */
export async function onMachine({ env, notes, ...place }, use) {
  const { podmanSettings, startPrivateMachine } = await testkit();
  const podman = podmanSettings(join(notes, '.podman'));
  const shim = join(notes, '.bin/podman');
  const storage = podman.storage.map((word) => `'${word}'`).join(' ');
  // Found by its path: the shim has its name.
  writeFileSync(shim, `#!/bin/sh\nPATH=\${PATH#*:} exec podman ${storage} "$@"\n`);
  chmodSync(shim, 0o755);
  const mounts = folders.map((folder, index) => [folder, join(notes, `.machine-${index}`)]);
  for (const [, source] of mounts) mkdirSync(source);
  const machine = await startPrivateMachine(Object.fromEntries(mounts));
  try {
    return await use({ ...place, notes, env: { ...env, ...podman.env }, words: machine.words });
  } finally {
    await machine.close();
  }
}
