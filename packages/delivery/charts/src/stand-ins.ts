import type { AnyValue, Setting, Settings } from './settings.ts';

/** Around the name of a setting: letters of no text that manifests hold. */
const [open, close] = ['\uE000', '\uE001'];
const anyStandIn = /\uE000(\w+)\uE001/g;

/**
 * Values of settings that can be found again in an object that was made from them: texts with the setting's name in them,
 * and numbers that nothing else has.
 */
export class StandIns {
  readonly #settings: Settings;
  readonly #numbers = new Map<number, string>();

  constructor(settings: Settings) {
    this.#settings = settings;
    for (const [index, name] of Object.keys(settings).entries()) this.#numbers.set(770_770_001 + index, name);
  }

  /** The setting with something in it, or empty: off, none, 0. */
  valueOf(name: string, isSet: boolean): AnyValue {
    const setting = this.#setting(name);
    if (setting.kind === 'flag') return isSet;
    if (setting.kind === 'count') return isSet ? this.#numberOf(name) : 0;
    const text = `${open}${name}${close}`;
    if (setting.kind === 'list') return isSet ? [text] : [];
    return isSet ? text : undefined;
  }

  /** The setting whose value this is; undefined for anything else. */
  ofNumber(value: number): string | undefined {
    return this.#numbers.get(value);
  }

  /** Lists whose item is somewhere in this value. */
  listsIn(value: unknown): readonly string[] {
    const text = JSON.stringify(value) ?? '';
    const names = [...text.matchAll(anyStandIn)].map(([, name = '']) => name);
    return [...new Set(names)].filter((name) => this.#setting(name).kind === 'list');
  }

  /** Text and names of settings in turn, beginning with text. */
  split(text: string): readonly string[] {
    let marked = text;
    for (const [number, name] of this.#numbers) marked = marked.replaceAll(String(number), `${open}${name}${close}`);
    return marked.split(anyStandIn);
  }

  /** The setting whose base64 this is; undefined for any other text. */
  ofBase64(text: string): string | undefined {
    const [before, name, after] = Buffer.from(text, 'base64').toString().split(anyStandIn);
    const isAll = before === '' && after === '' && name !== undefined && Object.hasOwn(this.#settings, name);
    return isAll ? name : undefined;
  }

  #setting(name: string): Setting {
    const setting = Object.hasOwn(this.#settings, name) ? this.#settings[name] : undefined;
    if (setting === undefined) throw new TypeError(`There is no setting ${name}.`);
    return setting;
  }

  #numberOf(name: string): number {
    for (const [number, one] of this.#numbers) if (one === name) return number;
    throw new TypeError(`There is no setting ${name}.`);
  }
}
