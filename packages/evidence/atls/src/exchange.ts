import type { TLSSocket } from 'node:tls';
import { freshNonce, freshReportData, signSubject, subjectOf, type Nonces, type Subject } from './protocol/binding.ts';
import { Channel } from './protocol/channel.ts';
import { EnclosError } from '@enclos/errors';
import './errors.ts';
import { makeEvidence } from './evidence-source.ts';
import type { IdentitySnapshot } from './identity.ts';
import type { Evidence } from './protocol/messages.ts';
import { appraisePeer, type PeerCertificate, type PeerPolicy } from './peer.ts';
import type { Mode } from './roles.ts';

/** What was found out about a peer. */
export interface AppraisedPeer<E> {
  readonly evidence: E;
  readonly mode: Mode;
}

export interface ClientSide<E extends object> {
  readonly policy: PeerPolicy<E>;
  readonly server: PeerCertificate;
  /** Shown when the server asks for it. */
  readonly identity: IdentitySnapshot | undefined;
}

/** The client's part, after the handshake. When it resolves, both sides have accepted each other. */
export async function exchangeAsClient<E extends object>(
  socket: TLSSocket,
  { policy, server, identity }: ClientSide<E>,
): Promise<AppraisedPeer<E>> {
  const channel = new Channel(socket, 'client');
  const nonce = freshNonce();
  channel.send({ kind: 'challenge', nonce, leastMode: policy.leastMode ?? 'fresh' });
  const greeting = await channel.receive('nonce', 'challenge');
  const nonces: Nonces = { client: nonce, server: greeting.nonce };
  const message = await channel.receive('evidence');
  const subject = subjectOf(socket, { role: 'server', nonces, publicKey: server.publicKey });
  const evidence = await appraisePeer(policy, { message, subject, certificate: server });
  channel.requireSilence();
  if (greeting.kind === 'nonce') channel.send({ kind: 'accepted' });
  else {
    // Only now: a client does not identify itself to a server that it does not trust.
    if (identity === undefined) throw new EnclosError('ATLS_IDENTITY_MISSING');
    channel.send(await answer(socket, { identity, nonces, leastMode: greeting.leastMode }));
    await channel.receive('accepted');
  }
  channel.release();
  return { evidence, mode: message.mode };
}

export interface ServerSide<E extends object> {
  readonly identity: IdentitySnapshot;
  /** What clients must show, and the certificate of this one. Undefined: nothing. */
  readonly clients: { readonly policy: PeerPolicy<E>; readonly certificate: PeerCertificate } | undefined;
}

/** The server's part. When it resolves, both sides have accepted each other. */
export async function exchangeAsServer<E extends object>(
  socket: TLSSocket,
  { identity, clients }: ServerSide<E>,
): Promise<AppraisedPeer<E> | undefined> {
  const channel = new Channel(socket, 'server');
  const challenge = await channel.receive('challenge');
  const nonce = freshNonce();
  const nonces: Nonces = { client: challenge.nonce, server: nonce };
  const evidence = await answer(socket, { identity, nonces, leastMode: challenge.leastMode });
  channel.requireSilence();
  if (clients === undefined) {
    channel.send({ kind: 'nonce', nonce }, evidence);
    await channel.receive('accepted');
    channel.release();
    return undefined;
  }
  const { policy, certificate } = clients;
  channel.send({ kind: 'challenge', nonce, leastMode: policy.leastMode ?? 'fresh' }, evidence);
  const message = await channel.receive('evidence');
  const subject = subjectOf(socket, { role: 'client', nonces, publicKey: certificate.publicKey });
  const appraised = await appraisePeer(policy, { message, subject, certificate });
  channel.requireSilence();
  channel.send({ kind: 'accepted' });
  channel.release();
  return { evidence: appraised, mode: message.mode };
}

interface Question {
  readonly identity: IdentitySnapshot;
  readonly nonces: Nonces;
  readonly leastMode: Mode;
}

/** Evidence of this side in the mode that was asked for. */
async function answer(socket: TLSSocket, { identity, nonces, leastMode: mode }: Question): Promise<Evidence> {
  const { role, publicKey } = identity;
  const subject: Subject = subjectOf(socket, { role, nonces, publicKey });
  const none = new Uint8Array();
  if (mode === 'cached') {
    const signature = signSubject(subject, identity.privateKey);
    return { kind: 'evidence', mode, quote: none, signature, endorsements: identity.endorsements };
  }
  const made = await makeEvidence(identity.evidence, await freshReportData(subject));
  return { kind: 'evidence', mode, signature: none, ...made };
}
