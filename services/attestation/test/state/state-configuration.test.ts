import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isEnclosError } from '@enclos/errors';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { configurationDigest } from '../../src/configuration/configuration-digest.ts';
import { parseConfiguration } from '../../src/configuration/parse-configuration.ts';
import { digestOf, issuer } from '../sealing.ts';

const schemaFile = new URL('../../../schema/attestation.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as Record<string, unknown>;
const fitsSchema = new Ajv2020({ strict: false }).compile(schema);

const file = (tenant: object, service: object = {}): object => ({
  tenants: [{ issuer, trustModel: 'aad', ...tenant }],
  ...service,
});

function read(value: object): ReturnType<typeof parseConfiguration> {
  assert.ok(fitsSchema(value), JSON.stringify(fitsSchema.errors));
  return parseConfiguration(JSON.stringify(value));
}

/** The places of what is wrong, by the program; the schema finds them too. */
function wrong(value: object): readonly string[] {
  try {
    parseConfiguration(JSON.stringify(value));
  } catch (error) {
    assert.ok(isEnclosError(error, 'ATTESTATION_CONFIGURATION_INVALID'));
    return (error.details['problems'] as readonly string[]).map((problem) => problem.split(':')[0] ?? '');
  }
  return [];
}

const floor = { epoch: 3, digest: digestOf('state') };

test('a floor is an epoch and a digest', () => {
  const [tenant] = read(file({ stateFloor: floor })).tenants;
  assert.deepEqual(tenant?.stateFloor, floor);
  const digest = 'A'.repeat(42);
  const bad: readonly (readonly [object, readonly string[]])[] = [
    [{}, ['epoch', 'digest']],
    [{ ...floor, epoch: -1 }, ['epoch']],
    [{ ...floor, epoch: '3' }, ['epoch']],
    [{ ...floor, epoch: 2 ** 53 }, ['epoch']],
    [{ ...floor, digest }, ['digest']],
    [{ ...floor, digest: `${digest}B` }, ['digest']],
    [{ ...floor, digest: `${digest}=` }, ['digest']],
    [{ ...floor, other: 1 }, ['other']],
  ];
  for (const [stateFloor, names] of bad) {
    const value = file({ stateFloor });
    assert.deepEqual(
      wrong(value),
      names.map((name) => `tenants[0].stateFloor.${name}`),
    );
    assert.equal(fitsSchema(value), false, JSON.stringify(stateFloor));
  }
});

test('replicas are by enclave or by signer', () => {
  assert.equal(read(file({})).replicas, undefined);
  for (const replicas of [{ by: 'enclave' }, { by: 'signer' }, { by: 'signer', minimumSecurityVersion: 2 }]) {
    assert.deepEqual(read(file({}, { replicas })).replicas, replicas);
  }
  const bad: readonly (readonly [object, string])[] = [
    [{}, 'by'],
    [{ by: 'anybody' }, 'by'],
    [{ by: 'signer', minimumSecurityVersion: -1 }, 'minimumSecurityVersion'],
    [{ by: 'signer', other: 1 }, 'other'],
  ];
  for (const [replicas, name] of bad) {
    assert.deepEqual(wrong(file({}, { replicas })), [`replicas.${name}`]);
    assert.equal(fitsSchema(file({}, { replicas })), false);
  }
  const pointless = file({}, { replicas: { by: 'enclave', minimumSecurityVersion: 1 } });
  assert.deepEqual(wrong(pointless), ['replicas.minimumSecurityVersion']);
});

test('the floor and the replicas are part of what clients pin', () => {
  const files = [
    file({}),
    file({ stateFloor: floor }),
    file({}, { replicas: { by: 'enclave' } }),
    file({}, { replicas: { by: 'signer' } }),
    file({}, { replicas: { by: 'signer', minimumSecurityVersion: 1 } }),
  ];
  const digests = files.map((each) => {
    const configuration = read(each);
    const [tenant] = configuration.tenants;
    assert.ok(tenant !== undefined);
    return configurationDigest(tenant, configuration);
  });
  assert.equal(new Set(digests).size, files.length);
});
