import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '@enclos/codec';
import { decodeGateHello } from '@enclos/tee';
import { wayWords } from '../src/layers/way.ts';
import { prepareWords, privateDestinations, relayWords } from '../src/relay/relay-words.ts';

const transport = 'relayed' as const;
const connect = [
  { name: 'db', host: 'DB.example', port: 5432, transport },
  { name: 'cache', host: 'cache.example', port: 6379, transport },
  { name: 'replica', host: 'db.example', port: 5433, transport },
];
const listen = [{ name: 'web', port: 8080, transport }];

test('destinations of one host have one address', () => {
  assert.deepEqual(
    privateDestinations({ connect }).map(({ index, name, host }) => [index, name, host]),
    [
      [1, 'db', 'db.example'],
      [2, 'cache', 'cache.example'],
      [1, 'replica', 'db.example'],
    ],
  );
});

test('the step before makes a socket for each destination, and a resolver where there is one', () => {
  assert.deepEqual(prepareWords({ listen, connect }, true), [
    'prepare',
    'm',
    'u',
    'd',
    'b1.5432',
    'b2.6379',
    'b1.5433',
    '-',
  ]);
  assert.deepEqual(prepareWords({ listen, connect: [] }, false), ['prepare', 'm', '-']);
});

test('the relay knows names and places, and the variables of the host', () => {
  const interfaceDigest = new Uint8Array(32).fill(7);
  const program = { architecture: 'linux-x64', network: 'private', arguments: [], output: 'log' } as const;
  const environment = [{ name: 'OPEN' }, { name: 'FIXED', value: 'x' }];
  const [run, greeting = '', ...words] = relayWords({
    name: 'server',
    interfaceDigest,
    listen,
    connect,
    environment,
    program,
  });
  assert.equal(run, 'run');
  assert.deepEqual(decodeGateHello(fromHex(greeting.slice(1))), { name: 'server', interfaceDigest });
  const names = ['n1.db', 'n2.cache', 'n1.replica', 'n1.db.example', 'n2.cache.example'];
  assert.deepEqual(words, ['l8080.web', 'cdb', 'ccache', 'creplica', ...names, 'eOPEN', 'o', '-']);
  const quiet = relayWords({
    name: 'server',
    interfaceDigest,
    listen: [],
    connect: [],
    environment: [],
    program: { ...program, output: 'none' },
  });
  assert.deepEqual(quiet.slice(2), ['-']);
});

test('a name that is the host of another destination is that host', () => {
  const twisted = [
    { name: 'b.example', host: 'a.example', port: 1, transport },
    { name: 'x', host: 'b.example', port: 2, transport },
  ];
  const environment: readonly [] = [];
  const program = { architecture: 'linux-x64', network: 'private', arguments: [], output: 'none' } as const;
  const words = relayWords({
    name: 'x',
    interfaceDigest: new Uint8Array(32),
    listen: [],
    connect: twisted,
    environment,
    program,
  });
  assert.ok(words.includes('n2.b.example') && !words.includes('n1.b.example'));
});

test('the step runs after the namespaces are made, and before the user and the privileges change', () => {
  const prefix = ['unshare', '--net', '--', 'setpriv', '--no-new-privs', '--', '/bin/filter'];
  const way = { prefix, insideAt: 3, userAt: 4, lastAt: 6 };
  const needs = { starterPath: '/start', user: 7, last: ['r6', 'v9'], inside: ['/relay', 'prepare', '-'] };
  const words = wayWords(way, needs, '/program');
  const user = ['--reuid', '7', '--regid', '7', '--clear-groups'];
  assert.deepEqual(words.slice(0, 6), ['unshare', '--net', '--', '/relay', 'prepare', '-']);
  assert.match(words[6] ?? '', /^\/.*setpriv$/);
  assert.deepEqual(words.slice(7), [
    ...user,
    '--no-new-privs',
    '--',
    '/start',
    'r6',
    'v9',
    '-',
    '/bin/filter',
    '/program',
  ]);
  assert.deepEqual(wayWords(way, { ...needs, inside: [] }, '/program').slice(0, 4), [
    'unshare',
    '--net',
    '--',
    'setpriv',
  ]);
});
