/** What a page element may be made of: no address, no style and no handler, so that no evidence becomes one. */
type Attribute =
  | 'aria-controls'
  | 'aria-describedby'
  | 'aria-hidden'
  | 'aria-label'
  | 'aria-labelledby'
  | 'class'
  | 'colspan'
  | 'data-grade'
  | 'data-state'
  | 'id'
  | 'open'
  | 'role'
  | 'scope'
  | 'tabindex'
  | 'title'
  | 'type';

export type Child = Node | string | undefined;

/** An element with children; strings become text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Partial<Record<Attribute, string>>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof type)) throw new TypeError(`The page has no ${type.name} #${id}.`);
  return found;
}

const maximumShownLength = 4096;

/**
 * Text of evidence as it may be shown: what is invisible, or turns the
 * direction of what is around it, is written out, and what is long is cut.
 */
function shown(text: string): string {
  const cut = text.length > maximumShownLength ? `${text.slice(0, maximumShownLength)}…` : text;
  return cut.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Text from an untrusted source, isolated from the writing direction around it. */
export function foreign(text: string): HTMLElement {
  return element('bdi', {}, shown(text));
}

/** Hex and other values to read letter by letter. */
export function code(text: string): HTMLElement {
  return element('code', {}, shown(text));
}
