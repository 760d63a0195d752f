import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '@enclos/testkit';
import { insertCode } from '../src/overlay/insert.ts';

const place = { file: 'net/example.go', goVersion: 'go1.24.4' };

const source = `package example

func Close(fd int) (err error) {
	return
}

func (c *Conn) Close(ctx context.Context, la, ra Sockaddr) (rsa Sockaddr, ret error) {
	return
}

func Getgroups() (gids []int, err error) {
	return
}
`;

test('code goes behind the brace of the function, on its line', () => {
  const changed = insertCode(source, [{ function: 'Close', code: 'if f($1) { return nil }' }], place);
  assert.ok(changed.includes('func Close(fd int) (err error) { if f(fd) { return nil }\n\treturn\n'));
  assert.equal(changed.split('\n').length, source.split('\n').length);
});

test('a method is found by its receiver, whose name is $0', () => {
  const changed = insertCode(source, [{ function: '(*Conn).Close', code: 'return $0.other($1, $3)' }], place);
  assert.ok(changed.includes('(rsa Sockaddr, ret error) { return c.other(ctx, ra)\n'));
});

test('a function that only has to be there changes nothing', () => {
  assert.equal(insertCode(source, [{ function: 'Getgroups' }], place), source);
});

const refusals = [
  ['is missing', source, 'Open', /The function Open, .* is not there in net\/example\.go of go1\.24\.4/],
  ['is there twice', `${source}\nfunc Close(fd int) (err error) {\n}\n`, 'Close', /is there 2 times/],
  ['is of another type', source, '(Conn).Close', /is not there/],
  ['has its parameters on lines of their own', 'func Close(\n\tfd int) {\n}', 'Close', /in another form/],
] as const;

for (const [what, text, name, message] of refusals) {
  test(`a function that ${what} is refused with its name, file and version`, () => {
    const insert = (): string => insertCode(text, [{ function: name, code: '' }], place);
    assert.throws(insert, failsWith('GO_ANCHOR_MISSING'));
    assert.throws(insert, message);
  });
}

test('a parameter that is not there is refused', () => {
  const anchors = [{ function: 'Getgroups', code: 'f($1)' }];
  assert.throws(() => insertCode(source, anchors, place), /has no parameter 1/);
  const unnamed = 'func Lookup(_ context.Context, name string) {';
  assert.throws(() => insertCode(unnamed, [{ function: 'Lookup', code: 'f($1)' }], place), /has no parameter 1/);
});
