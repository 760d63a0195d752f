import { utf8 } from '@enclos/codec';
import { bytesContent, type LayerEntry } from '../tar/entry.ts';
import { imageUser } from './base.ts';

const folder = (path: string, mode = 0o755): LayerEntry => ({ kind: 'folder', path, mode });
const text = (path: string, content: string): LayerEntry => ({
  kind: 'file',
  path,
  mode: 0o644,
  content: bytesContent(utf8(content)),
});

/**
 * The files of a root folder beside the interpreter: names of users for programs that look them up, the order in which hosts are looked up,
 * and mount points. It holds no other program.
 */
export const rootFiles: readonly LayerEntry[] = Object.freeze([
  folder('etc'),
  folder('etc/enclos'),
  // Where the roots of a cluster's software platform are mounted.
  folder('etc/enclos/roots'),
  text(
    'etc/passwd',
    `root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${imageUser}:${imageUser}:nonroot:/tmp:/sbin/nologin\n`,
  ),
  text('etc/group', `root:x:0:\nnonroot:x:${imageUser}:\n`),
  text('etc/nsswitch.conf', 'hosts: files dns\n'),
  folder('etc/ssl'),
  folder('etc/ssl/certs'),
  folder('run'),
  // The socket of a platform outside.
  folder('run/enclos'),
  // Of aesmd, for hardware: /var/run/aesmd.
  folder('run/aesmd'),
  folder('tmp', 0o1777),
  folder('var'),
  { kind: 'link', path: 'var/run', target: '/run' },
  folder('usr'),
  folder('usr/local'),
  folder('usr/local/bin'),
]);
