import type { WayName } from './ways.ts';

/** What the client of the inference servers does, and answers with. */
export type ClientCommand =
  /** The median of so many requests one after the other, in microseconds. */
  | { readonly do: 'median'; readonly way: WayName; readonly model: string; readonly calls: number }
  /** So many requests, so many of them at once: requests a second. */
  | {
      readonly do: 'rate';
      readonly way: WayName;
      readonly model: string;
      readonly calls: number;
      readonly width: number;
    }
  /** As many requests as fit, so many at once, until the next line comes. */
  | { readonly do: 'press'; readonly way: WayName; readonly model: string; readonly width: number }
  /** How long each of so many questions for health takes, in milliseconds. */
  | { readonly do: 'health'; readonly calls: number }
  /** Unloads a model and loads it again, so many times. */
  | { readonly do: 'reload'; readonly model: string; readonly times: number };
