import { hash } from 'node:crypto';
import { utf8 } from '@enclos/codec';
import { fromPem } from '@enclos/codec/pem';
import type { KvTransaction } from '@enclos/kv';
import { encodeRecoveryShares, encodeSecretRecord, type RecoveryShares } from '@enclos/ledger';
import { singletonKey } from '../bundle/rows.ts';
import { publicPem, type ServiceIdentity } from './identity.ts';

/** A user or a member, whom a service knows by a certificate. */
export interface KnownParty {
  /** PEM. */
  readonly certificate: string;
  readonly data?: unknown;
  /** Members who take part in recovery have one: a public key of RSA, PEM. */
  readonly encryptionKey?: string;
}

export interface GenesisOptions {
  readonly identity: ServiceIdentity;
  readonly members: readonly KnownParty[];
  readonly users: readonly KnownParty[];
  /** Where clients reach the node: `127.0.0.1:8000`. */
  readonly address: string;
}

/** The identifier of a user or a member: SHA-256 of the certificate in DER, hex. */
export function partyId(certificate: string): string {
  const [der = new Uint8Array()] = fromPem('CERTIFICATE', certificate, 65_536);
  return hash('sha256', der, 'hex');
}

/** The first transaction of a service that is open at once, in the tables of CCF (doc/audit/builtin_maps.rst). */
export function writeGenesis(transaction: KvTransaction, { identity, members, users, address }: GenesisOptions): void {
  const put = (map: string, key: Uint8Array | string, value: unknown): void => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    transaction.map(`public:ccf.gov.${map}`).set(typeof key === 'string' ? utf8(key) : key, utf8(text));
  };
  const { service, node } = identity;
  put('service.info', singletonKey, {
    cert: service.certificate,
    current_service_create_txid: '2.1',
    recovery_count: 0,
    status: 'Opening',
  });
  put('service.config', singletonKey, {
    maximum_node_certificate_validity_days: 365,
    maximum_service_certificate_validity_days: 365,
    recovery_threshold: 1,
  });
  put('nodes.info', node.id, {
    ledger_secret_seqno: 1,
    node_to_node_interface: { bind_address: address },
    public_key: publicPem(node),
    quote_info: { format: 'Insecure_Virtual', quote: '', endorsements: '' },
    rpc_interfaces: { primary_rpc_interface: { bind_address: address, published_address: address } },
    status: 'Trusted',
  });
  put('nodes.endorsed_certificates', node.id, node.certificate);
  for (const { certificate, data, encryptionKey } of members) {
    const id = partyId(certificate);
    put('members.certs', id, certificate);
    if (encryptionKey !== undefined) put('members.encryption_public_keys', id, encryptionKey);
    put('members.info', id, { member_data: data ?? null, status: 'Active' });
  }
  for (const user of users) setUser(transaction, user);
}

/** As `set_user` of CCF's constitution. */
export function setUser(transaction: KvTransaction, { certificate, data }: KnownParty): void {
  const id = utf8(partyId(certificate));
  transaction.map('public:ccf.gov.users.certs').set(id, utf8(certificate));
  const info = transaction.map('public:ccf.gov.users.info');
  if (data === undefined || data === null) info.delete(id);
  else info.set(id, utf8(JSON.stringify({ user_data: data })));
}

/** Opens the service to users. From the record on, the ledger opens with its only secret, which holds from the first transaction. */
export function openService(transaction: KvTransaction, { service }: ServiceIdentity, shares?: RecoveryShares): void {
  const info = { cert: service.certificate, current_service_create_txid: '2.1', recovery_count: 0, status: 'Open' };
  transaction.map('public:ccf.gov.service.info').set(singletonKey, utf8(JSON.stringify(info)));
  transaction
    .map('public:ccf.internal.historical_encrypted_ledger_secret')
    .set(singletonKey, encodeSecretRecord({ nextVersion: 1 }));
  if (shares === undefined) return;
  transaction.map('public:ccf.internal.recovery_shares').set(singletonKey, encodeRecoveryShares(shares));
}
