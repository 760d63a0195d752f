import type { HostFunction } from '@enclos/script';

import type { ScriptSession } from './session.ts';

/** One part of the global `ccf`: the script side of it, and the functions of the host that it calls. */
export interface Extension {
  /** Statements of the prelude. They see what `base/prelude.ts` and the extensions before them declare. */
  readonly prelude: string;
  /** Its functions may take milliseconds: the time of the script is looked at after each call. */
  readonly takesLong?: true;
  /** Functions over what the running call holds. Names begin with that of the extension. */
  host(session: ScriptSession): Readonly<Record<string, HostFunction>>;
}
