// Loaded with `--import` before a program of the product: marks what it does to files and which processes it makes.
import childProcess from 'node:child_process';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { mark, markVariables } from './marks.ts';

const watched = process.env[markVariables.watch] ?? '\0';
const isPlatform = process.argv[1]?.endsWith('software-sgx/dist/src/main.js') === true;

type Work = (...args: unknown[]) => Promise<unknown>;

/** `state`, `mount`, `audit` or `tmp`: the folder in the watched one. */
function areaOf(path: unknown): string | undefined {
  if (typeof path !== 'string' || !path.startsWith(`${watched}/`)) return undefined;
  return path.slice(watched.length + 1).split('/')[0];
}

function patch(name: (typeof changes)[number]): void {
  const original = Reflect.get(fs, name) as unknown as Work;
  const marked: Work = (...args) => {
    const area = areaOf(args[0]);
    if (area !== undefined) mark(`${area}:${name}`);
    return Reflect.apply(original, fs, args);
  };
  Reflect.set(fs, name, marked);
}

const changes = ['mkdir', 'mkdtemp', 'rename', 'link', 'rm', 'unlink', 'rmdir', 'writeFile', 'chmod'] as const;
for (const name of changes) patch(name);

const originalOpen = fs.open as unknown as Work;
const markedOpen: Work = async (...args) => {
  const area = areaOf(args[0]);
  const writes = args[1] !== undefined && args[1] !== 'r';
  if (area === undefined) return Reflect.apply(originalOpen, fs, args);
  if (writes) mark(`${area}:open`);
  const handle = (await Reflect.apply(originalOpen, fs, args)) as object;
  for (const name of writes ? ['writeFile', 'appendFile', 'sync', 'datasync', 'close'] : ['sync']) {
    const original = Reflect.get(handle, name) as Work;
    const step = `${area}:${writes ? name : 'sync-folder'}`;
    Reflect.set(handle, name, (...given: unknown[]) => {
      mark(step);
      return Reflect.apply(original, handle, given) as unknown;
    });
  }
  return handle;
};
Reflect.set(fs, 'open', markedOpen);

if (isPlatform) {
  // What the platform starts is not to be marked.
  delete process.env['NODE_OPTIONS'];
  mark('platform');
  const original = childProcess.spawn as unknown as (...args: unknown[]) => { readonly pid?: number };
  Reflect.set(childProcess, 'spawn', (...args: unknown[]) => {
    mark('spawn');
    const child = Reflect.apply(original, childProcess, args);
    mark('spawned', { value: child.pid ?? 0 });
    return child;
  });
}
syncBuiltinESMExports();
