import { startBareEcho } from '../harness/bare-echo.ts';
import type { Figure } from '../harness/figures.ts';
import { bareInterpreter } from '../harness/sandbox.ts';
import type { SgxEnclaves } from './enclaves.ts';
import { againstEcho, againstPipe } from './peers.ts';

/**
 * What was published for SGX hardware, in microseconds. These are other machines, and their processors do more: they encrypt memory and
 * flush what could leak.
 */
const onHardware = { "Intel's SDK": 7.3, 'Open Enclave': 12 };

/** Calls by `loadSgxEnclave`: the marshalling of EDL, the runtime of the SDK's host, the gate, and all wrappers around the process. */
export async function benchSgxCalls(enclaves: SgxEnclaves): Promise<readonly Figure[]> {
  return [...(await emptyCalls(enclaves)), ...(await bulk(enclaves))];
}

async function emptyCalls(enclaves: SgxEnclaves): Promise<readonly Figure[]> {
  const interpreter = await bareInterpreter();
  const echo = await startBareEcho(interpreter, { framed: false, sandboxed: false });
  const figures: Figure[] = [];
  for (const fastExit of [true, false]) {
    const enclave = await enclaves.load('small', { fastExit });
    const what = `empty ECALL by loadSgxEnclave, p50, ${fastExit ? 'fast exits' : 'exits that trap'}`;
    figures.push(...(await againstEcho(what, async () => enclave.ecalls.ecall_nothing(), { echo, interpreter })));
    await enclave.dispose();
  }
  await echo.close();
  await interpreter.close();
  const [oneCore] = figures;
  const published = Object.entries(onHardware).map(([sdk, micros]) => ({
    what: `SGX enclave: empty ECALL, beside what was published for ${sdk} on other hardware, which encrypts memory`,
    ours: oneCore?.ours ?? '',
    peer: `${micros} µs`,
  }));
  return [...figures, ...published];
}

async function bulk(enclaves: SgxEnclaves): Promise<readonly Figure[]> {
  const enclave = await enclaves.load('small');
  const figures = await againstPipe('1 MiB in and out of an ECALL by loadSgxEnclave', async (source) =>
    enclave.ecalls.ecall_copy({ source, bytes: BigInt(source.length) }),
  );
  await enclave.dispose();
  return figures;
}
