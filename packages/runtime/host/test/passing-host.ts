// A host program for the tests of whole processes: it opens the passage that its argument names, says where it listens, and passes
// what connects.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { passedFrameText } from '@enclos/tee/passage';
import { findPassing } from '@enclos/tee/passing';

const [path = ''] = process.argv.slice(2);
const ended = (): void => process.exit(3);
const passing = findPassing(passedFrameText);
const passage = await passing?.open(path, { read: () => undefined, ended });
const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
await once(server, 'listening');
let stream = 0;
passing?.accept(
  server,
  (connection) => passage?.pass(connection, { kind: 'accepted', listener: 0, stream: ++stream }, () => undefined),
  () => undefined,
);
// An object of the type that listening on a port gives.
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
