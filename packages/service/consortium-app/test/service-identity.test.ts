import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';

import { makeServiceIdentity } from '../src/index.ts';

describe('the certificates of a new service', () => {
  const { service, node } = makeServiceIdentity(['127.0.0.1', 'localhost']);
  const [authority, server] = [service, node].map(({ certificate }) => new X509Certificate(certificate));
  assert.ok(authority && server);
  /** The 20 bytes behind the identifier and the lengths of an extension. */
  const after = ({ raw }: X509Certificate, prefix: string): string | undefined =>
    new RegExp(`${prefix}(.{40})`).exec(raw.toString('hex'))?.[1];
  const subjectKey = (certificate: X509Certificate): string | undefined => after(certificate, '0603551d0e04160414');
  const authorityKey = (certificate: X509Certificate): string | undefined =>
    after(certificate, '0603551d23041830168014');

  it('name the keys, as strict clients want, and lead to the service', () => {
    assert.ok(server.checkIssued(authority) && server.verify(authority.publicKey) && !server.ca);
    assert.equal(authorityKey(server), subjectKey(authority));
    assert.equal(authorityKey(authority), subjectKey(authority));
    assert.match(subjectKey(server) ?? '', /^[0-9a-f]{40}$/);
    assert.notEqual(subjectKey(server), subjectKey(authority));
    const other = new X509Certificate(makeServiceIdentity(['localhost']).service.certificate);
    assert.equal(server.checkIssued(other), false);
  });

  it('have the length of path of CCF', () => {
    assert.match(authority.raw.toString('hex'), /0603551d130101ff040830060101ff020101/);
  });
});
