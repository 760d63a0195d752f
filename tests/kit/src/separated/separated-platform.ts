import { join } from 'node:path';
import { planAllWays, type IsolationWay } from '@enclos/isolation';
import { openPlatform, servePlatform, stateFolders } from '@enclos/software-sgx';

/**
 * A separated platform that starts enclaves by one of the ways to isolation,
 * whichever the machine would take by itself:
 * `separated-platform.js WAY STATE RUNTIME CACHE HOSTS FIRST LAST`.
 */
const [, , way, state = '', runtimeFolder = '', cacheFolder = '', hosts = '', first = '', last = ''] = process.argv;
const services = await openPlatform({
  ...stateFolders(state),
  separation: {
    hostUsers: hosts.split(',').map(Number),
    enclaveUsers: { first: Number(first), last: Number(last) },
    runtimeFolder,
    cacheFolder,
  },
});
const isolation = planAllWays({
  interpreterPath: services.interpreter.path,
  filterPath: join(services.runtimeFolder.path, 'enclave.bpf'),
  starterPath: services.isolation.starterPath,
  enclaveUser: Number(first),
}).find((plan) => plan.way === (way as IsolationWay));
if (isolation === undefined) throw new Error(`There is no isolation by ${way}.`);
const server = await servePlatform({ ...services, isolation });
process.once('SIGTERM', () => void server.close());
console.log(`isolation by ${isolation.way}`);
