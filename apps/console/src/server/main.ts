import { argv, stdout } from 'node:process';
import { createSiteServer } from './site-server.ts';

const defaultPort = 8080;
const port = Number(argv[2] ?? defaultPort);
const server = createSiteServer();
// Reached from this machine only: the page is as good from a disk.
server.listen(port, '127.0.0.1', () => {
  stdout.write(`The console is at http://127.0.0.1:${port}/\n`);
});
