// Builds the relay of private networks into dist/native where a compiler is installed; a platform without it says so.
import { fileURLToPath } from 'node:url';
import { buildNative, freestandingFlags } from '@enclos/sgx-stub/building';
import { relayName } from '../find-relay.ts';

if (process.platform === 'linux') {
  const sources = fileURLToPath(new URL('../../../../src/relay/native/', import.meta.url));
  const relay = { name: relayName, sources, flags: freestandingFlags };
  await buildNative(relay, fileURLToPath(new URL('../../../native', import.meta.url)), {
    suffix: '.sources',
    write: (build) => build.sources,
    readSources: (record) => Buffer.from(record).toString('utf8'),
  });
}
