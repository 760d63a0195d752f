/** What one check found. */
export interface Check {
  readonly name: string;
  /** `info` is neither good nor bad. */
  readonly status: 'ok' | 'warning' | 'failure' | 'info';
  readonly detail: string;
  /** What to do; present for warnings and failures. */
  readonly fix?: string;
}

export function ok(name: string, detail: string): Check {
  return Object.freeze({ name, status: 'ok', detail });
}

export function info(name: string, detail: string): Check {
  return Object.freeze({ name, status: 'info', detail });
}

export function warning(name: string, detail: string, fix: string): Check {
  return Object.freeze({ name, status: 'warning', detail, fix });
}

export function failure(name: string, detail: string, fix: string): Check {
  return Object.freeze({ name, status: 'failure', detail, fix });
}
