import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { attestedConnect, quoteAppraiser } from '@enclos/atls';
import { parseCollateral, parsePolicy, softwareRoot, type Endorsements } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { AnsweredError, answeredError, failureText } from '@enclos/host/report';
import { serverName } from './attested-tls.edl.ts';

/** How long the client retries a server that is not there yet. */
const patienceMs = 60_000;

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  console.error(`${name} is not set. The client takes SERVER, COLLATERAL, ROOTS and POLICY.`);
  return process.exit(2);
}

/** SERVER is HOST:PORT, COLLATERAL a URL or a file. ROOTS and POLICY are files of the client's owner, never of the server. */
const [host = '', port = ''] = setting('SERVER').split(':');
const collateral = setting('COLLATERAL');
const [rootsFile, policyFile] = [setting('ROOTS'), setting('POLICY')];

function pemBlocks(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

async function endorsements(): Promise<Endorsements> {
  if (!/^https?:/.test(collateral)) return parseCollateral(JSON.parse(await readFile(collateral, 'utf8')));
  const response = await fetch(collateral, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw await answeredError(`The collateral at ${collateral}`, response);
  return parseCollateral(await response.json());
}

async function ask(question: string): Promise<string> {
  const roots = await Promise.all(pemBlocks(await readFile(rootsFile, 'utf8')).map((pem) => softwareRoot(pem)));
  const policy = parsePolicy(JSON.parse(await readFile(policyFile, 'utf8')));
  const endorsed = await endorsements();
  const appraise = quoteAppraiser({ roots, policy, endorsements: () => endorsed });
  const { socket, evidence, mode } = await attestedConnect({ host, port: Number(port), serverName, appraise });
  const measured = evidence.tee === 'sgx' ? evidence.mrEnclave : evidence.mrTd;
  console.log(`attested (${mode}): ${evidence.tee} enclave ${measured}, status ${evidence.status}`);
  socket.end(question);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Whether a name does not resolve, nothing listens at the port, or the platform has no collateral yet. Refused evidence is never retried. */
function isAbsent(error: unknown): boolean {
  if (isEnclosError(error)) return error.kind === 'transient';
  if (error instanceof AnsweredError) return error.code === 'COLLATERAL_UNAVAILABLE';
  const system: unknown = error instanceof TypeError ? error.cause : error;
  const code = system instanceof Error && 'code' in system ? String(system.code) : '';
  return ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(code);
}

async function askPatiently(question: string): Promise<string> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask(question);
    } catch (error) {
      if (!isAbsent(error) || performance.now() > giveUpAt) throw error;
      await wait(500);
    }
  }
}

try {
  console.log(await askPatiently('who are you?'));
} catch (error) {
  console.error(failureText(error));
  process.exitCode = 1;
}
