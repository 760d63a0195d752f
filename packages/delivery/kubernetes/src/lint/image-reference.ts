/** What an image reference says. */
export interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

const longest = 512;
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const domain =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\\d{1,5})?';
const ipv6 = '\\[[a-fA-F0-9:]+\\](?::\\d{1,5})?';
// The grammar of github.com/distribution/reference.
const form = new RegExp(
  `^((?:(?:${domain}|${ipv6})/)?${component}(?:/${component})*)` +
    '(?::(\\w[\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$',
);
const sha256Digest = /^sha256:[0-9a-f]{64}$/;

/** Undefined for what is not a reference. */
export function parseImageReference(text: string): ImageReference | undefined {
  if (text.length > longest) return undefined;
  const [whole, name = '', tag, digest] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (digest?.startsWith('sha256:') === true && !sha256Digest.test(digest)) return undefined;
  return { name, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Tags that publishers move as a habit. */
const moving = new Set(['latest', 'stable', 'edge', 'nightly', 'main', 'master', 'dev', 'develop', 'head', 'canary']);

/** Whether the reference may mean another image tomorrow, as far as its words tell. */
export function isMutable({ tag, digest }: ImageReference): boolean {
  return digest === undefined && (tag === undefined || moving.has(tag.toLowerCase()));
}
