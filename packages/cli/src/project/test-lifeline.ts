// Loaded into the test runner and into every process that it makes, so that none of them outlives `enclos test`. The kernel
// closes the connection when that process ends for any reason. Not a descriptor: the runner hands none on to its processes.
import { connectToSocket } from '@enclos/tee/unix-socket';

const lifeline = connectToSocket(new URL(import.meta.url).searchParams.get('socket') ?? '');
// Not SIGTERM: the runner waits for its processes then, and one of them may never end.
lifeline.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGKILL'));
lifeline.write('log\n');
// Watch the connection, but do not keep the process alive for it.
lifeline.resume().unref();
