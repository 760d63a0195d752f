import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { attestedConnect, quoteAppraiser } from '@enclos/atls';
import { parseCollateral, parsePolicy, softwareRoot, type Endorsements } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { serverName } from './attested-tls.edl.ts';

/** How long the client retries a server that is not there yet. */
const patienceMs = 60_000;

function setting(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  console.error(`${name} is not set. The client takes SERVER, COLLATERAL, ROOTS and POLICY.`);
  return process.exit(2);
}

/** SERVER is HOST:PORT, COLLATERAL a URL. ROOTS and POLICY are files of the client's owner, never of the server. */
const [host = '', port = ''] = setting('SERVER').split(':');
const collateralUrl = setting('COLLATERAL');
const roots = await Promise.all(pemBlocks(await readFile(setting('ROOTS'), 'utf8')).map((pem) => softwareRoot(pem)));
const policy = parsePolicy(JSON.parse(await readFile(setting('POLICY'), 'utf8')));

function pemBlocks(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

async function endorsements(): Promise<Endorsements> {
  const response = await fetch(collateralUrl, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${collateralUrl} answered ${response.status}.`);
  return parseCollateral(await response.json());
}

async function ask(question: string): Promise<string> {
  const appraise = quoteAppraiser({ roots, policy, endorsements });
  const { socket, evidence, mode } = await attestedConnect({ host, port: Number(port), serverName, appraise });
  const measured = evidence.tee === 'sgx' ? evidence.mrEnclave : evidence.mrTd;
  console.log(`attested (${mode}): ${evidence.tee} enclave ${measured}, status ${evidence.status}`);
  socket.end(question);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** Whether a name does not resolve yet, or nothing listens at the port yet. Refused evidence is never retried. */
function isAbsent(error: unknown): boolean {
  if (isEnclosError(error)) return error.kind === 'transient';
  const { code } = (error instanceof TypeError ? error.cause : error) as { readonly code?: unknown };
  return ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(String(code));
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
  if (!isEnclosError(error)) throw error;
  console.error(`${error.code}: ${error.message} ${error.next}`);
  process.exitCode = 1;
}
