import { utf8 } from '@enclos/codec';
import { layOutImage, readImage } from '@enclos/manifest';

/**
 * Goes around the bundle of a build. It is not strict, and says what the build
 * does not let through: `import()`, `caller`, and the functions of a stack
 * trace while the loader starts the bundle.
 */
const preface = `(function hostile(capabilities) {
  const found = { capabilities, import: (name) => import(name),
    importJson: (name) => import(name, { with: { type: 'json' } }), eval: (0, eval) };
  const attempt = (name, get) => { try { found[name] = get() } catch (error) { found[name] = undefined } };
  attempt('globalRequire', () => globalThis.require);
  attempt('globalModule', () => globalThis.module);
  attempt('caller', () => hostile.caller ?? arguments.callee.caller ?? undefined);
  const sites = [];
  const original = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, all) => { sites.push(...all); return '' };
  void new Error('stack').stack;
  Error.prepareStackTrace = original;
  const others = sites.map((site) => site.getFunction()).filter((f) => typeof f === 'function' && f !== hostile);
  attempt('stackArguments', () => others.flatMap((f) => { try { return [...(f.arguments ?? [])] } catch { return [] } }).find((value) => value !== undefined));
  attempt('stackThis', () => sites.map((site) => site.getThis()).find((value) => value !== undefined && value !== null && value !== globalThis));
  globalThis.hostilePreface = found;
  return BUNDLE(capabilities);
})`;

/** The image of a build with the preface around its bundle: what a build cannot make, a signer can. */
export function hostileImage(built: Uint8Array): Uint8Array {
  const { manifest, bundle, files } = readImage(built);
  const script = preface.replace('BUNDLE', () => new TextDecoder().decode(bundle).replace(/;\s*$/, ''));
  return layOutImage({ manifest, bundle: utf8(script), files });
}
