/** A value of a chart, and what the schema of its values says about it. */
export type Setting = TextSetting | OptionalSetting | ListSetting | CountSetting | FlagSetting;

interface Description {
  /** One line, for values.yaml and the README. */
  readonly summary: string;
}

/** Text that is always there. */
export interface TextSetting extends Description {
  readonly kind: 'text';
  /** Empty: the installation has to name it, unless there is a fallback. */
  readonly fallback: string;
  /** A regular expression that both JSON Schema and Go understand. It allows neither quotes nor backslashes, and repeats at most 1000 times, as Go does. */
  readonly pattern: string;
  /** A template's expression for an empty text, such as `.Release.Namespace`. */
  readonly whenEmpty?: string;
}

/** Text that may be absent, which is written as an empty one. */
export interface OptionalSetting extends Description {
  readonly kind: 'optional';
  readonly pattern: string;
}

/** Texts, none at first. */
export interface ListSetting extends Description {
  readonly kind: 'list';
  readonly pattern: string;
}

export interface CountSetting extends Description {
  readonly kind: 'count';
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

export interface FlagSetting extends Description {
  readonly kind: 'flag';
  readonly fallback: boolean;
}

export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S extends Setting> = S extends TextSetting
  ? string
  : S extends OptionalSetting
    ? string | undefined
    : S extends ListSetting
      ? readonly string[]
      : S extends CountSetting
        ? number
        : boolean;

/** The values that settings get. */
export type SettingValues<S extends Settings> = { readonly [K in keyof S]: ValueOf<S[K]> };

export type AnyValue = string | undefined | readonly string[] | number | boolean;

/** The settings of an installation that names none. */
export function fallbacks<S extends Settings>(settings: S): SettingValues<S> {
  const values = Object.entries(settings).map(([name, setting]) => [name, fallbackOf(setting)]);
  // Made from the settings that the type is made from.
  return Object.fromEntries(values) as SettingValues<S>;
}

export function fallbackOf(setting: Setting): AnyValue {
  if (setting.kind === 'optional') return undefined;
  return setting.kind === 'list' ? [] : setting.fallback;
}
