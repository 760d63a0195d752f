import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** What today's browsers understand, and those of the last years (July 2022 on). */
const target = 'es2022';

/**
 * One script for browsers of what `entry` imports: `{ script, map }`, with a source map that
 * holds its sources. The same sources give the same bytes in any folder.
 *
 * `node:` modules do not resolve here, so that a build that needs one fails.
 */
export async function bundleForBrowsers({ entry, file, format, banner, base }) {
  const outfile = join(base, file);
  const result = await build({
    absWorkingDir: base,
    entryPoints: [join(base, entry)],
    outfile,
    bundle: true,
    platform: 'browser',
    format,
    target,
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: banner },
    sourcemap: 'linked',
    write: false,
    logLevel: 'silent',
  });
  const outputOf = (suffix) => result.outputFiles.find(({ path }) => path.endsWith(suffix));
  const script = outputOf('.js').contents;
  const map = withSources(JSON.parse(outputOf('.map').text), dirname(outfile));
  return { script, map: JSON.stringify(map) };
}

/** What a script costs who loads it, and whether that is more than it may. */
export function describeSize(script, maximumGzippedBytes) {
  const gzippedBytes = gzipSync(script, { level: 9 }).length;
  const isTooLarge = gzippedBytes > maximumGzippedBytes;
  const limit = isTooLarge ? `MORE THAN ${maximumGzippedBytes}` : `at most ${maximumGzippedBytes}`;
  return { isTooLarge, text: `${script.length} bytes, ${gzippedBytes} gzipped (${limit})` };
}

/** The compiler's maps name their sources and do not hold them; who gets the file has no sources beside it. */
function withSources(map, folder) {
  const { sources, sourcesContent = [] } = map;
  return {
    ...map,
    sourcesContent: sources.map(
      (source, index) => sourcesContent[index] ?? readFileSync(resolve(folder, source), 'utf8'),
    ),
  };
}
