import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { publishedReadme } from './readme.mjs';

const isLeftOut = (path) => path.endsWith('.tsbuildinfo') || basename(path) === 'node_modules';

/** What a reader of the registry has no use for stays here. */
function publishedManifest({ scripts: _scripts, devDependencies: _development, enclos, files, ...manifest }) {
  const { floor: _floor, ...told } = enclos;
  // npm adds LICENSE by itself, and no longer NOTICE.
  return { ...manifest, files: [...files, 'NOTICE'], enclos: told };
}

/**
 * Lays one package out as it is published, in a folder that is made for it.
 * @throws when it is not built
 */
export function stagePackage({ name, folder, path, manifest }, { into, base, rootManifest }) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  for (const part of manifest.files) {
    const from = join(path, part);
    if (!existsSync(from)) throw new Error(`${folder}/${part} is missing: npm run build`);
    mkdirSync(dirname(join(into, part)), { recursive: true });
    cpSync(from, join(into, part), { recursive: true, filter: (source) => !isLeftOut(source) });
  }
  for (const file of ['LICENSE', 'NOTICE']) cpSync(join(base, file), join(into, file));
  writeFileSync(join(into, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  const page = `${folder}/README.md`;
  const readme = publishedReadme(readFileSync(join(base, page), 'utf8'), {
    page,
    base,
    homepage: rootManifest.homepage,
    isShipped: (file) => existsSync(join(into, file)) && statSync(join(into, file)).isFile(),
  });
  writeFileSync(join(into, 'README.md'), readme);
  return { name, folder: into };
}
