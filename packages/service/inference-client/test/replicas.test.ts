import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensorOf, valuesOf } from '@enclos/open-inference';
import { createInferenceClient, type OuterFetch } from '../src/index.ts';
import { appraiseTestReport, openService, serviceUrl, type TestService } from './service.ts';

const header = 'enclos-replica';
const name = 'a'.repeat(22);

/** Adds one to a number, through something in between. */
async function ask(service: TestService, fetch: OuterFetch, transport: 'one-shot' | 'session' = 'one-shot') {
  const nowMs = (): number => service.nowMs;
  const client = createInferenceClient({ url: serviceUrl, appraise: appraiseTestReport, fetch, nowMs, transport });
  return async () => {
    const { outputs } = await client.infer({
      model: 'adder',
      inputs: [tensorOf('in', 'FP32', Float32Array.of(1), [1])],
    });
    return outputs.flatMap((output) => [...valuesOf(output, 'FP32')]);
  };
}

/** A service whose reports name a replica, and what requests name. */
function naming(
  service: TestService,
  replica: () => string,
): { readonly fetch: OuterFetch; readonly named: (string | null)[] } {
  const named: (string | null)[] = [];
  return {
    named,
    async fetch(url, init) {
      named.push(new Headers(init.headers).get(header));
      const answer = await service.fetch(url, init);
      if (init.method === 'GET') answer.headers.set(header, replica());
      return answer;
    },
  };
}

for (const transport of ['one-shot', 'session'] as const) {
  test(`${transport}: requests name the replica that was attested, and so does the next attestation`, async () => {
    const service = await openService();
    let replica = name;
    const { fetch, named } = naming(service, () => replica);
    const add = await ask(service, fetch, transport);
    assert.deepEqual(await add(), [2]);
    assert.deepEqual(named, [null, ...named.slice(1).map(() => name)]);
    const before = named.length;
    service.nowMs += 3_600_000;
    replica = 'b'.repeat(22);
    assert.deepEqual(await add(), [2]);
    const [report, ...requests] = named.slice(before);
    assert.equal(report, name);
    assert.ok(requests.length > 0 && requests.every((value) => value === replica), 'it is another one now');
  });
}

test('a name that is none is not repeated', async () => {
  const service = await openService();
  for (const replica of ['', 'short', 'a'.repeat(23), `${'a'.repeat(21)}=`]) {
    const { fetch, named } = naming(service, () => replica);
    assert.deepEqual(await (await ask(service, fetch))(), [2]);
    assert.ok(
      named.every((value) => value === null),
      replica,
    );
  }
});
