import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { makeDevelopmentConfiguration } from '@enclos/attestation-service';
import { toBase64url } from '@enclos/codec';
import type { EmbeddedPlatform } from '@enclos/software-sgx';
import { startReplica, type Replica, type ServiceAnswer } from '@enclos/process-kit/attestation/attestation-replica';
import { createWorkshop, loadClaimant, quoteFor, signedService, type Claimant } from '@enclos/process-kit';
import { descendants } from '@enclos/process-kit/processes/processes';
import { residentMiB, until } from '@enclos/process-kit/processes/process-watch';

// Strangers who send as much as they may, and do not end, or send what is as costly to read as JSON can be.
const workshop = createWorkshop();
const issuer = 'https://attest.localhost:8443';
const attestPath = '/attest/SgxEnclave?api-version=2025-06-01';
const mebibyte = 2 ** 20;
/** What the service takes as evidence. */
const largest = mebibyte;
const data = new TextEncoder().encode('a key');

let platform: EmbeddedPlatform;
let enclave: Claimant;
let service: Replica;
/** Of the service: its host, and what the platform started for it. */
let processes: readonly number[];
let quote: string;

before(async () => {
  platform = await workshop.startPlatform('here');
  enclave = await loadClaimant(await workshop.signed('claimant'), platform);
  quote = toBase64url(await quoteFor(enclave, data));
  const folder = workshop.subfolder('service');
  const [configuration, token] = [join(folder, 'made.json'), join(folder, 'token')];
  const endorsements = await platform.endorsements();
  await makeDevelopmentConfiguration({ configuration, token, issuer, endorsements, now: new Date() });
  const others = new Set(descendants(platform.processId));
  service = await startReplica(
    {
      folder,
      signed: await signedService(workshop),
      platform: platform.socketPath,
      configuration: readFileSync(configuration, 'utf8'),
      store: join(folder, 'store'),
    },
    'one',
  );
  processes = [service.processId, ...descendants(platform.processId).filter((id) => !others.has(id))];
});
after(async () => {
  await service?.stop();
  await enclave?.dispose();
  await workshop.close();
});

interface Flooder {
  readonly status: () => number | undefined;
}

const sockets: TLSSocket[] = [];
after(() => sockets.forEach((socket) => socket.destroy()));

/** Announces a body to the attest call and sends the bytes that are given. */
async function flood(announcedBytes: number, bytes: Buffer): Promise<Flooder> {
  const socket = connect({
    host: '127.0.0.1',
    port: service.port,
    servername: 'attest.localhost',
    ca: service.certificate,
  });
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(
    `POST ${attestPath} HTTP/1.1\r\nHost: ${new URL(issuer).host}\r\nContent-Length: ${announcedBytes}\r\n\r\n`,
  );
  socket.write(bytes);
  return {
    status: () => {
      const found = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
      return found === undefined ? undefined : Number(found);
    },
  };
}

const brackets = (bytes: number): Buffer => Buffer.from(`[${'{},'.repeat(bytes / 3 - 2)}{}]`.padEnd(bytes, ' '));
const attestWith = (blanks: number): Promise<ServiceAnswer> => {
  const body = JSON.stringify({ quote, runtimeData: { data: toBase64url(data), dataType: 'Binary' } });
  return service.call({ method: 'POST', path: attestPath, issuer, body: body + ' '.repeat(blanks) });
};
const resident = (): number => processes.reduce((sum, id) => sum + residentMiB(id), 0);

test('others are served while sixteen stall and many send brackets, and memory stays bounded', async (t) => {
  for (let i = 0; i < 20; i++) assert.equal((await attestWith(0)).status, 200);
  const beforeMiB = resident();
  let peakMiB = beforeMiB;
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, resident())), 10);
  t.after(() => clearInterval(watch));
  const stalled = await Promise.all(Array.from({ length: 16 }, () => flood(largest, Buffer.alloc(largest - 1, ' '))));
  const refused = await Promise.all(Array.from({ length: 12 }, () => flood(2 * mebibyte, brackets(2 * mebibyte))));
  const costly = await Promise.all(Array.from({ length: 12 }, () => flood(largest, brackets(largest))));
  // The shared room is used up. Those who stall do not count as slow yet, unless this machine is slow.
  const has = (of: readonly Flooder[], wanted: number): boolean => of.some(({ status }) => status() === wanted);
  await until('a large body finds no room', () => has(costly, 503) || has(stalled, 408));
  for (let i = 0; i < 10; i++) {
    assert.equal((await attestWith(0)).status, 200);
    assert.equal((await service.call({ path: '/certs', issuer })).status, 200);
  }
  await sleep(2500);
  const more = await Promise.all(Array.from({ length: 12 }, () => flood(largest, brackets(largest))));
  await until('large bodies are read again', () => more.every(({ status }) => status() !== undefined));
  const large = await attestWith(900_000);
  clearInterval(watch);
  assert.deepEqual(new Set(refused.map(({ status }) => status())), new Set([413]));
  assert.ok(more.every(({ status }) => status() === 400 || status() === 503));
  assert.ok(has(more, 400));
  assert.ok(has(stalled, 408));
  assert.equal(large.status, 200);
  assert.ok(peakMiB - beforeMiB < 100, `${Math.round(beforeMiB)} MiB before, ${Math.round(peakMiB)} at most`);
});
