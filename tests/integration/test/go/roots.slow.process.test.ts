import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { findGo } from '@enclos/go-toolchain';
import { runProgram } from '@enclos/host';
import { createWorkshop } from '@enclos/process-kit';
import { runFolder } from '@enclos/testkit';
import { buildProbe } from './build-probe.ts';
import { probeImage, probeManifest } from './probe-host.ts';

const workshop = createWorkshop();
after(() => workshop.close());

/** Roots of other Go versions: Debian has one, others are downloaded by whoever wants to try them. */
const roots = (process.env['ENCLOS_GO_ROOTS'] ?? '').split(delimiter).filter((root) => root !== '');

if (roots.length === 0) test('other versions of Go', { skip: 'ENCLOS_GO_ROOTS names no root' }, () => undefined);

for (const [place, root] of roots.entries()) {
  test(`the overlay for the Go in ${root} is made, built and run`, { timeout: 600_000 }, async () => {
    const go = await findGo(join(root, 'bin/go'), process.env);
    const { program, goVersion } = await buildProbe(join(runFolder('go-roots'), String(place)), { go });
    assert.equal(goVersion, go.version);
    const manifest = probeManifest('relayed');
    const lines: string[] = [];
    const running = await runProgram({
      ...probeImage(program, {
        ...manifest,
        program: { ...manifest.program, arguments: ['loop/', 'end'] },
        listen: [],
        connect: [],
        mounts: [],
      }),
      launcher: await workshop.startPlatform(`root-${place}`),
      onLog: (_level, text) => lines.push(text),
    });
    await running.exited;
    assert.deepEqual(
      lines.filter((line) => line.startsWith('FAIL')),
      [],
    );
    assert.ok(lines.filter((line) => line.startsWith('ok loop/')).length > 20, lines.join('\n'));
  });
}
