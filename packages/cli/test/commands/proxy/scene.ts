import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { createAttestedServer } from '@enclos/atls';
import { peerEvidence, scenario, type ScenarioChanges } from '@enclos/evidence-kit';
import { enclos } from '../../cli.ts';
import { startHere, type CliHere } from '../../running-cli.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

const proxies: CliHere[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) {
    proxy.stop();
    await proxy.ended;
  }
});

/** Ended after the test. */
export function startProxy(...started: Parameters<typeof startHere>): CliHere {
  const proxy = startHere(...started);
  proxies.push(proxy);
  return proxy;
}

async function listening(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * An attested server whose platform is synthetic. It answers each request of HTTP with what it read.
 * @param sends the collateral that it sends along, instead of its own.
 */
export async function serve(changes: ScenarioChanges = {}, sends?: string): Promise<string> {
  const server = await createAttestedServer({ name: 'kit.test', evidence: peerEvidence(changes, sends) });
  const answer = (chunk: Buffer): string => {
    const body = `read: ${chunk.toString().split('\r\n')[0] ?? ''}\n`;
    return `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
  const tcp = createServer((connection) => {
    void server.accept(connection.on('error', () => undefined)).then(
      ({ socket }) => socket.on('data', (chunk: Buffer) => void socket.write(answer(chunk))),
      () => undefined,
    );
  });
  return listening(tcp);
}

/** A server that takes connections and says nothing. */
export const serveSilence = (): Promise<string> => listening(createServer(() => undefined));

/** Writes collateral.json of the kit, and policy.json, which accepts its platform as long as its collateral is not over. */
export async function writeInputs(folder: string): Promise<void> {
  const { quote, collateral } = scenario();
  writeFileSync(join(folder, 'quote.bin'), quote);
  writeFileSync(join(folder, 'collateral.json'), JSON.stringify(collateral));
  await enclos(['policy', 'init', '--from', 'quote.bin', '--out', 'policy.json'], { cwd: folder });
}

export const request = 'GET /a HTTP/1.1\r\nhost: a\r\n\r\n';

/** The first piece of an answer; empty when there is none. */
export async function ask(at: number | string): Promise<string> {
  const socket = typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at);
  socket.on('error', () => undefined).write(request);
  const answers = [once(socket, 'data'), once(socket, 'end').then(() => [''])] as const;
  const [chunk] = (await Promise.race(answers)) as [Buffer | string];
  socket.destroy();
  return String(chunk);
}
