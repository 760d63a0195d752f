import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request, type Agent } from 'node:https';
import { loadClaimant, quoteFor, type Workshop } from '@enclos/process-kit';
import type { EmbeddedPlatform } from '@enclos/software-sgx';

/** A running service, as its clients need it. */
export interface Server {
  readonly port: number;
  readonly ca: string;
}

/** A request as Azure's clients send it, whole: header and body. */
export async function attestRequest(
  workshop: Workshop,
  platform: EmbeddedPlatform,
): Promise<{ head: string; body: string }> {
  const enclave = await loadClaimant(await workshop.signed('claimant'), platform);
  const data = new TextEncoder().encode(
    'what an enclave binds: a public key of some two hundred bytes, mostly. '.repeat(3),
  );
  const quote = await quoteFor(enclave, data);
  await enclave.dispose();
  const body = JSON.stringify({
    quote: Buffer.from(quote).toString('base64url'),
    runtimeData: { data: Buffer.from(data).toString('base64url'), dataType: 'Binary' },
  });
  const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return { head, body };
}

export interface Answered {
  readonly status: number;
  /** What the JSON says. */
  readonly body: { readonly token?: string; readonly error?: { readonly code: string; readonly message: string } };
}

/** @param agent for connections that are kept; without one each request makes its own. */
export async function attestBy({ port, ca }: Server, body: string, agent: Agent | false = false): Promise<Answered> {
  const path = '/attest/SgxEnclave?api-version=2022-08-01';
  const headers = { host: `localhost:${port}`, 'content-type': 'application/json' };
  const options = { host: '127.0.0.1', servername: 'localhost', port, ca, path, method: 'POST', headers, agent };
  const sent = request(options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  // The service answers each attest call with an object of this shape.
  return { status: response.statusCode ?? 0, body: JSON.parse(text) as Answered['body'] };
}
