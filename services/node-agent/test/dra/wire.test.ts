import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadDraDefinitions } from '../../src/dra/definitions.ts';

describe('the wire of claims', () => {
  /** Written out by hand, so that a wrong number in the file of the API cannot hide on both sides. */
  const field = (number: number, ...content: readonly (number | string)[]): Buffer => {
    const bytes = Buffer.concat(
      content.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
    );
    return Buffer.concat([Buffer.of((number << 3) | 2, bytes.length), bytes]);
  };
  const { plugin, registration } = loadDraDefinitions();

  test('has the names and numbers of the kubelet: claims', () => {
    const method = plugin['NodePrepareResources'];
    assert.equal(method?.path, '/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin/NodePrepareResources');
    assert.equal(plugin['NodeUnprepareResources']?.path, method.path.replace('Prepare', 'Unprepare'));
    const claim = field(1, ...field(1, 'ns'), ...field(2, 'uid'), ...field(3, 'name'));
    assert.deepEqual(method.requestDeserialize(claim), { claims: [{ namespace: 'ns', uid: 'uid', name: 'name' }] });
    const device = { request_names: ['r'], pool_name: 'p', device_name: 'd', cdi_device_ids: ['c'] };
    const encoded = field(1, ...field(1, 'r'), ...field(2, 'p'), ...field(3, 'd'), ...field(4, 'c'));
    assert.deepEqual(
      method.responseSerialize({ claims: { u: { devices: [device] } } }),
      field(1, ...field(1, 'u'), ...field(2, ...encoded)),
    );
    assert.deepEqual(
      method.responseSerialize({ claims: { u: { error: 'e' } } }),
      field(1, ...field(1, 'u'), ...field(2, ...field(2, 'e'))),
    );
    assert.deepEqual(
      plugin['NodeUnprepareResources']?.responseSerialize({ claims: { u: { error: 'e' } } }),
      field(1, ...field(1, 'u'), ...field(2, ...field(1, 'e'))),
    );
  });

  test('has the names and numbers of the kubelet: registration', () => {
    assert.equal(registration['GetInfo']?.path, '/pluginregistration.Registration/GetInfo');
    assert.deepEqual(
      registration['GetInfo'].responseSerialize({ type: 't', name: 'n', endpoint: 'e', supported_versions: ['v'] }),
      Buffer.concat([field(1, 't'), field(2, 'n'), field(3, 'e'), field(4, 'v')]),
    );
    const status = Buffer.concat([Buffer.of(0x08, 1), field(2, 'e')]);
    assert.deepEqual(registration['NotifyRegistrationStatus']?.requestDeserialize(status), {
      plugin_registered: true,
      error: 'e',
    });
  });
});
